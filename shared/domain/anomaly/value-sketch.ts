import type { Range } from './level-grid.ts';

/**
 * How often values were seen, to one part in fifty of each value: what DDSketch keeps (Masson, Rim and
 * Lee, VLDB 2019, https://doi.org/10.14778/3352063.3352135). Unlike levels of a range, it is not made
 * coarse by a single value that lies far from all others. Plain JSON.
 */
export type ValueSketch = {
  /** In rising order: 0 for zero, sign and power of {@link growth} for all others. */
  readonly keys: readonly number[];
  /** How often each was seen. */
  readonly counts: readonly number[];
  readonly total: number;
  /** Lowest and highest value so far; undefined before the first. */
  readonly range: Range | undefined;
};

export const emptySketch: ValueSketch = { keys: [], counts: [], total: 0, range: undefined };

/** The upper edge of a bucket through its lower one. */
const growth = 1.02;
const logGrowth = Math.log(growth);
/** Sizes below it count as zero, and sizes above its inverse as that. */
const sizeMin = 1e-100;
/** Keys of positive values begin behind it. */
const offset = Math.ceil(-Math.log(sizeMin) / logGrowth) + 2;
/** With more buckets the two neighbours that hold least become one. */
export const bucketsMax = 96;

/** The sketch with one value more. Beyond `totalMax` all counts are halved, so that the past fades. */
export function withValue(sketch: ValueSketch, given: number, totalMax: number): ValueSketch {
  const { range } = sketch;
  // JSON knows no zero with a sign.
  const value = given === 0 ? 0 : given;
  const key = keyOf(value);
  const at = sketch.keys.findIndex((one) => one >= key);
  const isKnown = at >= 0 && sketch.keys[at] === key;
  const place = at < 0 ? sketch.keys.length : at;
  const counted = {
    keys: isKnown ? sketch.keys : sketch.keys.toSpliced(place, 0, key),
    counts: isKnown
      ? sketch.counts.with(place, (sketch.counts[place] ?? 0) + 1)
      : sketch.counts.toSpliced(place, 0, 1),
    total: sketch.total + 1,
    range: {
      low: Math.min(range?.low ?? value, value),
      high: Math.max(range?.high ?? value, value),
    },
  };
  const bounded = counted.keys.length > bucketsMax ? withoutLeast(counted) : counted;
  return bounded.total > totalMax ? halved(bounded) : bounded;
}

/**
 * The values below and above which `share` of all lie, to the width of a bucket. Undefined before the
 * first.
 */
export function quantilesOf(
  { keys, counts, total, range }: ValueSketch,
  share: number,
): Range | undefined {
  if (range === undefined || total === 0) return undefined;
  const keyAt = (least: number): number => {
    let sum = 0;
    const at = counts.findIndex((count) => {
      sum += count;
      return sum > least;
    });
    return keys[at < 0 ? keys.length - 1 : at] ?? 0;
  };
  const within = (edge: number): number => Math.min(Math.max(edge, range.low), range.high);
  return {
    low: within(edgesOf(keyAt(total * share)).low),
    high: within(edgesOf(keyAt(total * (1 - share))).high),
  };
}

function keyOf(value: number): number {
  const size = Math.min(Math.abs(value), 1 / sizeMin);
  if (size < sizeMin) return 0;
  const key = Math.ceil(Math.log(size) / logGrowth - 1e-9) + offset;
  return value < 0 ? -key : key;
}

function edgesOf(key: number): Range {
  if (key === 0) return { low: 0, high: 0 };
  const power = Math.abs(key) - offset;
  const [near, far] = [growth ** (power - 1), growth ** power];
  return key > 0 ? { low: near, high: far } : { low: -far, high: -near };
}

/** The two neighbours that hold least are one, at the place of the one that holds more. */
function withoutLeast(sketch: ValueSketch): ValueSketch {
  const { keys, counts } = sketch;
  const pair = (at: number): number => (counts[at] ?? 0) + (counts[at + 1] ?? 0);
  let least = 0;
  for (let at = 1; at < keys.length - 1; at += 1) if (pair(at) < pair(least)) least = at;
  const gone = (counts[least] ?? 0) <= (counts[least + 1] ?? 0) ? least : least + 1;
  const kept = gone === least ? least + 1 : least;
  return {
    ...sketch,
    keys: keys.toSpliced(gone, 1),
    counts: counts.with(kept, pair(least)).toSpliced(gone, 1),
  };
}

/** What was seen once, is forgotten. */
function halved(sketch: ValueSketch): ValueSketch {
  const halves = sketch.counts.map((count) => Math.floor(count / 2));
  const kept = halves.flatMap((count, at) => (count > 0 ? [at] : []));
  const counts = kept.map((at) => halves[at] ?? 0);
  return {
    ...sketch,
    keys: kept.map((at) => sketch.keys[at] ?? 0),
    counts,
    total: counts.reduce((sum, count) => sum + count, 0),
  };
}
