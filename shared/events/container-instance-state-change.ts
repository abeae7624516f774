import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { clusterArnIn } from './ecs-arn.ts';
import { parseEvent } from './envelope.ts';
import {
  count,
  instanceArn,
  optionalClusterArn,
  optionalText,
  optionalTimeMs,
  text,
} from './fields.ts';
import { MalformedInput } from './malformed.ts';

const detailSchema = v.object({
  clusterArn: optionalClusterArn,
  containerInstanceArn: instanceArn,
  ec2InstanceId: optionalText,
  capacityProviderName: optionalText,
  status: text,
  version: count,
  updatedAt: optionalTimeMs,
});

/**
 * Reads an `ECS Container Instance State Change`. The same `detail.version` is the same event again;
 * a short ARN does not say the cluster, `clusterArn` does.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
 */
export function parseContainerInstanceStateChange(value: unknown): InstanceNotice {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const clusterArn = detail.clusterArn ?? clusterArnIn(detail.containerInstanceArn);
  if (clusterArn === undefined) {
    throw new MalformedInput('event.detail.clusterArn: expected a value, got nothing');
  }
  return {
    kind: 'state',
    clusterArn,
    instanceArn: detail.containerInstanceArn,
    ec2InstanceId: detail.ec2InstanceId,
    capacityProvider: detail.capacityProviderName,
    status: detail.status,
    version: detail.version,
    atMs: detail.updatedAt ?? envelope.atMs,
  };
}
