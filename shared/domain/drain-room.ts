import type { Instance, Resources, Service, Snapshot, Task } from './snapshot.ts';

/** An instance that tasks may move to, and what is taken of it while they are tried. */
type Room = {
  readonly instance: Instance;
  readonly free: Resources;
  readonly ports: ReadonlySet<string>;
  /** Network interfaces that are left; Infinity where the limit is not known. */
  readonly enisLeft: number;
  /** Services that have a task on it. */
  readonly services: ReadonlySet<string>;
};

export type Rooms = {
  readonly rooms: readonly Room[];
  /** As much as any of them has of either. */
  readonly largest: Resources;
};

/** ECS marks an instance that shares its interfaces: the limit of its type does not hold for it. */
const trunkAttribute = 'ecs.awsvpc-trunk-id';

/** Whether ECS would place a task on it at all. */
const takesTasks = ({ status, agentConnected, health }: Instance): boolean =>
  status === 'ACTIVE' && agentConnected && health !== 'IMPAIRED';

/**
 * What is free now on those of the instances that ECS would place a task on, by ARN: which one is tried
 * first does not depend on the order of a list.
 */
export function roomsOf(
  instances: readonly Instance[],
  tasksByInstance: ReadonlyMap<string | undefined, readonly Task[]>,
  instanceTypes: Snapshot['instanceTypes'],
): Rooms {
  const rooms = instances
    .filter(takesTasks)
    .sort((a, b) => (a.arn < b.arn ? -1 : 1))
    .map((instance) => roomOf(instance, tasksByInstance.get(instance.arn) ?? [], instanceTypes));
  const most = (name: keyof Resources): number =>
    rooms.reduce((largest, { free }) => Math.max(largest, free[name]), 0);
  return { rooms, largest: { cpuUnits: most('cpuUnits'), memoryMiB: most('memoryMiB') } };
}

function roomOf(
  instance: Instance,
  tasks: readonly Task[],
  instanceTypes: Snapshot['instanceTypes'],
): Room {
  const { type, remaining, usedPorts, attributes } = instance;
  const isTrunked = Object.hasOwn(attributes, trunkAttribute);
  const isKnown = type !== undefined && Object.hasOwn(instanceTypes, type) && !isTrunked;
  const eniMax = isKnown ? (instanceTypes[type]?.eniMax ?? Infinity) : Infinity;
  const enis = tasks.filter(({ hasEni }) => hasEni).length;
  return {
    instance,
    free: remaining,
    ports: new Set(usedPorts),
    // One is the instance's own.
    enisLeft: eniMax - 1 - enis,
    services: new Set(tasks.flatMap(({ service }) => (service === undefined ? [] : [service]))),
  };
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
  const changed = new Map<Room, Room>();
  return [...tasks].sort(largestFirst).filter((task) => {
    // The instances of a full cluster need not be looked at one by one.
    if (!holds(largest, task.reserved)) return true;
    const service = task.service === undefined ? undefined : services.get(task.service);
    const room = rooms.find(
      (candidate) =>
        // The cheap question comes first: what is full now does not empty.
        holds(candidate.free, task.reserved) &&
        !leavingArns.has(candidate.instance.arn) &&
        fits(task, service, changed.get(candidate) ?? candidate),
    );
    if (room === undefined) return true;
    changed.set(room, withTask(changed.get(room) ?? room, task));
    return false;
  });
}

const largestFirst = (a: Task, b: Task): number =>
  b.reserved.memoryMiB - a.reserved.memoryMiB ||
  b.reserved.cpuUnits - a.reserved.cpuUnits ||
  (a.arn < b.arn ? -1 : 1);

const fits = (task: Task, service: Service | undefined, room: Room): boolean =>
  holds(room.free, task.reserved) &&
  (!task.hasEni || room.enisLeft >= 1) &&
  !task.hostPorts.some((port) => room.ports.has(port)) &&
  isSameArchitecture(task.architecture, room.instance.architecture) &&
  !(isOnePerInstance(service) && service !== undefined && room.services.has(service.name));

const holds = (free: Resources, reserved: Resources): boolean =>
  free.cpuUnits >= reserved.cpuUnits && free.memoryMiB >= reserved.memoryMiB;

const isSameArchitecture = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

const isOnePerInstance = (service: Service | undefined): boolean =>
  service?.placementConstraints.some(({ type }) => type === 'distinctInstance') ?? false;

const withTask = (room: Room, task: Task): Room => ({
  instance: room.instance,
  free: {
    cpuUnits: room.free.cpuUnits - task.reserved.cpuUnits,
    memoryMiB: room.free.memoryMiB - task.reserved.memoryMiB,
  },
  ports: new Set([...room.ports, ...task.hostPorts]),
  enisLeft: room.enisLeft - (task.hasEni ? 1 : 0),
  services: task.service === undefined ? room.services : new Set([...room.services, task.service]),
});
