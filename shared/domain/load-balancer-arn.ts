/** What an ELB rule or listener ARN says by itself. */
export type RuleLocation = {
  readonly kind: 'application' | 'network';
  readonly listenerArn: string;
  readonly loadBalancerArn: string;
  /** Undefined when the ARN is that of a listener: its default action is meant. */
  readonly ruleArn: string | undefined;
};

const shape =
  /^(arn:[^:]+:elasticloadbalancing:[^:]+:[^:]+:)(listener|listener-rule)\/(app|net)\/([^/]+)\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/;

/**
 * Takes a listener-rule or listener ARN apart; undefined when it is neither.
 *
 * `listener-rule/app/NAME/LB/LISTENER/RULE` stands on `listener/app/NAME/LB/LISTENER`, which stands
 * on `loadbalancer/app/NAME/LB`.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
 */
export function locateRule(arn: string): RuleLocation | undefined {
  const match = shape.exec(arn);
  if (match === null) return undefined;
  const [, prefix, word, type, name, balancer, listener, rule] = match;
  if ((word === 'listener-rule') !== (rule !== undefined)) return undefined;
  return {
    kind: type === 'net' ? 'network' : 'application',
    listenerArn: `${prefix}listener/${type}/${name}/${balancer}/${listener}`,
    loadBalancerArn: `${prefix}loadbalancer/${type}/${name}/${balancer}`,
    ruleArn: rule === undefined ? undefined : arn,
  };
}
