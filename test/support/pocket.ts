import type { Arranged, Scenario, Stage } from '../../simulator/scenario.ts';
import {
  badBuilds,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  toldByJson,
} from '../../simulator/scenarios/builders.ts';
import { hourMs, minuteMs, secondMs } from '../../simulator/scenarios/time.ts';

const crashing = { exit: { afterMs: [20 * secondMs, 50 * secondMs], exitCode: 1 } } as const;

/**
 * The smallest story that every checker has something to look at in: a loop that ends by itself, single
 * stops that are no loop, a broken build behind the gate and two good ones.
 */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general' };
  const worker = createWorker(stage, { ...common, name: 'worker', desired: 3 });
  const calm = createWorker(stage, { ...common, name: 'calm', desired: 4 });
  const web = createWeb(stage, {
    ...common,
    ...{ name: 'web', desired: 2, hookDetails: toldByJson, usersEveryMs: 10_000 },
  });
  // Never at the very moment of a sweep: which of the two comes first is nobody's business.
  const at = (minutes: number, run: () => void): void => {
    world.schedule(startMs + minutes * minuteMs + 7 * secondMs, run);
  };
  at(50, () => {
    const arn = worker.deploy({ health: 'broken', app: crashing });
    at(62, () => world.nature.appChanges(arn, {}));
  });
  at(55, () => web.deploy(badBuilds.degraded));
  at(75, () => web.deploy(goodBuild));
  at(95, () => web.deploy(goodBuild));
  for (const minute of [50, 52, 75, 77, 100, 102]) {
    at(minute, () => {
      const running = [...world.account.tasks.values()].find(
        ({ group, lastStatus }) => group === `service:${calm.name}` && lastStatus === 'RUNNING',
      );
      if (running !== undefined) world.nature.taskExits(running.taskArn, { exitCode: 1 });
    });
  }
  return { zones: subnets.map(({ zone }) => zone) };
}

export const pocket: Scenario = {
  name: 'pocket',
  sentence: 'A little of everything.',
  days: 2.9 / 24,
  daysMax: 1,
  mode: 'wire',
  stackMode: () => 'enforce',
  faults: [],
  convergesWithinMs: 1.2 * hourMs,
  arrange,
};
