import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  type Build,
  badBuilds,
  createManagedProvider,
  createSubnets,
  createWeb,
  goodBuild,
  toldByJson,
} from './builders.ts';
import { hourMs, minuteMs } from './time.ts';

/** What is deployed, one after the other. */
const builds: readonly Build[] = [
  goodBuild,
  badBuilds.slow,
  badBuilds.degraded,
  badBuilds.failing,
  badBuilds.flaky,
  { health: 'good', http: { resetShare: 0.1 } },
  goodBuild,
];
const everyMs = 2 * hourMs;

function arrange(stage: Stage): Arranged {
  const { world } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general', desired: 3 };
  const web = createWeb(stage, {
    ...common,
    name: 'web',
    hookDetails: toldByJson,
    usersEveryMs: 5_000,
  });
  const canary = createWeb(stage, {
    ...common,
    name: 'search',
    strategy: 'CANARY',
    hookDetails: toldByJson,
  });
  for (const [at, build] of builds.entries()) {
    const atMs = world.nowMs() + 50 * minuteMs + at * everyMs;
    world.schedule(atMs, () => web.deploy(build));
    world.schedule(atMs + hourMs, () => canary.deploy(build));
  }
  return { zones: subnets.map(({ zone }) => zone) };
}

export const badGreen: Scenario = {
  name: 'bad-green',
  sentence: 'Good and bad builds go out behind the gate, blue/green and canary.',
  days: 1,
  daysMax: 7,
  mode: 'wire',
  stackMode: () => 'enforce',
  faults: [],
  convergesWithinMs: 2 * hourMs,
  arrange,
};
