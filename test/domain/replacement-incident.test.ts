import { describe, expect, it } from 'vitest';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservation, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { warningKey } from '../../shared/domain/replacement-incident.ts';

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
