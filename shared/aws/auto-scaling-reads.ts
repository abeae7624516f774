import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  type DescribeScalableTargetsCommandInput,
} from '@aws-sdk/client-application-auto-scaling';
import { type ClientSettings, sendOptions } from './clients.ts';

/** The call of Application Auto Scaling that a snapshot is read by. */
export const createAutoScalingReads = (autoScaling: ApplicationAutoScalingClient) => ({
  describeScalableTargets: (input: DescribeScalableTargetsCommandInput, signal?: AbortSignal) =>
    autoScaling.send(new DescribeScalableTargetsCommand(input), sendOptions(signal)),
});

export type AutoScalingReads = ReturnType<typeof createAutoScalingReads>;

/** The call over a client of its own. */
export const openAutoScalingReads = (settings: ClientSettings): AutoScalingReads =>
  createAutoScalingReads(new ApplicationAutoScalingClient(settings));
