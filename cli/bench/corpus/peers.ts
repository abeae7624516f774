import { explanationOf } from '../../../shared/domain/cluster-change.ts';
import { defaultSeriesPolicy, type SeriesVerdict } from '../../../shared/domain/density-series.ts';
import { median } from '../../../shared/domain/statistics/quantile.ts';
import { type Follower, perSeries } from './follow.ts';

/** Scores the samples of one series, each by what came before it. */
export type Scorer = (value: number) => number;

export type Peer = {
  readonly name: string;
  readonly createScorer: () => Scorer;
  /** Scores of this and more are unusual. */
  readonly threshold: number;
};

const dayOfSamples = 288;
/** Figures that never move have no spread: a chart counts from this share of their level, at least. */
const spreadShareMin = 0.05;
const spreadMin = 0.02;
const spreadOf = (measured: number, level: number): number =>
  Math.max(measured, spreadShareMin * Math.abs(level), spreadMin);

/** Distance from the median of the last two days in median absolute deviations. */
export function createRobustZ(days = 2): Scorer {
  const past: number[] = [];
  let [center, scale] = [0, Number.POSITIVE_INFINITY];
  return (value) => {
    // Four times a day is often enough for a window of days.
    if (past.length >= dayOfSamples && past.length % (dayOfSamples / 4) === 0) {
      const window = past.slice(-days * dayOfSamples);
      center = median(window);
      scale = spreadOf(1.4826 * median(window.map((one) => Math.abs(one - center))), center);
    }
    past.push(value);
    return Math.abs(value - center) / scale;
  };
}

/** Roberts' chart: a fast mean against a slow one, in slow standard deviations. */
export function createEwmaChart(slowDays = 3): Scorer {
  const slow = 1 / (slowDays * dayOfSamples);
  let seen = 0;
  let [fast, mean, variance] = [0, 0, 0];
  return (value) => {
    seen += 1;
    if (seen === 1) [fast, mean] = [value, value];
    fast += 0.3 * (value - fast);
    const score = Math.abs(fast - mean) / spreadOf(Math.sqrt(variance), mean);
    // As a plain mean at first, so that the first value does not weigh for days.
    const weight = Math.max(slow, 1 / seen);
    variance += weight * ((value - mean) ** 2 - variance);
    mean += weight * (value - mean);
    return score;
  };
}

/**
 * Limits that somebody sets for each figure after five days, in which nothing was wrong: how far a
 * value lies beyond the lowest and the highest of them, as a share of that.
 */
export function createFixedThreshold(days = 5): Scorer {
  let seen = 0;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return (value) => {
    seen += 1;
    if (seen <= days * dayOfSamples) {
      [low, high] = [Math.min(low, value), Math.max(high, value)];
      return 0;
    }
    const beyond = (edge: number, by: number): number => by / Math.max(Math.abs(edge), 0.2);
    return Math.max(beyond(high, value - high), beyond(low, low - value), 0);
  };
}

/**
 * Each with the window and the threshold of the best F1 on the tuning seeds, of 2 and 7 days by 4 to 16
 * (robust-z), 3 and 7 days by 2 to 8 (ewma-chart), and 0.05 to 0.8 (fixed-threshold).
 */
export const peers: readonly Peer[] = [
  { name: 'robust-z', createScorer: createRobustZ, threshold: 12 },
  { name: 'ewma-chart', createScorer: createEwmaChart, threshold: 5 },
  { name: 'fixed-threshold', createScorer: createFixedThreshold, threshold: 0.1 },
];

type PeerState = {
  readonly score: Scorer | undefined;
  readonly firstAtMs: number;
  readonly sinceMs: number | undefined;
  readonly awaySinceMs: number | undefined;
  readonly usualSinceMs: number | undefined;
};
const fresh = { sinceMs: undefined, awaySinceMs: undefined, usualSinceMs: undefined } as const;
const emptyPeerState: PeerState = { score: undefined, firstAtMs: 0, ...fresh };

/** A peer with what it has not: time to learn, a wait before it tells, an end, and silence by cause. */
export function followPeer({ createScorer, threshold }: Peer): Follower {
  const { learningMs, holdMs, wellMs } = defaultSeriesPolicy;
  return perSeries<PeerState>(
    emptyPeerState,
    (before, { figure, group, value }, { nowMs, memory }) => {
      const score = before.score ?? createScorer();
      const firstAtMs = before.score === undefined ? nowMs : before.firstAtMs;
      const base = { ...before, score, firstAtMs };
      const isUnusual = score(value) >= threshold && nowMs - firstAtMs >= learningMs;
      if (!isUnusual) return back(base, nowMs, wellMs);
      const sinceMs = before.sinceMs ?? nowMs;
      const isAnew = before.usualSinceMs !== undefined || before.awaySinceMs === undefined;
      const awaySinceMs = isAnew ? nowMs : before.awaySinceMs;
      const state = { ...base, sinceMs, awaySinceMs, usualSinceMs: undefined };
      const explanation = explanationOf(memory, {
        ...{ figure, group, nowMs },
        farSinceMs: sinceMs,
        awaySinceMs: awaySinceMs ?? nowMs,
      });
      if (explanation?.kind === 'explained') {
        const { by } = explanation;
        return { state, verdict: { kind: 'hold', reason: 'explained', by } };
      }
      return { state, verdict: nowMs - sinceMs < holdMs ? wait : tell(value, sinceMs) };
    },
  );
}

const wait: SeriesVerdict = { kind: 'hold', reason: 'not-long-enough' };
const tell = (value: number, sinceMs: number): SeriesVerdict => ({
  kind: 'act',
  reason: 'density-unusual',
  usual: { low: value, high: value },
  sinceMs,
});

function back(
  state: PeerState,
  nowMs: number,
  wellMs: number,
): { readonly state: PeerState; readonly verdict: SeriesVerdict } {
  if (state.sinceMs === undefined) return { state, verdict: { kind: 'ignore', reason: 'usual' } };
  const usualSinceMs = state.usualSinceMs ?? nowMs;
  if (nowMs - usualSinceMs < wellMs) return { state: { ...state, usualSinceMs }, verdict: wait };
  return { state: { ...state, ...fresh }, verdict: { kind: 'ignore', reason: 'usual-again' } };
}
