import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attemptsMax,
  createReadLimiter,
  defaultReadLimits,
  type ReadLimits,
} from '../../shared/aws/read-limiter.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { seedOf } from '../support/incidents.ts';

const errorOf = (name: string, more: object = {}): Error =>
  Object.assign(new Error('because'), { name }, more);
const throttled = errorOf('ThrottlingException');
const denied = errorOf('AccessDeniedException');

function arrange(limits?: Partial<ReadLimits>) {
  const clock = createVirtualClock(0);
  const limiter = createReadLimiter(clock, { ...defaultReadLimits, ...limits });
  const startsMs: number[] = [];
  const read = (outcome: unknown = 'ok', tookMs = 0, signal?: AbortSignal): Promise<unknown> =>
    limiter.run(async () => {
      startsMs.push(clock.nowMs());
      if (tookMs > 0) await clock.sleep(tookMs);
      const [next] = Array.isArray(outcome) ? outcome.splice(0, 1) : [outcome];
      if (next instanceof Error) throw next;
      return next;
    }, signal);
  const readMany = (count: number, tookMs = 0) =>
    Promise.all(Array.from({ length: count }, () => read('ok', tookMs)));
  return { clock, limiter, startsMs, read, readMany };
}

/** Windows in which more started than the burst and the rate allow; starts are whole milliseconds. */
const tooMany = (
  startsMs: readonly number[],
  { perSecond, burst }: Omit<ReadLimits, 'inFlightMax'>,
) =>
  startsMs.flatMap((fromMs, from) =>
    startsMs.slice(from).flatMap((toMs, further) => {
      const allowed = burst + ((toMs - fromMs + 1) * perSecond) / 1000;
      return further + 1 > allowed ? [{ fromMs, toMs, started: further + 1 }] : [];
    }),
  );

describe('the rate', () => {
  it('lets a burst of 25 through at once, and then five a second: 250 reads take 45 seconds', async () => {
    const { clock, startsMs, readMany } = arrange();
    await readMany(250);
    expect(startsMs.filter((ms) => ms === 0)).toHaveLength(25);
    expect(startsMs[25]).toBe(200);
    expect(clock.nowMs()).toBe(45_000);
  });

  it('fills the bucket again in a pause, but never above its burst', async () => {
    const { clock, startsMs, readMany } = arrange({ burst: 5 });
    await readMany(5);
    await clock.sleep(60_000);
    await readMany(6);
    expect(startsMs.slice(5)).toEqual([60_000, 60_000, 60_000, 60_000, 60_000, 60_200]);
  });

  it('is kept in every window, whatever comes when', async () => {
    const schedule = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 0, max: 900 }),
        reads: fc.integer({ min: 1, max: 6 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(schedule, async (bursts) => {
        const { clock, startsMs, readMany } = arrange({ perSecond: 5, burst: 3 });
        const running: Promise<unknown>[] = [];
        for (const { pauseMs, reads } of bursts) {
          if (pauseMs > 0) await clock.sleep(pauseMs);
          running.push(readMany(reads));
        }
        await Promise.all(running);
        expect(tooMany(startsMs, { perSecond: 5, burst: 3 })).toEqual([]);
      }),
      { numRuns: 50, ...seedOf() },
    );
  }, 60_000);

  it('has at most so many reads in flight, and does use them', async () => {
    const { clock, limiter } = arrange({ perSecond: 1000, burst: 1000, inFlightMax: 8 });
    let [inFlight, inFlightMax] = [0, 0];
    const one = () =>
      limiter.run(async () => {
        inFlight += 1;
        inFlightMax = Math.max(inFlightMax, inFlight);
        await clock.sleep(100);
        inFlight -= 1;
      });
    await Promise.all(Array.from({ length: 30 }, one));
    expect(inFlightMax).toBe(8);
    expect(clock.nowMs()).toBe(400);
  });

  it('serves in the order of asking', async () => {
    const { limiter } = arrange({ burst: 1, inFlightMax: 2 });
    const order: number[] = [];
    const reads = Array.from({ length: 6 }, (_, at) =>
      limiter.run(async () => {
        order.push(at);
      }),
    );
    await Promise.all(reads);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('a read that fails', () => {
  it.each<readonly [string, readonly unknown[], readonly number[]]>([
    ['throttled twice', [throttled, throttled, 'ok'], [0, 500, 1500]],
    ['a reset', [errorOf('Error', { code: 'ECONNRESET' }), 'ok'], [0, 100]],
    ['a time-out', [errorOf('TimeoutError'), 'ok'], [0, 100]],
    ['a server error', [errorOf('X', { $metadata: { httpStatusCode: 500 } }), 'ok'], [0, 100]],
    [
      'a clock set right',
      [errorOf('X', { $metadata: { clockSkewCorrected: true } }), 'ok'],
      [0, 100],
    ],
  ])('%s is tried again, each time in a turn of its own', async (_, outcomes, expected) => {
    const { read, startsMs } = arrange();
    expect(await read([...outcomes])).toBe('ok');
    expect(startsMs).toEqual(expected);
  });

  it('is tried four times at most, with the last error as it came', async () => {
    const { read, startsMs } = arrange();
    const last = errorOf('ThrottlingException');
    await expect(read([throttled, throttled, throttled, last, 'ok'])).rejects.toBe(last);
    expect(startsMs).toHaveLength(attemptsMax);
  });

  it.each([
    ['a denial', denied],
    ['an unknown cluster', errorOf('ClusterNotFoundException')],
    ['a mistake', new TypeError('x')],
  ])('%s is not tried again', async (_, error) => {
    const { read, startsMs } = arrange();
    await expect(read(error)).rejects.toBe(error);
    expect(startsMs).toHaveLength(1);
  });
});

describe('throttling', () => {
  it('halves the rate once for all that were under way together', async () => {
    const { limiter, read, clock } = arrange();
    const together = Array.from({ length: 5 }, () => read([throttled, 'ok'], 50));
    await clock.sleep(60);
    expect(limiter.ratePerSecond()).toBe(2.5);
    await Promise.all(together);
  });

  it('takes the burst away, so that what follows is paced from then on', async () => {
    const { read, startsMs } = arrange();
    await read([throttled, 'ok']);
    const from = startsMs.length;
    await Promise.all([read(), read(), read()]);
    const gaps = startsMs
      .slice(from)
      .map((ms, at, all) => ms - (all[at - 1] ?? startsMs[from - 1] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(200);
  });

  it('stops at a tenth of the full rate', async () => {
    const { limiter, read } = arrange();
    for (let at = 0; at < 3; at += 1) {
      await expect(read(throttled)).rejects.toBe(throttled);
    }
    expect(limiter.ratePerSecond()).toBe(0.5);
  });

  it('is forgotten slowly, read by read, and never goes beyond the full rate', async () => {
    const { limiter, read } = arrange();
    await read([throttled, 'ok']);
    expect(limiter.ratePerSecond()).toBe(2.75);
    for (let at = 0; at < 8; at += 1) await read();
    expect(limiter.ratePerSecond()).toBeCloseTo(4.75);
    for (let at = 0; at < 5; at += 1) await read();
    expect(limiter.ratePerSecond()).toBe(5);
  });
});

describe('retries that a client made by itself', () => {
  it.each([
    ['a success', { $metadata: { attempts: 4 } }],
    ['a failure', errorOf('AccessDeniedException', { $metadata: { attempts: 4 } })],
  ])('are charged to the reads that follow: %s', async (_, outcome) => {
    const { read, startsMs, readMany } = arrange({ burst: 4 });
    await read(outcome).catch(() => undefined);
    await readMany(2);
    expect(startsMs).toEqual([0, 200, 400]);
  });
});

describe('a signal', () => {
  it('ends a read that waits for its turn, at once and with the reason', async () => {
    const { clock, read, startsMs } = arrange({ burst: 1 });
    const controller = new AbortController();
    const reason = new Error('out of time');
    await read();
    const waiting = read('ok', 0, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(clock.nowMs()).toBe(0);
    expect(startsMs).toHaveLength(1);
  });

  it('ends a read that waits for a place, which goes to the next one', async () => {
    const { read } = arrange({ inFlightMax: 1 });
    const controller = new AbortController();
    const reason = new Error('out of time');
    const first = read('first', 1_000);
    const second = read('second', 0, controller.signal);
    const third = read('third');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect(await Promise.all([first, third])).toEqual(['first', 'third']);
  });

  it('ends a read between two attempts, and one that has not begun', async () => {
    const { clock, read } = arrange();
    const controller = new AbortController();
    const reason = new Error('out of time');
    const pausing = read(throttled, 0, controller.signal);
    const outcome = expect(pausing).rejects.toBe(reason);
    await clock.sleep(100);
    controller.abort(reason);
    await outcome;
    await expect(read('ok', 0, controller.signal)).rejects.toBe(reason);
    expect(clock.nowMs()).toBe(100);
  });
});
