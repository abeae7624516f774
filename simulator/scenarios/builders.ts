import type { EcsTag, HookStage, Json } from '../account.ts';
import type { AppHttp } from '../app-http.ts';
import type { AppBehaviour, CreateCapacityProvider, CreateService } from '../ecs/inputs.ts';
import type { BuildTruth, Stage } from '../scenario.ts';

export type Subnet = { readonly subnetId: string; readonly zone: string };

/** A subnet in each of the Region's first zones. */
export function createSubnets({ world }: Stage, letters = 'abc'): readonly Subnet[] {
  return [...letters].map((letter, at) => {
    const zone = `${world.account.region}${letter}`;
    const subnetId = `subnet-0000000000000000${at}`;
    world.aws.createSubnet({ subnetId, availabilityZone: zone });
    return { subnetId, zone };
  });
}

type ManagedInstances = NonNullable<CreateCapacityProvider['managedInstancesProvider']>;
type LaunchTemplate = NonNullable<ManagedInstances['instanceLaunchTemplate']>;

export type ManagedProvider = {
  readonly name: string;
  readonly subnets: readonly Subnet[];
  readonly requirements?: LaunchTemplate['instanceRequirements'];
  readonly isSpot?: boolean;
  /** Seconds; -1: never; left out: ECS's own heuristic. */
  readonly scaleInAfter?: number;
};

/** A capacity provider of Managed Instances in the scenario's cluster. */
export function createManagedProvider(
  { world, clusterName }: Stage,
  { name, subnets, requirements, isSpot, scaleInAfter }: ManagedProvider,
): void {
  world.ecs.createCapacityProvider({
    name,
    cluster: clusterName,
    managedInstancesProvider: {
      instanceLaunchTemplate: {
        networkConfiguration: { subnets: subnets.map(({ subnetId }) => subnetId) },
        ...(requirements === undefined ? {} : { instanceRequirements: requirements }),
        ...(isSpot === true ? { capacityOptionType: 'SPOT' } : {}),
      },
      ...(scaleInAfter === undefined ? {} : { infrastructureOptimization: { scaleInAfter } }),
    },
  });
}

/** One build of a service. */
export type Build = {
  readonly health: BuildTruth['health'];
  /** How its tasks live and end. */
  readonly app?: AppBehaviour;
  /** How its tasks answer. */
  readonly http?: Partial<AppHttp>;
  readonly image?: string;
  /** Of a task, in place of the service's: CPU units and MiB. */
  readonly cpu?: number;
  readonly memory?: number;
};

export const goodBuild: Build = { health: 'good' };

export type ServiceOptions = {
  readonly name: string;
  readonly desired: number;
  /** CPU units and MiB of a task. */
  readonly cpu?: number;
  readonly memory?: number;
  readonly subnets: readonly Subnet[];
  /** A capacity provider by name; FARGATE by default. */
  readonly provider?: string;
  readonly first?: Build;
  readonly tags?: Readonly<Record<string, string>>;
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  readonly rebalancing?: 'ENABLED' | 'DISABLED';
  readonly circuitBreaker?: { readonly enable: boolean; readonly rollback: boolean };
  readonly healthCheck?: boolean;
};

export type WebOptions = ServiceOptions & {
  readonly strategy?: 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
  readonly hookDetails?: Json;
  /** Where ECS calls the hook; after the shift of test traffic by default. */
  readonly hookStages?: readonly HookStage[];
  /** CloudWatch alarms at which ECS goes back by itself. */
  readonly alarmNames?: readonly string[];
  readonly bakeTimeInMinutes?: number;
  /** By a header on the listener of production, in place of a listener of its own. */
  readonly testHeader?: string;
  readonly usersEveryMs?: number;
};

/** A service that a scenario has made, and what people do with it. */
export type ServiceHandle = {
  readonly name: string;
  /** ARN of the latest task definition. */
  latest(): string;
  /** Deploys a build; returns the ARN of its task definition. */
  deploy(build: Build): string;
  scale(desired: number): void;
};

/** A service without a load balancer: it works on a queue, or on time. */
export function createWorker(stage: Stage, options: ServiceOptions): ServiceHandle {
  return createHandle(stage, options, {
    isGated: false,
    settings: { deploymentConfiguration: rollingOf(options) },
  });
}

/** A service behind a load balancer of its own, gated where its strategy allows it. */
export function createWeb(stage: Stage, options: WebOptions): ServiceHandle {
  const { world, hook } = stage;
  const { name, strategy = 'BLUE_GREEN', hookDetails, testHeader, usersEveryMs } = options;
  const { hookStages = ['POST_TEST_TRAFFIC_SHIFT'], alarmNames = [] } = options;
  const dnsName = `${name}.elb.example.com`;
  const header = { HttpHeaderName: testHeader ?? 'x-none', Values: ['test'] };
  const balancer = world.aws.createLoadBalancer({
    name,
    dnsName,
    production: { port: 80, protocol: 'HTTP' },
    test:
      testHeader === undefined
        ? { port: 8080, protocol: 'HTTP' }
        : {
            port: 80,
            protocol: 'HTTP',
            conditions: [{ Field: 'http-header', HttpHeaderConfig: header }],
          },
    deregistrationDelaySeconds: 60,
  });
  const isStaged = strategy !== 'ROLLING';
  const loadBalancers = balancer.asServiceLoadBalancers('app', containerPort);
  const lifecycleHooks =
    hook === undefined || !isStaged
      ? []
      : [
          {
            ...hook,
            lifecycleStages: [...hookStages],
            ...(hookDetails === undefined ? {} : { hookDetails }),
            timeoutConfiguration: { timeoutInMinutes: 30, action: 'ROLLBACK' as const },
          },
        ];
  const handle = createHandle(stage, options, {
    isGated: isStaged,
    settings: {
      loadBalancers: isStaged
        ? loadBalancers
        : loadBalancers.map(({ advancedConfiguration: _, ...plain }) => plain),
      healthCheckGracePeriodSeconds: 60,
      deploymentConfiguration: isStaged
        ? {
            ...{ strategy, bakeTimeInMinutes: options.bakeTimeInMinutes ?? 2, lifecycleHooks },
            ...gradual[strategy],
            ...(alarmNames.length === 0
              ? {}
              : { alarms: { alarmNames: [...alarmNames], enable: true, rollback: true } }),
          }
        : rollingOf(options),
    },
  });
  if (usersEveryMs !== undefined) {
    stage.users.come({ service: name, dnsName, port: 80, everyMs: usersEveryMs });
  }
  return handle;
}

const containerPort = 8_080;

/** Production traffic in few steps: a scenario has more to do than to wait for ten of six minutes. */
const gradual: Readonly<
  Record<NonNullable<WebOptions['strategy']>, CreateService['deploymentConfiguration'] & object>
> = {
  ROLLING: {},
  BLUE_GREEN: {},
  LINEAR: { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 3 } },
  CANARY: { canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 3 } },
};

const rollingOf = ({
  minimumHealthyPercent = 100,
  maximumPercent = 200,
  circuitBreaker = { enable: false, rollback: false },
}: ServiceOptions): NonNullable<CreateService['deploymentConfiguration']> => ({
  strategy: 'ROLLING',
  minimumHealthyPercent,
  maximumPercent,
  deploymentCircuitBreaker: circuitBreaker,
});

type Made = {
  readonly isGated: boolean;
  readonly settings: Partial<CreateService>;
};

function createHandle(stage: Stage, options: ServiceOptions, made: Made): ServiceHandle {
  const { world, clusterName } = stage;
  const { name, desired, subnets, provider = 'FARGATE', tags = {}, first = goodBuild } = options;
  const isEnforced = made.isGated && enforces(stage, tags);
  const register = (build: Build): string => registerBuild(stage, options, build, isEnforced);
  let latest = register(first);
  world.ecs.createService({
    cluster: clusterName,
    serviceName: name,
    taskDefinition: latest,
    desiredCount: desired,
    capacityProviderStrategy: [{ capacityProvider: provider, weight: 1 }],
    availabilityZoneRebalancing: options.rebalancing ?? 'ENABLED',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: subnets.map(({ subnetId }) => subnetId) },
    },
    tags: Object.entries(tags).map(([key, value]): EcsTag => ({ key, value })),
    ...made.settings,
  });
  const update = (change: { readonly taskDefinition?: string; readonly desiredCount?: number }) =>
    world.ecs.updateService({ cluster: clusterName, service: name, ...change });
  return {
    name,
    latest: () => latest,
    deploy(build) {
      latest = register(build);
      stage.note(`deploy ${latest.split('/').at(-1)} (${build.health})`);
      update({ taskDefinition: latest });
      return latest;
    },
    scale(count) {
      stage.note(`scale ${name} to ${count}`);
      update({ desiredCount: count });
    },
  };
}

/** Whether the hook may roll a service's deployments back: tags only lower, or allow with opt-in. */
function enforces({ stackMode }: Stage, tags: Readonly<Record<string, string>>): boolean {
  const tag = tags['ballast:deployment-hook'];
  if (stackMode === 'opt-in') return tag === 'enforce';
  return stackMode === 'enforce' && (tag === undefined || tag === 'enforce');
}

function registerBuild(
  { world, apps, know }: Stage,
  { name, cpu = 256, memory = 512, healthCheck, provider = 'FARGATE' }: ServiceOptions,
  { health, app, http = {}, image, cpu: ofBuild, memory: memoryOfBuild }: Build,
  isEnforced: boolean,
): string {
  const isFargate = provider.startsWith('FARGATE');
  const { taskDefinitionArn } = world.ecs.registerTaskDefinition({
    family: name,
    cpu: String(ofBuild ?? cpu),
    memory: String(memoryOfBuild ?? memory),
    requiresCompatibilities: [isFargate ? 'FARGATE' : 'MANAGED_INSTANCES'],
    containerDefinitions: [
      {
        name: 'app',
        image: image ?? `registry.example.com/${name}:latest`,
        essential: true,
        portMappings: [{ containerPort, protocol: 'tcp' }],
        ...(healthCheck === true
          ? { healthCheck: { command: ['CMD', 'true'], interval: 10, retries: 3 } }
          : {}),
      },
    ],
    ...(app === undefined ? {} : { app }),
  });
  apps.set(taskDefinitionArn, { latency: { medianMs: 40, sigma: 0.15 }, ...http });
  know({ type: 'build', service: name, taskDefinitionArn, health, isEnforced });
  return taskDefinitionArn;
}

/** Builds that are wrong in one way or another. */
export const badBuilds = {
  /** It answers 500, always. */
  failing: { health: 'broken', http: { status: 500, body: 'error' } },
  /** It answers 200, and is not well. */
  degraded: { health: 'broken', http: { body: '{"status":"degraded"}' } },
  /** It takes half as long again. */
  slow: { health: 'worse', http: { latency: { medianMs: 64, sigma: 0.15 } } },
  /** One call in four fails. */
  flaky: { health: 'worse', http: { errorShare: 0.25 } },
} as const satisfies Readonly<Record<string, Build>>;

/** What a check of the answer's own words looks like: it tells `degraded` from `ok`. */
export const toldByJson: Json = {
  checks: [{ path: '/', expect: { json: [{ path: 'status', equals: 'ok' }] } }],
};
