import { describe, expect, it } from 'vitest';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservation, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { type InstanceRecord, newRecord } from '../../shared/domain/instance-replacement.ts';
import { forecastReplacements } from '../../shared/domain/replacement-calendar.ts';
import { endWarnings, turnCalendar, warningKey } from '../../shared/domain/replacement-warning.ts';
import { dayMs, launchFor, managed, nowMs, snapshot, task } from '../support/calendar-worlds.ts';

const startMs = Date.UTC(2026, 10, 23);
const hourMs = 3_600_000;
const key = warningKey('prod', { id: 'c1', sinceMs: startMs, instanceIds: ['c1'] });
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
        warnings: [{ id, sinceMs: startMs, instanceIds: ['i-0', 'i-1', 'i-2'] }],
      },
    });
  }
  const threads = ({ reactions }: ReturnType<typeof turned>) =>
    reactions.map(({ key: { deploymentId } }) => deploymentId);

  it('goes on in its thread, and the rest begins one: each instance counts for one', () => {
    const turn = turned('i-0');
    expect(threads(turn)).toEqual(['i-0', 'i-2']);
    expect(turn.record.warnings).toEqual([
      { id: 'i-0', sinceMs: startMs, instanceIds: ['i-1', 'i-0'] },
      { id: 'i-2', sinceMs: nowMs, instanceIds: ['i-2'] },
    ]);
  });

  it('begins no second thread of the same name', () => {
    const turn = turned('i-2');
    expect(threads(turn)).toEqual(['i-2']);
    expect(turn.record.warnings).toEqual([
      { id: 'i-2', sinceMs: startMs, instanceIds: ['i-1', 'i-0', 'i-2'] },
    ]);
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
  const warnings = [{ id: 'i-1', sinceMs: startMs, instanceIds: ['i-1', 'i-2'] }];
  const ended = (...records: readonly InstanceRecord[]) =>
    endWarnings(
      'prod',
      { ranAtMs: startMs, warnings },
      new Map(records.map((record) => [record.id, record])),
      startMs + 12 * hourMs,
    );

  it('says what became of all: replaced, lost, not back, how long, how far off the forecast', () => {
    const turn = ended(
      goneRecord('i-1', 2, { outcome: outcome(['web', 'cart'], ['t1']) }),
      goneRecord('i-2', 5, {
        outcome: outcome(['cart'], ['t2', 't3']),
        forecast: { drainAtMs: startMs + 7 * 60_000, dueMs: startMs, eventWindowId: undefined },
      }),
    );
    expect(turn.record.warnings).toEqual([]);
    expect(turn.reactions).toEqual([
      {
        key: warningKey('prod', { id: 'i-1', sinceMs: startMs, instanceIds: [] }),
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
    const [end] = ended({
      ...goneRecord('i-1', 1, {}),
      drainTimes: [],
      forecast: undefined,
    }).reactions;
    expect(end?.observations[0]).toMatchObject({ type: 'well' });
    expect(
      end?.observations[0] && 'facts' in end.observations[0] && end.observations[0].facts,
    ).toEqual({ replaced: 1, ofReplaced: 2, tasksLost: 0 });
  });

  it.each([
    ['one still drains', { seen: { status: 'DRAINING', atMs: startMs } }],
    ['one is gone, and its outcome not on record yet', { isDone: false }],
  ])('comes later where %s', (_, changes) => {
    const turn = ended(goneRecord('i-1', 1, {}), goneRecord('i-2', 2, changes));
    expect([turn.record.warnings, turn.reactions]).toEqual([warnings, []]);
  });
});
