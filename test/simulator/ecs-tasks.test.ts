import {
  DescribeTasksCommand,
  GetTaskProtectionCommand,
  ListTasksCommand,
  paginateListTasks,
  type ProtectedTask as SdkProtectedTask,
  type Task as SdkTask,
} from '@aws-sdk/client-ecs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { EcsTask, TaskProtection } from '../../simulator/account.ts';
import {
  add,
  addCluster,
  type Counts,
  clusterArn,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  instanceArn,
  startedAt,
  taskArn,
} from '../support/accounts.ts';
import { accountOf, clientsOf, errorOf } from './clients.ts';

function arrange(counts: Counts = {}) {
  const account = accountOf();
  addCluster(account, counts);
  return { account, ecs: clientsOf(account).ecs };
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

describe('ListTasks', () => {
  it.each([
    ['one page of 100 without a further call', 100, [100]],
    ['101 in two pages', 101, [100, 1]],
    ['none in one page', 0, [0]],
  ])('answers %s', async (_, tasks, sizes) => {
    const { account, ecs } = arrange({ tasks });
    const pages: number[] = [];
    for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster: 'shop' })) {
      pages.push(taskArns.length);
    }
    expect(pages).toEqual(sizes);
    expect(account.calls).toHaveLength(sizes.length);
  });

  it('lists tasks that shall run, unless another status, a service or an instance is asked for', async () => {
    const { account, ecs } = arrange();
    add(account, {
      services: [ecsServiceOf('web')],
      instances: [ecsInstanceOf('c1'), ecsInstanceOf('c2')],
      tasks: [
        ecsTaskOf('a'),
        ecsTaskOf('b', { containerInstanceArn: instanceArn('c2'), group: 'family:nightly' }),
        ecsTaskOf('c', { desiredStatus: 'STOPPED' }),
        { ...ecsTaskOf('d'), clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/other' },
      ],
    });
    const listed = async (input: object) =>
      (await ecs.send(new ListTasksCommand({ cluster: 'shop', ...input }))).taskArns;
    expect(await listed({})).toEqual([taskArn('a'), taskArn('b')]);
    expect(await listed({ desiredStatus: 'STOPPED' })).toEqual([taskArn('c')]);
    expect(await listed({ serviceName: 'web' })).toEqual([taskArn('a')]);
    expect(await listed({ containerInstance: 'c2' })).toEqual([taskArn('b')]);
    expect(await listed({ containerInstance: instanceArn('c2') })).toEqual([taskArn('b')]);
  });

  it.each([
    ['an unknown cluster', { cluster: 'x' }, 'ClusterNotFoundException'],
    ['an unknown service', { serviceName: 'x' }, 'ServiceNotFoundException'],
    ['an unknown instance', { containerInstance: 'x' }, 'InvalidParameterException'],
    ['a page of 101', { maxResults: 101 }, 'InvalidParameterException'],
    ['a token never given', { nextToken: 'x' }, 'InvalidParameterException'],
    ['an unknown status', { desiredStatus: 'WELL' }, 'InvalidParameterException'],
  ])('refuses %s', async (_, input, name) => {
    const { ecs } = arrange();
    const call = ecs.send(new ListTasksCommand({ cluster: 'shop', ...(input as object) }));
    expect(await errorOf(call)).toMatchObject({ name });
  });
});

describe('DescribeTasks', () => {
  it('has the shape of the API', () => {
    // The stop code is an open set here: ECS has added to it before.
    expectTypeOf<Omit<EcsTask, 'stopCode'>>().toExtend<SdkTask>();
    expectTypeOf<TaskProtection>().toExtend<SdkProtectedTask>();
  });

  it('answers by id or ARN, tags only on request, and reports the rest as MISSING', async () => {
    const { account, ecs } = arrange();
    add(account, { tasks: [ecsTaskOf('a', { tags: [{ key: 'k', value: 'v' }] })] });
    const input = { cluster: clusterArn, tasks: ['a', taskArn('gone')] };
    const plain = await ecs.send(new DescribeTasksCommand(input));
    expect(plain.tasks).toMatchObject([{ taskArn: taskArn('a'), startedAt, cpu: '256' }]);
    expect(plain.tasks?.[0]).not.toHaveProperty('tags');
    expect(plain.failures).toEqual([{ arn: taskArn('gone'), reason: 'MISSING' }]);
    const tagged = await ecs.send(new DescribeTasksCommand({ ...input, include: ['TAGS'] }));
    expect(tagged.tasks?.[0]?.tags).toEqual([{ key: 'k', value: 'v' }]);
  });

  it.each([
    [0, 'InvalidParameterException'],
    [101, 'InvalidParameterException'],
  ])('refuses %s tasks', async (count, name) => {
    const { ecs } = arrange();
    const call = ecs.send(new DescribeTasksCommand({ cluster: 'shop', tasks: ids(count) }));
    expect(await errorOf(call)).toMatchObject({ name });
  });

  it('takes 100 tasks', async () => {
    const { ecs } = arrange();
    const call = ecs.send(new DescribeTasksCommand({ cluster: 'shop', tasks: ids(100) }));
    expect((await call).failures).toHaveLength(100);
  });
});

describe('GetTaskProtection', () => {
  it('answers for tasks of services, protected or not, and refuses each other one', async () => {
    const { account, ecs } = arrange();
    add(account, {
      tasks: [ecsTaskOf('a'), ecsTaskOf('b'), ecsTaskOf('alone', { group: 'family:nightly' })],
    });
    account.taskProtections.set(taskArn('a'), {
      protectionEnabled: true,
      expirationDate: startedAt,
    });
    const { protectedTasks, failures } = await ecs.send(
      new GetTaskProtectionCommand({ cluster: 'shop', tasks: ['a', 'b', 'alone', 'gone'] }),
    );
    expect(protectedTasks).toEqual([
      { taskArn: taskArn('a'), protectionEnabled: true, expirationDate: startedAt },
      { taskArn: taskArn('b'), protectionEnabled: false },
    ]);
    expect(failures).toEqual([
      { arn: taskArn('gone'), reason: 'MISSING' },
      { arn: taskArn('alone'), reason: 'TASK_NOT_VALID' },
    ]);
  });

  it('refuses 101 tasks', async () => {
    const { ecs } = arrange();
    const call = ecs.send(new GetTaskProtectionCommand({ cluster: 'shop', tasks: ids(101) }));
    expect(await errorOf(call)).toMatchObject({ name: 'InvalidParameterException' });
  });
});
