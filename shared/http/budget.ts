import type { Clock } from '../runtime/clock.ts';

/** The time that one invocation may spend, and the signal that ends what is still under way. */
export type Budget = {
  readonly untilMs: number;
  readonly signal: AbortSignal;
};

/** Whether something that takes up to `durationMs` can still end inside the budget. */
export const fits = (budget: Budget, clock: Clock, durationMs: number): boolean =>
  !budget.signal.aborted && clock.nowMs() + durationMs <= budget.untilMs;
