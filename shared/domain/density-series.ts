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
export const densityFigures = [
  'instances',
  'tasks-per-instance',
  'reserved-share',
  'idle-share',
  /** On instances. */
  'tasks',
  /** What a task asks for on average, in vCPU or in units of 4 GiB, whichever is more; daemons left out. */
  'task-size',
  /** In which instances stay; of the whole cluster only. */
  'zones',
] as const;

export type DensityFigure = (typeof densityFigures)[number];

export type DensitySample = {
  readonly figure: DensityFigure;
  /** Name of the provider, or undefined for the whole cluster. */
  readonly group: string | undefined;
  readonly value: number;
};

/** What one look adds to the series; a group without instances has no density, only none of them. */
export function densitySamplesOf({ groups, cluster, zones }: Density): readonly DensitySample[] {
  const idle = groups.reduce((sum, group) => sum + group.idle.length, 0);
  return [
    ...groups.flatMap((group) => samplesOf(group.fill, group.idle.length, group.group.name)),
    ...samplesOf(cluster, idle, undefined),
    ...(cluster.instances === 0
      ? []
      : [{ figure: 'zones' as const, group: undefined, value: zones }]),
  ];
}

function samplesOf(fill: Fill, idle: number, group: string | undefined): readonly DensitySample[] {
  const { instances, tasks, dominantShare, asked } = fill;
  const size = Math.max(asked.cpuUnits / 1_024, asked.memoryMiB / 4_096);
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
    sample('tasks', tasks),
    ...(tasks === 0 ? [] : [sample('task-size', size / tasks)]),
  ];
}

/** What is remembered of one series. Plain JSON, about 2 kB. */
export type SeriesState = {
  readonly detector: DetectorState;
  readonly firstAtMs: number | undefined;
  /** Of the last sample; missing in what earlier releases wrote. */
  readonly lastAtMs?: number;
  /** Since when it is far from what was usual; undefined while it is not. */
  readonly farSinceMs: number | undefined;
  /** The same since it was last near for a moment: what explains it was there by then. */
  readonly awaySinceMs: number | undefined;
  /** The detector found a sample of it anomalous. */
  readonly isStriking: boolean;
  /** What was usual then: the band that a person is told, though the detector has learnt since. */
  readonly usual: Range | undefined;
  /** Since when it is back inside that band. */
  readonly usualSinceMs: number | undefined;
  /** When it was unusual and nothing explained it, the latest first; missing where it never was. */
  readonly episodes?: readonly Episode[];
};

/** A time in which a figure was unusual, from the first far sample to the last. */
type Episode = {
  readonly fromMs: number;
  readonly untilMs: number;
  /** The farthest value. */
  readonly value: number;
};

const weekMs = 7 * 24 * 3_600_000;
/** What happens each week does so within this of the hour, and lasts no longer than this beyond last time. */
export const weeklySlackMs = 2 * 3_600_000;
const episodesMax = 4;

const near = {
  farSinceMs: undefined,
  awaySinceMs: undefined,
  isStriking: false,
  usual: undefined,
  usualSinceMs: undefined,
} as const;

export const emptySeriesState: SeriesState = {
  detector: emptyDetectorState,
  firstAtMs: undefined,
  ...near,
};

/** Of one provider, or of the cluster. */
export type GroupSeries = Readonly<Partial<Record<DensityFigure, SeriesState>>>;

/**
 * Without a sample for longer than this, nobody knows how the figure was meanwhile: since when it is
 * unusual is counted anew. It lets some looks fail, and no night pass.
 */
export const sampleGapMsMax = 30 * 60_000;

/**
 * The series of a group after a look that found none of their figures, as nothing has a density where
 * there is no instance: what is not there is not unusual, nor is it when it comes back.
 */
export function withoutUnseen(series: GroupSeries, samples: readonly DensitySample[]): GroupSeries {
  const seen = new Set(samples.map(({ figure }) => figure));
  const after: { -readonly [Figure in DensityFigure]?: SeriesState } = { ...series };
  for (const figure of densityFigures) {
    const state = series[figure];
    if (state !== undefined && !seen.has(figure)) after[figure] = { ...state, ...near };
  }
  return after;
}

export type SeriesPolicy = {
  /** A series is not judged before it has a history of so long. */
  readonly learningMs: number;
  /** Unusual for so long before anybody is told, where the detector found it anomalous. */
  readonly holdMs: number;
  /** Far from its band for so long: a shift of level, however gently it came. */
  readonly shiftMs: number;
  /** Back in its band for so long: it is usual again. */
  readonly wellMs: number;
  /** Beyond the band by this share of its edge, and by no less than the least, to matter. */
  readonly margins: Readonly<
    Record<DensityFigure, { readonly share: number; readonly least: number }>
  >;
};

export const defaultSeriesPolicy: SeriesPolicy = {
  learningMs: 2 * 24 * 3_600_000,
  holdMs: 15 * 60_000,
  // The band holds nine of ten samples: what happens each day for 72 minutes lies within.
  shiftMs: 90 * 60_000,
  wellMs: 30 * 60_000,
  margins: {
    instances: { share: 0.25, least: 1 },
    'tasks-per-instance': { share: 0.25, least: 1 },
    'reserved-share': { share: 0.25, least: 0.1 },
    'idle-share': { share: 0.25, least: 0.1 },
    tasks: { share: 0.25, least: 2 },
    // Neither placement nor packing moves it.
    'task-size': { share: 0.15, least: 0.05 },
    // Of three zones one is missing: there is nothing in between.
    zones: { share: 0, least: 0.5 },
  },
};

export type SeriesVerdict =
  | { readonly kind: 'ignore'; readonly reason: 'usual' | 'usual-again' | 'still-learning' }
  | { readonly kind: 'hold'; readonly reason: 'not-long-enough' }
  /** It was told a week before at this hour, was as far then, and lasted as long. */
  | { readonly kind: 'hold'; readonly reason: 'seen-last-week' }
  | { readonly kind: 'hold'; readonly reason: 'explained'; readonly by: ClusterChange }
  | {
      readonly kind: 'act';
      readonly reason: 'density-unusual';
      readonly usual: Range;
      readonly sinceMs: number;
      /** What goes on and would explain it, but has done so for as long as it may. */
      readonly outlasts?: ClusterChange;
    };

/**
 * Follows one series by one sample. It is worth telling once the figure has been well outside of what
 * was usual before for `holdMs` after an anomaly, or for `shiftMs` without one, with nothing to explain
 * it, unless it was so a week before; and it ends when the figure is back, or when so much of the history
 * is like it that it is the usual now.
 */
export function followSeries(
  before: SeriesState,
  sample: DensitySample,
  context: {
    readonly nowMs: number;
    readonly cluster: ClusterMemory;
    readonly policy: SeriesPolicy;
  },
): { readonly state: SeriesState; readonly verdict: SeriesVerdict } {
  const { figure, value } = sample;
  const { nowMs, policy } = context;
  const state = unbroken(before, nowMs);
  const firstAtMs = state.firstAtMs ?? nowMs;
  const { state: detector, judgement } = judgeSample(state.detector, { value, atMs: nowMs });
  const base: SeriesState = { ...state, detector, firstAtMs, lastAtMs: nowMs };
  if (nowMs - firstAtMs < policy.learningMs || judgement.usual === undefined) {
    return { state: base, verdict: { kind: 'ignore', reason: 'still-learning' } };
  }
  const { usual = judgement.usual, farSinceMs, awaySinceMs } = state;
  const isFar = (band: Range): boolean => isFarFrom(band, value, figure, policy);
  // Both bands: one that the detector has widened meanwhile says that this is the usual now.
  if (isFar(usual) && isFar(judgement.usual)) {
    const far = {
      usual,
      farSinceMs: farSinceMs ?? nowMs,
      awaySinceMs: state.usualSinceMs === undefined ? (awaySinceMs ?? nowMs) : nowMs,
      isStriking: state.isStriking || judgement.score >= anomalousScore,
    };
    const verdict = verdictOn(far, sample, state, context);
    const after = { ...base, ...far, usualSinceMs: undefined };
    return { state: isTelling(verdict) ? withEpisode(after, value, nowMs) : after, verdict };
  }
  if (farSinceMs === undefined) {
    return { state: base, verdict: { kind: 'ignore', reason: 'usual' } };
  }
  const usualSinceMs = state.usualSinceMs ?? nowMs;
  if (nowMs - usualSinceMs < policy.wellMs) {
    return {
      state: { ...base, usualSinceMs },
      verdict: { kind: 'hold', reason: 'not-long-enough' },
    };
  }
  return { state: { ...base, ...near }, verdict: { kind: 'ignore', reason: 'usual-again' } };
}

/** What is remembered of a figure, as far as it was followed to this moment. */
const unbroken = (state: SeriesState, nowMs: number): SeriesState =>
  state.lastAtMs !== undefined && nowMs - state.lastAtMs > sampleGapMsMax
    ? { ...state, ...near }
    : state;

function verdictOn(
  far: {
    readonly usual: Range;
    readonly farSinceMs: number;
    readonly awaySinceMs: number;
    readonly isStriking: boolean;
  },
  { figure, group, value }: DensitySample,
  { episodes = [] }: SeriesState,
  { nowMs, cluster, policy }: Parameters<typeof followSeries>[2],
): SeriesVerdict {
  const { usual, farSinceMs, awaySinceMs, isStriking } = far;
  const lastedMs = nowMs - farSinceMs;
  const explanation = explanationOf(cluster, { figure, group, farSinceMs, awaySinceMs, nowMs });
  if (explanation?.kind === 'explained') {
    return { kind: 'hold', reason: 'explained', by: explanation.by };
  }
  if (lastedMs < (isStriking ? policy.holdMs : policy.shiftMs)) {
    return { kind: 'hold', reason: 'not-long-enough' };
  }
  const isLikeLastWeek = episodes.some(
    ({ fromMs, untilMs, value: seen }) =>
      Math.abs(farSinceMs - fromMs - weekMs) <= weeklySlackMs &&
      lastedMs <= untilMs - fromMs + weeklySlackMs &&
      !isFarFrom(hullOf(usual, seen), value, figure, policy),
  );
  if (isLikeLastWeek) return { kind: 'hold', reason: 'seen-last-week' };
  const act = { kind: 'act', reason: 'density-unusual', usual, sinceMs: farSinceMs } as const;
  return explanation === undefined ? act : { ...act, outlasts: explanation.by };
}

const isTelling = ({ kind, reason }: SeriesVerdict): boolean =>
  kind === 'act' || reason === 'seen-last-week';

/** The band stretched to a value that was seen. */
const hullOf = ({ low, high }: Range, value: number): Range => ({
  low: Math.min(low, value),
  high: Math.max(high, value),
});

/** The state with this time of being unusual, as far as it has come. */
function withEpisode(state: SeriesState, value: number, nowMs: number): SeriesState {
  const { farSinceMs: fromMs = nowMs, usual = { low: value, high: value }, episodes = [] } = state;
  const known = episodes.find((one) => one.fromMs === fromMs);
  const isFarther =
    known === undefined || distanceFrom(usual, value) > distanceFrom(usual, known.value);
  const now: Episode = { fromMs, untilMs: nowMs, value: isFarther ? value : known.value };
  const others = episodes.filter((one) => one !== known);
  return { ...state, episodes: [now, ...others].slice(0, episodesMax) };
}

const distanceFrom = ({ low, high }: Range, value: number): number =>
  Math.max(low - value, value - high, 0);

function isFarFrom(
  { low, high }: Range,
  value: number,
  figure: DensityFigure,
  { margins }: SeriesPolicy,
): boolean {
  const { share, least } = margins[figure];
  const far = (edge: number): number => Math.max(share * Math.abs(edge), least);
  return value > high + far(high) || value < low - far(low);
}

/** `tasks per instance 14, usually 6-9`: a figure, and where nine of ten lay before. */
export function figureSentence(figure: DensityFigure, value: number, { low, high }: Range): string {
  const number = numberText[unitOf[figure]];
  // A band may reach beyond what its figure can be.
  const most = unitOf[figure] === 'share' ? 1 : Number.POSITIVE_INFINITY;
  const possible = (edge: number): number => Math.min(Math.max(edge, 0), most);
  const [from, to] = [number(possible(low), 'up'), number(possible(high), 'down')];
  const now = number(possible(value), 'near');
  const usually = from === to ? from : `${from}-${to}`;
  const sign = unitOf[figure] === 'share' ? '%' : '';
  return `${nameOf(figure)} ${now}${sign}, usually ${usually}${sign}`;
}

const nameOf = (figure: DensityFigure): string =>
  figure === 'zones' ? zonesName : figure.replaceAll('-', ' ');

/** How the sentence on zones begins: those with an instance are meant. */
export const zonesName = 'zones with instances';

const unitOf: Readonly<Record<DensityFigure, 'count' | 'mean' | 'size' | 'share'>> = {
  instances: 'count',
  'tasks-per-instance': 'mean',
  'reserved-share': 'share',
  'idle-share': 'share',
  tasks: 'count',
  'task-size': 'size',
  zones: 'count',
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
  size: (value: number): string => String(Number(value.toFixed(2))),
  share: (value: number): string => String(Math.round(100 * value)),
} satisfies Readonly<
  Record<
    'count' | 'mean' | 'size' | 'share',
    (value: number, towards: 'up' | 'down' | 'near') => string
  >
>;
