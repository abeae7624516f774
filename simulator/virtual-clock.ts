import type { Clock } from '../shared/runtime/clock.ts';

export type VirtualClock = Clock & {
  /** Time stands still until `work` has settled: for what is awaited outside the clock. */
  hold<T>(work: Promise<T>): Promise<T>;
};

type Timer = { readonly dueMs: number; readonly order: number; readonly fire: () => void };

/** Turns of the event loop without a new timer after which everyone is taken to be waiting. */
const quietTurnsMin = 4;

/**
 * Time that passes only when nothing is left to do: the earliest sleeper wakes, however long it
 * meant to sleep. Equal times wake in the order in which they went to sleep.
 */
export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  let [held, order, activity] = [0, 0, 0];
  let isPumping = false;
  const timers = new Set<Timer>();

  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const earliest = (): Timer | undefined =>
    [...timers].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];

  const pump = async (): Promise<void> => {
    isPumping = true;
    let [quiet, seen] = [0, activity];
    while (timers.size > 0) {
      await nextTurn();
      quiet = held > 0 || seen !== activity ? 0 : quiet + 1;
      seen = activity;
      if (quiet < quietTurnsMin) continue;
      const timer = earliest();
      if (timer === undefined) continue;
      timers.delete(timer);
      nowMs = Math.max(nowMs, timer.dueMs);
      quiet = 0;
      timer.fire();
    }
    isPumping = false;
  };

  return {
    nowMs: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = (): void => {
          timers.delete(timer);
          reject(signal?.reason);
        };
        const timer: Timer = {
          dueMs: nowMs + Math.max(delayMs, 0),
          order: order++,
          fire: () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        signal?.addEventListener('abort', abort, { once: true });
        timers.add(timer);
        activity += 1;
        if (!isPumping) void pump();
      }),
    hold: async (work) => {
      held += 1;
      activity += 1;
      try {
        return await work;
      } finally {
        held -= 1;
        activity += 1;
      }
    },
  };
}
