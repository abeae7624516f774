import type { IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';

/** What a look at instances says of one incident. */
export type ReplacementReaction = {
  readonly key: IncidentKey;
  readonly observations: readonly Observation[];
};
