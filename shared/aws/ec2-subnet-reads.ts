import {
  DescribeSubnetsCommand,
  type DescribeSubnetsCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { type ClientSettings, sendOptions } from './clients.ts';

/** The call of EC2 that tells the zones of subnets, for a function that asks for no more. */
export const createEc2SubnetReads = (ec2: EC2Client) => ({
  describeSubnets: (input: DescribeSubnetsCommandInput, signal?: AbortSignal) =>
    ec2.send(new DescribeSubnetsCommand(input), sendOptions(signal)),
});

export type Ec2SubnetReads = ReturnType<typeof createEc2SubnetReads>;

/** The call over a client of its own. */
export const openEc2SubnetReads = (settings: ClientSettings): Ec2SubnetReads =>
  createEc2SubnetReads(new EC2Client(settings));
