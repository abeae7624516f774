import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  type Build,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
  toldByJson,
} from './builders.ts';
import { dayMs, hourMs, minuteMs, secondMs } from './time.ts';

type Cast = { readonly stage: Stage; readonly web: ServiceHandle; readonly worker: ServiceHandle };

/** A part of the story: what happens, from a moment on, to one service. */
export type Chapter = {
  /** After the run's start. */
  readonly afterMs: number;
  readonly service: 'web' | 'worker';
  readonly title: string;
  readonly play: (cast: Cast) => void;
};

/** Quick, because the command `demo` waits for every answer. */
const latency = { medianMs: 25, sigma: 0.15 } as const;
const webBuild: Build = { health: 'good', http: { latency } };

/** Runs into its limit of 512 MiB in about a minute and a half. */
const leaking: Build = {
  health: 'broken',
  app: { memory: { startMiB: 200, growthMiBPerHour: 12_000 } },
};

/** The story in the order of time. */
export const chapters: readonly Chapter[] = [
  {
    ...{ afterMs: 0, service: 'web' },
    title: 'a first deployment: no blue to compare with, absolute checks only',
    // The service is created with it.
    play: () => {},
  },
  {
    ...{ afterMs: 9 * hourMs, service: 'web' },
    title: 'a good deployment: web:1 -> web:2',
    play: ({ web }) => web.deploy(webBuild),
  },
  {
    ...{ afterMs: 11 * hourMs, service: 'web' },
    title: 'a slow one: web:3 answers 200, but takes 60% longer',
    play: ({ web }) =>
      web.deploy({ health: 'worse', http: { latency: { ...latency, medianMs: 40 } } }),
  },
  {
    ...{ afterMs: 13 * hourMs, service: 'web' },
    title: 'a broken one: web:4 answers 200 with {"status":"degraded"}',
    play: ({ web }) =>
      web.deploy({ health: 'broken', http: { latency, body: '{"status":"degraded"}' } }),
  },
  {
    ...{ afterMs: 15 * hourMs, service: 'web' },
    title: 'a good one behind a flaky network: 1 connection in 6 is reset',
    play: (cast) => deployBehind(cast, { resetShare: 1 / 6, forMs: hourMs }),
  },
  {
    ...{ afterMs: 17 * hourMs, service: 'web' },
    title: 'a good one that cannot be measured: for 5 minutes every connection is reset',
    play: (cast) => deployBehind(cast, { resetShare: 1, forMs: 5 * minuteMs }),
  },
  {
    ...{ afterMs: dayMs + 3 * hourMs, service: 'worker' },
    title: 'worker:2 leaks memory',
    play: ({ worker, stage: { world } }) => {
      const arn = worker.deploy(leaking);
      // Work piles up while tasks die, and fills the memory of the next ones sooner and sooner.
      world.after(6 * minuteMs, () =>
        world.nature.appChanges(arn, { memory: { startMiB: 500, growthMiBPerHour: 12_000 } }),
      );
      world.after(25 * minuteMs, () => worker.deploy(goodBuild));
    },
  },
];

/** Deploys a good build of web while a share of all its connections is reset, by nobody's fault. */
function deployBehind(
  { web, stage: { apps, world } }: Cast,
  { resetShare, forMs }: { readonly resetShare: number; readonly forMs: number },
): void {
  web.deploy(webBuild);
  const before = [...apps];
  for (const [arn, app] of before) apps.set(arn, { ...app, resetShare });
  world.after(forMs, () => {
    for (const [arn, app] of before) apps.set(arn, app);
  });
}

/** The story that the README tells, as far as there are functions for it. */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general' };
  const web = createWeb(stage, {
    ...{ ...common, name: 'web', desired: 6, hookDetails: toldByJson },
    ...{ first: webBuild, usersEveryMs: 10 * secondMs },
  });
  createWeb(stage, { ...common, name: 'api', desired: 8, strategy: 'ROLLING' });
  createWorker(stage, { ...common, name: 'cart', desired: 3, maximumPercent: 125 });
  createWorker(stage, { ...common, name: 'ledger', desired: 1, minimumHealthyPercent: 0 });
  createWorker(stage, { ...common, name: 'search', desired: 6, maximumPercent: 100 });
  const worker = createWorker(stage, {
    ...common,
    ...{ name: 'worker', desired: 4, minimumHealthyPercent: 50 },
  });
  for (const { afterMs, play } of chapters) {
    world.schedule(startMs + afterMs, () => play({ stage, web, worker }));
  }
  return { zones: subnets.map(({ zone }) => zone) };
}

export const demo: Scenario = {
  name: 'demo',
  sentence: 'Six deployments behind the gate, good and bad ones, and a worker that leaks memory.',
  days: 1.25,
  daysMax: 30,
  mode: 'wire',
  stackMode: () => 'enforce',
  faults: ['late-events', 'reordered-events'],
  essentialFaults: ['duplicate-events'],
  convergesWithinMs: 2 * hourMs,
  arrange,
};
