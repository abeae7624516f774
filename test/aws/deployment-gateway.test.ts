import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  ECSClient,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDeploymentGateway } from '../../shared/aws/deployment-gateway.ts';

const ecs = mockClient(ECSClient);
const gateway = createDeploymentGateway(new ECSClient({ region: 'eu-central-1' }));
beforeEach(() => ecs.reset());

describe('describeDeployment', () => {
  it('keeps what matters, whatever else is missing', async () => {
    ecs.on(DescribeServiceDeploymentsCommand).resolves({
      serviceDeployments: [
        {
          status: 'IN_PROGRESS',
          sourceServiceRevisions: [{ arn: 'blue' }, {}],
          lifecycleHookDetails: [
            { targetArn: 'hook', status: 'IN_PROGRESS', expiresAt: new Date(5_000) },
            {},
          ],
          deploymentConfiguration: {
            lifecycleHooks: [
              { hookTargetArn: 'hook', lifecycleStages: ['PRE_SCALE_UP'], hookDetails: '{"a":1}' },
              {},
            ],
          },
        },
      ],
    });
    expect(await gateway.describeDeployment('d')).toEqual({
      status: 'IN_PROGRESS',
      hasRollback: false,
      sourceRevisionArns: ['blue'],
      hooks: [
        { targetArn: 'hook', status: 'IN_PROGRESS', expiresAtMs: 5_000 },
        { targetArn: undefined, status: undefined, expiresAtMs: undefined },
      ],
      configuredHooks: [
        { targetArn: 'hook', stages: ['PRE_SCALE_UP'], hookDetails: '{"a":1}' },
        { targetArn: undefined, stages: [], hookDetails: undefined },
      ],
    });
  });

  it.each([
    ['an empty answer', {}, undefined],
    ['MISSING is an answer', { failures: [{ arn: 'd', reason: 'MISSING' }] }, undefined],
  ])('%s means that ECS does not know it', async (_, output, expected) => {
    ecs.on(DescribeServiceDeploymentsCommand).resolves(output);
    expect(await gateway.describeDeployment('d')).toBe(expected);
  });

  it('any other failure is a read that did not happen', async () => {
    ecs
      .on(DescribeServiceDeploymentsCommand)
      .resolves({ failures: [{ arn: 'd', reason: 'ACCESS_DENIED' }] });
    await expect(gateway.describeDeployment('d')).rejects.toThrow(
      'could not describe d: ACCESS_DENIED',
    );
  });
});

describe('describeRevisions', () => {
  it('reads load balancers, the resolved target group, and the gateway', async () => {
    ecs.on(DescribeServiceRevisionsCommand).resolves({
      serviceRevisions: [
        {
          serviceRevisionArn: 'r',
          taskDefinition: 'td',
          containerImages: [{ containerName: 'app', imageDigest: 'sha256:1' }],
          loadBalancers: [
            {
              containerName: 'app',
              targetGroupArn: 'tg-1',
              advancedConfiguration: {
                alternateTargetGroupArn: 'tg-2',
                productionListenerRule: 'production',
                testListenerRule: 'test',
                roleArn: 'role',
              },
            },
            { targetGroupArn: 'tg-9' },
          ],
          resolvedConfiguration: { loadBalancers: [{ targetGroupArn: 'tg-2' }, {}] },
          serviceConnectConfiguration: { enabled: true, services: [{ portName: 'http' }] },
          ecsManagedResources: {
            gatewayConnections: [
              {
                portName: 'web',
                resources: {
                  hostSharedAlb: [
                    {
                      targetGroupArn: 'tg-3',
                      alternateTargetGroupArn: 'tg-4',
                      listenerRuleArn: 'g-production',
                      testListenerRuleArn: 'g-test',
                    },
                  ],
                },
              },
            ],
          },
        },
      ],
    });
    expect((await gateway.describeRevisions(['r']))[0]).toEqual({
      arn: 'r',
      taskDefinitionArn: 'td',
      containers: [{ name: 'app', imageDigest: 'sha256:1' }],
      hasServiceConnect: true,
      routes: [
        {
          containerName: 'app',
          targetGroupArns: ['tg-1', 'tg-2'],
          ownTargetGroupArn: 'tg-2',
          productionRuleArn: 'production',
          testRuleArn: 'test',
        },
        {
          containerName: undefined,
          targetGroupArns: ['tg-9'],
          ownTargetGroupArn: undefined,
          productionRuleArn: undefined,
          testRuleArn: undefined,
        },
        {
          containerName: 'web',
          targetGroupArns: ['tg-3', 'tg-4'],
          ownTargetGroupArn: undefined,
          productionRuleArn: 'g-production',
          testRuleArn: 'g-test',
        },
      ],
    });
  });

  it('two resolved target groups of one load balancer resolve nothing', async () => {
    ecs.on(DescribeServiceRevisionsCommand).resolves({
      serviceRevisions: [
        {
          serviceRevisionArn: 'r',
          loadBalancers: [
            { targetGroupArn: 'a', advancedConfiguration: { alternateTargetGroupArn: 'b' } },
          ],
          resolvedConfiguration: {
            loadBalancers: [{ targetGroupArn: 'a' }, { targetGroupArn: 'b' }],
          },
        },
      ],
    });
    const [revision] = await gateway.describeRevisions(['r']);
    expect(revision?.routes[0]?.ownTargetGroupArn).toBeUndefined();
    expect(revision?.arn).toBe('r');
  });
});

describe('readServiceTags', () => {
  it('asks for tags, and reads a tag without a value as empty', async () => {
    ecs
      .on(DescribeServicesCommand, { cluster: 'c', services: ['s'], include: ['TAGS'] })
      .resolves({ services: [{ tags: [{ key: 'a', value: '1' }, { key: 'b' }, { value: 'x' }] }] });
    expect(await gateway.readServiceTags('c', 's')).toEqual({ a: '1', b: '' });
  });
});
