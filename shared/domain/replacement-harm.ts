import type { ClusterIndex } from './cluster-index.ts';
import { type InstanceLifetime, killedFromMs } from './instance-lifetime.ts';
import { compareTexts } from './order.ts';
import { valueIn } from './record.ts';
import {
  changeThatFrees,
  isStuck,
  moveOf,
  type PercentChange,
  type ServiceMove,
} from './service-move.ts';
import type { Snapshot, Task } from './snapshot.ts';
import { subjectOf } from './task-identity.ts';
import { ownerOf, type TaskOwner } from './task-owner.ts';

/** A task that nobody moves, or that may not be moved yet. */
export type TaskAtRisk = {
  readonly arn: string;
  /** The service's, or the family of a standalone task. */
  readonly name: string;
  readonly group: string | undefined;
  readonly instanceArn: string;
  /** Since it started, else since it was created; undefined where neither is known. */
  readonly ageMs: number | undefined;
  /** When its protection ends; undefined where it has none, or one whose end is not known. */
  readonly protectedUntilMs: number | undefined;
  /** When ECS may kill it; undefined where the launch of its instance is not known. */
  readonly deadlineMs: number | undefined;
};

/**
 * What is lost or stuck unless someone acts.
 *
 * - `nothing-can-move`: the service's percents let nothing start and nothing stop, until ECS kills its
 *   tasks at the deadline. One of the two changes frees it.
 * - `protected-past-deadline`: the task is killed while it is still protected.
 * - `single-point-of-failure`: the service wants one task and may be without any while that one moves.
 * - `standalone-task`: killed at the deadline, and nobody starts it again.
 * - `whole-service`: all tasks of a larger service stand here, and its minimum lets all stop at once.
 */
export type Harm =
  | {
      readonly reason: 'nothing-can-move';
      readonly move: ServiceMove;
      readonly change: PercentChange;
    }
  | { readonly reason: 'single-point-of-failure' | 'whole-service'; readonly move: ServiceMove }
  | { readonly reason: 'protected-past-deadline' | 'standalone-task'; readonly task: TaskAtRisk };

/**
 * What needs nobody.
 *
 * - `new-instances-needed`: the provider's other instances have no room for all; ECS launches new ones.
 * - `protected-past-drain`: the task stays until its protection ends, if a drain waits for that.
 * - `service-unknown`: the tasks belong to a service that could not be read, so nothing is said of it.
 * - `standalone-may-end`: a standalone task too young to be worth a warning yet.
 */
export type Note =
  | { readonly reason: 'new-instances-needed'; readonly tasks: number }
  | { readonly reason: 'protected-past-drain' | 'standalone-may-end'; readonly task: TaskAtRisk }
  | {
      readonly reason: 'service-unknown';
      readonly service: string | undefined;
      readonly tasks: number;
    };

export type Findings = {
  /** Both by reason, then by the name and ARN of whom they concern. */
  readonly harms: readonly Harm[];
  readonly notes: readonly Note[];
  /** Names of the services with tasks here: those that move without harm, and the others. */
  readonly fineServices: ReadonlySet<string>;
  readonly harmedServices: ReadonlySet<string>;
  /** Tasks that have to find another place. */
  readonly movingTasks: readonly Task[];
};

/** What the harms of an entry are judged on. */
export type HarmContext = {
  readonly index: ClusterIndex;
  readonly nowMs: number;
  /** See `CalendarPolicy`. */
  readonly standaloneAgeMsMin: number;
};

/** What happens to the tasks of instances that drain together. */
export function findingsOf(lifetimes: readonly InstanceLifetime[], context: HarmContext): Findings {
  const { index } = context;
  const placed = lifetimes.flatMap((lifetime) =>
    index.tasksOn(lifetime.instance.arn).map((task): PlacedTask => {
      return { task, lifetime, owner: ownerOf(task, index) };
    }),
  );
  const movingTasks = placed
    .filter(({ owner }) => owner.type === 'service')
    .map(({ task }) => task);
  const moving = [...Map.groupBy(movingTasks, ({ service }) => service)];
  const findings = [
    ...placed.flatMap((one) => taskFinding(one, context) ?? []),
    ...moving.flatMap(([name, tasks]) => serviceFinding(name, tasks, context) ?? []),
  ].sort(byReason);
  const harms = findings.filter(isHarm);
  // A family of standalone tasks may be called like a service.
  const ofServices = harms.filter(({ reason }) => reason !== 'standalone-task');
  const harmedServices = new Set(ofServices.map(nameOf));
  const known = moving.flatMap(([name]) =>
    name !== undefined && index.serviceOf(name) !== undefined ? [name] : [],
  );
  return {
    harms,
    notes: findings.filter((finding) => !isHarm(finding)),
    fineServices: new Set(known.filter((name) => !harmedServices.has(name))),
    harmedServices,
    movingTasks,
  };
}

type PlacedTask = {
  readonly task: Task;
  readonly lifetime: InstanceLifetime;
  readonly owner: TaskOwner;
};

/** A task that goes with its instance by its nature is neither lost nor in the way. */
function taskFinding(
  { task, lifetime, owner }: PlacedTask,
  context: HarmContext,
): Harm | Note | undefined {
  if (owner.type === 'instance') return undefined;
  return owner.type === 'nobody'
    ? standaloneFinding(task, lifetime, context)
    : protectionFinding(task, lifetime, context);
}

function serviceFinding(
  name: string | undefined,
  tasks: readonly Task[],
  { index }: HarmContext,
): Harm | Note | undefined {
  const service = index.serviceOf(name);
  if (service === undefined) {
    return { reason: 'service-unknown', service: name, tasks: tasks.length };
  }
  return harmOfMove(moveOf(service, tasks.length, index.tasksOf(service.name).length));
}

function harmOfMove(move: ServiceMove): Harm | undefined {
  const { desired, keeps, limits } = move;
  if (isStuck(desired, limits)) {
    return { reason: 'nothing-can-move', move, change: changeThatFrees(desired) };
  }
  if (desired === 0 || keeps > 0) return undefined;
  return { reason: desired === 1 ? 'single-point-of-failure' : 'whole-service', move };
}

function standaloneFinding(
  task: Task,
  lifetime: InstanceLifetime,
  { nowMs, standaloneAgeMsMin }: HarmContext,
): Harm | Note {
  const atRisk = taskAtRisk(task, lifetime, undefined, nowMs);
  const { ageMs, deadlineMs } = atRisk;
  const mayEnd =
    ageMs !== undefined &&
    ageMs < standaloneAgeMsMin &&
    deadlineMs !== undefined &&
    deadlineMs - nowMs >= standaloneAgeMsMin;
  return { reason: mayEnd ? 'standalone-may-end' : 'standalone-task', task: atRisk };
}

/** ECS protects tasks of services only. One whose end is not known is taken to outlast the drain. */
function protectionFinding(
  task: Task,
  lifetime: InstanceLifetime,
  { index, nowMs }: HarmContext,
): Harm | Note | undefined {
  const protection = protectionOf(task, index.snapshot.protections, nowMs);
  if (protection === undefined) return undefined;
  const { expiresAtMs } = protection;
  const atRisk = taskAtRisk(task, lifetime, expiresAtMs, nowMs);
  const { deadlineMs } = atRisk;
  if (expiresAtMs !== undefined && deadlineMs !== undefined && expiresAtMs > deadlineMs) {
    return { reason: 'protected-past-deadline', task: atRisk };
  }
  const drainAtMs = lifetime.status === 'draining' ? nowMs : lifetime.drainAtMs;
  const isPastDrain = expiresAtMs === undefined || expiresAtMs > (drainAtMs ?? nowMs);
  return isPastDrain ? { reason: 'protected-past-drain', task: atRisk } : undefined;
}

/** The protection of a task that holds now; a snapshot has only those that were asked for. */
export function protectionOf(
  { arn }: Pick<Task, 'arn'>,
  protections: Snapshot['protections'],
  nowMs: number,
): Snapshot['protections'][string] | undefined {
  const protection = valueIn(protections, arn);
  const isOver = protection?.expiresAtMs !== undefined && protection.expiresAtMs <= nowMs;
  return isOver ? undefined : protection;
}

/** How long a task has run. */
export function ageMsOf({ startedAtMs, createdAtMs }: Task, nowMs: number): number | undefined {
  const sinceMs = startedAtMs ?? createdAtMs;
  return sinceMs === undefined ? undefined : Math.max(nowMs - sinceMs, 0);
}

function taskAtRisk(
  task: Task,
  lifetime: InstanceLifetime,
  protectedUntilMs: number | undefined,
  nowMs: number,
): TaskAtRisk {
  return {
    arn: task.arn,
    name: task.service ?? subjectOf(task).name,
    group: task.group,
    instanceArn: lifetime.instance.arn,
    ageMs: ageMsOf(task, nowMs),
    protectedUntilMs,
    deadlineMs: killedFromMs(lifetime),
  };
}

const harmReasons: Readonly<Record<Harm['reason'], true>> = {
  'nothing-can-move': true,
  'protected-past-deadline': true,
  'single-point-of-failure': true,
  'standalone-task': true,
  'whole-service': true,
};
const isHarm = (finding: Harm | Note): finding is Harm =>
  Object.hasOwn(harmReasons, finding.reason);

/** Whom a finding concerns; the empty text where nobody has a name. */
function nameOf(finding: Harm | Note): string {
  if ('move' in finding) return finding.move.service;
  if ('task' in finding) return finding.task.name;
  return finding.reason === 'service-unknown' ? (finding.service ?? '') : '';
}

function byReason(a: Harm | Note, b: Harm | Note): number {
  const keyOf = (finding: Harm | Note): readonly string[] => [
    finding.reason,
    nameOf(finding),
    'task' in finding ? finding.task.arn : '',
  ];
  const [ours, theirs] = [keyOf(a), keyOf(b)];
  const at = ours.findIndex((key, index) => key !== theirs[index]);
  return compareTexts(ours[at] ?? '', theirs[at] ?? '');
}
