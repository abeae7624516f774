import type { Clock } from '../shared/runtime/clock.ts';
import {
  type Account,
  createAccount,
  type EcsCapacityProvider,
  type EcsCluster,
  type EcsContainerInstance,
  type EcsService,
  type EcsTask,
  type EcsTaskDefinition,
  type TaskProtection,
} from './account.ts';
import {
  type BehaviourId,
  behaviourIds,
  behaviours,
  type VariantChoices,
  type VariantOf,
} from './behaviours.ts';
import { createAwsCommands, createEcsCommands } from './ecs/commands.ts';
import { emptyState, installControlPlane } from './ecs/control-plane.ts';
import type { Core, EmittedEvent, SignalName } from './ecs/core.ts';
import { projectService } from './ecs/deployments.ts';
import { createIds, uuidOf } from './ecs/ids.ts';
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
import type { Service } from './ecs/state.ts';
import type { Timer } from './event-queue.ts';
import { createNature } from './nature.ts';
import { createStreams, drawOnce, type Random } from './random.ts';
import {
  clockOf,
  createFlight,
  createTimeline,
  type Flight,
  runWithPromises,
  type Timeline,
} from './timeline.ts';

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
  /** How many things have been run. */
  steps(): number;
  /** Steps while something is due until then, and moves time there. No promise is given a turn. */
  runUntil(atMs: number): void;
  /**
   * The same where promises take part: while a hook call, tracked or held work is under way, the event
   * loop gets turns between steps, so that continuations run at the time at which they were caused.
   */
  run(untilMs: number): Promise<void>;
  /** Time stands still until `work` has settled: for what is awaited outside the virtual clock. */
  hold<T>(work: Promise<T>): Promise<T>;
  /** Work of that kind that has not settled. */
  held(): number;
  /** Time goes on while `work` is under way, and promises get turns between steps: for handlers. */
  track<T>(work: Promise<T>): Promise<T>;

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
  /** Infrastructure optimisation of a capacity provider does nothing for that long. */
  optimizerStops(capacityProvider: string, forMs: number): void;
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

/** Creates an empty account with everything that ECS does in it, at `startMs`. */
export function createWorld(options: WorldOptions): World {
  const { seed, startMs } = options;
  const timeline = createTimeline(startMs);
  const flight = createFlight();
  const variants = chooseVariants(options);
  const made = createCore(options, timeline, flight, variants);
  const { core, events, settle, connectHooks } = made;
  installControlPlane(core);
  const step = (): boolean => timeline.step(settle);
  const ecs = commandsThat(made, createEcsCommands(core));
  return {
    account: core.account,
    seed,
    nowMs: timeline.nowMs,
    clock: clockOf(timeline),
    random: core.random,
    variant: core.variant,
    variants: () => variants,
    schedule: timeline.schedule,
    after: (delayMs, run) => timeline.schedule(timeline.nowMs() + delayMs, run),
    nextAtMs: timeline.nextAtMs,
    step,
    steps: timeline.steps,
    runUntil: (atMs) => {
      while ((timeline.nextAtMs() ?? Number.POSITIVE_INFINITY) <= atMs) step();
      timeline.advance(atMs);
    },
    run: (untilMs) => runWithPromises(timeline, flight, step, untilMs),
    hold: flight.hold,
    held: flight.held,
    track: flight.track,
    onEvent: events.listen,
    connectHooks,
    ecs,
    aws: commandsThat(made, createAwsCommands(core, ecs)),
    nature: commandsThat(made, createNature(core)),
  };
}

/** What the rules work with, and what has to be done after each of their steps. */
function createCore(options: WorldOptions, timeline: Timeline, flight: Flight, variants: Variants) {
  const { nowMs, schedule } = timeline;
  const random = createStreams(options.seed);
  const account = createAccount({
    nowMs,
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.accountId === undefined ? {} : { accountId: options.accountId }),
  });
  const events = createEvents(account, random);
  const dirty = new Set<Service>();
  const signals = createSignals();
  let callHook: CallHook = nobodyAnswers;
  /** Whatever the rules do, they do in a step of theirs or in a command. */
  const at: Core['at'] = (atMs, run) =>
    schedule(atMs, () => {
      account.changes += 1;
      run();
    });
  const core: Core = {
    account,
    state: emptyState(),
    ids: createIds(random('ids')),
    nowMs,
    at,
    after: (delayMs, run) => at(nowMs() + delayMs, run),
    random,
    has: (id) => variants[id] !== 'off',
    variant: (id) => variants[id] as VariantOf<typeof id>,
    emit: events.emit,
    ...signals,
    touch: (service) => dirty.add(service),
    callHook: (call, then) => {
      const answered = (answer: Parameters<typeof then>[0]): void => {
        core.after(0, () => then(answer));
      };
      // In a step of its own: whoever is called finds the account written, and time has not moved.
      core.after(0, () => {
        try {
          void flight.track(
            callHook(...call).then(
              (value) => answered({ value }),
              (cause: unknown) => answered({ error: errorOf(cause) }),
            ),
          );
        } catch (cause) {
          // Nobody was called: there is no promise that time would have to wait for.
          answered({ error: errorOf(cause) });
        }
      });
    },
  };
  return {
    core,
    events,
    /** The account is written and events are told when whatever caused them is done. */
    settle: (): void => {
      for (const service of dirty) projectService(core, service);
      dirty.clear();
      events.flush();
    },
    connectHooks: (call: CallHook): void => {
      callHook = call;
    },
  };
}

function createSignals(): Pick<Core, 'on' | 'signal'> {
  const listeners = new Map<SignalName, ((value: never) => void)[]>();
  return {
    on: (name, listener) => {
      const known = listeners.get(name) ?? [];
      known.push(listener);
      listeners.set(name, known);
    },
    signal: (name, value) => {
      for (const listener of listeners.get(name) ?? []) listener(value as never);
    },
  };
}

const nobodyAnswers: CallHook = (functionArn) => {
  throw new Error(`Function not found: ${functionArn}`);
};

const errorOf = (cause: unknown): Error =>
  cause instanceof Error ? cause : new Error(String(cause), { cause });

type Variants = { readonly [Id in BehaviourId]: string };

/** Draws what is not given, each rule by itself: choosing one leaves the others as they were. */
function chooseVariants({ seed, variants = {} }: WorldOptions): Variants {
  const entries = behaviourIds.map((id) => {
    const choices: readonly string[] = behaviours[id].variants;
    const wish: string | undefined = variants[id];
    if (wish !== undefined && wish !== 'off' && !choices.includes(wish)) {
      throw new Error(`variants.${id} must be one of ${choices.join(', ')} or off, got ${wish}`);
    }
    return [id, wish ?? drawOnce(seed, id, choices)] as const;
  });
  return Object.fromEntries(entries) as Variants;
}

function createEvents(account: Account, random: (concern: string) => Random) {
  const pending: EventEnvelope[] = [];
  const listeners = new Set<(event: EventEnvelope) => void>();
  return {
    emit: ({ detailType, source = 'aws.ecs', resources, detail }: EmittedEvent): void => {
      pending.push({
        version: '0',
        id: uuidOf(random('event-ids').hex(30)),
        'detail-type': detailType,
        source,
        account: account.accountId,
        time: new Date(account.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
        region: account.region,
        resources,
        detail,
      });
    },
    flush: (): void => {
      for (const event of pending.splice(0)) for (const tell of listeners) tell(event);
    },
    listen: (listener: (event: EventEnvelope) => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Every command leaves the account written and its events told, whether it succeeds or throws. */
function commandsThat<Commands extends object>(
  { core, settle }: Pick<ReturnType<typeof createCore>, 'core' | 'settle'>,
  commands: Commands,
): Commands {
  const wrapped = Object.entries(commands).map(([name, run]) => [
    name,
    (...inputs: readonly unknown[]) => {
      core.account.changes += 1;
      try {
        return run(...inputs);
      } finally {
        settle();
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Commands;
}
