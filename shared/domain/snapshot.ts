import type { ServiceRollout } from './service-state.ts';

/**
 * What a cluster looks like at one moment, as far as it could be read. Every decision about zones,
 * replacement and density is made on one of these and on nothing else. Unknown values of ECS's
 * enumerations stay as they came, missing fields are `undefined`, and what could not be read is named
 * in `gaps`. Times are milliseconds since the epoch, CPU is in units (1,024 a vCPU), memory in MiB.
 */
export type Snapshot = {
  readonly version: typeof snapshotVersion;
  readonly takenAtMs: number;
  readonly region: string;
  readonly clusterArn: string;
  readonly cluster: string;
  readonly tasks: readonly Task[];
  readonly services: readonly Service[];
  readonly instances: readonly Instance[];
  readonly capacityProviders: readonly CapacityProvider[];
  /** Zone of each subnet, where it was asked for. */
  readonly subnetZones: Readonly<Record<string, string>>;
  /** Protection of tasks by task ARN, where it was asked for. */
  readonly protections: Readonly<Record<string, Protection>>;
  /** Service deployments under way by service name, where they were asked for. */
  readonly deployments: Readonly<Record<string, DeploymentUnderWay>>;
  /** Application Auto Scaling's targets by service name. */
  readonly scalableTargets: Readonly<Record<string, ScalableTarget>>;
  /** Zones that a zonal shift keeps traffic away from. */
  readonly shiftedZones: readonly string[];
  readonly eventWindows: readonly EventWindow[];
  /** Limits of instance types by type, where they were asked for. */
  readonly instanceTypes: Readonly<Record<string, InstanceType>>;
  readonly gaps: readonly Gap[];
  /** Read calls that it took, retries included. */
  readonly calls: number;
};

/** Grows when a saved snapshot of before can no longer be read. */
export const snapshotVersion = 1;

/** What runs a task. */
export type ComputeKind = 'managed-instances' | 'fargate' | 'ec2' | 'external';

export type Resources = { readonly cpuUnits: number; readonly memoryMiB: number };

/** A task whose desired status is RUNNING. */
export type Task = {
  readonly arn: string;
  /** Of the group `service:NAME`; undefined for a standalone task. */
  readonly service: string | undefined;
  readonly group: string | undefined;
  /** `ecs-svc/<deployment>` for a service's task. */
  readonly startedBy: string | undefined;
  readonly taskDefinitionArn: string;
  readonly compute: ComputeKind | undefined;
  readonly capacityProvider: string | undefined;
  readonly instanceArn: string | undefined;
  /** The task's own, else its instance's. */
  readonly zone: string | undefined;
  /** What it reserves: of the task, else the sum of its containers. */
  readonly reserved: Resources;
  /** Fixed ports that it takes on its instance, as `80/tcp`: one task a port and instance. */
  readonly hostPorts: readonly string[];
  /** It has a network interface of its own (`awsvpc`). */
  readonly hasEni: boolean;
  /** `x86_64`, `arm64`, ... */
  readonly architecture: string | undefined;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  /** `HEALTHY`, `UNHEALTHY`, `UNKNOWN` (no health check, or not known yet). */
  readonly health: string | undefined;
  readonly createdAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
};

export type Service = {
  readonly arn: string;
  readonly name: string;
  readonly status: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  /** Of the strategy's providers, else of the launch type. */
  readonly compute: ComputeKind | undefined;
  readonly launchType: string | undefined;
  /** Names, in the strategy's order. */
  readonly capacityProviders: readonly string[];
  /** `REPLICA` or `DAEMON`. */
  readonly schedulingStrategy: string | undefined;
  /** `ECS`, `CODE_DEPLOY` or `EXTERNAL`. */
  readonly deploymentController: string | undefined;
  /** `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`. */
  readonly deploymentStrategy: string | undefined;
  readonly minimumHealthyPercent: number | undefined;
  readonly maximumPercent: number | undefined;
  /** `ENABLED` or `DISABLED`. */
  readonly availabilityZoneRebalancing: string | undefined;
  readonly placementStrategy: readonly PlacementStrategy[];
  readonly placementConstraints: readonly PlacementConstraint[];
  /** Of its `awsvpc` configuration; empty for other network modes. */
  readonly subnets: readonly string[];
  readonly targetGroupArns: readonly string[];
  readonly hasClassicLoadBalancer: boolean;
  /** Lifecycle hooks that call a Lambda function. */
  readonly hooks: readonly { readonly targetArn: string; readonly stages: readonly string[] }[];
  readonly taskDefinitionArn: string | undefined;
  readonly rollouts: readonly ServiceRollout[];
  /** The latest of the things that decisions wait out, from ECS's own service events. */
  readonly lastRebalancingAtMs: number | undefined;
  readonly lastPlacementFailureAtMs: number | undefined;
  readonly createdAtMs: number | undefined;
  /** Only those of Ballast: `ballast:...`. */
  readonly tags: Readonly<Record<string, string>>;
};

export type PlacementStrategy = {
  /** `spread`, `binpack`, `random`. */
  readonly type: string;
  readonly field: string | undefined;
};

export type PlacementConstraint = {
  /** `distinctInstance` or `memberOf`. */
  readonly type: string;
  readonly expression: string | undefined;
};

/** A container instance. */
export type Instance = {
  readonly arn: string;
  /** `i-...`, or `mi-...` of a machine in ECS Anywhere. */
  readonly ec2InstanceId: string | undefined;
  readonly compute: ComputeKind | undefined;
  readonly capacityProvider: string | undefined;
  /** `ACTIVE`, `DRAINING`, `DEREGISTERING`, ... */
  readonly status: string;
  readonly statusReason: string | undefined;
  readonly agentConnected: boolean;
  /** `OK`, `IMPAIRED`, `INSUFFICIENT_DATA`, `INITIALIZING`. */
  readonly health: string | undefined;
  readonly type: string | undefined;
  readonly zone: string | undefined;
  readonly architecture: string | undefined;
  /** What ECS may hand out: less than the machine has, the agent keeps some. */
  readonly registered: Resources;
  readonly remaining: Resources;
  /** Ports taken, as `80/tcp`. */
  readonly usedPorts: readonly string[];
  /** Its attributes by name: what constraints ask for. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly registeredAtMs: number | undefined;
  /** EC2's launch time, where it could be read: the 14 days count from it. */
  readonly launchedAtMs: number | undefined;
  readonly isSpot: boolean | undefined;
  readonly runningTasks: number;
  readonly pendingTasks: number;
  /** EC2's tags that an event window can be tied to. */
  readonly tags: Readonly<Record<string, string>>;
};

export type CapacityProvider = {
  readonly name: string;
  readonly compute: ComputeKind | undefined;
  readonly isSpot: boolean;
  readonly status: string | undefined;
  /** Subnets in which it launches managed instances; empty where it has none of its own. */
  readonly subnets: readonly string[];
  /** `null`: ECS's own heuristic; -1: never. Undefined where the provider has none. */
  readonly scaleInAfterSeconds: number | null | undefined;
};

export type Protection = { readonly expiresAtMs: number | undefined };

export type DeploymentUnderWay = {
  readonly arn: string;
  readonly status: string;
  readonly startedAtMs: number | undefined;
};

export type ScalableTarget = {
  readonly min: number;
  readonly max: number;
  /** Some of its scaling is suspended. */
  readonly isSuspended: boolean;
};

export type EventWindow = {
  readonly id: string;
  readonly instanceIds: readonly string[];
  /** Each is a target of its own; one key may stand here with several values. */
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** UTC, as EC2 gives them: a week's ranges, or a cron expression. */
  readonly timeRanges: readonly TimeRange[];
  readonly cron: string | undefined;
};

export type TimeRange = {
  /** `monday`, ... */
  readonly startDay: string;
  readonly startHour: number;
  readonly endDay: string;
  readonly endHour: number;
};

export type InstanceType = {
  readonly vCpus: number;
  readonly memoryMiB: number;
  /** Network interfaces that one instance can hold; one is the instance's own. */
  readonly eniMax: number | undefined;
};

/** What can be missing from a snapshot. */
export type GapSubject =
  | 'tasks'
  | 'services'
  | 'instances'
  | 'capacity-providers'
  | 'subnets'
  | 'protections'
  | 'deployments'
  | 'scalable-targets'
  | 'zonal-shifts'
  | 'event-windows'
  | 'launch-times'
  | 'instance-types';

/** A part of the snapshot that is missing or incomplete, and why. */
export type Gap = {
  readonly subject: GapSubject;
  /** `denied`, `truncated`, `throttled`, `failed`: what went wrong; `missing`: ECS lost it meanwhile. */
  readonly reason: 'denied' | 'truncated' | 'throttled' | 'failed' | 'missing';
  /** The operation, as `ec2:DescribeInstances`. */
  readonly operation: string;
  /** AWS's words, without more than a line. */
  readonly detail: string;
};
