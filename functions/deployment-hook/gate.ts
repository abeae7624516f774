import type { DeploymentGateway } from '../../shared/aws/deployment-gateway.ts';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { GateStore } from '../../shared/aws/gate-store.ts';
import type { ParameterGateway } from '../../shared/aws/parameter-gateway.ts';
import { isAllowedHost } from '../../shared/domain/allowed-host.ts';
import { assert } from '../../shared/domain/assert.ts';
import { parseBreakGlass } from '../../shared/domain/break-glass.ts';
import { configuredDetails, type Deployment, hookExpiry } from '../../shared/domain/deployment.ts';
import { isRollbackStatus, stageRole } from '../../shared/domain/deployment-stage.ts';
import {
  deadlineOf,
  type Finding,
  type GateDecision,
  judgeGate,
} from '../../shared/domain/gate.ts';
import type { GateConfig } from '../../shared/domain/gate-config.ts';
import { emptyState, type GateState } from '../../shared/domain/gate-state.ts';
import { effectiveMode, type Mode } from '../../shared/domain/mode.ts';
import { requiredSteps } from '../../shared/domain/proof.ts';
import {
  parseGateConfig,
  type RawDetails,
  readRawDetails,
} from '../../shared/events/hook-details.ts';
import { clusterArnOf, type HookEvent } from '../../shared/events/hook-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import type { Budget } from '../../shared/http/budget.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Invocation } from '../../shared/runtime/define-function.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { parseIsoTime, within } from '../../shared/runtime/time.ts';
import type { Config } from './config.ts';
import { type MeasureDeps, type Measurement, measure } from './measure.ts';
import { type Memory, recall, remember } from './memory.ts';
import { observe, type Situation } from './observe.ts';
import { watch } from './watch.ts';

/** What the gate came to, with all that the answer and the record need. */
export type GateOutcome = {
  readonly decision: GateDecision;
  readonly mode: Mode;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly state: GateState;
  /** Keys of `hookDetails` to send back. */
  readonly echo: Readonly<Record<string, unknown>>;
  /** Task definition of green, as `checkout:412`, where it was looked up. */
  readonly revision: string | undefined;
  /** Task definition that serves meanwhile, where it was looked up. */
  readonly sourceRevision: string | undefined;
  /** When waiting ends, where there is something to wait for. */
  readonly deadlineAtMs: number | undefined;
  /** Of a mistake in Ballast, for the log. */
  readonly error?: unknown;
};

export type GateDeps = MeasureDeps & {
  readonly deployments: DeploymentGateway;
  readonly parameters: ParameterGateway;
  readonly createStore: (tableName: string) => GateStore;
  readonly clock: Clock;
  readonly log: Log;
};

/** Work of one call at most, in ms: the answer must not come near Lambda's own limit. */
export const workMsMax = 45_000;
/** Kept free at the end of an invocation for saving and answering, in ms. */
export const answerReserveMs = 10_000;
/** Given to work that is told to stop, in ms; then it is left behind. */
const graceMs = 1_000;
/** Longest wait for one read or write beside the measurement, in ms. */
const sideCallMsMax = 5_000;

export const proceed = (
  reason: string,
  detail: string,
): Extract<GateDecision, { kind: 'proceed' }> => ({
  kind: 'proceed',
  reason,
  detail,
});
export const rollback = (reason: string, detail: string): GateDecision => ({
  kind: 'rollback',
  reason,
  detail,
});

/** What is known so far: enough for an answer at any moment. */
type Progress = {
  mode: Mode;
  memory: Memory;
  config: GateConfig | undefined;
  deployment: Deployment | undefined;
  findings: readonly Finding[];
  notes: readonly string[];
  revision: string | undefined;
  sourceRevision: string | undefined;
  deadlineAtMs: number | undefined;
};

type Run = {
  readonly call: HookEvent;
  readonly config: Config;
  readonly deps: GateDeps;
  readonly invocation: Invocation;
  readonly budget: Budget;
  readonly store: GateStore;
  readonly raw: RawDetails | MalformedInput;
  readonly progress: Progress;
};

/**
 * Runs the gate for a call at a gated or watched stage, and answers in time: what has not ended when
 * the budget has is told to stop, then left behind, and the answer is made from what is known.
 */
export async function runGate(
  call: HookEvent,
  config: Config,
  deps: GateDeps,
  invocation: Invocation,
): Promise<GateOutcome> {
  const { clock } = deps;
  const startedMs = clock.nowMs();
  const workMs = Math.max(Math.min(workMsMax, invocation.remainingMs() - answerReserveMs), 0);
  const controller = new AbortController();
  const raw = readDetails(call.hookDetails);
  const run: Run = {
    call,
    config,
    deps,
    invocation,
    budget: { untilMs: startedMs + workMs, signal: controller.signal },
    store: deps.createStore(config.tableName),
    raw,
    progress: {
      // Until the tags are known, the highest mode that the stack could mean: the safe side.
      mode: config.stackMode === 'observe' ? 'observe' : 'enforce',
      memory: recall(call, raw instanceof MalformedInput ? noDetails : raw, [], [], startedMs),
      config: undefined,
      deployment: undefined,
      findings: [],
      notes: [],
      revision: undefined,
      sourceRevision: undefined,
      deadlineAtMs: undefined,
    },
  };
  const ended = new AbortController();
  const outOfTime = clock.sleep(workMs + graceMs, ended.signal).then(
    () => {
      controller.abort(new Error('the time of this call is over'));
      return judgeProgress(run, 'out of time');
    },
    () => judgeProgress(run, 'ended'), // Never seen: the race below is over by then.
  );
  try {
    const decided = decide(run).catch((error: unknown) => mistaken(run, error));
    const outcome = await Promise.race([decided, outOfTime]);
    return await save(run, outcome);
  } finally {
    ended.abort();
  }
}

/** A mistake in Ballast itself: no proof, and no more than the mode lets it do. */
function mistaken(run: Run, error: unknown): GateOutcome {
  const { progress, call } = run;
  // Only the gated stage has to be proven: elsewhere the deployment goes on.
  if (!isGated(call)) progress.mode = 'observe';
  return { ...outcomeOf(run, rollback('internal-error', describeError(error))), error };
}

/** An error in one line, for an answer. */
export const describeError = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const noDetails: RawDetails = { config: {}, state: undefined };

function readDetails(value: unknown): RawDetails | MalformedInput {
  try {
    return readRawDetails(value);
  } catch (error) {
    if (error instanceof MalformedInput) return error;
    throw error;
  }
}

async function decide(run: Run): Promise<GateOutcome> {
  const { call, config, deps, progress, raw } = run;
  const side = <T>(what: string, read: (signal: AbortSignal) => Promise<T>) =>
    within(sideCallMsMax, what, deps.clock, run.budget.signal, read).then(
      (value) => ({ value, problem: undefined }),
      (error: unknown) => ({ value: undefined, problem: awsProblemOf(error) }),
    );
  const clusterArn = clusterArnOf(call.serviceArn);
  const [glass, tags, items, deployment] = await Promise.all([
    side('break-glass', (signal) => deps.parameters.readParameter(breakGlassName(call), signal)),
    side('service tags', (signal) =>
      deps.deployments.readServiceTags(clusterArn, call.serviceArn, signal),
    ),
    side('gate state', (signal) => run.store.load(call.deploymentArn, call.stage, signal)),
    side('deployment', (signal) => deps.deployments.describeDeployment(call.deploymentArn, signal)),
  ]);
  progress.deployment = deployment.value;
  noteProblems(run, { 'break-glass': glass.problem, 'gate state': items.problem });

  const tag = tags.value?.[tagName];
  const modeOf = (details?: Mode): Mode => effectiveMode({ stack: config.stackMode, tag, details });
  const tagProblem = tags.problem ?? (tags.value === undefined ? unknownService : undefined);
  progress.mode = tagProblem === undefined ? modeOf() : progress.mode;
  if (deployment.value && isRollingBack(deployment.value)) {
    return outcomeOf(
      run,
      proceed('rollback-in-progress', `status ${deployment.value.status ?? '?'}`),
    );
  }
  const opened = glass.value === undefined ? undefined : parseGlass(glass.value, deps.clock);
  if (opened?.kind === 'open') {
    const { by, untilMs, reason: why } = opened;
    const until = new Date(untilMs).toISOString();
    const detail = `opened by ${by} until ${until}: ${why}`;
    return outcomeOf(run, { ...proceed('break-glass', detail), opened: { by, why, untilMs } });
  }
  if (opened?.kind === 'closed') {
    progress.notes = [...progress.notes, `break-glass is not used: ${opened.detail}`];
  }
  if (!config.clusterArns.includes(clusterArn)) {
    const detail = `${clusterArn} is not among the stack's ClusterArns`;
    return outcomeOf(run, rollback('cluster-not-configured', detail));
  }
  if (raw instanceof MalformedInput) {
    return outcomeOf(run, rollback('invalid-hook-details', raw.message));
  }
  const hooks = deployment.value?.configuredHooks ?? [];
  const configured = configuredDetails(hooks, run.invocation.functionArn, call.stage);
  progress.memory = recall(call, raw, items.value ?? [], configured, deps.clock.nowMs());
  if (items.problem && isEmpty(raw) && configured.length === 0) {
    // It may be a first call, or one whose configuration is gone: the next one brings a state back.
    progress.memory = { ...progress.memory, loss: 'no hookDetails, and the table cannot be read' };
  }
  return await decideByConfig(run, modeOf, { mode: tagProblem, deployment: deployment.problem });
}

/** The service's tag that lowers, or with an opt-in stack allows, what the hook may do. */
const tagName = 'ballast:deployment-hook';

const breakGlassName = ({ cluster, service }: HookEvent): string =>
  `/ballast/break-glass/${cluster}/${service}`;

const parseGlass = (value: string, clock: Clock) =>
  parseBreakGlass(value, clock.nowMs(), parseIsoTime);

const isRollingBack = ({ status, hasRollback }: Deployment): boolean =>
  hasRollback || isRollbackStatus(status);

type Problem = { readonly reason: string; readonly detail: string };

/** A service that deploys exists: without its tags its mode is not known. */
const unknownService: Problem = { reason: 'aws-missing', detail: 'ECS does not know the service' };

/** Reads without which nothing can be decided. */
type EssentialProblems = Readonly<Record<'mode' | 'deployment', Problem | undefined>>;

const isEmpty = ({ config, state }: RawDetails): boolean =>
  state === undefined && Object.keys(config).length === 0;

function noteProblems(run: Run, problems: Readonly<Record<string, Problem | undefined>>): void {
  for (const [what, problem] of Object.entries(problems)) {
    if (problem === undefined) continue;
    run.deps.log.warn('side-read-failed', { what, ...problem });
    run.progress.notes = [...run.progress.notes, `${what} could not be read: ${problem.reason}`];
  }
}

async function decideByConfig(
  run: Run,
  modeOf: (details?: Mode) => Mode,
  problems: EssentialProblems,
): Promise<GateOutcome> {
  const { call, config, progress } = run;
  const { memory } = progress;
  let gate: GateConfig;
  try {
    gate = parseGateConfig(memory.config);
    requireAllowedHosts(gate, config.allowedHosts);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return outcomeOf(run, rollback('invalid-hook-details', error.message));
  }
  progress.config = gate;
  if (problems.mode === undefined) progress.mode = modeOf(gate.mode);
  else if (gate.mode !== undefined && gate.mode !== 'enforce') progress.mode = gate.mode;
  if (progress.mode === 'off') return outcomeOf(run, proceed('off', 'the hook is switched off'));
  if (requiredSteps(gate, isGated(call)).length === 0) {
    return outcomeOf(run, proceed('nothing-watched', `no alarms or metrics for ${call.stage}`));
  }

  const lost = memory.loss && { reason: 'configuration-lost', detail: memory.loss };
  progress.findings = Object.entries({ ...problems, configuration: lost }).flatMap(
    ([step, problem]) => (problem ? [unmeasured(step, problem)] : []),
  );
  if (progress.findings.length === 0) await measureInto(run, gate);
  return judgeProgress(run, 'measured');
}

const isGated = ({ stage }: HookEvent): boolean => stageRole(stage) === 'gated';

const unmeasured = (step: string, { reason, detail }: Problem): Finding => ({
  step,
  verdict: 'error',
  reason,
  detail: `${step}: ${detail}`,
  isCritical: true,
});

function requireAllowedHosts({ endpoint }: GateConfig, allowedHosts: readonly string[]): void {
  for (const key of ['url', 'blueUrl'] as const) {
    const url = endpoint[key];
    if (url === undefined || isAllowedHost(url, allowedHosts)) continue;
    const place = `hookDetails.endpoint.${key}`;
    throw new MalformedInput(`${place}: expected a host that HookAllowedHosts lists, got ${url}`);
  }
}

/** Measures what the stage asks for; the findings so far stand in `progress` at every moment. */
async function measureInto(run: Run, gate: GateConfig): Promise<void> {
  const { call, deps, budget, progress } = run;
  const { deployment, memory } = progress;
  if (deployment === undefined) {
    progress.findings = [
      unmeasured('deployment', { reason: 'aws-missing', detail: 'ECS does not know it' }),
    ];
    return;
  }
  const isProbing = isGated(call) && gate.checks.length > 0;
  const needsGreen = gate.metrics.some(({ dimensions }) => hasToken(dimensions));
  const situation: Situation | undefined =
    isProbing || needsGreen
      ? await observe(call.targetRevisionArn, deployment, gate, deps, budget.signal)
      : undefined;
  progress.notes = [...progress.notes, ...(situation?.notes ?? [])];
  progress.revision = situation?.revision?.taskDefinitionArn?.split('/').at(-1);
  progress.sourceRevision = situation?.sourceTaskDefinitionArn?.split('/').at(-1);
  if (!isProbing) {
    const green = situation?.greenTargetGroupArn;
    progress.findings = await watch({ greenTargetGroupArn: green }, gate, deps, budget);
    return;
  }
  assert(situation !== undefined, 'a gate that sends test calls has looked where to');
  const before = progress.notes;
  const keep = ({ findings, notes, state }: Measurement): void => {
    progress.findings = findings;
    progress.notes = [...before, ...notes];
    progress.memory = { ...memory, state };
  };
  const input = { situation, config: gate, state: memory.state, marker: markerOf(call) };
  keep(await measure(input, deps, budget, keep));
}

const hasToken = (dimensions: Readonly<Record<string, string>>): boolean =>
  Object.values(dimensions).some((value) => value.startsWith('$'));

/** The id at the end of the deployment's ARN: test calls carry it, so that logs can be told apart. */
const markerOf = ({ deploymentArn }: HookEvent): string =>
  deploymentArn.split('/').at(-1) ?? 'ballast';

/** Judges what has been found out so far, as the state of this call ends. */
function judgeProgress(run: Run, why: string): GateOutcome {
  const { call, deps, progress, invocation } = run;
  const { config: gate, findings, deployment, memory } = progress;
  const required = gate === undefined ? ['configuration'] : requiredSteps(gate, isGated(call));
  const nowMs = deps.clock.nowMs();
  const { startedAtMs, errorsInARow } = memory.state;
  const expiresAtMs = hookExpiry(deployment?.hooks ?? [], invocation.functionArn);
  const deadlineMs = deadlineOf(
    startedAtMs,
    gate?.deadlineMinutes ?? defaultDeadlineMinutes,
    expiresAtMs,
  );
  progress.deadlineAtMs = deadlineMs;
  const decision = judgeGate(required, findings, { nowMs, startedAtMs, deadlineMs, errorsInARow });
  if (why === 'out of time')
    run.deps.log.warn('out-of-time', { deploymentArn: call.deploymentArn });
  return outcomeOf(run, decision);
}

/** For a call that ends before its configuration is known. */
const defaultDeadlineMinutes = 15;

function outcomeOf({ progress }: Run, decision: GateDecision): GateOutcome {
  const { mode, findings, notes, memory, revision, sourceRevision, deadlineAtMs } = progress;
  const waitsForAws = decision.kind === 'wait' && !decision.isSampling;
  const state: GateState = {
    ...memory.state,
    calls: memory.state.calls + 1,
    errorsInARow: waitsForAws ? memory.state.errorsInARow + 1 : 0,
  };
  return {
    ...{ decision, mode, findings, notes, state, echo: memory.config },
    ...{ revision, sourceRevision, deadlineAtMs },
  };
}

/** Keeps the state in the table too. Failing to is noted: the answer carries the same state. */
async function save(run: Run, outcome: GateOutcome): Promise<GateOutcome> {
  const { call, deps, progress, store } = run;
  const { decision, mode, state } = outcome;
  // What may not be the gate's own configuration must not take the place of it.
  const isSure = progress.config !== undefined && progress.memory.loss === undefined;
  if (mode !== 'enforce' || !isSure) return outcome;
  const memory: Memory = { ...progress.memory, state };
  const answer = decision.kind === 'wait' ? undefined : decision.reason;
  try {
    const saved = await within(
      sideCallMsMax,
      'saving the gate state',
      deps.clock,
      new AbortController().signal,
      (signal) => remember(store, call, memory, answer, deps.clock.nowMs(), signal),
    );
    if (!saved) deps.log.info('state-not-saved', { reason: 'a later call was first' });
  } catch (error) {
    deps.log.warn('state-not-saved', awsProblemOf(error));
  }
  return outcome;
}

/** The outcome of a call for which no gate was needed. */
export const settled = (decision: GateDecision, mode: Mode = 'enforce'): GateOutcome => ({
  decision,
  mode,
  findings: [],
  notes: [],
  state: emptyState('', '', 0),
  echo: {},
  revision: undefined,
  sourceRevision: undefined,
  deadlineAtMs: undefined,
});
