import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { LoadBalancerGateway } from '../../shared/aws/load-balancer-gateway.ts';
import type { Check } from '../../shared/domain/check.ts';
import {
  type ComparisonVerdict,
  defaultComparisonPolicy,
  judgeComparison,
} from '../../shared/domain/comparison.ts';
import { describeComparison } from '../../shared/domain/comparison-detail.ts';
import type { Endpoint } from '../../shared/domain/endpoint.ts';
import type { Finding, Verdict } from '../../shared/domain/gate.ts';
import { type GateConfig, sampledChecks } from '../../shared/domain/gate-config.ts';
import {
  type GateState,
  type SampleState,
  type SideState,
  unitsPerMs,
} from '../../shared/domain/gate-state.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { judgeTargets } from '../../shared/domain/targets.ts';
import type { Budget } from '../../shared/http/budget.ts';
import type { ProbeRequest } from '../../shared/http/port.ts';
import { buildRequest } from '../../shared/http/request.ts';
import { type RunDeps, runCheck } from '../../shared/http/run-check.ts';
import { type SampleRequests, sample, warmUp } from '../../shared/http/sample.ts';
import { identified } from './identity.ts';
import type { Situation } from './observe.ts';
import { type HeaderDeps, resolveHeaders } from './resolve-headers.ts';
import { type WatchDeps, watch } from './watch.ts';

export type MeasureDeps = RunDeps &
  HeaderDeps &
  WatchDeps & {
    readonly loadBalancers: LoadBalancerGateway;
    /** Seeds the order of the test calls. */
    seed(): number;
  };

export type Measurement = {
  readonly findings: readonly Finding[];
  readonly state: GateState;
};

/** A check with the calls that it makes; calls are undefined where a finding says why. */
type PreparedCheck = {
  readonly check: Check;
  readonly green: ProbeRequest;
  readonly blue: ProbeRequest | undefined;
};

/**
 * Measures green: its targets, every check, the alarms and metrics, and then, if all of that holds,
 * samples of green and blue until the comparison can tell.
 *
 * `progress` is told the state after every step, so that a call that is cut short loses no samples.
 */
export async function measure(
  situation: Situation,
  config: GateConfig,
  from: GateState,
  marker: string,
  deps: MeasureDeps,
  budget: Budget,
  progress: (measurement: Measurement) => void,
): Promise<Measurement> {
  let state = from;
  const findings: Finding[] = [situation.routing];
  const report = (): Measurement => ({ findings: [...findings], state });
  const count = (green: number, blue: number): void => {
    const { requests } = state;
    state = { ...state, requests: { green: requests.green + green, blue: requests.blue + blue } };
  };

  const { green, blue } = situation;
  // Where the calls would not reach green alone, they would judge the wrong build.
  if (green === undefined || situation.routing.verdict !== 'pass') return report();
  const prepared = await prepare(situation, config, green, blue, marker, deps, budget);
  findings.push(...prepared.findings);

  const sampled = new Set(sampledChecks(config).map(({ name }) => name));
  const first = prepared.checks.find(({ check }) => sampled.has(check.name));
  if (first !== undefined) {
    const sent = await warmUp(first, config.samples.warmUp, config.samples, deps, budget);
    count(sent.green, sent.blue);
  }

  const [targets, watched, runs] = await Promise.all([
    measureTargets(situation, config, deps, budget),
    watch(situation, config, deps, budget),
    Promise.all(
      prepared.checks.map(async (one) => ({
        ...one,
        run: await runCheck(one.check, one.green, deps, budget),
      })),
    ),
  ]);
  for (const { check, run } of runs) {
    count(run.requests, 0);
    findings.push(checkFinding(check, run.verdict, run.reason, run.detail));
  }
  findings.push(...targets, ...watched);
  progress(report());
  if (findings.some(({ isCritical, verdict }) => isCritical && verdict !== 'pass')) return report();

  const compared = prepared.checks.filter(({ check }) => sampled.has(check.name));
  const random = createRandom(deps.seed());
  for (const one of compared) {
    const outcome = await compare(
      one,
      config,
      compared.length,
      state,
      random,
      deps,
      budget,
      (next) => {
        state = next;
        progress(report());
      },
    );
    findings.push(outcome);
    progress(report());
    if (outcome.isCritical && outcome.verdict !== 'pass') break;
  }
  return report();
}

const checkFinding = (check: Check, verdict: Verdict, reason: string, detail: string): Finding => ({
  step: `check:${check.name}`,
  verdict,
  reason,
  detail: verdict === 'pass' ? detail : `${check.name}: ${detail}`,
  isCritical: check.isCritical,
});

/** Resolves what each check sends; a check that cannot be sent becomes a finding. */
async function prepare(
  situation: Situation,
  config: GateConfig,
  green: Endpoint | undefined,
  blue: Endpoint | undefined,
  marker: string,
  deps: HeaderDeps,
  budget: Budget,
): Promise<{ readonly checks: readonly PreparedCheck[]; readonly findings: readonly Finding[] }> {
  const checks: PreparedCheck[] = [];
  const findings: Finding[] = [];
  if (green === undefined) return { checks, findings };
  for (const plain of config.checks) {
    const told = identified(plain, config.identity, situation.revision);
    if (told.kind === 'unknown') {
      findings.push(checkFinding(plain, 'error', 'identity-unknown', told.detail));
      continue;
    }
    const headers = await resolveHeaders(plain, deps, budget.signal);
    if (headers.kind === 'unresolved') {
      findings.push(checkFinding(plain, 'error', headers.reason, headers.detail));
      continue;
    }
    const toGreen = buildRequest(told.check, green, headers.headers, marker);
    if (toGreen.kind === 'not-routed') {
      findings.push(checkFinding(plain, 'error', 'check-not-routed', toGreen.detail));
      continue;
    }
    const toBlue = blue && buildRequest(told.check, blue, headers.headers, marker);
    checks.push({
      check: told.check,
      green: toGreen.request,
      blue: toBlue?.kind === 'request' ? toBlue.request : undefined,
    });
  }
  return { checks, findings };
}

async function measureTargets(
  { greenTargetGroupArn }: Situation,
  config: GateConfig,
  { loadBalancers }: MeasureDeps,
  { signal }: Budget,
): Promise<readonly Finding[]> {
  if (!config.targets.mustBeHealthy || greenTargetGroupArn === undefined) return [];
  const finding = (verdict: Verdict, reason: string, detail: string): readonly Finding[] => [
    { step: 'targets', verdict, reason, detail, isCritical: true },
  ];
  try {
    const targets = await loadBalancers.describeTargets(greenTargetGroupArn, signal);
    const { verdict, reason, detail } = judgeTargets(targets, config.targets.healthyMin);
    return finding(verdict, reason, detail);
  } catch (error) {
    const { reason, detail } = awsProblemOf(error);
    return finding('error', reason, detail);
  }
}

const emptySide: SideState = { latencies: [], errors: 0 };
const emptySamples: SampleState = { green: emptySide, blue: emptySide };

/** Looks at which samples are judged: the policy's own below the configured most, and that. */
export const looksUpTo = (samplesMax: number): readonly number[] => [
  ...defaultComparisonPolicy.looks.filter((look) => look < samplesMax),
  samplesMax,
];

/** Samples one check look by look until the comparison can tell, or the call's time is over. */
async function compare(
  { check, green, blue }: PreparedCheck,
  config: GateConfig,
  compared: number,
  from: GateState,
  random: Random,
  deps: RunDeps,
  budget: Budget,
  keep: (state: GateState) => void,
): Promise<Finding> {
  const looks = looksUpTo(config.samples.max);
  const policy = {
    ...defaultComparisonPolicy,
    ...config.comparison,
    looks,
    alphaPerLook: defaultComparisonPolicy.alphaPerLook / compared,
  };
  const to: SampleRequests = { green, blue };
  const finding = (verdict: Verdict, reason: string, detail: string, evidence = {}): Finding => ({
    step: `comparison:${check.name}`,
    verdict,
    reason,
    detail,
    isCritical: check.isCritical,
    evidence,
  });

  let state = from;
  let samples = from.samples[check.name] ?? emptySamples;
  for (const look of looks) {
    if (answersOf(samples, blue !== undefined) > look) continue; // Judged in an earlier call.
    const run = await sample(check, to, samples, look, config.samples, random, deps, budget);
    samples = run.samples;
    const requests = {
      green: state.requests.green + run.requests.green,
      blue: state.requests.blue + run.requests.blue,
    };
    state = { ...state, requests, samples: { ...state.samples, [check.name]: samples } };
    keep(state);
    if (run.end === 'transport')
      return finding('error', 'transport', `${check.name}: ${run.detail}`);
    if (run.end === 'out-of-time') {
      return finding('inconclusive', 'more-samples-needed', `${check.name}: ${run.detail}`);
    }
    const verdict = judge(samples, blue !== undefined, policy);
    if (verdict.suspectedAtLook > 0) {
      samples = { ...samples, suspectedAtLook: verdict.suspectedAtLook };
      state = { ...state, samples: { ...state.samples, [check.name]: samples } };
      keep(state);
    }
    const isLast = look === looks.at(-1);
    if (verdict.kind !== 'inconclusive' || isLast) {
      const { kind, reason, ...evidence } = verdict;
      return finding(kind, reason, describeComparison(check.name, evidence), evidence);
    }
  }
  return finding('inconclusive', 'more-samples-needed', `${check.name}: no look was reached`);
}

/** Answers so far on the side that has fewer. */
function answersOf({ green, blue }: SampleState, hasBlue: boolean): number {
  const answers = ({ latencies, errors }: SideState): number => latencies.length + errors;
  return hasBlue ? Math.min(answers(green), answers(blue)) : answers(green);
}

function judge(
  { green, blue, suspectedAtLook }: SampleState,
  hasBlue: boolean,
  policy: typeof defaultComparisonPolicy,
): ComparisonVerdict {
  const side = ({ latencies, errors }: SideState) => ({
    latenciesMs: latencies.map((units) => units / unitsPerMs),
    errors,
  });
  return judgeComparison(
    side(green),
    hasBlue ? side(blue) : undefined,
    policy,
    suspectedAtLook ?? 0,
  );
}
