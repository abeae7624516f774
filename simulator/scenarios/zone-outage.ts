import type { Arranged, Scenario, Stage } from '../scenario.ts';
import { createManagedProvider, createSubnets, createWeb, createWorker } from './builders.ts';
import { hourMs, minuteMs } from './time.ts';

const names = ['web', 'api', 'cart', 'search', 'pay', 'mail'];

function arrange(stage: Stage): Arranged {
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  for (const [at, name] of names.entries()) {
    const common = { name, subnets, provider: at === names.length - 1 ? 'FARGATE' : 'general' };
    if (at % 2 === 0) createWeb(stage, { ...common, desired: 6, usersEveryMs: 5_000 });
    else createWorker(stage, { ...common, desired: 4, healthCheck: true });
  }
  return { zones: subnets.map((subnet) => subnet.zone) };
}

/** One zone, drawn by the seed. */
function darken({ world, startMs, random, note }: Stage, zones: readonly string[]): void {
  const zone = random('zone').pick(zones);
  world.schedule(startMs + 2 * hourMs, () => {
    note(`zone ${zone} is out for 40 min`);
    world.nature.zoneOutage(zone, 40 * minuteMs);
  });
}

export const zoneOutage: Scenario = {
  name: 'zone-outage',
  sentence: 'A zone goes dark for forty minutes and comes back.',
  days: 0.5,
  daysMax: 7,
  mode: 'wire',
  stackMode: () => 'enforce',
  hasWatchers: true,
  faults: ['duplicate-events', 'late-events', 'reordered-events', 'slow-placement'],
  convergesWithinMs: 8 * hourMs,
  arrange,
  story: darken,
};
