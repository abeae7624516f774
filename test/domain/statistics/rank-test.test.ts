import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherMidP } from '../../../shared/domain/statistics/fisher.ts';
import { createRandom } from '../../../shared/domain/statistics/random.ts';
import {
  nthDifference,
  rankTest,
  shiftInterval,
  shiftUpperBound,
} from '../../../shared/domain/statistics/rank-test.ts';

const smallValues = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
const values = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 });

describe('rankTest', () => {
  it.each([
    ['all greater: 1 of C(6,3) = 20 splits', [4, 5, 6], [1, 2, 3], 9, 1 / 20],
    ['one pair lost: 2 of 20', [3, 5, 6], [1, 2, 4], 8, 2 / 20],
    ['all less: every split is at least as great', [1, 2, 3], [4, 5, 6], 0, 1],
    ['tied pairs count half', [2, 2], [2, 1], 3, 0.5],
    ['one distinct value', [5, 5, 5], [5, 5], 3, 1],
    ['one value a side', [2], [1], 1, 0.5],
  ])('%s', (_, first, second, u, p) => {
    const result = rankTest(first, second);
    expect(result).toEqual({ u, p: expect.closeTo(p, 12), method: 'exact' });
  });

  it('equals the count over all splits, ties included', () => {
    fc.assert(
      fc.property(smallValues, smallValues, (first, second) => {
        expect(rankTest(first, second).p).toBeCloseTo(pByEnumeration(first, second), 10);
      }),
    );
  });

  it('of two values only is the hypergeometric tail, exact and approximate alike', () => {
    // With zeros and ones U depends on the number of ones alone, as in Fisher's test.
    for (const { ones, otherOnes, size } of [
      { ones: 14, otherOnes: 6, size: 20 },
      { ones: 40, otherOnes: 25, size: 60 },
      { ones: 12, otherOnes: 2, size: 60 },
    ]) {
      const { p, method } = rankTest(zerosAndOnes(ones, size), zerosAndOnes(otherOnes, size));
      const exact = upperTailOfOnes(ones, otherOnes, size);
      expect(method).toBe(size === 20 ? 'exact' : 'normal');
      expect(p / exact).toBeGreaterThan(method === 'exact' ? 1 - 1e-9 : 0.97);
      expect(p / exact).toBeLessThan(method === 'exact' ? 1 + 1e-9 : 1.4);
    }
  });

  it('the approximation is never below the exact tail where it decides, and close to it', () => {
    for (const size of [21, 30]) {
      const exact = exactTails(size);
      for (const target of [0.01, 0.0025, 0.00075]) {
        const u = exact.findIndex((p) => p <= target);
        const { first, second } = samplesWithU(u, size);
        const result = rankTest(first, second);
        expect(result.method).toBe('normal');
        expect(result.u).toBe(u);
        const ratio = result.p / (exact[u] ?? Number.NaN);
        expect(ratio).toBeGreaterThanOrEqual(1);
        expect(ratio).toBeLessThan(1.6);
      }
    }
  });

  it('order never matters, and swapping the sides mirrors it', () => {
    fc.assert(
      fc.property(values, values, fc.integer(), (first, second, seed) => {
        const random = createRandom(seed);
        const result = rankTest(first, second);
        expect(rankTest(random.shuffle(first), random.shuffle(second))).toEqual(result);
        const mirrored = rankTest(second, first);
        expect(mirrored.u + result.u).toBe(first.length * second.length);
        // Both count the middle, so together they are at least 1.
        expect(result.p + mirrored.p).toBeGreaterThanOrEqual(1 - 1e-12);
      }),
    );
  });

  it('shifting the first sample up never lowers the evidence', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 9000 }), { minLength: 4, maxLength: 80 }),
        fc.nat(500),
        (pool, shift) => {
          // Halves between whole values: no ties before or after, so only U moves.
          const first = pool.slice(0, pool.length / 2);
          const second = pool.slice(pool.length / 2).map((value) => value + 0.5);
          const shifted = first.map((value) => value + shift);
          expect(rankTest(shifted, second).p).toBeLessThanOrEqual(
            rankTest(first, second).p + 1e-12,
          );
        },
      ),
    );
  });

  it('of many values, all tied, tells nothing', () => {
    const same = Array.from({ length: 50 }, () => 40);
    expect(rankTest(same, same)).toEqual({ u: 1250, p: 0.5, method: 'normal' });
  });

  it('refuses an empty sample and NaN', () => {
    expect(() => rankTest([], [1])).toThrow('none empty');
    expect(() => rankTest([1], [Number.NaN])).toThrow('finite');
  });
});

describe('shiftInterval', () => {
  it.each([
    // Differences 1 2 2 3 3 3 4 4 5; P(U ≤ 0) = 1/20, P(U ≤ 1) = 2/20.
    ['4 5 6 − 1 2 3 leaving out 1/20', 0.05, { shift: 3, lower: 1, upper: 5 }],
    ['4 5 6 − 1 2 3 leaving out 2/20', 0.1, { shift: 3, lower: 2, upper: 4 }],
    [
      'too small for 1 %',
      0.01,
      { shift: 3, lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY },
    ],
  ])('%s', (_, alpha, expected) => {
    expect(shiftInterval([4, 5, 6], [1, 2, 3], alpha)).toEqual(expected);
    expect(shiftUpperBound([4, 5, 6], [1, 2, 3], alpha)).toBe(expected.upper);
  });

  it('an even number of pairs takes the mean of the two middle differences', () => {
    expect(shiftInterval([10, 20], [1], 0.1).shift).toBe(14);
  });

  it('the nth difference is the nth of the sorted list', () => {
    fc.assert(
      fc.property(
        values,
        values,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (first, second, share) => {
          const differences = first.flatMap((a) => second.map((b) => a - b)).sort((a, b) => a - b);
          const n = 1 + Math.floor(share * (differences.length - 1));
          const ascending = (list: number[]) => Float64Array.from(list).sort();
          expect(nthDifference(ascending(first), ascending(second), n)).toBe(differences[n - 1]);
        },
      ),
    );
  });

  it('the nth difference is exact for logarithms too', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const logs = (list: number[]) => Float64Array.from(list, (ms) => Math.log(ms + 1)).sort();
        const [a, b] = [logs(first), logs(second)];
        const all = [...a].flatMap((x) => [...b].map((y) => x - y)).sort((x, y) => x - y);
        const n = Math.ceil(all.length / 3);
        expect(nthDifference(a, b, n)).toBe(all[n - 1]);
      }),
    );
  });

  it('moves with the first sample and mirrors when the sides are swapped', () => {
    fc.assert(
      fc.property(values, values, fc.integer({ min: -99, max: 99 }), (first, second, by) => {
        const result = shiftInterval(first, second, 0.01);
        const moved = shiftInterval(
          first.map((value) => value + by),
          second,
          0.01,
        );
        const mirrored = shiftInterval(second, first, 0.01);
        expect(moved).toEqual({
          shift: result.shift + by,
          lower: result.lower + by,
          upper: result.upper + by,
        });
        expect(mirrored.shift + result.shift).toBe(0);
        expect(0 - mirrored.lower).toBe(result.upper);
      }),
    );
  });

  it.each([20, 60])('98 %% of the intervals of %s a side hold the true shift', (size) => {
    const random = createRandom(21);
    const draw = (shift: number) => Array.from({ length: size }, () => random.normal() + shift);
    let held = 0;
    for (let run = 0; run < 1500; run += 1) {
      const { lower, upper } = shiftInterval(draw(3), draw(0), 0.01);
      if (lower <= 3 && 3 <= upper) held += 1;
    }
    // The standard deviation is 0.36 %.
    expect(held / 1500).toBeGreaterThan(0.965);
    expect(held / 1500).toBeLessThan(0.995);
  });

  it.each([21, 30])(
    'the approximate rank at %s a side is the exact one, or a little wider',
    (size) => {
      // The differences are 0 … size² − 1, each once, so the lower end tells its rank.
      const first = Array.from({ length: size }, (_, index) => index * size);
      const second = Array.from({ length: size }, (_, index) => -index);
      const tails = exactTails(size).reverse();
      for (const alpha of [0.05, 0.025, 0.01, 0.0025, 0.00075]) {
        const exactRank = tails.findIndex((p) => p > alpha);
        const rank = shiftInterval(first, second, alpha).lower + 1;
        expect(rank).toBeLessThanOrEqual(exactRank);
        expect(rank).toBeGreaterThanOrEqual(exactRank - 5);
      }
    },
  );

  it('refuses empty samples, impossible levels and ranks', () => {
    expect(() => shiftInterval([], [1], 0.01)).toThrow('none empty');
    expect(() => shiftInterval([1], [1], 0.5)).toThrow('less than half');
    expect(() => nthDifference(Float64Array.of(1), Float64Array.of(1), 2)).toThrow('nth');
  });
});

function pByEnumeration(first: readonly number[], second: readonly number[]): number {
  const pool = [...first, ...second];
  const observed = uOf(first, second);
  let splits = 0;
  let atLeast = 0;
  for (let mask = 0; mask < 2 ** pool.length; mask += 1) {
    const chosen = pool.filter((_, index) => (mask >> index) % 2 === 1);
    if (chosen.length !== first.length) continue;
    const others = pool.filter((_, index) => (mask >> index) % 2 === 0);
    splits += 1;
    if (uOf(chosen, others) >= observed) atLeast += 1;
  }
  return atLeast / splits;
}

function uOf(first: readonly number[], second: readonly number[]): number {
  const scores = first.flatMap((a) => second.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
  return scores.reduce((sum: number, score) => sum + score, 0);
}

const zerosAndOnes = (ones: number, size: number): number[] =>
  Array.from({ length: size }, (_, index) => (index < ones ? 1 : 0));

/** P(X ≥ ones): the mid-p and the half of the mass it leaves out. */
function upperTailOfOnes(ones: number, otherOnes: number, size: number): number {
  const midP = (errors: number, others: number) =>
    fisherMidP({ errors, attempts: size }, { errors: others, attempts: size });
  // mid(x) = tail(x) − mass(x) / 2, so tail(x) = Σ over y ≥ x of mass(y), taken from differences.
  let tail = 0;
  let mass = 0;
  for (let x = Math.min(size, ones + otherOnes); x >= ones; x -= 1) {
    mass = 2 * (midP(x, ones + otherOnes - x) - tail);
    tail += mass;
  }
  return tail;
}

/** P(U ≥ u) without ties for equal sizes, by Mann and Whitney's own recursion, in whole numbers. */
function exactTails(size: number): number[] {
  // counts[n][m][u]: the greatest value is either of the first sample (it wins m pairs) or not.
  const table = new Map<string, bigint[]>();
  const countsOf = (n: number, m: number): bigint[] => {
    const known = table.get(`${n},${m}`);
    if (known) return known;
    const counts = Array.from({ length: n * m + 1 }, () => 0n);
    if (n === 0 || m === 0) counts[0] = 1n;
    else {
      for (const [u, count] of countsOf(n - 1, m).entries())
        counts[u + m] = (counts[u + m] ?? 0n) + count;
      for (const [u, count] of countsOf(n, m - 1).entries()) counts[u] = (counts[u] ?? 0n) + count;
    }
    table.set(`${n},${m}`, counts);
    return counts;
  };
  const counts = countsOf(size, size);
  const all = counts.reduce((sum, count) => sum + count, 0n);
  let atLeast = 0n;
  const tails = counts.toReversed().map((count) => {
    atLeast += count;
    return Number(atLeast) / Number(all);
  });
  return tails.reverse();
}

/** Two untied samples of `size` with exactly this U: the first value beats `u` pairs in turn. */
function samplesWithU(u: number, size: number): { first: number[]; second: number[] } {
  const second = Array.from({ length: size }, (_, index) => index);
  const first = Array.from({ length: size }, (_, index) => {
    const wins = Math.min(size, Math.max(0, u - index * size));
    return wins - 0.5 - index / 1000;
  });
  return { first, second };
}
