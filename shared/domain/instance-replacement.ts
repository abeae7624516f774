import type { InstanceLifetime } from './instance-lifetime.ts';
import type { InstanceNotice, ReplacementHint } from './instance-notice.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What was seen of an instance at a time. `GONE`: ECS does not list it any more. */
export type Sighting = { readonly status: string; readonly atMs: number };

/**
 * How a service stood before an instance of it went: what it has to come back to. `zones` is how many
 * of its tasks ran in each zone.
 */
export type ServiceBefore = {
  readonly name: string;
  readonly desired: number;
  readonly zones: Readonly<Record<string, number>>;
};

/** The tasks on a draining instance at the latest look. */
export type DrainProgress = {
  /** Ids, sorted; bounded. */
  readonly tasks: readonly string[];
  readonly count: number;
  /** Ids of those among them that belong to no service. */
  readonly standalone: readonly string[];
  /** When one was last seen to have left. */
  readonly departedAtMs: number | undefined;
  /** Whom a stuck drain is told by: `service/cart`; the same for as long as it keeps the instance. */
  readonly keeper: string | undefined;
};

/**
 * What is known of one container instance on its way out. Times of events are a join: the same events
 * in any order, any of them repeated, leave the same record (for up to {@link drainTimesMax} times of
 * one drain). The rest is what the latest looks at the cluster saw.
 */
export type InstanceRecord = {
  /** The last part of its ARN. */
  readonly id: string;
  readonly ec2InstanceId: string | undefined;
  readonly capacityProvider: string | undefined;
  /** The event with the highest version. */
  readonly event: (Sighting & { readonly version: number }) | undefined;
  /** The latest look. */
  readonly seen: Sighting | undefined;
  /** When it was last ACTIVE. */
  readonly activeAtMs: number | undefined;
  /** When it was first DRAINING, ever. */
  readonly firstDrainAtMs: number | undefined;
  /** Times after `activeAtMs` at which it was DRAINING, the earliest of them. */
  readonly drainTimes: readonly number[];
  /** The latest of each. */
  readonly hints: Readonly<Partial<Record<ReplacementHint, number>>>;
  /** When its drain was expected, by the last look before it began. */
  readonly forecast: Forecast | undefined;
  readonly before: readonly ServiceBefore[] | undefined;
  readonly progress: DrainProgress | undefined;
  /** When no task was left that has to move. */
  readonly emptyAtMs: number | undefined;
  /** Who has not come back since it went; undefined before, and once its outcome is on record. */
  readonly short: ShortServices | undefined;
  /** The outcome is on record. */
  readonly isDone: boolean;
  /** What it was; undefined until then. */
  readonly outcome: RecordedOutcome | undefined;
};

/** Services of an instance that is gone which were below their count at every look since `sinceMs`. */
export type ShortServices = { readonly sinceMs: number; readonly names: readonly string[] };

/** What became of a replacement, as it is remembered; names are bounded. */
export type RecordedOutcome = {
  readonly reason: string;
  /** Services that were below their count. */
  readonly below: readonly string[];
  /** Those of them that still are, as far as they are followed. */
  readonly missing: readonly string[];
  /** Standalone tasks that went with it: the first of them, and how many there were. */
  readonly lost: readonly string[];
  readonly lostCount?: number | undefined;
};

export type Forecast = {
  readonly drainAtMs: number;
  readonly dueMs: number;
  readonly eventWindowId: string | undefined;
};

/** Times of one drain that are kept: within so many, the order of events never matters. */
export const drainTimesMax = 16;

export const newRecord = (id: string): InstanceRecord => ({
  id,
  ec2InstanceId: undefined,
  capacityProvider: undefined,
  event: undefined,
  seen: undefined,
  activeAtMs: undefined,
  firstDrainAtMs: undefined,
  drainTimes: [],
  hints: {},
  forecast: undefined,
  before: undefined,
  progress: undefined,
  emptyAtMs: undefined,
  short: undefined,
  isDone: false,
  outcome: undefined,
});

/** The record after one notice of its instance; the same object where that says nothing new. */
export function noted(record: InstanceRecord, notice: InstanceNotice): InstanceRecord {
  switch (notice.kind) {
    case 'state':
      return stateNoted(named(record, notice), notice);
    case 'health':
      return healthNoted(named(record, notice), notice);
    case 'ec2':
      return hinted(record, notice.hint, notice.atMs);
  }
}

/**
 * The record after a look at the cluster; see {@link readLagMs} for the time of one. One that is gone
 * went when it was first missed, or missed again after an event that still had it.
 */
export function looked(record: InstanceRecord, { status, atMs }: Sighting): InstanceRecord {
  const before = newestOf(record)?.status ?? '';
  const isKnown = record.seen?.status === 'GONE' && status === 'GONE' && goneStatuses.has(before);
  const isNews = !isKnown && atMs > (record.seen?.atMs ?? -Infinity);
  return timed(isNews ? { ...record, seen: { status, atMs } } : record, status, atMs);
}

/** ECS's answers lag behind its events: what a look sees counts as of so much earlier. */
export const readLagMs = minuteMs;

function healthNoted(
  record: InstanceRecord,
  { status, atMs }: Extract<InstanceNotice, { readonly kind: 'health' }>,
): InstanceRecord {
  if (status === 'IMPAIRED') return hinted(record, 'health', atMs);
  return status === 'OK' ? hinted(record, 'healthy', atMs) : record;
}

function named(
  record: InstanceRecord,
  { ec2InstanceId, capacityProvider }: Pick<InstanceRecord, 'ec2InstanceId' | 'capacityProvider'>,
): InstanceRecord {
  const names = {
    ec2InstanceId: record.ec2InstanceId ?? ec2InstanceId,
    capacityProvider: record.capacityProvider ?? capacityProvider,
  };
  const isSame =
    names.ec2InstanceId === record.ec2InstanceId &&
    names.capacityProvider === record.capacityProvider;
  return isSame ? record : { ...record, ...names };
}

function stateNoted(
  record: InstanceRecord,
  { status, version, atMs }: Extract<InstanceNotice, { readonly kind: 'state' }>,
): InstanceRecord {
  const isNewer = version > (record.event?.version ?? -1);
  return timed(isNewer ? { ...record, event: { status, version, atMs } } : record, status, atMs);
}

/** Notes when it was ACTIVE or DRAINING, whatever was seen since. */
function timed(record: InstanceRecord, status: string, atMs: number): InstanceRecord {
  if (status === 'ACTIVE') {
    if (atMs <= (record.activeAtMs ?? -Infinity)) return record;
    const drainTimes = record.drainTimes.filter((drainMs) => drainMs > atMs);
    return { ...record, activeAtMs: atMs, drainTimes };
  }
  if (status !== 'DRAINING') return record;
  const firstDrainAtMs = Math.min(record.firstDrainAtMs ?? atMs, atMs);
  const isKnown = record.drainTimes.includes(atMs) || atMs <= (record.activeAtMs ?? -Infinity);
  const drainTimes = isKnown ? record.drainTimes : kept([...record.drainTimes, atMs]);
  const isSame =
    firstDrainAtMs === record.firstDrainAtMs && `${drainTimes}` === `${record.drainTimes}`;
  return isSame ? record : { ...record, firstDrainAtMs, drainTimes };
}

/** The earliest, and the very latest: an ACTIVE that arrives late may rule the others out. */
function kept(times: readonly number[]): readonly number[] {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted.length <= drainTimesMax
    ? sorted
    : [...sorted.slice(0, drainTimesMax - 1), ...sorted.slice(-1)];
}

function hinted(record: InstanceRecord, hint: ReplacementHint, atMs: number): InstanceRecord {
  return atMs > (record.hints[hint] ?? -Infinity)
    ? { ...record, hints: { ...record.hints, [hint]: atMs } }
    : record;
}

/**
 * Where a replacement stands.
 *
 * - `forecast`: it runs, and its drain is ahead; so does one of a status that is not known here.
 * - `draining`, `empty`: ECS moves its tasks; nothing is left to be moved.
 * - `gone`: it is deregistered, or on its way there.
 * - `cancelled`: it drained, and is ACTIVE again.
 */
export type ReplacementPhase = 'forecast' | 'draining' | 'empty' | 'gone' | 'cancelled';

const goneStatuses: ReadonlySet<string> = new Set([
  'DEREGISTERING',
  'INACTIVE',
  'REGISTRATION_FAILED',
  'GONE',
]);

/** The latest that is known of it: of the same moment, an event goes before a look. */
export function newestOf({ event, seen }: InstanceRecord): Sighting | undefined {
  if (event === undefined || seen === undefined) return event ?? seen;
  return seen.atMs > event.atMs ? seen : event;
}

/** When it went, as far as is known: an event may say it earlier than the look that missed it. */
export function goneAtMsOf({ event, seen }: InstanceRecord): number | undefined {
  const gone = [event, seen].flatMap((sighting) =>
    sighting !== undefined && goneStatuses.has(sighting.status) ? [sighting.atMs] : [],
  );
  return gone.length === 0 ? undefined : Math.min(...gone);
}

export function phaseOf(record: InstanceRecord): ReplacementPhase {
  const status = newestOf(record)?.status;
  if (status !== undefined && goneStatuses.has(status)) return 'gone';
  if (status === 'DRAINING') {
    const sinceMs = drainedSinceMs(record) ?? 0;
    return (record.emptyAtMs ?? -Infinity) >= sinceMs ? 'empty' : 'draining';
  }
  const { firstDrainAtMs, activeAtMs } = record;
  const wasDraining = firstDrainAtMs !== undefined && firstDrainAtMs < (activeAtMs ?? -Infinity);
  return status === 'ACTIVE' && wasDraining ? 'cancelled' : 'forecast';
}

/** When the drain began that it is in, or that it ended in; undefined where none was seen. */
export const drainedSinceMs = ({ drainTimes }: InstanceRecord): number | undefined => drainTimes[0];

/** Whether its end is on record: that a drain was cancelled is none, once it has gone after all. */
export const isOnRecord = (record: InstanceRecord): boolean =>
  record.isDone && !(phaseOf(record) === 'gone' && record.outcome?.reason === 'drain-cancelled');

/** Whether it still has to be looked at: it drains, or its outcome is not on record. */
export function isFollowed(record: InstanceRecord): boolean {
  const phase = phaseOf(record);
  if (phase === 'draining' || phase === 'empty') return true;
  if (phase === 'gone' && (record.outcome?.missing.length ?? 0) > 0) return true;
  return (phase === 'gone' || phase === 'cancelled') && !isOnRecord(record);
}

/**
 * Why an instance is replaced, as far as ECS tells.
 *
 * - `age`: it drains on day 14 or later. `event-window`: in the window before that.
 * - `health`: ECS called it impaired, or AWS Health announced the end of its hardware, and neither took
 *   it back before the drain.
 * - `spot`: EC2 took it back, or said that it may.
 * - `optimizer`: it went without a drain and without a task, as idle instances do.
 * - `user`: it is a machine of ECS Anywhere, which nobody else drains.
 * - `unknown`: ECS does not say. A vulnerability and an under-used instance both look like this.
 */
export type ReplacementCause =
  | 'age'
  | 'event-window'
  | 'health'
  | 'spot'
  | 'optimizer'
  | 'user'
  | 'unknown';

/** A hint that is older than this when the drain begins has nothing to do with it. */
export const hintMsMax = 24 * hourMs;
/** AWS announces the end of hardware two weeks ahead. */
const announcementMsMax = 21 * 24 * hourMs;
/** Estimates are that exact: a registration comes minutes after a launch. */
const slackMs = hourMs;

export function causeOf(record: InstanceRecord): ReplacementCause {
  const { hints, forecast, ec2InstanceId } = record;
  const startMs = drainedSinceMs(record);
  const atMs = startMs ?? newestOf(record)?.atMs ?? 0;
  const isNear = (hint: ReplacementHint, msMax: number, untilMs = Infinity): boolean => {
    const hintMs = hints[hint];
    return hintMs !== undefined && hintMs >= atMs - msMax && hintMs <= untilMs;
  };
  const isTakenBack = (hint: ReplacementHint, by: ReplacementHint): boolean =>
    (hints[by] ?? -Infinity) > (hints[hint] ?? -Infinity) && (hints[by] ?? Infinity) <= atMs;
  const hintedUntil = (untilMs: number): 'spot' | 'health' | undefined => {
    if (isNear('rebalance-recommendation', hintMsMax, untilMs)) return 'spot';
    const isIll = isNear('health', hintMsMax, untilMs) && !isTakenBack('health', 'healthy');
    const isEnding =
      isNear('aws-health', announcementMsMax, untilMs) &&
      !isTakenBack('aws-health', 'aws-health-over');
    return isIll || isEnding ? 'health' : undefined;
  };
  // An interruption ends it whatever it was drained for.
  const early = isNear('spot-interruption', hintMsMax) ? 'spot' : hintedUntil(atMs + slackMs);
  if (early !== undefined) return early;
  if (ec2InstanceId?.startsWith('mi-')) return 'user';
  if (forecast !== undefined && atMs >= forecast.dueMs - slackMs) return 'age';
  if (forecast?.eventWindowId !== undefined && atMs >= forecast.drainAtMs - slackMs) {
    return 'event-window';
  }
  // Of repeated hints the latest is known: where nothing else explains the drain, there was one before.
  const late = hintedUntil(Infinity);
  if (late !== undefined) return late;
  const isIdle = (record.before ?? []).length === 0 && (record.progress?.count ?? 0) === 0;
  const isManaged = forecast !== undefined;
  return startMs === undefined && isManaged && isIdle && phaseOf(record) === 'gone'
    ? 'optimizer'
    : 'unknown';
}

/** What the clock of an instance says before its drain; kept as it is once that began. */
export function forecasted(
  record: InstanceRecord,
  { drainAtMs, dueMs, eventWindowId, status }: InstanceLifetime,
): InstanceRecord {
  if (status === 'draining' || drainAtMs === undefined || dueMs === undefined) return record;
  const forecast: Forecast = { drainAtMs, dueMs, eventWindowId };
  return JSON.stringify(forecast) === JSON.stringify(record.forecast)
    ? record
    : { ...record, forecast };
}

/** How much later than forecast the drain began; undefined where either is not known. */
export function forecastErrorMs(record: InstanceRecord): number | undefined {
  const startMs = drainedSinceMs(record);
  return startMs === undefined || record.forecast === undefined
    ? undefined
    : startMs - record.forecast.drainAtMs;
}
