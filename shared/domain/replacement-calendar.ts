import { assert } from './assert.ts';
import { type ClusterIndex, indexOf } from './cluster-index.ts';
import { type Rooms, roomsOf, tasksWithoutRoom } from './drain-room.ts';
import { assertHerdPolicy, type Group, groupsOf, type HerdPolicy } from './herd.ts';
import {
  createLifetimeOf,
  type DrainSinceOf,
  hasLeft,
  type InstanceLifetime,
  killedFromMs,
} from './instance-lifetime.ts';
import { compareTexts } from './order.ts';
import { findingsOf, type Harm, type HarmContext, type Note } from './replacement-harm.ts';
import type { ComputeKind, Gap, GapSubject, Instance, Snapshot } from './snapshot.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const horizonMsMax = 60 * dayMs;

export type CalendarPolicy = HerdPolicy & {
  /** Drains that are further ahead are only named. */
  readonly horizonMs: number;
  /**
   * A standalone task that has run for less than this is taken to end by itself: only one that is older,
   * or has less than this left, is worth a warning. A drain leaves days, so it is told in good time.
   */
  readonly standaloneAgeMsMin: number;
};

export const defaultCalendarPolicy: CalendarPolicy = {
  horizonMs: 21 * dayMs,
  herdWindowMs: 2 * hourMs,
  herdInstancesMin: 3,
  herdPercentMin: 30,
  standaloneAgeMsMin: dayMs,
};

/** Instances of one capacity provider that drain together, or one that drains alone. */
export type ReplacementEntry = {
  readonly capacityProvider: string | undefined;
  /** By the time of their drain, then by ARN. */
  readonly instances: readonly InstanceLifetime[];
  /** All instances of the provider, those without a known launch included. */
  readonly ofInstances: number;
  readonly isHerd: boolean;
  /**
   * First and last drain: estimates, see {@link InstanceLifetime}; an instance that drains already,
   * early or without a known launch, stands at the time of asking.
   */
  readonly fromMs: number;
  readonly toMs: number;
  /** The first moment at which ECS may kill what is left, see {@link killedFromMs}. */
  readonly deadlineMs: number | undefined;
  /** How much of each zone goes, by zone: `1a: 3 of 3`. */
  readonly zones: readonly ZoneShare[];
  readonly tasks: number;
  /** What will be lost or stuck unless someone acts; by reason, then by name. */
  readonly harms: readonly Harm[];
  /** What is worth knowing and needs nobody. */
  readonly notes: readonly Note[];
  /** Services with tasks here that move within their minimum and maximum. */
  readonly fineServices: number;
};

export type ZoneShare = {
  readonly zone: string | undefined;
  readonly instances: number;
  readonly ofInstances: number;
};

/** A part of the cluster that no such clock applies to: AWS or its owner replaces it in other ways. */
export type LeftOut = {
  readonly compute: ComputeKind | 'unknown';
  readonly instances: number;
  readonly tasks: number;
};

/** The coming replacements of managed instances: an estimate, as every time in it. */
export type ReplacementCalendar = {
  readonly atMs: number;
  readonly horizonMs: number;
  /** By time, then by provider and ARN. Each instance with a known launch is in one of them, or later. */
  readonly entries: readonly ReplacementEntry[];
  /** Instances whose drain lies beyond the horizon, by ARN. */
  readonly laterArns: readonly string[];
  /** Instances whose launch is not known, and that do not drain: nobody knows when they will. */
  readonly withoutLaunchArns: readonly string[];
  /** Instances that are on their way out, by ARN. */
  readonly leavingArns: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** The first drain that is still ahead; undefined where none is known. */
  readonly nextDrainMs: number | undefined;
  /** Services that no entry harms, of those that have tasks in one. */
  readonly fineServices: number;
  /** Event windows tied to a managed instance that cannot be read, by id. */
  readonly unreadableWindowIds: readonly string[];
  /** What could not be read and would change the calendar. */
  readonly gaps: readonly Gap[];
};

/** What an entry is known by, each once: its harms, whether it is a herd, its notes. */
export const reasonsOf = ({
  harms,
  isHerd,
  notes,
}: ReplacementEntry): readonly (Harm['reason'] | 'herd' | Note['reason'])[] => {
  const herd = isHerd ? [{ reason: 'herd' } as const] : [];
  return [...new Set([...harms, ...herd, ...notes].map(({ reason }) => reason))];
};

/**
 * When the managed instances of a cluster will be replaced, and what that will hurt. Lists are as long
 * as the snapshot has instances, services and tasks at most; texts have to bound what they show.
 *
 * Estimated are: the time of a drain (14 days after the launch, or an event window before that), its
 * deadline (21 days, or seven after the drain), that services are steady by then, and that a standalone
 * task which has run for a day goes on running.
 */
export function forecastReplacements(
  snapshot: Snapshot,
  nowMs: number,
  policy: CalendarPolicy = defaultCalendarPolicy,
  drainSinceOf?: DrainSinceOf,
): ReplacementCalendar {
  assertPolicy(policy);
  const managed = snapshot.instances.filter(({ compute }) => compute === 'managed-instances');
  const lifetimes = managed
    .filter((instance) => !hasLeft(instance))
    .map(createLifetimeOf(snapshot, nowMs, drainSinceOf));
  const { standaloneAgeMsMin } = policy;
  const context: HarmContext = { index: indexOf(snapshot), nowMs, standaloneAgeMsMin };
  const byProvider = Map.groupBy(lifetimes, ({ instance }) => instance.capacityProvider);
  const groups = [...byProvider.values()].flatMap((members) => {
    const provider = providerOf(members, context.index);
    return groupsIn(members, nowMs, policy).map((group) => ({ ...group, provider }));
  });
  const isNear = ({ items }: ProviderGroup): boolean => fromMsOf(items) <= nowMs + policy.horizonMs;
  const drafts = groups.filter(isNear).map((group) => draftOf(group, context));
  const later = groups.filter((group) => !isNear(group));
  return {
    atMs: nowMs,
    horizonMs: policy.horizonMs,
    entries: drafts.map(({ entry }) => entry).sort(byTime),
    laterArns: later.flatMap(({ items }) => items.map(({ arn }) => arn)).sort(),
    withoutLaunchArns: arnsOf(lifetimes.filter(hasNoTime).map(({ instance }) => instance)),
    leavingArns: arnsOf(managed.filter(hasLeft)),
    leftOut: leftOutOf(snapshot),
    nextDrainMs: nextDrainMsOf(lifetimes),
    fineServices: fineIn(drafts),
    unreadableWindowIds: [
      ...new Set(lifetimes.flatMap(({ unreadableWindowIds }) => unreadableWindowIds)),
    ].sort(),
    gaps: snapshot.gaps.filter(({ subject }) => gapSubjects.has(subject)),
  };
}

/** A capacity provider with all of its instances that are there. */
type Provider = {
  readonly name: string | undefined;
  readonly instances: number;
  readonly instancesByZone: ReadonlyMap<string | undefined, number>;
  readonly rooms: Rooms;
};

function providerOf(members: readonly InstanceLifetime[], index: ClusterIndex): Provider {
  const instances = members.map(({ instance }) => instance);
  return {
    name: instances[0]?.capacityProvider,
    instances: instances.length,
    instancesByZone: countByZone(members),
    rooms: roomsOf(instances, index),
  };
}

type Item = { readonly arn: string; readonly atMs: number; readonly lifetime: InstanceLifetime };
type ProviderGroup = Group<Item> & { readonly provider: Provider };

/** Neither a launch nor a drain: nobody knows when. */
const hasNoTime = ({ status, drainAtMs }: InstanceLifetime): boolean =>
  drainAtMs === undefined && status !== 'draining';

/** What drains for another reason than its age, or without a known launch, belongs to no herd. */
function groupsIn(
  members: readonly InstanceLifetime[],
  nowMs: number,
  policy: HerdPolicy,
): readonly Group<Item>[] {
  const byClock: Item[] = [];
  const alone: Group<Item>[] = [];
  for (const lifetime of members) {
    const { instance, drainAtMs, isEarly } = lifetime;
    if (hasNoTime(lifetime)) continue;
    const item = { arn: instance.arn, atMs: drainAtMs ?? nowMs, lifetime };
    if (drainAtMs !== undefined && !isEarly) byClock.push(item);
    else alone.push({ items: [{ ...item, atMs: nowMs }], isHerd: false });
  }
  return [...groupsOf(byClock, members.length, policy), ...alone];
}

const fromMsOf = ([first]: readonly Item[]): number => {
  assert(first, 'a group has an instance');
  return first.atMs;
};

type Draft = {
  readonly entry: ReplacementEntry;
  readonly fineServices: ReadonlySet<string>;
  readonly harmedServices: ReadonlySet<string>;
};

function draftOf({ items, isHerd, provider }: ProviderGroup, context: HarmContext): Draft {
  const instances = items.map(({ lifetime }) => lifetime);
  const { harms, notes, movingTasks, ...services } = findingsOf(instances, context);
  const own = new Set(items.map(({ arn }) => arn));
  const homeless = tasksWithoutRoom(movingTasks, provider.rooms, context.index, own).size;
  const roomNotes: readonly Note[] =
    homeless === 0 ? [] : [{ reason: 'new-instances-needed', tasks: homeless }];
  const deadlineMs = instances.reduce(
    (first, lifetime) => Math.min(first, killedFromMs(lifetime) ?? Infinity),
    Infinity,
  );
  const entry: ReplacementEntry = {
    capacityProvider: provider.name,
    instances,
    ofInstances: provider.instances,
    isHerd,
    fromMs: fromMsOf(items),
    toMs: items.reduce((latest, { atMs }) => Math.max(latest, atMs), -Infinity),
    deadlineMs: deadlineMs === Infinity ? undefined : deadlineMs,
    zones: zonesOf(instances, provider),
    tasks: instances.reduce(
      (sum, { instance }) => sum + context.index.tasksOn(instance.arn).length,
      0,
    ),
    harms,
    notes: [...roomNotes, ...notes],
    fineServices: services.fineServices.size,
  };
  return { entry, ...services };
}

/** Services that are fine in one entry and harmed in none. */
function fineIn(drafts: readonly Draft[]): number {
  const fine = new Set(drafts.flatMap(({ fineServices }) => [...fineServices]));
  for (const { harmedServices } of drafts) for (const name of harmedServices) fine.delete(name);
  return fine.size;
}

const countByZone = (members: readonly InstanceLifetime[]): Provider['instancesByZone'] => {
  const byZone = Map.groupBy(members, ({ instance }) => instance.zone);
  return new Map([...byZone].map(([zone, own]) => [zone, own.length]));
};

const zonesOf = (
  instances: readonly InstanceLifetime[],
  { instancesByZone }: Provider,
): readonly ZoneShare[] =>
  [...countByZone(instances)]
    .map(([zone, own]) => ({ zone, instances: own, ofInstances: instancesByZone.get(zone) ?? 0 }))
    .sort((a, b) => compareTexts(a.zone ?? '', b.zone ?? ''));

function nextDrainMsOf(lifetimes: readonly InstanceLifetime[]): number | undefined {
  const ahead = lifetimes.flatMap(({ status, drainAtMs }) =>
    status === 'forecast' && drainAtMs !== undefined ? [drainAtMs] : [],
  );
  return ahead.length === 0 ? undefined : ahead.reduce((a, b) => Math.min(a, b));
}

function leftOutOf({ instances, tasks }: Snapshot): readonly LeftOut[] {
  const instancesBy = Map.groupBy(instances, ({ compute }) => compute ?? 'unknown');
  const tasksBy = Map.groupBy(tasks, ({ compute }) => compute ?? 'unknown');
  return [...new Set([...instancesBy.keys(), ...tasksBy.keys()])]
    .filter((compute) => compute !== 'managed-instances')
    .sort()
    .map((compute) => ({
      compute,
      instances: instancesBy.get(compute)?.length ?? 0,
      tasks: tasksBy.get(compute)?.length ?? 0,
    }));
}

const arnsOf = (instances: readonly Instance[]): readonly string[] =>
  instances.map(({ arn }) => arn).sort();

const firstArnOf = ({ instances }: ReplacementEntry): string => instances[0]?.instance.arn ?? '';

function byTime(a: ReplacementEntry, b: ReplacementEntry): number {
  return (
    a.fromMs - b.fromMs ||
    compareTexts(a.capacityProvider ?? '', b.capacityProvider ?? '') ||
    compareTexts(firstArnOf(a), firstArnOf(b))
  );
}

/** Parts of a snapshot that the calendar rests on. */
const gapSubjects: ReadonlySet<GapSubject> = new Set<GapSubject>([
  'tasks',
  'services',
  'instances',
  'protections',
  'event-windows',
  'launch-times',
]);

function assertPolicy(policy: CalendarPolicy): void {
  const { horizonMs, standaloneAgeMsMin } = policy;
  assertHerdPolicy(policy);
  assert(horizonMs > 0 && horizonMs <= horizonMsMax, 'a horizon is at most 60 days ahead');
  assert(standaloneAgeMsMin >= 0, 'standaloneAgeMsMin is a duration');
}
