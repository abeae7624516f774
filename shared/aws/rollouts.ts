import type { Deployment } from '@aws-sdk/client-ecs';
import type { ServiceRollout } from '../domain/service-state.ts';

/** The deployments of a service, as DescribeServices lists them. */
export const rolloutsOf = (deployments: readonly Deployment[] | undefined): ServiceRollout[] =>
  (deployments ?? []).map((one) => ({
    id: one.id ?? '?',
    status: one.status ?? 'unknown',
    rolloutState: one.rolloutState,
    taskDefinitionArn: one.taskDefinition,
    createdAtMs: one.createdAt?.getTime(),
    running: one.runningCount,
  }));
