import { assert } from './assert.ts';
import type { ClusterIndex } from './cluster-index.ts';
import {
  book,
  hasInterfaceFor,
  type InstanceRoom,
  isReady,
  lackOf,
  type Need,
  roomOn,
} from './instance-room.ts';
import type { Task } from './snapshot.ts';
import { allows, isOfPlatform, type TaskShape } from './task-shape.ts';
import { allOf, type Truth } from './truth.ts';

/** What instances of a zone are short of. */
export type Lack = 'cpu' | 'memory' | 'ports' | 'interfaces' | 'distinct' | 'constraint';

/** A proven place for one more task; on Fargate it is no instance's. */
export type Room = { readonly instanceArn: string | undefined };

/** Why a zone has no room that is proven. */
export type NoRoom = {
  readonly reason:
    | 'zone-instance-missing'
    /** Instances, and none with room: see `lacks`. */
    | 'zone-room-missing'
    /** Perhaps room: a limit or a constraint of some instance could not be judged. */
    | 'zone-room-unknown';
  readonly lacks: readonly Lack[];
};

/** What is left on each instance while a plan takes rooms and gives them back. */
export type RoomLedger = {
  readonly hasRoom: (shape: TaskShape, zone: string) => boolean;
  /**
   * The room that one more task would be given in a zone: as ECS does, on the instance with the
   * fewest tasks of the service; of several, where it fits tightest, so that large rooms stay whole.
   */
  readonly find: (shape: TaskShape, zone: string) => Room | undefined;
  /** Why there is none; undefined where there is one. */
  readonly refusal: (shape: TaskShape, zone: string) => NoRoom | undefined;
  readonly take: (shape: TaskShape, room: Room) => void;
  /** Undoes a `take`. */
  readonly putBack: (shape: TaskShape, room: Room) => void;
  readonly giveBack: (task: Task) => void;
};

/**
 * Opens a ledger on what the snapshot says is left. On Fargate every zone has room; everywhere else
 * only an instance that is there proves it, though ECS might launch another.
 */
export function openRoomLedger(index: ClusterIndex): RoomLedger {
  const { instances, tasks, instanceTypes } = index.snapshot;
  const hosts = new Map(
    instances.map((instance, at): [string, Host] => {
      const room = roomOn(instance, index.tasksOn(instance.arn), instanceTypes);
      return [instance.arn, { ...room, at, places: [] }];
    }),
  );
  const crowds: Crowds = new Map();
  const count = (group: string | undefined, host: Host | undefined, by: 1 | -1): void => {
    if (group === undefined || host === undefined) return;
    const crowd = crowds.get(group) ?? new Int32Array(instances.length);
    crowd[host.at] = (crowd[host.at] ?? 0) + by;
    crowds.set(group, crowd);
  };
  for (const { group, instanceArn = '' } of tasks) count(group, hosts.get(instanceArn), 1);

  const free = (need: Need, group: string | undefined, host: Host): void => {
    book(host, need, -1);
    count(group, host, -1);
    for (const { site, candidate } of host.places) site.eased.push(candidate);
  };
  const hostOf = (instanceArn: string): Host => {
    const host = hosts.get(instanceArn);
    assert(host !== undefined, 'a room is on an instance of the snapshot');
    return host;
  };

  const pools = new Map<TaskShape | string, Pool>();
  const nowhere = siteWith([]);
  const siteOf = (shape: TaskShape, zone: string): Site => {
    let pool = pools.get(shape);
    if (pool === undefined) {
      pool = pools.get(shape.suitKey) ?? poolOf(shape, hosts);
      pools.set(shape, pool).set(shape.suitKey, pool);
    }
    return pool.get(zone) ?? nowhere;
  };
  const isFargate = ({ compute }: TaskShape): boolean => compute === 'fargate';
  const hasRoom = (shape: TaskShape, zone: string): boolean =>
    isFargate(shape) || !isFull(shape, siteOf(shape, zone), crowds);
  return {
    hasRoom,
    find: (shape, zone) => {
      if (isFargate(shape)) return { instanceArn: undefined };
      return hasRoom(shape, zone) ? findRoom(shape, siteOf(shape, zone), crowds) : undefined;
    },
    refusal: (shape, zone) =>
      hasRoom(shape, zone) ? undefined : refusalOf(shape, siteOf(shape, zone), crowds),
    take: (shape, { instanceArn }) => {
      if (instanceArn === undefined) return;
      const host = hostOf(instanceArn);
      book(host, shape, 1);
      count(shape.group, host, 1);
    },
    putBack: (shape, { instanceArn }) => {
      if (instanceArn !== undefined) free(shape, shape.group, hostOf(instanceArn));
    },
    giveBack: (task) => {
      const host = hosts.get(task.instanceArn ?? '');
      if (host !== undefined) free(task, task.group, host);
    },
  };
}

/** An instance and what is left on it. */
type Host = InstanceRoom & {
  /** Its place among all of them. */
  readonly at: number;
  /** Where it is a candidate. */
  readonly places: { readonly site: Site; readonly candidate: Candidate }[];
};

/** By group, how many of its tasks each instance runs, in the order of `Host.at`. */
type Crowds = Map<string, Int32Array>;

/** An instance that takes tasks now and suits, or may suit, a shape. */
type Candidate = {
  readonly host: Host;
  readonly isOfPlatform: Truth;
  /** By its constraints, but for what they ask of the tasks that are on it at the moment. */
  readonly isAllowed: Truth;
};
/** What a zone has for shapes that the same instances suit. */
type Site = {
  /** By ARN. */
  readonly candidates: readonly Candidate[];
  /** Those that something was given back on, in that order. */
  readonly eased: Candidate[];
  /** Shapes that found no room, and how much of `eased` they have seen. */
  readonly full: Map<TaskShape, number>;
};
type Pool = ReadonlyMap<string | undefined, Site>;

const siteWith = (candidates: readonly Candidate[]): Site => ({
  candidates,
  eased: [],
  full: new Map(),
});

function poolOf(shape: TaskShape, hosts: ReadonlyMap<string, Host>): Pool {
  const candidates = shape.instances.flatMap((instance): readonly Candidate[] => {
    const host = hosts.get(instance.arn);
    if (host === undefined || !isReady(instance)) return [];
    const ofPlatform = isOfPlatform(shape, instance);
    const isAllowed = allows(shape, instance, undefined);
    const isCandidate = allOf([ofPlatform, isAllowed]) !== 'no';
    return isCandidate ? [{ host, isOfPlatform: ofPlatform, isAllowed }] : [];
  });
  const byZone = Map.groupBy(candidates, ({ host }) => host.instance.zone);
  return new Map(
    [...byZone].map(([zone, own]) => {
      const site = siteWith(own);
      for (const candidate of own) candidate.host.places.push({ site, candidate });
      return [zone, site];
    }),
  );
}

/**
 * Whether a zone has no room. Once it has none for a shape, only what is given back can change that,
 * so nothing else is looked at again; tasks that a shape wants to be with may make room in other ways.
 */
function isFull(shape: TaskShape, site: Site, crowds: Crowds): boolean {
  const { candidates, eased, full } = site;
  const seen = shape.constraints.readsGroups ? undefined : full.get(shape);
  if (seen === eased.length) return true;
  const fresh = seen === undefined ? candidates : eased.slice(seen);
  const isStillFull = fresh.every((candidate) => fitOf(shape, candidate, crowds) !== 'yes');
  if (isStillFull) full.set(shape, eased.length);
  return isStillFull;
}

function findRoom(shape: TaskShape, { candidates }: Site, crowds: Crowds): Room | undefined {
  const crowd = crowds.get(shape.group);
  let best: { readonly host: Host; readonly own: number; readonly rest: number } | undefined;
  for (const candidate of candidates) {
    const { host } = candidate;
    const own = crowd?.[host.at] ?? 0;
    if (best !== undefined && own > best.own) continue;
    if (fitOf(shape, candidate, crowds) !== 'yes') continue;
    const rest = restOf(shape, host);
    if (best === undefined || own < best.own || rest < best.rest) best = { host, own, rest };
  }
  return best && { instanceArn: best.host.instance.arn };
}

function refusalOf(shape: TaskShape, { candidates }: Site, crowds: Crowds): NoRoom {
  if (candidates.length === 0) return { reason: 'zone-instance-missing', lacks: [] };
  const fits = new Set(candidates.map((candidate) => fitOf(shape, candidate, crowds)));
  const reason = fits.delete('unknown') ? 'zone-room-unknown' : 'zone-room-missing';
  return { reason, lacks: [...fits].filter((fit) => fit !== 'yes' && fit !== 'unknown').sort() };
}

/** Shares of CPU and memory that would be left on an instance, summed. */
const restOf = ({ reserved }: TaskShape, { instance, cpuUnits, memoryMiB }: Host): number =>
  shareOf(cpuUnits - reserved.cpuUnits, instance.registered.cpuUnits) +
  shareOf(memoryMiB - reserved.memoryMiB, instance.registered.memoryMiB);

const shareOf = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

function fitOf(shape: TaskShape, candidate: Candidate, crowds: Crowds): Lack | 'yes' | 'unknown' {
  const { host } = candidate;
  const lack = lackOf(shape, host);
  if (lack !== undefined) return lack;
  if (shape.constraints.isDistinct && (crowds.get(shape.group)?.[host.at] ?? 0) > 0) {
    return 'distinct';
  }
  const hasInterface = hasInterfaceFor(shape, host);
  if (hasInterface === 'no') return 'interfaces';
  const isAllowed = shape.constraints.readsGroups
    ? allows(shape, host.instance, groupsOn(host, crowds))
    : candidate.isAllowed;
  if (isAllowed === 'no') return 'constraint';
  const isProven =
    hasInterface === 'yes' && isAllowed === 'yes' && candidate.isOfPlatform === 'yes';
  return isProven ? 'yes' : 'unknown';
}

const groupsOn = ({ at }: Host, crowds: Crowds): ReadonlySet<string> =>
  new Set([...crowds].flatMap(([group, crowd]) => ((crowd[at] ?? 0) > 0 ? [group] : [])));
