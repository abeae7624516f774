import {
  type Action,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type RuleCondition as ElbRuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Target } from '../domain/deployment.ts';
import type {
  Listener,
  ListenerRule,
  RuleCondition,
  WeightedTargetGroup,
} from '../domain/listener-rule.ts';
import { locateRule } from '../domain/load-balancer-arn.ts';
import { type ClientSettings, sendOptions } from './clients.ts';

/** A rule together with the listener that it stands on. */
export type PlacedRule = {
  readonly rule: ListenerRule;
  readonly listener: Listener;
  readonly listenerArn: string;
};

/** Reads of Elastic Load Balancing. Each throws what the SDK throws. */
export type LoadBalancerGateway = {
  /** Takes a listener-rule ARN, or a listener ARN, whose default action is meant. */
  describeRule(arn: string, signal?: AbortSignal): Promise<PlacedRule>;
  describeTargets(targetGroupArn: string, signal?: AbortSignal): Promise<readonly Target[]>;
};

export function createLoadBalancerGateway(elb: ElasticLoadBalancingV2Client): LoadBalancerGateway {
  const describeListener = async (arn: string, signal: AbortSignal | undefined) => {
    const output = await elb.send(
      new DescribeListenersCommand({ ListenerArns: [arn] }),
      sendOptions(signal),
    );
    return output.Listeners?.[0] ?? notThere(arn);
  };
  const describeLoadBalancer = async (arn: string, signal: AbortSignal | undefined) => {
    const output = await elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }),
      sendOptions(signal),
    );
    return output.LoadBalancers?.[0] ?? notThere(arn);
  };
  const readRule = async (arn: string, signal: AbortSignal | undefined) => {
    const output = await elb.send(
      new DescribeRulesCommand({ RuleArns: [arn] }),
      sendOptions(signal),
    );
    const found = output.Rules?.[0] ?? notThere(arn);
    return {
      priority: priorityOf(found.Priority),
      conditions: (found.Conditions ?? []).map(conditionOf),
      targetGroups: targetGroupsOf(found.Actions),
    };
  };
  return {
    async describeRule(arn, signal) {
      const place = locateRule(arn);
      if (place === undefined)
        throw new Error(`${arn} is neither a listener-rule nor a listener ARN`);
      const [listener, balancer, rule] = await Promise.all([
        describeListener(place.listenerArn, signal),
        describeLoadBalancer(place.loadBalancerArn, signal),
        place.ruleArn === undefined ? undefined : readRule(place.ruleArn, signal),
      ]);
      if (listener.Port === undefined || balancer.DNSName === undefined) {
        throw new Error(`ELB says neither port nor DNS name of ${place.listenerArn}`);
      }
      return {
        rule: rule ?? {
          priority: undefined,
          conditions: [],
          targetGroups: targetGroupsOf(listener.DefaultActions),
        },
        listener: {
          protocol: listener.Protocol ?? 'unknown',
          port: listener.Port,
          dnsName: balancer.DNSName,
          kind: place.kind,
        },
        listenerArn: place.listenerArn,
      };
    },
    async describeTargets(targetGroupArn, signal) {
      // One answer holds every target of the group: the call has no pages.
      const output = await elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
        sendOptions(signal),
      );
      return (output.TargetHealthDescriptions ?? []).map(({ Target: target, TargetHealth }) => ({
        id: `${target?.Id ?? '?'}:${target?.Port ?? '?'}`,
        state: TargetHealth?.State ?? 'unknown',
        reason: TargetHealth?.Reason,
      }));
    },
  };
}

const notThere = (arn: string): never => {
  throw new Error(`ELB answered without ${arn}`);
};

/** ELB says `default` for the rule that comes last. */
function priorityOf(text: string | undefined): number | undefined {
  const priority = Number(text);
  return Number.isInteger(priority) ? priority : undefined;
}

/** A forward action names one target group, or several with weights. */
function targetGroupsOf(actions: readonly Action[] | undefined): readonly WeightedTargetGroup[] {
  return (actions ?? []).flatMap(({ TargetGroupArn, ForwardConfig }) => {
    const weighted = ForwardConfig?.TargetGroups ?? [];
    if (weighted.length === 0) {
      return TargetGroupArn === undefined ? [] : [{ targetGroupArn: TargetGroupArn, weight: 1 }];
    }
    return weighted.flatMap((one) =>
      one.TargetGroupArn === undefined
        ? []
        : // A single target group may come without a weight: it then gets everything.
          [
            {
              targetGroupArn: one.TargetGroupArn,
              weight: one.Weight ?? (weighted.length === 1 ? 1 : 0),
            },
          ],
    );
  });
}

type ConditionReader = (condition: ElbRuleCondition, plain: readonly string[]) => RuleCondition;

/** By ELB's name of the field. Early rules carry their values (`plain`) beside the field's own. */
const conditionReaders: Readonly<Record<string, ConditionReader>> = {
  'path-pattern': ({ PathPatternConfig }, plain) =>
    patternsOr('path-pattern', PathPatternConfig?.Values ?? plain, (patterns) => ({
      kind: 'path',
      patterns,
    })),
  'host-header': ({ HostHeaderConfig }, plain) =>
    patternsOr('host-header', HostHeaderConfig?.Values ?? plain, (patterns) => ({
      kind: 'host',
      patterns,
    })),
  'http-header': ({ HttpHeaderConfig: header }) =>
    patternsOr('http-header', header?.Values ?? [], (patterns) => ({
      kind: 'header',
      name: header?.HttpHeaderName ?? '',
      patterns,
    })),
  'query-string': ({ QueryStringConfig }) => ({
    kind: 'query',
    pairs: (QueryStringConfig?.Values ?? []).map(({ Key, Value }) => ({
      ...(Key === undefined ? {} : { key: Key }),
      pattern: Value ?? '*',
    })),
  }),
  'http-request-method': ({ HttpRequestMethodConfig }, plain) => ({
    kind: 'method',
    methods: HttpRequestMethodConfig?.Values ?? plain,
  }),
  'source-ip': ({ SourceIpConfig }, plain) => ({
    kind: 'source-ip',
    ranges: SourceIpConfig?.Values ?? plain,
  }),
};

/** A condition without plain values has regular expressions, for which no literal can be made. */
const patternsOr = (
  field: string,
  patterns: readonly string[],
  build: (patterns: readonly string[]) => RuleCondition,
): RuleCondition => (patterns.length > 0 ? build(patterns) : { kind: 'other', field });

function conditionOf(condition: ElbRuleCondition): RuleCondition {
  const field = condition.Field ?? 'unknown';
  const read = Object.hasOwn(conditionReaders, field) ? conditionReaders[field] : undefined;
  return read === undefined ? { kind: 'other', field } : read(condition, condition.Values ?? []);
}

/** The gateway over a client of its own. */
export const openLoadBalancerGateway = (settings: ClientSettings) =>
  createLoadBalancerGateway(new ElasticLoadBalancingV2Client(settings));
