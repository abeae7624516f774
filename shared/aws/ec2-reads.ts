import {
  DescribeInstanceEventWindowsCommand,
  type DescribeInstanceEventWindowsCommandInput,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { type ClientSettings, sendOptions } from './clients.ts';
import { createEc2ZoneReads } from './ec2-zone-reads.ts';

type Signal = AbortSignal | undefined;

/**
 * The calls of EC2 that a snapshot is read by. Import this file dynamically: the client is large,
 * and what this file names of it is a part that a bundler can cut out.
 */
export const createEc2Reads = (ec2: EC2Client) => ({
  ...createEc2ZoneReads(ec2),
  describeInstances: (input: DescribeInstancesCommandInput, signal?: Signal) =>
    ec2.send(new DescribeInstancesCommand(input), sendOptions(signal)),
  describeInstanceEventWindows: (
    input: DescribeInstanceEventWindowsCommandInput,
    signal?: Signal,
  ) => ec2.send(new DescribeInstanceEventWindowsCommand(input), sendOptions(signal)),
});

export type Ec2Reads = ReturnType<typeof createEc2Reads>;

/** The calls over a client of its own. */
export const openEc2Reads = (settings: ClientSettings): Ec2Reads =>
  createEc2Reads(new EC2Client(settings));
