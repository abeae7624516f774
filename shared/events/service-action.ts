import * as v from 'valibot';
import type { ServiceAction } from '../domain/service-action.ts';
import { namedService } from './ecs-arn.ts';
import { parseEvent } from './envelope.ts';
import { optionalClusterArn, optionalText, optionalTimeMs, reason, text, texts } from './fields.ts';

const detailSchema = v.object({
  eventType: optionalText,
  eventName: text,
  clusterArn: optionalClusterArn,
  serviceArn: optionalText,
  service: optionalText,
  serviceName: optionalText,
  createdAt: optionalTimeMs,
  reason,
  capacityProviderArns: texts,
  containerInstanceArns: texts,
});

/**
 * Reads an `ECS Service Action`. ECS names the service in `resources`, or only in `service` or
 * `serviceName`. There is no version in it: `eventId` tells a repeat.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
 */
export function parseServiceAction(value: unknown): ServiceAction {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const candidates = [...envelope.resources, detail.serviceArn, detail.service, detail.serviceName];
  return {
    eventId: envelope.id,
    ...namedService(candidates, detail.clusterArn),
    eventType: detail.eventType,
    eventName: detail.eventName,
    reason: detail.reason,
    capacityProviderArns: detail.capacityProviderArns,
    containerInstanceArns: detail.containerInstanceArns,
    atMs: detail.createdAt ?? envelope.atMs,
  };
}
