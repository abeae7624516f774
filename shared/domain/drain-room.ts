import type { ClusterIndex } from './cluster-index.ts';
import {
  book,
  hasInterfaceFor,
  type InstanceRoom,
  isReady,
  lackOf,
  roomOn,
} from './instance-room.ts';
import { compareTexts, sortedBy } from './order.ts';
import { isDistinct } from './placement-constraint.ts';
import type { Instance, Resources, Service, Task } from './snapshot.ts';

export type Rooms = {
  readonly rooms: readonly OpenRoom[];
  /** As much as any of them has of either. */
  readonly largest: Resources;
};

type OpenRoom = InstanceRoom & {
  /** Services that have a task on it. */
  readonly services: Set<string>;
};

/**
 * What is free now on those of the instances that ECS would place a task on, by ARN: which one is tried
 * first does not depend on the order of a list.
 */
export function roomsOf(
  instances: readonly Instance[],
  { tasksOn, snapshot }: ClusterIndex,
): Rooms {
  const rooms = sortedBy(instances.filter(isReady), ({ arn }) => arn).map((instance): OpenRoom => {
    const tasks = tasksOn(instance.arn);
    const services = new Set(tasks.flatMap(({ service }) => service ?? []));
    return { ...roomOn(instance, tasks, snapshot.instanceTypes), services };
  });
  const most = (name: keyof Resources): number =>
    rooms.reduce((largest, room) => Math.max(largest, room[name]), 0);
  return { rooms, largest: { cpuUnits: most('cpuUnits'), memoryMiB: most('memoryMiB') } };
}

/** What a task is short of on the instance that comes nearest to taking it. */
export type RoomLack =
  /** CPU or memory, or an instance at all. */
  | 'resources'
  | 'architecture'
  | 'ports'
  | 'interfaces'
  /** `distinctInstance`: each of them has a task of the service. */
  | 'distinct';

/** From what is farthest to what is nearest to a room. */
const nearness: readonly RoomLack[] = [
  'resources',
  'architecture',
  'ports',
  'interfaces',
  'distinct',
];

/**
 * Tasks that find no room when all are put into the rooms given, largest first, each into the first
 * that takes it; rooms on the instances that they leave do not count. Placement expressions
 * (`memberOf`) are not looked at, so a task may find less room than this says; and another order may fit
 * one more, so it says what is likely and proves nothing. `mayUse` says where ECS may place a task at all.
 */
export function tasksWithoutRoom(
  tasks: readonly Task[],
  { rooms, largest }: Rooms,
  { serviceOf }: ClusterIndex,
  leavingArns: ReadonlySet<string>,
  mayUse: (task: Task, instance: Instance) => boolean = () => true,
): ReadonlyMap<Task, RoomLack> {
  const taken = new Map<OpenRoom, OpenRoom>();
  const without = new Map<Task, RoomLack>();
  for (const task of [...tasks].sort(largestFirst)) {
    // The instances of a full cluster need not be looked at one by one.
    if (!holds(largest, task.reserved)) {
      without.set(task, 'resources');
      continue;
    }
    const service = serviceOf(task.service);
    const lackIn = (candidate: OpenRoom): RoomLack | undefined =>
      // The cheap question comes first: what is full now does not empty.
      !holds(candidate, task.reserved) ||
      leavingArns.has(candidate.instance.arn) ||
      !mayUse(task, candidate.instance)
        ? 'resources'
        : missingIn(taken.get(candidate) ?? candidate, task, service);
    const room = rooms.find((candidate) => lackIn(candidate) === undefined);
    if (room === undefined) {
      without.set(task, nearestOf(rooms.map(lackIn)));
      continue;
    }
    const own = taken.get(room) ?? copyOf(room);
    taken.set(room, own);
    book(own, task, 1);
    if (task.service !== undefined) own.services.add(task.service);
  }
  return without;
}

const nearestOf = (lacks: readonly (RoomLack | undefined)[]): RoomLack =>
  nearness.findLast((lack) => lacks.includes(lack)) ?? 'resources';

const largestFirst = (a: Task, b: Task): number =>
  b.reserved.memoryMiB - a.reserved.memoryMiB ||
  b.reserved.cpuUnits - a.reserved.cpuUnits ||
  compareTexts(a.arn, b.arn);

/** What is not known to be missing is taken to be there. */
function missingIn(room: OpenRoom, task: Task, service: Service | undefined): RoomLack | undefined {
  const lack = lackOf(task, room);
  if (lack === 'cpu' || lack === 'memory') return 'resources';
  if (!isSameArchitecture(task.architecture, room.instance.architecture)) return 'architecture';
  if (lack === 'ports') return 'ports';
  if (hasInterfaceFor(task, room) === 'no') return 'interfaces';
  const isTaken = service !== undefined && isDistinct(service) && room.services.has(service.name);
  return isTaken ? 'distinct' : undefined;
}

const holds = (free: Resources, reserved: Resources): boolean =>
  free.cpuUnits >= reserved.cpuUnits && free.memoryMiB >= reserved.memoryMiB;

const isSameArchitecture = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

const copyOf = (room: OpenRoom): OpenRoom => ({
  ...room,
  ports: new Set(room.ports),
  services: new Set(room.services),
});
