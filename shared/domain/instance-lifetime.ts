import { assert } from './assert.ts';
import {
  createWindowsOf,
  isReadable,
  lastSpanBy,
  readEventWindow,
  type WeeklySchedule,
} from './event-window.ts';
import type { Instance, Snapshot } from './snapshot.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * ECS begins to drain a managed instance so long after its launch, and ends it by the second time.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-patching.html
 */
export const drainAfterMs = 14 * dayMs;
export const deadlineAfterMs = 21 * dayMs;
/**
 * How long a drain typically lasts at most, whenever it began: whether one that began early ends then,
 * or on day 21 as the page above has it, AWS does not say in one voice.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
 */
export const drainMsMax = deadlineAfterMs - drainAfterMs;
/** Clocks differ: a launch that lies further ahead than this is wrong, and counts as not known. */
export const launchAheadMsMax = 5 * minuteMs;
/** A drain that began less than this before its time is in time: launches are known to the minute. */
export const earlyMsMin = 60 * minuteMs;

/** When the drain of an instance began; undefined where nobody saw that. */
export type DrainSinceOf = (instance: Instance) => number | undefined;

/**
 * Where a managed instance stands: it waits for its drain (`forecast`), should drain already and does
 * not yet (`overdue`), or drains (`draining`; since when, a snapshot does not say).
 */
export type LifetimeStatus = 'forecast' | 'overdue' | 'draining';

/** What a launch time was taken from; ECS registers an instance seconds to minutes after its launch. */
export type LaunchSource = 'ec2' | 'registration';

/**
 * The clock of a managed instance. AWS shows no planned time: all of it is an estimate from the launch,
 * and a drain may come earlier (a vulnerability, failing hardware, an event window, the optimizer).
 */
export type InstanceLifetime = {
  readonly instance: Instance;
  readonly status: LifetimeStatus;
  /** It drains before its time came: for another reason than its age. */
  readonly isEarly: boolean;
  /** Undefined where it is not known; then so is every time below. */
  readonly launchedAtMs: number | undefined;
  readonly launchSource: LaunchSource | undefined;
  /** Day 14. */
  readonly dueMs: number | undefined;
  /** When it is taken to drain: on day 14, or before it in an event window. */
  readonly drainAtMs: number | undefined;
  /**
   * The window that may make it drain earlier. ECS looks at windows when it launches an instance;
   * whether this one stood then is not known.
   */
  readonly eventWindowId: string | undefined;
  /** Windows tied to it that cannot be read: it may drain earlier, nobody knows when. */
  readonly unreadableWindowIds: readonly string[];
  /** Day 21: whatever still runs on it is killed by then. */
  readonly deadlineMs: number | undefined;
  /**
   * The same if ECS counts seven days from the drain, and day 21 at the latest; undefined where the
   * drain began early, at a time that nobody saw.
   */
  readonly deadlineEarliestMs: number | undefined;
  /** Negative once the time has passed. */
  readonly untilDrainMs: number | undefined;
  readonly untilDeadlineMs: number | undefined;
};

/**
 * The first moment at which ECS may kill what is left on an instance: the cautious deadline where there
 * is one, else day 21; undefined where no launch is known.
 */
export const killedFromMs = ({
  deadlineEarliestMs,
  deadlineMs,
}: InstanceLifetime): number | undefined => deadlineEarliestMs ?? deadlineMs;

/** Statuses of instances that are on their way out or never came: no drain is ahead of them. */
const leftStatuses: ReadonlySet<string> = new Set([
  'DEREGISTERING',
  'INACTIVE',
  'REGISTRATION_FAILED',
]);

/** Whether the clock of a managed instance has nothing more to say: no drain of it is ahead. */
export const hasLeft = ({ status }: Pick<Instance, 'status'>): boolean => leftStatuses.has(status);

/** Without a schedule where it cannot be read. */
type Window = { readonly id: string; readonly schedule: WeeklySchedule | undefined };

/**
 * A function that tells the lifetime of a managed instance of this snapshot at a time. A status that is
 * not known here counts as waiting: the clock runs whatever the status is called. A snapshot does not
 * hold when a drain began: whoever has followed the instance says so in `drainSinceOf`.
 */
export function createLifetimeOf(
  { eventWindows }: Pick<Snapshot, 'eventWindows'>,
  nowMs: number,
  drainSinceOf: DrainSinceOf = () => undefined,
): (instance: Instance) => InstanceLifetime {
  assert(Number.isFinite(nowMs), 'nowMs is a time in ms since the epoch');
  const schedules = new Map(
    eventWindows.map((window) => {
      const schedule = readEventWindow(window);
      return [window, isReadable(schedule) ? schedule : undefined];
    }),
  );
  const windowsOf = createWindowsOf(eventWindows);
  return (instance) => {
    const own = windowsOf(instance).map(
      (window): Window => ({ id: window.id, schedule: schedules.get(window) }),
    );
    return lifetimeOf(instance, own, nowMs, drainSinceOf(instance));
  };
}

function lifetimeOf(
  instance: Instance,
  windows: readonly Window[],
  nowMs: number,
  drainSinceMs: number | undefined,
): InstanceLifetime {
  const launch = launchOf(instance, nowMs);
  const launchedAtMs = launch?.atMs;
  const dueMs = plus(launchedAtMs, drainAfterMs);
  const isDraining = instance.status === 'DRAINING';
  // A window that closed without a drain is not the one that ECS follows: day 14 is left.
  const openUntilMs = isDraining ? Number.NEGATIVE_INFINITY : nowMs;
  const opening = dueMs === undefined ? undefined : earliestOpening(windows, dueMs, openUntilMs);
  const drainAtMs = opening?.atMs ?? dueMs;
  const deadlineMs = plus(launchedAtMs, deadlineAfterMs);
  const sinceMs = isDraining ? drainSinceMs : undefined;
  const isEarly =
    isDraining &&
    drainAtMs !== undefined &&
    (sinceMs === undefined ? drainAtMs > nowMs : drainAtMs - sinceMs > earlyMsMin);
  const isDue = dueMs !== undefined && dueMs <= nowMs;
  const unreadable = windows.filter(({ schedule }) => schedule === undefined);
  return {
    instance,
    status: isDraining ? 'draining' : isDue ? 'overdue' : 'forecast',
    isEarly,
    launchedAtMs,
    launchSource: launch?.source,
    dueMs,
    drainAtMs,
    eventWindowId: opening?.windowId,
    unreadableWindowIds: unreadable.map(({ id }) => id),
    deadlineMs,
    deadlineEarliestMs: earliestEndMs(sinceMs ?? (isEarly ? undefined : drainAtMs), deadlineMs),
    untilDrainMs: plus(drainAtMs, -nowMs),
    untilDeadlineMs: plus(deadlineMs, -nowMs),
  };
}

/** Seven days from the drain or day 21, whichever comes first. */
const earliestEndMs = (
  drainMs: number | undefined,
  deadlineMs: number | undefined,
): number | undefined =>
  drainMs === undefined ? undefined : Math.min(drainMs + drainMsMax, deadlineMs ?? Infinity);

const plus = (atMs: number | undefined, ms: number): number | undefined =>
  atMs === undefined ? undefined : atMs + ms;

/** EC2's launch time, else the registration; one that cannot be true is passed over. */
function launchOf(
  { launchedAtMs, registeredAtMs }: Instance,
  nowMs: number,
): { readonly atMs: number; readonly source: LaunchSource } | undefined {
  const isCredible = (atMs: number | undefined): atMs is number =>
    atMs !== undefined && Number.isFinite(atMs) && atMs <= nowMs + launchAheadMsMax;
  if (isCredible(launchedAtMs)) return { atMs: launchedAtMs, source: 'ec2' };
  if (isCredible(registeredAtMs)) return { atMs: registeredAtMs, source: 'registration' };
  return undefined;
}

/**
 * When the windows, which come by id, let ECS begin at the earliest: each has a last span that began by
 * day 14, and which window ECS follows is not known where there are several. Whether ECS waits for day
 * 14 inside a span is not documented either; its beginning is the cautious answer.
 */
function earliestOpening(
  windows: readonly Window[],
  dueMs: number,
  openUntilMs: number,
): { readonly atMs: number; readonly windowId: string } | undefined {
  let earliest: { readonly atMs: number; readonly windowId: string } | undefined;
  for (const { id, schedule } of windows) {
    const span = schedule === undefined ? undefined : lastSpanBy(schedule, dueMs);
    if (span === undefined || span.endMs <= openUntilMs) continue;
    if (earliest === undefined || span.startMs < earliest.atMs) {
      earliest = { atMs: span.startMs, windowId: id };
    }
  }
  return earliest;
}
