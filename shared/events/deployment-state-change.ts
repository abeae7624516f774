import * as v from 'valibot';
import type { DeploymentStateChange } from '../domain/deployment-event.ts';
import { namedService } from './ecs-arn.ts';
import { parseEvent } from './envelope.ts';
import { optionalClusterArn, optionalText, optionalTimeMs, reason, text } from './fields.ts';

const deploymentId = v.pipe(
  optionalText,
  v.check(
    (value) => value === undefined || /^[\w/-]{1,255}$/.test(value),
    'expected a deployment id',
  ),
);

const detailSchema = v.object({
  eventType: optionalText,
  eventName: text,
  clusterArn: optionalClusterArn,
  deploymentId,
  updatedAt: optionalTimeMs,
  reason,
});

/**
 * Reads an `ECS Deployment State Change`. The documented samples lack `clusterArn`, real ones have
 * it: without it the cluster is that of the service ARN.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 */
export function parseDeploymentStateChange(value: unknown): DeploymentStateChange {
  const { envelope, detail } = parseEvent(detailSchema, value);
  return {
    eventId: envelope.id,
    ...namedService(envelope.resources, detail.clusterArn),
    eventType: detail.eventType,
    eventName: detail.eventName,
    deploymentId: detail.deploymentId,
    reason: detail.reason,
    atMs: detail.updatedAt ?? envelope.atMs,
  };
}
