import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  badBuilds,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
} from './builders.ts';
import { dayMs, hourMs, minuteMs } from './time.ts';

/** The story that the README tells, as far as there are functions for it. */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general' };
  const web = createWeb(stage, { ...common, name: 'web', desired: 6, usersEveryMs: 10_000 });
  createWeb(stage, { ...common, name: 'api', desired: 8, strategy: 'ROLLING' });
  createWorker(stage, { ...common, name: 'cart', desired: 3, maximumPercent: 125 });
  createWorker(stage, { ...common, name: 'ledger', desired: 1, minimumHealthyPercent: 0 });
  createWorker(stage, { ...common, name: 'search', desired: 6, maximumPercent: 100 });
  const worker = createWorker(stage, {
    ...common,
    name: 'worker',
    desired: 4,
    minimumHealthyPercent: 50,
  });
  const at = (afterMs: number, run: () => void): void =>
    void world.schedule(startMs + afterMs, run);
  at(9 * hourMs, () => web.deploy(goodBuild));
  at(11 * hourMs, () => web.deploy(badBuilds.slow));
  at(dayMs + 3 * hourMs, () =>
    worker.deploy({
      health: 'broken',
      app: { memory: { startMiB: 200, growthMiBPerHour: 12_000 } },
    }),
  );
  at(dayMs + 3 * hourMs + 20 * minuteMs, () => worker.deploy(goodBuild));
  return { zones: subnets.map(({ zone }) => zone) };
}

export const demo: Scenario = {
  name: 'demo',
  sentence: 'A good build, a slow one that the gate rolls back, and a worker that leaks memory.',
  days: 2,
  daysMax: 30,
  mode: 'wire',
  stackMode: () => 'enforce',
  faults: ['duplicate-events', 'late-events', 'reordered-events'],
  convergesWithinMs: 8 * hourMs,
  arrange,
};
