import type { Listener, ListenerRule, TargetGroup } from '../account.ts';
import type { Core } from './core.ts';
import type { CreatedLoadBalancer, CreateLoadBalancer, ListenerOptions } from './inputs.ts';
import { healthCheckDefaults } from './targets.ts';

/** Creates a load balancer with its listeners, rules and the two target groups of a service. */
export function createLoadBalancer(core: Core, input: CreateLoadBalancer): CreatedLoadBalancer {
  const { name, type = 'application', scheme = 'internal', production, test } = input;
  const { region, accountId } = core.account;
  const prefix = `arn:aws:elasticloadbalancing:${region}:${accountId}`;
  const path = `${type === 'network' ? 'net' : 'app'}/${name}/${core.ids.hex16()}`;
  const loadBalancerArn = `${prefix}:loadbalancer/${path}`;
  core.account.loadBalancers.set(loadBalancerArn, {
    LoadBalancerArn: loadBalancerArn,
    LoadBalancerName: name,
    DNSName: input.dnsName ?? `${name}-${core.ids.hex16()}.${region}.elb.amazonaws.com`,
    Type: type,
    Scheme: scheme,
    CreatedTime: new Date(core.nowMs()),
  });
  const [primary, alternate] = [`${name}-1`, `${name}-2`].map((group) =>
    addTargetGroup(core, `${prefix}:targetgroup/${group}/${core.ids.hex16()}`, input),
  ) as [TargetGroup, TargetGroup];
  const targetGroupArns = [primary.TargetGroupArn, alternate.TargetGroupArn] as const;
  const productionRuleArn = addListener(core, loadBalancerArn, production, targetGroupArns[0]);
  const testRuleArn =
    test === undefined ? undefined : addListener(core, loadBalancerArn, test, targetGroupArns[0]);
  return {
    loadBalancerArn,
    targetGroupArns,
    productionRuleArn,
    testRuleArn,
    asServiceLoadBalancers: (containerName, containerPort) => [
      {
        targetGroupArn: targetGroupArns[0],
        containerName,
        containerPort,
        advancedConfiguration: {
          alternateTargetGroupArn: targetGroupArns[1],
          productionListenerRule: productionRuleArn,
          ...(testRuleArn === undefined ? {} : { testListenerRule: testRuleArn }),
          roleArn: `arn:aws:iam::${accountId}:role/ecsInfrastructureRole`,
        },
      },
    ],
  };
}

function addTargetGroup(core: Core, arn: string, input: CreateLoadBalancer): TargetGroup {
  const group: TargetGroup = {
    TargetGroupArn: arn,
    targets: [],
    HealthCheckIntervalSeconds:
      input.healthCheckIntervalSeconds ?? healthCheckDefaults.intervalSeconds,
    HealthyThresholdCount: input.healthyThresholdCount ?? healthCheckDefaults.healthyThreshold,
    UnhealthyThresholdCount:
      input.unhealthyThresholdCount ?? healthCheckDefaults.unhealthyThreshold,
    deregistrationDelaySeconds:
      input.deregistrationDelaySeconds ?? healthCheckDefaults.deregistrationDelaySeconds,
  };
  core.account.targetGroups.set(arn, group);
  return group;
}

/** Adds a listener that forwards to the group, and returns what ECS knows it by. */
function addListener(
  core: Core,
  loadBalancerArn: string,
  { port, protocol, conditions = [] }: ListenerOptions,
  targetGroupArn: string,
): string {
  const isNetwork = loadBalancerArn.includes(':loadbalancer/net/');
  const path = loadBalancerArn.replace(':loadbalancer/', ':listener/');
  const known = [...core.account.listeners.values()].find(
    (other) => other.LoadBalancerArn === loadBalancerArn && other.Port === port,
  );
  const actions = [forwardTo(targetGroupArn)];
  const listener: Listener = known ?? {
    ListenerArn: `${path}/${core.ids.hex16()}`,
    LoadBalancerArn: loadBalancerArn,
    Port: port,
    Protocol: protocol,
    DefaultActions: actions,
  };
  core.account.listeners.set(listener.ListenerArn, listener);
  if (isNetwork) return listener.ListenerArn;
  const prefix = listener.ListenerArn.replace(':listener/', ':listener-rule/');
  if (known === undefined) addRule(core, `${prefix}/${core.ids.hex16()}`, 'default', [], actions);
  if (conditions.length === 0) return defaultRuleOf(core, prefix);
  const siblings = rulesOf(core, prefix).length;
  const arn = `${prefix}/${core.ids.hex16()}`;
  addRule(core, arn, String(siblings * 10), structuredClone([...conditions]), actions);
  return arn;
}

const forwardTo = (TargetGroupArn: string) => ({
  Type: 'forward' as const,
  Order: 1,
  TargetGroupArn,
  ForwardConfig: { TargetGroups: [{ TargetGroupArn, Weight: 100 }] },
});

function addRule(
  core: Core,
  RuleArn: string,
  Priority: string,
  Conditions: ListenerRule['Conditions'],
  Actions: ListenerRule['Actions'],
): void {
  const IsDefault = Priority === 'default';
  core.account.rules.set(RuleArn, {
    RuleArn,
    Priority,
    Conditions,
    Actions: structuredClone(Actions),
    IsDefault,
  });
}

const rulesOf = (core: Core, prefix: string): readonly ListenerRule[] =>
  [...core.account.rules.values()].filter(({ RuleArn }) => RuleArn.startsWith(`${prefix}/`));

function defaultRuleOf(core: Core, prefix: string): string {
  const rule = rulesOf(core, prefix).find(({ IsDefault }) => IsDefault);
  if (rule === undefined) throw new Error(`the listener of ${prefix} has no default rule`);
  return rule.RuleArn;
}
