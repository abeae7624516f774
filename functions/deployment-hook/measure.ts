import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { LoadBalancerGateway } from '../../shared/aws/load-balancer-gateway.ts';
import type { Check } from '../../shared/domain/check.ts';
import {
  type ComparisonPolicy,
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
import { mayIntercept } from '../../shared/domain/listener-rule.ts';
import { valueIn } from '../../shared/domain/record.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { judgeTargets } from '../../shared/domain/targets.ts';
import type { Budget } from '../../shared/http/budget.ts';
import { mapAtMost } from '../../shared/http/paced.ts';
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
  /** What is missing from the proof, and why; nothing that decides. */
  readonly notes: readonly string[];
  readonly state: GateState;
};

/** What is measured, and from where it goes on. */
export type MeasureInput = {
  readonly situation: Situation;
  readonly config: GateConfig;
  readonly state: GateState;
  /** Sent with every test call, so that it can be told apart. */
  readonly marker: string;
};

/** A check with the calls that it makes. */
type PreparedCheck = {
  readonly check: Check;
  readonly green: ProbeRequest;
  readonly blue: ProbeRequest | undefined;
};

/** One measurement under way: what it may use, and what it has found so far. */
type Run = MeasureInput & {
  readonly deps: MeasureDeps;
  readonly budget: Budget;
  readonly findings: Finding[];
  readonly notes: string[];
  readonly sampled: ReadonlySet<string>;
  current: GateState;
  report(): void;
};

/**
 * Measures green: its targets, every check, the alarms and metrics, and then, if all of that holds,
 * samples of green and blue until the comparison can tell.
 *
 * `progress` is told after every step, so that a call that is cut short loses no samples.
 */
export async function measure(
  input: MeasureInput,
  deps: MeasureDeps,
  budget: Budget,
  progress: (measurement: Measurement) => void,
): Promise<Measurement> {
  const { situation, config, state } = input;
  const findings: Finding[] = [situation.routing];
  const notes: string[] = [];
  const measured = (): Measurement => ({
    findings: [...findings],
    notes: [...notes],
    state: run.current,
  });
  const run: Run = {
    ...input,
    deps,
    budget,
    findings,
    notes,
    sampled: new Set(sampledChecks(config).map(({ name }) => name)),
    current: state,
    report: () => progress(measured()),
  };
  // Where the calls would not reach green alone, they would judge the wrong build.
  if (situation.green === undefined || situation.routing.verdict !== 'pass') return measured();
  const [checks, targets] = await Promise.all([
    prepare(run, situation.green, situation.blue),
    readTargets(situation, config, deps, budget),
  ]);
  await warmUpFirst(run, checks, targets.healthy);
  await measureOnce(run, checks, targets.findings);
  run.report();
  if (!findings.some(stands)) await compareAll(run, checks);
  return measured();
}

/** Whether a finding stands between green and its users. */
const stands = ({ isCritical, verdict }: Finding): boolean => isCritical && verdict !== 'pass';

function countRequests(run: Run, green: number, blue: number): void {
  const { requests } = run.current;
  const sum = { green: requests.green + green, blue: requests.blue + blue };
  run.current = { ...run.current, requests: sum };
}

/** Calls to each target that come before samples are taken: nodes of a load balancer take turns apart. */
const warmUpCallsATarget = 2;
/** Calls a side and check for it at most, however many targets there are. */
const warmUpCallsMax = 200;
/** Part of what is left of a call's time that may be spent on it. */
const warmUpShare = 1 / 3;

/**
 * Warms up what is sampled, until every target of green has served each check: a first answer that has to
 * load code is slow in every new task, and no sign of a slower build. Bounded by calls and by time, so
 * that slow answers leave room for samples.
 */
async function warmUpFirst(
  run: Run,
  checks: readonly PreparedCheck[],
  healthyTargets: number,
): Promise<void> {
  const { config, current, budget, deps } = run;
  const { samples } = config;
  const cold = checks.filter(({ check }) => run.sampled.has(check.name));
  const startsUntilMs = deps.clock.nowMs() + (budget.untilMs - deps.clock.nowMs()) * warmUpShare;
  for (const one of cold) {
    const callMs = one.green.connectTimeoutMs + one.green.timeoutMs;
    const untilMs = Math.min(startsUntilMs + callMs, budget.untilMs);
    // Later calls of a gate have only their own connections to open.
    const isWarm = valueIn(current.samples, one.check.name) !== undefined;
    const ofTargets = isWarm || samples.warmUp === 0 ? 0 : healthyTargets * warmUpCallsATarget;
    const requests = Math.min(Math.max(samples.warmUp, ofTargets), warmUpCallsMax);
    const sent = await warmUp(one, requests, samples, deps, { ...budget, untilMs });
    countRequests(run, sent.green, sent.blue);
  }
}

/** Everything else that one look answers: checks, alarms and metrics, side by side; targets are read. */
async function measureOnce(
  run: Run,
  checks: readonly PreparedCheck[],
  targets: readonly Finding[],
): Promise<void> {
  const { situation, config, deps, budget, findings } = run;
  const [watched, runs] = await Promise.all([
    watch(situation, config, deps, budget),
    mapAtMost(checks, config.samples.inFlight, async ({ check, green }) => ({
      check,
      ...(await runCheck(check, green, deps, budget)),
    })),
  ]);
  for (const { check, verdict, reason, detail, requests } of runs) {
    countRequests(run, requests, 0);
    findings.push(checkFinding(check, verdict, reason, detail));
  }
  findings.push(...targets, ...watched);
}

/** Compares check after check; the first that stands in the way ends it. */
async function compareAll(run: Run, checks: readonly PreparedCheck[]): Promise<void> {
  const compared = checks.filter(({ check }) => run.sampled.has(check.name));
  const random = createRandom(run.deps.seed());
  const policy = policyOf(run.config, compared.length);
  for (const one of compared) {
    const finding = await compare(run, one, policy, random);
    run.findings.push(finding);
    run.report();
    if (stands(finding)) return;
  }
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
  run: Run,
  green: Endpoint,
  blue: Endpoint | undefined,
): Promise<readonly PreparedCheck[]> {
  const { situation, config, deps, budget, marker, findings } = run;
  const prepared: PreparedCheck[] = [];
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
    if (isIntercepted(toGreen.request, 'green', situation)) {
      const detail =
        "production's listener rule comes before the test rule and would take this call";
      findings.push(checkFinding(plain, 'error', 'check-not-routed', detail));
      continue;
    }
    const toBlue = blue && buildRequest(told.check, blue, headers.headers, marker);
    const request = toBlue?.kind === 'request' ? toBlue.request : undefined;
    prepared.push({
      check: told.check,
      green: toGreen.request,
      blue: keptToBlue(run, plain, request),
    });
  }
  return prepared;
}

/** The request to blue, unless the test rule would take it: green would be compared with itself. */
function keptToBlue(
  { situation, notes }: Run,
  { name }: Check,
  request: ProbeRequest | undefined,
): ProbeRequest | undefined {
  if (request === undefined || !isIntercepted(request, 'blue', situation)) return request;
  notes.push(`${name}: the test rule would take blue's calls too: no comparison`);
  return undefined;
}

/** Whether a call to one side may be taken by the listener rule of the other. */
function isIntercepted(
  { endpoint, method, path, headers }: ProbeRequest,
  side: 'green' | 'blue',
  { sharedListener }: Situation,
): boolean {
  if (sharedListener === undefined) return false;
  const { test, production } = sharedListener;
  const call = { method, path, host: endpoint.host, headers: { ...headers, ...endpoint.headers } };
  return side === 'green'
    ? mayIntercept(production, test, call)
    : mayIntercept(test, production, call);
}

type TargetsRead = { readonly findings: readonly Finding[]; readonly healthy: number };

async function readTargets(
  { greenTargetGroupArn }: Situation,
  config: GateConfig,
  { loadBalancers }: MeasureDeps,
  { signal }: Budget,
): Promise<TargetsRead> {
  if (!config.targets.mustBeHealthy) return { findings: [], healthy: 0 };
  const finding = (verdict: Verdict, reason: string, detail: string, healthy = 0): TargetsRead => ({
    findings: [{ step: 'targets', verdict, reason, detail, isCritical: true }],
    healthy,
  });
  if (greenTargetGroupArn === undefined) {
    // Only endpoint.url leads past every target group, and there the answers say who they are.
    return finding('pass', 'targets-not-known', 'endpoint.url leads past the target groups');
  }
  try {
    const targets = await loadBalancers.describeTargets(greenTargetGroupArn, signal);
    const { verdict, reason, detail } = judgeTargets(targets, config.targets.healthyMin);
    const healthy = targets.filter(({ state }) => state === 'healthy').length;
    return finding(verdict, reason, detail, healthy);
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

/** The comparison's policy; each of several compared checks gets its share of the alpha. */
const policyOf = (config: GateConfig, compared: number): ComparisonPolicy => ({
  ...defaultComparisonPolicy,
  marginRatio: config.comparison.marginRatio,
  floorMs: config.comparison.floorMs,
  excludeRatio: config.comparison.excludeRatio,
  looks: looksUpTo(config.samples.max),
  alphaPerLook: defaultComparisonPolicy.alphaPerLook / Math.max(compared, 1),
});

/** Samples one check look by look until the comparison can tell, or the call's time is over. */
async function compare(
  run: Run,
  { check, green, blue }: PreparedCheck,
  policy: ComparisonPolicy,
  random: Random,
): Promise<Finding> {
  const { config, deps, budget } = run;
  const { name } = check;
  const to: SampleRequests = { green, blue };
  const finding = (verdict: Verdict, reason: string, detail: string, evidence = {}): Finding => ({
    step: `comparison:${name}`,
    verdict,
    reason,
    detail,
    isCritical: check.isCritical,
    evidence,
  });
  const keep = (samples: SampleState): void => {
    run.current = { ...run.current, samples: { ...run.current.samples, [name]: samples } };
    run.report();
  };

  for (const look of policy.looks) {
    const samples = valueIn(run.current.samples, name) ?? emptySamples;
    if (answersOf(samples, blue !== undefined) > look) continue; // Judged in an earlier call.
    const drawn = await sample(check, to, samples, look, config.samples, random, deps, budget);
    countRequests(run, drawn.requests.green, drawn.requests.blue);
    keep(drawn.samples);
    if (drawn.end === 'transport') return finding('error', 'transport', `${name}: ${drawn.detail}`);
    if (drawn.end === 'out-of-time') {
      return finding('inconclusive', 'more-samples-needed', `${name}: ${drawn.detail}`);
    }
    const { kind, reason, ...evidence } = judge(drawn.samples, blue !== undefined, policy);
    if (evidence.suspectedAtLook > 0) {
      keep({ ...drawn.samples, suspectedAtLook: evidence.suspectedAtLook });
    }
    if (kind !== 'inconclusive' || look === policy.looks.at(-1)) {
      return finding(kind, reason, describeComparison(name, evidence), evidence);
    }
  }
  return finding('inconclusive', 'more-samples-needed', `${name}: no look was reached`);
}

/** Answers so far on the side that has fewer. */
function answersOf({ green, blue }: SampleState, hasBlue: boolean): number {
  const answers = ({ latencies, errors }: SideState): number => latencies.length + errors;
  return hasBlue ? Math.min(answers(green), answers(blue)) : answers(green);
}

function judge(
  { green, blue, suspectedAtLook }: SampleState,
  hasBlue: boolean,
  policy: ComparisonPolicy,
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
