import { assert } from '../assert.ts';

/**
 * How often values stood on each level of a running range, by context: the level before, or an hour
 * of the day. The range is all values seen so far, cut into equal levels. A value beyond it stretches
 * it, and the counts move to the level that now holds the middle of theirs. Plain JSON.
 */
export type LevelGrid = {
  /** Lowest and highest value so far; undefined before the first. */
  readonly range: Range | undefined;
  /** A row a context, a column a level. */
  readonly counts: readonly (readonly number[])[];
  /** Sum of all counts. */
  readonly total: number;
};

export type Range = { readonly low: number; readonly high: number };

/** Beyond so many values all counts are halved, so that the past fades: 16 weeks of five minutes. */
export const totalMax = 32_768;

export const emptyGrid = (contexts: number, levels: number): LevelGrid => ({
  range: undefined,
  counts: Array.from({ length: contexts }, () => Array.from({ length: levels }, () => 0)),
  total: 0,
});

/** The grid with a range that holds `value`; the same grid where it does already. */
export function stretchTo(grid: LevelGrid, value: number, areContextsLevels: boolean): LevelGrid {
  const { range: before, counts } = grid;
  if (before === undefined) return { ...grid, range: { low: value, high: value } };
  if (value >= before.low && value <= before.high) return grid;
  const range = { low: Math.min(before.low, value), high: Math.max(before.high, value) };
  const levels = levelsOf(grid);
  const levelFor = movedLevels(before, range, levels);
  const moved = counts.map(() => Array.from({ length: levels }, () => 0));
  for (const [context, row] of counts.entries()) {
    const target = moved[areContextsLevels ? (levelFor[context] ?? 0) : context];
    assert(target !== undefined, 'a context stays within the grid');
    for (const [level, count] of row.entries()) {
      const to = levelFor[level] ?? 0;
      target[to] = (target[to] ?? 0) + count;
    }
  }
  return { ...grid, range, counts: moved };
}

/** For each level of the range before, the level that holds its middle afterwards. */
export const movedLevels = (before: Range, after: Range, levels: number): readonly number[] =>
  Array.from({ length: levels }, (_, level) =>
    levelIn(after, before.low + ((level + 0.5) * (before.high - before.low)) / levels, levels),
  );

/** The level of a value within the range. */
export const levelOf = (grid: LevelGrid, value: number): number =>
  grid.range === undefined ? 0 : levelIn(grid.range, value, levelsOf(grid));

function levelIn({ low, high }: Range, value: number, levels: number): number {
  if (!(high > low)) return 0;
  return Math.min(Math.max(Math.floor((levels * (value - low)) / (high - low)), 0), levels - 1);
}

/** The grid after a value stood on `level` in `context`. */
export function countIn(grid: LevelGrid, context: number, level: number): LevelGrid {
  const counted = grid.counts.map((row, at) =>
    at === context ? row.map((count, to) => (to === level ? count + 1 : count)) : row,
  );
  if (grid.total + 1 <= totalMax) return { ...grid, counts: counted, total: grid.total + 1 };
  const counts = counted.map((row) => row.map((count) => Math.floor(count / 2)));
  return { ...grid, counts, total: counts.flat().reduce((sum, count) => sum + count, 0) };
}

/** Counts as if each level had been seen this often more: what was never seen stays possible. */
const neverSeen = 0.06;

/**
 * How surprising `level` is in `context`, in nats: the mean of -log p(level | context) and
 * -log p(level and context). The first alone would call every move out of a rare state likely.
 */
export function surpriseOf({ counts, total }: LevelGrid, context: number, level: number): number {
  const row = counts[context] ?? [];
  const seen = (row[level] ?? 0) + neverSeen;
  const inContext = row.reduce((sum, count) => sum + count, 0) + neverSeen * row.length;
  const ever = total + neverSeen * row.length;
  return (Math.log(inContext / seen) + Math.log(ever / seen)) / 2;
}

const levelsOf = ({ counts }: LevelGrid): number => counts[0]?.length ?? 0;
