import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { clusterArnIn } from './ecs-arn.ts';
import { parseEvent } from './envelope.ts';
import { instanceArn, optionalClusterArn, optionalText, optionalTimeMs, text } from './fields.ts';
import { MalformedInput } from './malformed.ts';

const detailSchema = v.object({
  clusterArn: optionalClusterArn,
  containerInstanceArn: instanceArn,
  ec2InstanceId: optionalText,
  capacityProviderName: optionalText,
  overallStatus: text,
  healthChecks: v.nullish(v.array(v.object({ lastStatusChange: optionalTimeMs })), []),
});

/**
 * Reads an `ECS Container Instance Health Change`. It has no version: it is as of its latest change of
 * a check.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_health_events.html
 */
export function parseContainerInstanceHealthChange(value: unknown): InstanceNotice {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const clusterArn = detail.clusterArn ?? clusterArnIn(detail.containerInstanceArn);
  if (clusterArn === undefined) {
    throw new MalformedInput('event.detail.clusterArn: expected a value, got nothing');
  }
  const changes = detail.healthChecks.flatMap(({ lastStatusChange }) => lastStatusChange ?? []);
  return {
    kind: 'health',
    clusterArn,
    instanceArn: detail.containerInstanceArn,
    ec2InstanceId: detail.ec2InstanceId,
    capacityProvider: detail.capacityProviderName,
    status: detail.overallStatus,
    atMs: changes.length === 0 ? envelope.atMs : Math.max(...changes),
  };
}
