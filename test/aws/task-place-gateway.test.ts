import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createTaskPlaceGateway, describedMax } from '../../shared/aws/task-place-gateway.ts';
import type { Account, EcsTask } from '../../simulator/account.ts';
import { accountOf, clientsOf } from '../simulator/clients.ts';

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
const clusterArn = `${prefix}:cluster/prod`;

function arrange(tasks: readonly (Partial<EcsTask> & { readonly id: string })[]) {
  const account = accountOf();
  account.clusters.set(clusterArn, { clusterArn, clusterName: 'prod' });
  for (const { id, ...task } of tasks) {
    const taskArn = `${prefix}:task/prod/${id}`;
    account.tasks.set(taskArn, {
      taskArn,
      clusterArn,
      taskDefinitionArn: `${prefix}:task-definition/web:1`,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      version: 1,
      ...task,
    });
  }
  return { account, gateway: createTaskPlaceGateway(clientsOf(account).ecs) };
}
const callsOf = ({ calls }: Account): readonly string[] => calls.map(({ operation }) => operation);
const many = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: `${(n * 7919) % 10_007}`.padStart(5, '0'),
    group: `service:s${(n * 7919) % 10_007}`,
  }));

describe('running places', () => {
  it('are those of running tasks, as far as ECS tells them', async () => {
    const { account, gateway } = arrange([
      {
        id: 'a',
        group: 'service:web',
        containerInstanceArn: `${prefix}:container-instance/prod/i-1`,
        availabilityZone: 'eu-central-1a',
      },
      { id: 'b', group: 'family:report', availabilityZone: 'eu-central-1b' },
      { id: 'c' },
      { id: 'd', lastStatus: 'PENDING' },
      { id: 'e', lastStatus: 'RUNNING', desiredStatus: 'STOPPED' },
      { id: 'f', clusterArn: `${prefix}:cluster/other` },
    ]);
    expect(await gateway.runningPlaces(clusterArn)).toEqual([
      { owner: 'service/web', instance: 'i-1', zone: 'eu-central-1a' },
      { owner: 'family/report', instance: undefined, zone: 'eu-central-1b' },
      { owner: undefined, instance: undefined, zone: undefined },
    ]);
    expect(callsOf(account)).toEqual(['ListTasks', 'DescribeTasks']);
    expect(account.problems).toEqual([]);
  });

  it('of an empty cluster are none, and nothing is described', async () => {
    const { account, gateway } = arrange([]);
    expect(await gateway.runningPlaces(clusterArn)).toEqual([]);
    expect(callsOf(account)).toEqual(['ListTasks']);
  });

  it('of many tasks are those with the first ids, over all pages: 250 tasks, 3 + 2 calls', async () => {
    const { account, gateway } = arrange(many(250));
    const places = await gateway.runningPlaces(clusterArn);
    const ids = many(250)
      .map(({ id }) => id)
      .sort()
      .slice(0, describedMax);
    expect(places.map(({ owner }) => owner).sort()).toEqual(
      ids.map((id) => `service/s${Number(id)}`).sort(),
    );
    expect(callsOf(account)).toEqual([
      ...Array(3).fill('ListTasks'),
      ...Array(2).fill('DescribeTasks'),
    ]);
  });

  it('of 1,250 tasks are a sample of the first 1,000: 10 + 2 calls', async () => {
    const { account, gateway } = arrange(many(1_250));
    expect(await gateway.runningPlaces(clusterArn)).toHaveLength(describedMax);
    expect(callsOf(account)).toHaveLength(12);
  });

  it('leave out what has ended meanwhile', async () => {
    const { account, gateway } = arrange([{ id: 'a' }, { id: 'b' }]);
    account.intercept = ({ operation }) => {
      if (operation === 'DescribeTasks') account.tasks.delete(`${prefix}:task/prod/a`);
      return undefined;
    };
    expect(await gateway.runningPlaces(clusterArn)).toHaveLength(1);
  });

  it('are an error where a task could not be read: a part of them is no fair sample', async () => {
    const { account } = arrange([{ id: 'a' }]);
    const { ecs } = clientsOf(account);
    const mock = mockClient(ecs);
    mock
      .onAnyCommand()
      .resolves({ taskArns: ['arn:a'] })
      .on(DescribeTasksCommand)
      .resolves({ tasks: [], failures: [{ arn: 'arn:a', reason: 'ACCESS_DENIED' }] });
    await expect(createTaskPlaceGateway(ecs).runningPlaces(clusterArn)).rejects.toThrow(
      'could not describe arn:a: ACCESS_DENIED',
    );
    mock.restore();
  });

  it('take an answer without members for an empty one', async () => {
    const ecs = new ECSClient({ region: 'eu-central-1' });
    const mock = mockClient(ecs);
    mock.onAnyCommand().resolves({});
    expect(await createTaskPlaceGateway(ecs).runningPlaces(clusterArn)).toEqual([]);
    mock.restore();
  });
});
