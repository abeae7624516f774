import { assert } from './assert.ts';
import type { Mode } from './mode.ts';

/**
 * What one step of the gate came to. Four outcomes, each with its own limit: `fail` is the build's
 * fault and final; `inconclusive` needs more samples, bounded by their number; `error` means that
 * Ballast could not measure, bounded by the deadline.
 */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

/** One step's verdict, with its stable reason and a sentence for people. */
export type Finding = {
  /** `routing`, `targets`, `check:<name>`, `comparison:<name>`, `alarms`, `metric:<name>`, ... */
  readonly step: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly detail: string;
  /** A finding that is not critical is reported and never decides. */
  readonly isCritical: boolean;
  /** The figures behind the verdict, for the record. */
  readonly evidence?: Readonly<Record<string, unknown>>;
};

export type GateTiming = {
  readonly nowMs: number;
  /** First call of this gate, over all polls. */
  readonly startedAtMs: number;
  /** When waiting ends, whatever has been found out by then. */
  readonly deadlineMs: number;
  /** Polls in a row, before this one, that waited for something other than samples. */
  readonly errorsInARow: number;
};

export type GateDecision =
  | {
      readonly kind: 'proceed';
      readonly reason: string;
      readonly detail: string;
      /** Where somebody let it pass: who, why and until when. */
      readonly opened?: { readonly by: string; readonly why: string; readonly untilMs: number };
    }
  | {
      readonly kind: 'wait';
      readonly reason: string;
      readonly detail: string;
      readonly callBackDelaySeconds: number;
      /** Of the finding that holds the gate back: it cannot tell yet, or could not measure. */
      readonly verdict: 'inconclusive' | 'error';
      /** True when only more samples are missing. */
      readonly isSampling: boolean;
    }
  | { readonly kind: 'rollback'; readonly reason: string; readonly detail: string };

/** Delay before the next poll when more samples are needed: sampling goes on at once. */
export const samplingDelaySeconds = 5;
/** First delay after a poll that could not measure; it doubles up to the longest. */
export const errorDelaySecondsMin = 15;
export const errorDelaySecondsMax = 120;
/** Shortest delay ever asked for: the last poll before the deadline comes this close to it. */
export const delaySecondsMin = 5;

/**
 * The gate's judgement: proceed only if every required step was found to pass.
 *
 * The worst critical finding decides: fail, then error, then inconclusive. A required step without a
 * finding counts as not measured, so that a step which was forgotten can never let a build through; it
 * gives the reason only where no other finding says what it waits for.
 * At the deadline what is still unproven is rolled back.
 */
export function judgeGate(
  required: readonly string[],
  findings: readonly Finding[],
  timing: GateTiming,
): GateDecision {
  assert(required.length > 0, 'a gate that requires no proof proves nothing');
  assert(timing.deadlineMs >= timing.startedAtMs, 'the deadline comes after the start');

  const critical = findings.filter(({ isCritical }) => isCritical);
  const failed = critical.find(({ verdict }) => verdict === 'fail');
  if (failed) return { kind: 'rollback', reason: failed.reason, detail: failed.detail };

  const unproven = firstUnproven(required, critical);
  if (unproven === undefined) {
    return { kind: 'proceed', reason: reasonToProceed(critical), detail: summaryOf(critical) };
  }
  const { reason, detail } = unproven;
  if (timing.nowMs >= timing.deadlineMs) {
    return {
      kind: 'rollback',
      reason: unproven.verdict === 'error' ? 'could-not-measure' : 'inconclusive-at-deadline',
      detail: `${reason}: ${detail}`,
    };
  }
  const sampling = isSampling(unproven);
  const delay = sampling ? samplingDelaySeconds : errorDelaySeconds(timing);
  return {
    kind: 'wait',
    reason,
    detail,
    callBackDelaySeconds: untilDeadline(delay, timing),
    verdict: unproven.verdict,
    isSampling: sampling,
  };
}

/** Whether all that is missing is more samples: then there is nothing to wait for. */
const isSampling = ({ verdict, step }: Unproven): boolean =>
  verdict === 'inconclusive' && step.startsWith('comparison:');

type Unproven = Finding & { readonly verdict: 'inconclusive' | 'error' };

/** The finding that holds the gate back: errors first, then doubt, then what was not come to for it. */
function firstUnproven(
  required: readonly string[],
  critical: readonly Finding[],
): Unproven | undefined {
  const missing = required.find((step) => !critical.some((finding) => finding.step === step));
  const unproven = critical.filter(isUnproven);
  return (
    unproven.find(({ verdict }) => verdict === 'error') ??
    unproven[0] ??
    (missing === undefined ? undefined : notMeasured(missing))
  );
}

const isUnproven = (finding: Finding): finding is Unproven =>
  finding.verdict === 'error' || finding.verdict === 'inconclusive';

const notMeasured = (step: string): Unproven => ({
  step,
  verdict: 'error',
  reason: 'not-measured',
  detail: `${step} was not measured in this call`,
  isCritical: true,
});

/** A comparison's own reason says the most; without one, the checks passed. */
const reasonToProceed = (critical: readonly Finding[]): string =>
  critical.find(({ step }) => step.startsWith('comparison:'))?.reason ?? 'checks-passed';

const summaryOf = (critical: readonly Finding[]): string =>
  critical.map(({ detail }) => detail).join('; ');

const errorDelaySeconds = ({ errorsInARow }: GateTiming): number =>
  Math.min(errorDelaySecondsMin * 2 ** Math.min(errorsInARow, 10), errorDelaySecondsMax);

/** Shortens a delay so that the last poll falls on the deadline rather than far behind it. */
const untilDeadline = (delaySeconds: number, { nowMs, deadlineMs }: GateTiming): number =>
  Math.max(Math.min(delaySeconds, Math.ceil((deadlineMs - nowMs) / 1000)), delaySecondsMin);

/** ECS's three answers. */
export type HookStatus = 'SUCCEEDED' | 'FAILED' | 'IN_PROGRESS';

/** What ECS is told: in enforce the decision itself, else SUCCEEDED whatever was found. */
export function hookStatusOf(decision: GateDecision, mode: Mode): HookStatus {
  if (mode !== 'enforce' || decision.kind === 'proceed') return 'SUCCEEDED';
  return decision.kind === 'wait' ? 'IN_PROGRESS' : 'FAILED';
}

/** Room for one last poll before ECS's own time-out ends the hook for us. */
export const expiryReserveMs = 90_000;

/**
 * When waiting ends: the configured time after the start, or earlier where ECS's own time-out for
 * this hook (`expiresAt` of the service deployment) would come first.
 */
export function deadlineOf(
  startedAtMs: number,
  deadlineMinutes: number,
  expiresAtMs: number | undefined,
): number {
  const own = startedAtMs + deadlineMinutes * 60_000;
  const outer = expiresAtMs === undefined ? own : expiresAtMs - expiryReserveMs;
  return Math.max(Math.min(own, outer), startedAtMs);
}
