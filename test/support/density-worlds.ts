import type {
  CapacityProvider,
  ComputeKind,
  Instance,
  InstanceType,
  Service,
  Snapshot,
  Task,
} from '../../shared/domain/snapshot.ts';
import { snapshotVersion } from '../../shared/domain/snapshot.ts';

/** CPU units and MiB. */
export type Size = readonly [cpuUnits: number, memoryMiB: number];

export type TaskSpec = Partial<Omit<Task, 'reserved'>> & {
  /** Default: 256 units and 512 MiB. */
  readonly size?: Size;
  /** So many alike. */
  readonly times?: number;
};

export type InstanceSpec = Partial<Omit<Instance, 'registered' | 'remaining'>> & {
  /** Default: 2 vCPU and 3,767 MiB, as a machine of 4 GB registers. */
  readonly size?: Size;
  readonly tasks?: readonly TaskSpec[];
};

export type WorldSpec = {
  readonly region?: string;
  readonly providers?: readonly (Partial<CapacityProvider> & { readonly name: string })[];
  /** By provider; under `''` those that no provider launched. */
  readonly instances?: Readonly<Record<string, readonly InstanceSpec[]>>;
  /** Tasks on no instance. */
  readonly tasks?: readonly TaskSpec[];
  /** Services beyond those that tasks name; what is said of one goes over its defaults. */
  readonly services?: Readonly<Record<string, Partial<Service>>>;
  readonly instanceTypes?: Readonly<Record<string, InstanceType>>;
};

const cluster = 'prod';

/**
 * A cluster in a few words. Reserved is what the tasks on an instance reserve, a service wants as many
 * tasks as it has, and a provider is one of Managed Instances, unless said otherwise.
 */
export function densityWorld(spec: WorldSpec): Snapshot {
  const region = spec.region ?? 'us-east-1';
  const arnOf = (kind: string, id: string): string =>
    `arn:aws:ecs:${region}:111122223333:${kind}/${cluster}/${id}`;
  const tasks: Task[] = [];
  const addTasks = (specs: readonly TaskSpec[], on: Instance | undefined): readonly Task[] =>
    specs.flatMap(({ times = 1, ...one }) =>
      Array.from({ length: times }, () => {
        const task = taskOf(one, arnOf('task', `t${String(tasks.length).padStart(4, '0')}`), on);
        tasks.push(task);
        return task;
      }),
    );
  const instances = Object.entries(spec.instances ?? {}).flatMap(([provider, specs]) =>
    specs.map((one, at): Instance => {
      const compute = provider === '' ? 'ec2' : kindOf(spec, provider);
      const id = `${provider || compute}${at}`;
      const bare = instanceOf(one, { arn: arnOf('container-instance', id), provider, compute });
      const placed = addTasks(one.tasks ?? [], bare);
      return {
        ...bare,
        remaining: {
          cpuUnits: bare.registered.cpuUnits - sumOf(placed, 'cpuUnits'),
          memoryMiB: bare.registered.memoryMiB - sumOf(placed, 'memoryMiB'),
        },
        runningTasks: placed.length,
        ...(one.runningTasks === undefined ? {} : { runningTasks: one.runningTasks }),
      };
    }),
  );
  addTasks(spec.tasks ?? [], undefined);
  const names = new Set([
    ...tasks.flatMap(({ service }) => service ?? []),
    ...Object.keys(spec.services ?? {}),
  ]);
  return {
    version: snapshotVersion,
    takenAtMs: Date.UTC(2026, 10, 23, 9),
    region,
    clusterArn: `arn:aws:ecs:${region}:111122223333:cluster/${cluster}`,
    cluster,
    tasks,
    services: [...names].map((name) =>
      serviceOf(name, arnOf('service', name), tasks, spec.services?.[name]),
    ),
    instances,
    capacityProviders: providersOf(spec),
    subnetZones: {},
    protections: {},
    deployments: {},
    scalableTargets: {},
    shiftedZones: [],
    eventWindows: [],
    instanceTypes: spec.instanceTypes ?? {},
    gaps: [],
    calls: 0,
  };
}

const sumOf = (tasks: readonly Task[], what: 'cpuUnits' | 'memoryMiB'): number =>
  tasks.reduce((sum, { reserved }) => sum + reserved[what], 0);

const kindOf = ({ providers }: WorldSpec, name: string): ComputeKind | undefined => {
  const provider = providers?.find((one) => one.name === name);
  return provider === undefined || !('compute' in provider)
    ? 'managed-instances'
    : provider.compute;
};

function providersOf(spec: WorldSpec): readonly CapacityProvider[] {
  const named = Object.keys(spec.instances ?? {}).filter((name) => name !== '');
  const names = new Set([...(spec.providers ?? []).map(({ name }) => name), ...named]);
  return [...names].map((name) => ({
    name,
    compute: kindOf(spec, name),
    isSpot: false,
    status: 'ACTIVE',
    subnets: [],
    scaleInAfterSeconds: undefined,
    ...spec.providers?.find((one) => one.name === name),
  }));
}

function taskOf(
  { size: [cpuUnits, memoryMiB] = [256, 512], ...said }: TaskSpec,
  arn: string,
  on: Instance | undefined,
): Task {
  const service = 'service' in said ? said.service : 'api';
  return {
    arn,
    service,
    group: service === undefined ? undefined : `service:${service}`,
    startedBy: service === undefined ? undefined : 'ecs-svc/1',
    taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:task-definition/api:1',
    compute: on === undefined ? 'fargate' : on.compute,
    capacityProvider: on?.capacityProvider,
    instanceArn: on?.arn,
    zone: 'us-east-1a',
    reserved: { cpuUnits, memoryMiB },
    hostPorts: [],
    hasEni: true,
    architecture: on?.architecture,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    health: undefined,
    createdAtMs: undefined,
    startedAtMs: undefined,
    ...said,
  };
}

function instanceOf(
  { size: [cpuUnits, memoryMiB] = [2048, 3767], tasks: _, ...said }: InstanceSpec,
  { arn, provider, compute }: { arn: string; provider: string; compute: ComputeKind | undefined },
): Instance {
  const registered = { cpuUnits, memoryMiB };
  return {
    arn,
    ec2InstanceId: `i-${arn.split('/').at(-1)}`,
    compute,
    capacityProvider: provider === '' ? undefined : provider,
    status: 'ACTIVE',
    statusReason: undefined,
    agentConnected: true,
    health: 'OK',
    type: 'c6a.large',
    zone: 'us-east-1a',
    architecture: 'x86_64',
    registered,
    remaining: registered,
    usedPorts: [],
    attributes: {},
    registeredAtMs: undefined,
    launchedAtMs: undefined,
    isSpot: undefined,
    runningTasks: 0,
    pendingTasks: 0,
    tags: {},
    ...said,
  };
}

function serviceOf(
  name: string,
  arn: string,
  tasks: readonly Task[],
  said: Partial<Service> | undefined,
): Service {
  const own = tasks.filter(({ service }) => service === name);
  return {
    arn,
    name,
    status: 'ACTIVE',
    desired: own.length,
    running: own.length,
    pending: 0,
    compute: 'managed-instances',
    launchType: undefined,
    capacityProviders: [],
    schedulingStrategy: 'REPLICA',
    deploymentController: 'ECS',
    deploymentStrategy: 'ROLLING',
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    availabilityZoneRebalancing: 'ENABLED',
    placementStrategy: [],
    placementConstraints: [],
    subnets: [],
    targetGroupArns: [],
    hasClassicLoadBalancer: false,
    hooks: [],
    taskDefinitionArn: undefined,
    rollouts: [],
    lastRebalancingAtMs: undefined,
    lastPlacementFailureAtMs: undefined,
    createdAtMs: undefined,
    tags: {},
    ...said,
  };
}
