import type { Arranged, Scenario, Stage } from '../scenario.ts';
import type { World } from '../world.ts';
import {
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
  type ServiceOptions,
} from './builders.ts';
import { whenTold } from './reader.ts';
import { dayMs, hourMs, minuteMs } from './time.ts';

/** A part of the story: from a moment on, what happens. */
export type WatchedChapter = {
  /** After the run's start. */
  readonly afterMs: number;
  /** Its figures come from the world at that moment. */
  readonly title: (world: World) => string;
  /** A service whose mails are shown whole. */
  readonly about?: string;
};

/** Long enough before the forecast of day 14, which comes three days ahead. */
const upAfterMs = 10 * dayMs + 20 * hourMs;
const darkAfterMs = 15 * dayMs + 14 * hourMs;
const packedAfterMs = 16 * dayMs + 12 * hourMs;
/** Of every instance. */
const requirements = { allowedInstanceTypes: ['c6a.4xlarge'] };
/** Hours between an alert that can wait and somebody's hand. */
const handMs = { drain: 8 * hourMs, zone: 2 * hourMs } as const;

export const weeksChapters: readonly WatchedChapter[] = [
  { afterMs: 0, title: () => 'the same services on a cluster of their own, watched by nobody yet' },
  {
    afterMs: upAfterMs,
    title: ({ account }) => {
      const instances = account.containerInstances.size;
      const tasks = [...account.services.values()].reduce((sum, one) => sum + one.runningCount, 0);
      return `Ballast is put up (observe): ${account.services.size} services, ${tasks} tasks, ${instances} instances`;
    },
  },
  {
    afterMs: 11 * dayMs,
    title: ({ account, nowMs }) => {
      const old = [...account.ec2Instances.values()].filter(
        ({ LaunchTime, State }) =>
          State?.Name === 'running' &&
          LaunchTime !== undefined &&
          nowMs() - LaunchTime.getTime() > 10 * dayMs,
      );
      return `three days before the oldest instances, ${old.length} of them, turn 14`;
    },
  },
  { afterMs: 14 * dayMs, title: () => 'the oldest instances turn 14: ECS drains them' },
  {
    afterMs: darkAfterMs,
    about: 'search',
    title: () => 'a zone is dark for 10 minutes',
  },
  {
    afterMs: packedAfterMs,
    title: () => 'web is deployed, and a new service comes',
  },
];

/** The weeks after the first days of the story: nothing here is gated, everything is watched. */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, {
    ...{ name: 'general', subnets, requirements },
  });
  // Seven or eight of them fit an instance, whether it has trunk interfaces or not.
  const common = { subnets, provider: 'general', cpu: 2_048, memory: 3_584 };
  const web = createWeb(stage, { ...common, name: 'web', desired: 8, strategy: 'ROLLING' });
  createWeb(stage, { ...common, name: 'api', desired: 8, strategy: 'ROLLING' });
  createWorker(stage, { ...common, name: 'cart', desired: 3 });
  createWorker(stage, { ...common, name: 'ledger', desired: 1, minimumHealthyPercent: 0 });
  createWorker(stage, { ...common, name: 'search', desired: 6, minimumHealthyPercent: 50 });
  createWorker(stage, { ...common, name: 'worker', desired: 3, minimumHealthyPercent: 50 });
  tellPeople(stage, web);
  world.schedule(startMs + packedAfterMs, () => addReport(stage, common));
  world.schedule(startMs + darkAfterMs, () =>
    world.nature.zoneOutage(subnets.at(-1)?.zone ?? '?', 10 * minuteMs),
  );
  return { zones: subnets.map(({ zone }) => zone) };
}

/** A service in one zone, on a provider of its own: all of it hangs on one instance. */
function addReport(
  stage: Stage,
  { subnets, ...options }: Omit<ServiceOptions, 'name' | 'desired'>,
) {
  const provider = { name: 'reports', subnets: subnets.slice(0, 1), requirements };
  stage.note('report is new: 6 tasks on a provider of its own, which has one subnet');
  createManagedProvider(stage, provider);
  createWorker(stage, {
    ...{ ...options, name: 'report', desired: 6 },
    ...{ subnets: provider.subnets, provider: provider.name },
  });
}

/** What people do on their own account, and what they do because they were told. */
function tellPeople(stage: Stage, web: ServiceHandle): void {
  const { world, startMs, clusterName } = stage;
  const configure = (
    service: string,
    minimumHealthyPercent: number,
    maximumPercent: number,
  ): void => {
    stage.note(`${service}: maximumPercent ${maximumPercent}`);
    world.ecs.updateService({
      ...{ cluster: clusterName, service },
      deploymentConfiguration: { minimumHealthyPercent, maximumPercent },
    });
  };
  const at = (afterMs: number, run: () => void): void =>
    void world.schedule(startMs + afterMs, run);
  at(dayMs + 10 * hourMs, () => web.scale(12));
  at(8 * dayMs + 9 * hourMs, () => configure('cart', 100, 125));
  at(9 * dayMs + 9 * hourMs, () => configure('search', 50, 100));
  // For some minutes twelve tasks more than usual: what explains them keeps density silent.
  at(packedAfterMs, () => web.deploy(goodBuild));
  whenTold(stage, { kind: 'drains-stuck', text: 'cart/' }, handMs.drain, () =>
    configure('cart', 100, 200),
  );
  whenTold(stage, { kind: 'zone-imbalance', text: 'search in' }, handMs.zone, () =>
    configure('search', 50, 200),
  );
}

export const demoWeeks: Scenario = {
  name: 'demo-weeks',
  sentence:
    'Instances turn 14, three are stuck, a service loses its spread, and a zone is dark for a while.',
  days: 16.6,
  daysMax: 30,
  mode: 'fast',
  stackMode: () => 'observe',
  upAfterMs,
  hasWatchers: true,
  faults: [],
  essentialFaults: ['duplicate-events'],
  convergesWithinMs: 2 * hourMs,
  arrange,
};
