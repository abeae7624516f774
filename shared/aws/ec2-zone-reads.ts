import {
  DescribeInstanceTypesCommand,
  type DescribeInstanceTypesCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { type ClientSettings, sendOptions } from './clients.ts';
import { createEc2SubnetReads } from './ec2-subnet-reads.ts';

/**
 * The calls of EC2 that tell where a task may go: zones of subnets, limits of instance types. A file
 * of their own, so that a function that asks for no more is allowed no more.
 */
export const createEc2ZoneReads = (ec2: EC2Client) => ({
  ...createEc2SubnetReads(ec2),
  describeInstanceTypes: (input: DescribeInstanceTypesCommandInput, signal?: AbortSignal) =>
    ec2.send(new DescribeInstanceTypesCommand(input), sendOptions(signal)),
});

export type Ec2ZoneReads = ReturnType<typeof createEc2ZoneReads>;

/** The calls over a client of its own. */
export const openEc2ZoneReads = (settings: ClientSettings): Ec2ZoneReads =>
  createEc2ZoneReads(new EC2Client(settings));
