import { awsProblemOf } from '../../shared/aws/errors.ts';
import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { SnapshotBase, SnapshotWants } from '../../shared/aws/snapshot-wants.ts';
import { updateIncident } from '../../shared/aws/update-incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { createLifetimeOf } from '../../shared/domain/instance-lifetime.ts';
import {
  causeOf,
  drainedSinceMs,
  forecastErrorMs,
  type InstanceRecord,
  isFollowed,
  newestOf,
  newRecord,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import {
  backOf,
  missingNow,
  shortageOf,
  tellsShortage,
} from '../../shared/domain/not-recovered.ts';
import { forecastReplacements } from '../../shared/domain/replacement-calendar.ts';
import {
  endWarnings,
  type ReplacementReaction,
  reactToDrain,
  turnCalendar,
} from '../../shared/domain/replacement-incident.ts';
import {
  idOf,
  isWhole,
  type Look,
  lookAt,
  outcomeOf,
  recordedOf,
} from '../../shared/domain/replacement-look.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import type { Deps } from './handler.ts';
import { openRecords, type Records } from './records.ts';

/** A calendar is made so often; a little less, because schedules are not exact. */
export const calendarMs = 6 * 3_600_000;
const earlyMs = 5 * 60_000;
/** No cluster is begun later in a run: those that are left come first in the next one. */
export const startMsMax = 45_000;

export type RunReport = {
  /** Clusters that were looked at, and those with nothing to look at. */
  readonly looked: number;
  readonly quiet: number;
  /** Clusters for the next run: no time was left, or they could not be read whole. */
  readonly left: number;
};

/**
 * Looks at every cluster in which something drains, or whose calendar is due; the others cost one query
 * of the table. A cluster that fails does not hold up the others, and fails the run at its end.
 */
export async function run(deps: Deps): Promise<RunReport> {
  const { config, clock, log } = deps;
  const startedAtMs = clock.nowMs();
  const errors: unknown[] = [];
  const counts = { looked: 0, quiet: 0, left: 0 };
  const turns = await openAll(deps, errors);
  for (const { clusterArn, records } of turns) {
    if (!isDue(records, startedAtMs)) {
      counts.quiet += 1;
    } else if (clock.nowMs() - startedAtMs > startMsMax) {
      counts.left += 1;
    } else {
      try {
        counts[await turn(clusterArn, records, deps)] += 1;
      } catch (error) {
        log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
        errors.push(error);
      }
    }
  }
  log.info('run', { clusters: config.clusterArns.length, ...counts, failed: errors.length });
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} clusters failed`);
  return counts;
}

type Turn = { readonly clusterArn: string; readonly records: Records };

/** What is remembered of each cluster; the one whose calendar is the oldest comes first. */
async function openAll(deps: Deps, errors: unknown[]): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (const clusterArn of deps.config.clusterArns) {
    try {
      turns.push({ clusterArn, records: await openRecords(clusterArn, deps) });
    } catch (error) {
      deps.log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
      errors.push(error);
    }
  }
  const ranAtMs = ({ records }: Turn): number => records.calendar()?.ranAtMs ?? -Infinity;
  return turns.sort((a, b) => (ranAtMs(a) === ranAtMs(b) ? 0 : ranAtMs(a) - ranAtMs(b)));
}

const isCalendarDue = (records: Records, nowMs: number): boolean =>
  nowMs - (records.calendar()?.ranAtMs ?? -Infinity) >= calendarMs - earlyMs;

const isDue = (records: Records, nowMs: number): boolean =>
  isCalendarDue(records, nowMs) || [...records.all().values()].some(isFollowed);

/** One look at one cluster: its drains, then its calendar where that is due. */
async function turn(clusterArn: string, records: Records, deps: Deps): Promise<'looked' | 'left'> {
  const { snapshots, clock, log } = deps;
  const { cluster } = records;
  const hasCalendar = isCalendarDue(records, clock.nowMs());
  let snapshot: Snapshot;
  try {
    snapshot = await snapshots.read(clusterArn, wantsOf(hasCalendar));
  } catch (error) {
    if (!(error instanceof ClusterNotFound)) throw error;
    log.warn('cluster-not-looked-at', {
      cluster,
      reason: 'cluster-missing',
      detail: error.message,
    });
    return 'left';
  }
  if (!isWhole(snapshot)) {
    const reason = 'snapshot-incomplete';
    log.warn('cluster-not-looked-at', { cluster, reason, gaps: snapshot.gaps });
    return 'left';
  }
  const failed = await followAll(snapshot, records, hasCalendar, deps);
  await warn(snapshot, records, hasCalendar, deps);
  const { calls, gaps } = snapshot;
  log.info('look', { cluster, calls, gaps: gaps.length, calendar: hasCalendar, failed });
  if (failed > 0) throw new Error(`${failed} instances of ${cluster} failed`);
  return 'looked';
}

/** What both need, and for a calendar the protection of every task instead of those that drain. */
const wantsOf = (hasCalendar: boolean): SnapshotWants => ({
  capacityProviders: true,
  launchTimes: true,
  eventWindows: true,
  instanceTypes: true,
  deployments: true,
  protections: hasCalendar ? 'all' : drainingTasksOf,
});

function drainingTasksOf({ instances, tasks }: SnapshotBase): readonly string[] {
  const draining = new Set(
    instances.flatMap(({ arn, status }) => (status === 'DRAINING' ? [arn] : [])),
  );
  return tasks.flatMap(({ arn, instanceArn }) =>
    instanceArn !== undefined && draining.has(instanceArn) ? [arn] : [],
  );
}

/** Follows what drains, or with a calendar every instance; returns how many failed. */
async function followAll(
  snapshot: Snapshot,
  records: Records,
  isEveryone: boolean,
  deps: Deps,
): Promise<number> {
  const there = snapshot.instances.flatMap(({ arn, status }) =>
    isEveryone || status === 'DRAINING' ? [idOf(arn)] : [],
  );
  const followed = [...records.all()].flatMap(([id, record]) =>
    isFollowed(record) || (isEveryone && phaseOf(record) !== 'gone') ? [id] : [],
  );
  const nowMs = deps.clock.nowMs();
  const look = createLook(snapshot, nowMs);
  const ids = [...new Set([...there, ...followed])];
  let failed = 0;
  for (let from = 0; from < ids.length; from += atOnceMax) {
    const some = ids.slice(from, from + atOnceMax);
    const results = await Promise.allSettled(
      some.map((id) => follow(id, look, snapshot, records, deps)),
    );
    for (const [at, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      failed += 1;
      const error: unknown = result.reason;
      const instance = some[at];
      deps.log.error('item-failed', { instance, ...awsProblemOf(error), error });
    }
  }
  return failed;
}

/** Instances that are followed at once: a first calendar writes a record for each. */
const atOnceMax = 10;

type LookAt = (record: InstanceRecord) => Look;

function createLook(snapshot: Snapshot, nowMs: number): LookAt {
  const lifetimeOf = createLifetimeOf(snapshot, nowMs);
  const lifetimes = new Map(
    snapshot.instances
      .filter(({ compute }) => compute === 'managed-instances')
      .map((instance) => [idOf(instance.arn), lifetimeOf(instance)]),
  );
  return (record) => lookAt(record, snapshot, lifetimes.get(record.id), nowMs);
}

/** The incident first: a crash between the two is repaired by the next run, which sees the same. */
async function follow(
  id: string,
  look: LookAt,
  snapshot: Snapshot,
  records: Records,
  deps: Deps,
): Promise<void> {
  const known = records.of(id);
  const { record, drain } = look(known ?? newRecord(id));
  const nowMs = deps.clock.nowMs();
  if ((known !== undefined && isFollowed(known)) || isFollowed(record)) {
    const reaction = reactToDrain(records.cluster, record, drain, nowMs);
    if (reaction !== undefined) await apply(reaction, deps);
  }
  const outcome = record.isDone ? undefined : outcomeOf(record, snapshot, nowMs);
  const judged =
    outcome === undefined ? record : { ...record, isDone: true, outcome: recordedOf(outcome) };
  const missing = await tellShortages(judged, snapshot, records, deps);
  await records.update(id, (current) => {
    const next = look(current).record;
    const known = outcome === undefined ? next.outcome : judged.outcome;
    if (known === undefined) return next;
    if (outcome === undefined && missing.length === known.missing.length) return next;
    return {
      ...next,
      isDone: next.isDone || outcome !== undefined,
      outcome: { ...known, missing },
    };
  });
  if (drain !== undefined) {
    const { blocking, isStuck, quietSinceMs } = drain;
    const left = record.progress?.count ?? 0;
    const why = causeOf(record);
    const stays = blocking.map(({ name, stay }) => ({ name, ...stay })).slice(0, loggedMax);
    const { cluster } = records;
    deps.log.info('drain', { cluster, instance: id, why, left, isStuck, quietSinceMs, stays });
  }
  if (outcome !== undefined) logOutcome(records.cluster, record, outcome, deps);
}

/** Tells of the services that did not come back, and of those that have; returns the former. */
async function tellShortages(
  record: InstanceRecord,
  snapshot: Snapshot,
  { cluster, all }: Records,
  deps: Deps,
): Promise<readonly string[]> {
  const nowMs = deps.clock.nowMs();
  const missing = missingNow(record, snapshot, nowMs);
  for (const name of record.outcome?.missing ?? []) {
    const service = snapshot.services.find((one) => one.name === name);
    if (service !== undefined && missing.includes(name)) {
      // Looked at each time: it is told when the other incident ends and the service is still short.
      const others = await deps.subjects.of(cluster, { type: 'service', name });
      if (!tellsShortage(others)) await apply(shortageOf(cluster, record, service, nowMs), deps);
      continue;
    }
    // Another instance may have left it short as well; judged here, because that one is judged beside.
    const isMissed = [...all().values()].some(
      (other) => other.id !== record.id && missingNow(other, snapshot, nowMs).includes(name),
    );
    if (!isMissed) await apply(backOf(cluster, name, service, nowMs), deps);
  }
  return missing;
}

/** Tasks of one log line. */
const loggedMax = 20;

function logOutcome(
  cluster: string,
  record: InstanceRecord,
  outcome: NonNullable<ReturnType<typeof outcomeOf>>,
  { log }: Deps,
): void {
  const startMs = drainedSinceMs(record);
  const endMs = newestOf(record)?.atMs;
  log.info('replacement', {
    cluster,
    instance: record.id,
    ec2InstanceId: record.ec2InstanceId,
    why: causeOf(record),
    tookMs: startMs === undefined || endMs === undefined ? undefined : endMs - startMs,
    forecastErrorMs: forecastErrorMs(record),
    ...outcome,
  });
}

/** Makes the calendar where it is due, and ends the warnings whose instances are all done. */
async function warn(
  snapshot: Snapshot,
  records: Records,
  isCalendar: boolean,
  deps: Deps,
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const { cluster } = records;
  const noticeMs = deps.config.noticeHours * 3_600_000;
  const last = records.calendar();
  const turned = isCalendar
    ? turnCalendar({
        cluster,
        calendar: forecastReplacements(snapshot, nowMs),
        services: snapshot.services,
        last,
        noticeMs,
        nowMs,
      })
    : { record: last ?? { ranAtMs: -Infinity, warnings: [] }, reactions: [] };
  const ended = endWarnings(cluster, turned.record, records.all(), nowMs);
  for (const reaction of [...turned.reactions, ...ended.reactions]) await apply(reaction, deps);
  if (isCalendar || ended.reactions.length > 0) await records.saveCalendar(ended.record);
}

/** Other writers of the same incident were faster every time. */
class Contended extends Error {
  override readonly name = 'Contended';
}

/** The minute sweep of task-state publishes what this puts on the incident. */
async function apply(
  { key, observations }: ReplacementReaction,
  { incidents, clock }: Deps,
): Promise<void> {
  const updated = await updateIncident(incidents, key, (current) =>
    applyObservations(current, observations, {
      key,
      policy: incidentPolicies[key.kind],
      nowMs: clock.nowMs(),
    }),
  );
  if (updated.kind === 'contended') throw new Contended(`${key.kind} of ${key.subject.name}`);
}
