import type { EcsLaunchType, EcsPlacementConstraint, EcsTag, EcsTask } from '../account.ts';
import { type Core, cancelTimers, drawMs, setTimer } from './core.ts';
import { taskStateChange } from './events.ts';
import type { ExitRule, RangeMs } from './inputs.ts';
import { countTasks, release, reserve, takesInterface } from './room.ts';
import type {
  Cluster,
  Deployment,
  Instance,
  Provider,
  Service,
  Task,
  TaskDefinition,
  TaskStatus,
} from './state.ts';
import { deregisterTargets, dropTargets } from './targets.ts';

const defaults = {
  startMs: [8_000, 20_000],
  stopMs: [200, 2_000],
  stopExitCode: 143,
  stopTimeoutSeconds: 30,
} as const satisfies Record<string, RangeMs | number>;

/** From its place to the agent's first report, and from a container's end to that of its task. */
const agentMs: RangeMs = [500, 1_500];
const interfaceMs: RangeMs = [3_000, 8_000];
const deprovisionMs: RangeMs = [1_000, 3_000];

const killedExitCode = 137;

export type TaskSpec = {
  readonly cluster: Cluster;
  readonly definition: TaskDefinition;
  readonly launchType: EcsLaunchType;
  readonly provider: Provider | undefined;
  readonly service?: Service;
  readonly deployment?: Deployment;
  readonly group: string;
  readonly startedBy?: string;
  readonly constraints: readonly EcsPlacementConstraint[];
  readonly strategy: Task['strategy'];
  readonly reachableZones: readonly string[];
  readonly boundZone?: string;
  readonly overrides?: EcsTask['overrides'];
  readonly tags?: readonly EcsTag[];
};

/** Why a task stops, in the API's words. */
export type StopCause = { readonly code: string; readonly reason: string };

/** Adds a task in PROVISIONING; it has no place yet. */
export function createTask(core: Core, spec: TaskSpec): Task {
  const { cluster, definition, service, deployment, provider } = spec;
  const id = core.ids.hex32();
  const prefix = `arn:aws:ecs:${core.account.region}:${core.account.accountId}`;
  const arn = `${prefix}:task/${cluster.name}/${id}`;
  const task: Task = {
    arn,
    id,
    order: core.state.tasksCreated++,
    view: viewOf(core, arn, spec),
    cluster,
    definition,
    app: definition.app,
    service,
    deployment,
    launchType: spec.launchType,
    provider,
    constraints: [...spec.constraints, ...definition.constraints],
    strategy: spec.strategy,
    reachableZones: spec.reachableZones,
    boundZone: spec.boundZone,
    refused: new Set(),
    status: 'PROVISIONING',
    instance: undefined,
    zone: undefined,
    isStopping: false,
    hasRun: false,
    startedAtMs: undefined,
    isSettled: false,
    containerHealth: 'UNKNOWN',
    targetHealth: undefined,
    targets: [],
    protectedUntilMs: undefined,
    restarts: new Map(),
    timers: new Map(),
  };
  core.state.tasks.set(arn, task);
  core.account.tasks.set(arn, task.view);
  service?.tasks.add(task);
  deployment?.tasks.add(task);
  changed(core, task);
  return task;
}

function viewOf(core: Core, taskArn: string, spec: TaskSpec): EcsTask {
  const { definition, provider, cluster } = spec;
  const { region, accountId } = core.account;
  const id = taskArn.split('/').at(-1);
  return {
    taskArn,
    clusterArn: cluster.arn,
    taskDefinitionArn: definition.arn,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    group: spec.group,
    ...(spec.startedBy === undefined ? {} : { startedBy: spec.startedBy }),
    launchType: spec.launchType,
    ...(provider === undefined ? {} : { capacityProviderName: provider.name }),
    cpu: String(definition.cpu),
    memory: String(definition.memoryMiB),
    healthStatus: 'UNKNOWN',
    attachments: [],
    attributes: [{ name: 'ecs.cpu-architecture', value: definition.architecture ?? 'x86_64' }],
    containers: definition.containers.map(({ name, image, cpu = 0, memory }) => ({
      containerArn: `arn:aws:ecs:${region}:${accountId}:container/${cluster.name}/${id}/${core.ids.uuid()}`,
      name,
      image,
      lastStatus: 'PENDING',
      healthStatus: 'UNKNOWN',
      cpu: String(cpu),
      ...(memory === undefined ? {} : { memory: String(memory) }),
    })),
    overrides: spec.overrides ?? {
      containerOverrides: definition.containers.map(({ name }) => ({ name })),
    },
    createdAt: new Date(core.nowMs()),
    tags: [...(spec.tags ?? [])],
    version: 0,
  };
}

/** A new version of a task: its event, and what follows from it. */
export function changed(core: Core, task: Task): void {
  if (core.has('event-version')) task.view.version += 1;
  core.emit(taskStateChange(core, task));
  if (task.instance !== undefined) countTasks(task.instance);
  if (task.service !== undefined) core.touch(task.service);
  core.signal('task-changed', task);
}

function setStatus(core: Core, task: Task, status: TaskStatus): void {
  if (!core.has('task-lifecycle') && !endStates.has(status)) {
    // Without its stages a task is told of when it runs and when it has stopped.
    task.status = status;
    return;
  }
  task.status = status;
  task.view.lastStatus = status;
  changed(core, task);
}

const endStates: ReadonlySet<TaskStatus> = new Set(['RUNNING', 'STOPPED']);

/** Where a task goes: an instance, or a subnet of Fargate. */
export type Place =
  | { readonly instance: Instance }
  | { readonly zone: string; readonly subnetId: string };

/** Gives a task its place, and lets it start there. */
export function placeTask(core: Core, task: Task, place: Place): void {
  const { view, definition } = task;
  if ('instance' in place) {
    const { instance } = place;
    task.instance = instance;
    task.zone = instance.zone;
    view.containerInstanceArn = instance.arn;
    view.attributes = [{ name: 'ecs.cpu-architecture', value: instance.architecture }];
    if (definition.networkMode === 'bridge') bindPorts(core, task);
    reserve(core, instance, task);
  } else {
    task.zone = place.zone;
  }
  if (task.zone !== undefined) view.availabilityZone = task.zone;
  const subnetId = 'instance' in place ? place.instance.subnetId : place.subnetId;
  if (takesInterface(definition) && subnetId !== undefined) attachInterface(core, task, subnetId);
  view.connectivity = 'CONNECTED';
  view.connectivityAt = new Date(core.nowMs());
  const waitMs = takesInterface(definition) ? drawMs(core, 'interface-time', interfaceMs) : 0;
  setTimer(core, task.timers, 'life', waitMs, () => becomePending(core, task));
}

function attachInterface(core: Core, task: Task, subnetId: string): void {
  const number = core.state.interfacesCreated++;
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const mac = number.toString(16).padStart(8, '0').match(/../g)?.join(':') ?? '';
  task.view.attachments = [
    {
      id: core.ids.uuid(),
      type: 'eni',
      status: 'ATTACHED',
      details: [
        { name: 'subnetId', value: subnetId },
        { name: 'networkInterfaceId', value: core.ids.ec2('eni') },
        { name: 'macAddress', value: `02:00:${mac}` },
        { name: 'privateDnsName', value: `ip-${address.replaceAll('.', '-')}.ec2.internal` },
        { name: 'privateIPv4Address', value: address },
      ],
    },
  ];
}

const dynamicPortMin = 32_768;
const dynamicPorts = 28_000;

function bindPorts(core: Core, task: Task): void {
  for (const container of task.view.containers ?? []) {
    const mappings = task.definition.containers.find(({ name }) => name === container.name);
    container.networkBindings = (mappings?.portMappings ?? []).map((mapping) => ({
      bindIP: '0.0.0.0',
      containerPort: mapping.containerPort ?? 0,
      hostPort: mapping.hostPort || dynamicPortMin + (core.state.portsBound++ % dynamicPorts),
      protocol: mapping.protocol ?? 'tcp',
    }));
  }
}

function becomePending(core: Core, task: Task): void {
  setStatus(core, task, 'PENDING');
  const waitMs = drawMs(core, 'agent-time', agentMs);
  setTimer(core, task.timers, 'life', waitMs, () => activate(core, task));
}

function activate(core: Core, task: Task): void {
  const { app, view, definition } = task;
  view.pullStartedAt = new Date(core.nowMs());
  setStatus(core, task, 'ACTIVATING');
  const missing = definition.containers.find(({ image }) =>
    core.state.nature.missingImages.has(image),
  );
  const startMs = drawMs(core, 'start-time', app.startMs ?? defaults.startMs);
  setTimer(core, task.timers, 'life', startMs, () => {
    if (missing !== undefined) return failToPull(core, task, missing.image);
    view.pullStoppedAt = new Date(core.nowMs());
    const failure = app.startFailure;
    const fails = failure !== undefined && core.random('start-failure').chance(failure.chance ?? 1);
    if (!fails) return becomeRunning(core, task);
    const { reason, container, exitCode } = failure;
    const at = view.containers?.find(({ name }) => name === container);
    if (at !== undefined) {
      at.reason = reason;
      if (exitCode !== undefined) at.exitCode = exitCode;
    }
    failToStart(core, task, at === undefined ? reason : 'Task failed to start');
  });
}

function failToPull(core: Core, task: Task, image: string): void {
  const pull = 'pull image manifest has been retried 5 time(s): failed to resolve ref';
  failToStart(core, task, `CannotPullContainerError: ${pull} ${image}: ${image}: not found`);
}

/** Ends a task that never reached RUNNING. */
export function failToStart(core: Core, task: Task, reason: string): void {
  if (task.isStopping || task.status === 'STOPPED') return;
  core.signal('task-failed', task);
  stopTask(core, task, { code: 'TaskFailedToStart', reason });
}

function becomeRunning(core: Core, task: Task): void {
  const { view } = task;
  task.startedAtMs = core.nowMs();
  task.hasRun = true;
  view.startedAt = new Date(core.nowMs());
  for (const container of view.containers ?? []) {
    container.lastStatus = 'RUNNING';
    container.imageDigest = digestOf(container.image ?? '');
  }
  setStatus(core, task, 'RUNNING');
  core.signal('task-running', task);
  planExit(core, task, task.app.exit);
  planOutOfMemory(core, task);
}

/** A digest by name alone: a tag that is pushed again is a new image name here. */
function digestOf(image: string): string {
  let hash = 2_166_136_261;
  let text = '';
  for (let round = 0; round < 8; round += 1) {
    for (const char of `${round}${image}`) {
      hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
    }
    text += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return `sha256:${text}`;
}

const isEssential = (task: Task, name: string): boolean =>
  task.definition.containers.find((container) => container.name === name)?.essential !== false;

const firstEssential = ({ definition }: Task): string | undefined =>
  definition.containers.find(({ essential }) => essential !== false)?.name;

function planExit(core: Core, task: Task, exit: ExitRule | undefined): void {
  if (exit === undefined || !core.random('exit').chance(exit.chance ?? 1)) return;
  const afterMs = drawMs(core, 'exit', exit.afterMs);
  setTimer(core, task.timers, 'exit', afterMs, () => containerExits(core, task, exit));
}

const hourMs = 3_600_000;

/** A container that needs more memory than it may have is killed. */
function planOutOfMemory(core: Core, task: Task): void {
  const { memory } = task.app;
  const container = task.definition.containers.find(({ name }) => name === firstEssential(task));
  if (memory === undefined || container === undefined || !core.has('out-of-memory')) return;
  const limitMiB = container.memory ?? task.definition.memoryMiB;
  const leftMiB = limitMiB - memory.startMiB;
  if (leftMiB > 0 && memory.growthMiBPerHour <= 0) return;
  const afterMs = leftMiB <= 0 ? 1_000 : (leftMiB / memory.growthMiBPerHour) * hourMs;
  setTimer(core, task.timers, 'memory', Math.ceil(afterMs), () =>
    containerExits(core, task, {
      exitCode: killedExitCode,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
      container: container.name,
    }),
  );
}

/** A container has ended by itself. */
export function containerExits(
  core: Core,
  task: Task,
  exit: { readonly exitCode: number; readonly reason?: string; readonly container?: string },
): void {
  if (task.status !== 'RUNNING' || task.isStopping) return;
  const name = exit.container ?? firstEssential(task);
  const container = task.view.containers?.find((other) => other.name === name);
  if (name === undefined || container === undefined) return;
  if (isRestarted(core, task, name, exit.exitCode)) return;
  container.lastStatus = 'STOPPED';
  container.exitCode = exit.exitCode;
  if (exit.reason !== undefined) container.reason = exit.reason;
  if (!isEssential(task, name) && core.has('essential-container')) {
    changed(core, task);
    return;
  }
  core.signal('task-failed', task);
  stopTask(core, task, {
    code: 'EssentialContainerExited',
    reason: 'Essential container in task exited',
  });
}

const restartAttemptSecondsDefault = 300;

/** The agent starts a container again where its policy says so: the task does not change. */
function isRestarted(core: Core, task: Task, name: string, exitCode: number): boolean {
  const policy = task.definition.containers.find((other) => other.name === name)?.restartPolicy;
  if (policy?.enabled !== true || !core.has('container-restart')) return false;
  if (policy.ignoredExitCodes?.includes(exitCode)) return false;
  const periodMs = (policy.restartAttemptPeriod ?? restartAttemptSecondsDefault) * 1_000;
  const sinceMs = task.restarts.get(name) ?? task.startedAtMs ?? 0;
  if (core.nowMs() - sinceMs < periodMs) return false;
  task.restarts.set(name, core.nowMs());
  planExit(core, task, task.app.exit);
  planOutOfMemory(core, task);
  return true;
}

/**
 * Stops a task as ECS does: out of its target groups first, then SIGTERM, SIGKILL after the stop
 * timeout, and last its network. What is already on its way out goes on as it was.
 */
export function stopTask(core: Core, task: Task, { code, reason }: StopCause): void {
  if (task.isStopping || task.status === 'STOPPED') return;
  const { view } = task;
  const wasRunning = task.status === 'RUNNING';
  cancelTimers(task.timers);
  task.isStopping = true;
  view.desiredStatus = 'STOPPED';
  view.stopCode = code;
  view.stoppedReason = reason;
  view.stoppingAt = new Date(core.nowMs());
  task.provider?.waiting.delete(task);
  if (!wasRunning) {
    setStatus(core, task, 'DEPROVISIONING');
    finishLater(core, task);
    return;
  }
  const drainMs = deregisterTargets(core, task);
  if (drainMs === 0) {
    signalContainers(core, task);
    return;
  }
  setStatus(core, task, 'DEACTIVATING');
  setTimer(core, task.timers, 'life', drainMs, () => signalContainers(core, task));
}

/** SIGTERM, and what is left to do once the containers have ended. */
function signalContainers(core: Core, task: Task): void {
  setStatus(core, task, 'STOPPING');
  // Nobody is there to say that its containers have ended: the task ends with its host.
  if (task.instance?.isDead === true) return;
  setTimer(core, task.timers, 'life', endContainers(core, task), () => {
    task.view.executionStoppedAt = new Date(core.nowMs());
    setStatus(core, task, 'DEPROVISIONING');
    finishLater(core, task);
  });
}

/** Writes how each container will end, and returns when the last has, in ms. */
function endContainers(core: Core, task: Task): number {
  const { app, definition } = task;
  let longestMs = 0;
  for (const container of task.view.containers ?? []) {
    if (container.exitCode !== undefined) continue;
    const stopMs = drawMs(core, 'stop-time', app.stopMs ?? defaults.stopMs);
    const limit = definition.containers.find(({ name }) => name === container.name)?.stopTimeout;
    const limitMs = (limit ?? defaults.stopTimeoutSeconds) * 1_000;
    const isKilled = stopMs > limitMs && core.has('stop-timeout');
    container.exitCode = isKilled ? killedExitCode : (app.stopExitCode ?? defaults.stopExitCode);
    longestMs = Math.max(longestMs, isKilled ? limitMs : stopMs);
  }
  return longestMs;
}

function finishLater(core: Core, task: Task): void {
  const waitMs = drawMs(core, 'stop-time', deprovisionMs);
  setTimer(core, task.timers, 'life', waitMs, () => finish(core, task));
}

/** Ends a task whose host is gone: nobody sends a signal, and no exit code is known. */
export function endTask(core: Core, task: Task, { code, reason }: StopCause): void {
  if (task.status === 'STOPPED') return;
  const { view } = task;
  const now = new Date(core.nowMs());
  cancelTimers(task.timers);
  dropTargets(task);
  task.provider?.waiting.delete(task);
  if (!task.isStopping) {
    task.isStopping = true;
    view.desiredStatus = 'STOPPED';
    view.stopCode = code;
    view.stoppedReason = reason;
    view.stoppingAt = now;
    view.executionStoppedAt = now;
  }
  finish(core, task);
}

function finish(core: Core, task: Task): void {
  const { view, instance, service, deployment } = task;
  view.stoppedAt = new Date(core.nowMs());
  for (const attachment of view.attachments ?? []) attachment.status = 'DELETED';
  for (const container of view.containers ?? []) container.lastStatus = 'STOPPED';
  cancelTimers(task.timers);
  service?.tasks.delete(task);
  deployment?.tasks.delete(task);
  core.state.tasks.delete(task.arn);
  core.account.taskProtections.delete(task.arn);
  setStatus(core, task, 'STOPPED');
  if (instance !== undefined) release(core, instance, task);
  core.signal('task-stopped', task);
  const keptMs = core.variant('stopped-task-kept') === 'three-hours' ? 3 * hourMs : hourMs;
  const isKept = core.has('stopped-task-kept');
  core.after(isKept ? keptMs : 0, () => core.account.tasks.delete(task.arn));
}
