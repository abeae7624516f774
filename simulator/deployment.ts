import { createHash } from 'node:crypto';
import type {
  Account,
  EcsLoadBalancer,
  Listener,
  ListenerAction,
  ListenerRule,
  LoadBalancer,
  RuleCondition,
  ServiceDeployment,
  ServiceDeploymentStatus,
  ServiceRevision,
  TargetGroup,
  TargetState,
} from './account.ts';

export type Colour = 'blue' | 'green';

/** How traffic reaches the service, and so where its test endpoint is. */
export type ServiceKind = 'alb' | 'nlb' | 'gateway' | 'service-connect' | 'headless';

export type RevisionOptions = {
  /** The last segment of the revision's ARN; 19 digits in AWS. */
  readonly revisionId?: string;
  readonly taskDefinition?: string;
  readonly image?: string;
  readonly imageDigest?: string;
  /** One state a target; two healthy ones by default. */
  readonly targets?: readonly TargetState[];
};

export type EndpointOptions = {
  readonly protocol: Listener['Protocol'];
  readonly dnsName: string;
  readonly port: number;
  /** Conditions of the listener rule; without any it is the listener's default rule. */
  readonly conditions?: readonly RuleCondition[];
  /** Name of its load balancer, where another one has the same DNS name. */
  readonly loadBalancer?: string;
};

export type BlueGreenOptions = {
  readonly cluster: string;
  readonly service: string;
  readonly kind: ServiceKind;
  /** Left out on the first deployment of a service. */
  readonly blue?: RevisionOptions;
  readonly green: RevisionOptions;
  /** Where test traffic enters. `service-connect` takes its alias from `dnsName` and `port`. */
  readonly testEndpoint?: EndpointOptions;
  readonly productionEndpoint?: EndpointOptions;
  /** Which of the service's two target groups is green's; they swap with every deployment. */
  readonly greenTargetGroup?: 'primary' | 'alternate';
  readonly scheme?: LoadBalancer['Scheme'];
  readonly tags?: Readonly<Record<string, string>>;
};

/** A service in the middle of a deployment, and the handles that move it. */
export type BlueGreenService = {
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly deploymentArn: string;
  readonly greenRevisionArn: string;
  readonly blueRevisionArn: string | undefined;
  /** These four exist where a load balancer does. On an NLB the rules are listener ARNs. */
  readonly greenTargetGroupArn: string | undefined;
  readonly blueTargetGroupArn: string | undefined;
  readonly testRuleArn: string | undefined;
  readonly productionRuleArn: string | undefined;
  /** Percent of the traffic that green gets; blue gets the rest. What is left out stays. */
  setTraffic(greenPercent: { readonly test?: number; readonly production?: number }): void;
  /** A status that rolls back also fills in `rollback`. */
  setStatus(status: ServiceDeploymentStatus, reason?: string): void;
  /** Replaces the targets of one colour: one state a target. */
  setTargetHealth(colour: Colour, states: readonly TargetState[]): void;
};

/**
 * Adds a service whose deployment stands at POST_TEST_TRAFFIC_SHIFT: green has all test traffic and
 * blue all production traffic.
 */
export function addBlueGreenService(account: Account, options: BlueGreenOptions): BlueGreenService {
  const arns = arnsOf(account, options);
  const network = addNetwork(account, options);
  account.clusters.set(arns.clusterArn, {
    clusterArn: arns.clusterArn,
    clusterName: options.cluster,
  });
  addRevision(account, options, 'green', arns, network);
  addRevision(account, options, 'blue', arns, network);
  const deployment = addDeployment(account, arns);
  addService(account, options, arns, network);

  const service: BlueGreenService = {
    ...arns,
    greenTargetGroupArn: network?.green.TargetGroupArn,
    blueTargetGroupArn: network?.blue.TargetGroupArn,
    testRuleArn: network?.testRuleArn,
    productionRuleArn: network?.productionRuleArn,
    setTraffic: ({ test, production }) => {
      if (test !== undefined) shift(deployment, 'requestedTestTrafficWeight', test);
      if (production !== undefined) {
        shift(deployment, 'requestedProductionTrafficWeight', production);
      }
      if (network === undefined) return;
      if (test !== undefined) forward(network, network.test, test);
      if (production !== undefined) forward(network, network.production, production);
    },
    setStatus: (status, reason) => {
      const now = new Date(account.nowMs());
      deployment.status = status;
      deployment.updatedAt = now;
      if (reason !== undefined) deployment.statusReason = reason;
      if (!status.startsWith('ROLLBACK_')) return;
      deployment.rollback ??= {
        startedAt: now,
        ...(reason === undefined ? {} : { reason }),
        ...(arns.blueRevisionArn === undefined ? {} : { serviceRevisionArn: arns.blueRevisionArn }),
      };
    },
    setTargetHealth: (colour, states) => {
      if (network === undefined) throw new Error(`a ${options.kind} service has no targets`);
      network[colour].targets = targetsOf(colour, states);
    },
  };
  service.setTraffic({ test: 100, production: 0 });
  return service;
}

type Arns = {
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly deploymentArn: string;
  readonly greenRevisionArn: string;
  readonly blueRevisionArn: string | undefined;
};

function arnsOf(
  { region, accountId }: Account,
  { cluster, service, blue, green }: BlueGreenOptions,
): Arns {
  const prefix = `arn:aws:ecs:${region}:${accountId}`;
  const path = `${cluster}/${service}`;
  const revisionArn = (colour: Colour, { revisionId }: RevisionOptions) =>
    `${prefix}:service-revision/${path}/${revisionId ?? digitsId(`${path} ${colour}`)}`;
  const greenRevisionArn = revisionArn('green', green);
  return {
    clusterArn: `${prefix}:cluster/${cluster}`,
    serviceArn: `${prefix}:service/${path}`,
    deploymentArn: `${prefix}:service-deployment/${path}/${wordId(greenRevisionArn)}`,
    greenRevisionArn,
    blueRevisionArn: blue === undefined ? undefined : revisionArn('blue', blue),
  };
}

/** Everything in front of the tasks. */
type Network = {
  readonly green: TargetGroup;
  readonly blue: TargetGroup;
  readonly loadBalancerArn: string;
  readonly test: Route | undefined;
  readonly production: Route;
  readonly testRuleArn: string | undefined;
  readonly productionRuleArn: string;
};

/** What forwards: a rule, or the listener itself on a Network Load Balancer. */
type Route = {
  readonly listenerArn: string;
  setActions(actions: ListenerAction[]): void;
};

function addNetwork(account: Account, options: BlueGreenOptions): Network | undefined {
  const { kind, blue, green, testEndpoint, productionEndpoint } = options;
  if (kind === 'service-connect' || kind === 'headless') return undefined;
  if (productionEndpoint === undefined) throw new Error(`${kind} needs a productionEndpoint`);
  const test = testEndpoint && addRoute(account, options, 'test', testEndpoint);
  const production = addRoute(account, options, 'production', productionEndpoint);
  return {
    green: addTargetGroup(account, options, 'green', targetsOf('green', green.targets)),
    blue: addTargetGroup(account, options, 'blue', blue ? targetsOf('blue', blue.targets) : []),
    loadBalancerArn: production.loadBalancerArn,
    test: test?.route,
    production: production.route,
    testRuleArn: test?.ruleArn,
    productionRuleArn: production.ruleArn,
  };
}

function addRoute(
  account: Account,
  options: BlueGreenOptions,
  purpose: 'test' | 'production',
  endpoint: EndpointOptions,
): { readonly route: Route; readonly ruleArn: string; readonly loadBalancerArn: string } {
  const loadBalancerArn = ensureLoadBalancer(account, options, endpoint);
  const listener = ensureListener(account, loadBalancerArn, endpoint);
  const listenerArn = listener.ListenerArn;
  if (options.kind === 'nlb') {
    const setActions = (actions: ListenerAction[]) => {
      listener.DefaultActions = actions;
    };
    return { route: { listenerArn, setActions }, ruleArn: listenerArn, loadBalancerArn };
  }
  const rule = addRule(
    account,
    listener,
    `${options.cluster} ${options.service} ${purpose}`,
    endpoint,
  );
  const setActions = (actions: ListenerAction[]) => {
    rule.Actions = actions;
    if (rule.IsDefault) listener.DefaultActions = actions;
  };
  return { route: { listenerArn, setActions }, ruleArn: rule.RuleArn, loadBalancerArn };
}

/** Services that name the same DNS name share its load balancer. */
function ensureLoadBalancer(
  account: Account,
  { kind, cluster, scheme }: BlueGreenOptions,
  { dnsName, loadBalancer }: EndpointOptions,
): string {
  const isNetwork = kind === 'nlb';
  const Type = isNetwork ? 'network' : 'application';
  const name = loadBalancer ?? `${cluster}-${isNetwork ? 'nlb' : 'alb'}`;
  for (const known of account.loadBalancers.values()) {
    const isNamed = loadBalancer === undefined || known.LoadBalancerName === loadBalancer;
    if (isNamed && known.DNSName === dnsName && known.Type === Type) return known.LoadBalancerArn;
  }
  const path = `${isNetwork ? 'net' : 'app'}/${name}/${hexId(`${Type} ${dnsName}`)}`;
  const LoadBalancerArn = `${elbPrefixOf(account)}:loadbalancer/${path}`;
  account.loadBalancers.set(LoadBalancerArn, {
    LoadBalancerArn,
    LoadBalancerName: name,
    DNSName: dnsName,
    Type,
    Scheme: scheme ?? 'internal',
    VpcId: 'vpc-0a1b2c3d4e5f60718',
    SecurityGroups: ['sg-0a1b2c3d4e5f60718'],
    CreatedTime: new Date(account.nowMs()),
  });
  return LoadBalancerArn;
}

function ensureListener(
  account: Account,
  loadBalancerArn: string,
  { port, protocol }: EndpointOptions,
): Listener {
  const prefix = loadBalancerArn.replace(':loadbalancer/', ':listener/');
  const ListenerArn = `${prefix}/${hexId(`${loadBalancerArn} ${port}`)}`;
  const known = account.listeners.get(ListenerArn);
  if (known !== undefined) return known;
  const listener: Listener = {
    ListenerArn,
    LoadBalancerArn: loadBalancerArn,
    Port: port,
    Protocol: protocol,
    DefaultActions: [notFoundAction()],
  };
  account.listeners.set(ListenerArn, listener);
  // An Application Load Balancer shows a listener's default action as a rule as well.
  if (loadBalancerArn.includes(':loadbalancer/app/')) {
    addRuleOf(account, listener, 'default', { Priority: 'default', Conditions: [] });
  }
  return listener;
}

function addRule(
  account: Account,
  listener: Listener,
  seed: string,
  { conditions = [] }: EndpointOptions,
): ListenerRule {
  if (conditions.length === 0) return addRuleOf(account, listener, 'default');
  const prefix = `${rulePrefixOf(listener)}/`;
  const siblings = [...account.rules.keys()].filter((arn) => arn.startsWith(prefix)).length;
  return addRuleOf(account, listener, seed, {
    Priority: String(siblings * 10),
    Conditions: structuredClone([...conditions]),
  });
}

/** Finds the rule with this seed on the listener, or adds it. */
function addRuleOf(
  account: Account,
  listener: Listener,
  seed: string,
  { Priority, Conditions }: Pick<ListenerRule, 'Priority' | 'Conditions'> = {
    Priority: 'default',
    Conditions: [],
  },
): ListenerRule {
  const RuleArn = `${rulePrefixOf(listener)}/${hexId(`${listener.ListenerArn} ${seed}`)}`;
  const known = account.rules.get(RuleArn);
  if (known !== undefined) return Object.assign(known, { Conditions });
  const rule: ListenerRule = {
    RuleArn,
    Priority,
    Conditions,
    Actions: [notFoundAction()],
    IsDefault: Priority === 'default',
  };
  account.rules.set(RuleArn, rule);
  return rule;
}

function rulePrefixOf({ ListenerArn }: Listener): string {
  return ListenerArn.replace(':listener/', ':listener-rule/');
}

function notFoundAction(): ListenerAction {
  return { Type: 'fixed-response', Order: 1, FixedResponseConfig: { StatusCode: '404' } };
}

function addTargetGroup(
  account: Account,
  { cluster, service }: BlueGreenOptions,
  colour: Colour,
  targets: TargetGroup['targets'],
): TargetGroup {
  const name = `${service}-${colour}`;
  const id = hexId(`${cluster} ${name}`);
  const TargetGroupArn = `${elbPrefixOf(account)}:targetgroup/${name}/${id}`;
  const targetGroup = { TargetGroupArn, targets };
  account.targetGroups.set(TargetGroupArn, targetGroup);
  return targetGroup;
}

function targetsOf(
  colour: Colour,
  states: readonly TargetState[] = ['healthy', 'healthy'],
): TargetGroup['targets'] {
  const subnet = colour === 'blue' ? 1 : 2;
  return states.map((State, index) => ({
    Target: { Id: `10.0.${subnet}.${index + 10}`, Port: 8080 },
    HealthCheckPort: '8080',
    TargetHealth: State === 'healthy' ? { State } : { State, Reason: reasonOf(State) },
  }));
}

function reasonOf(state: TargetState): string {
  switch (state) {
    case 'initial':
      return 'Elb.InitialHealthChecking';
    case 'draining':
      return 'Target.DeregistrationInProgress';
    case 'unused':
      return 'Target.NotInUse';
    default:
      return 'Target.FailedHealthChecks';
  }
}

function forward({ green, blue }: Network, route: Route | undefined, greenPercent: number): void {
  route?.setActions([
    {
      Type: 'forward',
      Order: 1,
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: blue.TargetGroupArn, Weight: 100 - greenPercent },
          { TargetGroupArn: green.TargetGroupArn, Weight: greenPercent },
        ],
      },
    },
  ]);
}

function shift(
  { sourceServiceRevisions, targetServiceRevision }: ServiceDeployment,
  member: 'requestedTestTrafficWeight' | 'requestedProductionTrafficWeight',
  greenPercent: number,
): void {
  targetServiceRevision[member] = greenPercent;
  for (const source of sourceServiceRevisions) source[member] = 100 - greenPercent;
}

function addRevision(
  account: Account,
  options: BlueGreenOptions,
  colour: Colour,
  arns: Arns,
  network: Network | undefined,
): void {
  const revision = options[colour];
  const serviceRevisionArn = colour === 'green' ? arns.greenRevisionArn : arns.blueRevisionArn;
  if (revision === undefined || serviceRevisionArn === undefined) return;
  const { region, accountId } = account;
  const version = colour === 'blue' ? 1 : 2;
  account.serviceRevisions.set(serviceRevisionArn, {
    serviceRevisionArn,
    serviceArn: arns.serviceArn,
    clusterArn: arns.clusterArn,
    taskDefinition:
      revision.taskDefinition ??
      `arn:aws:ecs:${region}:${accountId}:task-definition/${options.service}:${version}`,
    createdAt: new Date(account.nowMs()),
    containerImages: [
      {
        containerName: 'app',
        image:
          revision.image ??
          `${accountId}.dkr.ecr.${region}.amazonaws.com/${options.service}:${version}`,
        imageDigest: revision.imageDigest ?? `sha256:${digest(serviceRevisionArn)}`,
      },
    ],
    ...trafficOf(options, network, colour),
  });
}

/** The members of a revision that say how traffic reaches it. */
function trafficOf(
  options: BlueGreenOptions,
  network: Network | undefined,
  colour: Colour,
): Partial<ServiceRevision> {
  if (options.kind === 'service-connect') return serviceConnectOf(options);
  if (network === undefined) return {};
  if (options.kind === 'gateway') return gatewayOf(options, network);
  return {
    loadBalancers: loadBalancersOf(options, network),
    resolvedConfiguration: {
      loadBalancers: [
        {
          targetGroupArn: network[colour].TargetGroupArn,
          productionListenerRule: network.productionRuleArn,
        },
      ],
    },
  };
}

function loadBalancersOf(options: BlueGreenOptions, network: Network): EcsLoadBalancer[] {
  const { testRuleArn } = network;
  const [targetGroupArn, alternateTargetGroupArn] = targetGroupsOf(options, network);
  return [
    {
      targetGroupArn,
      containerName: 'app',
      containerPort: 8080,
      advancedConfiguration: {
        alternateTargetGroupArn,
        productionListenerRule: network.productionRuleArn,
        ...(testRuleArn === undefined ? {} : { testListenerRule: testRuleArn }),
      },
    },
  ];
}

function targetGroupsOf(
  { greenTargetGroup = 'alternate' }: BlueGreenOptions,
  { blue, green }: Network,
): [primary: string, alternate: string] {
  const [primary, alternate] = greenTargetGroup === 'primary' ? [green, blue] : [blue, green];
  return [primary.TargetGroupArn, alternate.TargetGroupArn];
}

function gatewayOf(options: BlueGreenOptions, network: Network): Partial<ServiceRevision> {
  const { loadBalancerArn, production, productionRuleArn, testRuleArn } = network;
  const [targetGroupArn, alternateTargetGroupArn] = targetGroupsOf(options, network);
  return {
    ecsManagedResources: {
      gatewayConnections: [
        {
          portName: 'http',
          serviceUrl: `https://${options.productionEndpoint?.dnsName}`,
          accessType: options.scheme === 'internet-facing' ? 'PUBLIC' : 'PRIVATE',
          resources: {
            hostSharedAlb: [
              {
                loadBalancerArn,
                listenerArn: production.listenerArn,
                listenerRuleArn: productionRuleArn,
                ...(testRuleArn === undefined ? {} : { testListenerRuleArn: testRuleArn }),
                targetGroupArn,
                alternateTargetGroupArn,
              },
            ],
          },
        },
      ],
    },
  };
}

function serviceConnectOf({
  service,
  cluster,
  testEndpoint,
}: BlueGreenOptions): Partial<ServiceRevision> {
  return {
    serviceConnectConfiguration: {
      enabled: true,
      namespace: cluster,
      services: [
        {
          portName: 'http',
          clientAliases: [
            {
              port: testEndpoint?.port ?? 80,
              dnsName: testEndpoint?.dnsName ?? `${service}.${cluster}`,
              ...testTrafficRulesOf(testEndpoint),
            },
          ],
        },
      ],
    },
  };
}

/** The first header condition of the test endpoint; without one, Service Connect's own applies. */
function testTrafficRulesOf(endpoint: EndpointOptions | undefined) {
  const header = endpoint?.conditions?.find(({ Field }) => Field === 'http-header');
  const { HttpHeaderName: name, Values: [exact] = [] } = header?.HttpHeaderConfig ?? {};
  if (name === undefined) return {};
  return {
    testTrafficRules: { header: { name, ...(exact === undefined ? {} : { value: { exact } }) } },
  };
}

function addDeployment(account: Account, arns: Arns): ServiceDeployment {
  const now = new Date(account.nowMs());
  const taskCounts = { requestedTaskCount: 2, runningTaskCount: 2, pendingTaskCount: 0 };
  const deployment: ServiceDeployment = {
    serviceDeploymentArn: arns.deploymentArn,
    serviceArn: arns.serviceArn,
    clusterArn: arns.clusterArn,
    status: 'IN_PROGRESS',
    lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    sourceServiceRevisions:
      arns.blueRevisionArn === undefined ? [] : [{ arn: arns.blueRevisionArn, ...taskCounts }],
    targetServiceRevision: { arn: arns.greenRevisionArn, ...taskCounts },
  };
  account.serviceDeployments.set(arns.deploymentArn, deployment);
  return deployment;
}

function addService(
  account: Account,
  options: BlueGreenOptions,
  arns: Arns,
  network: Network | undefined,
): void {
  const revisionArns = [arns.blueRevisionArn, arns.greenRevisionArn];
  const isBalanced = network !== undefined && options.kind !== 'gateway';
  account.services.set(arns.serviceArn, {
    serviceArn: arns.serviceArn,
    serviceName: options.service,
    clusterArn: arns.clusterArn,
    status: 'ACTIVE',
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    currentServiceDeployment: arns.deploymentArn,
    currentServiceRevisions: revisionArns.flatMap((arn) => (arn === undefined ? [] : [{ arn }])),
    ...(isBalanced ? { loadBalancers: loadBalancersOf(options, network) } : {}),
    tags: Object.entries(options.tags ?? {}).map(([key, value]) => ({ key, value })),
    createdAt: new Date(account.nowMs()),
  });
}

export type HookEventOptions = {
  readonly stage: string;
  /** ECS calls TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT hooks again while rolling back. */
  readonly isRollback?: boolean;
  /** Only the rollback of production traffic carries weights. */
  readonly isTestUnweighted?: boolean;
  /** Percent at green where the stage reports weights; for the steps of linear and canary. */
  readonly greenPercent?: number;
  readonly executionId?: string;
  readonly hookDetails?: unknown;
};

/** The event that ECS sends to a hook function. */
export type HookEvent = {
  readonly executionId: string;
  readonly lifecycleStage: string;
  readonly resourceArn: string;
  readonly executionDetails: {
    readonly serviceArn: string;
    readonly targetServiceRevisionArn: string;
    readonly testTrafficWeights: Readonly<Record<string, number>>;
    readonly productionTrafficWeights: Readonly<Record<string, number>>;
  };
  readonly hookDetails?: unknown;
};

/** Percent at green, going forward, at the stages whose events carry weights. */
const forwardWeights: Readonly<Record<string, { test?: number; production?: number }>> = {
  RECONCILE_SERVICE: { test: 100, production: 100 },
  TEST_TRAFFIC_SHIFT: { test: 100 },
  PRE_PRODUCTION_TRAFFIC_SHIFT: { production: 0 },
  PRODUCTION_TRAFFIC_SHIFT: { production: 100 },
};

const rollbackWeights: Readonly<Record<string, { test?: number; production?: number }>> = {
  TEST_TRAFFIC_SHIFT: { test: 0 },
  PRODUCTION_TRAFFIC_SHIFT: { production: 0 },
};

/** Builds the event for one stage of the service's deployment, with the weights ECS documents. */
export function hookEvent(
  service: Pick<
    BlueGreenService,
    'serviceArn' | 'deploymentArn' | 'greenRevisionArn' | 'blueRevisionArn'
  >,
  options: HookEventOptions,
): HookEvent {
  const { stage, isRollback = false, isTestUnweighted = false, greenPercent } = options;
  const { executionId, hookDetails } = options;
  if (isRollback && rollbackWeights[stage] === undefined) {
    throw new Error(`ECS does not call hooks of ${stage} while it rolls back`);
  }
  const weights = (isRollback ? rollbackWeights : forwardWeights)[stage] ?? {};
  const weightsOf = (usual: number | undefined): Record<string, number> => {
    if (usual === undefined) return {};
    const percent = greenPercent ?? usual;
    const { greenRevisionArn: green, blueRevisionArn: blue } = service;
    return { [green]: percent, ...(blue === undefined ? {} : { [blue]: 100 - percent }) };
  };
  return {
    executionId: executionId ?? uuid(`${service.deploymentArn} ${stage} ${isRollback}`),
    lifecycleStage: stage,
    resourceArn: service.deploymentArn,
    executionDetails: {
      serviceArn: service.serviceArn,
      targetServiceRevisionArn: service.greenRevisionArn,
      testTrafficWeights: weightsOf(isRollback && isTestUnweighted ? undefined : weights.test),
      productionTrafficWeights: weightsOf(weights.production),
    },
    ...(hookDetails === undefined ? {} : { hookDetails }),
  };
}

function elbPrefixOf({ region, accountId }: Account): string {
  return `arn:aws:elasticloadbalancing:${region}:${accountId}`;
}

/** Identifiers look as AWS's do, and are the same in every run. */
function digest(seed: string): string {
  return createHash('sha256').update(seed).digest('hex');
}

function hexId(seed: string): string {
  return digest(seed).slice(0, 16);
}

function digitsId(seed: string): string {
  return String((BigInt(`0x${hexId(seed)}`) % 9_000_000_000_000_000_000n) + 10n ** 18n);
}

function wordId(seed: string): string {
  return createHash('sha256').update(seed).digest('base64url').replace(/[-_]/g, '0').slice(0, 21);
}

function uuid(seed: string): string {
  return digest(seed).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}
