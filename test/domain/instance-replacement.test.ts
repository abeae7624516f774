import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceNotice, ReplacementHint } from '../../shared/domain/instance-notice.ts';
import {
  causeOf,
  drainedSinceMs,
  drainTimesMax,
  type Forecast,
  forecastErrorMs,
  type InstanceRecord,
  isFollowed,
  isOnRecord,
  looked,
  newestOf,
  newRecord,
  noted,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import { parseInstanceRecord } from '../../shared/events/instance-record.ts';

const startMs = Date.UTC(2026, 10, 26, 2);
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const at = (minutes: number): number => startMs + minutes * minuteMs;

const state = (version: number, status: string, minutes: number): InstanceNotice => ({
  kind: 'state',
  clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod',
  instanceArn: 'arn:aws:ecs:eu-central-1:123456789012:container-instance/prod/c1',
  ec2InstanceId: 'i-0a71c2e3f4a5b6c70',
  capacityProvider: 'general',
  status,
  version,
  atMs: at(minutes),
});
const hint = (name: ReplacementHint, minutes: number): InstanceNotice => ({
  kind: 'ec2',
  ec2InstanceId: 'i-0a71c2e3f4a5b6c70',
  hint: name,
  detail: '-',
  atMs: at(minutes),
});
const recordOf = (...notices: readonly InstanceNotice[]): InstanceRecord =>
  notices.reduce(noted, newRecord('c1'));

describe('the phase of a replacement', () => {
  it.each<readonly [string, InstanceRecord, string, number | undefined]>([
    ['nothing known', newRecord('c1'), 'forecast', undefined],
    ['draining', recordOf(state(5, 'DRAINING', 0)), 'draining', at(0)],
    [
      'draining, twice',
      recordOf(state(5, 'DRAINING', 0), state(5, 'DRAINING', 0)),
      'draining',
      at(0),
    ],
    ['a departure', recordOf(state(5, 'DRAINING', 0), state(7, 'DRAINING', 9)), 'draining', at(0)],
    [
      'departure first',
      recordOf(state(7, 'DRAINING', 9), state(5, 'DRAINING', 0)),
      'draining',
      at(0),
    ],
    ['gone', recordOf(state(5, 'DRAINING', 0), state(9, 'INACTIVE', 30)), 'gone', at(0)],
    [
      'gone, drain told late',
      recordOf(state(9, 'INACTIVE', 30), state(5, 'DRAINING', 0)),
      'gone',
      at(0),
    ],
    [
      'of one time, by version',
      recordOf(state(6, 'INACTIVE', 0), state(5, 'DRAINING', 0)),
      'gone',
      at(0),
    ],
    ['on its way out', recordOf(state(9, 'DEREGISTERING', 30)), 'gone', undefined],
    [
      'cancelled',
      recordOf(state(5, 'DRAINING', 0), state(6, 'ACTIVE', 20)),
      'cancelled',
      undefined,
    ],
    [
      'cancelled, told first',
      recordOf(state(6, 'ACTIVE', 20), state(5, 'DRAINING', 0)),
      'cancelled',
      undefined,
    ],
    [
      'drained again',
      recordOf(state(5, 'DRAINING', 0), state(8, 'DRAINING', 60), state(6, 'ACTIVE', 20)),
      'draining',
      at(60),
    ],
    ['a status that is new', recordOf(state(5, 'HIBERNATING', 0)), 'forecast', undefined],
    [
      'a look that misses it',
      looked(recordOf(state(5, 'DRAINING', 0)), { status: 'GONE', atMs: at(5) }),
      'gone',
      at(0),
    ],
    [
      'a look of before',
      looked(recordOf(state(5, 'DRAINING', 0)), { status: 'ACTIVE', atMs: at(-1) }),
      'draining',
      at(0),
    ],
    [
      'a look that finds it active',
      looked(recordOf(state(5, 'DRAINING', 0)), { status: 'ACTIVE', atMs: at(5) }),
      'cancelled',
      undefined,
    ],
    [
      'an event that never came',
      looked(newRecord('c1'), { status: 'DRAINING', atMs: at(3) }),
      'draining',
      at(3),
    ],
    ['empty', { ...recordOf(state(5, 'DRAINING', 0)), emptyAtMs: at(20) }, 'empty', at(0)],
    [
      'empty the time before',
      {
        ...recordOf(state(5, 'DRAINING', 0), state(6, 'ACTIVE', 20), state(8, 'DRAINING', 60)),
        emptyAtMs: at(9),
      },
      'draining',
      at(60),
    ],
  ])('%s', (_, record, phase, sinceMs) => {
    expect(phaseOf(record)).toBe(phase);
    expect(drainedSinceMs(record)).toBe(sinceMs);
  });

  it('is followed while it drains, and until its outcome is on record', () => {
    expect(isFollowed(newRecord('c1'))).toBe(false);
    expect(isFollowed(recordOf(state(5, 'DRAINING', 0)))).toBe(true);
    const gone = recordOf(state(9, 'INACTIVE', 30));
    expect(isFollowed(gone)).toBe(true);
    expect(isFollowed({ ...gone, isDone: true })).toBe(false);
  });
});

describe('one that is gone', () => {
  const gone = (minutes: number) => ({ status: 'GONE', atMs: at(minutes) });

  it('went when it was first missed', () => {
    const record = looked(looked(recordOf(state(5, 'DRAINING', 0)), gone(5)), gone(20));
    expect(newestOf(record)).toEqual(gone(5));
  });

  it('is gone for the next look where an event was on its way that still had it', () => {
    const missed = looked(recordOf(state(5, 'DRAINING', 0)), gone(5));
    const late = noted(missed, state(6, 'DRAINING', 6));
    expect(phaseOf(late)).toBe('draining');
    expect(phaseOf(looked(late, gone(20)))).toBe('gone');
  });

  it('went when its last event says so, not at a later look', () => {
    const record = noted(recordOf(state(5, 'DRAINING', 0)), state(7, 'INACTIVE', 6));
    expect(newestOf(looked(looked(record, gone(5)), gone(20)))?.atMs).toBe(at(6));
  });
});

it('is followed again where it goes after a drain that was cancelled', () => {
  const cancelled = recordOf(state(1, 'DRAINING', 0), state(2, 'ACTIVE', 5));
  const outcome = { reason: 'drain-cancelled', below: [], missing: [], lost: [] };
  const judged = { ...cancelled, isDone: true, outcome };
  expect([phaseOf(judged), isFollowed(judged)]).toEqual(['cancelled', false]);
  const gone = [state(3, 'DRAINING', 60), state(4, 'INACTIVE', 62)].reduce(noted, judged);
  expect([phaseOf(gone), isOnRecord(gone), isFollowed(gone)]).toEqual(['gone', false, true]);
});

describe('the cause of a replacement', () => {
  const draining = recordOf(state(5, 'DRAINING', 0));
  const due = (dueMs: number, window?: { drainAtMs: number }): Forecast => ({
    dueMs,
    drainAtMs: window?.drainAtMs ?? dueMs,
    eventWindowId: window === undefined ? undefined : 'iew-1',
  });
  it.each<readonly [string, InstanceRecord, string]>([
    ['day 14', { ...draining, forecast: due(at(0)) }, 'age'],
    ['a day late', { ...draining, forecast: due(at(0) - dayMs) }, 'age'],
    [
      'a window before day 14',
      { ...draining, forecast: due(at(0) + 3 * dayMs, { drainAtMs: at(0) }) },
      'event-window',
    ],
    [
      'before its window',
      { ...draining, forecast: due(at(0) + 3 * dayMs, { drainAtMs: at(0) + dayMs }) },
      'unknown',
    ],
    ['early, and nobody says why', { ...draining, forecast: due(at(0) + dayMs) }, 'unknown'],
    ['no clock', draining, 'unknown'],
    ['spot', noted(draining, hint('spot-interruption', -2)), 'spot'],
    [
      'a spot notice told late',
      recordOf(hint('rebalance-recommendation', 1), state(5, 'DRAINING', 0)),
      'spot',
    ],
    ['hardware', noted(draining, hint('aws-health', -5 * 24 * 60)), 'health'],
    ['an impairment of last week', noted(draining, hint('health', -7 * 24 * 60)), 'unknown'],
    ['an impairment', noted(draining, hint('health', -30)), 'health'],
    [
      'an impairment that was over before the drain',
      [hint('health', -20 * 60), hint('healthy', -20 * 60 + 5)].reduce(noted, draining),
      'unknown',
    ],
    [
      'an impairment that was over once it drained',
      [hint('health', -30), hint('healthy', 5)].reduce(noted, draining),
      'health',
    ],
    [
      'hardware, of which AWS Health took it back',
      {
        ...[hint('aws-health', -13 * 24 * 60), hint('aws-health-over', -12 * 24 * 60)].reduce(
          noted,
          draining,
        ),
        forecast: due(at(0)),
      },
      'age',
    ],
    [
      'without a drain, and with tasks of a service',
      {
        ...recordOf(state(9, 'DEREGISTERING', 0)),
        forecast: due(at(0) + dayMs),
        before: [{ name: 'web', desired: 2, zones: { a: 2 } }],
      },
      'unknown',
    ],
    [
      'idle',
      { ...recordOf(state(9, 'DEREGISTERING', 0)), forecast: due(at(0) + dayMs) },
      'optimizer',
    ],
    ['ECS Anywhere', { ...draining, ec2InstanceId: 'mi-0c9d' }, 'user'],
    [
      'day 14, and an impairment three days into the drain',
      { ...noted(draining, hint('health', 3 * 24 * 60)), forecast: due(at(0)) },
      'age',
    ],
    [
      'day 14, and a rebalance recommendation three days into the drain',
      { ...noted(draining, hint('rebalance-recommendation', 3 * 24 * 60)), forecast: due(at(0)) },
      'age',
    ],
    [
      'day 14, and an interruption three days into the drain',
      { ...noted(draining, hint('spot-interruption', 3 * 24 * 60)), forecast: due(at(0)) },
      'spot',
    ],
    [
      'an impairment, told again three days into the drain',
      {
        ...[hint('health', -30), hint('health', 3 * 24 * 60)].reduce(noted, draining),
        forecast: due(at(0) + 9 * dayMs),
      },
      'health',
    ],
  ])('%s', (_, record, cause) => expect(causeOf(record)).toBe(cause));

  it('is measured against its forecast', () => {
    expect(forecastErrorMs({ ...draining, forecast: due(at(-12)) })).toBe(12 * minuteMs);
    expect(forecastErrorMs(draining)).toBeUndefined();
  });
});

describe('the record', () => {
  const hints: readonly ReplacementHint[] = ['aws-health', 'healthy', 'ec2-stopping'];
  const events = fc.uniqueArray(
    fc.oneof(
      fc.record({
        version: fc.integer({ min: 1, max: 30 }),
        status: fc.constantFrom('ACTIVE', 'DRAINING', 'DEREGISTERING', 'INACTIVE'),
        minute: fc.integer({ min: 0, max: 300 }),
      }),
      fc.record({ hint: fc.constantFrom(...hints), minute: fc.integer({ min: 0, max: 300 }) }),
    ),
    {
      maxLength: drainTimesMax,
      selector: (one) => ('version' in one ? one.version : JSON.stringify(one)),
    },
  );
  const noticeOf = (
    one:
      | { version: number; status: string; minute: number }
      | { hint: ReplacementHint; minute: number },
  ) => ('version' in one ? state(one.version, one.status, one.minute) : hint(one.hint, one.minute));

  it('is the same after the same events in any order, any of them repeated', () => {
    fc.assert(
      fc.property(
        events.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
          ),
        ),
        ([all, shuffled]) => {
          const expected = recordOf(...all.map(noticeOf));
          const found = recordOf(...shuffled.map(noticeOf));
          expect({ ...found, hints: Object.entries(found.hints).sort() }).toEqual({
            ...expected,
            hints: Object.entries(expected.hints).sort(),
          });
          expect(phaseOf(found)).toBe(phaseOf(expected));
        },
      ),
    );
  });

  it('is the very same object where nothing is new', () => {
    const record = recordOf(state(5, 'DRAINING', 0), hint('aws-health', 1));
    expect(noted(record, state(5, 'DRAINING', 0))).toBe(record);
    expect(noted(record, hint('aws-health', 0))).toBe(record);
    expect(noted(record, state(4, 'INACTIVE', -5))).toBe(record);
  });

  it('keeps few of many times, and the first and the last of them', () => {
    const record = recordOf(...Array.from({ length: 40 }, (_, n) => state(n + 1, 'DRAINING', n)));
    expect(record.drainTimes).toHaveLength(drainTimesMax);
    expect([record.drainTimes[0], record.drainTimes.at(-1)]).toEqual([at(0), at(39)]);
    expect(drainedSinceMs(noted(record, state(20, 'ACTIVE', 19)))).toBe(at(39));
  });

  it('comes back from the table as it went in', () => {
    const record = {
      ...recordOf(state(5, 'DRAINING', 0), hint('aws-health', 1)),
      forecast: { drainAtMs: 1, dueMs: 2, eventWindowId: undefined },
      before: [{ name: 'web', desired: 2, zones: { a: 2 } }],
      progress: { tasks: ['t'], count: 1, standalone: [], departedAtMs: undefined },
    };
    expect(parseInstanceRecord(JSON.stringify(record))).toEqual(record);
    expect(() => parseInstanceRecord('{"id":1}')).toThrow('record.id: expected text, got 1');
    expect(() => parseInstanceRecord('{')).toThrow('record: expected JSON');
  });
});
