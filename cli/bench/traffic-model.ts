import type { SideSamples } from '../../shared/domain/comparison.ts';
import type { Random } from '../../shared/domain/statistics/random.ts';

/** A latency in whole ms, or an error. */
export type Answer = number | 'error';
export type Traffic = { readonly green: readonly Answer[]; readonly blue: readonly Answer[] };

/**
 * How latencies are made.
 *
 * - `published`: lognormal, median 40 ms, sigma 0.4; 2 % of the requests take five times as long.
 * - `narrow`: lognormal, median 40 ms, sigma 0.15, and no slow requests: answers that hardly scatter.
 * - `drift`: as published, while both sides grow slower by half over the run.
 * - `bimodal`: as published, but half of the requests take 15 ms (a cache hit) and half 90 ms.
 * - `shared-host`: as published, times a noise that both sides share and that changes slowly.
 * - `own-host`: the same, but each side has a noise of its own: two hosts, neighbours that differ.
 */
export type Shape = 'published' | 'narrow' | 'drift' | 'bimodal' | 'shared-host' | 'own-host';

export type TrafficOptions = {
  readonly shape: Shape;
  /** Answers a side that are kept. */
  readonly answers: number;
  /** First answers of each side that are thrown away. */
  readonly warmUp: number;
  /** First requests of green that take ten times as long. */
  readonly coldStarts: number;
  readonly greenFactor: number;
  readonly greenErrorShare: number;
  readonly blueErrorShare: number;
};

export const aaTraffic: TrafficOptions = {
  shape: 'published',
  answers: 200,
  warmUp: 3,
  coldStarts: 0,
  greenFactor: 1,
  greenErrorShare: 0,
  blueErrorShare: 0,
};

/** Draws both sides of one comparison, pair by pair, the order inside a pair at random. */
export function drawTraffic(options: TrafficOptions, random: Random): Traffic {
  const pairs = options.warmUp + options.answers;
  const green = greenOf(options);
  const blue = blueOf(options);
  const blueHost = createSlowNoise(random);
  const greenHost = options.shape === 'own-host' ? createSlowNoise(random) : blueHost;
  const answers = { green: [] as Answer[], blue: [] as Answer[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const time = pair / pairs;
    const drawGreen = () =>
      answers.green.push(drawAnswer({ side: green, pair, time, host: greenHost }, random));
    const drawBlue = () =>
      answers.blue.push(drawAnswer({ side: blue, pair, time, host: blueHost }, random));
    const order = random.next() < 0.5 ? [drawGreen, drawBlue] : [drawBlue, drawGreen];
    for (const draw of order) draw();
  }
  return {
    green: answers.green.slice(options.warmUp),
    blue: answers.blue.slice(options.warmUp),
  };
}

/** The first `count` answers of a side, as the comparison takes them. */
export function samplesOf(answers: readonly Answer[], count: number): SideSamples {
  const latenciesMs = answers.slice(0, count).filter((answer) => answer !== 'error');
  return { latenciesMs, errors: Math.min(count, answers.length) - latenciesMs.length };
}

type Side = {
  readonly shape: Shape;
  readonly factor: number;
  readonly errorShare: number;
  readonly coldStarts: number;
};

const greenOf = ({ shape, greenFactor, greenErrorShare, coldStarts }: TrafficOptions): Side => ({
  shape,
  factor: greenFactor,
  errorShare: greenErrorShare,
  coldStarts,
});
const blueOf = ({ shape, blueErrorShare }: TrafficOptions): Side => ({
  shape,
  factor: 1,
  errorShare: blueErrorShare,
  coldStarts: 0,
});

type Moment = {
  readonly side: Side;
  readonly pair: number;
  /** From 0 at the start of the run to 1 at its end. */
  readonly time: number;
  readonly host: () => number;
};

function drawAnswer({ side, pair, time, host }: Moment, random: Random): Answer {
  if (random.next() < side.errorShare) return 'error';
  const coldFactor = pair < side.coldStarts ? 10 : 1;
  const drift = side.shape === 'drift' ? 1 + time / 2 : 1;
  const hostFactor = side.shape.endsWith('host') ? Math.exp(host()) : 1;
  const factor = side.factor * coldFactor * drift * hostFactor;
  return Math.round(factor * drawLatency(side.shape, random));
}

function drawLatency(shape: Shape, random: Random): number {
  if (shape === 'narrow') return 40 * Math.exp(0.15 * random.normal());
  const spike = random.next() < 0.02 ? 5 : 1;
  const medianMs = shape === 'bimodal' ? (random.next() < 0.5 ? 15 : 90) : 40;
  return medianMs * spike * Math.exp(0.4 * random.normal());
}

/** First-order autoregressive, standard deviation 0.3, half of it forgotten after 14 requests. */
function createSlowNoise(random: Random): () => number {
  const memory = 0.95;
  const deviation = 0.3;
  let noise = deviation * random.normal();
  return () => {
    noise = memory * noise + deviation * Math.sqrt(1 - memory * memory) * random.normal();
    return noise;
  };
}
