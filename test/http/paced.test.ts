import { describe, expect, it } from 'vitest';
import { createRandom } from '../../shared/domain/statistics/random.ts';
import { mapAtMost, runPaced } from '../../shared/http/paced.ts';
import { interleave } from '../../shared/http/sample.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';

const never = new AbortController().signal;

/** Runs jobs that take `jobMs` each, and tells when each one started and how many ran at once. */
async function pace(
  jobs: number,
  jobMs: number,
  settings: { untilMs?: number; inFlight?: number } = {},
) {
  const clock = createVirtualClock(0);
  const starts: number[] = [];
  let [running, peak] = [0, 0];
  const job = async (): Promise<void> => {
    starts.push(clock.nowMs());
    running += 1;
    peak = Math.max(peak, running);
    await clock.sleep(jobMs);
    running -= 1;
  };
  const started = await runPaced(
    Array.from({ length: jobs }, () => job),
    { perSecond: 20, inFlight: settings.inFlight ?? 10, jobMsMax: jobMs },
    clock,
    { untilMs: settings.untilMs ?? 1_000_000, signal: never },
  );
  return { started, starts, peak, running, endMs: clock.nowMs() };
}

describe('runPaced', () => {
  it('starts at most 20 a second', async () => {
    const { starts, peak } = await pace(40, 10);
    expect(starts.at(-1)).toBe(39 * 50);
    expect(peak).toBe(1);
  });

  it('has at most 10 under way, however slow they are', async () => {
    const { starts, peak, running } = await pace(30, 2_000);
    expect(peak).toBe(10);
    expect(running).toBe(0);
    expect(starts).toHaveLength(30);
  });

  it('starts nothing that could not end inside the budget', async () => {
    const { started, endMs } = await pace(100, 400, { untilMs: 1_000 });
    expect(started).toBe(13); // At 0, 50, ... 600: the last ends at 1,000.
    expect(endMs).toBe(1_000);
  });

  it('makes up for no lost time: after a pause it does not burst', async () => {
    const { starts } = await pace(6, 500, { inFlight: 1 });
    expect(starts).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500]);
  });

  it('ends with the error of a job, once those under way have ended', async () => {
    const clock = createVirtualClock(0);
    let ended = 0;
    const jobs = [
      async () => {
        await clock.sleep(300);
        ended += 1;
      },
      async () => {
        throw new Error('broken');
      },
      async () => {
        throw new Error('never started');
      },
    ];
    const paced = { perSecond: 20, inFlight: 10, jobMsMax: 300 };
    const run = runPaced(jobs, paced, clock, { untilMs: 9_999, signal: never });
    await expect(run).rejects.toThrow('broken');
    expect(ended).toBe(1);
  });
});

describe('mapAtMost', () => {
  it('keeps the order and the limit', async () => {
    const clock = createVirtualClock(0);
    let [running, peak] = [0, 0];
    const results = await mapAtMost([5, 1, 4, 2, 3], 2, async (item) => {
      running += 1;
      peak = Math.max(peak, running);
      await clock.sleep(item);
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(peak).toBe(2);
  });

  it('has nothing to do for no items', async () =>
    expect(await mapAtMost([], 3, async () => 1)).toEqual([]));
});

describe('interleave', () => {
  it('keeps the sides even at every moment, and mixes who goes first', () => {
    const order = interleave(50, 50, createRandom(3));
    let lead = 0;
    for (const side of order) {
      lead += side === 'green' ? 1 : -1;
      expect(Math.abs(lead)).toBeLessThanOrEqual(1);
    }
    const greenFirst = order.filter((side, at) => at % 2 === 0 && side === 'green').length;
    expect(greenFirst).toBeGreaterThan(10);
    expect(greenFirst).toBeLessThan(40);
  });

  it.each([
    [3, 0, ['green', 'green', 'green']],
    [0, 2, ['blue', 'blue']],
    [0, 0, []],
  ])('%i and %i', (green, blue, expected) =>
    expect(interleave(green, blue, createRandom(1))).toEqual(expected),
  );
});
