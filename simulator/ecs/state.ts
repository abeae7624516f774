import type {
  EcsCapacityProvider,
  EcsContainerDefinition,
  EcsContainerInstance,
  EcsLaunchType,
  EcsNetworkMode,
  EcsPlacementConstraint,
  EcsService,
  EcsTask,
  ServiceDeployment,
  TargetGroup,
  TargetHealth,
} from '../account.ts';
import type { Timer } from '../event-queue.ts';
import type { InstanceType } from '../instance-types.ts';
import type { HookRun } from './hooks.ts';
import type { AppBehaviour, AutoScalingGroup } from './inputs.ts';

/**
 * What the simulated ECS knows. Each thing holds the API's form of itself as `view`: that object lies
 * in the account, and a rule that changes a thing changes its view at once.
 */
export type State = {
  /** By name. */
  readonly clusters: Map<string, Cluster>;
  /** By ARN. */
  readonly definitions: Map<string, TaskDefinition>;
  /** Latest revision by family. */
  readonly families: Map<string, TaskDefinition>;
  /** By name. */
  readonly providers: Map<string, Provider>;
  /** By ARN, those that are not STOPPED. */
  readonly tasks: Map<string, Task>;
  /** By ARN, those that are still registered. */
  readonly instances: Map<string, Instance>;
  /** By ARN. */
  readonly services: Map<string, Service>;
  /** By ARN. */
  readonly daemons: Map<string, Daemon>;
  /** Pause hooks that wait for an answer, by hook id. */
  readonly pauses: Map<string, HookRun>;
  readonly nature: Nature;
  tasksCreated: number;
  interfacesCreated: number;
  portsBound: number;
};

export type Cluster = {
  readonly arn: string;
  readonly name: string;
  readonly services: Map<string, Service>;
  readonly instances: Set<Instance>;
};

export type Architecture = 'x86_64' | 'arm64';

export type TaskDefinition = {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  /** What a task of it takes of an instance: its own size, else the sum of its containers. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly networkMode: EcsNetworkMode;
  readonly architecture: Architecture | undefined;
  /** Fixed ports on the host, as `80/tcp`. */
  readonly hostPorts: readonly string[];
  readonly constraints: readonly EcsPlacementConstraint[];
  readonly containers: readonly EcsContainerDefinition[];
  app: AppBehaviour;
};

export type Provider = {
  readonly name: string;
  readonly kind: EcsCapacityProvider['type'];
  readonly view: EcsCapacityProvider;
  readonly cluster: Cluster | undefined;
  readonly instances: Set<Instance>;
  readonly group: AutoScalingGroup | undefined;
  /** Tasks that wait for capacity, in the order in which they came. */
  readonly waiting: Set<Task>;
  /** Instances that are launching. */
  readonly launches: Set<Launch>;
  /** Machines of a group that run on, but are no longer registered. */
  orphans: number;
  /** Instances with some CPU and some memory left: full ones need not be looked at. */
  readonly withRoom: Set<Instance>;
  /** The instances whose room grew last, the newest at the end, and how often room has grown. */
  readonly grown: Instance[];
  growth: number;
  /** The instance that optimisation drained last. */
  optimised: Instance | undefined;
  /** Instances that are to be judged once none is being optimised. */
  readonly postponed: Set<Instance>;
  readonly timers: Map<string, Timer>;
};

/** An instance on its way, with the tasks it was launched for. */
export type Launch = {
  readonly type: InstanceType;
  readonly zone: string;
  readonly subnetId: string;
  readonly tasks: Set<Task>;
  /** It is launched so that a service gets into this zone. */
  readonly isForRebalancing: boolean;
};

export type Instance = {
  readonly arn: string;
  readonly id: string;
  readonly cluster: Cluster;
  readonly provider: Provider | undefined;
  readonly kind: 'MANAGED_INSTANCES' | 'EC2' | 'EXTERNAL';
  readonly view: EcsContainerInstance;
  readonly ec2InstanceId: string;
  readonly type: InstanceType | undefined;
  readonly zone: string | undefined;
  readonly subnetId: string | undefined;
  readonly architecture: Architecture;
  readonly attributes: ReadonlyMap<string, string>;
  readonly launchedAtMs: number;
  readonly isSpot: boolean;
  readonly isForRebalancing: boolean;
  /** Tasks on it that are not STOPPED. */
  readonly tasks: Set<Task>;
  readonly registeredCpu: number;
  readonly registeredMemoryMiB: number;
  cpu: number;
  memoryMiB: number;
  /** Network interfaces for tasks that are left. */
  interfaces: number;
  readonly ports: Set<string>;
  /** Grows with every task that comes or goes. */
  contents: number;
  /** What optimisation found of these contents, and how often room had grown by then. */
  judged:
    | {
        readonly contents: number;
        /** A task that fits on no other instance. */
        readonly blocked: Task;
        readonly hasCheaperType: boolean;
        readonly growth: number;
      }
    | undefined;
  /** Why it drains, which decides what becomes of it when it is empty. */
  drain: Drain | undefined;
  /** The machine is gone; ECS may not know yet. */
  isDead: boolean;
  readonly timers: Map<string, Timer>;
};

export type DrainCause = 'user' | 'refresh' | 'under-used' | 'repair' | 'spot' | 'daemon';
export type Drain = { readonly cause: DrainCause; readonly sinceMs: number };

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

/** A task's entry in a target group. */
export type Registration = { readonly group: TargetGroup; readonly entry: TargetHealth };

export type HealthStatus = 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';

export type Task = {
  readonly arn: string;
  readonly id: string;
  /** In the order of creation, for ties. */
  readonly order: number;
  readonly view: EcsTask;
  readonly cluster: Cluster;
  readonly definition: TaskDefinition;
  readonly app: AppBehaviour;
  readonly service: Service | undefined;
  readonly deployment: Deployment | undefined;
  readonly launchType: EcsLaunchType;
  readonly provider: Provider | undefined;
  /** Constraints of the service or of RunTask, and those of its definition. */
  readonly constraints: readonly EcsPlacementConstraint[];
  readonly strategy: NonNullable<EcsService['placementStrategy']>;
  /** Zones that its network configuration reaches; empty where it has none. */
  readonly reachableZones: readonly string[];
  /** A zone that it was started for, by rebalancing. */
  readonly boundZone: string | undefined;
  /** Where a launch for it was refused: `zone`, or `zone type`. */
  readonly refused: Set<string>;
  status: TaskStatus;
  instance: Instance | undefined;
  zone: string | undefined;
  /** ECS wants it STOPPED. */
  isStopping: boolean;
  hasRun: boolean;
  startedAtMs: number | undefined;
  /** Nothing checks it, and it has run long enough to count as healthy. */
  isSettled: boolean;
  /** By its containers' checks; UNKNOWN where there are none. */
  containerHealth: HealthStatus;
  /** By its target groups; undefined while it is not registered. */
  targetHealth: 'initial' | 'healthy' | 'unhealthy' | undefined;
  /** What it is registered as. */
  targets: readonly Registration[];
  protectedUntilMs: number | undefined;
  /** When a container was last started again by its policy, by name. */
  readonly restarts: Map<string, number>;
  readonly timers: Map<string, Timer>;
};

/** One revision of a service that has tasks, or will have. */
export type Deployment = {
  /** `ecs-svc/…` */
  readonly id: string;
  readonly revisionArn: string;
  readonly definition: TaskDefinition;
  readonly createdAtMs: number;
  readonly service: Service;
  /** The service deployment that brought it, or brought it back. */
  run: ServiceDeployment;
  updatedAtMs: number;
  role: 'PRIMARY' | 'ACTIVE' | 'INACTIVE';
  rollout: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS';
  rolloutReason: string;
  failedTasks: number;
  /** It had a task in RUNNING since its rollout began. */
  hasRun: boolean;
  /** It was COMPLETED once: what a rollback can go back to. */
  wasCompleted: boolean;
  /** How often it has failed to start tasks in a row, and when it may start one again. */
  readonly throttle: { failures: number; nextStartAtMs: number; isTold: boolean };
  /** Whether it is meant to have tasks: green not before SCALE_UP, blue not after CLEAN_UP. */
  isScaledUp: boolean;
  /** Index of the target group that its tasks register with. */
  targetGroup: 0 | 1;
  readonly tasks: Set<Task>;
};

export type Service = {
  readonly arn: string;
  readonly name: string;
  readonly cluster: Cluster;
  readonly view: EcsService;
  /** Newest first: `[0]` is PRIMARY. */
  deployments: Deployment[];
  /** Tasks that are not STOPPED. */
  readonly tasks: Set<Task>;
  isSteady: boolean;
  isDeleted: boolean;
  /** A reconciliation is due. */
  wake: Timer | undefined;
  readonly placement: { failures: number; retryAtMs: number };
  rebalancing: Rebalancing | undefined;
  /** Not before then again, after it had to stop. */
  rebalancingRetryAtMs: number;
  /** Tasks that rebalancing may have beyond the desired count. */
  surge: number;
  /** Stages and hooks of a deployment that is not rolling. */
  staged: Staged | undefined;
  /** Hooks that a rolling deployment waits for before it starts tasks. */
  rollingHooks: Staged | undefined;
  readonly timers: Map<string, Timer>;
};

export type Rebalancing = {
  /** Started for poorer zones, and not yet paid for by a stop. */
  readonly starting: Set<Task>;
};

export type Staged = {
  readonly green: Deployment;
  readonly blue: Deployment | undefined;
  readonly run: ServiceDeployment;
  readonly timers: Map<string, Timer>;
  /** Hooks that are under way. */
  readonly hooks: Set<HookRun>;
  /** What waits for green to be healthy. */
  onScaledUp: (() => void) | undefined;
  onScaledDown: (() => void) | undefined;
  productionPercent: number;
  testPercent: number;
  /** Stages that it has entered. */
  readonly passed: Set<string>;
  isRollingBack: boolean;
  isDone: boolean;
};

/** A deployment in stages before its first stage: no hook has run, no traffic has moved. */
export const beginStaged = (green: Deployment, blue: Deployment | undefined): Staged => ({
  green,
  blue,
  run: green.run,
  timers: new Map(),
  hooks: new Set(),
  onScaledUp: undefined,
  onScaledDown: undefined,
  productionPercent: 0,
  testPercent: 0,
  passed: new Set(),
  isRollingBack: false,
  isDone: false,
});

/** A managed daemon, as far as it moves instances. */
export type Daemon = {
  readonly arn: string;
  readonly name: string;
  readonly cluster: Cluster;
  readonly capacityProvider: string;
  readonly drainPercent: number;
  deployment:
    | { readonly arn: string; readonly revisionArn: string; readonly sinceMs: number }
    | undefined;
  readonly timers: Map<string, Timer>;
};

/** What nature has done to capacity. */
export type Nature = {
  /** How many outages of each zone are under way; of those below, how many spells. */
  readonly zonesOut: Map<string, number>;
  readonly missingImages: Map<string, number>;
  readonly slow: Set<{ readonly scope: Scope; readonly extraMs: number }>;
  readonly refused: Set<Scope>;
  /** Names of capacity providers whose infrastructure optimisation stands still. */
  readonly stuckOptimizers: Map<string, number>;
};

export type Scope = {
  readonly zone?: string;
  readonly instanceType?: string;
  readonly capacityProvider?: string;
};
