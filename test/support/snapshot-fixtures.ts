import type { Instance, Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { instanceOf, rolloutOf, serviceOf, snapshotOf, taskOf } from './snapshots.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What a cluster's parts have in common. */
type Place = {
  readonly region: string;
  readonly account: string;
  readonly cluster: string;
  readonly takenAtMs: number;
};

const arn = ({ region, account }: Place, rest: string): string =>
  `arn:aws:ecs:${region}:${account}:${rest}`;

type InstancePlan = {
  readonly id: string;
  readonly zone: string;
  readonly provider: string | undefined;
  readonly compute: Instance['compute'];
  readonly type: string;
  readonly size: { readonly cpuUnits: number; readonly memoryMiB: number };
  readonly launchedAtMs: number;
};

type TaskPlan = {
  readonly service: string | undefined;
  readonly on: InstancePlan | undefined;
  readonly zone: string;
  readonly size: { readonly cpuUnits: number; readonly memoryMiB: number };
  readonly startedAtMs: number;
};

const attributesOf = ({ zone, type }: InstancePlan): Readonly<Record<string, string>> => ({
  'ecs.availability-zone': zone,
  'ecs.cpu-architecture': 'x86_64',
  'ecs.instance-type': type,
});

/** A cluster in which what instances have left follows from the tasks on them. */
function clusterOf(
  place: Place,
  plan: {
    readonly services: readonly Service[];
    readonly instances: readonly InstancePlan[];
    readonly tasks: readonly TaskPlan[];
  },
  rest: Partial<Snapshot> = {},
): Snapshot {
  const tasks = plan.tasks.map((task, at) => placedTask(place, task, at));
  return snapshotOf({
    takenAtMs: place.takenAtMs,
    region: place.region,
    cluster: place.cluster,
    clusterArn: arn(place, `cluster/${place.cluster}`),
    tasks,
    services: plan.services,
    instances: plan.instances.map((one) => filledInstance(place, one, tasks)),
    ...rest,
  });
}

const instanceArnOf = (place: Place, id: string): string =>
  arn(place, `container-instance/${place.cluster}/${id}`);

function placedTask(place: Place, plan: TaskPlan, at: number): Task {
  const { service, on, zone, size, startedAtMs } = plan;
  const id = (at + 1).toString(16).padStart(32, '0');
  const family = service ?? 'nightly';
  return taskOf(id, {
    arn: arn(place, `task/${place.cluster}/${id}`),
    service,
    group: service === undefined ? `family:${family}` : `service:${service}`,
    startedBy: service === undefined ? 'cron' : 'ecs-svc/1',
    taskDefinitionArn: arn(place, `task-definition/${family}:1`),
    compute: on === undefined ? 'fargate' : on.compute,
    capacityProvider: on === undefined ? 'FARGATE' : on.provider,
    instanceArn: on === undefined ? undefined : instanceArnOf(place, on.id),
    zone,
    reserved: size,
    hasEni: on === undefined,
    health: 'UNKNOWN',
    createdAtMs: startedAtMs - minuteMs,
    startedAtMs,
  });
}

function filledInstance(place: Place, plan: InstancePlan, tasks: readonly Task[]): Instance {
  const own = tasks.filter(({ instanceArn }) => instanceArn === instanceArnOf(place, plan.id));
  const used = (of: (task: Task) => number): number => own.reduce((sum, task) => sum + of(task), 0);
  return instanceOf(plan.id, {
    arn: instanceArnOf(place, plan.id),
    ec2InstanceId: `i-0${plan.id}`,
    compute: plan.compute,
    capacityProvider: plan.provider,
    type: plan.type,
    zone: plan.zone,
    registered: plan.size,
    remaining: {
      cpuUnits: plan.size.cpuUnits - used(({ reserved }) => reserved.cpuUnits),
      memoryMiB: plan.size.memoryMiB - used(({ reserved }) => reserved.memoryMiB),
    },
    usedPorts: [],
    attributes: attributesOf(plan),
    registeredAtMs: plan.launchedAtMs + 2 * minuteMs,
    launchedAtMs: plan.launchedAtMs,
    runningTasks: own.length,
  });
}

/** What a c6a.large registers: two vCPU, and four GiB less what the agent keeps. */
const c6aLarge = { cpuUnits: 2_048, memoryMiB: 3_767 };
const seedTask = { cpuUnits: 256, memoryMiB: 512 };

/**
 * The second seed document's cluster: a service of small tasks behind one managed-instances provider
 * over two zones, each number of tasks as its author set it one after the other.
 */
function seed003(desired: number, minutesLater: number): Snapshot {
  const place = {
    region: 'ap-northeast-1',
    account: '111122223333',
    cluster: 'ecs-dev-cluster',
    takenAtMs: Date.parse('2025-12-07T11:42:00Z') + minutesLater * minuteMs,
  };
  const provider = 'dev-ecs-managed-instance-provider';
  const launch = (id: string, zone: string, launchedAt: string): InstancePlan => ({
    id,
    zone,
    provider,
    compute: 'managed-instances',
    type: 'c6a.large',
    size: c6aLarge,
    launchedAtMs: Date.parse(launchedAt),
  });
  const first = launch('a1b2c3', 'ap-northeast-1a', '2025-12-07T11:16:00Z');
  const second = launch('d4e5f6', 'ap-northeast-1c', '2025-12-07T11:43:00Z');
  // Seven of these tasks fit into what a c6a.large registers.
  const roomy = 7;
  const tasks = Array.from({ length: desired }, (_, at): TaskPlan => {
    const on = at < roomy ? first : second;
    const startedAtMs = place.takenAtMs - (desired - at) * minuteMs;
    return { service: 'service-dev', on, zone: on.zone, size: seedTask, startedAtMs };
  });
  const hook = arn(place, '').replace(':ecs:', ':lambda:');
  const service = serviceOf('service-dev', {
    arn: arn(place, `service/${place.cluster}/service-dev`),
    desired,
    running: desired,
    capacityProviders: [provider],
    deploymentStrategy: 'BLUE_GREEN',
    subnets: ['subnet-private01', 'subnet-private02'],
    targetGroupArns: [],
    hooks: [
      { targetArn: `${hook}function:lambda-dev-ecs-hook`, stages: ['POST_TEST_TRAFFIC_SHIFT'] },
    ],
    taskDefinitionArn: arn(place, 'task-definition/task-dev:1'),
    rollouts: [rolloutOf({ id: 'ecs-svc/1', createdAtMs: first.launchedAtMs })],
    createdAtMs: first.launchedAtMs,
  });
  return clusterOf(
    place,
    { services: [service], instances: desired > roomy ? [first, second] : [first], tasks },
    {
      capacityProviders: [
        {
          name: provider,
          compute: 'managed-instances',
          isSpot: false,
          status: 'ACTIVE',
          subnets: ['subnet-private01', 'subnet-private02'],
          scaleInAfterSeconds: 1_800,
        },
      ],
      subnetZones: {
        'subnet-private01': 'ap-northeast-1a',
        'subnet-private02': 'ap-northeast-1c',
      },
      instanceTypes: { 'c6a.large': { vCpus: 2, memoryMiB: 4_096, eniMax: undefined } },
      scalableTargets: { 'service-dev': { min: desired, max: desired, isSuspended: false } },
      calls: 12,
    },
  );
}

const mixedPlace: Place = {
  region: 'us-east-1',
  account: '111122223333',
  cluster: 'prod',
  takenAtMs: Date.parse('2026-11-23T09:00:00Z'),
};
const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as const;
const zoneAt = (at: number): string => zones[at % zones.length] ?? zones[0];

/** Traits that take turns over the services of a mixed cluster, so that every verdict is there. */
const traits: readonly Partial<Service>[] = [
  {},
  { deploymentStrategy: 'BLUE_GREEN' },
  { maximumPercent: 100, minimumHealthyPercent: 50 },
  { availabilityZoneRebalancing: 'DISABLED' },
  {},
  { minimumHealthyPercent: 100, maximumPercent: 125 },
  { deploymentStrategy: 'CANARY' },
  {
    placementConstraints: [
      { type: 'memberOf', expression: 'attribute:ecs.availability-zone != us-east-1c' },
    ],
  },
  {},
  { tags: { 'ballast:az-balance': 'off' } },
];

/**
 * A cluster of many services over Managed Instances, EC2 and Fargate: `services` of them with five
 * tasks each on average. Where they stand follows from their numbers alone.
 */
function mixed(services: number, perService: number): Snapshot {
  const hosts = Array.from({ length: Math.ceil((services * perService) / 8) }, (_, at) =>
    hostAt(at),
  );
  const all = Array.from({ length: services }, (_, at) => mixedService(at, perService));
  let next = 0;
  const tasks = all.flatMap((service, at) =>
    Array.from({ length: service.desired }, (): TaskPlan => {
      const isFargate = service.compute === 'fargate';
      const crowded = at % 7 === 3 ? 0 : next;
      const own = hosts.filter(({ compute }) => compute === service.compute);
      const on = isFargate ? undefined : own[crowded % own.length];
      next += 1;
      return {
        service: service.name,
        on,
        zone: on?.zone ?? zoneAt(next),
        size: { cpuUnits: 256, memoryMiB: at % 4 === 0 ? 1_024 : 512 },
        startedAtMs: mixedPlace.takenAtMs - (at + 1) * hourMs,
      };
    }),
  );
  const [host] = hosts;
  const nightly: TaskPlan = {
    service: undefined,
    on: host,
    zone: host?.zone ?? zoneAt(0),
    size: { cpuUnits: 256, memoryMiB: 512 },
    startedAtMs: mixedPlace.takenAtMs - 2 * dayMs,
  };
  return clusterOf(
    mixedPlace,
    { services: all, instances: hosts, tasks: [...tasks, nightly] },
    {
      capacityProviders: [
        {
          name: 'general',
          compute: 'managed-instances',
          isSpot: false,
          status: 'ACTIVE',
          subnets: zones.map((zone) => `subnet-${zone}`),
          scaleInAfterSeconds: null,
        },
      ],
      subnetZones: Object.fromEntries(zones.map((zone) => [`subnet-${zone}`, zone])),
      instanceTypes: { 'm6a.2xlarge': { vCpus: 8, memoryMiB: 32_768, eniMax: undefined } },
      scalableTargets: { 'svc-004': { min: 2, max: 20, isSuspended: false } },
      protections: {},
      gaps: [
        {
          subject: 'event-windows',
          reason: 'denied',
          operation: 'ec2:DescribeInstanceEventWindows',
          detail: 'not authorized',
        },
      ],
      calls: 40,
    },
  );
}

/** One scale-out of many hosts within the hour, then one host at a time. */
const launchedAtMs = (at: number): number =>
  mixedPlace.takenAtMs - 11 * dayMs + (at < 16 ? at * 3 * minuteMs : at * 7 * hourMs);

/** Three managed hosts to each one of the user's own. */
function hostAt(at: number): InstancePlan {
  const isOwn = at % 4 === 3;
  return {
    id: (at + 1).toString(16).padStart(6, '0'),
    zone: zoneAt(at),
    provider: isOwn ? undefined : 'general',
    compute: isOwn ? 'ec2' : 'managed-instances',
    type: 'm6a.2xlarge',
    size: { cpuUnits: 8_192, memoryMiB: 31_500 },
    launchedAtMs: launchedAtMs(at),
  };
}

function mixedService(at: number, perService: number): Service {
  const name = `svc-${String(at).padStart(3, '0')}`;
  const compute = at % 5 === 4 ? 'fargate' : at % 5 === 2 ? 'ec2' : 'managed-instances';
  const desired = at % 9 === 8 ? 1 : perService - 2 + (at % 5);
  return serviceOf(name, {
    arn: arn(mixedPlace, `service/${mixedPlace.cluster}/${name}`),
    desired,
    running: desired,
    compute,
    launchType: compute === 'ec2' ? 'EC2' : undefined,
    capacityProviders:
      compute === 'managed-instances' ? ['general'] : compute === 'fargate' ? ['FARGATE'] : [],
    subnets: zones.map((zone) => `subnet-${zone}`),
    taskDefinitionArn: arn(mixedPlace, `task-definition/${name}:1`),
    rollouts: [
      rolloutOf({
        id: 'ecs-svc/1',
        createdAtMs: mixedPlace.takenAtMs - 5 * dayMs,
        rolloutState: at === 17 ? 'IN_PROGRESS' : 'COMPLETED',
      }),
    ],
    createdAtMs: mixedPlace.takenAtMs - 90 * dayMs,
    ...traits[at % traits.length],
  });
}

/** Saved clusters under `test/fixtures/snapshots`, by file name. */
export const snapshotFixtures: Readonly<Record<string, Snapshot>> = {
  'seed-003.json': seed003(4, 0),
  'seed-003-eighth-task.json': seed003(8, 5),
  'mixed.json': mixed(60, 5),
  'empty.json': clusterOf(
    { ...mixedPlace, cluster: 'empty' },
    { services: [], instances: [], tasks: [] },
    { calls: 3 },
  ),
};

/** A cluster of some 5,000 tasks of 200 services on more than 500 instances. */
export const crowdedSnapshot = (): Snapshot => mixed(200, 25);
