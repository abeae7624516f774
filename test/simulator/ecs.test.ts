import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type Service as SdkService,
  type ServiceDeployment as SdkServiceDeployment,
  type ServiceRevision as SdkServiceRevision,
  type TaskDefinition as SdkTaskDefinition,
} from '@aws-sdk/client-ecs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  EcsService,
  EcsTaskDefinition,
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
    expectTypeOf<EcsTaskDefinition>().toExtend<SdkTaskDefinition>();
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

describe('DescribeTaskDefinition', () => {
  const { account, ecs } = arrange();
  const taskDefinitionArn = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:7';
  const logConfiguration = {
    logDriver: 'awslogs' as const,
    options: { 'awslogs-group': '/ecs/web' },
  };
  account.taskDefinitions.set(taskDefinitionArn, {
    taskDefinitionArn,
    family: 'web',
    revision: 7,
    status: 'ACTIVE',
    networkMode: 'awsvpc',
    containerDefinitions: [{ name: 'app', image: 'shop/web:7', logConfiguration }],
  });
  const describeOne = (taskDefinition: string) =>
    ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));

  it.each([taskDefinitionArn, 'web:7'])('answers %s', async (name) => {
    const { taskDefinition } = await describeOne(name);
    expect(taskDefinition).toEqual(account.taskDefinitions.get(taskDefinitionArn));
  });

  it('does not know another one, and says that it cannot look for the latest', async () => {
    expect(await errorOf(describeOne('web:8'))).toMatchObject({ name: 'ClientException' });
    expect(account.problems).toEqual([]);
    await errorOf(describeOne('web'));
    expect(account.problems).toEqual([expect.stringContaining('without a revision')]);
  });
});
