import {
  byUrgency,
  type DrainDiagnosis,
  diagnoseDrain,
  type StayingTask,
} from './drain-diagnosis.ts';
import { keeperOf } from './incident-drains.ts';
import { type InstanceLifetime, killedFromMs } from './instance-lifetime.ts';
import {
  type DrainProgress,
  drainedSinceMs,
  forecasted,
  type InstanceRecord,
  looked,
  phaseOf,
  readLagMs,
  type ServiceBefore,
} from './instance-replacement.ts';
import { isLastingGap } from './lasting-gap.ts';
import { modeOfTag } from './mode.ts';
import { compareTexts } from './order.ts';
import type { Instance, Service, Snapshot, Task } from './snapshot.ts';

const hourMs = 3_600_000;

/** A drain from which no task departs for so long is stuck. */
export const stuckAfterMs = hourMs;
/** A stuck drain is critical so long before ECS kills what is left. */
export const criticalBeforeMs = 24 * hourMs;
/**
 * Managed draining of an Auto Scaling group's capacity provider holds the end of an instance back for so
 * long at most: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
 */
export const managedDrainingMsMax = 48 * hourMs;
/** How a service stood is noted so long before its instance is due: a calendar comes every six hours. */
const beforeMs = 12 * hourMs;
/** Services and tasks of one instance that are remembered. */
export const servicesMax = 50;
export const tasksMax = 100;

/** The service's tag by which it opts out. */
const tagName = 'ballast:instance-replacement';

/** Whether a service wants to hear nothing of replacements. */
export const isOptedOut = ({ tags }: Service): boolean => {
  const tag = tags[tagName];
  return tag !== undefined && modeOfTag(tag) === 'off';
};

export const idOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

export type Look = {
  readonly record: InstanceRecord;
  /** Undefined unless it drains. */
  readonly drain: DrainLook | undefined;
};

export type DrainLook = {
  readonly diagnosis: DrainDiagnosis;
  /** Tasks that keep the instance: neither stopping nor going with it, nor of who has opted out. */
  readonly blocking: readonly StayingTask[];
  readonly sinceMs: number;
  /** Since when no task has departed. */
  readonly quietSinceMs: number;
  readonly isStuck: boolean;
  /** When ECS may kill what is left; undefined where that is its owner's matter. */
  readonly deadlineMs: number | undefined;
  /**
   * When managed draining ends an instance of an Auto Scaling group, if it is on and holds it, which no
   * snapshot says; undefined for others, and once it has passed: then nothing holds the instance.
   */
  readonly drainingUntilMs: number | undefined;
  readonly isCritical: boolean;
};

/** The parts of a snapshot without which nothing may be concluded from what is not in it. */
const essential: ReadonlySet<string> = new Set(['tasks', 'services', 'instances']);

/** Whether tasks, services and instances were read whole. */
export const isWhole = ({ gaps }: Snapshot): boolean =>
  gaps.every(({ subject }) => !essential.has(subject));

/** Whether it can never be read whole, unless somebody does something. */
export const hasLastingGap = ({ gaps }: Snapshot): boolean =>
  gaps.some((gap) => essential.has(gap.subject) && isLastingGap(gap));

/**
 * What a look at the cluster says of one instance: where it stands, what is left on it, and whether
 * anything moves. The snapshot must be whole.
 */
export function lookAt(
  record: InstanceRecord,
  snapshot: Snapshot,
  lifetime: InstanceLifetime | undefined,
  nowMs: number,
): Look {
  const instance = snapshot.instances.find(({ arn }) => idOf(arn) === record.id);
  const status = instance?.status ?? 'GONE';
  // One that never drained is the same every six hours: nothing is written for it.
  const isAsBefore =
    status === 'ACTIVE' && record.seen?.status === status && phaseOf(record) === 'forecast';
  const atMs = snapshot.takenAtMs - readLagMs;
  const seen = isAsBefore ? record : looked(record, { status, atMs });
  if (instance === undefined) return { record: seen, drain: undefined };
  const named: InstanceRecord = {
    ...seen,
    ec2InstanceId: seen.ec2InstanceId ?? instance.ec2InstanceId,
    capacityProvider: seen.capacityProvider ?? instance.capacityProvider,
  };
  const known = lifetime === undefined ? named : forecasted(named, lifetime);
  const phase = phaseOf(known);
  if (phase === 'draining' || phase === 'empty') return lookAtDrain(known, snapshot, nowMs);
  if (phase === 'gone') return { record: known, drain: undefined };
  const fresh = withoutDrain(known);
  const isNear = lifetime?.drainAtMs !== undefined && lifetime.drainAtMs - nowMs <= beforeMs;
  return {
    record: isNear ? { ...fresh, before: servicesOn(record.id, snapshot) } : fresh,
    drain: undefined,
  };
}

/** A cancelled drain leaves nothing behind: the next one begins anew. */
const withoutDrain = (record: InstanceRecord): InstanceRecord =>
  record.progress === undefined && record.emptyAtMs === undefined && record.before === undefined
    ? record
    : { ...record, progress: undefined, emptyAtMs: undefined, before: undefined, short: undefined };

function lookAtDrain(record: InstanceRecord, snapshot: Snapshot, nowMs: number): Look {
  const arn = snapshot.instances.find((one) => idOf(one.arn) === record.id)?.arn ?? '';
  const sinceMs = drainedSinceMs(record) ?? nowMs;
  const diagnosis = diagnoseDrain(snapshot, arn, nowMs, sinceMs);
  if (diagnosis === undefined) return { record, drain: undefined };
  const left = diagnosis.tasks.filter(({ stay }) => stay.reason !== 'goes-with-instance');
  const progress = progressOf(record.progress, left, nowMs);
  const quietSinceMs = Math.max(sinceMs, progress.departedAtMs ?? sinceMs);
  const quiet = new Set(snapshot.services.filter(isOptedOut).map(({ name }) => name));
  const blocking = left.filter(
    ({ stay, service }) => stay.reason !== 'stopping' && !quiet.has(service ?? ''),
  );
  const deadlineMs = diagnosis.lifetime && killedFromMs(diagnosis.lifetime);
  const drainingUntilMs = drainingUntil(diagnosis.instance, sinceMs, nowMs);
  const isStuck = blocking.length > 0 && nowMs - quietSinceMs >= stuckAfterMs;
  const keeper = keeperIn(blocking, record.progress?.keeper, isStuck);
  return {
    record: {
      ...record,
      before: record.before ?? servicesOn(record.id, snapshot),
      progress: { ...progress, keeper },
      emptyAtMs: left.length === 0 ? (record.emptyAtMs ?? nowMs) : undefined,
      short: undefined,
      isDone: false,
      outcome: undefined,
    },
    drain: {
      diagnosis,
      blocking,
      sinceMs,
      quietSinceMs,
      isStuck,
      deadlineMs,
      drainingUntilMs,
      isCritical: deadlineMs !== undefined && deadlineMs - nowMs <= criticalBeforeMs,
    },
  };
}

function drainingUntil(
  { compute, capacityProvider }: Instance,
  sinceMs: number,
  nowMs: number,
): number | undefined {
  const untilMs = sinceMs + managedDrainingMsMax;
  const mayBeHeld = compute === 'ec2' && capacityProvider !== undefined && nowMs < untilMs;
  return mayBeHeld ? untilMs : undefined;
}

/** A task that was there and is not any more has departed; one that came meanwhile is no matter. */
function progressOf(
  last: DrainProgress | undefined,
  left: readonly StayingTask[],
  nowMs: number,
): Omit<DrainProgress, 'keeper'> {
  const all = new Set(left.map(({ arn }) => idOf(arn)));
  const hasDeparted =
    last !== undefined && (last.tasks.some((id) => !all.has(id)) || all.size < last.count);
  const standalone = left.flatMap(({ arn, stay }) =>
    stay.reason === 'standalone-task' ? [idOf(arn)] : [],
  );
  return {
    tasks: [...all].sort(compareTexts).slice(0, tasksMax),
    count: all.size,
    standalone: standalone.sort(compareTexts).slice(0, tasksMax),
    departedAtMs: hasDeparted ? nowMs : last?.departedAtMs,
  };
}

/**
 * Whom a drain that stands still is told by: who needs someone first. Why its tasks stay may change from
 * look to look, so it is the same one until none of them keeps the instance.
 */
function keeperIn(
  blocking: readonly StayingTask[],
  last: string | undefined,
  isStuck: boolean,
): string | undefined {
  const keepers = byUrgency(blocking).map(({ service, name }) =>
    keeperOf(service === undefined ? 'family' : 'service', name),
  );
  if (last !== undefined && keepers.includes(last)) return last;
  return isStuck ? keepers[0] : undefined;
}

/** The services with tasks on an instance, as they stand in all of the cluster. */
function servicesOn(id: string, { tasks, services }: Snapshot): readonly ServiceBefore[] {
  const names = new Set(
    tasks.flatMap(({ service, instanceArn }) =>
      service !== undefined && instanceArn !== undefined && idOf(instanceArn) === id
        ? [service]
        : [],
    ),
  );
  return services
    .filter(({ name, schedulingStrategy }) => names.has(name) && schedulingStrategy !== 'DAEMON')
    .slice(0, servicesMax)
    .map(({ name, desired }) => ({ name, desired, zones: zonesOf(name, tasks) }));
}

/** How many of a service's tasks run in each zone. */
export function zonesOf(service: string, tasks: readonly Task[]): ServiceBefore['zones'] {
  const own = tasks.filter(
    (task) => task.service === service && task.zone !== undefined && task.lastStatus === 'RUNNING',
  );
  const byZone = Map.groupBy(own, ({ zone = '' }) => zone);
  return Object.fromEntries(
    [...byZone].map(([zone, group]) => [zone, group.length] as const).sort(byZoneName),
  );
}

const byZoneName = ([a]: readonly [string, number], [b]: readonly [string, number]): number =>
  compareTexts(a, b);
