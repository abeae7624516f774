import type { Clock } from '../runtime/clock.ts';
import { type Budget, fits } from './budget.ts';

export type Pace = {
  /** Starts a second at most. */
  readonly perSecond: number;
  /** Jobs under way at once at most. */
  readonly inFlight: number;
  /** Longest that one job takes, in ms: none is started that could not end inside the budget. */
  readonly jobMsMax: number;
};

/**
 * Runs the jobs in order, paced, and waits for all that were started. Returns how many were.
 * A job that throws ends the run with its error once the others under way have ended.
 */
export async function runPaced(
  jobs: readonly (() => Promise<void>)[],
  pace: Pace,
  clock: Clock,
  budget: Budget,
): Promise<number> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let nextStartMs = clock.nowMs();
  let started = 0;
  for (const job of jobs) {
    if (underWay.size >= pace.inFlight) await Promise.race(underWay);
    const pauseMs = Math.max(nextStartMs - clock.nowMs(), 0);
    if (failures.length > 0 || !fits(budget, clock, pauseMs + pace.jobMsMax)) break;
    if (pauseMs > 0) await clock.sleep(pauseMs, budget.signal);
    nextStartMs = Math.max(nextStartMs, clock.nowMs()) + 1000 / pace.perSecond;
    const running: Promise<void> = job()
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
    started += 1;
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return started;
}

/** Maps every item, with at most `inFlight` under way at once; the results keep the items' order. */
export async function mapAtMost<Item, Result>(
  items: readonly Item[],
  inFlight: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, worker));
  return results;
}
