import { awsProblemOf } from '../../shared/aws/errors.ts';
import { reactToDrain } from '../../shared/domain/drain-incident.ts';
import { createLifetimeOf } from '../../shared/domain/instance-lifetime.ts';
import {
  causeOf,
  drainedSinceMs,
  forecastErrorMs,
  goneAtMsOf,
  type InstanceRecord,
  isFollowed,
  isOnRecord,
  newRecord,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import {
  endOfShortage,
  isRollingOut,
  missingNow,
  shortageOf,
  tellsShortage,
} from '../../shared/domain/not-recovered.ts';
import { idOf, type Look, lookAt } from '../../shared/domain/replacement-look.ts';
import { outcomeOf, recordedOf, shortNoted } from '../../shared/domain/replacement-outcome.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { apply } from './apply.ts';
import type { Deps } from './handler.ts';
import type { Records } from './records.ts';

/** Follows what drains, or with a calendar every instance; returns how many failed. */
export async function followAll(
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
  return (record) => {
    const { record: seen, drain } = lookAt(record, snapshot, lifetimes.get(record.id), nowMs);
    return { record: shortNoted(seen, snapshot), drain };
  };
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
  if (record.forecast !== known?.forecast) logForecast(records.cluster, record, deps);
  const outcome = isOnRecord(record) ? undefined : outcomeOf(record, snapshot, nowMs);
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
      short: outcome === undefined ? next.short : undefined,
      isDone: isOnRecord(next) || outcome !== undefined,
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
      // Looked at each time: it is told when what explains it has ended and the service is still short.
      if (isRollingOut(service, snapshot, nowMs)) continue;
      const others = await deps.subjects.of(cluster, { type: 'service', name });
      if (!tellsShortage(others)) await apply(shortageOf(cluster, record, service, nowMs), deps);
      continue;
    }
    // Another instance may have left it short as well; judged here, because that one is judged beside.
    const isMissed = [...all().values()].some(
      (other) => other.id !== record.id && missingNow(other, snapshot, nowMs).includes(name),
    );
    const end = isMissed ? undefined : endOfShortage(cluster, record, name, snapshot, nowMs);
    if (end !== undefined) await apply(end, deps);
  }
  return missing;
}

/** When an instance is expected to drain: once, and again where that has changed. */
function logForecast(cluster: string, record: InstanceRecord, { log }: Deps): void {
  const { id: instance, ec2InstanceId, forecast } = record;
  log.info('forecast', { cluster, instance, ec2InstanceId, ...forecast });
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
  const endMs = goneAtMsOf(record);
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
