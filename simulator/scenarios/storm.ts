import { faultNames } from '../faults.ts';
import { drawOnce, type Random } from '../random.ts';
import type { Arranged, Scenario, StackMode, Stage } from '../scenario.ts';
import {
  type Build,
  badBuilds,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
  type Subnet,
  toldByJson,
} from './builders.ts';
import { hourMs, minuteMs, secondMs } from './time.ts';

const modes: readonly StackMode[] = ['observe', 'opt-in', 'enforce'];

const crashing: Build = {
  health: 'broken',
  app: { exit: { afterMs: [20 * secondMs, 3 * minuteMs], exitCode: 1 } },
};
const leaking: Build = {
  health: 'broken',
  app: { memory: { startMiB: 200, growthMiBPerHour: 9_000 } },
};
const neverHealthy: Build = { health: 'broken', app: { healthyAfterMs: 'never' } };
const missingImage = 'registry.example.com/storm:missing';

const webBuilds: readonly Build[] = [
  goodBuild,
  goodBuild,
  goodBuild,
  badBuilds.slow,
  badBuilds.degraded,
  badBuilds.failing,
  badBuilds.flaky,
];
const workerBuilds: readonly Build[] = [
  goodBuild,
  goodBuild,
  crashing,
  leaking,
  neverHealthy,
  { health: 'broken', image: missingImage },
];

type Deployable = { readonly service: ServiceHandle; readonly builds: readonly Build[] };

/**
 * Ten services of up to sixty tasks in all, everything that can be deployed, and every fault that there
 * is. Before the faults end somebody deploys good builds everywhere.
 */
function arrange(stage: Stage): Arranged {
  const { world, faultsUntilMs } = stage;
  const random = stage.random('storm');
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  createManagedProvider(stage, { name: 'spot', subnets, isSpot: true });
  world.nature.imageMissing(missingImage);
  const deployables = [
    ...createWebs(stage, subnets, random),
    ...createWorkers(stage, subnets, random),
  ];
  const deploy = (draw: Random): void => {
    const { service, builds } = draw.pick(deployables);
    service.deploy(draw.pick(builds));
  };
  planPeople(stage, deployables);
  for (const [at, { service }] of deployables.entries()) {
    world.schedule(faultsUntilMs - 20 * minuteMs + at * minuteMs, () => service.deploy(goodBuild));
  }
  return { zones: subnets.map(({ zone }) => zone), deploy };
}

function createWebs(
  stage: Stage,
  subnets: readonly Subnet[],
  random: Random,
): readonly Deployable[] {
  const strategies = ['BLUE_GREEN', 'CANARY', 'LINEAR', 'ROLLING'] as const;
  return ['web', 'api', 'cart', 'pay'].map((name, at) => {
    const tag = random.pick(['enforce', 'observe', 'none', 'none']);
    const service = createWeb(stage, {
      name,
      subnets,
      provider: random.pick(['general', 'general', 'FARGATE']),
      desired: random.integer(1, 5),
      strategy: strategies[at] ?? 'BLUE_GREEN',
      hookDetails: toldByJson,
      usersEveryMs: 20_000,
      ...(tag === 'none' ? {} : { tags: { 'ballast:deployment-hook': tag } }),
    });
    return { service, builds: webBuilds };
  });
}

function createWorkers(
  stage: Stage,
  subnets: readonly Subnet[],
  random: Random,
): readonly Deployable[] {
  return ['worker', 'importer', 'mailer', 'indexer', 'batch', 'silent'].map((name) => {
    const service = createWorker(stage, {
      name,
      subnets,
      provider: random.pick(['general', 'general', 'spot', 'FARGATE', 'FARGATE_SPOT']),
      desired: random.integer(1, 6),
      minimumHealthyPercent: random.pick([0, 50, 100]),
      maximumPercent: random.pick([125, 150, 200]),
      healthCheck: true,
      circuitBreaker: random.pick([
        { enable: false, rollback: false },
        { enable: true, rollback: true },
        { enable: true, rollback: false },
      ]),
      ...(name === 'silent' ? { tags: { 'ballast:task-state': 'off' } } : {}),
    });
    return { service, builds: workerBuilds };
  });
}

/** Deployments, scaling and protection by people, whatever else goes on. */
function planPeople(
  { world, faultsFromMs, faultsUntilMs, random }: Stage,
  deployables: readonly Deployable[],
): void {
  const people = random('people');
  for (const { service, builds } of deployables) {
    let atMs = faultsFromMs + people.integer(0, hourMs);
    while (atMs < faultsUntilMs - 40 * minuteMs) {
      const build = people.pick(builds);
      const desired = people.integer(1, 6);
      const isScaling = people.chance(0.3);
      world.schedule(atMs, () => (isScaling ? service.scale(desired) : service.deploy(build)));
      atMs += people.integer(30 * minuteMs, 150 * minuteMs);
    }
  }
}

export const storm: Scenario = {
  name: 'storm',
  sentence: 'Everything at once: bad builds, people in a hurry, and every fault that there is.',
  days: 0.25,
  daysMax: 1,
  mode: 'wire',
  stackMode: (seed) => drawOnce(seed, 'stack-mode', modes),
  faults: faultNames,
  convergesWithinMs: 2.25 * hourMs,
  hasWatchers: true,
  arrange,
};
