import { assert } from './assert.ts';
import { type Room, roomOf, takesTasks, tasksWithoutRoom } from './drain-room.ts';
import { assertHerdPolicy, type Group, groupsOf, type HerdPolicy } from './herd.ts';
import { createLifetimeOf, type InstanceLifetime, isLeaving } from './instance-lifetime.ts';
import { findingsOf, type Harm, type HarmContext, type Note } from './replacement-harm.ts';
import type { ComputeKind, Gap, GapSubject, Instance, Snapshot } from './snapshot.ts';
import { servicesByName } from './task-owner.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const horizonMsMax = 60 * dayMs;

export type CalendarPolicy = HerdPolicy & {
  /** Drains that are further ahead are only counted. */
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
  /** The first moment at which ECS may kill what is left; undefined where no launch is known. */
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

/** What an entry is known by: its harms, its notes and whether it is a herd. */
export type CalendarReason = Harm['reason'] | Note['reason'] | 'herd';

/** Reasons of an entry, each once, those of harms first. */
export const reasonsOf = ({
  harms,
  isHerd,
  notes,
}: ReplacementEntry): readonly CalendarReason[] => [
  ...new Set<CalendarReason>([
    ...harms.map(({ reason }) => reason),
    ...(isHerd ? (['herd'] as const) : []),
    ...notes.map(({ reason }) => reason),
  ]),
];

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
): ReplacementCalendar {
  assertPolicy(policy);
  const managed = snapshot.instances.filter(({ compute }) => compute === 'managed-instances');
  const present = managed.filter((instance) => !isLeaving(instance));
  const lifetimes = present.map(createLifetimeOf(snapshot, nowMs));
  const context = contextOf(snapshot, nowMs, policy);
  const groups = [...Map.groupBy(lifetimes, ({ instance }) => instance.capacityProvider)].flatMap(
    ([provider, members]) => providerGroups(provider, members, nowMs, policy),
  );
  const horizonEndMs = nowMs + policy.horizonMs;
  const [near, later] = [
    groups.filter(({ items }) => fromMsOf(items) <= horizonEndMs),
    groups.filter(({ items }) => fromMsOf(items) > horizonEndMs),
  ];
  const rooms = roomsOf(snapshot, present, context);
  const drafts = near.map((group) => draftOf(group, rooms, context));
  const harmed = new Set(drafts.flatMap(({ harmedServices }) => [...harmedServices]));
  const fine = new Set(drafts.flatMap(({ fineServices }) => [...fineServices]));
  for (const name of harmed) fine.delete(name);
  return {
    atMs: nowMs,
    horizonMs: policy.horizonMs,
    entries: drafts.map(({ entry }) => entry).sort(byTime),
    laterArns: later.flatMap(({ items }) => items.map(({ arn }) => arn)).sort(),
    withoutLaunchArns: arnsOf(lifetimes.filter(hasNoTime).map(({ instance }) => instance)),
    leavingArns: arnsOf(managed.filter(isLeaving)),
    leftOut: leftOutOf(snapshot),
    nextDrainMs: nextDrainMsOf(lifetimes),
    fineServices: fine.size,
    unreadableWindowIds: [
      ...new Set(lifetimes.flatMap(({ unreadableWindowIds }) => unreadableWindowIds)),
    ].sort(),
    gaps: snapshot.gaps.filter(({ subject }) => gapSubjects.has(subject)),
  };
}

type Item = { readonly arn: string; readonly atMs: number; readonly lifetime: InstanceLifetime };

type ProviderGroup = Group<Item> & {
  readonly provider: string | undefined;
  /** All instances of the provider that are there. */
  readonly members: readonly InstanceLifetime[];
};

/** Neither a launch nor a drain: nobody knows when. */
const hasNoTime = ({ status, drainAtMs }: InstanceLifetime): boolean =>
  drainAtMs === undefined && status !== 'draining';

/** What drains for another reason than its age, or since nobody knows when, belongs to no herd. */
function providerGroups(
  provider: string | undefined,
  members: readonly InstanceLifetime[],
  nowMs: number,
  policy: CalendarPolicy,
): readonly ProviderGroup[] {
  const itemOf = (lifetime: InstanceLifetime, atMs: number): Item => ({
    arn: lifetime.instance.arn,
    atMs,
    lifetime,
  });
  const byClock = members.flatMap((lifetime) =>
    lifetime.drainAtMs === undefined || lifetime.isEarly
      ? []
      : [itemOf(lifetime, lifetime.drainAtMs)],
  );
  const alone = members
    .filter(
      (lifetime) => lifetime.isEarly || (lifetime.drainAtMs === undefined && !hasNoTime(lifetime)),
    )
    .map((lifetime) => ({ items: [itemOf(lifetime, nowMs)], isHerd: false }));
  return [...groupsOf(byClock, members.length, policy), ...alone].map((group) => ({
    ...group,
    provider,
    members,
  }));
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

type RoomsByProvider = ReadonlyMap<string | undefined, readonly Room[]>;

function draftOf(group: ProviderGroup, rooms: RoomsByProvider, context: HarmContext): Draft {
  const { items, provider, members } = group;
  const instances = items.map(({ lifetime }) => lifetime);
  const found = findingsOf(instances, context);
  const own = new Set(items.map(({ arn }) => arn));
  const others = (rooms.get(provider) ?? []).filter(({ instance }) => !own.has(instance.arn));
  const without = tasksWithoutRoom(found.movingTasks, others, context.services).length;
  const roomNotes: readonly Note[] =
    without === 0 ? [] : [{ reason: 'new-instances-needed', tasks: without }];
  const deadlines = instances.flatMap(({ deadlineEarliestMs, deadlineMs }) => [
    deadlineEarliestMs ?? deadlineMs ?? Infinity,
  ]);
  const deadlineMs = deadlines.reduce((a, b) => Math.min(a, b));
  const entry: ReplacementEntry = {
    capacityProvider: provider,
    instances,
    ofInstances: members.length,
    isHerd: group.isHerd,
    fromMs: fromMsOf(items),
    toMs: items.reduce((latest, { atMs }) => Math.max(latest, atMs), -Infinity),
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
    zones: zonesOf(instances, members),
    tasks: instances.reduce((sum, { instance }) => sum + tasksOn(instance, context), 0),
    harms: found.harms,
    notes: [...roomNotes, ...found.notes],
    fineServices: found.fineServices.size,
  };
  return { entry, fineServices: found.fineServices, harmedServices: found.harmedServices };
}

const tasksOn = ({ arn }: Instance, { tasksByInstance }: HarmContext): number =>
  tasksByInstance.get(arn)?.length ?? 0;

function zonesOf(
  instances: readonly InstanceLifetime[],
  members: readonly InstanceLifetime[],
): readonly ZoneShare[] {
  const zoneOf = ({ instance }: InstanceLifetime): string | undefined => instance.zone;
  const all = Map.groupBy(members, zoneOf);
  return [...Map.groupBy(instances, zoneOf)]
    .map(([zone, own]) => ({
      zone,
      instances: own.length,
      ofInstances: all.get(zone)?.length ?? 0,
    }))
    .sort((a, b) => ((a.zone ?? '') < (b.zone ?? '') ? -1 : 1));
}

const contextOf = (
  { protections, services, tasks }: Snapshot,
  nowMs: number,
  { standaloneAgeMsMin }: CalendarPolicy,
): HarmContext => ({
  protections,
  services: servicesByName(services),
  tasksByInstance: Map.groupBy(tasks, ({ instanceArn }) => instanceArn),
  tasksByService: Map.groupBy(tasks, ({ service }) => service),
  nowMs,
  standaloneAgeMsMin,
});

/** By ARN, so that the first that takes a task does not depend on the order of a list. */
const roomsOf = (
  snapshot: Snapshot,
  present: readonly Instance[],
  { tasksByInstance }: HarmContext,
): RoomsByProvider =>
  Map.groupBy(
    present
      .filter(takesTasks)
      .sort((a, b) => (a.arn < b.arn ? -1 : 1))
      .map((instance) => roomOf(instance, tasksByInstance.get(instance.arn) ?? [], snapshot)),
    ({ instance }) => instance.capacityProvider,
  );

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
  if (a.fromMs !== b.fromMs) return a.fromMs - b.fromMs;
  const [ours, theirs] = [a.capacityProvider ?? '', b.capacityProvider ?? ''];
  if (ours !== theirs) return ours < theirs ? -1 : 1;
  return firstArnOf(a) < firstArnOf(b) ? -1 : 1;
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
