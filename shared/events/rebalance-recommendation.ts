import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { parseEvent } from './envelope.ts';
import { ec2InstanceId } from './fields.ts';

const detailSchema = v.object({ 'instance-id': ec2InstanceId });

/**
 * Reads an `EC2 Instance Rebalance Recommendation`: a Spot instance at elevated risk.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
 */
export function parseRebalanceRecommendation(value: unknown): InstanceNotice {
  const { envelope, detail } = parseEvent(detailSchema, value);
  return {
    kind: 'ec2',
    ec2InstanceId: detail['instance-id'],
    hint: 'rebalance-recommendation',
    detail: 'at risk',
    atMs: envelope.atMs,
  };
}
