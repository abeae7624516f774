import {
  type EventMeaning,
  isTroubleType,
  type MeaningRow,
  meaningOf,
  unknownTrouble,
} from './event-meaning.ts';

/** A service action as its event tells it. */
export type ServiceAction = {
  /** Of the event: there is no version, so a repeat is recognised by this. */
  readonly eventId: string;
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly service: string;
  readonly eventType: string | undefined;
  readonly eventName: string;
  readonly reason: string | undefined;
  readonly capacityProviderArns: readonly string[];
  readonly containerInstanceArns: readonly string[];
  readonly atMs: number;
};

const trouble = (
  cause: MeaningRow['cause'],
  kind: MeaningRow['kind'],
  severity: MeaningRow['severity'] = 'warn',
): MeaningRow => ({ cause, kind, severity, sign: 'trouble' });

const news = (cause: MeaningRow['cause'], sign: MeaningRow['sign']): MeaningRow => ({
  cause,
  kind: undefined,
  severity: 'info',
  sign,
});

/**
 * By event name, because the type of an event is a poor guide: a failed scale-in is INFO.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
 */
const rows: ReadonlyMap<string, MeaningRow> = new Map([
  ['SERVICE_TASK_START_IMPAIRED', trouble('task-start-impaired', 'start-failure')],
  ['SERVICE_TASK_CONFIGURATION_FAILURE', trouble('task-configuration', 'start-failure')],
  ['SERVICE_TASK_PLACEMENT_FAILURE', trouble('no-capacity', 'placement-failure')],
  [
    'SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED',
    trouble('daemon-constraint', 'placement-failure'),
  ],
  ['ECS_OPERATION_THROTTLED', trouble('ecs-throttled', 'placement-failure')],
  // ECS replaces what is unhealthy and tries again where it was throttled: the stops that follow,
  // if any, are what opens an incident.
  ['SERVICE_DISCOVERY_OPERATION_THROTTLED', trouble('discovery-throttled', undefined, 'info')],
  ['SERVICE_DISCOVERY_INSTANCE_UNHEALTHY', trouble('discovery-unhealthy', undefined, 'info')],
  ['VPC_LATTICE_TARGET_UNHEALTHY', trouble('lattice-unhealthy', undefined, 'info')],
  ['SERVICE_HEALTH_UNKNOWN', trouble('health-unknown', undefined, 'info')],
  ['SERVICE_DEPLOYMENT_FAILED', trouble('deployment-failed', 'rollback')],
  ['SERVICE_DEPLOYMENT_COMPLETED', news('deployment-completed', 'recovery')],
  ['SERVICE_STEADY_STATE', news('steady-state', 'recovery')],
  ['SERVICE_REBALANCING_STARTED', news('rebalancing-started', 'neither')],
  ['SERVICE_REBALANCING_COMPLETED', news('rebalancing-completed', 'neither')],
  ['SERVICE_REBALANCING_STOPPED', news('rebalancing-stopped', 'neither')],
  ['TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION', news('rebalancing-blocked', 'neither')],
]);

/** Whether anybody reacts: to what the table knows, and to any warning or error. */
export const followsServiceAction = (eventType: string | undefined, eventName: string): boolean =>
  rows.has(eventName) || isTroubleType(eventType);

/** What a service action says, in the words of incidents. */
export function classifyServiceAction(action: ServiceAction): EventMeaning {
  const row = rows.get(action.eventName);
  const detail = [action.eventName, action.reason].filter((part) => part !== undefined).join(', ');
  if (row !== undefined) return meaningOf(action.eventName, row, detail);
  return isTroubleType(action.eventType)
    ? meaningOf('unknown', unknownTrouble, detail)
    : meaningOf('unknown', news('unknown-event', 'neither'), detail);
}
