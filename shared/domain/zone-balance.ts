import { assert } from './assert.ts';

/**
 * Arithmetic of a spread: tasks of one service in each of its zones, as whole numbers in any order
 * that the caller keeps. A move takes one task from a zone and puts it into another.
 */
export type Counts = readonly number[];

/** Difference between the fullest and the emptiest zone; 0 without zones. */
export const skewOf = (counts: Counts): number =>
  counts.length === 0 ? 0 : Math.max(...counts) - Math.min(...counts);

export const totalOf = (counts: Counts): number => counts.reduce((sum, count) => sum + count, 0);

/** The most even spread of so many tasks, fullest first: 5 over 3 zones is 2, 2, 1. */
export const bestCounts = (total: number, zones: number): Counts =>
  Array.from({ length: zones }, (_, at) => Math.floor((total + zones - 1 - at) / zones));

/**
 * Fewest moves after which no two zones differ by more than `skewMax`.
 *
 * A spread within `skewMax` lies in a window [level, level + skewMax]. Into a given window it takes
 * as many moves as there are tasks above it, or as are missing below it, whichever is more: a move can
 * do one of each, and where one side is done the other has room inside the window. So it is
 *
 *     min over level of max(Σ max(0, cᵢ - (level + skewMax)), Σ max(0, level - cᵢ))
 *
 * over the at most `skewMax` + 1 windows that can hold the total.
 */
export const movesToBalance = (counts: Counts, skewMax: number): number =>
  windowOf(counts, skewMax).moves;

/**
 * The counts after the fewest moves, in the order of `counts`: the most even that so many moves can
 * make. Ties go to the earlier zone.
 */
export function balancedCounts(counts: Counts, skewMax: number): Counts {
  const { level } = windowOf(counts, skewMax);
  const balanced = counts.map((count) => Math.min(Math.max(count, level), level + skewMax));
  let rest = totalOf(counts) - totalOf(balanced);
  // What the clipping took or gave too much goes to the emptiest, or comes from the fullest.
  for (; rest > 0; rest -= 1) change(balanced, balanced.indexOf(Math.min(...balanced)), 1);
  for (; rest < 0; rest += 1) change(balanced, balanced.indexOf(Math.max(...balanced)), -1);
  return balanced;
}

/** The counts after one move. */
export function afterMove(counts: Counts, from: number, to: number): Counts {
  const after = [...counts];
  change(after, from, -1);
  change(after, to, 1);
  return after;
}

/**
 * Places of the zones into which a move from the fullest zone leaves a move less to make: such a move
 * is a step of a shortest way, and nothing has to take it back. Where a zone receives, every emptier one
 * does.
 */
export function receiversOf(counts: Counts, skewMax: number): readonly number[] {
  const needed = movesToBalance(counts, skewMax);
  if (needed === 0) return [];
  const from = counts.indexOf(Math.max(...counts));
  return counts.flatMap((_, to) =>
    to !== from && movesToBalance(afterMove(counts, from, to), skewMax) < needed ? [to] : [],
  );
}

function change(counts: number[], at: number, by: number): void {
  const count = counts[at];
  assert(count !== undefined && count + by >= 0, 'a move begins and ends in a zone of the service');
  counts[at] = count + by;
}

type Window = { readonly level: number; readonly moves: number };

/** A window that takes the fewest moves to get into; several lead to the same counts. */
function windowOf(counts: Counts, skewMax: number): Window {
  assert(Number.isInteger(skewMax) && skewMax >= 1, 'a skew below 1 cannot be kept by every count');
  if (counts.length === 0) return { level: 0, moves: 0 };
  const total = totalOf(counts);
  // Higher, the window would want more tasks than there are; lower, it could not hold them.
  const highest = Math.floor(total / counts.length);
  const lowest = Math.max(Math.ceil(total / counts.length) - skewMax, 0);
  let best: Window = { level: highest, moves: movesInto(counts, highest, skewMax) };
  for (let level = highest - 1; level >= lowest; level -= 1) {
    const moves = movesInto(counts, level, skewMax);
    if (moves < best.moves) best = { level, moves };
  }
  return best;
}

function movesInto(counts: Counts, level: number, skewMax: number): number {
  let above = 0;
  let below = 0;
  for (const count of counts) {
    above += Math.max(count - level - skewMax, 0);
    below += Math.max(level - count, 0);
  }
  return Math.max(above, below);
}
