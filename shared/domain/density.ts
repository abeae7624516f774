import { assert } from './assert.ts';
import { indexOf } from './cluster-index.ts';
import { type Concentration, type ConcentrationPolicy, concentrationsOf } from './concentration.ts';
import {
  type GroupedInstances,
  groupInstances,
  type InstanceGroup,
  labelOf,
  type Occupied,
} from './instance-group.ts';
import { interfaceLimitOf } from './interface-limit.ts';
import { clusterKeysOf, remembered } from './remembered.ts';
import type { Instance, Resources, Snapshot } from './snapshot.ts';
import { median } from './statistics/quantile.ts';

export type DensityPolicy = ConcentrationPolicy & {
  /** An instance is overfull beyond this share of CPU or memory, from above 0 to 1. */
  readonly overfullShare: number;
};

export const defaultDensityPolicy: DensityPolicy = {
  overfullShare: 0.95,
  concentrationShareMin: 0.5,
  concentrationDesiredMin: 4,
  zoneSkewMax: 1,
};

/** How full the instances of a cluster are, and what hangs on a single one of them. */
export type Density = {
  /** Providers in the order of names, then kinds of instances that no provider launched. */
  readonly groups: readonly GroupDensity[];
  /** All instances that stay. */
  readonly cluster: Fill;
  /** Zones in which instances stay. */
  readonly zones: number;
  /** The worst first. */
  readonly concentrations: readonly Concentration[];
  /** Tasks that say nothing about density, and why. */
  readonly leftOut: readonly { readonly reason: LeftOutReason; readonly tasks: number }[];
};

/** What instances may hand out, and what they have handed out. Shares are 0 to 1. */
export type Fill = {
  readonly instances: number;
  /** Placed on them, without daemons. */
  readonly tasks: number;
  readonly registered: Resources;
  /** Registered less remaining: what ECS has handed out, tasks that are stopping included. */
  readonly reserved: Resources;
  /** What those tasks ask for themselves: daemons and what is stopping are not in it. */
  readonly asked: Resources;
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** The larger of the two: what the next task meets first. */
  readonly dominantShare: number;
};

export type GroupDensity = {
  readonly group: InstanceGroup;
  /** Of the instances that stay; those that drain are counted apart. */
  readonly fill: Fill;
  /** Without daemons; undefined without instances. */
  readonly tasksPerInstance:
    | { readonly min: number; readonly median: number; readonly max: number }
    | undefined;
  /** Instances without a task but daemons, by label. */
  readonly idle: readonly string[];
  /** Instances beyond `overfullShare`, by label, the fullest first. */
  readonly overfull: readonly { readonly instance: string; readonly dominantShare: number }[];
  readonly interfaces: InterfaceRoom;
  /** Instances that ECS takes away. */
  readonly leaving: { readonly instances: number; readonly tasks: number };
};

/** Room for tasks with a network interface of their own: the limit that CPU and memory do not show. */
export type InterfaceRoom = {
  /** Interfaces that are free, over the instances whose limit is known. */
  readonly free: number;
  /** Instances with none free, by label. */
  readonly full: readonly string[];
  /** Instances whose limit is not known: managed ones, and those whose interfaces are a trunk's, too. */
  readonly unknown: number;
};

export type LeftOutReason =
  /** A task on Fargate has a machine of its own. */
  | 'fargate-has-no-density'
  /** ECS looks for an instance. */
  | 'not-placed-yet'
  /** Its instance is not in the snapshot. */
  | 'instance-not-known';

/** Figures of one snapshot. Whether they matter for long enough is for others to say. */
export const densityOf = remembered(
  (snapshot: Snapshot, policy: DensityPolicy) => [
    ...clusterKeysOf(snapshot),
    JSON.stringify(policy),
  ],
  look,
);

function look(snapshot: Snapshot, policy: DensityPolicy): Density {
  assertPolicy(policy);
  const index = indexOf(snapshot);
  const groups = groupInstances(index);
  const staying = groups.flatMap((group) => group.staying);
  return {
    groups: groups.map((group) => densityOfGroup(group, snapshot, policy)),
    cluster: fillOf(staying),
    zones: new Set(staying.flatMap(({ instance }) => instance.zone ?? [])).size,
    concentrations: concentrationsOf(snapshot, policy, index),
    leftOut: leftOutOf(snapshot),
  };
}

function densityOfGroup(
  { staying, leaving, ...group }: GroupedInstances,
  { instanceTypes }: Snapshot,
  { overfullShare }: DensityPolicy,
): GroupDensity {
  const counts = staying.map(({ tasks }) => tasks.length);
  const shares = staying.map((one) => ({
    instance: labelOf(one.instance),
    dominantShare: fillOf([one]).dominantShare,
  }));
  return {
    group,
    fill: fillOf(staying),
    tasksPerInstance:
      counts.length === 0
        ? undefined
        : { min: Math.min(...counts), median: median(counts), max: Math.max(...counts) },
    idle: staying
      .filter(({ tasks }) => tasks.length === 0)
      .map(({ instance }) => labelOf(instance)),
    overfull: shares
      .filter(({ dominantShare }) => dominantShare > overfullShare)
      .sort((a, b) => b.dominantShare - a.dominantShare),
    interfaces: interfaceRoomOf(staying, instanceTypes),
    leaving: {
      instances: leaving.length,
      tasks: leaving.reduce((sum, { tasks }) => sum + tasks.length, 0),
    },
  };
}

function fillOf(occupied: readonly Occupied[]): Fill {
  const registered = sumOf(occupied.map(({ instance }) => registeredOf(instance)));
  const reserved = sumOf(occupied.map(({ instance }) => reservedOf(instance)));
  const asked = sumOf(occupied.flatMap(({ tasks }) => tasks.map((task) => task.reserved)));
  const cpuShare = shareOf(reserved.cpuUnits, registered.cpuUnits);
  const memoryShare = shareOf(reserved.memoryMiB, registered.memoryMiB);
  return {
    instances: occupied.length,
    tasks: occupied.reduce((sum, { tasks }) => sum + tasks.length, 0),
    registered,
    reserved,
    asked,
    cpuShare,
    memoryShare,
    dominantShare: Math.max(cpuShare, memoryShare),
  };
}

/** What an instance may hand out, never less than nothing. */
const registeredOf = ({ registered }: Instance): Resources => ({
  cpuUnits: Math.max(registered.cpuUnits, 0),
  memoryMiB: Math.max(registered.memoryMiB, 0),
});

/** Figures of two moments may disagree: reserved is never less than nothing, nor more than all. */
export function reservedOf({ registered, remaining }: Instance): Resources {
  const within = (all: number, left: number): number =>
    Math.min(Math.max(all - left, 0), Math.max(all, 0));
  return {
    cpuUnits: within(registered.cpuUnits, remaining.cpuUnits),
    memoryMiB: within(registered.memoryMiB, remaining.memoryMiB),
  };
}

const sumOf = (all: readonly Resources[]): Resources => ({
  cpuUnits: all.reduce((sum, { cpuUnits }) => sum + cpuUnits, 0),
  memoryMiB: all.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
});

const shareOf = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

function interfaceRoomOf(
  occupied: readonly Occupied[],
  types: Snapshot['instanceTypes'],
): InterfaceRoom {
  const known = occupied.flatMap((one) => {
    const free = freeInterfacesOf(one, types);
    return free === undefined ? [] : [{ label: labelOf(one.instance), free }];
  });
  return {
    free: known.reduce((sum, { free }) => sum + free, 0),
    full: known.filter(({ free }) => free === 0).map(({ label }) => label),
    unknown: occupied.length - known.length,
  };
}

/** More interfaces than the limit show that the limit is not the one that holds. */
function freeInterfacesOf(
  { instance, tasks, daemons }: Occupied,
  types: Snapshot['instanceTypes'],
): number | undefined {
  const { atMost } = interfaceLimitOf(instance, types);
  const used = [...tasks, ...daemons].filter(({ hasEni }) => hasEni).length;
  return atMost === undefined || used > atMost ? undefined : atMost - used;
}

const leftOutReasons = ['fargate-has-no-density', 'not-placed-yet', 'instance-not-known'] as const;

function leftOutOf({ tasks, instances }: Snapshot): Density['leftOut'] {
  const known = new Set(instances.map(({ arn }) => arn));
  const byReason = Map.groupBy(tasks, ({ compute, instanceArn }): LeftOutReason | undefined => {
    if (instanceArn !== undefined) return known.has(instanceArn) ? undefined : 'instance-not-known';
    return compute === 'fargate' ? 'fargate-has-no-density' : 'not-placed-yet';
  });
  return leftOutReasons.flatMap((reason) => {
    const count = byReason.get(reason)?.length ?? 0;
    return count === 0 ? [] : [{ reason, tasks: count }];
  });
}

function assertPolicy(policy: DensityPolicy): void {
  const isShare = (value: number): boolean => value > 0 && value <= 1;
  assert(isShare(policy.overfullShare), 'overfullShare is a share');
  assert(isShare(policy.concentrationShareMin), 'concentrationShareMin is a share');
  assert(
    Number.isInteger(policy.concentrationDesiredMin) && policy.concentrationDesiredMin >= 1,
    'concentrationDesiredMin is a number of tasks',
  );
  assert(policy.zoneSkewMax >= 1, 'zoneSkewMax below 1 cannot be kept by every desired count');
}
