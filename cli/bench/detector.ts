import {
  anomalousScore,
  emptyDetectorState,
  judgeSample,
  type Sample,
} from '../../shared/domain/anomaly/detector.ts';
import { median } from '../../shared/domain/statistics/quantile.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { scoresOf } from '../detect-command.ts';
import type { BenchRow } from './row.ts';

const seed = 20_261_127;
const dayOfSamples = 288;
const days = 21;
/** Scores of the first week are not counted: every detector learns. */
const learningSamples = 7 * dayOfSamples;
/** A detection within so many samples of the change counts, and repeats within as many are one. */
const windowSamples = 36;
const seriesPerCase = 20;

type Shape = (at: number, random: Random) => number;

const hourOf = (at: number): number => ((at % dayOfSamples) / dayOfSamples) * 24;

/** What density series look like without trouble. */
const shapes: Readonly<Record<string, Shape>> = {
  noise: (_, random) => 50 + 4 * random.normal(),
  daily: (at, random) => 40 - 20 * Math.cos((Math.PI * hourOf(at)) / 12) + 2 * random.normal(),
  steps: (at, random) => Math.round(8 - 3 * Math.cos((Math.PI * hourOf(at)) / 12) + random.next()),
};

/** What goes wrong from a sample on: the value there would have been, and how long it goes wrong. */
const troubles: Readonly<Record<string, (value: number, since: number) => number>> = {
  spike: (value, since) => (since < 3 ? value * 2.5 : value),
  shift: (value) => value * 1.8,
  flat: () => 7,
};

type Series = { readonly samples: readonly Sample[]; readonly troubleAt: number };

function drawSeries(
  shape: Shape,
  change: (value: number, since: number) => number,
  random: Random,
): Series {
  const troubleAt = random.integer(14 * dayOfSamples, 20 * dayOfSamples);
  const samples = Array.from({ length: days * dayOfSamples }, (_, at) => {
    const value = shape(at, random);
    return { atMs: at * 300_000, value: at < troubleAt ? value : change(value, at - troubleAt) };
  });
  return { samples, troubleAt };
}

/** Median and MAD of the last day. */
function robustZ(samples: readonly Sample[]): readonly number[] {
  let center = 0;
  let scale = 1;
  return samples.map(({ value }, at) => {
    if (at < dayOfSamples) return 0;
    if (at % 12 === 0) {
      const past = samples.slice(at - dayOfSamples, at).map((one) => one.value);
      center = median(past);
      scale = 1.4826 * median(past.map((one) => Math.abs(one - center))) + 1e-9;
    }
    return Math.abs(value - center) / scale;
  });
}

/** Roberts' chart: a slow mean and variance against a fast mean. */
function ewmaChart(samples: readonly Sample[]): readonly number[] {
  let [fast, mean, variance] = [samples[0]?.value ?? 0, samples[0]?.value ?? 0, 0];
  return samples.map(({ value }) => {
    fast += 0.2 * (value - fast);
    const score = Math.abs(fast - mean) / (Math.sqrt(variance) + 1e-9);
    variance += 0.005 * ((value - mean) ** 2 - variance);
    mean += 0.005 * (value - mean);
    return score;
  });
}

/** Where scores reach the threshold, repeats left out. */
function alarmsIn(scores: readonly number[], threshold: number): readonly number[] {
  const alarms: number[] = [];
  for (const [at, score] of scores.entries()) {
    if (at < learningSamples || score < threshold) continue;
    if (at - (alarms.at(-1) ?? Number.NEGATIVE_INFINITY) > windowSamples) alarms.push(at);
  }
  return alarms;
}

type Scored = {
  readonly name: string;
  readonly scores: readonly number[];
  readonly troubleAt: number;
};

const isFound = ({ scores, troubleAt }: Scored, threshold: number): boolean =>
  alarmsIn(scores.slice(0, troubleAt + windowSamples), threshold).some((at) => at >= troubleAt);
const falseAlarms = (all: readonly Scored[], threshold: number): number =>
  all.reduce(
    (sum, { scores, troubleAt }) => sum + alarmsIn(scores.slice(0, troubleAt), threshold).length,
    0,
  );

/** The lowest threshold at which a detector raises no more false alarms than `most`. */
function thresholdFor(all: readonly Scored[], most: number): number {
  const candidates = [
    ...new Set(all.flatMap(({ scores, troubleAt }) => scores.slice(learningSamples, troubleAt))),
  ].sort((a, b) => a - b);
  let [low, high] = [0, candidates.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (falseAlarms(all, candidates[middle] ?? 0) <= most) high = middle;
    else low = middle + 1;
  }
  return candidates[low] ?? Number.POSITIVE_INFINITY;
}

/** Troubles found, beside two charts that raise as many false alarms; and what a sample costs. */
export function* detectorRows(): Generator<BenchRow> {
  const random = createRandom(seed);
  const drawn = Object.entries(troubles).flatMap(([trouble, change]) =>
    Object.values(shapes).flatMap((shape) =>
      Array.from({ length: seriesPerCase }, () => ({
        trouble,
        ...drawSeries(shape, change, random),
      })),
    ),
  );
  const scoredBy = (detect: (samples: readonly Sample[]) => readonly number[]): readonly Scored[] =>
    drawn.map(({ trouble, samples, troubleAt }) => ({
      name: trouble,
      scores: detect(samples),
      troubleAt,
    }));
  const ours = scoredBy(scoresOf);
  const most = falseAlarms(ours, anomalousScore);
  const weeks =
    drawn.reduce((sum, { troubleAt }) => sum + troubleAt - learningSamples, 0) / (7 * dayOfSamples);
  yield { name: 'detector.seed', value: seed, unit: 'seed' };
  yield { name: 'detector.false-alarms', value: round(most / weeks), unit: 'a series and week' };
  const peers = [
    ['robust-z', scoredBy(robustZ)] as const,
    ['ewma-chart', scoredBy(ewmaChart)] as const,
  ];
  for (const trouble of Object.keys(troubles)) {
    const found = (all: readonly Scored[], threshold: number): number => {
      const those = all.filter(({ name }) => name === trouble);
      return round((100 * those.filter((one) => isFound(one, threshold)).length) / those.length);
    };
    const value = found(ours, anomalousScore);
    yield { name: `detector.found.${trouble}`, value, unit: '%' };
    for (const [peer, all] of peers) {
      const theirs = found(all, thresholdFor(all, most));
      yield {
        name: `peer.found.${trouble}.${peer}`,
        value: theirs,
        unit: '%',
        peer,
        ...(theirs > 0 ? { ratio: round(value / theirs) } : {}),
      };
    }
  }
  yield* costRows(drawn[0]?.samples ?? []);
}

function* costRows(samples: readonly Sample[]): Generator<BenchRow> {
  const startMs = performance.now();
  let state = emptyDetectorState;
  for (const sample of samples) state = judgeSample(state, sample).state;
  const spentMs = performance.now() - startMs;
  yield { name: 'detector.sample', value: round((1_000 * spentMs) / samples.length), unit: 'µs' };
  yield { name: 'detector.state', value: JSON.stringify(state).length, unit: 'characters of JSON' };
}

const round = (value: number): number => Number(value.toFixed(3));
