import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createWindowsOf,
  cronCharsMax,
  isReadable,
  lastSpanBy,
  periodMsMax,
  readEventWindow,
  spansWithin,
  type WeeklySchedule,
} from '../../shared/domain/event-window.ts';
import type { EventWindow, TimeRange } from '../../shared/domain/snapshot.ts';

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const cron = (text: string) => readEventWindow({ timeRanges: [], cron: text });
const ranges = (...timeRanges: readonly TimeRange[]) =>
  readEventWindow({ timeRanges, cron: undefined });
const range = (
  startDay: string,
  startHour: number,
  endDay: string,
  endHour: number,
): TimeRange => ({ startDay, startHour, endDay, endHour });

function read(window: ReturnType<typeof readEventWindow>): WeeklySchedule {
  if (!isReadable(window)) throw new Error(window.problem);
  return window;
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
/** The spans of a schedule in a period, as a person would write them. */
const within = (window: ReturnType<typeof readEventWindow>, from: string, to: string) =>
  spansWithin(read(window), { startMs: Date.parse(from), endMs: Date.parse(to) }).map(
    ({ startMs, endMs }) => `${iso(startMs)} ${iso(endMs)}`,
  );

/** Monday 23 to Monday 30 November 2026. */
const week = ['2026-11-23T00:00Z', '2026-11-30T00:00Z'] as const;

describe('spansWithin', () => {
  const cases: readonly (readonly [
    name: string,
    window: ReturnType<typeof readEventWindow>,
    spans: readonly string[],
  ])[] = [
    [
      'Monday 02 to Wednesday 08 is one span of 54 h',
      ranges(range('monday', 2, 'wednesday', 8)),
      ['2026-11-23T02:00 2026-11-25T08:00'],
    ],
    [
      'Saturday 22 to Monday 06 runs over both ends of the period, and is told whole',
      ranges(range('saturday', 22, 'monday', 6)),
      ['2026-11-21T22:00 2026-11-23T06:00', '2026-11-28T22:00 2026-11-30T06:00'],
    ],
    [
      'Wednesday 20 to Thursday 04 runs over the hour at which a week of the epoch ends',
      ranges(range('Wednesday', 20, 'THURSDAY', 4)),
      ['2026-11-25T20:00 2026-11-26T04:00'],
    ],
    [
      'an end at the hour of the start is the one of next week: always open',
      ranges(range('friday', 5, 'friday', 5)),
      ['2026-11-23T00:00 2026-11-30T00:00'],
    ],
    [
      'ranges that touch are one span: 02-04 and 04-06',
      ranges(range('friday', 4, 'friday', 6), range('friday', 2, 'friday', 4)),
      ['2026-11-27T02:00 2026-11-27T06:00'],
    ],
    [
      'ranges that overlap are one span: 02-05 and 04-06',
      ranges(range('friday', 2, 'friday', 5), range('friday', 4, 'friday', 6)),
      ['2026-11-27T02:00 2026-11-27T06:00'],
    ],
    [
      'hours 21-23 on days 2 and 3 are Tuesday and Wednesday, the last hour included',
      cron('* 21-23 * * 2,3'),
      ['2026-11-24T21:00 2026-11-25T00:00', '2026-11-25T21:00 2026-11-26T00:00'],
    ],
    [
      'hours 0-4 and 20-23 on Monday and Friday: what touches midnight stays apart from other days',
      cron('* 0-4,20-23 * * 1,5'),
      [
        '2026-11-23T00:00 2026-11-23T05:00',
        '2026-11-23T20:00 2026-11-24T00:00',
        '2026-11-27T00:00 2026-11-27T05:00',
        '2026-11-27T20:00 2026-11-28T00:00',
      ],
    ],
    [
      'hours 22-23 on Saturday and 0-1 on Sunday are apart in cron and one span in time',
      cron('* 0-1,22-23 * * SAT,sun'),
      [
        '2026-11-28T00:00 2026-11-28T02:00',
        '2026-11-28T22:00 2026-11-29T02:00',
        '2026-11-29T22:00 2026-11-30T00:00',
      ],
    ],
    [
      'single hours and a range of days',
      cron('* 3,4 * * 1-2'),
      ['2026-11-23T03:00 2026-11-23T05:00', '2026-11-24T03:00 2026-11-24T05:00'],
    ],
    ['every hour of every day', cron('* * * * *'), ['2026-11-23T00:00 2026-11-30T00:00']],
    [
      'hours 0-23 of days 0-6 are the same',
      cron('* 0-23 * * 0-6'),
      ['2026-11-23T00:00 2026-11-30T00:00'],
    ],
    [
      'a span from the hour at which a week of the epoch begins stands in its place',
      cron('* 0-4,20-23 * * THU'),
      ['2026-11-26T00:00 2026-11-26T05:00', '2026-11-26T20:00 2026-11-27T00:00'],
    ],
    ['no range at all is never', ranges(), []],
  ];
  it.each(cases)('%s', (_, window, spans) => expect(within(window, ...week)).toEqual(spans));

  it('takes what ends one ms after the start and begins one ms before the end, and no more', () => {
    const window = ranges(range('friday', 2, 'friday', 6));
    const [start, end] = [Date.parse('2026-11-27T02:00Z'), Date.parse('2026-11-27T06:00Z')];
    const count = (startMs: number, endMs: number) =>
      spansWithin(read(window), { startMs, endMs }).length;
    expect(count(end - 1, end + 1)).toBe(1);
    expect(count(end, end + hourMs)).toBe(0);
    expect(count(start - hourMs, start + 1)).toBe(1);
    expect(count(start - hourMs, start)).toBe(0);
    expect(count(start + hourMs, start + hourMs)).toBe(0);
  });

  it.each([
    ['29 February 2028, a Tuesday', '2028-02-29T00:00Z', '2028-03-01T00:00Z'],
    ['the night the clocks change in Europe, a Sunday', '2026-10-25T00:00Z', '2026-10-26T00:00Z'],
    ['before the epoch, a Sunday', '1969-12-28T00:00Z', '1969-12-29T00:00Z'],
  ])('knows the day of the week on %s', (_, from, to) => {
    const day = new Date(from).getUTCDay();
    expect(within(cron(`* 1-2 * * ${day}`), from, to)).toEqual([
      `${from.slice(0, 11)}01:00 ${from.slice(0, 11)}03:00`,
    ]);
    expect(within(cron(`* 1-2 * * ${(day + 1) % 7}`), from, to)).toEqual([]);
  });

  it('refuses a period that is none, or one too long', () => {
    expect(() => spansWithin([], { startMs: 1, endMs: 0 })).toThrow('period');
    expect(() => spansWithin([], { startMs: 0, endMs: periodMsMax + 1 })).toThrow('53 weeks');
  });
});

describe('what cannot be read', () => {
  it.each([
    ['a minute', '5 1-4 * * 1'],
    ['a day of the month', '* 1-4 1 * 1'],
    ['a month', '* 1-4 * 6 1'],
    ['an hour that does not exist', '* 20-24 * * 1'],
    ['hours that run backwards', '* 22-2 * * 1'],
    ['a day that does not exist', '* 1-4 * * 7'],
    ['days that run backwards', '* 1-4 * * FRI-MON'],
    ['an unknown day', '* 1-4 * * MONDAY'],
    ['an open range', '* 1- * * 1'],
    ['a range of three', '* 1-4-5 * * 1'],
    ['a step', '* */2 * * 1'],
    ['an empty item', '* 1-4, * * 1'],
    ['too few fields', '* 1-4 * *'],
    ['too many fields', '* 1-4 * * 1 *'],
    ['nothing', ''],
    ['a negative hour', '* -1-4 * * 1'],
    ['a name for an hour', '* MON * * 1'],
  ])('%s: %s', (_, text) => expect(cron(text)).toEqual({ problem: `cron expression ${text}` }));

  it('a text without end', () => {
    const window = cron(`* ${'1-4,'.repeat(1_000)}1 * * 1`);
    expect(isReadable(window)).toBe(false);
    expect(JSON.stringify(window).length).toBeLessThan(cronCharsMax + 50);
  });

  it.each([
    ['a day of another language', range('lundi', 2, 'tuesday', 4)],
    ['hour 24', range('monday', 2, 'tuesday', 24)],
    ['half an hour', range('monday', 2.5, 'tuesday', 4)],
    ['hour -1', range('monday', -1, 'tuesday', 4)],
  ])('%s', (_, bad) => {
    const { startDay, startHour, endDay, endHour } = bad;
    const good = range('friday', 2, 'friday', 6);
    expect(ranges(good, bad)).toEqual({
      problem: `time range ${startDay} ${startHour} to ${endDay} ${endHour}`,
    });
  });

  it('both a range and a cron expression: which one counts?', () =>
    expect(
      readEventWindow({ timeRanges: [range('friday', 2, 'friday', 6)], cron: '* 1-4 * * 1' }),
    ).toEqual({ problem: 'both time ranges and a cron expression' }));
});

describe('lastSpanBy', () => {
  const window = read(ranges(range('friday', 2, 'friday', 6)));
  const friday = Date.parse('2026-11-27T02:00Z');
  it.each([
    ['at its very start', 0, 0],
    ['one ms before it: the one a week before', -1, -weekMs],
    ['inside it', 2 * hourMs, 0],
    ['after its end', 5 * hourMs, 0],
    ['six days later', 144 * hourMs, 0],
  ])('%s', (_, afterMs, spanAfterMs) =>
    expect(lastSpanBy(window, friday + afterMs)).toEqual({
      startMs: friday + spanAfterMs,
      endMs: friday + spanAfterMs + 4 * hourMs,
    }),
  );

  it('is none of what never begins', () => {
    expect(lastSpanBy([], friday)).toBeUndefined();
    expect(lastSpanBy(read(cron('* * * * *')), friday)).toBeUndefined();
  });
});

describe('createWindowsOf', () => {
  const instance = { ec2InstanceId: 'i-1', tags: { team: 'shop', stage: 'prod' } };
  const tag = (key: string, value: string) => ({ key, value });
  const window = (
    id: string,
    instanceIds: readonly string[],
    tags: readonly { readonly key: string; readonly value: string }[] = [],
  ): EventWindow => ({ id, instanceIds, tags, timeRanges: [], cron: undefined });
  const tied = (...windows: readonly EventWindow[]) =>
    createWindowsOf(windows)(instance).map(({ id }) => id);

  it.each([
    ['by its id', window('w', ['i-0', 'i-1']), true],
    ['not by the id of another', window('w', ['i-0']), false],
    ['by one of several tags', window('w', [], [tag('a', 'b'), tag('team', 'shop')]), true],
    ['by one of two values', window('w', [], [tag('team', 'x'), tag('team', 'shop')]), true],
    ['not by another value', window('w', [], [tag('team', 'x')]), false],
    ['not by what every object has', window('w', [], [tag('constructor', '')]), false],
    ['not by nothing', window('w', []), false],
  ])('%s', (_, one, isTied) => expect(tied(one)).toEqual(isTied ? ['w'] : []));

  it('gives each once, by id, however many of its targets the instance has', () => {
    const both = window('b', ['i-1'], [tag('team', 'shop'), tag('stage', 'prod')]);
    expect(tied(both, window('c', ['i-1']), window('x', ['i-2']), window('a', ['i-1']))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('gives none by an id where the instance has none', () => {
    const unknown = { ec2InstanceId: undefined, tags: {} };
    expect(createWindowsOf([window('w', ['i-1'])])(unknown)).toEqual([]);
  });
});

describe('any window', () => {
  const hour = fc.integer({ min: 0, max: 23 });
  const day = fc.constantFrom(...names);
  const timeRange = fc.record({ startDay: day, startHour: hour, endDay: day, endHour: hour });
  const span = fc.tuple(hour, hour).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const cronText = fc
    .record({
      hours: fc.array(fc.oneof(span, hour.map(String)), { minLength: 1, maxLength: 4 }),
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    })
    .map(({ hours, days }) => `* ${hours.join(',')} * * ${days.join(',')}`);
  const hourOfTime = fc.integer({ min: -200_000, max: 600_000 });
  const isInside = (schedule: WeeklySchedule, ms: number): boolean =>
    spansWithin(schedule, { startMs: ms, endMs: ms + 1 }).length === 1;

  it('is open in exactly the hours that its cron expression names', () => {
    fc.assert(
      fc.property(cronText, hourOfTime, (text, at) => {
        const date = new Date(at * hourMs);
        const [, hours = '', , , days = ''] = text.split(' ');
        const hourMatches = hours.split(',').some((item) => {
          const [from, to = from] = item.split('-').map(Number);
          return Number(from) <= date.getUTCHours() && date.getUTCHours() <= Number(to);
        });
        const expected = hourMatches && days.split(',').map(Number).includes(date.getUTCDay());
        expect(isInside(read(cron(text)), at * hourMs + 1)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is open in exactly the hours that one of its ranges covers', () => {
    fc.assert(
      fc.property(fc.array(timeRange, { maxLength: 4 }), hourOfTime, (list, at) => {
        const date = new Date(at * hourMs);
        const weekHour = date.getUTCDay() * 24 + date.getUTCHours();
        const covers = ({ startDay, startHour, endDay, endHour }: TimeRange): boolean => {
          const from = names.indexOf(startDay) * 24 + startHour;
          const to = names.indexOf(endDay) * 24 + endHour;
          const hours = to > from ? to - from : to - from + 168;
          return (weekHour - from + 168) % 168 < hours;
        };
        expect(isInside(read(ranges(...list)), at * hourMs + 1)).toBe(list.some(covers));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives spans in order, apart, the same whichever period shows them, and repeats every week', () => {
    fc.assert(
      fc.property(fc.array(timeRange, { maxLength: 4 }), hourOfTime, (list, at) => {
        const schedule = read(ranges(...list));
        const startMs = at * hourMs;
        const spans = spansWithin(schedule, { startMs, endMs: startMs + 3 * weekMs });
        for (const [index, one] of spans.entries()) {
          const before = spans[index - 1];
          if (before !== undefined) expect(before.endMs).toBeLessThan(one.startMs);
          expect(one.endMs).toBeGreaterThan(one.startMs);
        }
        const middle = { startMs: startMs + weekMs, endMs: startMs + 2 * weekMs };
        if (schedule.some(({ fromHour, toHour }) => toHour - fromHour === 168)) {
          expect(spansWithin(schedule, middle)).toEqual([middle]);
          return;
        }
        expect(spansWithin(schedule, middle)).toEqual(
          spans.filter((one) => one.startMs < middle.endMs && one.endMs > middle.startMs),
        );
        const later = { startMs: startMs + weekMs, endMs: startMs + 4 * weekMs };
        expect(spansWithin(schedule, later)).toEqual(
          spans.map((one) => ({ startMs: one.startMs + weekMs, endMs: one.endMs + weekMs })),
        );
      }),
    );
  });
});
