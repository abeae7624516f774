import type { Clock } from '../shared/runtime/clock.ts';
import type {
  Account,
  EcsCapacityProvider,
  EcsCluster,
  EcsContainerInstance,
  EcsService,
  EcsTask,
  EcsTaskDefinition,
  TaskProtection,
} from './account.ts';
import type { BehaviourId, VariantChoices, VariantOf } from './behaviours.ts';
import type {
  AppBehaviour,
  CallHook,
  CapacityScope,
  CreateCapacityProvider,
  CreateDaemon,
  CreatedLoadBalancer,
  CreateEventWindow,
  CreateLoadBalancer,
  CreateService,
  Failure,
  RegisterTaskDefinition,
  RunTask,
  ScaleService,
  UpdateService,
} from './ecs/inputs.ts';
import type { Timer } from './event-queue.ts';
import type { Random } from './random.ts';

/** An event as EventBridge delivers it. A listener gets a value of its own that nobody changes later. */
export type EventEnvelope = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

export type WorldOptions = {
  readonly seed: number;
  readonly startMs: number;
  readonly region?: string;
  readonly accountId?: string;
  /** Variants that are not left to the seed; `off` takes a rule away. */
  readonly variants?: VariantChoices;
};

/**
 * A simulated account with an ECS control plane, in virtual time: a pure function of options, commands
 * and what hook functions answer. Commands throw a `ServiceError` where AWS would refuse.
 */
export type World = {
  /** What responders read. It is consistent whenever a step or a command has returned. */
  readonly account: Account;
  readonly seed: number;
  nowMs(): number;
  /** The same time for handlers; who sleeps on it wakes in a step. */
  readonly clock: Clock;
  /** A stream by concern: `faults` does not shift when `launch` is drawn from more often. */
  random(concern: string): Random;
  variant<Id extends BehaviourId>(id: Id): VariantOf<Id>;
  /** Every rule's variant in this world: what a report shows beside the seed. */
  variants(): Readonly<Record<BehaviourId, string>>;

  /** Not before now; equal times run in the order in which they were scheduled. */
  schedule(atMs: number, run: () => void): Timer;
  after(delayMs: number, run: () => void): Timer;
  /** When the next thing is due, or undefined when nothing ever is. */
  nextAtMs(): number | undefined;
  /** Moves time to the next thing and runs it; false when there is none. */
  step(): boolean;
  /** Steps while something is due until then, and moves time there. No promise is given a turn. */
  runUntil(atMs: number): void;
  /**
   * The same where promises take part: while a hook call or held work is under way, the event loop gets
   * turns between steps, so that its continuations run at the time at which they were caused.
   */
  run(untilMs: number): Promise<void>;
  /** Time stands still until `work` has settled: for what is awaited outside the virtual clock. */
  hold<T>(work: Promise<T>): Promise<T>;

  /** Called after the step or command that caused the event; the order is that of causes. */
  onEvent(listener: (event: EventEnvelope) => void): () => void;
  /** What answers lifecycle hooks; without it ECS cannot invoke them, and rolls back. */
  connectHooks(call: CallHook): void;

  /** The ECS API, as users call it and responders do for them. */
  readonly ecs: EcsCommands;
  /** The rest of AWS that a scenario sets up. */
  readonly aws: AwsCommands;
  /** What nobody asked for. */
  readonly nature: NatureCommands;
};

export type EcsCommands = {
  createCluster(input: { readonly clusterName: string }): EcsCluster;
  createCapacityProvider(input: CreateCapacityProvider): EcsCapacityProvider;
  registerTaskDefinition(input: RegisterTaskDefinition): EcsTaskDefinition;
  createService(input: CreateService): EcsService;
  updateService(input: UpdateService): EcsService;
  deleteService(input: {
    readonly cluster: string;
    readonly service: string;
    readonly force?: boolean;
  }): EcsService;
  runTask(input: RunTask): { readonly tasks: EcsTask[]; readonly failures: Failure[] };
  stopTask(input: {
    readonly cluster: string;
    readonly task: string;
    readonly reason?: string;
  }): EcsTask;
  updateTaskProtection(input: {
    readonly cluster: string;
    readonly tasks: readonly string[];
    readonly protectionEnabled: boolean;
    readonly expiresInMinutes?: number;
  }): {
    readonly protectedTasks: (TaskProtection & { readonly taskArn: string })[];
    readonly failures: Failure[];
  };
  updateContainerInstancesState(input: {
    readonly cluster: string;
    readonly containerInstances: readonly string[];
    readonly status: 'ACTIVE' | 'DRAINING';
  }): { readonly containerInstances: EcsContainerInstance[]; readonly failures: Failure[] };
  deregisterContainerInstance(input: {
    readonly cluster: string;
    readonly containerInstance: string;
    readonly force?: boolean;
  }): EcsContainerInstance;
  continueServiceDeployment(input: {
    readonly serviceDeploymentArn: string;
    readonly hookId: string;
    readonly action?: 'CONTINUE' | 'ROLLBACK';
  }): { readonly serviceDeploymentArn: string };
  stopServiceDeployment(input: {
    readonly serviceDeploymentArn: string;
    readonly stopType?: 'ROLLBACK' | 'ABORT';
  }): { readonly serviceDeploymentArn: string };
  /** A managed daemon; deploying it again replaces the provider's instances in batches. */
  createDaemon(input: CreateDaemon): { readonly daemonArn: string };
  updateDaemon(input: { readonly cluster: string; readonly name: string }): {
    readonly daemonDeploymentArn: string;
  };
};

export type AwsCommands = {
  /** Adds a subnet in a zone. */
  createSubnet(input: { readonly subnetId: string; readonly availabilityZone: string }): void;
  createLoadBalancer(input: CreateLoadBalancer): CreatedLoadBalancer;
  createEventWindow(input: CreateEventWindow): { readonly instanceEventWindowId: string };
  /** Registers a scalable target, with or without a target tracking policy and its load. */
  scaleService(input: ScaleService): void;
  setAlarm(input: { readonly alarmName: string; readonly state: 'ALARM' | 'OK' }): void;
  /** Registers a machine of ECS Anywhere. */
  registerExternalInstance(input: {
    readonly cluster: string;
    readonly cpu: number;
    readonly memoryMiB: number;
    readonly attributes?: Readonly<Record<string, string>>;
  }): EcsContainerInstance;
  /** An EventBridge schedule that runs tasks. */
  scheduleTask(input: {
    readonly everyMs: number;
    readonly firstAtMs: number;
    readonly task: RunTask;
  }): Timer;
};

export type NatureCommands = {
  /** The machine under a container instance is gone. */
  instanceDies(containerInstanceArn: string): void;
  /** From now on, for that long: machines die, Fargate tasks stop, nothing can be launched there. */
  zoneOutage(zone: string, forMs: number): void;
  /** EC2 takes a Spot instance back in two minutes. */
  spotNotice(containerInstanceArn: string): void;
  /** Fargate takes the capacity of a FARGATE_SPOT task back. */
  spotTaskInterrupted(taskArn: string): void;
  /** The image cannot be pulled; running containers are not concerned. */
  imageMissing(image: string, forMs?: number): void;
  /** Launches take that much longer. */
  slowCapacity(scope: CapacityScope, extraMs: number, forMs: number): void;
  /** Launches are refused. */
  noCapacity(scope: CapacityScope, forMs: number): void;
  /** The agent is not heard of for that long. */
  agentDisconnects(containerInstanceArn: string, forMs: number): void;
  healthImpaired(
    containerInstanceArn: string,
    check: 'CONTAINER_RUNTIME' | 'ACCELERATED_COMPUTE' | 'DAEMON' | 'AGENT_CONNECTIVITY',
    statusReason: string,
    forMs?: number,
  ): void;
  /** A running task stops answering the checks of its container, or of its load balancer. */
  taskFailsHealthChecks(taskArn: string, of: 'container' | 'load-balancer', forMs?: number): void;
  taskExits(
    taskArn: string,
    exit: { readonly exitCode: number; readonly reason?: string; readonly container?: string },
  ): void;
  /** AWS retires the host under a Fargate task. */
  fargateMaintenance(taskArn: string): void;
  /** A daemon's task cannot be started on the instance. */
  daemonTaskFails(containerInstanceArn: string, daemonArn: string, reason: string): void;
  /** From the next task on, tasks of this definition behave so. */
  appChanges(taskDefinitionArn: string, app: AppBehaviour): void;
};
