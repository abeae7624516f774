import type { Clock } from '../shared/runtime/clock.ts';
import { createEventQueue, type Timer } from './event-queue.ts';

/** Turns of the event loop after which whoever was called is taken to be waiting for time to pass. */
const quietTurnsMin = 4;

/** Virtual time: it moves from one thing that is due to the next. */
export type Timeline = {
  nowMs(): number;
  schedule(atMs: number, run: () => void): Timer;
  nextAtMs(): number | undefined;
  /** Runs the next thing, and then `after`, whatever the thing did. */
  step(after: () => void): boolean;
  advance(atMs: number): void;
};

export function createTimeline(startMs: number): Timeline {
  const queue = createEventQueue();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    schedule: (atMs, run) => queue.schedule(Math.max(atMs, nowMs), run),
    nextAtMs: queue.nextAtMs,
    step: (after) => {
      const next = queue.pop();
      if (next === undefined) return false;
      nowMs = next.atMs;
      try {
        next.run();
      } finally {
        after();
      }
      return true;
    },
    advance: (atMs) => {
      nowMs = Math.max(nowMs, atMs);
    },
  };
}

/** What is under way outside virtual time. */
export type Flight = {
  /** Calls that have not been answered. */
  calls(): number;
  /** Work for which time stands still. */
  held(): number;
  track(call: Promise<void>): void;
  hold<T>(work: Promise<T>): Promise<T>;
};

export function createFlight(): Flight {
  let [calls, held] = [0, 0];
  return {
    calls: () => calls,
    held: () => held,
    track: (call) => {
      calls += 1;
      void call.finally(() => {
        calls -= 1;
      });
    },
    hold: async (work) => {
      held += 1;
      try {
        return await work;
      } finally {
        held -= 1;
      }
    },
  };
}

/** Steps until a time; while calls or held work are under way, promises get their turns between steps. */
export async function runWithPromises(
  timeline: Timeline,
  flight: Flight,
  step: () => boolean,
  untilMs: number,
): Promise<void> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (true) {
    let turns = 0;
    while (flight.held() > 0 || (flight.calls() > 0 && turns < quietTurnsMin)) {
      await turn();
      turns += 1;
    }
    if ((timeline.nextAtMs() ?? Number.POSITIVE_INFINITY) > untilMs) break;
    step();
  }
  timeline.advance(untilMs);
}

/** Who sleeps wakes in a step; what follows from it in a turn of the event loop. */
export function clockOf({ nowMs, schedule }: Timeline): Clock {
  return {
    nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const abort = (): void => {
          timer.cancel();
          reject(signal?.reason);
        };
        const timer = schedule(nowMs() + Math.max(0, delayMs), () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        });
        signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}
