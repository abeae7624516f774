import type { Arranged, Scenario, Stage } from '../../simulator/scenario.ts';
import { createSubnets, createWorker } from '../../simulator/scenarios/builders.ts';
import { dayMs, hourMs, minuteMs } from '../../simulator/scenarios/time.ts';

/**
 * Two services that go out of balance each night, when all that is scaled out lands in one zone, and come
 * back each morning: `search`, beside which nothing may start, and `feed`, which ECS evens out at once.
 */
function arrange(stage: Stage): Arranged {
  const { world, startMs, endMs } = stage;
  const subnets = createSubnets(stage);
  const [, ...others] = subnets;
  const common = { subnets, desired: 2, minimumHealthyPercent: 50 };
  const services = [
    createWorker(stage, { ...common, name: 'search', maximumPercent: 100 }),
    createWorker(stage, { ...common, name: 'feed' }),
  ];
  for (let dayAtMs = startMs + 2 * hourMs; dayAtMs < endMs; dayAtMs += dayMs) {
    world.schedule(dayAtMs, () => {
      for (const { zone } of others) world.nature.noCapacity({ zone }, 10 * minuteMs);
      for (const service of services) service.scale(5);
    });
    world.schedule(dayAtMs + 6 * hourMs, () => {
      for (const service of services) service.scale(2);
    });
  }
  return { zones: subnets.map(({ zone }) => zone) };
}

export const evenings: Scenario = {
  name: 'evenings',
  sentence: 'Services go out of balance each night and come back each morning.',
  // Two nights, and the digest after the first.
  days: 1.25,
  daysMax: 60,
  mode: 'fast',
  stackMode: () => 'enforce',
  faults: [],
  convergesWithinMs: 2 * hourMs,
  arrange,
};
