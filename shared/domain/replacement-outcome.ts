import {
  goneAtMsOf,
  type InstanceRecord,
  isOnRecord,
  phaseOf,
  type RecordedOutcome,
  type ServiceBefore,
} from './instance-replacement.ts';
import { compareTexts } from './order.ts';
import { idOf, zonesOf } from './replacement-look.ts';
import type { Service, Snapshot, Task } from './snapshot.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * What became of a replacement.
 *
 * - `verified`: every service has been back at its count and is spread over zones no worse than before,
 *   and no standalone task was on the instance when it went.
 * - `tasks-lost`: the services are, but standalone tasks went with it, or ended by then: which, ECS does
 *   not say.
 * - `not-recovered`: after two hours services have never been back at their count, or are spread worse.
 * - `not-observed`: it went before anybody looked at it.
 * - `drain-cancelled`: it is ACTIVE again.
 */
export type OutcomeReason =
  | 'verified'
  | 'tasks-lost'
  | 'not-recovered'
  | 'not-observed'
  | 'drain-cancelled';

export type Outcome = {
  readonly reason: OutcomeReason;
  /** Services below their count at every look so far, and services that are spread worse; sorted. */
  readonly below: readonly string[];
  readonly uneven: readonly string[];
  /** Ids of standalone tasks that were on it at the last look and are nowhere now. */
  readonly lost: readonly string[];
};

/** So long a service has to be back. */
export const recoverMsMax = 2 * hourMs;
/** A shortage is one that looks have seen for so long, if they could not look before. */
export const shortMsMin = 30 * minuteMs;
/** So long after an instance went, what ECS counts of its services may still be of before. */
export const settledMs = 5 * minuteMs;

/**
 * Notes who has not come back since an instance went. Who was back at one look has recovered: what it is
 * short of afterwards has causes of its own, such as a task that is being replaced just then.
 */
export function shortNoted(record: InstanceRecord, snapshot: Snapshot): InstanceRecord {
  const { before, short } = record;
  if (before === undefined || isOnRecord(record) || phaseOf(record) !== 'gone') return record;
  if (!isSettled(record, snapshot) || isUsed(record, snapshot)) return record;
  const names = belowOf(record, before, snapshot);
  if (short === undefined) return { ...record, short: { sinceMs: snapshot.takenAtMs, names } };
  return names.length === short.names.length ? record : { ...record, short: { ...short, names } };
}

/** What became of an instance that is gone, or ACTIVE again; undefined while that may still change. */
export function outcomeOf(
  record: InstanceRecord,
  snapshot: Snapshot,
  nowMs: number,
): Outcome | undefined {
  const phase = phaseOf(record);
  const nothing = { below: [], uneven: [], lost: [] };
  if (phase === 'cancelled') return { reason: 'drain-cancelled', ...nothing };
  // On its way out, and not there yet: what is left on it may still be killed.
  if (phase !== 'gone' || isUsed(record, snapshot)) return undefined;
  const { before, progress } = record;
  if (before === undefined) return { reason: 'not-observed', ...nothing };
  if (!isSettled(record, snapshot)) return undefined;
  const below = belowOf(record, before, snapshot);
  const uneven = unevenOf(before, snapshot);
  const there = new Set(snapshot.tasks.map(({ arn }) => idOf(arn)));
  const lost = (progress?.standalone ?? []).filter((id) => !there.has(id));
  const facts = { below, uneven, lost };
  if (below.length + uneven.length > 0) {
    return isOverdue(record, below, nowMs) ? { reason: 'not-recovered', ...facts } : undefined;
  }
  return { reason: lost.length > 0 ? 'tasks-lost' : 'verified', ...facts };
}

/** Whether what ECS counts of its services is of after it went. */
const isSettled = (record: InstanceRecord, { takenAtMs }: Snapshot): boolean =>
  takenAtMs - (goneAtMsOf(record) ?? takenAtMs) >= settledMs;

/** Whether tasks are left on it. */
const isUsed = ({ id }: InstanceRecord, { tasks }: Snapshot): boolean =>
  tasks.some(({ instanceArn }: Task) => instanceArn !== undefined && idOf(instanceArn) === id);

/** Two hours have passed, and who is named as short has been seen to be for a while. */
function isOverdue(record: InstanceRecord, below: readonly string[], nowMs: number): boolean {
  if (nowMs - (goneAtMsOf(record) ?? nowMs) < recoverMsMax) return false;
  return below.length === 0 || nowMs - (record.short?.sinceMs ?? nowMs) >= shortMsMin;
}

/** The services below their count now and at every look before. */
function belowOf(
  { short }: InstanceRecord,
  before: readonly ServiceBefore[],
  { services }: Snapshot,
): readonly string[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  return before
    .filter((one) => isBelow(one, byName.get(one.name)))
    .map(({ name }) => name)
    .filter((name) => short === undefined || short.names.includes(name))
    .sort(compareTexts);
}

/** The services that are spread over zones worse than before; one that was deleted is not. */
function unevenOf(
  before: readonly ServiceBefore[],
  { services, tasks }: Snapshot,
): readonly string[] {
  const known = new Set(services.flatMap(({ name, status }) => (status === 'ACTIVE' ? name : [])));
  return before
    .filter(({ name, zones }) => {
      const now = zonesOf(name, tasks);
      return known.has(name) && skewOf(now, zones) > Math.max(skewOf(zones, now), 1);
    })
    .map(({ name }) => name)
    .sort(compareTexts);
}

/** Whether a service is below its count; one that is gone has nothing to come back to. */
export const isBelow = ({ desired }: ServiceBefore, service: Service | undefined): boolean =>
  service?.status === 'ACTIVE' && service.running < Math.min(desired, service.desired);

/** What is remembered of an outcome. */
export const recordedOf = ({ reason, below, lost }: Outcome): RecordedOutcome => ({
  reason,
  below,
  missing: reason === 'not-recovered' ? below : [],
  lost: lost.slice(0, lostMax),
  lostCount: lost.length,
});
/** Ids of lost tasks that are remembered. */
const lostMax = 20;

/** Most tasks in a zone less fewest, over its zones and those of another time. */
function skewOf(zones: ServiceBefore['zones'], others: ServiceBefore['zones']): number {
  const names = new Set([...Object.keys(zones), ...Object.keys(others)]);
  const counts = [...names].map((zone) => zones[zone] ?? 0);
  return counts.length === 0 ? 0 : Math.max(...counts) - Math.min(...counts);
}
