import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterMove,
  balancedCounts,
  bestCounts,
  type Counts,
  movesToBalance,
  receiversOf,
  skewOf,
  totalOf,
} from '../../shared/domain/zone-balance.ts';
import { seedOf } from '../support/incidents.ts';

describe('movesToBalance', () => {
  it.each<readonly [string, Counts, number, number, Counts]>([
    ['2/1/1 differs by 1: no move', [2, 1, 1], 1, 0, [2, 1, 1]],
    ['2/0 differs by 2: one move makes 1/1', [2, 0], 1, 1, [1, 1]],
    ['5/1/0 over 3 zones: 3 moves make 2/2/2', [5, 1, 0], 1, 3, [2, 2, 2]],
    ['3/3/0: both give one', [3, 3, 0], 1, 2, [2, 2, 2]],
    ['a zone that holds nothing counts: 1/1/0 is even enough', [1, 1, 0], 1, 0, [1, 1, 0]],
    ['8/0/0: 5 leave the first, the earlier zone gets the remainder', [8, 0, 0], 1, 5, [3, 3, 2]],
    ['3/3/3/0: two of three give', [3, 3, 3, 0], 1, 2, [2, 2, 3, 2]],
    ['2/5/3/8/5/7: 3 + 2 are missing below 5', [2, 5, 3, 8, 5, 7], 1, 5, [5, 5, 5, 5, 5, 5]],
    ['with skew 2 allowed 6/0/0 needs 3 moves, not 4', [6, 0, 0], 2, 3, [3, 2, 1]],
    ['with skew 4 allowed 4/0 is fine', [4, 0], 4, 0, [4, 0]],
    ['one zone has nothing to balance', [7], 1, 0, [7]],
    ['no task', [0, 0, 0], 1, 0, [0, 0, 0]],
    ['no zone', [], 1, 0, []],
  ])('%s', (_, counts, skewMax, moves, balanced) => {
    expect(movesToBalance(counts, skewMax)).toBe(moves);
    expect(balancedCounts(counts, skewMax)).toEqual(balanced);
  });

  it('26 zones with all 52 tasks in one: 2 for each of the other 25', () => {
    const counts = [52, ...Array<number>(25).fill(0)];
    expect(movesToBalance(counts, 1)).toBe(2 * 25);
    expect(skewOf(balancedCounts(counts, 1))).toBeLessThanOrEqual(1);
  });

  it.each([0, -1, 0.5, Number.NaN])('refuses to keep a skew of %s', (skewMax) => {
    expect(() => movesToBalance([1], skewMax)).toThrow('a skew below 1');
  });
});

/** Every way to spread a total over zones. */
function* spreads(total: number, zones: number): Generator<number[]> {
  if (zones === 1) yield [total];
  else {
    for (let first = 0; first <= total; first += 1) {
      for (const rest of spreads(total - first, zones - 1)) yield [first, ...rest];
    }
  }
}

/** Pairs of zones that a move could lead from and to. */
const pairs = (counts: Counts): readonly (readonly [from: number, to: number])[] =>
  counts.flatMap((count, from) =>
    counts.flatMap((_, to) => (count > 0 && to !== from ? [[from, to] as const] : [])),
  );

/**
 * The true distance of every spread to the nearest even one: breadth first from all even ones at
 * once, for a move can be taken back by a move.
 */
function distances(total: number, zones: number, skewMax: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let frontier = [...spreads(total, zones)].filter(
    (counts) => Math.max(...counts) - Math.min(...counts) <= skewMax,
  );
  for (const counts of frontier) found.set(counts.join(), 0);
  for (let distance = 1; frontier.length > 0; distance += 1) {
    frontier = frontier.flatMap((counts) =>
      pairs(counts).flatMap(([from, to]) => {
        const next = afterMove(counts, from, to) as number[];
        if (found.has(next.join())) return [];
        found.set(next.join(), distance);
        return [next];
      }),
    );
  }
  return found;
}

describe('every spread of up to 5 zones, by brute force', () => {
  const sizes = [
    [1, 8],
    [2, 14],
    [3, 12],
    [4, 11],
    [5, 9],
  ] as const;
  const worlds = sizes.flatMap(([zones, totalMax]) =>
    [1, 2, 3].flatMap((skewMax) =>
      Array.from({ length: totalMax + 1 }, (_, total) => ({ zones, total, skewMax })),
    ),
  );
  const all = worlds.flatMap(({ zones, total, skewMax }) => {
    const distance = distances(total, zones, skewMax);
    const distanceOf = (counts: Counts): number => distance.get(counts.join()) ?? Number.NaN;
    return [...spreads(total, zones)].map((counts) => ({ counts, skewMax, distanceOf }));
  });
  const wrong = (is: (one: (typeof all)[number]) => boolean): readonly string[] =>
    all.filter((one) => !is(one)).map(({ counts, skewMax }) => `${counts} skew ${skewMax}`);

  it('looks at enough of them', () => expect(all.length).toBeGreaterThan(10_000));

  it('needs exactly as many moves as the formula says', () => {
    expect(
      wrong(
        ({ counts, skewMax, distanceOf }) => movesToBalance(counts, skewMax) === distanceOf(counts),
      ),
    ).toEqual([]);
  });

  it('gets to the balanced counts in just those moves', () => {
    expect(
      wrong(({ counts, skewMax }) => {
        const balanced = balancedCounts(counts, skewMax);
        const leaving = counts.map((count, at) => Math.max(count - (balanced[at] ?? 0), 0));
        return (
          totalOf(balanced) === totalOf(counts) &&
          skewOf(balanced) <= skewMax &&
          totalOf(leaving) === movesToBalance(counts, skewMax)
        );
      }),
    ).toEqual([]);
  });

  it('is balanced as evenly as in so many moves it can be', () => {
    const unevenness = (counts: Counts): number => totalOf(counts.map((count) => count * count));
    const gains = (from: Counts, to: Counts): number =>
      totalOf(to.map((count, at) => Math.max(count - (from[at] ?? 0), 0)));
    const few = all.filter(({ counts }) => counts.length <= 3);
    const others = Map.groupBy(few, ({ counts, skewMax }) =>
      [counts.length, totalOf(counts), skewMax].join(),
    );
    const uneven = few.filter(({ counts, skewMax }) => {
      const ours = unevenness(balancedCounts(counts, skewMax));
      const alike = others.get([counts.length, totalOf(counts), skewMax].join()) ?? [];
      return alike.some(
        ({ counts: other }) =>
          skewOf(other) <= skewMax &&
          gains(counts, other) === movesToBalance(counts, skewMax) &&
          unevenness(other) < ours,
      );
    });
    expect(uneven.map(({ counts, skewMax }) => `${counts} skew ${skewMax}`)).toEqual([]);
  });

  it('comes nearer by any move from a fullest zone to an emptiest', () => {
    expect(
      wrong(({ counts, distanceOf }) => {
        const [most, least] = [Math.max(...counts), Math.min(...counts)];
        const moves = pairs(counts).filter(
          ([from, to]) => counts[from] === most && counts[to] === least,
        );
        return (
          distanceOf(counts) === 0 ||
          moves.every(([from, to]) => distanceOf(afterMove(counts, from, to)) < distanceOf(counts))
        );
      }),
    ).toEqual([]);
  });

  it('knows the zones that a move from the fullest brings it nearer in', () => {
    expect(
      wrong(({ counts, skewMax, distanceOf }) => {
        const from = counts.indexOf(Math.max(...counts));
        return counts.every((_, to) => {
          const isNearer =
            from !== to &&
            (counts[from] ?? 0) > 0 &&
            distanceOf(afterMove(counts, from, to)) < distanceOf(counts);
          return receiversOf(counts, skewMax).includes(to) === isNearer;
        });
      }),
    ).toEqual([]);
  });

  it('finds no zone for a move where an emptier one would not do', () => {
    expect(
      wrong(({ counts, skewMax }) => {
        const receivers = receiversOf(counts, skewMax);
        const open = counts.filter((_, to) => receivers.includes(to));
        const from = counts.indexOf(Math.max(...counts));
        const shut = counts.filter((_, to) => to !== from && !receivers.includes(to));
        return shut.every((count) => open.every((other) => other <= count));
      }),
    ).toEqual([]);
  });
});

describe('any spread', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 26 });
  const skewMax = fc.integer({ min: 1, max: 6 });
  const sorted = (values: Counts): Counts => values.toSorted((a, b) => a - b);

  it('needs no move exactly when it is even enough; total and skew are kept', () => {
    fc.assert(
      fc.property(counts, skewMax, (drawn, most) => {
        const balanced = balancedCounts(drawn, most);
        expect(movesToBalance(drawn, most) === 0).toBe(skewOf(drawn) <= most);
        expect(skewOf(balanced)).toBeLessThanOrEqual(most);
        expect(totalOf(balanced)).toBe(totalOf(drawn));
        if (skewOf(drawn) <= most) expect(balanced).toEqual(drawn);
        else expect(movesToBalance(balanced, most)).toBe(0);
      }),
      { numRuns: 1_000, ...seedOf() },
    );
  });

  it('comes out alike in any order of its zones', () => {
    fc.assert(
      fc.property(
        counts.chain((drawn) =>
          fc.tuple(fc.constant(drawn), fc.shuffledSubarray(drawn, { minLength: drawn.length })),
        ),
        skewMax,
        ([drawn, shuffled], most) => {
          expect(movesToBalance(shuffled, most)).toBe(movesToBalance(drawn, most));
          expect(sorted(balancedCounts(shuffled, most))).toEqual(
            sorted(balancedCounts(drawn, most)),
          );
        },
      ),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('is at best as even as whole tasks allow', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 1, max: 26 }), (total, zones) => {
        const best = bestCounts(total, zones);
        expect(best).toHaveLength(zones);
        expect(totalOf(best)).toBe(total);
        expect(skewOf(best)).toBe(total % zones === 0 ? 0 : 1);
        expect(best).toEqual(sorted(best).toReversed());
      }),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('of nothing over no zone is nothing', () => expect(bestCounts(3, 0)).toEqual([]));
});
