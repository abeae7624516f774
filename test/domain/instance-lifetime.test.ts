import { describe, expect, it } from 'vitest';
import {
  createLifetimeOf,
  deadlineAfterMs,
  drainAfterMs,
  drainMsMax,
  hasLeft,
  killedFromMs,
  launchAheadMsMax,
} from '../../shared/domain/instance-lifetime.ts';
import type { EventWindow, Instance } from '../../shared/domain/snapshot.ts';
import { dayMs, hourMs, launchFor, managed, minuteMs, nowMs } from '../support/calendar-worlds.ts';

const lifetimeOf = (instance: Instance, eventWindows: readonly EventWindow[] = [], atMs = nowMs) =>
  createLifetimeOf({ eventWindows }, atMs)(instance);

describe('the clock of a managed instance', () => {
  it('is 14 and 21 days, and a drain of seven', () =>
    expect([drainAfterMs, deadlineAfterMs, drainMsMax].map((ms) => ms / dayMs)).toEqual([
      14, 21, 7,
    ]));

  it.each([
    ['launched now: 14 days left', 0, 'forecast', 14 * dayMs],
    ['one ms before day 14', 14 * dayMs - 1, 'forecast', 1],
    ['day 14 exactly, still ACTIVE', 14 * dayMs, 'overdue', 0],
    ['one ms after day 14', 14 * dayMs + 1, 'overdue', -1],
    ['day 21 exactly', 21 * dayMs, 'overdue', -7 * dayMs],
    [
      'a year later: AWS changed its mind, or the time is wrong',
      365 * dayMs,
      'overdue',
      -351 * dayMs,
    ],
  ])('%s', (_, ageMs, status, untilDrainMs) => {
    const lifetime = lifetimeOf(managed('i-1', nowMs - ageMs));
    expect(lifetime).toMatchObject({
      status,
      untilDrainMs,
      isEarly: false,
      untilDeadlineMs: untilDrainMs + 7 * dayMs,
      dueMs: nowMs + untilDrainMs,
      drainAtMs: nowMs + untilDrainMs,
      deadlineMs: nowMs + untilDrainMs + 7 * dayMs,
      deadlineEarliestMs: nowMs + untilDrainMs + 7 * dayMs,
      launchSource: 'ec2',
    });
  });

  it.each([
    ['the night the clocks go back in Europe', '2026-10-12T01:30Z', '2026-10-26T01:30:00.000Z'],
    ['29 February', '2028-02-20T12:00Z', '2028-03-05T12:00:00.000Z'],
    ['the turn of the year', '2026-12-24T23:59Z', '2027-01-07T23:59:00.000Z'],
  ])('counts hours, so %s changes nothing', (_, launched, due) => {
    const launchedAtMs = Date.parse(launched);
    const { dueMs = 0 } = lifetimeOf(managed('i-1', launchedAtMs), [], launchedAtMs + dayMs);
    expect(new Date(dueMs).toISOString()).toBe(due);
  });

  it('drains: since when, it does not say', () => {
    const draining = managed('i-1', nowMs - 15 * dayMs, { status: 'DRAINING' });
    expect(lifetimeOf(draining)).toMatchObject({
      status: 'draining',
      isEarly: false,
      untilDeadlineMs: 6 * dayMs,
      deadlineEarliestMs: nowMs + 6 * dayMs,
    });
  });

  it.each([
    ['on day 14 exactly it is in time', 14 * dayMs, false],
    ['a ms before that it is early', 14 * dayMs - 1, true],
  ])('drains: %s', (_, ageMs, isEarly) => {
    const draining = managed('i-1', nowMs - ageMs, { status: 'DRAINING' });
    expect(lifetimeOf(draining)).toMatchObject({ isEarly });
  });

  it('drains before its time: it may be killed before day 21, and nobody knows when', () => {
    const draining = managed('i-1', nowMs - 3 * dayMs, { status: 'DRAINING' });
    expect(lifetimeOf(draining)).toMatchObject({
      status: 'draining',
      isEarly: true,
      untilDeadlineMs: 18 * dayMs,
      deadlineEarliestMs: undefined,
    });
  });

  it.each([
    ['on day 3: seven days later', 3 * dayMs, 10 * dayMs, true],
    [
      'an hour and more before day 14 it is early',
      14 * dayMs - hourMs - 1,
      21 * dayMs - hourMs - 1,
      true,
    ],
    ['within the hour before day 14 it is not', 14 * dayMs - hourMs, 21 * dayMs - hourMs, false],
    ['on day 14: day 21', 14 * dayMs, 21 * dayMs, false],
    ['late, on day 16: day 21 all the same', 16 * dayMs, 21 * dayMs, false],
  ])('drains since a known time, %s', (_, sinceAgeMs, endAgeMs, isEarly) => {
    const launchMs = nowMs - 17 * dayMs;
    const draining = managed('i-1', launchMs, { status: 'DRAINING' });
    const endMs = launchMs + endAgeMs;
    const lifetime = createLifetimeOf(
      { eventWindows: [] },
      nowMs,
      () => launchMs + sinceAgeMs,
    )(draining);
    expect(lifetime).toMatchObject({ isEarly, deadlineEarliestMs: endMs });
    expect(killedFromMs(lifetime)).toBe(endMs);
  });

  it('drains since a known time, without a known launch: seven days later', () => {
    const draining = managed('i-1', undefined, { status: 'DRAINING' });
    const lifetime = createLifetimeOf({ eventWindows: [] }, nowMs, () => nowMs - dayMs)(draining);
    expect(killedFromMs(lifetime)).toBe(nowMs + 6 * dayMs);
  });

  it('does not drain: a drain of before that was taken back counts for nothing', () => {
    const lifetime = createLifetimeOf(
      { eventWindows: [] },
      nowMs,
      () => nowMs - dayMs,
    )(managed('i-1', nowMs - 2 * dayMs));
    expect(lifetime).toMatchObject({ isEarly: false, deadlineEarliestMs: nowMs + 19 * dayMs });
  });

  it.each([
    ['EC2 says when', { launchedAtMs: nowMs - 2, registeredAtMs: nowMs - 1 }, nowMs - 2, 'ec2'],
    [
      'only ECS does',
      { launchedAtMs: undefined, registeredAtMs: nowMs - 1 },
      nowMs - 1,
      'registration',
    ],
    ['nobody does', { launchedAtMs: undefined, registeredAtMs: undefined }, undefined, undefined],
    [
      'a launch as far ahead as clocks differ',
      { launchedAtMs: nowMs + launchAheadMsMax },
      nowMs + launchAheadMsMax,
      'ec2',
    ],
    [
      'a launch further ahead is passed over',
      { launchedAtMs: nowMs + launchAheadMsMax + 1, registeredAtMs: nowMs - 1 },
      nowMs - 1,
      'registration',
    ],
    [
      'both further ahead',
      { launchedAtMs: nowMs + dayMs, registeredAtMs: nowMs + dayMs },
      undefined,
      undefined,
    ],
    [
      'a launch that is no time',
      { launchedAtMs: Number.NaN, registeredAtMs: -Infinity },
      undefined,
      undefined,
    ],
  ])('launch: %s', (_, changes, launchedAtMs, launchSource) =>
    expect(lifetimeOf(managed('i-1', nowMs, changes))).toMatchObject({
      launchedAtMs,
      launchSource,
    }),
  );

  it('has no time at all without a launch', () => {
    const lifetime = lifetimeOf(managed('i-1', undefined));
    const { dueMs, drainAtMs, deadlineMs, deadlineEarliestMs, untilDrainMs, untilDeadlineMs } =
      lifetime;
    expect(
      [dueMs, drainAtMs, deadlineMs, deadlineEarliestMs, untilDrainMs, untilDeadlineMs].every(
        (value) => value === undefined,
      ),
    ).toBe(true);
    expect(lifetime.status).toBe('forecast');
    expect(lifetimeOf(managed('i-1', undefined, { status: 'DRAINING' }))).toMatchObject({
      status: 'draining',
      isEarly: false,
    });
  });

  it.each(['REGISTERING', 'HIBERNATING', ''])('runs whatever the status is called: %s', (status) =>
    expect(lifetimeOf(managed('i-1', nowMs - 14 * dayMs, { status })).status).toBe('overdue'),
  );

  it('is over for what leaves or never came', () => {
    const statuses = [
      'ACTIVE',
      'DRAINING',
      'DEREGISTERING',
      'INACTIVE',
      'REGISTRATION_FAILED',
      'NEW',
    ];
    expect(statuses.filter((status) => hasLeft({ status }))).toEqual([
      'DEREGISTERING',
      'INACTIVE',
      'REGISTRATION_FAILED',
    ]);
  });

  it('refuses a time that is none', () =>
    expect(() => createLifetimeOf({ eventWindows: [] }, Number.NaN)).toThrow('nowMs'));
});

describe('an event window', () => {
  // Day 14 is Thursday 26 November 2026, 02:10.
  const dueMs = Date.UTC(2026, 10, 26, 2, 10);
  const instance = managed('i-1', launchFor(dueMs), { tags: { team: 'shop' } });
  const window = (cron: string, changes: Partial<EventWindow> = {}): EventWindow => ({
    id: 'iew-1',
    instanceIds: ['i-1'],
    tags: [],
    timeRanges: [],
    cron,
    ...changes,
  });
  const tied = (...windows: readonly EventWindow[]) => lifetimeOf(instance, windows);

  it.each([
    ['on Tuesday before day 14', '* 2-5 * * 2', '2026-11-24T02:00'],
    ['that opens on day 14 before the time', '* 1-4 * * 4', '2026-11-26T01:00'],
    ['that opens 10 min before', '* 2-5 * * 4', '2026-11-26T02:00'],
    [
      'that opens after the time of day 14: a week earlier is open, now is past',
      '* 3-6 * * 4',
      undefined,
    ],
    ['that was on Sunday and is over: ECS did not follow it', '* 2-5 * * 0', undefined],
    ['that is open now, since 08:00', '* 8-11 * * 1', '2026-11-23T08:00'],
    ['that closes just now', '* 5-8 * * 1', undefined],
    ['that is always open', '* * * * *', undefined],
  ])('%s: %s', (_, cron, drainAt) => {
    const { drainAtMs = 0, eventWindowId, deadlineEarliestMs, ...rest } = tied(window(cron));
    expect(new Date(drainAtMs).toISOString().slice(0, 16)).toBe(drainAt ?? '2026-11-26T02:10');
    expect(eventWindowId).toBe(drainAt === undefined ? undefined : 'iew-1');
    expect(deadlineEarliestMs).toBe(drainAtMs + 7 * dayMs);
    expect(rest.untilDrainMs).toBe(drainAtMs - nowMs);
    expect(rest.untilDeadlineMs).toBe(dueMs + 7 * dayMs - nowMs);
    expect(rest).toMatchObject({ dueMs, deadlineMs: dueMs + 7 * dayMs, status: 'forecast' });
  });

  it('counts by tag as by id, and not for others', () => {
    const byTag = { instanceIds: [], tags: [{ key: 'team', value: 'shop' }] };
    expect(tied(window('* 2-5 * * 2', byTag)).eventWindowId).toBe('iew-1');
    const byOther = { instanceIds: [], tags: [{ key: 'team', value: 'bank' }] };
    expect(tied(window('* 2-5 * * 2', byOther)).eventWindowId).toBeUndefined();
  });

  it('is the earliest of several, and of two alike the first by id', () => {
    const late = window('* 2-5 * * 3', { id: 'iew-0' });
    const early = window('* 2-5 * * 2', { id: 'iew-2' });
    const alike = window('* 2-5 * * 2', { id: 'iew-1' });
    expect(tied(late, early, alike).eventWindowId).toBe('iew-1');
    expect(tied(alike, early, late).eventWindowId).toBe('iew-1');
  });

  it('that cannot be read is named, and moves nothing', () =>
    expect(tied(window('* 2-5 * * MONDAY', { id: 'b' }), window('?', { id: 'a' }))).toMatchObject({
      drainAtMs: dueMs,
      eventWindowId: undefined,
      unreadableWindowIds: ['a', 'b'],
    }));

  it('explains a drain that began in it: it is not early', () => {
    const draining = { ...instance, status: 'DRAINING' };
    const sunday = window('* 2-5 * * 0');
    expect(lifetimeOf(draining, [sunday])).toMatchObject({ isEarly: false, status: 'draining' });
    expect(lifetimeOf(draining)).toMatchObject({ isEarly: true });
    expect(lifetimeOf(draining, [window('* 2-5 * * 2')])).toMatchObject({ isEarly: true });
  });

  it('never makes an instance overdue: that is day 14', () =>
    expect(lifetimeOf(instance, [window('* 8-11 * * 1')], nowMs + hourMs + minuteMs).status).toBe(
      'forecast',
    ));
});
