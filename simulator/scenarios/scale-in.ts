import type { Arranged, Scenario, Stage } from '../scenario.ts';
import { createManagedProvider, createSubnets, createWeb, createWorker } from './builders.ts';
import { hourMs } from './time.ts';

/** Half of the tasks go in the evening and come back in the morning; nobody has to hear of it. */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets, scaleInAfter: 300 });
  const common = { subnets, provider: 'general', desired: 8 };
  const services = [
    createWeb(stage, { ...common, name: 'api' }),
    createWeb(stage, { ...common, name: 'web', strategy: 'ROLLING' }),
    createWorker(stage, { ...common, name: 'worker' }),
  ];
  for (const [at, desired] of [4, 2, 6, 8].entries()) {
    for (const [index, service] of services.entries()) {
      const atMs = startMs + (2 + 4 * at + index) * hourMs;
      world.schedule(atMs, () => service.scale(desired));
    }
  }
  return { zones: subnets.map(({ zone }) => zone) };
}

export const scaleIn: Scenario = {
  name: 'scale-in',
  sentence: 'Services are scaled in and out, and their instances with them; that is no trouble.',
  days: 1,
  daysMax: 7,
  mode: 'fast',
  stackMode: () => 'observe',
  hasWatchers: true,
  faults: ['duplicate-events', 'late-events', 'reordered-events'],
  convergesWithinMs: 2 * hourMs,
  noise: { pagesMax: 0, cardsMax: 0 },
  arrange,
};
