import type {
  EcsCapacityProvider,
  EcsContainerDefinition,
  EcsLaunchType,
  EcsLoadBalancer,
  EcsNetworkMode,
  EcsPlacementConstraint,
  EcsService,
  EcsStrategyItem,
  EcsTag,
  EcsTask,
  Json,
  RuleCondition,
} from '../account.ts';

/** A duration drawn evenly between two bounds, both included, in ms. */
export type RangeMs = readonly [minMs: number, maxMs: number];

/** How a container ends by itself. */
export type ExitRule = {
  /** From RUNNING. */
  readonly afterMs: RangeMs;
  readonly exitCode: number;
  /** The container's own reason, such as `OutOfMemoryError: …`. */
  readonly reason?: string;
  /** The first essential container by default. */
  readonly container?: string;
  /** Of a task that it happens to at all; 1 by default. */
  readonly chance?: number;
};

/** How the application in a task behaves: a scenario decides it, ECS only sees what comes of it. */
export type AppBehaviour = {
  /** From its place to RUNNING: pull, create, start. 8 to 20 s by default. */
  readonly startMs?: RangeMs;
  /** From RUNNING until it answers health checks; 1 to 5 s by default. `never`: a build that is broken. */
  readonly healthyAfterMs?: RangeMs | 'never';
  readonly exit?: ExitRule;
  /** It never reaches RUNNING, with this reason of the container, or of the task where there is none. */
  readonly startFailure?: {
    readonly reason: string;
    readonly container?: string;
    readonly exitCode?: number;
    /** Of a task that it happens to at all; 1 by default. */
    readonly chance?: number;
  };
  /** Memory in use by the first essential container; at its limit it is killed. */
  readonly memory?: { readonly startMiB: number; readonly growthMiBPerHour: number };
  /** From SIGTERM to its end; 0.2 to 2 s by default. Beyond the stop timeout it is killed. */
  readonly stopMs?: RangeMs;
  /** Exit code after SIGTERM; 143 by default. */
  readonly stopExitCode?: number;
};

export type RegisterTaskDefinition = {
  readonly family: string;
  /** CPU units and MiB of the whole task. */
  readonly cpu?: string;
  readonly memory?: string;
  /** `awsvpc` by default. */
  readonly networkMode?: EcsNetworkMode;
  readonly runtimePlatform?: { readonly cpuArchitecture?: 'X86_64' | 'ARM64' };
  readonly requiresCompatibilities?: readonly EcsLaunchType[];
  /** A task definition takes no `distinctInstance`. */
  readonly placementConstraints?: readonly {
    readonly type: 'memberOf';
    readonly expression?: string;
  }[];
  readonly containerDefinitions: readonly EcsContainerDefinition[];
  readonly app?: AppBehaviour;
};

type ManagedInstances = NonNullable<EcsCapacityProvider['managedInstancesProvider']>;

/** Exactly one of the two kinds; FARGATE and FARGATE_SPOT are there from the start. */
export type CreateCapacityProvider = {
  readonly name: string;
  /** Name or ARN. */
  readonly cluster: string;
  readonly managedInstancesProvider?: ManagedInstances;
  readonly autoScalingGroupProvider?: AutoScalingGroup;
  readonly tags?: readonly EcsTag[];
};

/** An Auto Scaling group together with its capacity provider. */
export type AutoScalingGroup = {
  readonly instanceType: string;
  readonly subnets: readonly string[];
  readonly minSize?: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  /** ECS scales the group; without it, it stays as large as it is. */
  readonly managedScaling?: boolean;
  readonly isSpot?: boolean;
  /** The agent drains on a Spot notice (`ECS_ENABLE_SPOT_INSTANCE_DRAINING`). */
  readonly drainsOnSpotNotice?: boolean;
  /** Custom attributes of its instances. */
  readonly attributes?: Readonly<Record<string, string>>;
};

type ServiceSettings = Pick<
  EcsService,
  | 'availabilityZoneRebalancing'
  | 'capacityProviderStrategy'
  | 'deploymentConfiguration'
  | 'healthCheckGracePeriodSeconds'
  | 'networkConfiguration'
  | 'placementConstraints'
  | 'placementStrategy'
  | 'loadBalancers'
>;

export type CreateService = ServiceSettings & {
  readonly cluster: string;
  readonly serviceName: string;
  /** `family`, `family:revision` or ARN. */
  readonly taskDefinition: string;
  readonly desiredCount?: number;
  readonly launchType?: EcsLaunchType;
  readonly schedulingStrategy?: 'REPLICA' | 'DAEMON';
  readonly tags?: readonly EcsTag[];
};

/** What is left out stays as it is. */
export type UpdateService = ServiceSettings & {
  readonly cluster: string;
  readonly service: string;
  readonly taskDefinition?: string;
  readonly desiredCount?: number;
  readonly forceNewDeployment?: boolean;
};

export type RunTask = {
  readonly cluster: string;
  readonly taskDefinition: string;
  /** 1 by default, 10 at most. */
  readonly count?: number;
  readonly launchType?: EcsLaunchType;
  readonly capacityProviderStrategy?: readonly EcsStrategyItem[];
  readonly group?: string;
  readonly startedBy?: string;
  readonly networkConfiguration?: EcsService['networkConfiguration'];
  readonly placementConstraints?: readonly EcsPlacementConstraint[];
  readonly placementStrategy?: EcsService['placementStrategy'];
  readonly overrides?: EcsTask['overrides'];
  readonly tags?: readonly EcsTag[];
};

export type Failure = { readonly arn?: string; readonly reason: string; readonly detail?: string };

/** A load balancer with its listeners, rules and target groups, all at once. */
export type CreateLoadBalancer = {
  readonly name: string;
  readonly type?: 'application' | 'network';
  readonly scheme?: 'internal' | 'internet-facing';
  readonly dnsName?: string;
  readonly production: ListenerOptions;
  /** Where test traffic enters, for services that are deployed blue/green. */
  readonly test?: ListenerOptions;
  /** Seconds between health checks; 30 by default, as the counts of 5 and 2. */
  readonly healthCheckIntervalSeconds?: number;
  readonly healthyThresholdCount?: number;
  readonly unhealthyThresholdCount?: number;
  /** 300 by default. */
  readonly deregistrationDelaySeconds?: number;
};

export type ListenerOptions = {
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS';
  /** Without any, the listener's default rule. */
  readonly conditions?: readonly RuleCondition[];
};

export type CreatedLoadBalancer = {
  readonly loadBalancerArn: string;
  /** The two target groups that a service alternates between; a rolling one uses the first. */
  readonly targetGroupArns: readonly [primary: string, alternate: string];
  /** Rules, or the listeners themselves on a Network Load Balancer. */
  readonly productionRuleArn: string;
  readonly testRuleArn: string | undefined;
  /** What `CreateService` takes, for a container and its port. */
  asServiceLoadBalancers(containerName: string, containerPort: number): EcsLoadBalancer[];
};

/** Load by time, in hundredths of one task's capacity: 250 keeps 2.5 tasks busy. */
export type LoadCurve = (atMs: number) => number;

export type ScaleService = {
  /** `service/<cluster>/<service>`. */
  readonly resourceId: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  readonly suspendedState?: {
    readonly dynamicScalingInSuspended?: boolean;
    readonly dynamicScalingOutSuspended?: boolean;
  };
  /** Without it, the target only sets bounds. */
  readonly targetTracking?: {
    /** Percent of a task. */
    readonly targetValue: number;
    /** 300 by default, both. */
    readonly scaleOutCooldownSeconds?: number;
    readonly scaleInCooldownSeconds?: number;
    readonly load: LoadCurve;
  };
};

export type CreateEventWindow = {
  readonly name?: string;
  readonly timeRanges: readonly {
    readonly startWeekDay: string;
    readonly startHour: number;
    readonly endWeekDay: string;
    readonly endHour: number;
  }[];
  readonly instanceIds?: readonly string[];
  readonly instanceTags?: readonly { readonly key: string; readonly value: string }[];
};

export type CreateDaemon = {
  readonly cluster: string;
  readonly name: string;
  readonly capacityProvider: string;
  /** Of the provider's instances that are replaced at a time; 0 to 100. */
  readonly drainPercent: number;
};

/** Where a shortage of capacity is; what is left out means everywhere. */
export type CapacityScope = {
  readonly zone?: string;
  readonly instanceType?: string;
  /** `FARGATE` or `FARGATE_SPOT`, or the name of a capacity provider. */
  readonly capacityProvider?: string;
};

/**
 * What a hook function answers: JSON that nobody has looked at yet. Throws, rather than rejects, where
 * nobody can be called. ECS knows whether the deployment goes back, and the event may not say it.
 */
export type CallHook = (functionArn: string, event: Json, isRollback: boolean) => Promise<unknown>;
