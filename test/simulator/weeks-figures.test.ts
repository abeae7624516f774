import { describe, expect, it } from 'vitest';
import type { InstanceLife } from '../../simulator/instance-lives.ts';
import type { ServiceCount } from '../../simulator/record.ts';
import { durationText, longestDrain, unevenDays } from '../../simulator/weeks-figures.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const count = (
  atDays: number,
  zones: Readonly<Record<string, number>>,
  desired = 6,
  service = 'search',
): ServiceCount => ({
  ...{
    atMs: atDays * dayMs,
    service,
    desired,
    running: desired,
    floor: 0,
    isPending: false,
    onOneInstance: 1,
    isRebalanced: false,
    zones,
  },
});

const span = { fromMs: 0, untilMs: 10 * dayMs };

describe('uneven service-days', () => {
  it.each<[string, readonly ServiceCount[], number]>([
    ['even: none', [count(0, { a: 2, b: 2, c: 2 })], 0],
    ['one apart: nothing could be better', [count(0, { a: 3, b: 2, c: 2 }, 7)], 0],
    ['two apart: from then to the end', [count(4, { a: 3, b: 2, c: 1 })], 6],
    ['a zone without a task counts as 0', [count(4, { a: 3, b: 3 })], 6],
    ['until it is even again', [count(4, { a: 4, b: 2 }), count(5, { a: 2, b: 2, c: 2 })], 1],
    ['one task cannot be spread', [count(0, { a: 1 }, 1)], 0],
    ['not before the span', [count(-5, { a: 5, b: 1 }), count(1, { a: 2, b: 2, c: 2 })], 1],
    ['not after it', [count(9, { a: 6 }), count(20, { a: 2, b: 2, c: 2 })], 1],
    [
      'two services add up, each on its own clock',
      [count(8, { a: 6 }), count(9, { a: 6 }, 6, 'web')],
      3,
    ],
  ])('%s', (_, counts, days) => {
    expect(unevenDays(counts, 3, span)).toBeCloseTo(days, 9);
  });
});

const life = (drainingMs: number | undefined, goneMs: number | undefined): InstanceLife => ({
  ...{ id: 'i', ec2InstanceId: 'i-1', zone: 'a', registeredMs: -dayMs, drainingMs, goneMs },
});

describe('the longest drain', () => {
  it.each<[string, readonly InstanceLife[], ReturnType<typeof longestDrain>]>([
    ['none', [life(undefined, undefined)], undefined],
    ['the longer of two', [life(0, hourMs), life(0, dayMs)], { lastedMs: dayMs, isOver: true }],
    [
      'one that goes on lasts to the end of the span',
      [life(9 * dayMs, undefined), life(0, hourMs)],
      { lastedMs: dayMs, isOver: false },
    ],
    ['one from before the span is not of it', [life(-1, dayMs)], undefined],
  ])('%s', (_, lives, longest) => {
    expect(longestDrain(lives, span)).toEqual(longest);
  });
});

describe('a duration', () => {
  it.each([
    [12 * 60_000, '12 min'],
    [59.6 * 60_000, '1 h 0 min'],
    [9 * hourMs + 33 * 60_000, '9 h 33 min'],
    [47 * hourMs, '47 h 0 min'],
    [62 * hourMs, '2 d 14 h'],
  ])('of %d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
