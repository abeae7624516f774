import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { parseEvent } from './envelope.ts';
import { ec2InstanceId, optionalText } from './fields.ts';

const detailSchema = v.object({ 'instance-id': ec2InstanceId, 'instance-action': optionalText });

/**
 * Reads an `EC2 Spot Instance Interruption Warning`, two minutes ahead at best.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
export function parseSpotInterruptionWarning(value: unknown): InstanceNotice {
  const { envelope, detail } = parseEvent(detailSchema, value);
  return {
    kind: 'ec2',
    ec2InstanceId: detail['instance-id'],
    hint: 'spot-interruption',
    detail: detail['instance-action'] ?? 'unknown',
    atMs: envelope.atMs,
  };
}
