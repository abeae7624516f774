import { assert } from './assert.ts';
import type { ClusterIndex } from './cluster-index.ts';
import { type EcsStart, keepRoomsForEcs } from './ecs-starts.ts';
import { compareTexts, sortedBy } from './order.ts';
import type { NoRoom, Room, RoomLedger } from './room.ts';
import type { Service, Task } from './snapshot.ts';
import { taskLimitsOf } from './task-limits.ts';
import type { TaskShape } from './task-shape.ts';
import { afterMove, type Counts, movesToBalance, receiversOf } from './zone-balance.ts';
import { countedTasksOf, type ZoneSpread } from './zones.ts';

/** A service whose tasks are to be moved. */
export type Mover = {
  readonly service: Service;
  readonly shape: TaskShape;
  readonly spread: ZoneSpread;
};

/** One task more in a zone, and then one less in another: start first. */
export type ZoneMove = {
  readonly service: string;
  readonly fromZone: string;
  readonly toZone: string;
  /** Moves of one wave can be under way at once; a wave may need what the one before it freed. */
  readonly wave: number;
  /** Where there is room for the new task; undefined on Fargate. ECS may choose another one. */
  readonly instanceArn: string | undefined;
  /** The task that ECS is expected to stop. */
  readonly taskArn: string;
};

/** A service that cannot make all of its moves, and every zone that would take it on. */
export type BlockedMoves = {
  readonly service: string;
  readonly missing: number;
  /** The emptiest first. */
  readonly zones: readonly BlockedZone[];
};

export type BlockedZone = NoRoom & { readonly zone: string };

export type ZonePlan = {
  /** In the order of their waves, and in the order in which they matter within one. */
  readonly moves: readonly ZoneMove[];
  /** By service. */
  readonly blocked: readonly BlockedMoves[];
};

/**
 * Plans the moves of all services together, each into a room that no other move was promised.
 *
 * A move goes from a service's fullest zone to the emptiest that has room: that is where ECS starts a
 * task more and where it stops one, and it is a step of a shortest way to balance
 * (see `movesToBalance`), so that no move is ever undone by a later one. Between zones that are alike
 * for the service it fills those that the fewest others want, so that rooms are left to who can use no
 * other; then those with the fewest tasks of the cluster, so that remainders do not gather.
 *
 * Where room is short, services go first that leave a zone in which others wait for room, then those
 * that the loss of a zone hurts most. What a wave stops makes room for the next one. A service has as
 * many moves in a wave as its maximum percent lets it start, and one at least: with a desired count of
 * one more its maximum grows as well.
 *
 * Rooms in which ECS may start tasks of other services by itself are no room here, and what a wave
 * stops is there for ECS first. Only once nothing else can be moved are its rooms chosen anew: of tasks
 * that differ in size, a small one may fit into what was freed, and leave a large room.
 *
 * It ends when no move is possible any more with rooms that are chosen anew, so a plan for what it
 * leaves behind is empty.
 */
export function planZoneMoves(
  movers: readonly Mover[],
  { rooms, index, skewMax, ecsStarts = [] }: PlanOptions,
): ZonePlan {
  const plans = sortedBy(movers, ({ service }) => service.name).map((mover) =>
    openPlan(mover, index, skewMax),
  );
  const context: Context = {
    rooms,
    skewMax,
    clusterTasks: countZones(index.snapshot.tasks.map(({ zone }) => zone)),
    waiting: new Map(),
    wanted: new Map(),
  };
  const wanted = plans.reduce((sum, { missing }) => sum + missing, 0);
  const moves: ZoneMove[] = [];
  const forEcs = keepRoomsForEcs(ecsStarts, rooms);
  for (let wave = 1; ; ) {
    assert(wave <= wanted + 1, 'a wave makes at least one of the moves, or is the last');
    const open = plans
      .filter(({ missing }) => missing > 0)
      .map((plan) => ({ plan, full: fullZonesOf(plan, context) }));
    context.waiting = countZones(open.flatMap(({ full }) => full));
    context.wanted = countZones(open.flatMap(({ plan }) => receivingZonesOf(plan)));
    const made = planWave(
      open.flatMap(({ plan, full }) => (full.length < plan.receivers.length ? plan : [])),
      wave,
      context,
    );
    if (made.length === 0) {
      if (forEcs.isFresh()) break;
      // Once a wave at most: then it makes a move, or is the last.
      forEcs.renew();
      continue;
    }
    for (const { task } of made) rooms.giveBack(task);
    forEcs.extend();
    moves.push(...made.map(({ move }) => move));
    wave += 1;
  }
  const blocked = plans
    .filter(({ missing }) => missing > 0)
    .map((plan) => ({
      service: plan.mover.service.name,
      missing: plan.missing,
      zones: blockedZonesOf(plan, context),
    }));
  return { moves, blocked };
}

type PlanOptions = {
  /** Taken from while planning. */
  readonly rooms: RoomLedger;
  readonly index: ClusterIndex;
  readonly skewMax: number;
  /** What ECS may start meanwhile, for services that are none of the movers. */
  readonly ecsStarts?: readonly EcsStart[];
};

type Context = {
  readonly rooms: RoomLedger;
  readonly skewMax: number;
  /** Tasks by zone, of all services and of none. */
  readonly clusterTasks: Map<string, number>;
  /** Services by zone that would start a task there and find no room, when the wave begins. */
  waiting: ReadonlyMap<string, number>;
  /** Services by zone that would start a task there, with or without room. */
  wanted: ReadonlyMap<string, number>;
};

function countZones(zones: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const zone of zones) if (zone !== undefined) addTo(counts, zone, 1);
  return counts;
}

const addTo = (counts: Map<string, number>, zone: string, by: 1 | -1): void => {
  counts.set(zone, (counts.get(zone) ?? 0) + by);
};

/** How far the plan has come with one service. */
type ServicePlan = {
  readonly mover: Mover;
  readonly startsMax: number;
  readonly tasks: ReadonlyMap<string | undefined, readonly Task[]>;
  /** Tasks that are still to be stopped, by zone, the next one last. */
  readonly stops: Map<string, Task[]>;
  counts: Counts;
  /** Moves that are still to be made. */
  missing: number;
  /** Places of the zones in which one more task makes it one less. */
  receivers: readonly number[];
};

function openPlan(mover: Mover, index: ClusterIndex, skewMax: number): ServicePlan {
  const { service, spread } = mover;
  return {
    mover,
    startsMax: Math.max(taskLimitsOf(service).canStart, 1),
    tasks: Map.groupBy(countedTasksOf(service, index), ({ zone }) => zone),
    stops: new Map(),
    counts: spread.counts,
    missing: movesToBalance(spread.counts, skewMax),
    receivers: receiversOf(spread.counts, skewMax),
  };
}

type Made = { readonly move: ZoneMove; readonly task: Task };

/** The moves that can be under way together: in turns, until each service is done or stuck. */
function planWave(plans: readonly ServicePlan[], wave: number, context: Context): readonly Made[] {
  const made: Made[] = [];
  let going = plans
    .map((plan) => ({
      plan,
      waiting: context.waiting.get(plan.mover.spread.zones[fullestOf(plan, context)] ?? '') ?? 0,
      left: leftShareOf(plan),
      starts: 0,
    }))
    .sort((a, b) => b.waiting - a.waiting || a.left - b.left);
  while (going.length > 0) {
    going = going.filter((one) => {
      const next = makeMove(one.plan, wave, context);
      if (next === undefined) return false;
      made.push(next);
      one.starts += 1;
      return one.starts < one.plan.startsMax;
    });
  }
  return made;
}

/** Share of its tasks that a service keeps when its fullest zone is lost. */
const leftShareOf = ({ counts, mover }: ServicePlan): number =>
  1 - Math.max(...counts) / Math.max(mover.spread.counted, 1);

function makeMove(plan: ServicePlan, wave: number, context: Context): Made | undefined {
  const { mover, counts } = plan;
  const { zones } = mover.spread;
  const into = firstRoom(plan, context);
  if (into === undefined) return undefined;
  const from = fullestOf(plan, context);
  const [fromZone = '', toZone = ''] = [zones[from], zones[into.at]];
  const task = nextStop(plan, fromZone);
  context.rooms.take(mover.shape, into.room);
  addTo(context.clusterTasks, fromZone, -1);
  addTo(context.clusterTasks, toZone, 1);
  plan.counts = afterMove(counts, from, into.at);
  plan.missing -= 1;
  plan.receivers = receiversOf(plan.counts, context.skewMax);
  const service = mover.service.name;
  const { instanceArn } = into.room;
  return { move: { service, fromZone, toZone, wave, instanceArn, taskArn: task.arn }, task };
}

/** The emptiest zone that brings the service nearer to balance and has room. */
function firstRoom(plan: ServicePlan, context: Context): { at: number; room: Room } | undefined {
  const { shape, spread } = plan.mover;
  for (const at of emptiestFirst(plan, context)) {
    const room = context.rooms.find(shape, spread.zones[at] ?? '');
    if (room !== undefined) return { at, room };
  }
  return undefined;
}

const emptiestFirst = (plan: ServicePlan, context: Context): readonly number[] =>
  plan.receivers.toSorted((a, b) => compareZones(plan, context, a, b));

const fullestOf = (plan: ServicePlan, context: Context): number =>
  plan.counts.reduce(
    (fullest, _, at) => (compareZones(plan, context, at, fullest) > 0 ? at : fullest),
    0,
  );

/** By the service's tasks, those who wait for room there, those who want it, the cluster's, names. */
function compareZones(
  { counts, mover }: ServicePlan,
  { waiting, wanted, clusterTasks }: Context,
  a: number,
  b: number,
): number {
  const { zones } = mover.spread;
  const difference = (of: ReadonlyMap<string, number>): number =>
    (of.get(zones[a] ?? '') ?? 0) - (of.get(zones[b] ?? '') ?? 0);
  return (
    (counts[a] ?? 0) - (counts[b] ?? 0) ||
    difference(waiting) ||
    difference(wanted) ||
    difference(clusterTasks) ||
    a - b
  );
}

/** The task that ECS would stop next: on the instance that has the most of the service's. */
function nextStop({ tasks, stops }: ServicePlan, zone: string): Task {
  const order = stops.get(zone) ?? stopOrder(tasks.get(zone) ?? []);
  stops.set(zone, order);
  const task = order.pop();
  assert(task !== undefined, 'the fullest zone has a task to give');
  return task;
}

/** A zone's tasks, the first to be stopped last: an instance gives while it has the most left. */
function stopOrder(tasks: readonly Task[]): Task[] {
  const onInstance = Map.groupBy(tasks, ({ instanceArn }) => instanceArn);
  const ranked = [...onInstance.values()].flatMap((own) =>
    sortedBy(own, ({ arn }) => arn).map((task, before) => ({ task, left: own.length - before })),
  );
  return ranked
    .sort((a, b) => a.left - b.left || compareTexts(b.task.arn, a.task.arn))
    .map(({ task }) => task);
}

/** Zones in which one more task would bring the service nearer to balance. */
const receivingZonesOf = ({ mover, receivers }: ServicePlan): readonly string[] =>
  receivers.map((at) => mover.spread.zones[at] ?? '');

/** Those of them without room. */
const fullZonesOf = (plan: ServicePlan, { rooms }: Context): readonly string[] =>
  receivingZonesOf(plan).filter((zone) => !rooms.hasRoom(plan.mover.shape, zone));

const blockedZonesOf = (plan: ServicePlan, context: Context): readonly BlockedZone[] =>
  emptiestFirst(plan, context).flatMap((at) => {
    const zone = plan.mover.spread.zones[at] ?? '';
    const refusal = context.rooms.refusal(plan.mover.shape, zone);
    return refusal === undefined ? [] : [{ zone, ...refusal }];
  });
