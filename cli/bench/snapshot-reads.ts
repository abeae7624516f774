import { type EcsReads, openEcsReads } from '../../shared/aws/ecs-reads.ts';
import {
  createReadLimiter,
  defaultReadLimits,
  type ReadLimiter,
  type ReadLimits,
} from '../../shared/aws/read-limiter.ts';
import { createSnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { type Account, createAccount } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { createVirtualClock, type VirtualClock } from '../../simulator/virtual-clock.ts';
import type { BenchRow } from './row.ts';

export type ClusterSize = {
  readonly tasks: number;
  readonly instances: number;
  readonly services: number;
};

/** What a reader came to know, by ARN. */
type Found = {
  readonly tasks: ReadonlySet<string>;
  readonly instances: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
};

type Reader = (ecs: EcsReads, limiter: ReadLimiter, clock: VirtualClock) => Promise<Found>;

type Reading = {
  readonly calls: number;
  /** Calls in the longest chain of those that wait for one another. */
  readonly depth: number;
  /** At the pace that the default limiter keeps, answers taking no time. */
  readonly seconds: number;
};

const startMs = Date.parse('2026-11-26T09:00:00Z');
const cluster = 'prod';
const arnPrefix = 'arn:aws:ecs:eu-central-1:123456789012';
const clusterArn = `${arnPrefix}:cluster/${cluster}`;

/**
 * What it takes to read tasks, instances and services of a cluster, which every reconcile begins with,
 * beside the two ways in which scripts go about it. All end in the same simulated account, with clients
 * of the SDK, and come to know the same.
 */
export async function snapshotReadRows(
  size: ClusterSize = { tasks: 5_000, instances: 500, services: 200 },
): Promise<readonly BenchRow[]> {
  const ours = await measured(size, readSnapshot);
  const rows = [
    { name: 'snapshot-reads.tasks', value: size.tasks, unit: 'tasks' },
    ...(['calls', 'depth', 'seconds'] as const).map((what) => ({
      ...{ name: `snapshot-reads.${what}`, value: ours[what], unit: units[what] },
    })),
  ];
  const peers: BenchRow[] = [];
  for (const [lister, listerOf] of [
    ['per-service', listPerService],
    ['per-task', listPerTask],
  ] as const) {
    for (const [pace, paced] of [
      ['one-by-one', oneByOne],
      ['at-once', atOnce],
    ] as const) {
      const theirs = await measured(size, listerOf(paced));
      for (const what of ['calls', 'depth', 'seconds'] as const) {
        peers.push({
          name: `snapshot-reads.${what}.${lister}.${pace}`,
          value: ours[what],
          unit: units[what],
          peer: `a ${lister} lister: ${theirs[what]}`,
          ratio: Math.round((1_000 * ours[what]) / theirs[what]) / 1_000,
        });
      }
    }
  }
  return [...rows, ...peers];
}

const units = {
  calls: 'calls',
  depth: 'calls that wait for one another',
  seconds: `s at ${defaultReadLimits.perSecond} calls a second`,
};

/** A call takes a second here, and any number of them are made at once: seconds are calls in a chain. */
const unpaced: ReadLimits = {
  perSecond: 1_000_000,
  burst: 1_000_000,
  inFlightMax: Number.POSITIVE_INFINITY,
};

async function measured(size: ClusterSize, reader: Reader): Promise<Reading> {
  const chain = await timed(size, reader, { limits: unpaced, callMs: 1_000 });
  const paced = await timed(size, reader, { limits: defaultReadLimits, callMs: 0 });
  return { calls: chain.calls, depth: chain.seconds, seconds: paced.seconds };
}

async function timed(
  size: ClusterSize,
  reader: Reader,
  { limits, callMs }: { readonly limits: ReadLimits; readonly callMs: number },
): Promise<{ readonly calls: number; readonly seconds: number }> {
  const clock = createVirtualClock(startMs);
  const account = accountOf(size);
  const handler = createRequestHandler(account);
  const slowHandler: typeof handler = {
    ...handler,
    handle: async (request, options) => {
      if (callMs > 0) await clock.sleep(callMs);
      return handler.handle(request, options);
    },
  };
  const ecs = openEcsReads({
    region: account.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: slowHandler,
    maxAttempts: 1,
  });
  const found = await reader(ecs, createReadLimiter(clock, limits), clock);
  for (const kind of ['tasks', 'instances', 'services'] as const) {
    if (found[kind].size !== size[kind])
      throw new Error(`a reader found ${found[kind].size} ${kind}`);
  }
  const [problem] = account.problems;
  if (problem !== undefined) throw new Error(problem);
  const seconds = Math.round((clock.nowMs() - startMs) / 100) / 10;
  return { calls: account.calls.length, seconds };
}

const readSnapshot: Reader = async (ecs, limiter, clock) => {
  const snapshot = await createSnapshotReader({ ecs }, { limiter, clock }).read(clusterArn, {});
  const arnsOf = (things: readonly { readonly arn: string }[]) =>
    new Set(things.map(({ arn }) => arn));
  return {
    tasks: arnsOf(snapshot.tasks),
    instances: arnsOf(snapshot.instances),
    services: arnsOf(snapshot.services),
  };
};

/** How a script goes over a list. */
type Pace = <Item>(items: readonly Item[], work: (item: Item) => Promise<void>) => Promise<void>;

const oneByOne: Pace = async (items, work) => {
  for (const item of items) await work(item);
};

const atOnce: Pace = async (items, work) => {
  await Promise.all(items.map(work));
};

/**
 * Lists the tasks of each service and describes them, and the instances that they are on, each once:
 * what ListTasks's `serviceName` invites to, and a command line for ECS does.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
 * https://github.com/aws/copilot-cli/blob/mainline/internal/pkg/aws/ecs/ecs.go (ServiceRunningTasks)
 */
const listPerService =
  (pace: Pace): Reader =>
  async (ecs, limiter) => {
    const found = nothingFound();
    const services = await pagesOf((page) =>
      limiter
        .run(() => ecs.listServices({ cluster, maxResults: 100, ...page }))
        .then((output) => ({
          arns: output.serviceArns ?? [],
          nextToken: output.nextToken,
        })),
    );
    await pace(services, async (service) => {
      const described = await limiter.run(() =>
        ecs.describeServices({ cluster, services: [service] }),
      );
      for (const { serviceArn = '' } of described.services ?? []) found.services.add(serviceArn);
      const tasks = await pagesOf((page) =>
        limiter
          .run(() => ecs.listTasks({ cluster, serviceName: service, ...page }))
          .then((output) => ({
            arns: output.taskArns ?? [],
            nextToken: output.nextToken,
          })),
      );
      for (let from = 0; from < tasks.length; from += 100) {
        const batch = tasks.slice(from, from + 100);
        await describeWithInstances(ecs, limiter, batch, found);
      }
    });
    return found;
  };

/**
 * Describes each task by itself, with the instance that it is on and the service that it is of, each of
 * those once.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
 */
const listPerTask =
  (pace: Pace): Reader =>
  async (ecs, limiter) => {
    const found = nothingFound();
    const asked = new Set<string>();
    const tasks = await pagesOf((page) =>
      limiter
        .run(() => ecs.listTasks({ cluster, ...page }))
        .then((output) => ({
          arns: output.taskArns ?? [],
          nextToken: output.nextToken,
        })),
    );
    await pace(tasks, async (task) => {
      for (const service of await describeWithInstances(ecs, limiter, [task], found)) {
        if (asked.has(service)) continue;
        asked.add(service);
        const output = await limiter.run(() =>
          ecs.describeServices({ cluster, services: [service] }),
        );
        for (const { serviceArn = '' } of output.services ?? []) found.services.add(serviceArn);
      }
    });
    return found;
  };

type Finding = { readonly [Kind in keyof Found]: Set<string> };

const nothingFound = (): Finding => ({
  tasks: new Set(),
  instances: new Set(),
  services: new Set(),
});

/** Describes tasks, and those of their instances that are not known yet. Returns their services. */
async function describeWithInstances(
  ecs: EcsReads,
  limiter: ReadLimiter,
  arns: readonly string[],
  found: Finding,
): Promise<readonly string[]> {
  const { tasks = [] } = await limiter.run(() => ecs.describeTasks({ cluster, tasks: [...arns] }));
  for (const { taskArn = '' } of tasks) found.tasks.add(taskArn);
  const hosts = new Set(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []));
  const unknown = [...hosts].filter((arn) => !found.instances.has(arn));
  for (const arn of unknown) found.instances.add(arn);
  if (unknown.length > 0) {
    await limiter.run(() =>
      ecs.describeContainerInstances({ cluster, containerInstances: unknown }),
    );
  }
  return tasks.flatMap(({ group = '' }) => group.replace(/^service:/, ''));
}

type ListPage = { readonly arns: readonly string[]; readonly nextToken: string | undefined };

async function pagesOf(
  read: (page: { readonly nextToken?: string }) => Promise<ListPage>,
): Promise<readonly string[]> {
  const all: string[] = [];
  let page: { readonly nextToken?: string } = {};
  for (;;) {
    const { arns, nextToken } = await read(page);
    all.push(...arns);
    if (nextToken === undefined) return all;
    page = { nextToken };
  }
}

/** A cluster whose services have as many tasks each, spread over all instances. */
function accountOf(size: ClusterSize): Account {
  const account = createAccount({ nowMs: () => startMs });
  account.clusters.set(clusterArn, { clusterArn, clusterName: cluster });
  const serviceAt = (at: number): string => `service-${at}`;
  const instanceAt = (at: number): string => `${arnPrefix}:container-instance/${cluster}/${at}`;
  for (let at = 0; at < size.instances; at += 1) {
    const containerInstanceArn = instanceAt(at);
    account.containerInstances.set(containerInstanceArn, {
      ...{ containerInstanceArn, clusterArn, ec2InstanceId: `i-${at}` },
      ...{ status: 'ACTIVE', agentConnected: true, version: 1 },
      ...{ attributes: [], registeredResources: [], remainingResources: [] },
      ...{ runningTasksCount: 0, pendingTasksCount: 0 },
    });
  }
  for (let at = 0; at < size.services; at += 1) {
    const serviceArn = `${arnPrefix}:service/${cluster}/${serviceAt(at)}`;
    account.services.set(serviceArn, {
      ...{ serviceArn, serviceName: serviceAt(at), clusterArn, status: 'ACTIVE' },
      ...{ desiredCount: 0, runningCount: 0, pendingCount: 0, tags: [] },
    });
  }
  for (let at = 0; at < size.tasks; at += 1) {
    const taskArn = `${arnPrefix}:task/${cluster}/${at}`;
    account.tasks.set(taskArn, {
      ...{ taskArn, clusterArn, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', version: 1 },
      taskDefinitionArn: `${arnPrefix}:task-definition/${serviceAt(at % size.services)}:1`,
      group: `service:${serviceAt(at % size.services)}`,
      containerInstanceArn: instanceAt(at % size.instances),
    });
  }
  return account;
}
