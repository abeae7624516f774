import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts, Incident } from '../../shared/domain/incident.ts';
import { applyObservation, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { type InstanceRecord, newRecord } from '../../shared/domain/instance-replacement.ts';
import { memoryCharsMax } from '../../shared/domain/memory-size.ts';
import {
  forecastReplacements,
  type ReplacementCalendar,
} from '../../shared/domain/replacement-calendar.ts';
import type { CalendarRecord } from '../../shared/domain/replacement-memory.ts';
import {
  endWarnings,
  turnCalendar,
  warnedIdsMax,
  warningKey,
} from '../../shared/domain/replacement-warning.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import {
  dayMs,
  launchFor,
  managed,
  nowMs,
  service,
  snapshot,
  task,
  taskArn,
} from '../support/calendar-worlds.ts';

const startMs = Date.UTC(2026, 10, 23);
const hourMs = 3_600_000;
const key = warningKey('prod', { id: 'c1', sinceMs: startMs, instanceIds: ['c1'], unnamed: 0 });
const policy = incidentPolicies[key.kind];

const warned = (hours: number, notice: string): Observation => ({
  type: 'occurred',
  occurrence: { id: 'warning-1', atMs: startMs + hours * hourMs },
  severity: 'warn',
  facts: { notice },
});
const observed = (incident: Incident | undefined, observation: Observation, hours: number) =>
  applyObservation(incident, observation, { key, policy, nowMs: startMs + hours * hourMs });

/** The incident once its message is out. */
function told(incident: Incident | undefined, hours: number): Incident {
  const [notice] = incident?.outbox ?? [];
  if (incident === undefined || notice === undefined) throw new Error('nothing is told');
  return sent(incident, notice, incident, startMs + hours * hourMs);
}

describe('a warning', () => {
  it('is told once, not again by mere time, and again a day ahead', () => {
    let incident: Incident | undefined = told(observed(undefined, warned(0, 'first'), 0), 0);
    for (let hours = 6; hours <= 42; hours += 6) {
      incident = observed(incident, warned(hours, 'first'), hours);
      incident = observed(incident, { type: 'tick' }, hours);
      expect([hours, incident?.outbox]).toEqual([hours, []]);
    }
    incident = observed(incident, warned(48, 'second'), 48);
    expect(incident?.outbox).toMatchObject([{ transition: 'update', severity: 'warn' }]);
    incident = told(incident, 48);
    for (let hours = 54; hours <= 200; hours += 6) {
      incident = observed(incident, warned(hours, 'second'), hours);
      expect([hours, incident?.outbox, incident?.status]).toEqual([hours, [], 'open']);
    }
  });
});

describe('a herd that falls apart', () => {
  /** Two instances with a standalone task each, warned of together, that now drain half a day apart. */
  function turned(id: string) {
    const instances = [
      managed('i-1', launchFor(nowMs + 2 * dayMs)),
      managed('i-2', launchFor(nowMs + 2.5 * dayMs)),
    ];
    const tasks = [task('report', undefined, 'i-1'), task('backup', undefined, 'i-2')];
    const world = snapshot({ instances, tasks });
    return turnCalendar({
      ...{ cluster: 'prod', services: [], noticeMs: 3 * dayMs, nowMs },
      calendar: forecastReplacements(world, nowMs),
      last: {
        ranAtMs: 0,
        warnings: [{ id, sinceMs: startMs, instanceIds: ['i-0', 'i-1', 'i-2'], unnamed: 0 }],
      },
    });
  }
  const threads = ({ reactions }: ReturnType<typeof turned>) =>
    reactions.map(({ key: { deploymentId } }) => deploymentId);

  it('goes on in its thread, and the rest begins one: each instance counts for one', () => {
    const turn = turned('i-0');
    expect(threads(turn)).toEqual(['i-0', 'i-2']);
    expect(turn.record.warnings).toEqual([
      { id: 'i-0', sinceMs: startMs, instanceIds: ['i-1', 'i-0'], unnamed: 0 },
      { id: 'i-2', sinceMs: nowMs, instanceIds: ['i-2'], unnamed: 0 },
    ]);
  });

  it('begins no second thread of the same name', () => {
    const turn = turned('i-2');
    expect(threads(turn)).toEqual(['i-2']);
    expect(turn.record.warnings).toEqual([
      { id: 'i-2', sinceMs: startMs, instanceIds: ['i-1', 'i-0', 'i-2'], unnamed: 0 },
    ]);
  });
});

describe('a herd of which one drains early', () => {
  const names = ['i-1', 'i-2', 'i-3', 'i-4'];
  const warnings = [{ id: 'i-1', sinceMs: startMs, instanceIds: names, unnamed: 0 }];
  function turned(draining: readonly string[]) {
    const instances = names.map((name) =>
      managed(
        name,
        launchFor(nowMs + 2 * dayMs),
        draining.includes(name) ? { status: 'DRAINING' } : {},
      ),
    );
    const world = snapshot({
      instances: [...instances, managed('i-9', nowMs)],
      tasks: names.map((on) => task(`report-${on}`, undefined, on)),
    });
    return turnCalendar({
      ...{ cluster: 'prod', services: [], noticeMs: 3 * dayMs, nowMs },
      calendar: forecastReplacements(world, nowMs),
      last: { ranAtMs: 0, warnings },
    });
  }
  const factsIn = ({ reactions }: ReturnType<typeof turned>) =>
    reactions.map(({ key: { deploymentId }, observations: [one] }) => [
      deploymentId,
      one?.type === 'occurred' ? one.facts?.instances : one?.type,
    ]);

  it('stays one, in its thread: the others are what is told', () => {
    const turn = turned(['i-1']);
    expect(factsIn(turn)).toEqual([['i-1', 3]]);
    expect(turn.record.warnings).toMatchObject([
      { id: 'i-1', instanceIds: ['i-2', 'i-3', 'i-4', 'i-1'] },
    ]);
  });

  it('says nothing new where all of them drain: each is followed by itself', () => {
    const turn = turned(names);
    expect(factsIn(turn)).toEqual([['i-1', undefined]]);
    expect(turn.record.warnings).toMatchObject([{ id: 'i-1' }]);
  });
});

describe('the end of a warning', () => {
  const goneRecord = (id: string, hours: number, changes: Partial<InstanceRecord>) => ({
    ...newRecord(id),
    drainTimes: [startMs],
    seen: { status: 'GONE', atMs: startMs + hours * hourMs },
    forecast: { drainAtMs: startMs - hours * 60_000, dueMs: startMs, eventWindowId: undefined },
    isDone: true,
    ...changes,
  });
  const outcome = (below: readonly string[], lost: readonly string[]) => ({
    ...{ reason: 'not-recovered', below, missing: [], lost },
  });
  const warnings = [{ id: 'i-1', sinceMs: startMs, instanceIds: ['i-1', 'i-2'], unnamed: 0 }];
  const ended = (records: readonly InstanceRecord[], there: readonly string[] = []) =>
    endWarnings(
      'prod',
      { ranAtMs: startMs, warnings },
      { records: new Map(records.map((record) => [record.id, record])), there: new Set(there) },
      startMs + 12 * hourMs,
    );

  it('says what became of all: replaced, lost, not back, how long, how far off the forecast', () => {
    const turn = ended([
      goneRecord('i-1', 2, { outcome: outcome(['web', 'cart'], ['t1']) }),
      goneRecord('i-2', 5, {
        outcome: outcome(['cart'], ['t2', 't3']),
        forecast: { drainAtMs: startMs + 7 * 60_000, dueMs: startMs, eventWindowId: undefined },
      }),
    ]);
    expect(turn.record.warnings).toEqual([]);
    expect(turn.reactions).toEqual([
      {
        key: warningKey('prod', { id: 'i-1', sinceMs: startMs, instanceIds: [], unnamed: 0 }),
        observations: [
          {
            ...{ type: 'well', atMs: startMs + 12 * hourMs, reason: 'replaced and on record' },
            facts: {
              ...{ replaced: 2, ofReplaced: 2, tasksLost: 3, lostNames: 't1\nt2\nt3' },
              ...{ notBack: 'cart\nweb', tookMs: 5 * hourMs, forecastErrorMs: 7 * 60_000 },
            },
          },
        ],
      },
    ]);
  });

  it('claims nothing that it does not know', () => {
    const record = { ...goneRecord('i-1', 1, {}), drainTimes: [], forecast: undefined };
    const [end] = ended([record]).reactions;
    expect(end?.observations[0]).toMatchObject({ type: 'well' });
    expect(
      end?.observations[0] && 'facts' in end.observations[0] && end.observations[0].facts,
    ).toEqual({ replaced: 1, ofReplaced: 2, tasksLost: 0 });
  });

  it.each([
    ['one still drains', { seen: { status: 'DRAINING', atMs: startMs } }],
    ['one is gone, and its outcome not on record yet', { isDone: false }],
  ])('comes later where %s', (_, changes) => {
    const turn = ended([goneRecord('i-1', 1, {}), goneRecord('i-2', 2, changes)]);
    expect([turn.record.warnings, turn.reactions]).toEqual([warnings, []]);
  });

  it('comes later where one runs of which there is no record', () => {
    const turn = ended([goneRecord('i-1', 1, {})], ['i-2', 'i-3']);
    expect([turn.record.warnings, turn.reactions]).toEqual([warnings, []]);
  });
});

describe('the item in which the warnings of a cluster lie', () => {
  const drainMs = nowMs + 2 * dayMs;
  /** A calendar of entries of so many instances each, all of which hurt someone. */
  function calendarOf(entries: readonly (readonly string[])[]): ReplacementCalendar {
    const world = snapshot({
      instances: [managed('one', launchFor(drainMs))],
      tasks: [task('report', undefined, 'one')],
    });
    const calendar = forecastReplacements(world, nowMs);
    const [entry] = calendar.entries;
    const [lifetime] = entry?.instances ?? [];
    if (entry === undefined || lifetime === undefined) throw new Error('nothing drains');
    const { instance } = lifetime;
    return {
      ...calendar,
      entries: entries.map((ids) => ({
        ...entry,
        instances: ids.map((id) => ({ ...lifetime, instance: { ...instance, arn: `x/${id}` } })),
      })),
    };
  }
  const turned = (entries: readonly (readonly string[])[], last: CalendarRecord | undefined) =>
    turnCalendar({
      ...{ cluster: 'prod', services: [], noticeMs: 3 * dayMs, nowMs, last },
      calendar: calendarOf(entries),
    });
  /** An id as long as they are. */
  const idAt = (at: number): string => `01234567-0123-0123-0123-${`${at}`.padStart(12, '0')}`;
  const idsAt = (from: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => idAt(from + at));

  const range = fc.record({
    from: fc.nat({ max: 24_000 }),
    count: fc.integer({ min: 1, max: 900 }),
  });
  const anyWarning = fc.record({
    id: fc.nat({ max: 9_999 }).map(idAt),
    sinceMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    instanceIds: range.map(({ from, count }) => idsAt(from, count)),
    unnamed: fc.nat({ max: 99_999 }),
  });
  const anyTurn = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }),
    open: fc.uniqueArray(anyWarning, { selector: ({ id }) => id, maxLength: 100 }),
  });

  it('is never too long to be saved, whatever is warned of', () => {
    fc.assert(
      fc.property(anyTurn, ({ sizes, open }) => {
        const entries = sizes.map((size, at) => idsAt(at * 400, size));
        const { record } = turned(entries, { ranAtMs: nowMs, warnings: open });
        expect(JSON.stringify(record).length).toBeLessThanOrEqual(memoryCharsMax);
        const named = record.warnings.flatMap(({ instanceIds }) => instanceIds);
        expect(named.length).toBeLessThanOrEqual(warnedIdsMax);
      }),
      { numRuns: 40 },
    );
  });

  it('has the ids of all where there is place for them', () => {
    const entries = [idsAt(0, warnedIdsMax - 10), idsAt(2_000, 10)];
    expect(turned(entries, undefined).record.warnings).toMatchObject([
      { instanceIds: entries[0], unnamed: 0 },
      { instanceIds: entries[1], unnamed: 0 },
    ]);
  });

  describe('without place for the ids of all', () => {
    const herd = idsAt(0, 3_000);
    const first = turned([herd], undefined).record;
    const [warning] = first.warnings;
    const endedWith = (record: CalendarRecord, there: readonly string[]) =>
      endWarnings('prod', record, { records: new Map(), there: new Set(there) }, nowMs);

    it('has those that drain last', () => {
      expect(warning).toMatchObject({
        instanceIds: herd.slice(-warnedIdsMax),
        unnamed: 3_000 - warnedIdsMax,
      });
    });

    it('ends no warning while one without a name may be there', () => {
      const rest = herd.slice(0, 3_000 - warnedIdsMax);
      expect(endedWith(first, rest).record).toEqual(first);
      expect(endedWith(first, []).record).toEqual(first);
    });

    it('stays one thread while they drain, and ends it with the last of them', () => {
      let record = first;
      for (const from of [1_000, 2_000, 2_900]) {
        const turn = turned([herd.slice(from)], record);
        expect(turn.reactions).toMatchObject([{ key: { deploymentId: warning?.id } }]);
        record = endedWith(turn.record, herd.slice(from)).record;
        expect(record.warnings).toHaveLength(1);
      }
      expect(record.warnings[0]?.unnamed).toBe(0);
      expect(endedWith(record, []).reactions).toHaveLength(1);
    });

    it('keeps no warning for ever: what no calendar knows has no place to wait for', () => {
      const turn = turned([], first);
      expect(turn.record.warnings).toMatchObject([{ id: warning?.id, unnamed: 0 }]);
      expect(endedWith(turn.record, []).record.warnings).toEqual([]);
    });
  });
});

describe('what a warning says of each harm', () => {
  const drainMs = nowMs + 2 * dayMs;
  const old = managed('i-1', launchFor(drainMs));
  /** Facts of the warning of a cluster, with room elsewhere unless the parts say something else. */
  function warned(parts: Partial<Snapshot>): Facts {
    const world = snapshot({ instances: [old, managed('i-2', nowMs)], ...parts });
    const { reactions } = turnCalendar({
      ...{ cluster: 'prod', services: world.services, last: undefined, noticeMs: 3 * dayMs, nowMs },
      calendar: forecastReplacements(world, nowMs),
    });
    const [observation] = reactions[0]?.observations ?? [];
    return observation?.type === 'occurred' ? (observation.facts ?? {}) : {};
  }
  const on1 = (service: string, ...names: readonly string[]) =>
    names.map((name) => task(name, service, 'i-1'));

  it.each<readonly [string, Partial<Snapshot>, string, string]>([
    [
      'a single point of failure',
      { services: [service('ledger', 1, 0, 100)], tasks: on1('ledger', 'l1') },
      'ledger: desired 1, may be without a task while it moves',
      'ledger: desired 2 for that night, or minimum 100 % and maximum 200 %',
    ],
    [
      'percents that let nothing move',
      {
        services: [service('cart', 3, 100, 125)],
        tasks: [...on1('cart', 'c1'), task('c2', 'cart', 'i-2'), task('c3', 'cart', 'i-2')],
      },
      'cart: nothing can start or stop, so it is killed at the deadline',
      'cart: maximumPercent 134 or more',
    ],
    [
      'a whole service whose minimum is nothing',
      { services: [service('batchers', 2, 0, 100)], tasks: on1('batchers', 'b1', 'b2') },
      'batchers: all 2 of its tasks may stop at once',
      'batchers: minimumHealthyPercent above 0',
    ],
    [
      'a task that is protected past the deadline',
      {
        services: [service('web', 2, 100, 200)],
        tasks: [...on1('web', 'w1'), task('w2', 'web', 'i-2')],
        protections: { [taskArn('w1')]: { expiresAtMs: drainMs + 8 * dayMs } },
      },
      'web: still protected when ECS kills it',
      'web: let it finish before the deadline',
    ],
    [
      'a standalone task',
      { tasks: [task('report', undefined, 'i-1')] },
      'report: standalone, killed at the deadline, nobody restarts it',
      'report: let it finish before the deadline',
    ],
    [
      'a job of AWS Batch, which is one',
      {
        tasks: [
          task('job', undefined, 'i-1', {
            startedBy: 'aws-batch',
            group: 'arn:aws:batch:eu-central-1:123456789012:job-queue/nightly',
          }),
        ],
      },
      'job: standalone, killed at the deadline, nobody restarts it',
      'job: let it finish before the deadline',
    ],
  ])('%s', (_, parts, harmLines, changes) =>
    expect(warned(parts)).toMatchObject({ harms: 1, harmLines, changes }),
  );

  it('many alike once, services before tasks, and how many there are in all', () => {
    const facts = warned({
      services: ['ledger', 'mail', 'search'].map((name) => service(name, 1, 0, 100)),
      tasks: [
        ...['ledger', 'mail', 'search'].flatMap((name) => on1(name, `${name}-1`)),
        ...['b1', 'b2'].map((name) => task(name, undefined, 'i-1', { group: 'family:batch' })),
      ],
    });
    expect(facts).toMatchObject({ harms: 5, moreHarms: 2, harmed: 4 });
    expect(String(facts.harmLines).split('\n')).toEqual(
      ['ledger', 'mail', 'search'].map(
        (name) => `${name}: desired 1, may be without a task while it moves`,
      ),
    );
    const jobs = ['b1', 'b2'].map((name) =>
      task(name, undefined, 'i-1', { group: 'family:batch' }),
    );
    expect(warned({ tasks: jobs })).toMatchObject({
      ...{ harms: 2, moreHarms: 0, harmed: 1 },
      harmLines: '2 x batch: standalone, killed at the deadline, nobody restarts it',
    });
  });

  it('a herd by its instances and zones, and whom the others have no room for', () => {
    const herd = ['i-1', 'i-2', 'i-3'].map((name) => managed(name, launchFor(drainMs)));
    const large = { reserved: { cpuUnits: 2048, memoryMiB: 4096 } };
    const facts = warned({
      instances: [...herd, managed('i-4', nowMs, { zone: '1b' })],
      services: [service('web', 3, 100, 200)],
      tasks: [
        ...['i-1', 'i-2', 'i-3'].map((on) => task(`w${on}`, 'web', on, large)),
        task('report', undefined, 'i-1'),
      ],
    });
    expect(facts).toMatchObject({
      ...{ isHerd: true, instances: 3, ofInstances: 4, instanceNames: 'i-1, i-2, i-3' },
      ...{ zones: '1a: 3 of 3', homelessTasks: 2 },
    });
  });
});
