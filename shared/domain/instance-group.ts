import type { ClusterIndex } from './cluster-index.ts';
import { sortedBy } from './order.ts';
import { arrangementKeysOf, remembered } from './remembered.ts';
import type { CapacityProvider, ComputeKind, Instance, Task } from './snapshot.ts';
import { ownerOf } from './task-owner.ts';

/** An instance and the tasks that are placed on it. */
export type Occupied = {
  readonly instance: Instance;
  /** In the order of their ARNs; daemons are not among them. */
  readonly tasks: readonly Task[];
  /** One a daemon and instance: they come and go with it. */
  readonly daemons: readonly Task[];
};

/** What instances have in common: the provider that launched them, else what kind they are. */
export type InstanceGroup = {
  /** The provider's name, else the kind, as `ec2`. */
  readonly name: string;
  readonly capacityProvider: string | undefined;
  readonly compute: ComputeKind | undefined;
  readonly isSpot: boolean;
};

export type GroupedInstances = InstanceGroup & {
  /** In the order of their ARNs, so that sums over them do not depend on the order of reading. */
  readonly staying: readonly Occupied[];
  /** ECS takes them away: what is on them will be elsewhere soon. */
  readonly leaving: readonly Occupied[];
};

/**
 * Instances by capacity provider, those without one by their kind; providers first, in the order of
 * names. A provider without instances is there too, Fargate is not: it has none.
 */
export const groupInstances = remembered(
  ({ snapshot }: ClusterIndex) => arrangementKeysOf(snapshot),
  grouped,
);

function grouped(index: ClusterIndex): readonly GroupedInstances[] {
  const { snapshot } = index;
  const isDaemon = (task: Task): boolean => ownerOf(task, index).type === 'instance';
  const occupied = sortedBy(snapshot.instances, ({ arn }) => arn).map((instance): Occupied => {
    const placed = sortedBy(index.tasksOn(instance.arn), ({ arn }) => arn);
    return {
      instance,
      tasks: placed.filter((task) => !isDaemon(task)),
      daemons: placed.filter(isDaemon),
    };
  });
  const byProvider = Map.groupBy(occupied, ({ instance }) => instance.capacityProvider);
  const providers = new Map(
    snapshot.capacityProviders
      .filter(({ compute }) => compute !== 'fargate')
      .map((provider) => [provider.name, provider]),
  );
  const names = new Set([
    ...providers.keys(),
    ...snapshot.instances.flatMap(({ capacityProvider }) => capacityProvider ?? []),
  ]);
  const launched = sortedBy([...names], (name) => name).map((name) =>
    groupOf(name, providers.get(name), byProvider.get(name) ?? []),
  );
  const byKind = Map.groupBy(byProvider.get(undefined) ?? [], ({ instance }) => instance.compute);
  const others = [...byKind].map(([, of]) => groupOf(undefined, undefined, of));
  return [...launched, ...sortedBy(others, ({ name }) => name)];
}

function groupOf(
  capacityProvider: string | undefined,
  provider: CapacityProvider | undefined,
  occupied: readonly Occupied[],
): GroupedInstances {
  const compute = provider?.compute ?? occupied[0]?.instance.compute;
  return {
    name: capacityProvider ?? compute ?? 'unknown',
    capacityProvider,
    compute,
    isSpot: provider?.isSpot === true || occupied.some(({ instance }) => instance.isSpot === true),
    staying: occupied.filter(({ instance }) => !isLeaving(instance)),
    leaving: occupied.filter(({ instance }) => isLeaving(instance)),
  };
}

/** The group that an instance belongs to. */
export const groupNameOf = ({ capacityProvider, compute }: Instance): string =>
  capacityProvider ?? compute ?? 'unknown';

const leavingStatuses = new Set(['DRAINING', 'DEREGISTERING', 'INACTIVE']);

/** Whether ECS is taking the instance away. A status that is not known says that it stays. */
export const isLeaving = ({ status }: Instance): boolean => leavingStatuses.has(status);

/** What people know an instance by: its id in EC2, else the last part of its ARN. */
export const labelOf = ({ ec2InstanceId, arn }: Instance): string =>
  ec2InstanceId ?? arn.split('/').at(-1) ?? arn;
