import { describe, expect, it } from 'vitest';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import type { Incident, IncidentKey } from '../../shared/domain/incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import {
  type InstanceRecord,
  newRecord,
  type RecordedOutcome,
} from '../../shared/domain/instance-replacement.ts';
import { forecastReplacements } from '../../shared/domain/replacement-calendar.ts';
import type { CalendarRecord } from '../../shared/domain/replacement-memory.ts';
import { recordedOf } from '../../shared/domain/replacement-outcome.ts';
import { turnCalendar } from '../../shared/domain/replacement-warning.ts';
import { verificationFacts } from '../../shared/domain/warning-facts.ts';
import {
  capacityProviderOf,
  instanceOf,
  serviceOf,
  snapshotOf,
  taskOf,
} from '../support/snapshots.ts';
import { context } from './alert-samples.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const launchMs = Date.UTC(2026, 10, 20, 3);

const nothing: RecordedOutcome = { reason: 'verified', below: [], missing: [], lost: [] };

/** What the end of a warning of as many instances says in its mail. */
function endOf(...outcomes: readonly Partial<RecordedOutcome>[]) {
  const records = new Map<string, InstanceRecord>(
    outcomes.map((changes, at) => [
      `c${at}`,
      { ...newRecord(`c${at}`), isDone: true, outcome: { ...nothing, ...changes } },
    ]),
  );
  const instanceIds = [...records.keys()];
  const warning = { id: 'c0', sinceMs: launchMs, instanceIds, unnamed: 0 };
  const key: IncidentKey = {
    ...{ cluster: 'shop', subject: { type: 'instance', name: 'c0' } },
    ...{ kind: 'replacement-ahead', cause: 'calendar', deploymentId: undefined },
  };
  const policy = incidentPolicies['replacement-ahead'];
  const opened = applyObservations(
    undefined,
    [
      {
        ...{ type: 'occurred', severity: 'warn', facts: {} },
        occurrence: { id: 'w', atMs: launchMs },
      },
    ],
    { key, policy, nowMs: launchMs },
  );
  const told = { sequence: 1, atMs: launchMs, severity: 'warn', facts: {}, updates: 0 } as const;
  const facts = verificationFacts(warning, records);
  const ended = applyObservations(
    opened && { ...opened, told, outbox: [] },
    [{ type: 'well', atMs: launchMs + dayMs, reason: 'replaced and on record', facts }],
    { key, policy, nowMs: launchMs + dayMs },
  );
  const [notice] = ended?.outbox ?? [];
  if (ended === undefined || notice === undefined) throw new Error('nothing ended');
  return renderAlert(ended, notice, context).text;
}

describe('the end of a warning', () => {
  it('of which nothing is left says so', () => {
    expect(endOf({}, {})).toContain('nothing is known to be lost. Nothing to do.');
  });

  it('tells services that are back late from those that are not back', () => {
    const text = endOf({ below: ['cart', 'web'], missing: ['web'] });
    expect(text).toContain('1 service took more than two hours to come back');
    expect(text).toContain('1 service is not back at its count');
    expect(text).toContain('below their count still: web');
    expect(text).toContain('look after the services that are not back');
    expect(text).not.toContain('nothing to do');
  });

  it('counts all tasks that were lost, not those alone that are named', () => {
    const lost = Array.from({ length: 25 }, (_, at) => `job-${at}`);
    const outcome = recordedOf({ reason: 'tasks-lost', below: [], uneven: [], lost });
    expect(endOf(outcome)).toContain('25 standalone tasks went with it');
  });
});

/** A warning of the single task of `ledger` as it is told at so many days of its instance. */
function warned(
  days: readonly { readonly atDay: number; readonly free?: number; readonly draining?: boolean }[],
  noticeHours = 72,
): readonly (Incident | undefined)[] {
  let last: CalendarRecord | undefined;
  let incident: Incident | undefined;
  return days.map(({ atDay, free = 2_000, draining = false }) => {
    const nowMs = launchMs + atDay * dayMs;
    const snapshot = snapshotOf({
      takenAtMs: nowMs,
      services: [serviceOf('ledger', { desired: 1, running: 1, minimumHealthyPercent: 0 })],
      tasks: [taskOf('l1', { service: 'ledger' })],
      instances: [
        instanceOf('c1', { status: draining ? 'DRAINING' : 'ACTIVE' }),
        instanceOf('c2', {
          launchedAtMs: launchMs + 9 * dayMs,
          remaining: { cpuUnits: free, memoryMiB: free },
        }),
      ],
      capacityProviders: [capacityProviderOf('general')],
    });
    const turned = turnCalendar({
      ...{ cluster: 'shop', services: snapshot.services, last, nowMs },
      calendar: forecastReplacements(snapshot, nowMs, undefined, () =>
        draining ? launchMs + 14 * dayMs : undefined,
      ),
      noticeMs: noticeHours * hourMs,
    });
    last = turned.record;
    for (const { key, observations } of turned.reactions) {
      const policy = incidentPolicies[key.kind];
      incident = applyObservations(incident, observations, { key, policy, nowMs });
    }
    return incident;
  });
}

describe('a warning that is told again', () => {
  it('no longer says that tasks have no room where there is some', () => {
    const [first, second] = warned([
      { atDay: 11.2, free: 0 },
      { atDay: 13.2, free: 2_000 },
    ]);
    expect(first?.facts.homelessTasks).toBe(1);
    expect(second?.facts.homelessTasks).toBe(0);
  });

  it.each([72, 168, 336])('lasts to the end of the drain, %i hours ahead', (noticeHours) => {
    const days = Array.from({ length: 83 }, (_, at) => ({ atDay: at / 4, draining: at >= 56 }));
    const incidents = warned(days, noticeHours);
    const opened = incidents.filter((one) => one !== undefined);
    expect(opened.length).toBeGreaterThan((7 * 4 + noticeHours / 6) * 0.9);
    expect(opened.filter(({ status }) => status !== 'open')).toEqual([]);
  });
});
