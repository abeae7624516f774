import type {
  CapacityProvider,
  ComputeKind,
  Instance,
  InstanceType,
  Service,
  Snapshot,
  Task,
} from '../../shared/domain/snapshot.ts';
import { capacityProviderOf, instanceOf, serviceOf, snapshotOf, taskOf } from './snapshots.ts';

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

/**
 * A cluster in a few words. Reserved is what the tasks on an instance reserve, a service wants as many
 * tasks as it has, and a provider is one of Managed Instances, unless said otherwise.
 */
export function densityWorld(spec: WorldSpec): Snapshot {
  const tasks: Task[] = [];
  const addTasks = (specs: readonly TaskSpec[], on: Instance | undefined): readonly Task[] =>
    specs.flatMap(({ times = 1, ...one }) =>
      Array.from({ length: times }, () => {
        const task = taskOn(one, `t${String(tasks.length).padStart(4, '0')}`, on);
        tasks.push(task);
        return task;
      }),
    );
  const instances = Object.entries(spec.instances ?? {}).flatMap(([provider, specs]) =>
    specs.map((one, at): Instance => {
      const compute = provider === '' ? 'ec2' : kindOf(spec, provider);
      const bare = bareInstance(one, `${provider || compute}${at}`, provider, compute);
      const placed = addTasks(one.tasks ?? [], bare);
      return {
        ...bare,
        remaining: {
          cpuUnits: bare.registered.cpuUnits - sumOf(placed, 'cpuUnits'),
          memoryMiB: bare.registered.memoryMiB - sumOf(placed, 'memoryMiB'),
        },
        runningTasks: one.runningTasks ?? placed.length,
      };
    }),
  );
  addTasks(spec.tasks ?? [], undefined);
  const names = new Set([
    ...tasks.flatMap(({ service }) => service ?? []),
    ...Object.keys(spec.services ?? {}),
  ]);
  return snapshotOf({
    region: spec.region ?? 'us-east-1',
    tasks,
    services: [...names].map((name) => serviceOfTasks(name, tasks, spec.services?.[name])),
    instances,
    capacityProviders: providersOf(spec),
    instanceTypes: spec.instanceTypes ?? {},
  });
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
  return [...names].map((name) =>
    capacityProviderOf(name, {
      compute: kindOf(spec, name),
      subnets: [],
      scaleInAfterSeconds: undefined,
      ...spec.providers?.find((one) => one.name === name),
    }),
  );
}

function taskOn(
  { size: [cpuUnits, memoryMiB] = [256, 512], ...said }: TaskSpec,
  id: string,
  on: Instance | undefined,
): Task {
  const service = 'service' in said ? said.service : 'api';
  return taskOf(id, {
    service,
    group: service === undefined ? undefined : `service:${service}`,
    startedBy: service === undefined ? undefined : 'ecs-svc/7',
    compute: on === undefined ? 'fargate' : on.compute,
    capacityProvider: on?.capacityProvider,
    instanceArn: on?.arn,
    reserved: { cpuUnits, memoryMiB },
    hasEni: true,
    architecture: on?.architecture,
    ...said,
  });
}

function bareInstance(
  { size: [cpuUnits, memoryMiB] = [2048, 3767], tasks: _, ...said }: InstanceSpec,
  id: string,
  provider: string,
  compute: ComputeKind | undefined,
): Instance {
  const registered = { cpuUnits, memoryMiB };
  return instanceOf(id, {
    compute,
    capacityProvider: provider === '' ? undefined : provider,
    registered,
    remaining: registered,
    attributes: {},
    isSpot: false,
    ...said,
  });
}

function serviceOfTasks(
  name: string,
  tasks: readonly Task[],
  said: Partial<Service> | undefined,
): Service {
  const desired = tasks.filter(({ service }) => service === name).length;
  return serviceOf(name, { desired, running: desired, capacityProviders: [], ...said });
}
