import type { HookStatus } from '../../shared/domain/gate.ts';
import { encodeState } from '../../shared/domain/gate-state.ts';
import { stateKey } from '../../shared/events/hook-details.ts';
import type { GateOutcome } from './gate.ts';

/**
 * What ECS reads of an answer. `callBackDelay` is in seconds. `reason` is there for people who look
 * at the call; ECS is not known to show it.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
 */
export type HookAnswer = {
  readonly hookStatus: HookStatus;
  readonly callBackDelay?: number;
  readonly hookDetails?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
};

/** Longest reason given back to ECS. */
const reasonCharsMax = 250;

/** The answer for an outcome; with IN_PROGRESS every key of `hookDetails` is echoed beside the state. */
export function toAnswer(
  { decision, state, echo }: GateOutcome,
  hookStatus: HookStatus,
): HookAnswer {
  const reason = `${decision.reason}: ${decision.detail}`.slice(0, reasonCharsMax);
  if (hookStatus !== 'IN_PROGRESS' || decision.kind !== 'wait') return { hookStatus, reason };
  return {
    hookStatus,
    callBackDelay: decision.callBackDelaySeconds,
    hookDetails: { ...echo, [stateKey]: encodeState(state) },
    reason,
  };
}
