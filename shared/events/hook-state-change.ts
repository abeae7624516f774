import * as v from 'valibot';
import type { HookStateChange } from '../domain/deployment-event.ts';
import { namedService } from './ecs-arn.ts';
import { parseEvent } from './envelope.ts';
import { optionalClusterArn, optionalText, optionalTimeMs, text } from './fields.ts';

const detailSchema = v.object({
  eventType: optionalText,
  eventName: text,
  hookId: optionalText,
  hookType: optionalText,
  lifecycleStage: optionalText,
  expiresAt: optionalTimeMs,
  clusterArn: optionalClusterArn,
  serviceArn: optionalText,
  serviceDeploymentArn: optionalText,
  updatedAt: optionalTimeMs,
});

/**
 * Reads an `ECS Hook State Change`, whose `resources` hold the ARN of the service deployment. The
 * page on pause hooks prints it without `resources`.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html
 */
export function parseHookStateChange(value: unknown): HookStateChange {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const serviceDeploymentArn =
    detail.serviceDeploymentArn ??
    envelope.resources.find((arn) => arn.includes(':service-deployment/'));
  return {
    eventId: envelope.id,
    ...namedService([detail.serviceArn, serviceDeploymentArn], detail.clusterArn),
    eventType: detail.eventType,
    eventName: detail.eventName,
    hookId: detail.hookId,
    hookType: detail.hookType,
    stage: detail.lifecycleStage,
    expiresAtMs: detail.expiresAt,
    serviceDeploymentArn,
    atMs: detail.updatedAt ?? envelope.atMs,
  };
}
