import type { Clock } from '../runtime/clock.ts';
import { attemptsOf, isThrottled, isTransient } from './errors.ts';

/** How much is read at most. */
export type ReadLimits = {
  /** Calls a second over time. */
  readonly perSecond: number;
  /** Calls that may be made at once after a pause. */
  readonly burst: number;
  readonly inFlightMax: number;
};

/**
 * A quarter of what ECS hands out for reads of tasks, instances and services, each an account and
 * Region of its own: 20 a second with a burst of 100. The rest is left to people and their tools.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const defaultReadLimits: ReadLimits = { perSecond: 5, burst: 25, inFlightMax: 8 };

/** Calls that one read makes at most, where AWS throttles it or fails in passing. */
export const attemptsMax = 4;
/** Slowest that throttling makes the limiter, as a share of its full rate. */
const slowestShare = 0.1;
/** What one read that went well gives back of the full rate, after throttling. */
const recoveryShare = 0.05;
/** Pause before the second attempt; each further one waits twice as long as the one before. */
const throttledPauseMs = 500;
const transientPauseMs = 100;

/** The one way to AWS for reads: paces them, tries again, and slows down where AWS throttles. */
export type ReadLimiter = {
  /**
   * Runs one call when its turn has come, in the order of asking. A throttled or failing one is
   * tried again, each attempt in a turn of its own. Rejects with the last error, or with the
   * signal's reason as soon as it aborts.
   */
  run<Output>(send: () => Promise<Output>, signal?: AbortSignal): Promise<Output>;
  /** Calls a second that are let through now. */
  ratePerSecond(): number;
};

/**
 * A limiter on the given clock. The clients that it paces should not try again by themselves
 * (`maxAttempts: 1`): their pauses know no virtual clock, and a retry of theirs has already been
 * made when it is counted, so that it can only be charged to the calls that follow.
 */
export function createReadLimiter(
  clock: Clock,
  limits: ReadLimits = defaultReadLimits,
): ReadLimiter {
  const bucket = createBucket(clock, limits);
  const slots = createSlots(limits.inFlightMax);
  const attempt = async <Output>(
    send: () => Promise<Output>,
    signal: AbortSignal | undefined,
  ): Promise<Output> => {
    await slots.take(signal);
    try {
      const { waitMs, turn } = bucket.take();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      return await watched(send, turn, bucket);
    } finally {
      slots.give();
    }
  };
  return {
    run: async (send, signal) => {
      for (let made = 1; ; made += 1) {
        try {
          return await attempt(send, signal);
        } catch (error) {
          const pauseMs = pauseAfter(error);
          if (pauseMs === undefined || made >= attemptsMax) throw error;
          await clock.sleep(pauseMs * 2 ** (made - 1), signal);
        }
      }
    },
    ratePerSecond: () => bucket.ratePerSecond(),
  };
}

/** Undefined for an error that would only come again. */
function pauseAfter(error: unknown): number | undefined {
  if (isThrottled(error)) return throttledPauseMs;
  return isTransient(error) ? transientPauseMs : undefined;
}

/** Tells the bucket how a call went: what it cost beyond its turn, and whether AWS throttled it. */
async function watched<Output>(
  send: () => Promise<Output>,
  turn: number,
  bucket: Bucket,
): Promise<Output> {
  try {
    const output = await send();
    bucket.charge(attemptsOf(output) - 1);
    bucket.speedUp();
    return output;
  } catch (error) {
    bucket.charge(attemptsOf(error) - 1);
    if (isThrottled(error)) bucket.slowDown(turn);
    throw error;
  }
}

type Bucket = {
  /** Takes a token, if need be one that is still to come: the call waits so long for it. */
  take(): { readonly waitMs: number; readonly turn: number };
  charge(tokens: number): void;
  slowDown(turn: number): void;
  speedUp(): void;
  ratePerSecond(): number;
};

function createBucket(clock: Clock, { perSecond, burst }: ReadLimits): Bucket {
  let [rate, tokens, filledAtMs] = [perSecond, burst, clock.nowMs()];
  let [turns, slowedAtTurn] = [0, 0];
  const fill = (): void => {
    const nowMs = clock.nowMs();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) * rate) / 1000);
    filledAtMs = nowMs;
  };
  const setRate = (wished: number): void => {
    fill();
    rate = Math.min(Math.max(wished, perSecond * slowestShare), perSecond);
  };
  return {
    take: () => {
      fill();
      tokens -= 1;
      turns += 1;
      // A fraction of a millisecond is not waited for, but stays owed.
      return { waitMs: tokens < 0 ? Math.round((-tokens / rate) * 1000) : 0, turn: turns };
    },
    charge: (more) => {
      tokens -= more;
    },
    slowDown: (turn) => {
      // Calls that were under way together meet one shortage: it counts once.
      if (turn <= slowedAtTurn) return;
      slowedAtTurn = turns;
      setRate(rate / 2);
      tokens = Math.min(tokens, 0);
    },
    speedUp: () => {
      if (rate < perSecond) setRate(rate + perSecond * recoveryShare);
    },
    ratePerSecond: () => rate,
  };
}

/** So many at once; who waits is served in the order of coming. */
function createSlots(slotsMax: number) {
  let free = slotsMax;
  const waiting: (() => void)[] = [];
  return {
    take: async (signal: AbortSignal | undefined): Promise<void> => {
      signal?.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const leave = (): void => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal?.reason);
        };
        const enter = (): void => {
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        signal?.addEventListener('abort', leave, { once: true });
        waiting.push(enter);
      });
    },
    give: (): void => {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
