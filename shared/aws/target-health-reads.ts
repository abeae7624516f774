import {
  DescribeTargetHealthCommand,
  type DescribeTargetHealthCommandInput,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type ClientSettings, sendOptions } from './clients.ts';

/** The call of Elastic Load Balancing that tells zonal shifts. */
export const createTargetHealthReads = (elb: ElasticLoadBalancingV2Client) => ({
  describeTargetHealth: (input: DescribeTargetHealthCommandInput, signal?: AbortSignal) =>
    elb.send(new DescribeTargetHealthCommand(input), sendOptions(signal)),
});

export type TargetHealthReads = ReturnType<typeof createTargetHealthReads>;

/** The call over a client of its own. */
export const openTargetHealthReads = (settings: ClientSettings): TargetHealthReads =>
  createTargetHealthReads(new ElasticLoadBalancingV2Client(settings));
