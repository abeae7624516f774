import {
  anomalousScore,
  type DetectorState,
  emptyDetectorState,
  judgeSample,
} from './anomaly/detector.ts';
import type { Range } from './anomaly/level-grid.ts';
import { type ClusterChange, type ClusterMemory, explanationOf } from './cluster-change.ts';
import type { Density, Fill } from './density.ts';

/**
 * Figures that are followed over time. Managed instances live for 14 days and less, so what has a
 * history is the provider and the cluster, never an instance.
 */
export type DensityFigure = 'instances' | 'tasks-per-instance' | 'reserved-share' | 'idle-share';

export type DensitySample = {
  readonly figure: DensityFigure;
  /** Name of the provider, or undefined for the whole cluster. */
  readonly group: string | undefined;
  readonly value: number;
};

/** What one look adds to the series; a group without instances has no density, only none of them. */
export function densitySamplesOf({ groups, cluster }: Density): readonly DensitySample[] {
  const idle = groups.reduce((sum, group) => sum + group.idle.length, 0);
  return [
    ...groups.flatMap((group) => samplesOf(group.fill, group.idle.length, group.group.name)),
    ...samplesOf(cluster, idle, undefined),
  ];
}

function samplesOf(fill: Fill, idle: number, group: string | undefined): readonly DensitySample[] {
  const { instances, tasks, dominantShare } = fill;
  const sample = (figure: DensityFigure, value: number): DensitySample => ({
    figure,
    group,
    value,
  });
  if (instances === 0) return [sample('instances', 0)];
  return [
    sample('instances', instances),
    sample('tasks-per-instance', tasks / instances),
    sample('reserved-share', dominantShare),
    sample('idle-share', idle / instances),
  ];
}

/** What is remembered of one series. Plain JSON, about 2 kB. */
export type SeriesState = {
  readonly detector: DetectorState;
  readonly firstAtMs: number | undefined;
  /** Since when it is unusual, after a sample that the detector found anomalous. */
  readonly suspectSinceMs: number | undefined;
  /** What was usual then: the band that a person is told, though the detector has learnt since. */
  readonly usual: Range | undefined;
  /** Since when it is back inside that band. */
  readonly usualSinceMs: number | undefined;
};

export const emptySeriesState: SeriesState = {
  detector: emptyDetectorState,
  firstAtMs: undefined,
  suspectSinceMs: undefined,
  usual: undefined,
  usualSinceMs: undefined,
};

export type SeriesPolicy = {
  /** A series is not judged before it has a history of so long. */
  readonly learningMs: number;
  /** Unusual for so long before anybody is told. */
  readonly holdMs: number;
  /** Back in its band for so long: it is usual again. */
  readonly wellMs: number;
  /** Beyond the band by this share of its edge, and by the least of each figure, to matter. */
  readonly marginShare: number;
};

export const defaultSeriesPolicy: SeriesPolicy = {
  learningMs: 2 * 24 * 3_600_000,
  holdMs: 15 * 60_000,
  wellMs: 30 * 60_000,
  marginShare: 0.25,
};

/** Least distance from the band that matters: an instance, a task an instance, a tenth. */
const marginMin: Readonly<Record<DensityFigure, number>> = {
  instances: 1,
  'tasks-per-instance': 1,
  'reserved-share': 0.1,
  'idle-share': 0.1,
};

export type SeriesVerdict =
  | { readonly kind: 'ignore'; readonly reason: 'usual' | 'usual-again' | 'still-learning' }
  | { readonly kind: 'hold'; readonly reason: 'not-long-enough' }
  | { readonly kind: 'hold'; readonly reason: 'explained'; readonly by: ClusterChange }
  | {
      readonly kind: 'act';
      readonly reason: 'density-unusual';
      readonly usual: Range;
      readonly sinceMs: number;
    };

/**
 * Follows one series by one sample. An anomaly opens a suspicion; it is worth telling once the figure
 * has been well outside of what was usual before for `holdMs`, with nothing to explain it; and it ends
 * when the figure is back, or when so much of the history is like it that it is the usual now.
 */
export function followSeries(
  state: SeriesState,
  { figure, value }: DensitySample,
  context: {
    readonly nowMs: number;
    readonly cluster: ClusterMemory;
    readonly policy: SeriesPolicy;
  },
): { readonly state: SeriesState; readonly verdict: SeriesVerdict } {
  const { nowMs, policy } = context;
  const firstAtMs = state.firstAtMs ?? nowMs;
  const { state: detector, judgement } = judgeSample(state.detector, { value, atMs: nowMs });
  const base: SeriesState = { ...state, detector, firstAtMs };
  if (nowMs - firstAtMs < policy.learningMs || judgement.usual === undefined) {
    return { state: base, verdict: { kind: 'ignore', reason: 'still-learning' } };
  }
  const isFar = (band: Range): boolean => isFarFrom(band, value, figure, policy);
  if (state.suspectSinceMs === undefined || state.usual === undefined) {
    const isSuspect = judgement.score >= anomalousScore && isFar(judgement.usual);
    return isSuspect
      ? suspect({ ...base, suspectSinceMs: nowMs, usual: judgement.usual }, context)
      : { state: base, verdict: { kind: 'ignore', reason: 'usual' } };
  }
  // Both bands: one that the detector has widened meanwhile says that this is the usual now.
  if (isFar(state.usual) && isFar(judgement.usual)) {
    return suspect({ ...base, usualSinceMs: undefined }, context);
  }
  const usualSinceMs = state.usualSinceMs ?? nowMs;
  if (nowMs - usualSinceMs < policy.wellMs) {
    return {
      state: { ...base, usualSinceMs },
      verdict: { kind: 'hold', reason: 'not-long-enough' },
    };
  }
  return {
    state: { ...base, suspectSinceMs: undefined, usual: undefined, usualSinceMs: undefined },
    verdict: { kind: 'ignore', reason: 'usual-again' },
  };
}

function suspect(
  state: SeriesState,
  { nowMs, cluster, policy }: Parameters<typeof followSeries>[2],
): ReturnType<typeof followSeries> {
  const { suspectSinceMs: sinceMs = nowMs, usual } = state;
  const by = explanationOf(cluster, { sinceMs, nowMs });
  if (by !== undefined) return { state, verdict: { kind: 'hold', reason: 'explained', by } };
  if (usual === undefined || nowMs - sinceMs < policy.holdMs) {
    return { state, verdict: { kind: 'hold', reason: 'not-long-enough' } };
  }
  return { state, verdict: { kind: 'act', reason: 'density-unusual', usual, sinceMs } };
}

function isFarFrom(
  { low, high }: Range,
  value: number,
  figure: DensityFigure,
  { marginShare }: SeriesPolicy,
): boolean {
  const far = (edge: number): number => Math.max(marginShare * Math.abs(edge), marginMin[figure]);
  return value > high + far(high) || value < low - far(low);
}

/** `tasks per instance 14, usually 6-9`: a figure, and where nine of ten lay before. */
export function figureSentence(figure: DensityFigure, value: number, { low, high }: Range): string {
  const number = numberText[unitOf[figure]];
  const [from, to, now] = [number(low, 'up'), number(high, 'down'), number(value, 'near')];
  const usually = from === to ? from : `${from}-${to}`;
  const sign = unitOf[figure] === 'share' ? '%' : '';
  return `${figure.replaceAll('-', ' ')} ${now}${sign}, usually ${usually}${sign}`;
}

const unitOf: Readonly<Record<DensityFigure, 'count' | 'mean' | 'share'>> = {
  instances: 'count',
  'tasks-per-instance': 'mean',
  'reserved-share': 'share',
  'idle-share': 'share',
};

/** Edges of a band of whole numbers are rounded into it: the levels of a band are narrower than one. */
const numberText = {
  count: (value: number, towards: 'up' | 'down' | 'near'): string =>
    String(
      towards === 'near'
        ? Math.round(value)
        : towards === 'up'
          ? Math.ceil(value - 1e-9)
          : Math.floor(value + 1e-9),
    ),
  mean: (value: number): string => String(Number(value.toFixed(1))),
  share: (value: number): string => String(Math.round(100 * value)),
} satisfies Readonly<
  Record<'count' | 'mean' | 'share', (value: number, towards: 'up' | 'down' | 'near') => string>
>;
