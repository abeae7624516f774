import type { IncidentKind, Severity } from './incident.ts';

/** What the events about services, deployments and hooks can say. */
export type EventCause =
  // Service actions.
  | 'task-start-impaired'
  | 'task-configuration'
  | 'no-capacity'
  | 'daemon-constraint'
  | 'ecs-throttled'
  | 'discovery-throttled'
  | 'discovery-unhealthy'
  | 'lattice-unhealthy'
  | 'health-unknown'
  | 'steady-state'
  | 'rebalancing-started'
  | 'rebalancing-completed'
  | 'rebalancing-stopped'
  | 'rebalancing-blocked'
  // Deployments.
  | 'circuit-breaker'
  | 'deployment-alarm'
  | 'lifecycle-hook'
  | 'deployment-failed'
  | 'rollback-failed'
  | 'deployment-completed'
  // Hooks.
  | 'hook-failed'
  | 'hook-timed-out'
  | 'hook-awaiting-action'
  // A WARN or ERROR by a name that is not in the table.
  | 'unknown-event';

/** One event in the words of incidents. */
export type EventMeaning = {
  /** The event name that decided, or `unknown`: where a maintainer finds the row. */
  readonly rule: string;
  readonly cause: EventCause;
  /** Undefined: counted and logged, and no incident of its own. */
  readonly kind: IncidentKind | undefined;
  readonly severity: Severity;
  readonly isTrouble: boolean;
  /** A sign that the service is well again. */
  readonly isRecovery: boolean;
  readonly detail: string;
};

/** A row of a table from event names to meanings. */
export type MeaningRow = Pick<EventMeaning, 'cause' | 'kind' | 'severity'> & {
  readonly sign: 'trouble' | 'recovery' | 'neither';
};

export const meaningOf = (rule: string, row: MeaningRow, detail: string): EventMeaning => ({
  rule,
  cause: row.cause,
  kind: row.kind,
  severity: row.severity,
  isTrouble: row.sign === 'trouble',
  isRecovery: row.sign === 'recovery',
  detail,
});

/** Trouble that ECS names in a word that Ballast does not know: never dropped in silence. */
export const unknownTrouble: MeaningRow = {
  cause: 'unknown-event',
  kind: undefined,
  severity: 'info',
  sign: 'trouble',
};

/** ECS writes `WARN`, and `WARNING` for daemons. Event names decide; this is for unknown ones. */
export const isTroubleType = (eventType: string | undefined): boolean =>
  eventType !== undefined && /^(WARN|WARNING|ERROR)$/.test(eventType);
