import { indexOf } from '../../shared/domain/cluster-index.ts';
import { openRoomLedger } from '../../shared/domain/room.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { shapeOf } from '../../shared/domain/task-shape.ts';
import { afterMove, type Counts, skewOf, totalOf } from '../../shared/domain/zone-balance.ts';
import { type Mover, planZoneMoves } from '../../shared/domain/zone-plan.ts';
import { spreadOf } from '../../shared/domain/zones.ts';
import { afterTransfers, descheduler, deschedulerTransfers } from './descheduler.ts';
import type { BenchRow } from './row.ts';
import { fargateWorld } from './zone-world.ts';

const seed = 20_261_127;
const skewMax = 1;
/** Services that are planned together. */
const worldSize = 100;

/**
 * Restarts that balancing costs where there is room, by the planner as a whole, beside the fewest that
 * can do and what others would make of the same services.
 */
export function* zoneMoveRows(services = 20_000): Generator<BenchRow> {
  const random = createRandom(seed);
  const spreads = Array.from({ length: services }, () => drawSpread(random));
  const skewed = spreads.filter((counts) => skewOf(counts) > skewMax);
  const ours = planned(spreads);
  const theirs = spreads.map((counts) => {
    const transfers = deschedulerTransfers(counts, skewMax);
    return {
      moves: transfers.reduce((sum, { count }) => sum + count, 0),
      after: afterTransfers(counts, transfers),
    };
  });
  const fewest = spreads.map(fewestMoves);
  const moves = totalOf(ours.map((one) => one.moves));
  const beside = (name: string, unit: string, value: number, [peer, of]: [string, number]) => ({
    ...{ name: `zone-moves.${name}`, value, unit, peer: `${peer}: ${of}` },
    ...(of > 0 ? { ratio: Math.round((1_000 * value) / of) / 1_000 } : {}),
  });
  yield { name: 'zone-moves.seed', value: seed, unit: 'seed' };
  yield { name: 'zone-moves.services', value: services, unit: 'services' };
  yield { name: 'zone-moves.skewed', value: skewed.length, unit: 'services to balance' };
  yield beside('optimum', 'moves', moves, ['fewest', totalOf(fewest)]);
  yield beside(
    'optimum-missed',
    'services',
    countWhere(ours, (one, at) => one.moves !== fewest[at]),
    [descheduler, countWhere(theirs, (one, at) => one.moves !== fewest[at])],
  );
  yield beside('descheduler', 'moves', moves, [
    descheduler,
    totalOf(theirs.map((one) => one.moves)),
  ]);
  yield beside('left-skewed', 'services', countWhere(ours, isSkewed), [
    descheduler,
    countWhere(theirs, isSkewed),
  ]);
  // Of the services that need it, which a person who forces deployments might look up first:
  // https://github.com/aws-samples/ecs-refarch-task-rebalancing forces one on every service.
  const forced = totalOf(skewed.map(totalOf));
  yield beside('force-new-deployment', 'restarts', moves, [
    'force-new-deployment of the skewed services',
    forced,
  ]);
  yield { name: 'zone-moves.restarts-spared', value: forced - moves, unit: `of ${forced}` };
}

type Outcome = { readonly moves: number; readonly after: Counts };

const isSkewed = ({ after }: Outcome): boolean => skewOf(after) > skewMax;

const countWhere = <Item>(
  items: readonly Item[],
  is: (item: Item, at: number) => boolean,
): number => items.filter(is).length;

/** 1 to 60 tasks in 2 to 6 zones, all alike or some far likelier than others. */
function drawSpread(random: Random): Counts {
  const unevenness = random.integer(0, 3);
  const weights = Array.from({ length: random.integer(2, 6) }, () => random.next() ** unevenness);
  const counts = weights.map(() => 0);
  for (let left = random.integer(1, 60); left > 0; left -= 1) {
    const at = drawZone(weights, random);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

function drawZone(weights: readonly number[], random: Random): number {
  let rest = random.next() * totalOf(weights);
  for (const [at, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return at;
  }
  return 0;
}

/**
 * Fewest moves, told another way than the planner's: a spread within a skew of 1 is known but for which
 * zones hold the remainder, and the fullest zones give the least if they are the ones.
 */
function fewestMoves(counts: Counts): number {
  if (skewOf(counts) <= skewMax) return 0;
  const each = Math.floor(totalOf(counts) / counts.length);
  const remainder = totalOf(counts) % counts.length;
  const fullestFirst = counts.toSorted((a, b) => b - a);
  return totalOf(
    fullestFirst.map((count, at) => Math.max(count - each - (at < remainder ? 1 : 0), 0)),
  );
}

/** What the planner makes of each. */
function planned(spreads: readonly Counts[]): readonly Outcome[] {
  const worlds = Array.from({ length: Math.ceil(spreads.length / worldSize) }, (_, at) =>
    spreads.slice(at * worldSize, (at + 1) * worldSize),
  );
  return worlds.flatMap((some) => {
    const index = indexOf(fargateWorld(some));
    const movers = index.snapshot.services.map((service): Mover => {
      const shape = shapeOf(service, index);
      return { service, shape, spread: spreadOf(service, shape, index) };
    });
    const rooms = openRoomLedger(index);
    const moves = Map.groupBy(
      planZoneMoves(movers, { rooms, index, skewMax }).moves,
      ({ service }) => service,
    );
    return movers.map(({ service, spread }): Outcome => {
      const own = moves.get(service.name) ?? [];
      const after = own.reduce(
        (counts, { fromZone, toZone }) =>
          afterMove(counts, spread.zones.indexOf(fromZone), spread.zones.indexOf(toZone)),
        spread.counts,
      );
      return { moves: own.length, after };
    });
  });
}
