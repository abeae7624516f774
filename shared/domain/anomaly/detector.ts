import {
  countIn,
  emptyGrid,
  type LevelGrid,
  levelOf,
  movedLevels,
  type Range,
  stretchTo,
  surpriseOf,
  totalMax,
} from './level-grid.ts';
import { emptySketch, quantilesOf, type ValueSketch, withValue } from './value-sketch.ts';

/**
 * Tells samples of a series that do not fit what came before them. It reads a series sample by sample,
 * never looks ahead, and remembers counts only:
 *
 * 1. The running range is cut into six levels, and moves from level to level are counted. A move
 *    between two samples surprises by how rare it was, see `surpriseOf`.
 * 2. The same is done for the distance from the recent mean: a shift. Without the level before, levels
 *    are counted of the recent change per sample (a flat line, a flutter), and of the value in each
 *    hour of the day.
 * 3. The largest of the four, each with its weight, is the surprise of a sample.
 * 4. What was told is not told again: after a surprise only a larger one counts for a while.
 *
 * All four depend on the range and not on its unit. Nothing is fitted to a series: one set of
 * constants serves all of them.
 */
export type DetectorState = {
  /** Moves between levels; the context is the level before. */
  readonly value: Moves;
  readonly shift: Moves;
  /** Levels of the recent change as a share of the range, in powers of two. */
  readonly flutter: LevelGrid;
  /** Levels in each hour of the day, UTC. */
  readonly hours: LevelGrid;
  /** Finer, without context: for the usual band. */
  readonly values: ValueSketch;
  readonly mean: number | undefined;
  /** Recent mean of the changes from sample to sample, without their sign. */
  readonly change: number | undefined;
  readonly previous: number | undefined;
  /** Largest surprise of late, and the samples since; see `holdOf`. */
  readonly peak: number;
  readonly sincePeak: number;
  readonly samples: number;
  /** Since when all samples lie outside the usual band. */
  readonly outsideSinceMs: number | undefined;
};

export type Moves = LevelGrid & { readonly level: number | undefined };

export type Sample = { readonly atMs: number; readonly value: number };

/** What surprised most. */
export type AnomalySign = 'level' | 'shift' | 'flutter' | 'hour';

export type Judgement = {
  /** 0 to 1; {@link anomalousScore} and more is an anomaly. 0 while a larger one was told of late. */
  readonly score: number;
  readonly sign: AnomalySign;
  /** Where nine of ten samples lay before this one; undefined before there were a few. */
  readonly usual: Range | undefined;
  /** Since when the series is outside of it; undefined while it is inside. */
  readonly outsideSinceMs: number | undefined;
};

/** Scores of this and more are worth telling. */
export const anomalousScore = 0.5;
/** Surprise that scores {@link anomalousScore}, in nats. */
const surpriseHalf = 7.2;

const levels = 6;
const hoursOfDay = 24;
const weights = { level: 1, shift: 0.9, flutter: 0.7, hour: 0.7 };
/** Samples that the recent mean and the recent change look back. */
const meanSamples = 24;
const changeSamples = 12;
/** After a surprise only a larger one counts for so many samples, and so much of the history. */
const holdSamplesMin = 100;
const holdShare = 0.04;
/** Changes far below this share of the range are all alike. */
const changeShareMin = 1 / 64;
/** All that a change can be, about a power of two a level. */
const flutterRange: Range = { low: Math.log2(changeShareMin), high: Math.log2(1 + changeShareMin) };
/** Samples before a usual band is claimed, and the share of them that it leaves out on each side. */
const bandSamplesMin = 24;
const bandTail = 0.05;
/** Beyond it differences would overflow. */
const valueMax = 1e100;

const emptyMoves: Moves = { ...emptyGrid(levels, levels), level: undefined };

/** Before the first sample. */
export const emptyDetectorState: DetectorState = {
  value: emptyMoves,
  shift: emptyMoves,
  flutter: { ...emptyGrid(1, levels), range: flutterRange },
  hours: emptyGrid(hoursOfDay, levels),
  values: emptySketch,
  mean: undefined,
  change: undefined,
  previous: undefined,
  peak: 0,
  sincePeak: 0,
  samples: 0,
  outsideSinceMs: undefined,
};

/**
 * Judges one sample by the ones before it. A value that is no finite number counts as missing: it
 * scores 0 and changes nothing. Times matter for the hour of the day only: they may repeat or go back.
 */
export function judgeSample(
  state: DetectorState,
  { atMs, value: given }: Sample,
): { readonly state: DetectorState; readonly judgement: Judgement } {
  const usual = state.samples < bandSamplesMin ? undefined : quantilesOf(state.values, bandTail);
  if (!Number.isFinite(given)) {
    const { outsideSinceMs } = state;
    return { state, judgement: { score: 0, sign: 'level', usual, outsideSinceMs } };
  }
  const value = Math.min(Math.max(given, -valueMax), valueMax);
  const { parts, surprise, sign } = surprisesOf(state, value, atMs);
  const isHeld = state.sincePeak + 1 <= holdOf(state.samples);
  const isNews = surprise > (isHeld ? state.peak : 0);
  const isOutside = usual !== undefined && (value < usual.low || value > usual.high);
  const outsideSinceMs = isOutside ? (state.outsideSinceMs ?? atMs) : undefined;
  return {
    state: {
      ...parts,
      values: withValue(state.values, value, totalMax),
      previous: value,
      peak: isNews ? surprise : isHeld ? state.peak : 0,
      sincePeak: isNews ? 0 : state.sincePeak + 1,
      samples: state.samples + 1,
      outsideSinceMs,
    },
    judgement: {
      score: isNews ? surprise / (surprise + surpriseHalf) : 0,
      sign,
      usual,
      outsideSinceMs,
    },
  };
}

const holdOf = (samples: number): number => Math.max(holdSamplesMin, holdShare * samples);

type Parts = Pick<DetectorState, 'value' | 'shift' | 'flutter' | 'hours' | 'mean' | 'change'>;

function surprisesOf(
  state: DetectorState,
  value: number,
  atMs: number,
): { readonly parts: Parts; readonly surprise: number; readonly sign: AnomalySign } {
  const mean = (state.mean ?? value) + (value - (state.mean ?? value)) / meanSamples;
  const change = changeAfter(state, value);

  const level = move(state.value, value);
  const shift = move(state.shift, value - mean);
  const { low, high } = level.moves.range ?? { low: value, high: value };
  const flutter =
    change !== undefined && high > low
      ? stay(state.flutter, Math.log2(change / (high - low) + changeShareMin), 0)
      : { grid: state.flutter, surprise: 0 };
  const hour = stay(state.hours, value, hourOf(atMs));

  const weighed: Readonly<Record<AnomalySign, number>> = {
    level: weights.level * level.surprise,
    shift: weights.shift * shift.surprise,
    flutter: weights.flutter * flutter.surprise,
    hour: weights.hour * hour.surprise,
  };
  const signs = ['level', 'shift', 'flutter', 'hour'] as const;
  const sign = signs.reduce((most, one) => (weighed[one] > weighed[most] ? one : most));
  return {
    parts: {
      value: level.moves,
      shift: shift.moves,
      flutter: flutter.grid,
      hours: hour.grid,
      mean,
      change,
    },
    surprise: weighed[sign],
    sign,
  };
}

/** From the first change on, so that a series does not begin as a flat line. */
function changeAfter({ previous, change }: DetectorState, value: number): number | undefined {
  if (previous === undefined) return undefined;
  const size = Math.abs(value - previous);
  return change === undefined ? size : change + (size - change) / changeSamples;
}

/** Counts a move from the level before to that of `value`, and says how surprising it is. */
function move(before: Moves, value: number): { readonly moves: Moves; readonly surprise: number } {
  const grid = stretchTo(before, value, true);
  const to = levelOf(grid, value);
  const from = levelAfter(before, grid);
  if (from === undefined) return { moves: { ...grid, level: to }, surprise: 0 };
  return {
    moves: { ...countIn(grid, from, to), level: to },
    surprise: surpriseOf(grid, from, to),
  };
}

/** Where the level before lies once the range is stretched. */
const levelAfter = ({ level, range: before }: Moves, { range }: LevelGrid): number | undefined =>
  level === undefined || before === undefined || range === undefined
    ? undefined
    : before === range
      ? level
      : movedLevels(before, range, levels)[level];

/** Counts the level of `value` in a context, where there is one, and says how surprising it is. */
function stay(
  before: LevelGrid,
  value: number,
  context: number | undefined,
): { readonly grid: LevelGrid; readonly surprise: number } {
  const grid = stretchTo(before, value, false);
  if (context === undefined) return { grid, surprise: 0 };
  const level = levelOf(grid, value);
  return { grid: countIn(grid, context, level), surprise: surpriseOf(grid, context, level) };
}

const hourMs = 3_600_000;

/** 0 to 23, UTC; undefined without a time. */
const hourOf = (atMs: number): number | undefined =>
  Number.isFinite(atMs)
    ? ((Math.floor(atMs / hourMs) % hoursOfDay) + hoursOfDay) % hoursOfDay
    : undefined;
