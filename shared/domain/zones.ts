import { type ClusterIndex, primaryTasksOf } from './cluster-index.ts';
import { sortedBy } from './order.ts';
import { valueIn } from './record.ts';
import { minimumOf } from './service-state.ts';
import type { Service, Task } from './snapshot.ts';
import { suits, type TaskShape } from './task-shape.ts';
import { bestCounts, type Counts, skewOf } from './zone-balance.ts';

/** Zones in which ECS may run tasks of a service. */
export type ServiceZones = {
  /** By name. */
  readonly zones: readonly string[];
  /** Those of them of which it is open whether an instance there suits its tasks. */
  readonly unproven: readonly string[];
  /** What else leaves it open whether these are all, and no others: a sentence each. */
  readonly doubts: readonly string[];
};

/**
 * The zones of its own subnets that are zones of its capacity provider's too, where both have
 * subnets; else of the one that has some; else of the instances that suit it. Less those that its
 * placement constraints rule out.
 */
export function zonesOf(service: Service, shape: TaskShape, index: ClusterIndex): ServiceZones {
  const doubts: string[] = [];
  const own = service.subnets;
  const launched = providerSubnetsOf(service, index, doubts);
  if (own.length === 0 && launched.length === 0) {
    const found = instanceZonesOf(shape);
    return { ...found, doubts: [...new Set([...doubts, ...found.doubts])].sort() };
  }
  const zoneOf = (subnet: string): string | undefined => {
    const zone = valueIn(index.snapshot.subnetZones, subnet);
    if (zone === undefined) doubts.push(`the zone of ${subnet} is not known`);
    return zone;
  };
  const ownZones = own.flatMap((subnet) => zoneOf(subnet) ?? []);
  const launchZones = launched.flatMap((subnet) => {
    const zone = zoneOf(subnet);
    return zone !== undefined && mayLaunch(shape, zone, subnet) ? [zone] : [];
  });
  const zones =
    launched.length === 0
      ? ownZones.filter((zone) => mayLaunch(shape, zone, undefined))
      : launchZones.filter((zone) => own.length === 0 || ownZones.includes(zone));
  if (zones.length === 0)
    doubts.push('its subnets, capacity provider and constraints share no zone');
  return { zones: [...new Set(zones)].sort(), unproven: [], doubts: [...new Set(doubts)].sort() };
}

function providerSubnetsOf(
  { capacityProviders, compute }: Service,
  index: ClusterIndex,
  doubts: string[],
): readonly string[] {
  if (compute !== 'managed-instances') return [];
  return capacityProviders.flatMap((name) => {
    const subnets = index.providerOf(name)?.subnets ?? [];
    if (subnets.length === 0) doubts.push(`the subnets of capacity provider ${name} are not known`);
    return subnets;
  });
}

/** Whether constraints leave it open that an instance of the zone and subnet would be taken. */
const mayLaunch = ({ constraints }: TaskShape, zone: string, subnet: string | undefined): boolean =>
  constraints.allows({
    attributes: {
      'ecs.availability-zone': zone,
      ...(subnet === undefined ? {} : { 'ecs.subnet-id': subnet }),
    },
    areAttributesComplete: false,
    ec2InstanceId: undefined,
    groups: undefined,
  }) !== 'no';

function instanceZonesOf(shape: TaskShape): ServiceZones {
  const byZone = Map.groupBy(shape.instances, ({ zone }) => zone);
  const zones: string[] = [];
  const unproven: string[] = [];
  const doubts: string[] = [];
  for (const [zone, instances] of byZone) {
    const answers = new Set(instances.map((instance) => suits(shape, instance)));
    if (zone === undefined) doubts.push(`the zone of ${instances[0]?.arn} is not known`);
    else if (answers.has('yes') || shape.constraints.readsGroups) zones.push(zone);
    else if (answers.has('unknown')) {
      zones.push(zone);
      unproven.push(zone);
    }
  }
  if (zones.length === 0) doubts.push('no instance suits its tasks');
  return { zones: zones.sort(), unproven: unproven.sort(), doubts: doubts.sort() };
}

/** What is left of a service without one of its zones. */
export type ZoneLoss = {
  readonly zone: string;
  /** Counted tasks in the other zones. */
  readonly left: number;
  /** Of the desired count, in percent, rounded; undefined where nothing is desired. */
  readonly leftPercent: number | undefined;
  readonly isBelowMinimum: boolean;
};

/** Tasks of a service that are not counted, and why. */
export type LeftOut = {
  /** Not running yet, or not any more. */
  readonly notRunning: number;
  readonly unhealthy: number;
  /** Of a rollout that is not the primary one. */
  readonly otherRollout: number;
  readonly zoneUnknown: number;
};

/** How a service stands over its zones. */
export type ZoneSpread = {
  readonly service: string;
  readonly desired: number;
  /** Zones that it can use, by name. */
  readonly zones: readonly string[];
  /** Healthy running tasks of the primary rollout in each of them. */
  readonly counts: Counts;
  /** Such tasks in zones that it cannot use, by zone. */
  readonly elsewhere: Readonly<Record<string, number>>;
  /** All such tasks, wherever they are. */
  readonly counted: number;
  readonly leftOut: LeftOut;
  /** Healthy running tasks of any rollout, with or without a zone. */
  readonly healthy: number;
  /** Fullest less emptiest of its zones. */
  readonly skew: number;
  /** The most even spread of the desired count, fullest first. */
  readonly best: Counts;
  /** Of each zone that has one of its tasks or could, by name. */
  readonly losses: readonly ZoneLoss[];
  /** The worst of them: the fewest left. */
  readonly worst: ZoneLoss | undefined;
  readonly doubts: readonly string[];
  /** What the figures leave out, a sentence each: they are true without it. */
  readonly notes: readonly string[];
};

/**
 * The tasks that a spread counts: they run, are to run, are not unhealthy and are of the primary
 * rollout. A task without a health check, or whose health is not known yet, counts.
 */
export const countedTasksOf = (service: Service, index: ClusterIndex): readonly Task[] =>
  primaryTasksOf(service, index).filter(isSound);

/** An even spread over fewer says nothing. */
const zonesMin = 2;

/**
 * The zones that its figures are about. A task of its on a ready instance proves a zone, whatever could
 * be read of the constraints; where that leaves enough of them, the others are left out, and are no doubt.
 */
function judgedZones(
  { zones, unproven, doubts }: ServiceZones,
  counted: readonly Task[],
  index: ClusterIndex,
): Pick<ZoneSpread, 'zones' | 'doubts' | 'notes'> {
  if (unproven.length === 0) return { zones, doubts, notes: [] };
  const proven = new Set(
    counted.flatMap(({ instanceArn, zone }) =>
      index.instanceOf(instanceArn)?.status === 'ACTIVE' ? [zone] : [],
    ),
  );
  const open = unproven.filter((zone) => !proven.has(zone));
  const sure = zones.filter((zone) => !open.includes(zone));
  const words = open.map((zone) => `whether an instance of ${zone} suits its tasks is not known`);
  return sure.length >= zonesMin
    ? { zones: sure, doubts, notes: words }
    : { zones, doubts: [...doubts, ...words].sort(), notes: [] };
}

/** Counts a service's tasks by zone, and says what is left without each zone. */
export function spreadOf(service: Service, shape: TaskShape, index: ClusterIndex): ZoneSpread {
  const tasks = index.tasksOf(service.name);
  const sound = tasks.filter(isSound);
  const counted = countedTasksOf(service, index);
  const found = zonesOf(service, shape, index);
  const { zones, doubts, notes } = judgedZones(found, counted, index);
  const byZone = countBy(counted, ({ zone }) => zone);
  const zoneUnknown = byZone.get(undefined) ?? 0;
  byZone.delete(undefined);
  const elsewhere = [...byZone].filter(([zone = '']) => !zones.includes(zone));
  const counts = zones.map((zone) => byZone.get(zone) ?? 0);
  const placed = counted.length - zoneUnknown;
  const losses = [...new Set([...zones, ...byZone.keys()])]
    .flatMap((zone) => (zone === undefined ? [] : [zone]))
    .sort()
    .map((zone) => lossOf(service, zone, placed - (byZone.get(zone) ?? 0)));
  return {
    service: service.name,
    desired: service.desired,
    zones,
    counts,
    elsewhere: Object.fromEntries(elsewhere),
    counted: placed,
    leftOut: {
      notRunning: tasks.filter((task) => !isRunning(task)).length,
      unhealthy: tasks.filter((task) => isRunning(task) && !isSound(task)).length,
      otherRollout: sound.length - counted.length,
      zoneUnknown,
    },
    healthy: sound.length,
    skew: skewOf(counts),
    best: bestCounts(service.desired, zones.length),
    losses,
    worst: losses.reduce<ZoneLoss | undefined>(
      (worst, loss) => (worst === undefined || loss.left < worst.left ? loss : worst),
      undefined,
    ),
    doubts: [
      ...doubts,
      ...elsewhere.map(([zone]) => `tasks run in ${zone}, which is not among its zones`).sort(),
      ...(zoneUnknown === 0 ? [] : ['the zone of some of its tasks is not known']),
    ],
    notes,
  };
}

const isRunning = ({ lastStatus, desiredStatus }: Task): boolean =>
  lastStatus === 'RUNNING' && desiredStatus === 'RUNNING';

const isSound = (task: Task): boolean => isRunning(task) && task.health !== 'UNHEALTHY';

const lossOf = (service: Service, zone: string, left: number): ZoneLoss => ({
  zone,
  left,
  leftPercent: percentOf(left, service.desired),
  isBelowMinimum: left < minimumOf(service),
});

const percentOf = (part: number, whole: number): number | undefined =>
  whole > 0 ? Math.round((100 * part) / whole) : undefined;

function countBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/** What is left of a whole cluster without one zone. */
export type ClusterZoneLoss = {
  readonly zone: string;
  /** Of all services' desired tasks, in percent, rounded. */
  readonly leftPercent: number | undefined;
  /** The service that keeps the smallest share, by name where several do. */
  readonly worst: { readonly service: string; readonly leftPercent: number } | undefined;
};

/** The loss of each zone that any of the services stands in or could, by zone. */
export function clusterZoneLosses(spreads: readonly ZoneSpread[]): readonly ClusterZoneLoss[] {
  const wanted = sortedBy(
    spreads.filter(({ desired }) => desired > 0),
    ({ service }) => service,
  );
  const zones = new Set(wanted.flatMap(({ losses }) => losses.map(({ zone }) => zone)));
  const desired = wanted.reduce((sum, spread) => sum + spread.desired, 0);
  return [...zones].sort().map((zone) => {
    const losses = wanted.map((spread) => {
      const loss = spread.losses.find((one) => one.zone === zone);
      return { service: spread.service, left: loss?.left ?? spread.counted, spread };
    });
    const [worst] = losses.toSorted(
      (a, b) => a.left / a.spread.desired - b.left / b.spread.desired,
    );
    return {
      zone,
      leftPercent: percentOf(
        losses.reduce((sum, { left }) => sum + left, 0),
        desired,
      ),
      worst: worst && {
        service: worst.service,
        leftPercent: percentOf(worst.left, worst.spread.desired) ?? 0,
      },
    };
  });
}
