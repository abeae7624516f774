import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeClustersCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { createRequestHandler } from '../../../simulator/aws/request-handler.ts';
import { type Cases, createLab, type Lab } from '../world-lab.ts';

/** Clients of a lab's account that try once: what they get is what the account says. */
export const clientsOf = ({ world: { account } }: Lab) => {
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: createRequestHandler(account),
    maxAttempts: 1,
  };
  return { ecs: new ECSClient(settings), ec2: new EC2Client(settings) };
};

const refusals = new Set(['ThrottlingException', 'RequestLimitExceeded']);

/** How many calls pass until one is refused for their rate, and by which name; at most so many. */
export async function passing(send: () => Promise<unknown>, callsMax: number): Promise<string> {
  for (let passed = 0; passed < callsMax; passed += 1) {
    const name = await send().then(
      () => 'done',
      (error: Error) => error.name,
    );
    if (refusals.has(name)) return `${passed}, then ${name}`;
  }
  return `${callsMax}`;
}

export const requestCases = {
  'ecs-request-buckets': {
    observe: (variants) => {
      const { ecs } = clientsOf(createLab({ variants }));
      return passing(() => ecs.send(new ListTasksCommand({ cluster: 'prod' })), 110);
    },
    expected: { on: '100, then ThrottlingException' },
  },
  'cluster-read-bucket': {
    observe: (variants) => {
      const { ecs } = clientsOf(createLab({ variants }));
      return passing(() => ecs.send(new DescribeClustersCommand({ clusters: ['prod'] })), 110);
    },
    expected: {
      'burst-50': '50, then ThrottlingException',
      'burst-100': '100, then ThrottlingException',
    },
  },
  'unlisted-request-buckets': {
    // Over the wire nobody continues a deployment here; calls are counted all the same.
    observe: (variants) => {
      const { account } = createLab({ variants }).world;
      const call = { service: 'ecs', operation: 'ContinueServiceDeployment', input: {} } as const;
      return Array.from({ length: 60 }, () => account.admits?.(call)).filter(Boolean).length;
    },
    expected: { 'like-service-modify': 50, 'without-limit': 60 },
  },
  'ec2-request-buckets': {
    observe: (variants) => {
      const { ec2 } = clientsOf(createLab({ variants }));
      return passing(() => ec2.send(new DescribeInstancesCommand({})), 110);
    },
    expected: { on: '50, then RequestLimitExceeded' },
  },
  'ec2-ids-as-filter': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.large', 1);
      const InstanceIds = [lab.instances()[0]?.ec2InstanceId ?? ''];
      const { ec2 } = clientsOf(lab);
      return passing(() => ec2.send(new DescribeInstancesCommand({ InstanceIds })), 110);
    },
    expected: {
      'like-a-filter': '100, then RequestLimitExceeded',
      'not-a-filter': '50, then RequestLimitExceeded',
    },
  },
  'request-bucket-refill': {
    // Emptied on the full second, and looked at after half of one, and after a whole one.
    observe: async (variants) => {
      const lab = createLab({ variants });
      const { ecs } = clientsOf(lab);
      const more = () => passing(() => ecs.send(new ListTasksCommand({ cluster: 'prod' })), 110);
      await more();
      lab.advance(500);
      const half = await more();
      lab.advance(500);
      return [half, await more()];
    },
    expected: {
      evenly: ['10, then ThrottlingException', '10, then ThrottlingException'],
      'each-second': ['0, then ThrottlingException', '20, then ThrottlingException'],
    },
  },
} as const satisfies Cases;
