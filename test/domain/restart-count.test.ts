import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countRestarts,
  type RestartReason,
  type RestartSample,
  restartPeriodMs,
} from '../../shared/domain/restart-count.ts';
import { seedOf } from '../support/incidents.ts';

/** One sample a minute from minute 0 on; undefined where CloudWatch has none. */
const seriesOf = (values: readonly (number | undefined)[]): readonly RestartSample[] =>
  values.flatMap((value, at) =>
    value === undefined ? [] : [{ atMs: at * restartPeriodMs, value }],
  );
/** From one minute on, with tasks that stopped in the minutes named. */
const from = (minute: number, stops: readonly number[] = []) => ({
  sinceMs: minute * restartPeriodMs,
  stopsAtMs: stops.map((at) => at * restartPeriodMs),
});
const none = undefined;

describe('countRestarts', () => {
  type Row = readonly [
    name: string,
    values: readonly (number | undefined)[],
    since: number,
    stops: readonly number[],
    expected: readonly [
      reason: RestartReason,
      count: number,
      perPeriod: number,
      cumulative: number,
    ],
  ];
  const rows: readonly Row[] = [
    ['no samples: Container Insights is off', [], 0, [], ['no-restart-metric', 0, 0, 0]],
    ['only zeros: a policy, and no restart', [0, 0, 0], 0, [], ['restarts-agree', 0, 0, 0]],
    ['one restart is one either way', [0, 0, 1], 0, [], ['restarts-agree', 1, 1, 1]],
    ['three tasks at once are three either way', [0, 3], 0, [], ['restarts-agree', 3, 3, 3]],
    ['a plateau may be one restart', [0, 0, 1, 1, 1], 0, [], ['restarts-unclear', 1, 3, 1]],
    [
      'three peaks are no counter: 5 in 9 minutes',
      [0, 1, 1, 0, 1, 0, 1, 0, 1],
      0,
      [],
      ['restarts-per-period', 5, 5, 1],
    ],
    [
      'two peaks may be two tasks that went',
      [0, 1, 0, 1, 0, 1],
      0,
      [],
      ['restarts-unclear', 1, 3, 1],
    ],
    [
      'three peaks of which a stop explains one',
      [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0],
      0,
      [-1],
      ['restarts-unclear', 1, 3, 1],
    ],
    [
      'stops that are too far away explain none of them',
      [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0],
      0,
      [-1.01, 15],
      ['restarts-per-period', 3, 3, 1],
    ],
    [
      'a rollout that takes counters away one by one is a single peak',
      [30, 27, 24, 20, 16, 12, 8, 4, 0, 0],
      0,
      [],
      ['restarts-unclear', 0, 141, 0],
    ],
    [
      'a counter that misses a task for a minute: the way back is no restart',
      [12, 12, 5, 12, 12, 7, 12],
      0,
      [],
      ['restarts-unclear', 0, 72, 0],
    ],
    [
      'a counter that only grows',
      [3, 3, 4, 4, 4, 5, 5, 5, 5, 5],
      0,
      [],
      ['restarts-cumulative', 2, 43, 2],
    ],
    [
      'nine minutes are not long enough to take it for one',
      [3, 3, 4, 4, 4, 5, 5, 5, 5],
      0,
      [],
      ['restarts-unclear', 2, 38, 2],
    ],
    [
      'nor are ten with a gap in between',
      [3, 3, 4, 4, 4, none, 5, 5, 5, 5, 5],
      0,
      [],
      ['restarts-unclear', 2, 43, 2],
    ],
    [
      'nor does a loop that has just begun look like one',
      [0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
      0,
      [],
      ['restarts-unclear', 1, 2, 1],
    ],
    [
      'what lies before the window only tells how to read',
      [0, 1, 0, 1, 0, 1, 0, 0, 2, 0],
      6,
      [],
      ['restarts-per-period', 2, 2, 1],
    ],
    [
      'a high from before the window is no restart in it',
      [0, 4, 4, 4],
      2,
      [],
      ['restarts-unclear', 0, 8, 0],
    ],
    [
      'a fall behind a gap says nothing: all tasks may be others',
      [1, none, 0, 1, none, 0, 1, none, 0, 1],
      0,
      [],
      ['restarts-unclear', 0, 4, 0],
    ],
    ['the first sample may be old', [7], 0, [], ['restarts-unclear', 0, 7, 0]],
    [
      'what is no number of restarts does not count',
      [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1.9],
      0,
      [],
      ['restarts-agree', 1, 1, 1],
    ],
  ];

  it.each(rows)('%s', (_, values, since, stops, [reason, count, perPeriod, cumulative]) => {
    const found = countRestarts(seriesOf(values), from(since, stops));
    expect(found).toMatchObject({ reason, count, perPeriod, cumulative });
  });

  it('tells when the restarts were', () => {
    const { restarts } = countRestarts(seriesOf([0, 1, 1, 0, 2, 0, 1, 0]), from(2));
    expect(restarts).toEqual([
      { atMs: 2 * restartPeriodMs, count: 1 },
      { atMs: 4 * restartPeriodMs, count: 2 },
      { atMs: 6 * restartPeriodMs, count: 1 },
    ]);
  });

  it('takes the lower of two samples of one minute', () => {
    const twice = [...seriesOf([0, 3]), { atMs: restartPeriodMs, value: 1 }];
    expect(countRestarts(twice, from(0)).count).toBe(1);
  });
});

const samples = fc.array(
  fc.record({
    atMs: fc.nat(60).map((minute) => minute * restartPeriodMs),
    value: fc.oneof(fc.nat(6), fc.constantFrom(-1, Number.NaN, 0.5)),
  }),
  { maxLength: 90 },
);
const window = fc.record({
  sinceMs: fc.nat(60).map((minute) => minute * restartPeriodMs),
  stopsAtMs: fc.array(fc.nat(60 * restartPeriodMs), { maxLength: 4 }),
});

describe('whatever the samples', () => {
  it('the count is what one of the readings says, and the lower one unless it is proven', () => {
    fc.assert(
      fc.property(samples, window, (drawn, where) => {
        const { reason, count, perPeriod, cumulative, restarts } = countRestarts(drawn, where);
        expect(count).toBe(reason === 'restarts-per-period' ? perPeriod : cumulative);
        expect(cumulative).toBeLessThanOrEqual(perPeriod);
        expect(restarts.reduce((total, one) => total + one.count, 0)).toBe(count);
        for (const one of restarts) {
          expect(one.atMs).toBeGreaterThanOrEqual(where.sinceMs);
          expect(one.count).toBeGreaterThan(0);
        }
      }),
      seedOf(),
    );
  });

  it('their order and repeats change nothing', () => {
    const shuffled = samples.chain((drawn) =>
      fc.tuple(
        fc.constant(drawn),
        fc.shuffledSubarray([...drawn, ...drawn], {
          minLength: drawn.length * 2,
          maxLength: drawn.length * 2,
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, window, ([drawn, again], where) => {
        expect(countRestarts(again, where)).toEqual(countRestarts(drawn, where));
      }),
      seedOf(),
    );
  });

  it('the restarts of the lower reading are among those of the other: ids stay the same', () => {
    fc.assert(
      fc.property(samples, window, (drawn, where) => {
        const lower = countRestarts(drawn, {
          ...where,
          stopsAtMs: Array.from({ length: 61 }, (_, at) => at * restartPeriodMs),
        }).restarts;
        const values = new Map<number, number>();
        for (const { atMs, value } of drawn) {
          if (value >= 0) values.set(atMs, Math.min(values.get(atMs) ?? value, value));
        }
        for (const { atMs, count } of lower) {
          expect(count).toBeLessThanOrEqual(Math.floor(values.get(atMs) ?? 0));
        }
      }),
      seedOf(),
    );
  });
});

describe('a service of which the truth is known', () => {
  /** Restarts of each of a few tasks in each minute; a container restarts once a minute at most. */
  const truth = fc.integer({ min: 1, max: 5 }).chain((tasks) =>
    fc.array(fc.array(fc.boolean(), { minLength: tasks, maxLength: tasks }), {
      minLength: 12,
      maxLength: 60,
    }),
  );
  const perMinute = (minutes: readonly (readonly boolean[])[]): readonly number[] =>
    minutes.map((restarted) => restarted.filter(Boolean).length);
  const totalFrom = (values: readonly number[], since: number): number =>
    values.slice(Math.max(since, 0)).reduce((total, value) => total + value, 0);

  it('is never said to restart more often than it does, where the metric is per period', () => {
    const missing = fc.array(fc.nat(60), { maxLength: 10 });
    fc.assert(
      fc.property(truth, fc.nat(20), missing, (minutes, since, lost) => {
        const values = perMinute(minutes);
        const seen = values.map((value, at) => (lost.includes(at) ? undefined : value));
        const { count } = countRestarts(seriesOf(seen), from(since));
        expect(count).toBeLessThanOrEqual(totalFrom(values, since));
      }),
      seedOf(),
    );
  });

  // What a counter grew by in a minute that is missing shows in the next one: that much later.
  it('nor where it is a counter, with minutes that are missing', () => {
    const missing = fc.array(fc.nat(60), { maxLength: 10 });
    const before = fc.array(fc.nat(9), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(truth, before, fc.nat(20), missing, (minutes, counters, since, lost) => {
        const values = perMinute(minutes);
        let counter = counters.reduce((total, value) => total + value, 0);
        const seen = values.map((value, at) => {
          counter += value;
          return lost.includes(at) ? undefined : counter;
        });
        const { count } = countRestarts(seriesOf(seen), from(since));
        expect(count).toBeLessThanOrEqual(totalFrom(values, since - lost.length));
      }),
      seedOf(),
    );
  });

  it('nor where it is a counter that loses a task twice for a minute, and tasks that stop', () => {
    const dips = fc.array(fc.nat(60), { maxLength: 2 });
    const ends = fc.array(fc.nat(60), { maxLength: 4 });
    fc.assert(
      fc.property(truth, dips, ends, fc.nat(20), (minutes, missed, ended, since) => {
        const counters = minutes[0]?.map(() => 0) ?? [];
        const seen = minutes.map((restarted, at) => {
          restarted.forEach((has, task) => {
            counters[task] = (counters[task] ?? 0) + Number(has);
          });
          // A stopped task is replaced by one that counts from zero.
          if (ended.includes(at)) counters[0] = 0;
          const sum = counters.reduce((total, value) => total + value, 0);
          return missed.includes(at) ? sum - (counters[0] ?? 0) : sum;
        });
        const { reason, count } = countRestarts(seriesOf(seen), from(since, ended));
        expect(reason).not.toBe('restarts-per-period');
        expect(count).toBeLessThanOrEqual(totalFrom(perMinute(minutes), since - missed.length));
      }),
      seedOf(),
    );
  });

  it('is seen whole once three peaks have shown that the metric is per period', () => {
    fc.assert(
      fc.property(truth, fc.nat(20), (minutes, since) => {
        const values = [1, 0, 1, 0, 1, 0, ...perMinute(minutes)];
        const { count } = countRestarts(seriesOf(values), from(since));
        expect(count).toBe(totalFrom(values, since));
      }),
      seedOf(),
    );
  });
});
