import {
  DescribeInstanceTypesCommand,
  type DescribeInstanceTypesCommandInput,
  DescribeSubnetsCommand,
  type DescribeSubnetsCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { type ClientSettings, sendOptions } from './clients.ts';

type Signal = AbortSignal | undefined;

/**
 * The calls of EC2 that tell where a task may go: zones of subnets, limits of instance types. A file
 * of their own, so that a function that asks for no more is allowed no more.
 */
export const createEc2ZoneReads = (ec2: EC2Client) => ({
  describeSubnets: (input: DescribeSubnetsCommandInput, signal?: Signal) =>
    ec2.send(new DescribeSubnetsCommand(input), sendOptions(signal)),
  describeInstanceTypes: (input: DescribeInstanceTypesCommandInput, signal?: Signal) =>
    ec2.send(new DescribeInstanceTypesCommand(input), sendOptions(signal)),
});

export type Ec2ZoneReads = ReturnType<typeof createEc2ZoneReads>;

/** The calls over a client of its own. */
export const openEc2ZoneReads = (settings: ClientSettings): Ec2ZoneReads =>
  createEc2ZoneReads(new EC2Client(settings));
