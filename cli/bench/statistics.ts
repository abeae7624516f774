import {
  type ComparisonVerdict,
  defaultComparisonPolicy,
  judgeComparison,
} from '../../shared/domain/comparison.ts';
import { quantile } from '../../shared/domain/statistics/quantile.ts';
import { createRandom } from '../../shared/domain/statistics/random.ts';
import { shiftInterval } from '../../shared/domain/statistics/rank-test.ts';
import type { BenchRow } from './row.ts';
import {
  aaTraffic,
  drawTraffic,
  samplesOf,
  type Traffic,
  type TrafficOptions,
} from './traffic-model.ts';

/** Every figure below follows from it. Another seed moves each by its sampling error, no more. */
export const statisticsSeed = 20_261_120;

/** At 1 % and this many runs the standard error is 0.2 points. */
const runsDefault = 3_000;
/** Both sides together: the hook's limit. */
const requestsPerSecond = 20;

type Run = { readonly traffic: Traffic; readonly verdict: ComparisonVerdict };

/** Judges one drawn comparison as the hook does: look by look, until a look decides. */
export function runComparison(traffic: Traffic, hasBlue = true): ComparisonVerdict {
  let verdict: ComparisonVerdict | undefined;
  for (const look of defaultComparisonPolicy.looks) {
    verdict = judgeComparison(
      samplesOf(traffic.green, look),
      hasBlue ? samplesOf(traffic.blue, look) : undefined,
      defaultComparisonPolicy,
      verdict?.suspectedAtLook,
    );
    if (verdict.kind !== 'inconclusive') return verdict;
  }
  if (verdict === undefined) throw new RangeError('a policy has at least one look');
  return verdict;
}

/** Draws and judges `runs` comparisons, all different, all from one seed. */
export function runComparisons(
  options: Partial<TrafficOptions>,
  { runs, seed, hasBlue = true }: { runs: number; seed: number; hasBlue?: boolean },
): Run[] {
  const random = createRandom(seed);
  return Array.from({ length: runs }, () => {
    const traffic = drawTraffic({ ...aaTraffic, ...options }, random);
    return { traffic, verdict: runComparison(traffic, hasBlue) };
  });
}

/** Rules others publish, each at its fixed number of answers, on the same draws. */
const peers: readonly { readonly name: string; readonly flags: (traffic: Traffic) => boolean }[] = [
  { name: 'kayenta-rule-50', flags: (traffic) => isHighByKayentaRule(traffic, 50) },
  { name: 'kayenta-rule-200', flags: (traffic) => isHighByKayentaRule(traffic, 200) },
  { name: 'p95-ratio-50', flags: (traffic) => isHighByP95Ratio(traffic, 50) },
  { name: 'single-get', flags: ({ green }) => green[0] === 'error' },
];

/**
 * The rule of Kayenta's Mann-Whitney classifier with its defaults: high when the 98 % interval of
 * the shift lies beyond 25 % of the shift's estimate. The rule only, on our draws; not Kayenta.
 */
function isHighByKayentaRule({ green, blue }: Traffic, answers: number): boolean {
  const { shift, lower } = shiftInterval(
    samplesOf(green, answers).latenciesMs,
    samplesOf(blue, answers).latenciesMs,
    0.01,
  );
  return lower > 0.25 * shift;
}

function isHighByP95Ratio({ green, blue }: Traffic, answers: number): boolean {
  const p95 = (side: Traffic['green']) => quantile(samplesOf(side, answers).latenciesMs, 0.95);
  return p95(green) > 1.25 * p95(blue);
}

type Scenario = {
  readonly name: string;
  readonly options: Partial<TrafficOptions>;
  readonly outcome: 'flagged' | 'found';
  readonly hasBlue?: boolean;
  readonly hasPeers?: boolean;
};

const scenarios: readonly Scenario[] = [
  { name: 'aa', outcome: 'flagged', options: {}, hasPeers: true },
  {
    name: 'aa.errors-2-percent',
    outcome: 'flagged',
    options: { greenErrorShare: 0.02, blueErrorShare: 0.02 },
    hasPeers: true,
  },
  {
    name: 'aa.errors-5-percent',
    outcome: 'flagged',
    options: { greenErrorShare: 0.05, blueErrorShare: 0.05 },
    hasPeers: true,
  },
  { name: 'aa.cold-start', outcome: 'flagged', options: { coldStarts: 3 } },
  { name: 'aa.cold-start-no-warm-up', outcome: 'flagged', options: { coldStarts: 3, warmUp: 0 } },
  { name: 'aa.narrow', outcome: 'flagged', options: { shape: 'narrow' } },
  { name: 'aa.drift', outcome: 'flagged', options: { shape: 'drift' } },
  { name: 'aa.bimodal', outcome: 'flagged', options: { shape: 'bimodal' } },
  { name: 'aa.shared-host', outcome: 'flagged', options: { shape: 'shared-host' } },
  { name: 'aa.own-host', outcome: 'flagged', options: { shape: 'own-host' } },
  { name: 'latency+50', outcome: 'found', options: { greenFactor: 1.5 }, hasPeers: true },
  { name: 'latency+30', outcome: 'found', options: { greenFactor: 1.3 }, hasPeers: true },
  { name: 'latency+20', outcome: 'found', options: { greenFactor: 1.2 }, hasPeers: true },
  { name: 'errors-10', outcome: 'found', options: { greenErrorShare: 0.1 }, hasPeers: true },
  {
    name: 'errors-10-no-blue',
    outcome: 'found',
    options: { greenErrorShare: 0.1 },
    hasBlue: false,
  },
  {
    name: 'errors-2-no-blue',
    outcome: 'flagged',
    options: { greenErrorShare: 0.02 },
    hasBlue: false,
  },
];

/** The comparison's operating characteristics on the published noise model, beside simpler rules. */
export function* statisticsRows(runs = runsDefault): Generator<BenchRow> {
  yield { name: 'hook.seed', value: statisticsSeed, unit: 'seed' };
  yield { name: 'hook.runs', value: runs, unit: 'runs a row' };
  for (const [index, scenario] of scenarios.entries()) {
    yield* scenarioRows(scenario, { runs, seed: statisticsSeed + index });
  }
  yield* detectableRows({ runs, seed: statisticsSeed + scenarios.length });
}

function* scenarioRows(
  { name, options, outcome, hasBlue = true, hasPeers = false }: Scenario,
  { runs, seed }: { runs: number; seed: number },
): Generator<BenchRow> {
  const results = runComparisons(options, { runs, seed, hasBlue });
  const failed = results.filter(({ verdict }) => verdict.kind === 'fail');
  const value = percent(failed.length, runs);
  yield { name: `hook.${name}.${outcome}`, value, unit: '%' };
  if (outcome === 'found') {
    const early = failed.filter(({ verdict }) => verdict.look <= 100);
    yield { name: `hook.${name}.found-by-100`, value: percent(early.length, runs), unit: '%' };
    yield { name: `hook.${name}.answers`, value: meanAnswers(results), unit: 'answers a side' };
  }
  if (name === 'aa') yield* passRows(results.filter(({ verdict }) => verdict.kind === 'pass'));
  if (!hasPeers) return;
  for (const peer of peers) {
    const theirs = percent(results.filter(({ traffic }) => peer.flags(traffic)).length, runs);
    yield {
      name: `peer.${name}.${outcome}.${peer.name}`,
      value: theirs,
      unit: '%',
      peer: peer.name,
      ...(theirs > 0 ? { ratio: round(value / theirs, 3) } : {}),
    };
  }
}

function* passRows(passed: readonly Run[]): Generator<BenchRow> {
  const answers = meanAnswers(passed);
  const seconds = (2 * (answers + aaTraffic.warmUp)) / requestsPerSecond;
  yield { name: 'hook.aa.pass.answers', value: answers, unit: 'answers a side' };
  yield { name: 'hook.aa.pass.seconds', value: round(seconds, 1), unit: 's at 20 requests/s' };
}

/** The smallest ratio each look finds with 80 % power, and how often it is found there in fact. */
function* detectableRows({ runs, seed }: { runs: number; seed: number }): Generator<BenchRow> {
  const random = createRandom(seed);
  const draws = Array.from({ length: runs }, () => drawTraffic(aaTraffic, random));
  for (const look of defaultComparisonPolicy.looks) {
    const judgeAt = ({ green, blue }: Traffic): ComparisonVerdict =>
      judgeComparison(samplesOf(green, look), samplesOf(blue, look), defaultComparisonPolicy);
    const ratios = draws.map((traffic) => judgeAt(traffic).latency?.detectableRatio ?? Number.NaN);
    const ratio = round(quantile(ratios, 0.5), 3);
    const found = draws.filter(({ green, blue }) => {
      const slower = green.map((answer) =>
        answer === 'error' ? answer : Math.round(answer * ratio),
      );
      return judgeAt({ green: slower, blue }).kind === 'fail';
    });
    yield { name: `hook.detectable.look-${look}`, value: ratio, unit: 'ratio' };
    yield {
      name: `hook.detectable.look-${look}.found`,
      value: percent(found.length, runs),
      unit: '%',
    };
  }
}

const meanAnswers = (results: readonly Run[]): number =>
  round(results.reduce((sum, { verdict }) => sum + verdict.look, 0) / results.length, 1);

const percent = (part: number, whole: number): number => round((100 * part) / whole, 2);

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
