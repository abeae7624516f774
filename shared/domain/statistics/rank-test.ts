import { assert } from '../assert.ts';
import { logChoose } from './factorial.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { at, sortAscending } from './quantile.ts';

export type RankTest = {
  /** Pairs in which the first sample's value is the greater one; a tied pair counts half. */
  readonly u: number;
  /** One-sided p: how surprising so great a `u` is if both samples come from one distribution. */
  readonly p: number;
  readonly method: 'exact' | 'normal';
};

export type ShiftInterval = {
  /** The median of all pairwise differences first − second, in the samples' unit. */
  readonly shift: number;
  /** Infinite where the samples are too small for any finite bound at this confidence. */
  readonly lower: number;
  readonly upper: number;
};

/** Up to this many values together, the first look's 20 a side, every split is counted. */
const exactValuesMax = 40;

/**
 * One-sided Mann-Whitney test of "the first sample tends to be greater".
 *
 * Up to {@link exactValuesMax} values the p is exact, ties included: conditional on the values seen,
 * every split into the two samples is equally likely. Beyond, the normal approximation with tie
 * correction and continuity correction (Lehmann, "Nonparametrics", 1.2 and 1.4), which without ties
 * errs on the safe side in the tail: a test holds it against the exact figure. Asserts two samples that are
 * not empty. One distinct value gives p = 1 (exact) or 0.5 (normal): no evidence.
 */
export function rankTest(first: readonly number[], second: readonly number[]): RankTest {
  assert(first.length > 0 && second.length > 0, 'a rank test compares two samples, none empty');
  const pool = sortAscending([...first, ...second]);
  const tieSizes = tieSizesOf(pool);
  const u = countPairs(sortAscending(first), sortAscending(second));
  return pool.length <= exactValuesMax
    ? { u, p: exactP(u, first.length, tieSizes), method: 'exact' }
    : { u, p: normalP(u, first.length, second.length, tieSizes), method: 'normal' };
}

/**
 * The Hodges-Lehmann estimate of how much greater the first sample is, with its distribution-free
 * two-sided interval from the order statistics of the pairwise differences (Lehmann, 2.5 and 2.6).
 *
 * `alpha` is the probability left out on each side: 0.01 for a 98 % interval. Ties are not used to
 * narrow the interval, so rounding only widens it. Asserts two samples that are not empty.
 */
export function shiftInterval(
  first: readonly number[],
  second: readonly number[],
  alpha: number,
): ShiftInterval {
  const [a, b] = sortBoth(first, second);
  const pairs = a.length * b.length;
  const rank = lowerRank(a.length, b.length, alpha);
  const middle = nthDifference(a, b, Math.ceil(pairs / 2));
  return {
    shift: pairs % 2 === 1 ? middle : (middle + nthDifference(a, b, pairs / 2 + 1)) / 2,
    lower: rank < 1 ? Number.NEGATIVE_INFINITY : nthDifference(a, b, rank),
    upper: rank < 1 ? Number.POSITIVE_INFINITY : nthDifference(a, b, pairs + 1 - rank),
  };
}

/** The one-sided upper bound of the shift at `alpha`: the `upper` of {@link shiftInterval} alone. */
export function shiftUpperBound(
  first: readonly number[],
  second: readonly number[],
  alpha: number,
): number {
  const [a, b] = sortBoth(first, second);
  const rank = lowerRank(a.length, b.length, alpha);
  if (rank < 1) return Number.POSITIVE_INFINITY;
  return nthDifference(a, b, a.length * b.length + 1 - rank);
}

/**
 * The nth smallest of all differences a − b of two ascending arrays, n from 1, without listing them.
 *
 * Halves the range of values; each halving walks both arrays once, and moves an end of the range
 * onto a difference that occurs, so the answer is exact and millisecond data take a few steps.
 */
export function nthDifference(a: Float64Array, b: Float64Array, n: number): number {
  assert(n >= 1 && n <= a.length * b.length, 'the nth difference is one of those there are');
  let low = at(a, 0) - at(b, b.length - 1);
  let high = at(a, a.length - 1) - at(b, 0);
  while (low < high) {
    const half = low + (high - low) / 2;
    const split = half < high ? half : low;
    const { count, below, above } = splitDifferences(a, b, split);
    if (count >= n) high = below;
    else low = above;
  }
  return low;
}

type Split = { readonly count: number; readonly below: number; readonly above: number };

/** How many differences are ≤ `split`, the greatest of them, and the smallest beyond. */
function splitDifferences(a: Float64Array, b: Float64Array, split: number): Split {
  let count = 0;
  let below = Number.NEGATIVE_INFINITY;
  let above = Number.POSITIVE_INFINITY;
  let start = 0;
  let subtracted = b[0];
  for (const value of a) {
    // As values of `a` grow, more values of `b` are too small to bring the difference under.
    while (subtracted !== undefined && value - subtracted > split) {
      start += 1;
      subtracted = b[start];
    }
    const previous = b[start - 1];
    if (subtracted !== undefined) below = Math.max(below, value - subtracted);
    if (previous !== undefined) above = Math.min(above, value - previous);
    count += b.length - start;
  }
  return { count, below, above };
}

function sortBoth(
  first: readonly number[],
  second: readonly number[],
): readonly [Float64Array, Float64Array] {
  assert(first.length > 0 && second.length > 0, 'a shift is between two samples, none empty');
  return [sortAscending(first), sortAscending(second)];
}

/** The greatest rank k with P(U ≤ k − 1) ≤ alpha; 0 when not even the smallest U is that rare. */
function lowerRank(n: number, m: number, alpha: number): number {
  assert(alpha > 0 && alpha < 0.5, 'an interval leaves out less than half on each side');
  if (n + m <= exactValuesMax) return exactLowerRank(n, m, alpha);
  const deviation = Math.sqrt((n * m * (n + m + 1)) / 12);
  const rank = Math.floor((n * m) / 2 + normalQuantile(alpha) * deviation + 0.5);
  return Math.max(0, rank);
}

/**
 * Without ties the number of splits with U = u is the coefficient of qᵘ in the Gaussian binomial,
 * the product over i = 1 … n of (1 − qᵐ⁺ⁱ) / (1 − qⁱ). Whole numbers throughout, so exact.
 */
function exactLowerRank(n: number, m: number, alpha: number): number {
  // The lower half is enough: alpha is below a half.
  const last = Math.floor((n * m) / 2);
  const splits = new Float64Array(last + 1);
  splits[0] = 1;
  for (let i = 1; i <= n; i += 1) {
    for (let u = last; u >= m + i; u -= 1) splits[u] = (splits[u] ?? 0) - (splits[u - m - i] ?? 0);
    for (let u = i; u <= last; u += 1) splits[u] = (splits[u] ?? 0) + (splits[u - i] ?? 0);
  }
  const allowed = alpha * Math.exp(logChoose(n + m, n));
  let rank = 0;
  let atMost = 1;
  while (atMost <= allowed && rank < last) {
    rank += 1;
    atMost += at(splits, rank);
  }
  return rank;
}

function countPairs(a: Float64Array, b: Float64Array): number {
  let u = 0;
  let less = 0;
  let notGreater = 0;
  for (const value of a) {
    while (less < b.length && at(b, less) < value) less += 1;
    while (notGreater < b.length && at(b, notGreater) <= value) notGreater += 1;
    u += (less + notGreater) / 2;
  }
  return u;
}

function normalP(u: number, n: number, m: number, tieSizes: readonly number[]): number {
  const total = n + m;
  let tied = 0;
  for (const size of tieSizes) tied += size * size * size - size;
  const variance = ((n * m) / 12) * (total + 1 - tied / (total * (total - 1)));
  // All values tied: the samples cannot be told apart, and a standard deviation of 0 divides badly.
  if (variance <= 0) return 0.5;
  return normalCdf((continuityOf(tieSizes) - (u - (n * m) / 2)) / Math.sqrt(variance));
}

/**
 * Half the distance between neighbouring values of U, and never less than the usual half.
 *
 * Exchanging members of neighbouring groups moves U by half the sum of their sizes. Where a clock
 * of 1 ms leaves only a few distinct values, U moves in leaps, and a half would flatter the p.
 */
function continuityOf(tieSizes: readonly number[]): number {
  let leap = 0;
  for (const [index, size] of tieSizes.entries()) {
    if (index > 0) leap = greatestCommonDivisor(leap, size + (tieSizes[index - 1] ?? 0));
  }
  return Math.max(0.5, leap / 4);
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

/** P(U ≥ u) over all splits of a pool with these groups of tied values, in ascending order. */
function exactP(u: number, n: number, tieSizes: readonly number[]): number {
  const total = tieSizes.reduce((sum, size) => sum + size, 0);
  const pairs = n * (total - n);
  const splits = Math.exp(logChoose(total, n));
  const share =
    2 * u >= pairs
      ? countSplits(n, tieSizes.toReversed(), 2 * (pairs - u)) / splits
      : 1 - countSplits(n, tieSizes, 2 * u - 1) / splits;
  return Math.min(1, share);
}

/**
 * How many subsets of `n` values have a sum of doubled ranks at most `excessMax` above the least.
 *
 * Streitberg and Röhmel's shift algorithm (1986), which counts subsets by size and sum while the
 * values join one by one. Doubling makes the mid-ranks of ties whole numbers.
 */
function countSplits(n: number, tieSizes: readonly number[], excessMax: number): number {
  const sumMax = n * (n + 1) + excessMax;
  if (excessMax < 0) return 0;
  const subsets = Array.from({ length: n + 1 }, () => new Float64Array(sumMax + 1));
  subsets[0]?.fill(1, 0, 1);
  let taken = 0;
  for (const tieSize of tieSizes) {
    const doubledRank = 2 * taken + tieSize + 1;
    for (let member = 1; member <= tieSize; member += 1) {
      addMember(subsets, { doubledRank, sumMax, sizeMax: Math.min(n, taken + member) });
    }
    taken += tieSize;
  }
  let count = 0;
  for (const ofSum of subsets[n] ?? []) count += ofSum;
  return count;
}

type Member = { readonly doubledRank: number; readonly sumMax: number; readonly sizeMax: number };

/** Lets one more value join every subset; larger subsets first, so that it joins only once. */
function addMember(
  subsets: readonly Float64Array[],
  { doubledRank, sumMax, sizeMax }: Member,
): void {
  for (let size = sizeMax; size >= 1; size -= 1) {
    const smaller = subsets[size - 1];
    const larger = subsets[size];
    assert(smaller && larger, 'there is a row for every size');
    // Whoever joins from here on has this rank at least: sums beyond cannot end within the limit.
    const sumLast = sumMax - doubledRank * (subsets.length - size);
    for (let sum = (size - 1) * size; sum <= sumLast; sum += 1) {
      larger[sum + doubledRank] = (larger[sum + doubledRank] ?? 0) + (smaller[sum] ?? 0);
    }
  }
}

function tieSizesOf(sorted: Float64Array): number[] {
  const sizes: number[] = [];
  let previous = Number.NaN;
  for (const value of sorted) {
    if (value === previous) sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + 1;
    else sizes.push(1);
    previous = value;
  }
  return sizes;
}
