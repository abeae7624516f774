import type { Facts, Incident, IncidentKey, Severity } from '../../shared/domain/incident.ts';
import {
  applyObservation,
  applyObservations,
  type Observation,
} from '../../shared/domain/incident-lifecycle.ts';
import { type IncidentPolicy, incidentPolicies } from '../../shared/domain/incident-policy.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** Friday, 20 November 2026, 03:00Z. */
export const startMs = Date.UTC(2026, 10, 20, 3);

export const keyOf = (changes: Partial<IncidentKey> = {}): IncidentKey => ({
  cluster: 'prod',
  subject: { type: 'service', name: 'worker' },
  kind: 'crash-loop',
  cause: 'out-of-memory',
  deploymentId: 'ecs-svc/88',
  ...changes,
});

export const serviceKey = (name: string, changes: Partial<IncidentKey> = {}): IncidentKey =>
  keyOf({ subject: { type: 'service', name }, ...changes });

/** One stop, `minutes` after the start. */
export const stop = (
  id: string,
  minutes: number,
  severity: Severity = 'warn',
  facts?: Facts,
): Observation => ({
  type: 'occurred',
  occurrence: { id, atMs: startMs + minutes * minuteMs, facts: { zone: `1${id.at(-1)}` } },
  severity,
  ...(facts === undefined ? {} : { facts }),
});

export const at = (minutes: number): number => startMs + minutes * minuteMs;

/** Plays one incident: each step is the minute at which it is seen, and what is seen. */
export function createPlay(key: IncidentKey = keyOf(), policy?: IncidentPolicy) {
  let incident: Incident | undefined;
  return {
    see(minutes: number, ...observations: readonly Observation[]): Incident | undefined {
      const context = {
        key,
        policy: policy ?? incidentPolicies[key.kind],
        nowMs: at(minutes),
      };
      incident = applyObservations(incident, observations, context);
      return incident;
    },
    change(apply: (current: Incident) => Incident): Incident {
      if (incident === undefined) throw new Error('there is no incident yet');
      incident = apply(incident);
      return incident;
    },
    now(): Incident {
      if (incident === undefined) throw new Error('there is no incident yet');
      return incident;
    },
  };
}

/** An open incident of three stops in the first two minutes. */
export function openIncident(key: IncidentKey = keyOf(), severity: Severity = 'warn'): Incident {
  const play = createPlay(key);
  const needed = incidentPolicies[key.kind].opensAt.occurrences;
  const times = Array.from({ length: needed }, (_, index) => index);
  play.see(2, ...times.map((index) => stop(`${key.subject.name}-${index}`, index / 2, severity)));
  return play.now();
}

export { applyObservation };

/** The seed of a property that failed, to run exactly that one again. */
export const seedOf = (): { readonly seed?: number } =>
  process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) };
