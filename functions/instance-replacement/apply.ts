import { updateIncident } from '../../shared/aws/update-incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { ReplacementReaction } from '../../shared/domain/replacement-reaction.ts';
import type { Deps } from './handler.ts';

/** Other writers of the same incident were faster every time. */
class Contended extends Error {
  override readonly name = 'Contended';
}

/** The minute sweep of task-state publishes what this puts on the incident. */
export async function apply(
  { key, observations }: ReplacementReaction,
  { incidents, clock }: Deps,
): Promise<void> {
  const updated = await updateIncident(incidents, key, (current) =>
    applyObservations(current, observations, {
      key,
      policy: incidentPolicies[key.kind],
      nowMs: clock.nowMs(),
    }),
  );
  if (updated.kind === 'contended') throw new Contended(`${key.kind} of ${key.subject.name}`);
}
