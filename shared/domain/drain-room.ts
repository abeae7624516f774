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
export type RoomLack = {
  readonly what: /** CPU or memory, or an instance at all. */
    | 'resources'
    | 'architecture'
    | 'ports'
    | 'interfaces'
    /** `distinctInstance`: each of them has a task of the service. */
    | 'distinct';
  /** Of the task's host ports those that are taken there, as `80/tcp`. */
  readonly ports: readonly string[];
};

/** From what is farthest to what is nearest to a room. */
const nearness: readonly RoomLack['what'][] = [
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
      without.set(task, lacking('resources'));
      continue;
    }
    const service = serviceOf(task.service);
    const lackIn = (candidate: OpenRoom): RoomLack | undefined =>
      // The cheap question comes first: what is full now does not empty.
      !holds(candidate, task.reserved) ||
      leavingArns.has(candidate.instance.arn) ||
      !mayUse(task, candidate.instance)
        ? lacking('resources')
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

const lacking = (what: RoomLack['what'], ports: RoomLack['ports'] = []): RoomLack => ({
  what,
  ports,
});

/** Of several that are as near the first. */
function nearestOf(lacks: readonly (RoomLack | undefined)[]): RoomLack {
  const found = new Map(lacks.map((lack) => [lack?.what, lack] as const).reverse());
  const nearest = nearness.findLast((what) => found.has(what));
  return found.get(nearest) ?? lacking('resources');
}

const largestFirst = (a: Task, b: Task): number =>
  b.reserved.memoryMiB - a.reserved.memoryMiB ||
  b.reserved.cpuUnits - a.reserved.cpuUnits ||
  compareTexts(a.arn, b.arn);

/** What is not known to be missing is taken to be there. */
function missingIn(room: OpenRoom, task: Task, service: Service | undefined): RoomLack | undefined {
  const lack = lackOf(task, room);
  if (lack === 'cpu' || lack === 'memory') return lacking('resources');
  const isOfSame = isSameArchitecture(task.architecture, room.instance.architecture);
  if (!isOfSame) return lacking('architecture');
  if (lack === 'ports') {
    const isTaken = (port: string): boolean => room.ports.has(port);
    return lacking('ports', task.hostPorts.filter(isTaken));
  }
  if (hasInterfaceFor(task, room) === 'no') return lacking('interfaces');
  const isTaken = service !== undefined && isDistinct(service) && room.services.has(service.name);
  return isTaken ? lacking('distinct') : undefined;
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
