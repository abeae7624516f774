import { describe, expect, it } from 'vitest';
import {
  addBlueGreenService,
  type BlueGreenOptions,
  hookEvent,
} from '../../simulator/deployment.ts';
import { accountOf, nowMs } from './clients.ts';

const http = { protocol: 'HTTP', dnsName: 'lb.example', port: 80 } as const;
const basic: BlueGreenOptions = {
  cluster: 'shop',
  service: 'web',
  kind: 'alb',
  blue: {},
  green: {},
  testEndpoint: { ...http, port: 8080 },
  productionEndpoint: http,
};

function arrange(options: Partial<BlueGreenOptions> = {}) {
  const account = accountOf();
  const service = addBlueGreenService(account, { ...basic, ...options });
  const revision = account.serviceRevisions.get(service.greenRevisionArn);
  const deployment = account.serviceDeployments.get(service.deploymentArn);
  const weightsOf = (ruleArn: string | undefined) => {
    const actions =
      account.rules.get(ruleArn ?? '')?.Actions ??
      account.listeners.get(ruleArn ?? '')?.DefaultActions;
    const groups = actions?.[0]?.ForwardConfig?.TargetGroups ?? [];
    return Object.fromEntries(
      groups.map(({ TargetGroupArn, Weight }) => [
        TargetGroupArn === service.greenTargetGroupArn ? 'green' : 'blue',
        Weight,
      ]),
    );
  };
  return { account, service, revision, deployment, weightsOf };
}

describe('addBlueGreenService', () => {
  it('gives everything an ARN of the shape that AWS gives it', () => {
    const { service, account } = arrange();
    const prefix = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012';
    const ecsPrefix = 'arn:aws:ecs:eu-central-1:123456789012';
    const hex = '[0-9a-f]{16}';
    const alb = `app/shop-alb/${hex}`;
    for (const [arn, shape] of [
      [service.serviceArn, `${ecsPrefix}:service/shop/web`],
      [service.deploymentArn, `${ecsPrefix}:service-deployment/shop/web/[0-9A-Za-z]{21}`],
      [service.greenRevisionArn, `${ecsPrefix}:service-revision/shop/web/\\d{19}`],
      [service.blueRevisionArn, `${ecsPrefix}:service-revision/shop/web/\\d{19}`],
      [service.greenTargetGroupArn, `${prefix}:targetgroup/web-green/${hex}`],
      [service.testRuleArn, `${prefix}:listener-rule/${alb}/${hex}/${hex}`],
      [[...account.loadBalancers.keys()][0], `${prefix}:loadbalancer/${alb}`],
      [[...account.listeners.keys()][0], `${prefix}:listener/${alb}/${hex}`],
    ]) {
      expect(arn).toMatch(new RegExp(`^${shape}$`));
    }
  });

  it('is the same in every run', () => {
    expect(JSON.stringify([...arrange().account.rules])).toBe(
      JSON.stringify([...arrange().account.rules]),
    );
  });

  it('stands where green has the test traffic and blue the rest', () => {
    const { service, weightsOf, deployment } = arrange();
    expect(weightsOf(service.testRuleArn)).toEqual({ green: 100, blue: 0 });
    expect(weightsOf(service.productionRuleArn)).toEqual({ green: 0, blue: 100 });
    expect(deployment).toMatchObject({
      status: 'IN_PROGRESS',
      targetServiceRevision: {
        requestedTestTrafficWeight: 100,
        requestedProductionTrafficWeight: 0,
      },
      sourceServiceRevisions: [
        { requestedTestTrafficWeight: 0, requestedProductionTrafficWeight: 100 },
      ],
    });
  });

  it('moves weights of one kind of traffic and leaves the other', () => {
    const { service, weightsOf } = arrange();
    service.setTraffic({ production: 10 });
    expect(weightsOf(service.testRuleArn)).toEqual({ green: 100, blue: 0 });
    expect(weightsOf(service.productionRuleArn)).toEqual({ green: 10, blue: 90 });
    service.setTraffic({ test: 0 });
    expect(weightsOf(service.testRuleArn)).toEqual({ green: 0, blue: 100 });
  });

  it('a status that rolls back says to where, and keeps when it began', () => {
    const { service, deployment } = arrange();
    service.setStatus('ROLLBACK_IN_PROGRESS', 'a hook failed');
    service.setStatus('ROLLBACK_SUCCESSFUL', 'done');
    expect(deployment).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason: 'done',
      rollback: {
        reason: 'a hook failed',
        startedAt: new Date(nowMs),
        serviceRevisionArn: service.blueRevisionArn,
      },
    });
  });

  it('green may be in either target group', () => {
    for (const [greenTargetGroup, primary] of [
      ['primary', 'greenTargetGroupArn'],
      ['alternate', 'blueTargetGroupArn'],
    ] as const) {
      const { service, revision } = arrange({ greenTargetGroup });
      expect(revision?.loadBalancers?.[0]?.targetGroupArn).toBe(service[primary]);
      expect(revision?.resolvedConfiguration?.loadBalancers?.[0]?.targetGroupArn).toBe(
        service.greenTargetGroupArn,
      );
    }
  });

  it('test and production may share a listener, told apart by a header', () => {
    const condition = {
      Field: 'http-header' as const,
      HttpHeaderConfig: { HttpHeaderName: 'X-Test', Values: ['1'] },
    };
    const { account, service } = arrange({ testEndpoint: { ...http, conditions: [condition] } });
    expect(account.listeners.size).toBe(1);
    expect(account.rules.get(service.testRuleArn ?? '')).toMatchObject({
      Priority: '10',
      IsDefault: false,
      Conditions: [condition],
    });
    expect(account.rules.get(service.productionRuleArn ?? '')).toMatchObject({
      Priority: 'default',
      IsDefault: true,
    });
  });

  it('a first deployment has no blue', () => {
    const account = accountOf();
    const { blue: _, ...first } = basic;
    const service = addBlueGreenService(account, first);
    expect(service.blueRevisionArn).toBeUndefined();
    expect(account.serviceRevisions.size).toBe(1);
    expect(account.serviceDeployments.get(service.deploymentArn)?.sourceServiceRevisions).toEqual(
      [],
    );
    expect(account.targetGroups.get(service.blueTargetGroupArn ?? '')?.targets).toEqual([]);
  });

  it('nlb: the rules are listeners', () => {
    const tcp = { protocol: 'TCP', dnsName: 'nlb.example', port: 80 } as const;
    const { account, service, revision, weightsOf } = arrange({
      kind: 'nlb',
      testEndpoint: { ...tcp, port: 81 },
      productionEndpoint: tcp,
    });
    expect(service.testRuleArn).toMatch(/:listener\/net\/shop-nlb\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
    expect(revision?.loadBalancers?.[0]?.advancedConfiguration?.testListenerRule).toBe(
      service.testRuleArn,
    );
    expect(account.rules.size).toBe(0);
    expect(weightsOf(service.testRuleArn)).toEqual({ green: 100, blue: 0 });
  });

  it('gateway: ECS manages the load balancer', () => {
    const { service, revision } = arrange({ kind: 'gateway' });
    expect(revision).not.toHaveProperty('loadBalancers');
    expect(revision?.ecsManagedResources?.gatewayConnections).toMatchObject([
      {
        serviceUrl: 'https://lb.example',
        resources: {
          hostSharedAlb: [
            {
              testListenerRuleArn: service.testRuleArn,
              targetGroupArn: service.blueTargetGroupArn,
              alternateTargetGroupArn: service.greenTargetGroupArn,
            },
          ],
        },
      },
    ]);
  });

  it('service-connect: an alias and its test header, no load balancer', () => {
    const { service, account, revision } = arrange({
      kind: 'service-connect',
      testEndpoint: {
        protocol: 'HTTP',
        dnsName: 'web.shop',
        port: 8080,
        conditions: [
          {
            Field: 'http-header',
            HttpHeaderConfig: { HttpHeaderName: 'X-Test', Values: ['1'] },
          },
        ],
      },
    });
    expect(revision?.serviceConnectConfiguration?.services?.[0]?.clientAliases).toEqual([
      {
        port: 8080,
        dnsName: 'web.shop',
        testTrafficRules: { header: { name: 'X-Test', value: { exact: '1' } } },
      },
    ]);
    expect(service.testRuleArn).toBeUndefined();
    expect(account.loadBalancers.size).toBe(0);
  });

  it('headless: nothing in front, and so no targets', () => {
    const { service, revision } = arrange({ kind: 'headless' });
    expect(revision).not.toHaveProperty('loadBalancers');
    expect(revision).not.toHaveProperty('serviceConnectConfiguration');
    expect(() => service.setTargetHealth('green', [])).toThrow('a headless service has no targets');
  });

  it('services of one DNS name share its load balancer', () => {
    const { account } = arrange();
    addBlueGreenService(account, {
      ...basic,
      service: 'api',
      testEndpoint: { ...http, port: 8081 },
    });
    expect(account.loadBalancers.size).toBe(1);
    expect(account.listeners.size).toBe(3);
  });
});

describe('hookEvent', () => {
  const { service } = arrange();
  const { greenRevisionArn: green, blueRevisionArn: blue = '' } = service;
  const weights = (percent: number) => ({ [green]: percent, [blue]: 100 - percent });

  it.each([
    ['PRE_SCALE_UP', {}, {}],
    ['POST_SCALE_UP', {}, {}],
    ['TEST_TRAFFIC_SHIFT', weights(100), {}],
    ['POST_TEST_TRAFFIC_SHIFT', {}, {}],
    ['PRE_PRODUCTION_TRAFFIC_SHIFT', {}, weights(0)],
    ['PRODUCTION_TRAFFIC_SHIFT', {}, weights(100)],
    ['POST_PRODUCTION_TRAFFIC_SHIFT', {}, {}],
    ['RECONCILE_SERVICE', weights(100), weights(100)],
  ])('%s carries the weights documented for it', (stage, test, production) => {
    const event = hookEvent(service, { stage });
    expect(event).toEqual({
      executionId: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      lifecycleStage: stage,
      resourceArn: service.deploymentArn,
      executionDetails: {
        serviceArn: service.serviceArn,
        targetServiceRevisionArn: green,
        testTrafficWeights: test,
        productionTrafficWeights: production,
      },
    });
  });

  it('a rollback is a new execution that gives green nothing', () => {
    const stage = 'PRODUCTION_TRAFFIC_SHIFT';
    const event = hookEvent(service, { stage, isRollback: true });
    expect(event.executionDetails.productionTrafficWeights).toEqual(weights(0));
    expect(event.executionDetails.targetServiceRevisionArn).toBe(green);
    expect(event.executionId).not.toBe(hookEvent(service, { stage }).executionId);
    const test = hookEvent(service, { stage: 'TEST_TRAFFIC_SHIFT', isRollback: true });
    expect(test.executionDetails.testTrafficWeights).toEqual(weights(0));
  });

  it('a rollback calls no other hook', () => {
    const rollBack = () =>
      hookEvent(service, { stage: 'POST_TEST_TRAFFIC_SHIFT', isRollback: true });
    expect(rollBack).toThrow('POST_TEST_TRAFFIC_SHIFT');
  });

  it('carries the step of a linear shift and what the hook said last', () => {
    const event = hookEvent(service, {
      stage: 'PRODUCTION_TRAFFIC_SHIFT',
      greenPercent: 12.5,
      executionId: 'e',
      hookDetails: { attempt: 1 },
    });
    expect(event).toMatchObject({ executionId: 'e', hookDetails: { attempt: 1 } });
    expect(event.executionDetails.productionTrafficWeights).toEqual(weights(12.5));
  });

  it('without a blue there is one weight', () => {
    const event = hookEvent(
      { ...service, blueRevisionArn: undefined },
      { stage: 'TEST_TRAFFIC_SHIFT' },
    );
    expect(event.executionDetails.testTrafficWeights).toEqual({ [green]: 100 });
  });
});
