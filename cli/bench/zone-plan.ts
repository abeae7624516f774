import { type ClusterIndex, indexOf } from '../../shared/domain/cluster-index.ts';
import { openRoomLedger, type RoomLedger } from '../../shared/domain/room.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { shapeOf } from '../../shared/domain/task-shape.ts';
import { afterMove, movesToBalance, skewOf } from '../../shared/domain/zone-balance.ts';
import { type Mover, planZoneMoves, type ZoneMove } from '../../shared/domain/zone-plan.ts';
import { judgeZones } from '../../shared/domain/zone-verdict.ts';
import { countedTasksOf, spreadOf } from '../../shared/domain/zones.ts';
import { descheduler, deschedulerTransfers } from './descheduler.ts';
import type { BenchRow } from './row.ts';
import { drawZoneWorld } from './zone-world.ts';

const size = { tasks: 5_000, instances: 500, services: 200 };
const seed = 20_261_126;
const runs = 41;
const skewMax = 1;
const policy = { skewMax, quietMs: 1_200_000, unhealthyShareMax: 0.2 };
const memory = { desiredChangedAtMs: {} };

/** Moves and time of a plan for a whole cluster, where room is slack and where it is short. */
export function* zonePlanRows(): Generator<BenchRow> {
  yield { name: 'zone-plan.seed', value: seed, unit: 'seed' };
  for (const [name, freeShare] of [
    ['slack', 0.5],
    ['tight', 0.05],
  ] as const) {
    yield* worldRows(name, drawZoneWorld(size, freeShare, seed));
  }
}

function* worldRows(name: string, world: Snapshot): Generator<BenchRow> {
  const index = indexOf(world);
  const movers = world.services.map((service): Mover => {
    const shape = shapeOf(service, index);
    return { service, shape, spread: spreadOf(service, shape, index) };
  });
  const planned = () =>
    planZoneMoves(movers, { rooms: openRoomLedger(index), index, skewMax }).moves;
  const paired = () => pairwiseMoves(movers, openRoomLedger(index), index);
  const [ours, theirs] = [planned(), paired()];
  const [made, theirsMade] = [carryOut(ours, movers, index), carryOut(theirs, movers, index)];
  const fewest = movers.reduce(
    (sum, { spread }) => sum + movesToBalance(spread.counts, skewMax),
    0,
  );
  const row = (what: string, unit: string, value: number, of: number): BenchRow => ({
    name: `zone-plan.${name}.${what}`,
    value,
    unit,
    peer: `${descheduler}: ${of}`,
    ...(of > 0 ? { ratio: Math.round((1_000 * value) / of) / 1_000 } : {}),
  });
  yield { name: `zone-plan.${name}.fewest`, value: fewest, unit: 'moves' };
  yield row('moves', 'moves', ours.length, theirs.length);
  yield row('without-room', 'of these moves', made.withoutRoom, theirsMade.withoutRoom);
  yield row('left-skewed', 'services', made.leftSkewed, theirsMade.leftSkewed);
  const none: Times = { median: 0, least: 0 };
  const [plan = none, pairs = none, judge = none] = timesOf([
    planned,
    paired,
    () => judgeZones(world, policy, memory),
  ]);
  for (const which of ['median', 'least'] as const) {
    const unit = `ms of one core, ${which} of ${runs}`;
    const suffix = which === 'median' ? 'ms' : 'ms.least';
    yield row(suffix, unit, plan[which], pairs[which]);
    yield {
      name: `zone-plan.${name}.judge.${suffix}`,
      value: judge[which],
      unit: `${unit}, from the snapshot to a verdict on each service`,
    };
  }
}

type Move = Pick<ZoneMove, 'service' | 'fromZone' | 'toZone' | 'wave' | 'taskArn'>;

/** Makes moves wave by wave, start first, where there is room; what is left when they are made. */
function carryOut(moves: readonly Move[], movers: readonly Mover[], index: ClusterIndex) {
  const rooms = openRoomLedger(index);
  const tasks = new Map(index.snapshot.tasks.map((task) => [task.arn, task]));
  const byName = new Map(movers.map((mover) => [mover.service.name, mover]));
  const counts = new Map(movers.map(({ service, spread }) => [service.name, [...spread.counts]]));
  let withoutRoom = 0;
  for (const wave of Map.groupBy(moves, (move) => move.wave).values()) {
    const stopped = wave.flatMap(({ service, fromZone, toZone, taskArn }) => {
      const mover = byName.get(service);
      const own = counts.get(service);
      const task = tasks.get(taskArn);
      if (mover === undefined || own === undefined || task === undefined) return [];
      const room = rooms.find(mover.shape, toZone);
      if (room === undefined) {
        withoutRoom += 1;
        return [];
      }
      rooms.take(mover.shape, room);
      const { zones } = mover.spread;
      counts.set(service, [...afterMove(own, zones.indexOf(fromZone), zones.indexOf(toZone))]);
      return [task];
    });
    for (const task of stopped) rooms.giveBack(task);
  }
  const leftSkewed = [...counts.values()].filter((own) => skewOf(own) > skewMax).length;
  return { withoutRoom, leftSkewed };
}

/**
 * What the descheduler would move: each task that fits an instance of some zone below the average, as
 * things stand when the plan is made. Moves are made one by one, the kindest order for a plan that
 * keeps no book.
 */
function pairwiseMoves(
  movers: readonly Mover[],
  rooms: RoomLedger,
  index: ClusterIndex,
): readonly Move[] {
  const moves: Move[] = [];
  for (const mover of movers) {
    const { service, shape, spread } = mover;
    const average = spread.counted / spread.zones.length;
    const below = spread.zones.filter((_, at) => (spread.counts[at] ?? 0) < average);
    if (!below.some((zone) => rooms.hasRoom(shape, zone))) continue;
    const tasks = Map.groupBy(countedTasksOf(service, index), ({ zone }) => zone);
    for (const { from, to, count } of deschedulerTransfers(spread.counts, skewMax)) {
      const [fromZone = '', toZone = ''] = [spread.zones[from], spread.zones[to]];
      for (const { arn } of (tasks.get(fromZone) ?? []).splice(-count)) {
        const wave = moves.length + 1;
        moves.push({ service: service.name, fromZone, toZone, wave, taskArn: arn });
      }
    }
  }
  return moves;
}

type Times = { readonly median: number; readonly least: number };

/**
 * Milliseconds of each, taken in turns: what the processor spent on it. A busy machine makes that more
 * too; the least of many is nearest to what it takes on one that is not.
 */
function timesOf(measured: readonly (() => unknown)[]): readonly Times[] {
  const times: number[][] = measured.map(() => []);
  for (let run = 0; run < runs; run += 1) {
    for (const [at, work] of measured.entries()) {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      times[at]?.push((user + system) / 1_000);
    }
  }
  const rounded = (ms = 0): number => Math.round(ms * 10) / 10;
  return times.map((own) => {
    const sorted = own.toSorted((a, b) => a - b);
    return { median: rounded(sorted[Math.floor(runs / 2)]), least: rounded(sorted[0]) };
  });
}
