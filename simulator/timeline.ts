import type { Clock } from '../shared/runtime/clock.ts';
import { createEventQueue, type Timer } from './event-queue.ts';

/** Turns of the event loop without a new timer after which everyone is taken to be waiting. */
const quietTurnsMin = 4;

/** Virtual time: it moves from one thing that is due to the next. */
export type Timeline = {
  nowMs(): number;
  schedule(atMs: number, run: () => void): Timer;
  nextAtMs(): number | undefined;
  /** Grows with everything that is scheduled: who schedules is not waiting yet. */
  activity(): number;
  /** Runs the next thing, and then `after`, whatever the thing did. */
  step(after: () => void): boolean;
  /** Things that have been run. */
  steps(): number;
  advance(atMs: number): void;
};

export function createTimeline(startMs: number): Timeline {
  const queue = createEventQueue();
  let [nowMs, activity, steps] = [startMs, 0, 0];
  return {
    nowMs: () => nowMs,
    schedule: (atMs, run) => {
      activity += 1;
      return queue.schedule(Math.max(atMs, nowMs), run);
    },
    activity: () => activity,
    nextAtMs: queue.nextAtMs,
    step: (after) => {
      const next = queue.pop();
      if (next === undefined) return false;
      nowMs = next.atMs;
      steps += 1;
      try {
        next.run();
      } finally {
        after();
      }
      return true;
    },
    steps: () => steps,
    advance: (atMs) => {
      nowMs = Math.max(nowMs, atMs);
    },
  };
}

/** What is under way outside virtual time. */
export type Flight = {
  /** Work for which promises get turns while time goes on. */
  tracked(): number;
  /** Work for which time stands still. */
  held(): number;
  track<T>(work: Promise<T>): Promise<T>;
  hold<T>(work: Promise<T>): Promise<T>;
};

export function createFlight(): Flight {
  let [tracked, held] = [0, 0];
  return {
    tracked: () => tracked,
    held: () => held,
    track: async (work) => {
      tracked += 1;
      try {
        return await work;
      } finally {
        tracked -= 1;
      }
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

/** Steps until a time; while tracked or held work is under way, promises get their turns between steps. */
export async function runWithPromises(
  timeline: Timeline,
  flight: Flight,
  step: () => boolean,
  untilMs: number,
): Promise<void> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (true) {
    let [quiet, seen] = [0, timeline.activity()];
    while (flight.held() > 0 || (flight.tracked() > 0 && quiet < quietTurnsMin)) {
      await turn();
      quiet = seen === timeline.activity() ? quiet + 1 : 0;
      seen = timeline.activity();
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
