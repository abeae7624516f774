import { describe, expect, it } from 'vitest';
import { createInstanceReader } from '../../shared/aws/instance-reads.ts';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { clusterArn, instanceArn } from '../support/accounts.ts';

type Ecs = Parameters<typeof createInstanceReader>[0];

/** A cluster of so many instances, every tenth of them a machine without an EC2 instance. */
function createCluster(count: number, changes: Partial<Ecs> = {}) {
  const calls: string[] = [];
  const ecs: Ecs = {
    listContainerInstances: async ({ nextToken }) => {
      calls.push('list');
      const from = Number(nextToken ?? 0);
      const to = Math.min(from + 100, count);
      return {
        $metadata: {},
        containerInstanceArns: Array.from({ length: to - from }, (_, at) =>
          instanceArn(`c${from + at}`),
        ),
        nextToken: to < count ? `${to}` : undefined,
      };
    },
    describeContainerInstances: async ({ containerInstances = [] }) => {
      calls.push('describe');
      return {
        $metadata: {},
        containerInstances: containerInstances.map((arn) => ({
          containerInstanceArn: arn,
          ...(arn.endsWith('0') ? {} : { ec2InstanceId: `i-${arn.split('/').at(-1)}` }),
        })),
      };
    },
    ...changes,
  };
  const limiter = createReadLimiter(createVirtualClock(0));
  return { calls, reader: createInstanceReader(ecs, limiter) };
}

describe('the reader of container instances', () => {
  it('finds them by their EC2 instances, in 2⌈M/100⌉ calls and no other', async () => {
    const { calls, reader } = createCluster(230);
    const found = await reader.byEc2Id(clusterArn);
    expect(found.size).toBe(207);
    expect(found.get('i-c229')).toBe(instanceArn('c229'));
    expect(calls.sort()).toEqual([...Array(3).fill('describe'), ...Array(3).fill('list')]);
  });

  it.each([
    ['first', [2, 1]],
    ['last', [1, 2]],
  ])(
    'finds the registration that is the later one, also where it is listed %s',
    async (_, days) => {
      const { reader } = createCluster(2, {
        describeContainerInstances: async () => ({
          $metadata: {},
          containerInstances: days.map((day) => ({
            containerInstanceArn: instanceArn(`day-${day}`),
            ec2InstanceId: 'i-1',
            registeredAt: new Date(Date.UTC(2026, 10, day)),
          })),
        }),
      });
      expect(await reader.byEc2Id(clusterArn)).toEqual(new Map([['i-1', instanceArn('day-2')]]));
    },
  );

  it('rejects rather than call those it could not read unknown', async () => {
    const { reader } = createCluster(1, {
      describeContainerInstances: async () => ({
        $metadata: {},
        containerInstances: [],
        failures: [{ arn: instanceArn('c0'), reason: 'UNKNOWN' }],
      }),
    });
    await expect(reader.byEc2Id(clusterArn)).rejects.toThrow(
      'ecs:DescribeContainerInstances: failed',
    );
  });

  it('ends with its signal', async () => {
    const { reader } = createCluster(1);
    const signal = AbortSignal.abort(new Error('time is over'));
    await expect(reader.byEc2Id(clusterArn, signal)).rejects.toThrow('time is over');
  });
});
