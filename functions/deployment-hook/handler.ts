import { isRollbackByWeights, stageRole } from '../../shared/domain/deployment-stage.ts';
import { hookStatusOf } from '../../shared/domain/gate.ts';
import type { StackMode } from '../../shared/domain/mode.ts';
import { type HookEvent, parseHookEvent } from '../../shared/events/hook-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import type { Invocation } from '../../shared/runtime/define-function.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { type HookAnswer, toAnswer } from './answer.ts';
import type { Config } from './config.ts';
import {
  describeError,
  type GateDeps,
  type GateOutcome,
  proceed,
  rollback,
  runGate,
  settled,
} from './gate.ts';
import { type ReportDeps, report } from './report.ts';

export type Deps = GateDeps &
  ReportDeps & {
    /** Reads the environment; inside the handler, because a hook must answer even if it is wrong. */
    readonly readConfig: () => Config;
  };

/**
 * Called by ECS at a lifecycle stage, again and again while it answers IN_PROGRESS. Always answers,
 * and never throws: to ECS a function that throws has failed the deployment.
 */
export const createHandler =
  (deps: Deps) =>
  async (event: unknown, invocation: Invocation): Promise<HookAnswer> => {
    let config: Config | undefined;
    let call: HookEvent | undefined;
    const names = namesIn(event);
    const tell = async (outcome: GateOutcome): Promise<void> => {
      if (call === undefined || config === undefined) return;
      const limits = { tableName: config.tableName, remainingMs: invocation.remainingMs() };
      await report(call, outcome, recordOf(call, names, outcome), limits, deps);
    };
    try {
      config = deps.readConfig();
      call = parseHookEvent(event);
      const early = answerByEvent(call);
      const outcome = early ?? (await runGate(call, config, deps, invocation));
      await tell(outcome);
      return answer(recordOf(call, names, outcome), outcome, deps.log, outcome.error);
    } catch (error) {
      const outcome = unexpected(error, names.stage, config?.stackMode);
      // What made the mistake may keep it from being told as well: the answer goes out all the same.
      await tell(outcome).catch((untold: unknown) =>
        quietly(() => deps.log.warn('report-failed', { error: untold })),
      );
      return answer(recordOf(call, names, outcome), outcome, deps.log, error);
    } finally {
      // Lambda freezes between calls: a connection kept over that may be dead without a sign.
      quietly(() => deps.prober.close());
    }
  };

/** Nothing that happens beside the answer may cost the answer. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // There is nobody left to tell: the log itself may be what failed.
  }
}

/** What the event alone decides: rollback calls, and stages at which nothing can be proven. */
function answerByEvent(call: HookEvent): GateOutcome | undefined {
  const { stage, targetRevisionArn, testWeights, productionWeights } = call;
  if (isRollbackByWeights(stage, targetRevisionArn, testWeights, productionWeights)) {
    return settled(proceed('rollback-call', 'traffic moves back to blue: nothing to judge'));
  }
  const role = stageRole(stage);
  return role === 'gated' || role === 'watched'
    ? undefined
    : settled(
        proceed('stage-not-gated', `nothing is proven at ${stage}: use POST_TEST_TRAFFIC_SHIFT`),
      );
}

/**
 * The last resort: an event that cannot be read, or a mistake in Ballast itself. Without proof there
 * is no pass at the gated stage where the stack may enforce. Everywhere else the deployment goes on:
 * a FAILED in the middle of a rollback would leave it stuck.
 */
function unexpected(
  error: unknown,
  stage: string | undefined,
  stackMode: StackMode | undefined,
): GateOutcome {
  const reason = error instanceof MalformedInput ? 'malformed-event' : 'internal-error';
  const isGated = stage === undefined || stageRole(stage) === 'gated';
  return settled(
    rollback(reason, describeError(error)),
    stackMode === 'observe' || !isGated ? 'observe' : 'enforce',
  );
}

type Names = { readonly stage: string | undefined; readonly deploymentArn: string | undefined };

/** Which deployment and stage an event is about that may be wrong in every other way. */
function namesIn(event: unknown): Names {
  const textIn = (member: string): string | undefined => {
    if (typeof event !== 'object' || event === null) return undefined;
    const value: unknown = Reflect.get(event, member);
    return typeof value === 'string' ? value : undefined;
  };
  return { stage: textIn('lifecycleStage'), deploymentArn: textIn('resourceArn') };
}

/** The decision record: what explains an answer, in the log and as evidence. */
function recordOf(call: HookEvent | undefined, names: Names, outcome: GateOutcome) {
  const { decision, mode, findings, notes, state } = outcome;
  return {
    function: 'deployment-hook',
    hookStatus: hookStatusOf(decision, mode),
    mode,
    decision: decision.kind,
    reason: decision.reason,
    detail: decision.detail,
    stage: call?.stage ?? names.stage,
    deploymentArn: call?.deploymentArn ?? names.deploymentArn,
    serviceArn: call?.serviceArn,
    targetRevisionArn: call?.targetRevisionArn,
    calls: state.calls,
    requests: state.requests,
    findings,
    notes,
  };
}

/** Writes the decision record, the one log line that explains a deployment, and answers. */
function answer(
  decided: ReturnType<typeof recordOf>,
  outcome: GateOutcome,
  log: Log,
  error?: unknown,
): HookAnswer {
  const record = { ...decided, ...(error === undefined ? {} : { error }) };
  const isNotable = outcome.decision.kind === 'rollback' || error !== undefined;
  quietly(() => (isNotable ? log.warn('decision', record) : log.info('decision', record)));
  return toAnswer(outcome, record.hookStatus);
}
