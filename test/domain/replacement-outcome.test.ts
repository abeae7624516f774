import { describe, expect, it } from 'vitest';
import { type InstanceRecord, newRecord } from '../../shared/domain/instance-replacement.ts';
import { isRollingOut, missingNow, rolloutMsMax } from '../../shared/domain/not-recovered.ts';
import {
  type Outcome,
  outcomeOf,
  recordedOf,
  shortNoted,
} from '../../shared/domain/replacement-outcome.ts';
import type { Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { rolloutOf, serviceOf, snapshotOf, taskOf } from '../support/snapshots.ts';

const minuteMs = 60_000;
const goneAtMs = Date.parse('2026-11-26T10:00:00Z');

/** It went at that time; `search` and `api` had tasks on it. */
const goneRecord: InstanceRecord = {
  ...newRecord('c9'),
  ec2InstanceId: 'i-c9',
  event: { status: 'INACTIVE', atMs: goneAtMs, version: 9 },
  before: [
    { name: 'search', desired: 6, zones: { a: 2, b: 2, c: 2 } },
    { name: 'api', desired: 4, zones: { a: 2, b: 2 } },
  ],
};

const tasksOf = (service: string, zones: Readonly<Record<string, number>>): readonly Task[] =>
  Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, at) =>
      taskOf(`${service}-${zone}${at}`, { service, zone, instanceArn: undefined }),
    ),
  );

/** One look: minutes since it went, running tasks of `api` of 4, and how `search` is spread. */
type LookOf = {
  readonly at: number;
  readonly api: number | 'deleted';
  readonly search?: Readonly<Record<string, number>>;
};

const even = { a: 2, b: 2, c: 2 };

function snapshotAt({ at, api, search = even }: LookOf): Snapshot {
  const running = api === 'deleted' ? 0 : api;
  return snapshotOf({
    takenAtMs: goneAtMs + at * minuteMs,
    services: [
      serviceOf('search', { desired: 6, running: 6 }),
      ...(api === 'deleted' ? [] : [serviceOf('api', { desired: 4, running, pending: 4 - api })]),
    ],
    tasks: [...tasksOf('search', search), ...tasksOf('api', { a: 2, b: Math.max(running - 2, 0) })],
  });
}

/** What the looks come to: the first outcome, with its time and whom people would be told of. */
function played(looks: readonly LookOf[], from = goneRecord) {
  let record = from;
  for (const look of looks) {
    const snapshot = snapshotAt(look);
    record = shortNoted(record, snapshot);
    const outcome: Outcome | undefined = outcomeOf(record, snapshot, snapshot.takenAtMs);
    if (outcome === undefined) continue;
    const judged = { ...record, isDone: true, outcome: recordedOf(outcome) };
    const told = missingNow(judged, snapshot, snapshot.takenAtMs);
    return { at: look.at, ...outcome, told };
  }
  return undefined;
}

/** A look every 15 minutes, in which `api` runs so many. */
const every15 = (
  untilMin: number,
  api: (at: number) => number,
  search: LookOf['search'] = even,
): readonly LookOf[] =>
  Array.from({ length: untilMin / 15 }, (_, index) => (index + 1) * 15).map((at) => {
    return { at, api: api(at), search };
  });

const lopsided = { a: 4, b: 2 };

it.each<readonly [string, Record<string, number>, Record<string, number>, string | undefined]>([
  ['all in one zone, then one elsewhere', { a: 4 }, { a: 3, b: 1 }, 'verified'],
  ['as before', { a: 3, b: 1 }, { a: 3, b: 1 }, 'verified'],
  ['even, then lopsided', { a: 2, b: 2 }, { a: 4 }, undefined],
  ['even, then over a third zone', { a: 2, b: 2 }, { a: 1, b: 1, c: 2 }, 'verified'],
  ['even, then in one zone of two others', { a: 2, b: 2 }, { c: 4 }, undefined],
])('spread worse than before, or not: %s', (_, zones, now, reason) => {
  const record = { ...goneRecord, before: [{ name: 'search', desired: 4, zones }] };
  const world = snapshotOf({
    takenAtMs: goneAtMs + 15 * minuteMs,
    services: [serviceOf('search', { desired: 4, running: 4 })],
    tasks: tasksOf('search', now),
  });
  expect(outcomeOf(record, world, world.takenAtMs)?.reason).toBe(reason);
});

describe('the outcome of a replacement', () => {
  it.each<{ readonly name: string; readonly looks: readonly LookOf[]; readonly is: object }>([
    {
      name: 'is of who was below at every look of two hours',
      looks: every15(135, () => 3),
      is: { at: 120, reason: 'not-recovered', below: ['api'], told: ['api'] },
    },
    {
      name: 'does not blame who is short of one task just when the time is over',
      looks: every15(135, (at) => (at < 120 ? 4 : 3), lopsided),
      is: { at: 120, reason: 'not-recovered', below: [], uneven: ['search'], told: [] },
    },
    {
      name: 'does not blame who was back once, and is short again for an hour',
      looks: every15(135, (at) => (at === 60 ? 4 : 3), lopsided),
      is: { at: 120, reason: 'not-recovered', below: [], uneven: ['search'], told: [] },
    },
    {
      name: 'is final when all were back, not when all are at once',
      looks: [
        { at: 15, api: 4, search: lopsided },
        { at: 30, api: 3 },
      ],
      is: { at: 30, reason: 'verified', below: [], told: [] },
    },
    {
      name: 'judges by no count that may be of before it went',
      looks: [{ at: 2, api: 4 }, ...every15(120, () => 3)],
      is: { at: 120, reason: 'not-recovered', below: ['api'], told: ['api'] },
    },
    {
      name: 'takes no count for true that may be of before it went',
      looks: [{ at: 2, api: 4, search: lopsided }, ...every15(120, () => 3)],
      is: { at: 120, reason: 'not-recovered', below: ['api'], told: ['api'] },
    },
    {
      name: 'waits for more looks where the first comes late',
      looks: [150, 165, 180].map((at) => ({ at, api: 3 })),
      is: { at: 180, reason: 'not-recovered', below: ['api'], told: ['api'] },
    },
    {
      name: 'is well where the second of late looks is',
      looks: [
        { at: 150, api: 3 },
        { at: 165, api: 4 },
      ],
      is: { at: 165, reason: 'verified', told: [] },
    },
    {
      name: 'is well where the service was deleted',
      looks: [...every15(60, () => 3), { at: 75, api: 'deleted' }],
      is: { at: 75, reason: 'verified', told: [] },
    },
  ])('$name', ({ looks, is }) => {
    expect(played(looks)).toMatchObject(is);
  });

  it('counts from the first look where another version has written the record', () => {
    const looks = every15(180, () => 3).filter(({ at }) => at >= 135);
    expect(played(looks, { ...goneRecord, short: undefined })).toMatchObject({ at: 165 });
  });

  it('notes nothing before it is gone, once it is done, or where nothing is new', () => {
    const look = snapshotAt({ at: 15, api: 3 });
    const draining = { ...goneRecord, event: { status: 'DRAINING', atMs: goneAtMs, version: 8 } };
    for (const record of [draining, { ...goneRecord, isDone: true }]) {
      expect(shortNoted(record, look)).toBe(record);
    }
    const noted = shortNoted(goneRecord, look);
    expect(noted.short).toEqual({ sinceMs: look.takenAtMs, names: ['api'] });
    expect(shortNoted(noted, snapshotAt({ at: 30, api: 2 }))).toBe(noted);
  });
});

describe('a rollout', () => {
  const nowMs = goneAtMs;
  const rollout = (rolloutState: string, ageMs: number) =>
    serviceOf('api', { rollouts: [rolloutOf({ rolloutState, createdAtMs: nowMs - ageMs })] });
  const underWay = (startedAtMs: number | undefined): Pick<Snapshot, 'deployments'> => ({
    deployments: { api: { arn: 'arn:deployment', status: 'IN_PROGRESS', startedAtMs } },
  });

  it.each([
    ['explains a shortage while it goes on', rollout('IN_PROGRESS', minuteMs), snapshotOf(), true],
    ['explains none once it is done', rollout('COMPLETED', minuteMs), snapshotOf(), false],
    ['explains none for ever', rollout('IN_PROGRESS', rolloutMsMax), snapshotOf(), false],
    ['may be known by its deployment', serviceOf('api'), underWay(nowMs - minuteMs), true],
    ['of a deployment ends as well', serviceOf('api'), underWay(nowMs - rolloutMsMax), false],
    ['of another service explains none', serviceOf('constructor'), underWay(nowMs), false],
  ])('%s', (_, service, snapshot, is) => {
    expect(isRollingOut(service, snapshot, nowMs)).toBe(is);
  });
});
