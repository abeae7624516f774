import type { Arranged, Scenario, Stage } from '../scenario.ts';
import { createManagedProvider, createSubnets, createWeb, createWorker } from './builders.ts';
import { hourMs, minuteMs } from './time.ts';

const names = ['web', 'api', 'cart', 'search', 'pay', 'mail'];

function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  for (const [at, name] of names.entries()) {
    const common = { name, subnets, provider: at === names.length - 1 ? 'FARGATE' : 'general' };
    if (at % 2 === 0) createWeb(stage, { ...common, desired: 6, usersEveryMs: 5_000 });
    else createWorker(stage, { ...common, desired: 4, healthCheck: true });
  }
  const zone = stage.random('zone').pick(subnets).zone;
  world.schedule(startMs + 2 * hourMs, () => {
    stage.note(`zone ${zone} is out for 40 min`);
    world.nature.zoneOutage(zone, 40 * minuteMs);
  });
  return { zones: subnets.map((subnet) => subnet.zone) };
}

export const zoneOutage: Scenario = {
  name: 'zone-outage',
  sentence: 'A zone goes dark for forty minutes and comes back.',
  days: 0.5,
  daysMax: 7,
  mode: 'wire',
  stackMode: () => 'enforce',
  faults: ['duplicate-events', 'late-events', 'reordered-events', 'slow-placement'],
  convergesWithinMs: 8 * hourMs,
  arrange,
};
