import type { Clock } from './clock.ts';

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Milliseconds since the epoch of an ISO 8601 time with a zone; undefined when it is not one. */
export function parseIsoTime(text: string): number | undefined {
  if (!isoTime.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Something took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Runs `work` for at most `durationMs`: then its signal is aborted and the result is a
 * {@link TimeoutError}, whether or not the work heeds the signal.
 */
export async function within<T>(
  durationMs: number,
  what: string,
  clock: Clock,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const controller = new AbortController();
  const timeout = clock.sleep(Math.max(durationMs, 0), AbortSignal.any([outer, done.signal])).then(
    () => new TimeoutError(`${what} took longer than ${durationMs} ms`),
    () => new TimeoutError(`${what} was cut short`),
  );
  const expired = timeout.then((error) => {
    controller.abort(error);
    throw error;
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    expired.catch(() => undefined); // Settled by `done`: nobody waits for it any more.
    done.abort();
  }
}
