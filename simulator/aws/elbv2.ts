import type { Account, ListenerRule } from '../account.ts';
import { ServiceError } from './errors.ts';
import {
  type Input,
  optionalInteger,
  optionalText,
  optionalTexts,
  pageOf,
  type Responder,
  text,
} from './operation.ts';

const pageSizeMax = 400;

/** Elastic Load Balancing v2. */
export const elbv2: Responder = {
  DescribeRules: {
    members: ['ListenerArn', 'RuleArns', 'Marker', 'PageSize'],
    respond: describeRules,
  },
  DescribeListeners: {
    members: ['ListenerArns', 'Marker', 'PageSize'],
    respond: (account, input) => {
      const listeners = lookUp(account.listeners, arnsOf(input, 'ListenerArns'), () =>
        notFound('ListenerNotFound', 'One or more listeners not found'),
      );
      const { page, next } = pageOfInput(listeners, input);
      return { Listeners: page, NextMarker: next };
    },
  },
  DescribeLoadBalancers: {
    members: ['LoadBalancerArns', 'Marker', 'PageSize'],
    respond: (account, input) => {
      const arns = arnsOf(input, 'LoadBalancerArns');
      const loadBalancers = lookUp(account.loadBalancers, arns, (arn) =>
        notFound('LoadBalancerNotFound', `Load balancers '[${arn}]' not found`),
      );
      const { page, next } = pageOfInput(loadBalancers, input);
      return { LoadBalancers: page, NextMarker: next };
    },
  },
  DescribeTargetHealth: {
    members: ['TargetGroupArn'],
    respond: (account, input) => {
      const targetGroup = account.targetGroups.get(text(input, 'TargetGroupArn'));
      if (targetGroup === undefined) {
        throw notFound('TargetGroupNotFound', 'One or more target groups not found');
      }
      return { TargetHealthDescriptions: targetGroup.targets };
    },
  },
};

function describeRules(account: Account, input: Input): object {
  const listenerArn = optionalText(input, 'ListenerArn');
  const ruleArns = optionalTexts(input, 'RuleArns');
  if ((listenerArn === undefined) === (ruleArns === undefined)) {
    throw new ServiceError(
      'ValidationError',
      'You must specify either listener ARN or rule ARNs, not both',
    );
  }
  const rules =
    listenerArn === undefined
      ? lookUp(account.rules, ruleArns ?? [], () =>
          notFound('RuleNotFound', 'One or more rules not found'),
        )
      : rulesOf(account, listenerArn);
  const { page, next } = pageOfInput(rules, input);
  return { Rules: page, NextMarker: next };
}

function rulesOf(account: Account, listenerArn: string): readonly ListenerRule[] {
  if (!account.listeners.has(listenerArn)) {
    throw notFound('ListenerNotFound', 'One or more listeners not found');
  }
  // A rule's ARN is its listener's with another resource type and one segment more.
  const prefix = `${listenerArn.replace(':listener/', ':listener-rule/')}/`;
  return [...account.rules.values()]
    .filter(({ RuleArn }) => RuleArn.startsWith(prefix))
    .sort((left, right) => priorityOf(left) - priorityOf(right));
}

function priorityOf({ Priority, IsDefault }: ListenerRule): number {
  return IsDefault ? Number.POSITIVE_INFINITY : Number(Priority);
}

function arnsOf(input: Input, member: string): readonly string[] {
  const arns = optionalTexts(input, member) ?? [];
  if (arns.length === 0) throw new ServiceError('ValidationError', `${member} must be specified`);
  return arns;
}

/** All or nothing, unlike ECS: one unknown ARN fails the call. */
function lookUp<Resource>(
  resources: ReadonlyMap<string, Resource>,
  arns: readonly string[],
  missing: (arn: string) => ServiceError,
): readonly Resource[] {
  return arns.map((arn) => {
    const resource = resources.get(arn);
    if (resource === undefined) throw missing(arn);
    return resource;
  });
}

function pageOfInput<Entry>(entries: readonly Entry[], input: Input) {
  const pageSize = optionalInteger(input, 'PageSize', [1, pageSizeMax]) ?? pageSizeMax;
  return pageOf(
    entries,
    optionalText(input, 'Marker'),
    pageSize,
    () => new ServiceError('ValidationError', 'Invalid marker'),
  );
}

function notFound(code: string, message: string): ServiceError {
  return new ServiceError(code, message);
}
