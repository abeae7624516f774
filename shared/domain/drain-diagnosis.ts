import { type ClusterIndex, indexOf } from './cluster-index.ts';
import { type RoomLack, roomsOf, tasksWithoutRoom } from './drain-room.ts';
import { createLifetimeOf, type InstanceLifetime, killedFromMs } from './instance-lifetime.ts';
import { compareTexts } from './order.ts';
import { ageMsOf, protectionOf } from './replacement-harm.ts';
import { changeThatFrees, isStuck, type PercentChange } from './service-move.ts';
import type { Instance, Resources, Service, Snapshot, Task } from './snapshot.ts';
import { subjectOf } from './task-identity.ts';
import { type TaskLimits, taskLimitsOf } from './task-limits.ts';
import { ownerOf } from './task-owner.ts';

/** A placement failure that is older than this may have been overcome since. */
export const placementFailureMsMax = 3_600_000;

/**
 * Why a task is still there, and what frees it. One reason a task: the one to act on first.
 *
 * - `stopping`: it is on its way out. Nothing to do.
 * - `goes-with-instance`: one of those that run on every instance; it leaves last. Nothing to do.
 * - `standalone-task`: nobody moves it: let it end, or stop it and run it again elsewhere.
 * - `service-unknown`: its service could not be read.
 * - `nothing-can-move`: one of the changes in `change`.
 * - `protected`: wait until `untilMs`, or end the protection.
 * - `deployment-in-progress`: its service is being deployed and has no task to spare; let that end.
 * - `replacement-unhealthy`: the tasks in `replacements` run and are ill; repair them.
 * - `replacement-starting`: the tasks in `replacements` are not running yet; wait.
 * - `no-room`: give the cluster room for `needs`, or what it `lacks`; where that is undefined ECS failed to
 *   place a task for a reason that the service's events tell.
 * - `moving`: nothing that a snapshot shows is in the way.
 */
export type Stay =
  | { readonly reason: 'stopping' | 'goes-with-instance' | 'service-unknown' | 'moving' }
  | { readonly reason: 'deployment-in-progress' }
  | { readonly reason: 'standalone-task'; readonly ageMs: number | undefined }
  | {
      readonly reason: 'protected';
      /** Undefined where ECS does not say. */
      readonly untilMs: number | undefined;
      /** It is killed before its protection ends. */
      readonly isPastDeadline: boolean;
    }
  | {
      readonly reason: 'nothing-can-move';
      readonly desired: number;
      readonly limits: TaskLimits;
      readonly change: PercentChange;
    }
  | {
      readonly reason: 'replacement-unhealthy' | 'replacement-starting';
      /** ARNs, sorted. */
      readonly replacements: readonly string[];
    }
  | {
      readonly reason: 'no-room';
      readonly needs: Resources;
      readonly lacks: RoomLack | undefined;
    };

export type StayingTask = {
  readonly arn: string;
  /** Undefined for a task of no service. */
  readonly service: string | undefined;
  /** The service's, or the family of another task. */
  readonly name: string;
  readonly stay: Stay;
};

export type DrainDiagnosis = {
  readonly instance: Instance;
  /** It is not drained at all where this is false: the reasons are those that a drain would meet. */
  readonly isDraining: boolean;
  /** The clock of a managed instance; undefined for others, whose owner ends them. */
  readonly lifetime: InstanceLifetime | undefined;
  /** By name, then by ARN; none: the instance is empty. */
  readonly tasks: readonly StayingTask[];
};

/**
 * Why the tasks of a draining instance are still on it. Undefined where the snapshot does not hold the
 * instance: it is gone, or could not be read (see the snapshot's gaps).
 *
 * `drainSinceMs` is when the drain began, where somebody saw it: its deadline may count from then.
 *
 * A snapshot does not show target groups, so a replacement whose targets are not healthy yet looks
 * healthy here, and its task as `moving`.
 */
export function diagnoseDrain(
  snapshot: Snapshot,
  instanceArn: string,
  nowMs: number,
  drainSinceMs?: number,
): DrainDiagnosis | undefined {
  const index = indexOf(snapshot);
  const instance = index.instanceOf(instanceArn);
  if (instance === undefined) return undefined;
  const isManaged = instance.compute === 'managed-instances';
  const lifetimeOf = createLifetimeOf(snapshot, nowMs, () => drainSinceMs);
  const lifetime = isManaged ? lifetimeOf(instance) : undefined;
  const staying = index.tasksOn(instanceArn);
  const scene: Scene = {
    index,
    nowMs,
    deadlineMs: lifetime && killedFromMs(lifetime),
    withoutRoom: withoutRoom(index, instance, staying),
  };
  return {
    instance,
    isDraining: instance.status === 'DRAINING',
    lifetime,
    tasks: staying
      .map((task) => ({
        arn: task.arn,
        service: task.service,
        name: task.service ?? subjectOf(task).name,
        stay: stayOf(task, scene),
      }))
      .sort((a, b) => compareTexts(a.name, b.name) || compareTexts(a.arn, b.arn)),
  };
}

type Scene = {
  readonly index: ClusterIndex;
  readonly nowMs: number;
  readonly deadlineMs: number | undefined;
  /** Tasks of the instance for which the rest has no room. */
  readonly withoutRoom: ReadonlyMap<Task, RoomLack>;
};

/** Statuses of a task before it runs, and after; one that is not known counts as neither. */
const startingStatuses: ReadonlySet<string> = new Set(['PROVISIONING', 'PENDING', 'ACTIVATING']);
const stoppingStatuses: ReadonlySet<string> = new Set([
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
  'DELETED',
]);

function stayOf(task: Task, scene: Scene): Stay {
  if (task.desiredStatus === 'STOPPED' || stoppingStatuses.has(task.lastStatus)) {
    return { reason: 'stopping' };
  }
  const owner = ownerOf(task, scene.index);
  if (owner.type === 'instance') return { reason: 'goes-with-instance' };
  if (owner.type === 'nobody') {
    return { reason: 'standalone-task', ageMs: ageMsOf(task, scene.nowMs) };
  }
  const { service } = owner;
  // A protection ends by itself; percents that let nothing move do not.
  if (service !== undefined && isStuck(service.desired, taskLimitsOf(service))) {
    return stuckStay(service);
  }
  const protection = protectionOf(task, scene.index.snapshot.protections, scene.nowMs);
  if (protection !== undefined) return protectedStay(protection.expiresAtMs, scene.deadlineMs);
  return service === undefined ? { reason: 'service-unknown' } : serviceStay(task, service, scene);
}

const stuckStay = (service: Service): Stay => ({
  reason: 'nothing-can-move',
  desired: service.desired,
  limits: taskLimitsOf(service),
  change: changeThatFrees(service.desired),
});

const protectedStay = (untilMs: number | undefined, deadlineMs: number | undefined): Stay => ({
  reason: 'protected',
  untilMs,
  isPastDeadline: untilMs !== undefined && deadlineMs !== undefined && untilMs > deadlineMs,
});

/** ECS stops a task of a drain as soon as the minimum runs without it, and starts another before. */
function serviceStay(task: Task, service: Service, scene: Scene): Stay {
  const own = scene.index.tasksOf(service.name);
  if (own.filter(isHealthy).length > taskLimitsOf(service).minimum) return { reason: 'moving' };
  if (isDeploying(service, scene.index.snapshot)) return { reason: 'deployment-in-progress' };
  const elsewhere = own.filter(
    ({ instanceArn }) => scene.index.instanceOf(instanceArn)?.status !== 'DRAINING',
  );
  const unhealthy = elsewhere.filter((other) => isRunning(other) && !isHealthy(other));
  if (unhealthy.length > 0) return replacementStay('replacement-unhealthy', unhealthy);
  const starting = elsewhere.filter(({ lastStatus }) => startingStatuses.has(lastStatus));
  const isPlaced = starting.some(({ instanceArn }) => instanceArn !== undefined);
  // What has found a place takes up the room that is looked for.
  const hasNoRoom = hasFailedToPlace(service, scene.nowMs) || scene.withoutRoom.has(task);
  if (hasNoRoom && !isPlaced) {
    return { reason: 'no-room', needs: task.reserved, lacks: scene.withoutRoom.get(task) };
  }
  return starting.length > 0
    ? replacementStay('replacement-starting', starting)
    : { reason: 'moving' };
}

const replacementStay = (
  reason: 'replacement-unhealthy' | 'replacement-starting',
  tasks: readonly Task[],
): Stay => ({ reason, replacements: tasks.map(({ arn }) => arn).sort() });

const isRunning = ({ lastStatus }: Task): boolean => lastStatus === 'RUNNING';

/** A task without a health check says UNKNOWN, as one that is not checked yet; ECS counts it. */
const isHealthy = (task: Task): boolean => isRunning(task) && task.health !== 'UNHEALTHY';

const isDeploying = ({ name, rollouts }: Service, { deployments }: Snapshot): boolean =>
  Object.hasOwn(deployments, name) ||
  rollouts.length > 1 ||
  rollouts.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS');

const hasFailedToPlace = ({ lastPlacementFailureAtMs }: Service, nowMs: number): boolean =>
  lastPlacementFailureAtMs !== undefined &&
  nowMs - lastPlacementFailureAtMs <= placementFailureMsMax;

/** ECS launches managed instances for whatever finds no room; of others there is what there is. */
function withoutRoom(
  index: ClusterIndex,
  instance: Instance,
  staying: readonly Task[],
): ReadonlyMap<Task, RoomLack> {
  if (instance.compute === 'managed-instances') return new Map();
  const moving = staying.filter(
    (task) => ownerOf(task, index).type === 'service' && !isLaunchedFor(task, index),
  );
  if (moving.length === 0) return new Map();
  const isBeside = ({ compute, capacityProvider }: Instance): boolean =>
    compute === instance.compute && capacityProvider === instance.capacityProvider;
  const placesOf = new Map(
    moving.map(({ service: name }) => [name, placesIn(index, name, instance)] as const),
  );
  const mayUse = ({ service }: Task, other: Instance): boolean =>
    placesOf.get(service)?.has(other.arn) ?? isBeside(other);
  const rooms = roomsOf(index.snapshot.instances, index);
  return tasksWithoutRoom(moving, rooms, index, new Set([instance.arn]), mayUse);
}

/**
 * ARNs of the instances on which ECS may place a service that has a task on one. Undefined where that is
 * not known, and what is beside that one is all that is: the service could not be read, or has neither a
 * strategy nor a launch type that takes the very instance it is on (deployment controller EXTERNAL, a
 * provider that could not be read).
 */
function placesIn(
  index: ClusterIndex,
  name: string | undefined,
  on: Instance,
): ReadonlySet<string> | undefined {
  const service = index.serviceOf(name);
  if (service === undefined) return undefined;
  const places = new Set(index.instancesFor(service).map(({ arn }) => arn));
  return service.capacityProviders.length > 0 || places.has(on.arn) ? places : undefined;
}

/** Whether ECS may launch a managed instance for a task, or place it on Fargate. */
function isLaunchedFor({ service: name }: Task, { serviceOf, providerOf }: ClusterIndex): boolean {
  const service = serviceOf(name);
  if (service === undefined) return false;
  // FARGATE itself is not among the providers of every cluster: the service's kind knows it.
  const kinds = service.capacityProviders.map((one) => providerOf(one)?.compute);
  return [service.compute, ...kinds].some(
    (kind) => kind === 'managed-instances' || kind === 'fargate',
  );
}

const needsSomeone: ReadonlySet<Stay['reason']> = new Set<Stay['reason']>([
  'nothing-can-move',
  'no-room',
  'replacement-unhealthy',
  'standalone-task',
]);
const urgencyOf = ({ stay: { reason } }: StayingTask): number =>
  reason === 'nothing-can-move' ? 0 : needsSomeone.has(reason) ? 1 : 2;

/** Who needs someone comes first; otherwise in the order given. */
export const byUrgency = (tasks: readonly StayingTask[]): readonly StayingTask[] =>
  [...tasks].sort((a, b) => urgencyOf(a) - urgencyOf(b));
