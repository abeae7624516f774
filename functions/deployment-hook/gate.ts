import type { DeploymentGateway } from '../../shared/aws/deployment-gateway.ts';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { GateStore } from '../../shared/aws/gate-store.ts';
import type { ParameterGateway } from '../../shared/aws/parameter-gateway.ts';
import { type BreakGlass, parseBreakGlass } from '../../shared/domain/break-glass.ts';
import { type Deployment, hookExpiry } from '../../shared/domain/deployment.ts';
import { isRollbackStatus, stageRole } from '../../shared/domain/deployment-stage.ts';
import {
  deadlineOf,
  type Finding,
  type GateDecision,
  type GateTiming,
  judgeGate,
} from '../../shared/domain/gate.ts';
import type { GateConfig } from '../../shared/domain/gate-config.ts';
import { emptyState, type GateState } from '../../shared/domain/gate-state.ts';
import { effectiveMode, type Mode } from '../../shared/domain/mode.ts';
import { requiredSteps } from '../../shared/domain/proof.ts';
import { clusterArnOf, type HookEvent } from '../../shared/events/hook-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import type { Budget } from '../../shared/http/budget.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Invocation } from '../../shared/runtime/define-function.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { parseIsoTime } from '../../shared/runtime/time.ts';
import type { Config } from './config.ts';
import { type Measurement, type MeasureDeps, measure } from './measure.ts';
import { loadMemory, type Memory, saveMemory } from './memory.ts';
import { observe } from './observe.ts';
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
export const answerReserveMs = 8_000;
/** Waited beyond the work's end for it to stop by itself, in ms. */
const graceMs = 3_000;
/** Longest wait for anything beside the measurement: mode, memory, break-glass, in ms. */
const sideReadMsMax = 6_000;

export const proceed = (reason: string, detail: string): GateDecision => ({
  kind: 'proceed',
  reason,
  detail,
});
export const rollback = (reason: string, detail: string): GateDecision => ({
  kind: 'rollback',
  reason,
  detail,
});

/** Runs the gate for a call at a gated or watched stage. */
export async function runGate(
  call: HookEvent,
  config: Config,
  deps: GateDeps,
  invocation: Invocation,
): Promise<GateOutcome> {
  const startedMs = deps.clock.nowMs();
  const untilMs = startedMs + Math.min(workMsMax, invocation.remainingMs() - answerReserveMs);
  const side = AbortSignal.any([]);
  const store = deps.createStore(config.tableName);
  throw new MalformedInput(String([untilMs, side, store, sideReadMsMax, graceMs]));
}
