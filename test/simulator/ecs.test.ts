import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type Service as SdkService,
  type ServiceDeployment as SdkServiceDeployment,
  type ServiceRevision as SdkServiceRevision,
  type Task as SdkTask,
} from '@aws-sdk/client-ecs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  EcsService,
  EcsTask,
  ServiceDeployment,
  ServiceRevision,
} from '../../simulator/account.ts';
import { addBlueGreenService } from '../../simulator/deployment.ts';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

const endpoint = { protocol: 'HTTP', dnsName: 'lb.example', port: 80 } as const;

function arrange(tags: Record<string, string> = {}) {
  const account = accountOf();
  const service = addBlueGreenService(account, {
    cluster: 'shop',
    service: 'web',
    kind: 'alb',
    blue: {},
    green: { imageDigest: 'sha256:abc' },
    testEndpoint: { ...endpoint, port: 8080 },
    productionEndpoint: endpoint,
    tags,
  });
  return { account, service, ecs: clientsOf(account).ecs };
}

describe('DescribeServiceDeployments', () => {
  it('answers what exists and reports the rest as MISSING', async () => {
    const { ecs, service } = arrange();
    const unknown = service.deploymentArn.replace(/.$/, '_');
    const { serviceDeployments, failures } = await ecs.send(
      new DescribeServiceDeploymentsCommand({
        serviceDeploymentArns: [service.deploymentArn, unknown],
      }),
    );
    expect(serviceDeployments).toMatchObject([
      {
        serviceDeploymentArn: service.deploymentArn,
        status: 'IN_PROGRESS',
        createdAt: new Date(nowMs),
        sourceServiceRevisions: [{ arn: service.blueRevisionArn, requestedTestTrafficWeight: 0 }],
        targetServiceRevision: { arn: service.greenRevisionArn, requestedTestTrafficWeight: 100 },
      },
    ]);
    expect(failures).toEqual([{ arn: unknown, reason: 'MISSING' }]);
  });

  it('carries fractions of a weight, hooks and a rollback', async () => {
    const { account, ecs, service } = arrange();
    service.setTraffic({ production: 0.1 });
    service.setStatus('ROLLBACK_IN_PROGRESS', 'hook failed');
    const deployment = account.serviceDeployments.get(service.deploymentArn);
    if (deployment === undefined) throw new Error('the deployment is gone');
    deployment.lifecycleHookDetails = [
      {
        hookId: 'ecs-pause-1',
        targetType: 'PAUSE',
        status: 'AWAITING_ACTION',
        expiresAt: new Date(nowMs),
      },
    ];
    const { serviceDeployments } = await ecs.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [service.deploymentArn] }),
    );
    expect(serviceDeployments).toMatchObject([
      {
        status: 'ROLLBACK_IN_PROGRESS',
        statusReason: 'hook failed',
        targetServiceRevision: { requestedProductionTrafficWeight: 0.1 },
        rollback: {
          reason: 'hook failed',
          startedAt: new Date(nowMs),
          serviceRevisionArn: service.blueRevisionArn,
        },
        lifecycleHookDetails: [{ hookId: 'ecs-pause-1', expiresAt: new Date(nowMs) }],
      },
    ]);
  });

  it.each([
    ['21 ARNs, one above the limit', 21],
    ['none', 0],
  ])('refuses %s', async (_, count) => {
    const { ecs } = arrange();
    const serviceDeploymentArns = Array.from({ length: count }, (__, index) => `arn:${index}`);
    const error = await errorOf(
      ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns })),
    );
    expect(error).toMatchObject({ name: 'InvalidParameterException', $fault: 'client' });
  });

  it('takes 20 ARNs', async () => {
    const { ecs } = arrange();
    const serviceDeploymentArns = Array.from({ length: 20 }, (_, index) => `arn:${index}`);
    const { failures } = await ecs.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }),
    );
    expect(failures).toHaveLength(20);
  });
});

describe('DescribeServiceRevisions', () => {
  it('has, like its service and deployment, the shape of the API', () => {
    expectTypeOf<ServiceRevision>().toExtend<SdkServiceRevision>();
    expectTypeOf<EcsService>().toExtend<SdkService>();
    // The stage is an open set here, also in the stages of a hook.
    type Closed = Omit<ServiceDeployment, 'lifecycleStage' | 'deploymentConfiguration'>;
    expectTypeOf<Closed>().toExtend<SdkServiceDeployment>();
  });

  it('answers what exists and reports the rest as MISSING', async () => {
    const { ecs, service } = arrange();
    const { serviceRevisions, failures } = await ecs.send(
      new DescribeServiceRevisionsCommand({
        serviceRevisionArns: ['arn:unknown', service.greenRevisionArn],
      }),
    );
    expect(serviceRevisions).toMatchObject([
      {
        serviceRevisionArn: service.greenRevisionArn,
        containerImages: [{ imageDigest: 'sha256:abc' }],
        loadBalancers: [
          {
            targetGroupArn: service.blueTargetGroupArn,
            advancedConfiguration: {
              alternateTargetGroupArn: service.greenTargetGroupArn,
              testListenerRule: service.testRuleArn,
            },
          },
        ],
        resolvedConfiguration: { loadBalancers: [{ targetGroupArn: service.greenTargetGroupArn }] },
      },
    ]);
    expect(failures).toEqual([{ arn: 'arn:unknown', reason: 'MISSING' }]);
  });

  it('refuses 21 ARNs', async () => {
    const { ecs } = arrange();
    const serviceRevisionArns = Array.from({ length: 21 }, (_, index) => `arn:${index}`);
    const call = ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }));
    expect(await errorOf(call)).toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('DescribeServices', () => {
  const describeWeb = { cluster: 'shop', services: ['web', 'gone'] };

  it('leaves tags out unless they are asked for', async () => {
    const { account, ecs, service } = arrange({ 'ballast:deployment-hook': 'observe' });
    const plain = await ecs.send(new DescribeServicesCommand(describeWeb));
    expect(plain.services?.[0]).not.toHaveProperty('tags');
    const tagged = await ecs.send(
      new DescribeServicesCommand({ ...describeWeb, include: ['TAGS'] }),
    );
    expect(tagged.services).toMatchObject([
      {
        serviceArn: service.serviceArn,
        tags: [{ key: 'ballast:deployment-hook', value: 'observe' }],
      },
    ]);
    expect(tagged.failures).toEqual([
      { arn: service.serviceArn.replace('/web', '/gone'), reason: 'MISSING' },
    ]);
    expect(account.calls).toEqual([
      { service: 'ecs', operation: 'DescribeServices', input: describeWeb },
      {
        service: 'ecs',
        operation: 'DescribeServices',
        input: { ...describeWeb, include: ['TAGS'] },
      },
    ]);
  });

  it('finds a service by ARN within its cluster only', async () => {
    const { account, ecs, service } = arrange();
    const services = [service.serviceArn];
    const found = await ecs.send(
      new DescribeServicesCommand({ cluster: service.clusterArn, services }),
    );
    expect(found.services).toHaveLength(1);
    account.clusters.set('arn:other', { clusterArn: 'arn:other', clusterName: 'other' });
    const call = ecs.send(new DescribeServicesCommand({ cluster: 'other', services }));
    expect(await errorOf(call)).toMatchObject({ name: 'InvalidParameterException' });
  });

  it('refuses 11 services and an unknown cluster', async () => {
    const { ecs } = arrange();
    const services = Array.from({ length: 11 }, (_, index) => `web${index}`);
    const tooMany = ecs.send(new DescribeServicesCommand({ cluster: 'shop', services }));
    expect(await errorOf(tooMany)).toMatchObject({ name: 'InvalidParameterException' });
    const unknown = ecs.send(new DescribeServicesCommand({ services: ['web'] }));
    expect(await errorOf(unknown)).toMatchObject({ name: 'ClusterNotFoundException' });
  });
});

describe('ListTasks and DescribeTasks', () => {
  const taskArn = (id: string): string => `arn:aws:ecs:eu-central-1:123456789012:task/shop/${id}`;

  function arrangeTasks(count: number) {
    const { account, ecs, service } = arrange();
    const { clusterArn } = service;
    for (let n = 0; n < count; n += 1) {
      const desiredStatus = n === 0 ? 'STOPPED' : 'RUNNING';
      account.tasks.set(taskArn(`t${n}`), {
        ...{ taskArn: taskArn(`t${n}`), clusterArn, desiredStatus, lastStatus: 'RUNNING' },
        availabilityZone: 'eu-central-1a',
      });
    }
    account.clusters.set('arn:other', { clusterArn: 'arn:other', clusterName: 'other' });
    return { ecs };
  }

  it('has the shape of the API', () => {
    expectTypeOf<EcsTask>().toExtend<SdkTask>();
  });

  it('lists what is to run, page by page, in one cluster', async () => {
    const { ecs } = arrangeTasks(5);
    const first = await ecs.send(new ListTasksCommand({ cluster: 'shop', maxResults: 3 }));
    expect(first.taskArns).toEqual(['t1', 't2', 't3'].map(taskArn));
    const { nextToken } = first;
    const next = await ecs.send(
      new ListTasksCommand({ cluster: 'shop', maxResults: 3, nextToken: nextToken ?? '' }),
    );
    expect(next).toMatchObject({ taskArns: [taskArn('t4')] });
    expect(next.nextToken).toBeUndefined();
    const other = await ecs.send(new ListTasksCommand({ cluster: 'other' }));
    expect(other.taskArns).toEqual([]);
    const stopped = await ecs.send(
      new ListTasksCommand({ cluster: 'shop', desiredStatus: 'STOPPED' }),
    );
    expect(stopped.taskArns).toEqual([taskArn('t0')]);
  });

  it('describes what exists in the cluster and reports the rest as MISSING', async () => {
    const { ecs } = arrangeTasks(2);
    const tasks = [taskArn('t1'), taskArn('gone')];
    const here = await ecs.send(new DescribeTasksCommand({ cluster: 'shop', tasks }));
    expect(here.tasks).toMatchObject([{ availabilityZone: 'eu-central-1a' }]);
    expect(here.failures).toEqual([{ arn: taskArn('gone'), reason: 'MISSING' }]);
    const elsewhere = await ecs.send(new DescribeTasksCommand({ cluster: 'other', tasks }));
    expect(elsewhere.tasks).toEqual([]);
    expect(elsewhere.failures).toHaveLength(2);
  });

  it('refuses 101 tasks, and a page of 101', async () => {
    const { ecs } = arrangeTasks(1);
    const tasks = Array.from({ length: 101 }, (_, n) => taskArn(`t${n}`));
    const tooMany = ecs.send(new DescribeTasksCommand({ cluster: 'shop', tasks }));
    expect(await errorOf(tooMany)).toMatchObject({ name: 'InvalidParameterException' });
    const tooLong = ecs.send(new ListTasksCommand({ cluster: 'shop', maxResults: 101 }));
    expect(await errorOf(tooLong)).toMatchObject({ name: 'InvalidParameterException' });
  });
});
