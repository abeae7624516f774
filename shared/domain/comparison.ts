import { assert } from './assert.ts';
import { binomialLowerTail, binomialUpperTail } from './statistics/binomial.ts';
import { fisherMidP } from './statistics/fisher.ts';
import { normalQuantile } from './statistics/normal.ts';
import { type FiveNumbers, fiveNumbersOf, median } from './statistics/quantile.ts';
import { rankTest, shiftInterval, shiftUpperBound } from './statistics/rank-test.ts';

export type ComparisonPolicy = {
  /** Answers a side at which green is judged, ascending. */
  readonly looks: readonly number[];
  /** Chance of a false flag spent at each look; the caller divides it when it compares more checks. */
  readonly alphaPerLook: number;
  /**
   * Part of it that errors may spend at each look, and latency after the first, at most a half.
   * At the first look errors are too few to tell, and latency may spend all of it.
   */
  readonly alphaShare: number;
  /** Green may be this much slower, as a ratio of medians. */
  readonly marginRatio: number;
  /** Green may be this much slower, in ms, whatever the ratio. */
  readonly floorMs: number;
  /** The regression an early pass must rule out, as a ratio. */
  readonly excludeRatio: number;
  /** The share of errors an early pass must rule out, at 1 % one-sided. */
  readonly excludeErrorShare: number;
  /** Share of errors green may have where blue has none, or where there is no blue. */
  readonly errorShareMax: number;
  /** Fewer errors than this are never too large a share. */
  readonly errorsMin: number;
  /** The share of errors that may be the network's or the caller's, on either side. */
  readonly backgroundErrorShare: number;
  /** Answers a side before a share of errors is judged on its own, unless most calls fail. */
  readonly shareAnswersMin: number;
  /** Good answers a side before latencies are compared. */
  readonly latenciesMin: number;
};

/** The design's figures; `alphaShare` was chosen by measurement, see `cli/bench/statistics.ts`. */
export const defaultComparisonPolicy: ComparisonPolicy = {
  looks: [20, 50, 100, 200],
  alphaPerLook: 0.0025,
  alphaShare: 0.3,
  marginRatio: 1.1,
  floorMs: 5,
  excludeRatio: 1.25,
  excludeErrorShare: 0.1,
  errorShareMax: 0.05,
  errorsMin: 3,
  backgroundErrorShare: 0.02,
  shareAnswersMin: 100,
  latenciesMin: 10,
};

/** What one side answered since its warm-up, in any order. */
export type SideSamples = {
  /** Of good answers only, in ms. */
  readonly latenciesMs: readonly number[];
  /** Wrong answers, and answers that did not come in time; transport is neither. */
  readonly errors: number;
};

export type LatencyEvidence = {
  readonly greenMedianMs: number;
  readonly blueMedianMs: number;
  readonly greenFiveMs: FiveNumbers;
  readonly blueFiveMs: FiveNumbers;
  /** Green over blue: Hodges-Lehmann on log latencies. */
  readonly ratio: number;
  /** One-sided upper bound of the ratio at `alphaPerLook`; Infinity where answers are too few. */
  readonly ratioUpper: number;
  /** Green minus blue: Hodges-Lehmann, with its two-sided 98 % interval. */
  readonly shiftMs: number;
  readonly shiftLowerMs: number;
  readonly shiftUpperMs: number;
  /** One-sided upper bound of the shift at `alphaPerLook`; Infinity where answers are too few. */
  readonly shiftBoundMs: number;
  /** One-sided Mann-Whitney: green is slower. */
  readonly p: number;
  /** At or below which `p` counts at this look. */
  readonly alpha: number;
  /** The smallest true ratio that this look finds four times out of five in noise like this. */
  readonly detectableRatio: number;
};

export type ComparisonEvidence = {
  /** The look judged: the greatest that both sides reached; 0 before the first. */
  readonly look: number;
  readonly greenAttempts: number;
  readonly greenErrors: number;
  /** Both 0 when blue is absent. */
  readonly blueAttempts: number;
  readonly blueErrors: number;
  /** The first look at which green's share of errors was too large; 0 if none. Carry it along. */
  readonly suspectedAtLook: number;
  /** Absent where blue is absent or not comparable, or good answers are too few. */
  readonly latency?: LatencyEvidence;
  /** Fisher's mid-p: green errs more than blue. Absent where blue is absent. */
  readonly errorP?: number;
  /**
   * How likely so many errors, beside a blue without any, are at the background share. Only where blue is
   * absent or has none, or both sides err on most of their calls.
   */
  readonly backgroundP?: number;
};

export type PassReason =
  | 'no-regression' // A regression worth a rollback is ruled out.
  | 'no-regression-found' // The last look, and nothing was found.
  | 'within-margin' // Green is slower, by less than the margin or the floor.
  | 'blue-absent' // Green stands alone and keeps the absolute limits.
  | 'blue-not-comparable'; // As before: blue errs on most of its calls.
export type FailReason = 'latency-regression' | 'error-regression' | 'error-share-exceeded';
export type InconclusiveReason =
  | 'more-samples-needed' // Before the first look.
  | 'undecided' // This look cannot tell; the next may.
  | 'too-few-latencies'; // Too many errors on both sides to compare what is left.

/** A `reason` is stable: it is the log field, the word in the alert and what the tests assert. */
export type ComparisonVerdict = ComparisonEvidence &
  (
    | { readonly kind: 'pass'; readonly reason: PassReason }
    | { readonly kind: 'fail'; readonly reason: FailReason }
    | { readonly kind: 'inconclusive'; readonly reason: InconclusiveReason }
  );

/**
 * Judges green against blue for one check, at the greatest look that both sides reached.
 *
 * Call it when a look is reached, not between looks: alpha is spent per look. `suspectedAtLook` is
 * that of the previous verdict, 0 at first. Errors come before latency. Per look:
 *
 * - `error-regression`: Fisher's mid-p against blue, at the error part of alpha.
 * - `error-share-exceeded`: see {@link isShareExceeded}; only where blue is clean or absent, so two
 *   sides that err alike pass, and a better green beside a blue that errs on most calls does. Where
 *   both err on most of their calls nothing is proven, and green does not pass.
 * - `latency-regression`: Mann-Whitney at the latency part of alpha, and the ratio beyond the
 *   margin, and the shift beyond the floor: neither noise nor trifles roll back. At the first look the
 *   ratio has to reach what an early pass must rule out.
 * - a pass before the last look only when it rules out what a rollback is for.
 *
 * Asserts the policy, whole non-negative error counts, and latencies that are finite and not
 * negative.
 */
export function judgeComparison(
  green: SideSamples,
  blue: SideSamples | undefined,
  policy: ComparisonPolicy,
  suspectedAtLook = 0,
): ComparisonVerdict {
  assertPolicy(policy);
  assertSamples(green);
  if (blue !== undefined) assertSamples(blue);

  const evidence = gatherEvidence(green, blue, policy, suspectedAtLook);
  if (evidence.look === 0) {
    return { kind: 'inconclusive', reason: 'more-samples-needed', ...evidence };
  }
  const { errorP, latency } = evidence;
  if (errorP !== undefined && errorP <= policy.alphaPerLook * policy.alphaShare) {
    return { kind: 'fail', reason: 'error-regression', ...evidence };
  }
  // A look that is judged again, by a call after the one that reached it, is no earlier look.
  const suspectedEarlier = suspectedAtLook < evidence.look ? suspectedAtLook : 0;
  if (isShareExceeded(evidence, policy, suspectedEarlier)) {
    return { kind: 'fail', reason: 'error-share-exceeded', ...evidence };
  }
  if (latency !== undefined && isRegression(latency, evidence.look, policy)) {
    return { kind: 'fail', reason: 'latency-regression', ...evidence };
  }
  if (errorP !== undefined && latency === undefined && isBlueComparable(evidence)) {
    return { kind: 'inconclusive', reason: 'too-few-latencies', ...evidence };
  }
  const isLastLook = evidence.look === policy.looks.at(-1);
  if (!isLastLook && !isRegressionRuledOut(evidence, policy)) {
    return { kind: 'inconclusive', reason: 'undecided', ...evidence };
  }
  return { kind: 'pass', reason: passReasonOf(evidence, policy), ...evidence };
}

/**
 * True when green's share of errors is beyond what may be anyone's, given a blue without errors.
 *
 * Observed: `errorsMin` errors or more, and more than `errorShareMax` of the calls at this look or
 * at an earlier one. And not by chance: with p = P(Bin(green, s) ≥ errors) × (1 − s)^blue at the
 * background share s, an unconditional test of "both sides err at s", p ≤ alpha is asked for, or
 * p ≤ 3 alpha where an earlier look was suspicious. Requiring blue to be clean is part of the
 * event, which is why a blue that is clean by luck does little harm. At 100 a side that is 6 errors,
 * or 5 of which 3 came in the first 50: found 96 % of the time when green errs at 10 %, flagged
 * 0.44 % when both sides err at 2 % (0.63 % at 3 %, the worst). No rule at 100 a side finds 95 % for
 * less than 0.3 % (Neyman and Pearson), and "more than 5 % where blue has none" at every look, from
 * the first, flags 3 %.
 *
 * From `shareAnswersMin` answers on or at the last look, or as soon as most calls fail. Without blue at
 * every look: its part of the alpha is all there is to spend.
 */
function isShareExceeded(
  evidence: ComparisonEvidence,
  policy: ComparisonPolicy,
  suspectedEarlier: number,
): boolean {
  const { backgroundP, greenErrors, greenAttempts, blueAttempts, look } = evidence;
  if (backgroundP === undefined || greenErrors < policy.errorsMin) return false;
  const isEarly = look < policy.shareAnswersMin && look !== policy.looks.at(-1);
  if (isEarly && blueAttempts > 0 && !errsMostly(greenErrors, greenAttempts)) return false;
  const share = greenErrors / greenAttempts;
  return suspectedEarlier > 0
    ? share >= policy.errorShareMax && backgroundP <= 3 * policy.alphaPerLook
    : share > policy.errorShareMax && backgroundP <= policy.alphaPerLook;
}

type Counts = Pick<
  ComparisonEvidence,
  'greenAttempts' | 'greenErrors' | 'blueAttempts' | 'blueErrors'
>;

function gatherEvidence(
  green: SideSamples,
  blue: SideSamples | undefined,
  policy: ComparisonPolicy,
  suspectedEarlier: number,
): ComparisonEvidence {
  const greenAttempts = attemptsOf(green);
  const blueAttempts = blue === undefined ? 0 : attemptsOf(blue);
  const blueErrors = blue?.errors ?? 0;
  const answers = blue === undefined ? greenAttempts : Math.min(greenAttempts, blueAttempts);
  const counts = {
    look: policy.looks.findLast((look) => look <= answers) ?? 0,
    greenAttempts,
    greenErrors: green.errors,
    blueAttempts,
    blueErrors,
    suspectedAtLook: suspectedEarlier,
  };
  if (counts.look === 0) return counts;

  const isSuspect = suspectedEarlier === 0 && isSuspicious(counts, policy);
  const suspected = { ...counts, suspectedAtLook: isSuspect ? counts.look : suspectedEarlier };
  if (blue === undefined) return { ...suspected, backgroundP: backgroundPOf(counts, policy) };
  const errorP = fisherMidP(
    { errors: green.errors, attempts: greenAttempts },
    { errors: blueErrors, attempts: blueAttempts },
  );
  if (!isBlueComparable(counts)) {
    return errsMostly(green.errors, greenAttempts)
      ? { ...suspected, errorP, backgroundP: backgroundPOf(counts, policy) }
      : { ...suspected, errorP };
  }
  const fewest = Math.min(green.latenciesMs.length, blue.latenciesMs.length);
  return {
    ...suspected,
    errorP,
    ...(blueErrors === 0 ? { backgroundP: backgroundPOf(counts, policy) } : {}),
    ...(fewest < policy.latenciesMin
      ? {}
      : { latency: compareLatencies(green, blue, counts.look, policy) }),
  };
}

const errsMostly = (errors: number, attempts: number): boolean => errors > attempts / 2;

/** A blue that errs on most of its calls is no measure of latency. */
const isBlueComparable = ({ blueErrors, blueAttempts }: Counts): boolean =>
  !errsMostly(blueErrors, blueAttempts);

/** See {@link isShareExceeded}. A blue that errs on most calls says nothing about the background. */
function backgroundPOf(
  { greenAttempts, greenErrors, blueAttempts, blueErrors }: Counts,
  { backgroundErrorShare }: ComparisonPolicy,
): number {
  const cleanAnswers = blueErrors === 0 ? blueAttempts : 0;
  return (
    binomialUpperTail(greenAttempts, backgroundErrorShare, greenErrors) *
    (1 - backgroundErrorShare) ** cleanAnswers
  );
}

function isSuspicious({ greenErrors, greenAttempts }: Counts, policy: ComparisonPolicy): boolean {
  return greenErrors >= policy.errorsMin && greenErrors > policy.errorShareMax * greenAttempts;
}

function compareLatencies(
  green: SideSamples,
  blue: SideSamples,
  look: number,
  policy: ComparisonPolicy,
): LatencyEvidence {
  const alpha = latencyAlphaOf(look, policy);
  const greenMs = green.latenciesMs;
  const blueMs = blue.latenciesMs;
  const greenLogs = greenMs.map(logOf);
  const blueLogs = blueMs.map(logOf);
  const blueMedianMs = median(blueMs);

  const logs = shiftInterval(greenLogs, blueLogs, intervalAlpha);
  const shift = shiftInterval(greenMs, blueMs, intervalAlpha);
  const errorOf = ({ lower, upper }: { lower: number; upper: number }): number =>
    (upper - lower) / 2 / -normalQuantile(intervalAlpha);
  return {
    greenMedianMs: median(greenMs),
    blueMedianMs,
    greenFiveMs: fiveNumbersOf(greenMs),
    blueFiveMs: fiveNumbersOf(blueMs),
    ratio: Math.exp(logs.shift),
    ratioUpper: Math.exp(shiftUpperBound(greenLogs, blueLogs, policy.alphaPerLook)),
    shiftMs: shift.shift,
    shiftLowerMs: shift.lower,
    shiftUpperMs: shift.upper,
    shiftBoundMs: shiftUpperBound(greenMs, blueMs, policy.alphaPerLook),
    p: rankTest(greenMs, blueMs).p,
    alpha,
    detectableRatio: detectableRatioOf(
      { look, alpha, logError: errorOf(logs), shiftErrorMs: errorOf(shift), blueMedianMs },
      policy,
    ),
  };
}

type Noise = {
  readonly look: number;
  readonly alpha: number;
  /** Standard error of the log ratio, and of the shift: from the width of their intervals. */
  readonly logError: number;
  readonly shiftErrorMs: number;
  readonly blueMedianMs: number;
};

/**
 * The ratio that clears test, margin and floor with 80 % power each, from the standard errors seen:
 * exp((z₁₋α + z.₈) error) for the test, limit + z.₈ error for margin and floor.
 */
function detectableRatioOf(
  { look, alpha, logError, shiftErrorMs, blueMedianMs }: Noise,
  policy: ComparisonPolicy,
): number {
  const powerZ = normalQuantile(0.8);
  const alphaZ = -normalQuantile(alpha);
  return Math.max(
    Math.exp((alphaZ + powerZ) * logError),
    ratioMinOf(look, policy) * Math.exp(powerZ * logError),
    1 + (policy.floorMs + powerZ * shiftErrorMs) / Math.max(blueMedianMs, smallestMs),
  );
}

function passReasonOf(evidence: ComparisonEvidence, policy: ComparisonPolicy): PassReason {
  const { latency, blueAttempts } = evidence;
  if (latency === undefined) return blueAttempts === 0 ? 'blue-absent' : 'blue-not-comparable';
  if (isSlower(latency)) return 'within-margin';
  return isRegressionRuledOut(evidence, policy) ? 'no-regression' : 'no-regression-found';
}

function isRegressionRuledOut(evidence: ComparisonEvidence, policy: ComparisonPolicy): boolean {
  const { greenAttempts, greenErrors, latency } = evidence;
  if (binomialLowerTail(greenAttempts, policy.excludeErrorShare, greenErrors) > 0.01) return false;
  if (latency === undefined) return true;
  const isExcluded =
    latency.ratioUpper < policy.excludeRatio || latency.shiftBoundMs < policy.floorMs;
  return isExcluded && isWithinMargin(latency, policy);
}

/** Whether latency alone rolls back. */
const isRegression = (latency: LatencyEvidence, look: number, policy: ComparisonPolicy): boolean =>
  isSlower(latency) &&
  !isWithinMargin(latency, policy) &&
  latency.ratio >= ratioMinOf(look, policy);

/**
 * The ratio that a look has to show. The first spends the most alpha on the fewest answers: where they
 * hardly scatter, whatever its test flags lies beyond the margin, and equal builds would be flagged as
 * often as the test allows. So what it rolls back has the size that an early pass rules out; what is
 * smaller is seen by the next look.
 */
const ratioMinOf = (
  look: number,
  { looks, marginRatio, excludeRatio }: ComparisonPolicy,
): number => (look === looks[0] && looks.length > 1 ? excludeRatio : marginRatio);

const isSlower = ({ p, alpha }: LatencyEvidence): boolean => p <= alpha;

const isWithinMargin = ({ ratio, shiftMs }: LatencyEvidence, policy: ComparisonPolicy): boolean =>
  ratio <= policy.marginRatio || shiftMs <= policy.floorMs;

const latencyAlphaOf = (look: number, { alphaPerLook, alphaShare, looks }: ComparisonPolicy) =>
  look === looks[0] ? alphaPerLook : alphaPerLook * alphaShare;

const attemptsOf = ({ latenciesMs, errors }: SideSamples): number => latenciesMs.length + errors;

/** Left out on each side of the 98 % interval. */
const intervalAlpha = 0.01;

/** A latency that rounds to 0 ms lies below half of one; its logarithm must exist. */
const smallestMs = 0.5;
const logOf = (latencyMs: number): number => Math.log(Math.max(latencyMs, smallestMs));

function assertSamples({ latenciesMs, errors }: SideSamples): void {
  assert(Number.isInteger(errors) && errors >= 0, 'errors are counted in whole numbers');
  for (const latencyMs of latenciesMs) {
    assert(Number.isFinite(latencyMs) && latencyMs >= 0, 'a latency is a finite number of ms, ≥ 0');
  }
}

function assertPolicy(policy: ComparisonPolicy): void {
  const isShare = (value: number): boolean => value > 0 && value < 1;
  const { looks } = policy;
  assert(looks.length > 0, 'without a look nothing is ever judged');
  for (const [index, look] of looks.entries()) {
    assert(Number.isInteger(look), 'a look is a whole number of answers');
    assert(look > (looks[index - 1] ?? 0), 'looks are positive and ascend');
  }
  assert(policy.alphaPerLook > 0 && policy.alphaPerLook <= 0.05, 'alphaPerLook lies in (0, 0.05]');
  assert(
    policy.alphaShare > 0 && policy.alphaShare <= 0.5,
    'latency and errors together spend no more than a look has',
  );
  assert(policy.marginRatio >= 1, 'a margin below 1 would call an equal green slow');
  assert(policy.excludeRatio > policy.marginRatio, 'excludeRatio lies beyond marginRatio');
  assert(policy.floorMs >= 0, 'a floor is not negative');
  assert(isShare(policy.excludeErrorShare), 'excludeErrorShare is a share');
  assert(isShare(policy.errorShareMax), 'errorShareMax is a share');
  assert(isShare(policy.backgroundErrorShare), 'backgroundErrorShare is a share');
  assert(policy.errorsMin >= 1, 'no error is never too large a share');
  assert(policy.shareAnswersMin >= 1, 'a share is one of some answers');
  assert(policy.latenciesMin >= 5, 'below five a side no 98 % interval has ends');
}
