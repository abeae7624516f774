/** What Ballast needs to know of a service deployment. Unknown and missing fields are normal. */
export type Deployment = {
  readonly status: string | undefined;
  readonly hasRollback: boolean;
  /** Revisions that serve already; empty on a service's first deployment, undefined if ECS did not say. */
  readonly sourceRevisionArns: readonly string[] | undefined;
  readonly hooks: readonly ActiveHook[];
  /** Hooks as the deployment was configured with them; empty where ECS does not say. */
  readonly configuredHooks: readonly ConfiguredHook[];
};

/** A Lambda hook in a deployment's configuration. */
export type ConfiguredHook = {
  readonly targetArn: string | undefined;
  readonly stages: readonly string[];
  /** As it was configured: an object, a JSON string, or nothing. */
  readonly hookDetails: unknown;
};

/** A hook that is running now, as DescribeServiceDeployments shows it. */
export type ActiveHook = {
  readonly targetArn: string | undefined;
  readonly status: string | undefined;
  readonly expiresAtMs: number | undefined;
};

/** What Ballast needs to know of a service revision: what is deployed, and how it is reached. */
export type Revision = {
  readonly arn: string;
  readonly taskDefinitionArn: string | undefined;
  readonly containers: readonly {
    readonly name: string | undefined;
    readonly imageDigest: string | undefined;
  }[];
  readonly routes: readonly Route[];
  readonly hasServiceConnect: boolean;
};

/** One way in: a load balancer of the service, or a connection of a gateway. */
export type Route = {
  readonly containerName: string | undefined;
  readonly targetGroupArns: readonly string[];
  /** The target group that this revision resolved to; ECS says it for active revisions only. */
  readonly ownTargetGroupArn: string | undefined;
  /** A listener rule of an Application Load Balancer, or a listener of a Network Load Balancer. */
  readonly productionRuleArn: string | undefined;
  readonly testRuleArn: string | undefined;
};

/** A target of a target group with its health as ELB names it. */
export type Target = {
  readonly id: string;
  readonly state: string;
  readonly reason: string | undefined;
};

/** States of a hook that is over: its time-out is no longer ours. */
const ended = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT']);

/** When ECS's own time-out ends this hook: the earliest of the running hooks that may be ours. */
export function hookExpiry(
  hooks: readonly ActiveHook[],
  functionArn: string | undefined,
): number | undefined {
  const ours = hooks.filter(
    ({ targetArn, status }) => isOurs(targetArn, functionArn) && !ended.has(status ?? ''),
  );
  const times = ours.flatMap(({ expiresAtMs }) => (expiresAtMs === undefined ? [] : [expiresAtMs]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** What this function's hooks of a stage were configured with, one entry a hook. */
export const configuredDetails = (
  hooks: readonly ConfiguredHook[],
  functionArn: string | undefined,
  stage: string,
): readonly unknown[] =>
  hooks
    .filter(({ targetArn, stages }) => isOurs(targetArn, functionArn) && stages.includes(stage))
    .map(({ hookDetails }) => hookDetails);

/** Without a function ARN of our own, any Lambda hook may be ours. */
const isOurs = (targetArn: string | undefined, functionArn: string | undefined): boolean =>
  targetArn !== undefined && (functionArn === undefined || sameFunction(targetArn, functionArn));

/** A hook may name an alias or version of the function: seven segments are the function itself. */
const sameFunction = (a: string, b: string): boolean =>
  a.split(':').slice(0, 7).join(':') === b.split(':').slice(0, 7).join(':');

export type RouteChoice =
  | { readonly kind: 'route'; readonly route: Route & { readonly testRuleArn: string } }
  | { readonly kind: 'not-reachable'; readonly reason: NotReachable; readonly detail: string };

export type NotReachable =
  | 'not-reachable-service-connect'
  | 'not-reachable-headless'
  | 'no-test-listener-rule'
  | 'endpoint-ambiguous';

/** The way in through which green is tested: the only one with a test rule, or the named container's. */
export function chooseRoute(revision: Revision, container: string | undefined): RouteChoice {
  const none = (reason: NotReachable, detail: string): RouteChoice => ({
    kind: 'not-reachable',
    reason,
    detail,
  });
  if (revision.routes.length === 0) {
    return revision.hasServiceConnect
      ? none(
          'not-reachable-service-connect',
          'only tasks with the Service Connect proxy reach this service; set endpoint.url to a service in front of it',
        )
      : none(
          'not-reachable-headless',
          'the service has no load balancer; set checks to [] and name alarms or metrics',
        );
  }
  const wanted = revision.routes.filter(
    (route) => container === undefined || route.containerName === container,
  );
  const testable = wanted.flatMap((route) =>
    route.testRuleArn === undefined ? [] : [{ ...route, testRuleArn: route.testRuleArn }],
  );
  const [only] = testable;
  if (only === undefined) {
    return none(
      'no-test-listener-rule',
      'the service has no test listener rule: green gets no test traffic',
    );
  }
  if (testable.length > 1) {
    const names = testable.map(({ containerName }) => containerName ?? '?').join(', ');
    return none('endpoint-ambiguous', `endpoint.container must name one of: ${names}`);
  }
  return { kind: 'route', route: only };
}
