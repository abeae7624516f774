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
import type { Instance, Resources, Service, Snapshot, Task } from './snapshot.ts';

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
  tasksByInstance: ReadonlyMap<string | undefined, readonly Task[]>,
  instanceTypes: Snapshot['instanceTypes'],
): Rooms {
  const rooms = sortedBy(instances.filter(isReady), ({ arn }) => arn).map((instance): OpenRoom => {
    const tasks = tasksByInstance.get(instance.arn) ?? [];
    const services = new Set(tasks.flatMap(({ service }) => service ?? []));
    return { ...roomOn(instance, tasks, instanceTypes), services };
  });
  const most = (name: keyof Resources): number =>
    rooms.reduce((largest, room) => Math.max(largest, room[name]), 0);
  return { rooms, largest: { cpuUnits: most('cpuUnits'), memoryMiB: most('memoryMiB') } };
}

/**
 * Tasks that find no room when all are put into the rooms given, largest first, each into the first
 * that takes it; rooms on the instances that they leave do not count. Placement expressions
 * (`memberOf`) are not looked at, so a task may find less room than this says; and another order may fit
 * one more, so it says what is likely and proves nothing.
 */
export function tasksWithoutRoom(
  tasks: readonly Task[],
  { rooms, largest }: Rooms,
  services: ReadonlyMap<string, Service>,
  leavingArns: ReadonlySet<string>,
): readonly Task[] {
  const taken = new Map<OpenRoom, OpenRoom>();
  return [...tasks].sort(largestFirst).filter((task) => {
    // The instances of a full cluster need not be looked at one by one.
    if (!holds(largest, task.reserved)) return true;
    const service = task.service === undefined ? undefined : services.get(task.service);
    const room = rooms.find(
      (candidate) =>
        // The cheap question comes first: what is full now does not empty.
        holds(candidate, task.reserved) &&
        !leavingArns.has(candidate.instance.arn) &&
        fits(task, service, taken.get(candidate) ?? candidate),
    );
    if (room === undefined) return true;
    const own = taken.get(room) ?? copyOf(room);
    taken.set(room, own);
    book(own, task, 1);
    if (task.service !== undefined) own.services.add(task.service);
    return false;
  });
}

const largestFirst = (a: Task, b: Task): number =>
  b.reserved.memoryMiB - a.reserved.memoryMiB ||
  b.reserved.cpuUnits - a.reserved.cpuUnits ||
  compareTexts(a.arn, b.arn);

/** What is not known to be missing is taken to be there. */
const fits = (task: Task, service: Service | undefined, room: OpenRoom): boolean =>
  lackOf(task, room) === undefined &&
  hasInterfaceFor(task, room) !== 'no' &&
  isSameArchitecture(task.architecture, room.instance.architecture) &&
  !(service !== undefined && isDistinct(service) && room.services.has(service.name));

const holds = (free: Resources, reserved: Resources): boolean =>
  free.cpuUnits >= reserved.cpuUnits && free.memoryMiB >= reserved.memoryMiB;

const isSameArchitecture = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

const copyOf = (room: OpenRoom): OpenRoom => ({
  ...room,
  ports: new Set(room.ports),
  services: new Set(room.services),
});
