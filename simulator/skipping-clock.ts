import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../shared/runtime/clock.ts';

export type SkippingClock = Clock & {
  /** Moves time forward without waiting: for the minutes between two polls. */
  skip(delayMs: number): void;
};

/** Real time, so that latencies are real, from which stretches of waiting can be left out. */
export function createSkippingClock(): SkippingClock {
  let skippedMs = 0;
  return {
    nowMs: () => Date.now() + skippedMs,
    sleep: async (delayMs, signal) => {
      await delay(delayMs, undefined, signal === undefined ? {} : { signal });
    },
    skip: (delayMs) => {
      skippedMs += delayMs;
    },
  };
}
