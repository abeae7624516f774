import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  paginateDescribeRules,
  type Listener as SdkListener,
  type LoadBalancer as SdkLoadBalancer,
  type Rule as SdkRule,
  type TargetHealthDescription as SdkTargetHealth,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  Listener,
  ListenerRule,
  LoadBalancer,
  TargetHealth,
} from '../../simulator/account.ts';
import { addBlueGreenService } from '../../simulator/deployment.ts';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

const testHeader = {
  Field: 'http-header' as const,
  HttpHeaderConfig: { HttpHeaderName: 'X-Environment', Values: ['a<b>&"c"', "it's"] },
};

function arrange(services = 1) {
  const account = accountOf();
  const endpoint = { protocol: 'HTTPS', dnsName: 'lb.example', port: 443 } as const;
  const [service] = Array.from({ length: services }, (_, index) =>
    addBlueGreenService(account, {
      cluster: 'shop',
      service: `web${index}`,
      kind: 'alb',
      blue: {},
      green: { targets: ['healthy', 'unhealthy'] },
      testEndpoint: { ...endpoint, conditions: [testHeader] },
      productionEndpoint: endpoint,
    }),
  );
  if (service?.testRuleArn === undefined) throw new Error('no service was added');
  const [listener] = account.listeners.values();
  if (listener === undefined) throw new Error('no listener was added');
  const { testRuleArn } = service;
  return { account, service, listener, testRuleArn, elbv2: clientsOf(account).elbv2 };
}

describe('DescribeRules', () => {
  it('answers rules by ARN, special characters and all', async () => {
    const { elbv2, service, testRuleArn } = arrange();
    const { Rules } = await elbv2.send(new DescribeRulesCommand({ RuleArns: [testRuleArn] }));
    expect(Rules).toEqual([
      {
        RuleArn: testRuleArn,
        Priority: '10',
        IsDefault: false,
        Conditions: [testHeader],
        Actions: [
          {
            Type: 'forward',
            Order: 1,
            ForwardConfig: {
              TargetGroups: [
                { TargetGroupArn: service.blueTargetGroupArn, Weight: 0 },
                { TargetGroupArn: service.greenTargetGroupArn, Weight: 100 },
              ],
            },
          },
        ],
      },
    ]);
  });

  it('pages through the rules of a listener in the order of priority, default last', async () => {
    const { account, elbv2, listener } = arrange(3);
    const pages: (string | undefined)[][] = [];
    const paginator = paginateDescribeRules(
      { client: elbv2 },
      { ListenerArn: listener.ListenerArn, PageSize: 2 },
    );
    for await (const { Rules = [] } of paginator) {
      pages.push(Rules.map(({ Priority }) => Priority));
    }
    expect(pages).toEqual([
      ['10', '20'],
      ['30', 'default'],
    ]);
    expect(account.calls).toHaveLength(2);
  });

  it('does not take a rule of one listener for a rule of another', async () => {
    const { account, elbv2, service } = arrange();
    addBlueGreenService(account, {
      cluster: 'shop',
      service: 'other',
      kind: 'alb',
      green: {},
      productionEndpoint: { protocol: 'HTTP', dnsName: 'lb.example', port: 81 },
    });
    const [, second] = account.listeners.keys();
    const { Rules } = await elbv2.send(new DescribeRulesCommand({ ListenerArn: second }));
    expect(Rules).toHaveLength(1);
    expect(Rules?.[0]?.RuleArn).not.toBe(service.productionRuleArn);
  });

  it.each([
    ['an unknown rule', { RuleArns: ['arn:x'] }, 'RuleNotFoundException'],
    ['an unknown listener', { ListenerArn: 'arn:x' }, 'ListenerNotFoundException'],
    ['neither', {}, 'ValidationError'],
    ['a marker never given', { RuleArns: [], Marker: 'x' }, 'ValidationError'],
    ['a page of 401', { RuleArns: [], PageSize: 401 }, 'ValidationError'],
  ])('refuses %s', async (_, input, name) => {
    const { elbv2 } = arrange();
    expect(await errorOf(elbv2.send(new DescribeRulesCommand(input)))).toMatchObject({ name });
  });
});

describe('listeners, load balancers and targets', () => {
  it('have the shapes of the API', () => {
    expectTypeOf<ListenerRule>().toExtend<SdkRule>();
    expectTypeOf<Listener>().toExtend<SdkListener>();
    expectTypeOf<LoadBalancer>().toExtend<SdkLoadBalancer>();
    // The reason of a health state is an open set here.
    expectTypeOf<Omit<TargetHealth, 'TargetHealth'>>().toExtend<SdkTargetHealth>();
  });

  it('answers a listener, with its port as a number', async () => {
    const { elbv2, listener } = arrange();
    const { Listeners } = await elbv2.send(
      new DescribeListenersCommand({ ListenerArns: [listener.ListenerArn] }),
    );
    expect(Listeners).toMatchObject([{ Port: 443, Protocol: 'HTTPS' }]);
    const call = elbv2.send(new DescribeListenersCommand({ ListenerArns: ['arn:x'] }));
    expect(await errorOf(call)).toMatchObject({ name: 'ListenerNotFoundException' });
  });

  it('answers a load balancer, with its time to the millisecond', async () => {
    const { elbv2, listener } = arrange();
    const { LoadBalancers } = await elbv2.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [listener.LoadBalancerArn] }),
    );
    expect(LoadBalancers).toMatchObject([
      { DNSName: 'lb.example', Scheme: 'internal', CreatedTime: new Date(nowMs) },
    ]);
    const call = elbv2.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: ['arn:x'] }));
    expect(await errorOf(call)).toMatchObject({ name: 'LoadBalancerNotFoundException' });
  });

  it('answers the health of every target, and of none', async () => {
    const { elbv2, service } = arrange();
    const describeGreen = () =>
      elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: service.greenTargetGroupArn }));
    expect((await describeGreen()).TargetHealthDescriptions).toMatchObject([
      { Target: { Id: '10.0.2.10', Port: 8080 }, TargetHealth: { State: 'healthy' } },
      { TargetHealth: { State: 'unhealthy', Reason: 'Target.FailedHealthChecks' } },
    ]);
    service.setTargetHealth('green', []);
    expect((await describeGreen()).TargetHealthDescriptions).toEqual([]);
    const call = elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:x' }));
    expect(await errorOf(call)).toMatchObject({ name: 'TargetGroupNotFoundException' });
  });

  it('names an operation it does not know', async () => {
    const { account, elbv2 } = arrange();
    const error = await errorOf(elbv2.send(new DescribeTargetGroupsCommand({})));
    expect(error.name).toBe('UnknownOperationException');
    expect(account.problems).toEqual([
      'elasticloadbalancing:DescribeTargetGroups: the operation is not simulated',
    ]);
  });
});
