import type { DeploymentGateway } from '../../shared/aws/deployment-gateway.ts';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { LoadBalancerGateway, PlacedRule } from '../../shared/aws/load-balancer-gateway.ts';
import {
  chooseRoute,
  type Deployment,
  type Revision,
  type Route,
} from '../../shared/domain/deployment.ts';
import { type Endpoint, endpointOfUrl } from '../../shared/domain/endpoint.ts';
import type { Finding } from '../../shared/domain/gate.ts';
import type { GateConfig } from '../../shared/domain/gate-config.ts';
import {
  endpointOf,
  judgeRouting,
  type ListenerRule,
  servingTargetGroups,
} from '../../shared/domain/listener-rule.ts';

/** Where green and blue are, and whether test traffic reaches green alone. */
export type Situation = {
  readonly revision: Revision | undefined;
  /** Task definition that serves meanwhile; undefined where there is none, or more than one. */
  readonly sourceTaskDefinitionArn?: string | undefined;
  readonly green: Endpoint | undefined;
  /** Undefined where there is nothing to compare with; `notes` say why. */
  readonly blue: Endpoint | undefined;
  readonly greenTargetGroupArn: string | undefined;
  /** Where both stand on one listener: a call may be taken by the rule that it is not meant for. */
  readonly sharedListener: SharedListener | undefined;
  /** What was found of the way to green: a critical step `routing`, or why it could not be found. */
  readonly routing: Finding;
  readonly notes: readonly string[];
};

/** The rules of one listener by which green and blue are reached. */
export type SharedListener = { readonly test: ListenerRule; readonly production: ListenerRule };

export type ObserveDeps = {
  readonly deployments: DeploymentGateway;
  readonly loadBalancers: LoadBalancerGateway;
};

const routing = (verdict: Finding['verdict'], reason: string, detail: string): Finding => ({
  step: 'routing',
  verdict,
  reason,
  detail,
  isCritical: true,
});

const nowhere = (finding: Finding, revision?: Revision): Situation => ({
  revision,
  green: undefined,
  blue: undefined,
  greenTargetGroupArn: undefined,
  sharedListener: undefined,
  routing: finding,
  notes: [],
});

/** Looks where green and blue can be called. What AWS does not tell becomes a finding, never a throw. */
export async function observe(
  targetRevisionArn: string,
  deployment: Deployment,
  config: GateConfig,
  deps: ObserveDeps,
  signal: AbortSignal,
): Promise<Situation> {
  let revision: Revision | undefined;
  try {
    const sources = (deployment.sourceRevisionArns ?? []).slice(0, sourcesMax);
    const arns = [targetRevisionArn, ...sources];
    const revisions = await deps.deployments.describeRevisions(arns, signal);
    revision = revisions.find(({ arn }) => arn === targetRevisionArn);
    if (revision === undefined) {
      return nowhere(routing('error', 'aws-missing', `ECS does not know ${targetRevisionArn}`));
    }
    const found = await observeRevision(revision, deployment, config, deps.loadBalancers, signal);
    const served = revisions.filter(({ arn }) => sources.includes(arn));
    return { ...found, sourceTaskDefinitionArn: onlyTaskDefinitionOf(served) };
  } catch (error) {
    const { reason, detail } = awsProblemOf(error);
    return nowhere(routing('error', reason, detail), revision);
  }
}

/** DescribeServiceRevisions takes twenty. */
const sourcesMax = 19;

function onlyTaskDefinitionOf(revisions: readonly Revision[]): string | undefined {
  const [only, ...others] = new Set(revisions.map((one) => one.taskDefinitionArn));
  return others.length === 0 ? only : undefined;
}

async function observeRevision(
  revision: Revision,
  deployment: Deployment,
  config: GateConfig,
  loadBalancers: LoadBalancerGateway,
  signal: AbortSignal,
): Promise<Situation> {
  const { endpoint } = config;
  const choice = chooseRoute(revision, endpoint.container);
  if (choice.kind === 'not-reachable') {
    if (endpoint.url === undefined) {
      return nowhere(routing('error', choice.reason, choice.detail), revision);
    }
    const told = routing('pass', 'endpoint-override', `${endpoint.url}, told by identity`);
    return overridden(revision, config, told);
  }
  const { route } = choice;
  const [test, production] = await Promise.all([
    loadBalancers.describeRule(route.testRuleArn, signal),
    route.productionRuleArn === undefined
      ? undefined
      : loadBalancers.describeRule(route.productionRuleArn, signal),
  ]);
  const isFirst = deployment.sourceRevisionArns?.length === 0;
  const found = routingOf(route, test, production, isFirst);
  const greenTargetGroupArn = greenTargetGroupOf(route, test);
  if (endpoint.url !== undefined) {
    return { ...overridden(revision, config, found), greenTargetGroupArn };
  }
  const green = endpointOf(test.rule, test.listener, endpoint);
  if (green.kind === 'none') {
    return nowhere(routing('error', green.reason, green.detail), revision);
  }
  const blue = blueOf(production, greenTargetGroupArn, isFirst, config);
  return {
    revision,
    green: green.endpoint,
    blue: blue.endpoint,
    greenTargetGroupArn,
    sharedListener: sharedBy(test, production),
    routing: found,
    notes: [...green.notes, ...blue.notes],
  };
}

function sharedBy(test: PlacedRule, production: PlacedRule | undefined) {
  return production?.listenerArn === test.listenerArn
    ? { test: test.rule, production: production.rule }
    : undefined;
}

/**
 * Green's target group: what the revision resolved to, or else the one that test traffic reaches.
 * Whether that is right at the gated stage, `routing` says; later production reaches it as well.
 */
function greenTargetGroupOf(route: Route, test: PlacedRule): string | undefined {
  const [only, ...others] = servingTargetGroups(test.rule);
  const isOwn = only !== undefined && route.targetGroupArns.includes(only);
  return route.ownTargetGroupArn ?? (isOwn && others.length === 0 ? only : undefined);
}

/** Calls go to an address that nothing but `identity` shows to be green: the configuration has to have it. */
function overridden(revision: Revision, config: GateConfig, found: Finding): Situation {
  const { url, blueUrl } = config.endpoint;
  const at = (address: string | undefined) =>
    address === undefined ? undefined : endpointOfUrl(address, config.endpoint);
  const compares = config.comparison.isEnabled;
  return {
    revision,
    green: at(url),
    blue: compares ? at(blueUrl) : undefined,
    greenTargetGroupArn: undefined,
    sharedListener: undefined,
    routing: found,
    notes: compares && blueUrl === undefined ? ['endpoint.blueUrl is not set: no comparison'] : [],
  };
}

function routingOf(
  route: Route,
  test: PlacedRule,
  production: PlacedRule | undefined,
  isFirst: boolean,
): Finding {
  const [serving] = servingTargetGroups(test.rule);
  if (serving !== undefined && !route.targetGroupArns.includes(serving)) {
    return routing('error', 'test-rule-not-green', 'the test rule forwards to another service');
  }
  const verdict = judgeRouting(test.rule, production?.rule, route.ownTargetGroupArn, isFirst);
  switch (verdict.kind) {
    case 'green':
      return routing('pass', 'test-rule-on-green', 'the test rule forwards to green alone');
    case 'not-green':
      return routing('error', 'test-rule-not-green', verdict.detail);
    case 'unknown':
      return routing('error', 'green-unknown', verdict.detail);
  }
}

type Blue = { readonly endpoint: Endpoint | undefined; readonly notes: readonly string[] };

/** Blue is what production serves, as long as that is not green already. */
function blueOf(
  production: PlacedRule | undefined,
  greenTargetGroupArn: string | undefined,
  isFirst: boolean,
  config: GateConfig,
): Blue {
  const none = (note: string): Blue => ({ endpoint: undefined, notes: [note] });
  if (!config.comparison.isEnabled) return none('comparison is switched off');
  if (isFirst) return none('first deployment: there is no blue to compare with');
  if (production === undefined) return none('no production listener rule: no comparison');
  const serving = servingTargetGroups(production.rule);
  if (serving.length === 0) return none('production serves nothing: no comparison');
  if (greenTargetGroupArn !== undefined && serving.includes(greenTargetGroupArn)) {
    return none('production reaches green already: no comparison');
  }
  const { host: _, ...asItStands } = config.endpoint;
  const found = endpointOf(production.rule, production.listener, config.endpoint);
  // A host that is green's alone, by rules that tell them apart by it, is none of blue's.
  const blue =
    found.kind === 'none' && found.reason === 'check-not-routed'
      ? endpointOf(production.rule, production.listener, asItStands)
      : found;
  return blue.kind === 'found'
    ? { endpoint: blue.endpoint, notes: [] }
    : none(`no comparison: ${blue.detail}`);
}
