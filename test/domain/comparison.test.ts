import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runComparisons } from '../../cli/bench/statistics.ts';
import {
  type ComparisonPolicy,
  type ComparisonVerdict,
  judgeComparison,
  defaultComparisonPolicy as policy,
  type SideSamples,
} from '../../shared/domain/comparison.ts';
import { createRandom } from '../../shared/domain/statistics/random.ts';

/** `attempts` answers spread evenly over ±10 % of `medianMs`, the last `errors` of them errors. */
const side = (attempts: number, medianMs: number, errors = 0): SideSamples => {
  const count = attempts - errors;
  const latenciesMs = Array.from(
    { length: count },
    (_, index) => medianMs * (0.9 + (0.2 * (index + 0.5)) / count),
  );
  return { latenciesMs, errors };
};

const word = ({ kind, reason, look }: ComparisonVerdict): string => `${kind}:${reason}@${look}`;

type Case = readonly [
  name: string,
  green: SideSamples,
  blue: SideSamples | undefined,
  suspectedAtLook: number,
  expected: string,
];
const cases: readonly Case[] = [
  ['no answer yet', side(0, 40), side(0, 40), 0, 'inconclusive:more-samples-needed@0'],
  [
    'one short of the first look',
    side(19, 40),
    side(80, 40),
    0,
    'inconclusive:more-samples-needed@0',
  ],
  ['the slower side sets the look', side(200, 40), side(99, 40), 0, 'pass:no-regression@50'],

  // 20 good answers leave a 10 % error share open: 0.9²⁰ = 12 %; 0.9⁵⁰ = 0.5 %.
  ['alike, at the first look', side(20, 40), side(20, 40), 0, 'inconclusive:undecided@20'],
  ['alike, at the second', side(50, 40), side(50, 40), 0, 'pass:no-regression@50'],
  ['one value on both sides', flat(50, 40), flat(50, 40), 0, 'pass:no-regression@50'],
  ['answers within the clock tick: 0 ms', flat(50, 0), flat(50, 0), 0, 'pass:no-regression@50'],

  ['half slower', side(20, 60), side(20, 40), 0, 'fail:latency-regression@20'],
  [
    'a fifth slower: too little for the first look',
    side(20, 48),
    side(20, 40),
    0,
    'inconclusive:undecided@20',
  ],
  [
    'a fifth slower: enough for the second',
    side(50, 48),
    side(50, 40),
    0,
    'fail:latency-regression@50',
  ],
  ['25 % slower', side(20, 50), side(20, 40), 0, 'fail:latency-regression@20'],
  ['half faster', side(50, 40), side(50, 60), 0, 'pass:no-regression@50'],
  [
    'every answer 100 ms, then 200 ms',
    flat(20, 200),
    flat(20, 100),
    0,
    'fail:latency-regression@20',
  ],
  ['10.5 % and 21 ms slower', side(50, 221), side(50, 200), 0, 'fail:latency-regression@50'],
  ['9 % and 18 ms slower: the margin', side(50, 218), side(50, 200), 0, 'pass:within-margin@50'],
  ['9 %: the margin at the last look', side(200, 218), side(200, 200), 0, 'pass:within-margin@200'],
  ['40 % but 4 ms slower: the floor', side(50, 14), side(50, 10), 0, 'pass:within-margin@50'],
  ['60 % and 6 ms slower', side(50, 16), side(50, 10), 0, 'fail:latency-regression@50'],

  // Fisher's mid-p of k of 20 against 0 of 20: 6: 0.0051, 7: 0.0021, 8: 0.0008, 9: 0.0003.
  ['8 errors of 20, blue clean', side(20, 40, 8), side(20, 40), 0, 'inconclusive:undecided@20'],
  ['9 errors of 20, blue clean', side(20, 40, 9), side(20, 40), 0, 'fail:error-regression@20'],
  ['errors only, blue clean', side(20, 40, 20), side(20, 40), 0, 'fail:error-regression@20'],
  [
    '30 errors of 200, blue 10',
    side(200, 40, 30),
    side(200, 40, 10),
    0,
    'fail:error-regression@200',
  ],
  ['both at 5 %', side(200, 40, 10), side(200, 40, 10), 0, 'pass:no-regression@200'],
  ['both at 40 %', side(200, 40, 80), side(200, 40, 80), 0, 'pass:no-regression-found@200'],
  ['errors come before latency', side(50, 80, 30), side(50, 40), 0, 'fail:error-regression@50'],

  ['6 of 100, blue clean', side(100, 40, 6), side(100, 40), 0, 'fail:error-share-exceeded@100'],
  ['6 of 100, blue 1', side(100, 40, 6), side(100, 40, 1), 0, 'inconclusive:undecided@100'],
  [
    '6 of 100 and suspected, blue 1',
    side(100, 40, 6),
    side(100, 40, 1),
    50,
    'inconclusive:undecided@100',
  ],
  ['5 of 100, blue clean', side(100, 40, 5), side(100, 40), 0, 'inconclusive:undecided@100'],
  [
    '5 of 100, suspected at 50',
    side(100, 40, 5),
    side(100, 40),
    50,
    'fail:error-share-exceeded@100',
  ],
  [
    'blue broken, green 8 of 200',
    side(200, 40, 8),
    side(200, 40, 101),
    0,
    'pass:blue-not-comparable@200',
  ],
  [
    'both broken, green less',
    side(100, 40, 60),
    side(100, 40, 100),
    0,
    'fail:error-share-exceeded@100',
  ],
  [
    '5 of 100, suspected by the same look, judged again',
    side(100, 40, 5),
    side(100, 40),
    100,
    'inconclusive:undecided@100',
  ],
  ['4 of 100, suspected at 20', side(100, 40, 4), side(100, 40), 20, 'inconclusive:undecided@100'],
  ['5 of 50: too early', side(50, 40, 5), side(50, 40), 20, 'inconclusive:undecided@50'],
  [
    '10 of 200: by now Fisher tells',
    side(200, 40, 10),
    side(200, 40),
    50,
    'fail:error-regression@200',
  ],
  [
    '9 of 200, suspected, is below 5 %',
    side(200, 40, 9),
    side(200, 40),
    50,
    'pass:no-regression@200',
  ],

  // P(Bin(100, 2 %) ≥ 8) = 0.0009, of 7: 0.0041, of 6: 0.015; P(Bin(200, 2 %) ≥ 12) = 0.0009.
  ['alone: 4 of 20 fail', side(20, 40, 4), undefined, 0, 'fail:error-share-exceeded@20'],
  ['alone: 3 of 20 may pass yet', side(20, 40, 3), undefined, 0, 'inconclusive:undecided@20'],
  ['beside a clean blue: 11 of 20', side(20, 40, 11), side(20, 40), 0, 'fail:error-regression@20'],
  ['alone: 8 of 100', side(100, 40, 8), undefined, 0, 'fail:error-share-exceeded@100'],
  ['alone: 7 of 100', side(100, 40, 7), undefined, 0, 'inconclusive:undecided@100'],
  ['alone: 7 of 100, suspected', side(100, 40, 7), undefined, 50, 'fail:error-share-exceeded@100'],
  ['alone: 12 of 200', side(200, 40, 12), undefined, 0, 'fail:error-share-exceeded@200'],
  ['alone: 4 of 200', side(200, 40, 4), undefined, 0, 'pass:blue-absent@200'],
  ['alone and clean', side(50, 40), undefined, 0, 'pass:blue-absent@50'],

  ['blue broken, green clean', side(50, 90), side(50, 40, 26), 0, 'pass:blue-not-comparable@50'],
  ['blue broken, green too', side(20, 40, 20), side(20, 40, 20), 0, 'fail:error-share-exceeded@20'],
  [
    'blue broken, green 8 of 100',
    side(100, 40, 8),
    side(100, 40, 51),
    0,
    'inconclusive:undecided@100',
  ],
  ['blue half broken is compared', side(50, 90), side(50, 40, 25), 0, 'fail:latency-regression@50'],
  [
    'hardly a good answer on either',
    side(20, 40, 13),
    side(20, 40, 10),
    0,
    'inconclusive:too-few-latencies@20',
  ],
];

function flat(attempts: number, latencyMs: number): SideSamples {
  return { latenciesMs: Array.from({ length: attempts }, () => latencyMs), errors: 0 };
}

describe('judgeComparison', () => {
  it.each(cases)('%s', (_, green, blue, suspectedAtLook, expected) => {
    expect(word(judgeComparison(green, blue, policy, suspectedAtLook))).toBe(expected);
  });

  it('shows its evidence', () => {
    const verdict = judgeComparison(side(50, 60, 1), side(50, 40), policy);
    expect(verdict).toMatchObject({
      kind: 'fail',
      reason: 'latency-regression',
      look: 50,
      greenAttempts: 50,
      greenErrors: 1,
      blueAttempts: 50,
      blueErrors: 0,
      suspectedAtLook: 0,
      errorP: expect.closeTo(0.25, 9),
      latency: { greenMedianMs: 60, blueMedianMs: 40, alpha: 0.00075 },
    });
    expect(verdict.latency?.ratio).toBeCloseTo(1.5, 2);
    expect(verdict.latency?.shiftMs).toBeCloseTo(20, 1);
    expect(verdict.latency?.shiftLowerMs).toBeLessThan(20);
    expect(verdict.latency?.shiftUpperMs).toBeGreaterThan(20);
    expect(verdict.latency?.p).toBeLessThan(1e-9);
  });

  it('latency may spend the whole alpha at the first look only', () => {
    const alphas = [20, 50, 100, 200].map(
      (look) => judgeComparison(side(look, 40), side(look, 40), policy).latency?.alpha,
    );
    expect(alphas).toEqual([0.0025, 0.00075, 0.00075, 0.00075]);
  });

  it('a first look that is the last one goes by the margin', () => {
    const brief = { ...policy, looks: [20] };
    expect(word(judgeComparison(side(20, 48), side(20, 40), brief))).toBe(
      'fail:latency-regression@20',
    );
  });

  it('a share of errors counts at the last look, however few answers that is', () => {
    const judge = (looks: readonly number[]) =>
      word(judgeComparison(side(50, 40, 6), side(50, 40), { ...policy, looks }));
    expect(judge([20, 50, 100])).toBe('inconclusive:undecided@50');
    expect(judge([20, 50])).toBe('fail:error-share-exceeded@50');
  });

  it('remembers the first look at which too many calls erred', () => {
    const suspect = (attempts: number, errors: number, earlier: number) =>
      judgeComparison(side(attempts, 40, errors), side(attempts, 40), policy, earlier)
        .suspectedAtLook;
    expect(suspect(20, 2, 0)).toBe(0); // 10 %, but two errors are nothing.
    expect(suspect(20, 3, 0)).toBe(20);
    expect(suspect(50, 3, 0)).toBe(50);
    expect(suspect(50, 3, 20)).toBe(20);
    expect(suspect(100, 5, 0)).toBe(0); // Five percent is not more than five percent.
    expect(suspect(100, 0, 50)).toBe(50);
  });

  it('a share that recovers by 100 answers is no verdict, one that persists is', () => {
    const judge = (attempts: number, errors: number, earlier: number) =>
      judgeComparison(side(attempts, 40, errors), side(attempts, 40), policy, earlier);
    const second = judge(50, 3, judge(20, 1, 0).suspectedAtLook);
    expect(word(judge(100, 3, second.suspectedAtLook))).toBe('pass:no-regression@100');
    expect(word(judge(100, 5, second.suspectedAtLook))).toBe('fail:error-share-exceeded@100');
  });

  it('more checks, less alpha each: the caller divides, every rule follows', () => {
    const shared = { ...policy, alphaPerLook: policy.alphaPerLook / 10 };
    const judge = (green: SideSamples, blue: SideSamples) =>
      word(judgeComparison(green, blue, shared));
    expect(judge(side(20, 40, 9), side(20, 40))).toBe('inconclusive:undecided@20');
    expect(judge(side(100, 40, 6), side(100, 40))).toBe('inconclusive:undecided@100');
    expect(judge(side(20, 60), side(20, 40))).toBe('fail:latency-regression@20');
  });

  it.each<[string, Partial<ComparisonPolicy>]>([
    ['a look', { looks: [] }],
    ['ascend', { looks: [20, 20] }],
    ['whole number of answers', { looks: [20.5] }],
    ['alphaPerLook', { alphaPerLook: 0 }],
    ['no more than a look has', { alphaShare: 0.6 }],
    ['margin', { marginRatio: 0.9 }],
    ['excludeRatio', { excludeRatio: 1.1 }],
    ['floor', { floorMs: -1 }],
    ['excludeErrorShare', { excludeErrorShare: 1 }],
    ['errorShareMax', { errorShareMax: Number.NaN }],
    ['backgroundErrorShare', { backgroundErrorShare: 0 }],
    ['no error', { errorsMin: 0 }],
    ['some answers', { shareAnswersMin: 0 }],
    ['five a side', { latenciesMin: 4 }],
  ])('refuses a policy: %s', (sentence, change) => {
    const judge = () => judgeComparison(side(20, 40), undefined, { ...policy, ...change });
    expect(judge).toThrow(sentence);
  });

  it.each<[string, SideSamples]>([
    ['NaN latency', { latenciesMs: [Number.NaN], errors: 0 }],
    ['infinite latency', { latenciesMs: [Number.POSITIVE_INFINITY], errors: 0 }],
    ['negative latency', { latenciesMs: [-1], errors: 0 }],
    ['half an error', { latenciesMs: [], errors: 0.5 }],
    ['fewer than no errors', { latenciesMs: [], errors: -1 }],
  ])('refuses samples: %s', (_, broken) => {
    expect(() => judgeComparison(broken, side(20, 40), policy)).toThrow(/finite|whole/);
    expect(() => judgeComparison(side(20, 40), broken, policy)).toThrow(/finite|whole/);
  });
});

const latencies = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 20, maxLength: 120 });
const samples = fc.record({ latenciesMs: latencies, errors: fc.integer({ min: 0, max: 40 }) });

describe('judgeComparison, whatever the samples', () => {
  it('the order of the answers never matters', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer(), (green, blue, seed) => {
        const random = createRandom(seed);
        const mixed = (of: SideSamples) => ({ ...of, latenciesMs: random.shuffle(of.latenciesMs) });
        expect(judgeComparison(mixed(green), mixed(blue), policy)).toEqual(
          judgeComparison(green, blue, policy),
        );
      }),
    );
  });

  it('swapping the sides mirrors shift, ratio and the error p', () => {
    fc.assert(
      fc.property(samples, samples, (green, blue) => {
        const here = judgeComparison(green, blue, policy);
        const there = judgeComparison(blue, green, policy);
        fc.pre(here.latency !== undefined && there.latency !== undefined);
        expect((here.errorP ?? 0) + (there.errorP ?? 0)).toBeCloseTo(1, 9);
        expect((here.latency?.ratio ?? 0) * (there.latency?.ratio ?? 0)).toBeCloseTo(1, 9);
        expect(here.latency?.shiftMs).toBeCloseTo(-(there.latency?.shiftMs ?? 0), 9);
        expect(here.latency?.shiftLowerMs).toBeCloseTo(-(there.latency?.shiftUpperMs ?? 0), 9);
      }),
    );
  });

  it('a slower green is never better evidence for green', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer({ min: 1, max: 500 }), (green, blue, byMs) => {
        const slower = { ...green, latenciesMs: green.latenciesMs.map((ms) => ms + byMs) };
        const before = judgeComparison(green, blue, policy).latency;
        const after = judgeComparison(slower, blue, policy).latency;
        fc.pre(before !== undefined && after !== undefined);
        expect(after?.shiftMs).toBeCloseTo((before?.shiftMs ?? 0) + byMs, 9);
        expect(after?.ratio).toBeGreaterThanOrEqual((before?.ratio ?? 0) - 1e-12);
        expect(after?.shiftBoundMs).toBeCloseTo((before?.shiftBoundMs ?? 0) + byMs, 9);
      }),
    );
  });

  it('one more error never turns a fail by errors into a pass', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer({ min: 1, max: 10 }), (green, blue, more) => {
        const before = judgeComparison(green, blue, policy);
        fc.pre(before.reason === 'error-regression' || before.reason === 'error-share-exceeded');
        // The same number of answers, of which more are errors.
        const worse = {
          latenciesMs: green.latenciesMs.slice(more),
          errors: green.errors + more,
        };
        expect(judgeComparison(worse, blue, policy).kind).toBe('fail');
      }),
    );
  });

  it('the ratio does not depend on the unit', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer({ min: 2, max: 1000 }), (green, blue, factor) => {
        const positive = (of: SideSamples, by: number) => ({
          ...of,
          latenciesMs: of.latenciesMs.map((ms) => (ms + 1) * by),
        });
        const here = judgeComparison(positive(green, 1), positive(blue, 1), policy);
        const there = judgeComparison(positive(green, factor), positive(blue, factor), policy);
        fc.pre(here.latency !== undefined);
        expect((there.latency?.ratio ?? 0) / (here.latency?.ratio ?? 0)).toBeCloseTo(1, 9);
        expect(there.latency?.p).toBe(here.latency?.p);
      }),
    );
  });
});

describe('rates on the published noise model', () => {
  const runs = 800;
  const rates = (options: Parameters<typeof runComparisons>[0], seed: number, hasBlue = true) => {
    const verdicts = runComparisons(options, { runs, seed, hasBlue }).map(({ verdict }) => verdict);
    const failed = verdicts.filter(({ kind }) => kind === 'fail');
    return {
      failed: failed.length / runs,
      failedBy100: failed.filter(({ look }) => look <= 100).length / runs,
      answers: verdicts.reduce((sum, { look }) => sum + look, 0) / runs,
    };
  };

  // Bands are the rate measured over 4,000 runs of other seeds, and four standard errors at 800.
  it.each([
    ['A/A, 0.3 %', {}, 1, 0.011],
    ['A/A, both at 2 % errors, 0.8 %', { greenErrorShare: 0.02, blueErrorShare: 0.02 }, 2, 0.021],
    ['A/A, both at 5 % errors, 0.7 %', { greenErrorShare: 0.05, blueErrorShare: 0.05 }, 3, 0.02],
    ['A/A, three cold starts in the warm-up, 0.3 %', { coldStarts: 3 }, 4, 0.012],
    ['A/A, answers that hardly scatter, none', { shape: 'narrow' }, 12, 0],
  ] as const)('%s flagged', (_, options, seed, most) => {
    expect(rates(options, seed).failed).toBeLessThanOrEqual(most);
  });

  it('50 % slower is found, with 39 answers a side', () => {
    const { failed, answers } = rates({ greenFactor: 1.5 }, 5);
    expect(failed).toBeGreaterThan(0.985);
    expect(answers).toBeLessThan(41.5);
  });

  it('20 % slower is found six times out of seven', () => {
    const { failed } = rates({ greenFactor: 1.2 }, 6);
    expect(failed).toBeGreaterThan(0.81);
    expect(failed).toBeLessThan(0.91);
  });

  it('10 % errors beside a clean blue are found by 100 answers, 96 %', () => {
    expect(rates({ greenErrorShare: 0.1 }, 7).failedBy100).toBeGreaterThan(0.93);
  });

  it('10 % errors without a blue are found, 98 %; 2 % are not, 0.5 %', () => {
    expect(rates({ greenErrorShare: 0.1 }, 8, false).failed).toBeGreaterThan(0.96);
    expect(rates({ greenErrorShare: 0.02 }, 9, false).failed).toBeLessThan(0.016);
  });

  it('the detectable ratio is found about four times out of five at its look', () => {
    const verdicts = runComparisons({}, { runs, seed: 10 });
    let found = 0;
    for (const { traffic } of verdicts) {
      const goodOf = (answers: readonly (number | 'error')[], factor: number) => ({
        latenciesMs: answers.slice(0, 50).map((answer) => Math.round(Number(answer) * factor)),
        errors: 0,
      });
      const blue = goodOf(traffic.blue, 1);
      const ratio = judgeComparison(goodOf(traffic.green, 1), blue, policy).latency
        ?.detectableRatio;
      const slower = goodOf(traffic.green, ratio ?? 1);
      if (judgeComparison(slower, blue, policy).kind === 'fail') found += 1;
    }
    expect(found / runs).toBeGreaterThan(0.7);
    expect(found / runs).toBeLessThan(0.9);
  });
});
