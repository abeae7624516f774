import type { Ec2Instance, EcsAttribute } from '../account.ts';
import type { InstanceType } from '../instance-types.ts';
import { type Core, cancelTimers, drawMs, setTimer } from './core.ts';
import { failChecks } from './health.ts';
import type { RangeMs } from './inputs.ts';
import { instanceChanged, resourcesOf, roomGrew } from './room.ts';
import type { Architecture, Cluster, DrainCause, Instance, Provider } from './state.ts';
import { endTask, type StopCause } from './tasks.ts';

const hourMs = 3_600_000;

export type MachineSpec = {
  readonly type: InstanceType;
  readonly zone: string;
  readonly subnetId: string;
  readonly isSpot: boolean;
  /** Of a managed instance: hidden in lists, and not for users to end. */
  readonly isManaged: boolean;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
};

const operatorOf = (core: Core): string => `${core.variant('managed-operator')}.amazonaws.com`;

/** Starts an EC2 instance; it takes time until it registers with a cluster. */
export function launchMachine(core: Core, spec: MachineSpec): Ec2Instance {
  const machine: Ec2Instance = {
    InstanceId: core.ids.ec2('i'),
    InstanceType: spec.type.name,
    LaunchTime: new Date(core.nowMs()),
    State: { Name: 'pending' },
    Placement: { AvailabilityZone: spec.zone },
    SubnetId: spec.subnetId,
    ...(spec.isSpot ? { InstanceLifecycle: 'spot' as const } : {}),
    ...(spec.isManaged && core.has('managed-instances-hidden')
      ? { Operator: { Managed: true, Principal: operatorOf(core), HiddenByDefault: true } }
      : {}),
    Tags: [...spec.tags],
  };
  core.account.ec2Instances.set(machine.InstanceId, machine);
  machineChanged(core, machine);
  return machine;
}

export function setMachineState(core: Core, ec2InstanceId: string, state: string): void {
  const machine = core.account.ec2Instances.get(ec2InstanceId);
  if (machine === undefined || machine.State.Name === state) return;
  if (machine.State.Name === 'terminated') return;
  machine.State = { Name: state };
  machineChanged(core, machine);
  if (state !== 'terminated') return;
  // EC2 shows what it terminated for about an hour.
  core.after(hourMs, () => core.account.ec2Instances.delete(ec2InstanceId));
}

/** `EC2 Instance State-change Notification`; whether hidden instances send it is not said. */
function machineChanged(core: Core, machine: Ec2Instance): void {
  const isHidden = machine.Operator?.HiddenByDefault === true;
  if (isHidden && core.variant('managed-instance-ec2-events') !== 'sent') return;
  const { region, accountId } = core.account;
  core.emit({
    detailType: 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    resources: [`arn:aws:ec2:${region}:${accountId}:instance/${machine.InstanceId}`],
    detail: { 'instance-id': machine.InstanceId, state: machine.State.Name },
  });
}

export type InstanceSpec = {
  readonly cluster: Cluster;
  readonly provider: Provider | undefined;
  readonly kind: Instance['kind'];
  /** `i-…`, or `mi-…` of a machine in ECS Anywhere. */
  readonly ec2InstanceId: string;
  readonly type: InstanceType | undefined;
  readonly zone: string | undefined;
  readonly subnetId: string | undefined;
  readonly architecture: Architecture;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly interfaces: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly launchedAtMs: number;
  readonly isSpot: boolean;
  readonly isForRebalancing?: boolean;
};

/** Registers a container instance: from now on tasks can be placed on it. */
export function registerInstance(core: Core, spec: InstanceSpec): Instance {
  const { cluster, provider, cpu, memoryMiB } = spec;
  const id = core.ids.hex32();
  const { region, accountId } = core.account;
  const arn = `arn:aws:ecs:${region}:${accountId}:container-instance/${cluster.name}/${id}`;
  const attributes = new Map(Object.entries(spec.attributes));
  const ports = new Set<string>();
  const resources = resourcesOf(cpu, memoryMiB, ports);
  const instance: Instance = {
    arn,
    id,
    cluster,
    provider,
    kind: spec.kind,
    view: {
      containerInstanceArn: arn,
      clusterArn: cluster.arn,
      ec2InstanceId: spec.ec2InstanceId,
      ...(provider === undefined ? {} : { capacityProviderName: provider.name }),
      status: 'ACTIVE',
      agentConnected: true,
      attributes: [...attributes].map(
        ([name, value]): EcsAttribute => (value === '' ? { name } : { name, value }),
      ),
      registeredResources: resources,
      remainingResources: structuredClone(resources),
      runningTasksCount: 0,
      pendingTasksCount: 0,
      registeredAt: new Date(core.nowMs()),
      healthStatus: { overallStatus: 'OK', details: [] },
      tags: [],
      version: 0,
    },
    ec2InstanceId: spec.ec2InstanceId,
    type: spec.type,
    zone: spec.zone,
    subnetId: spec.subnetId,
    architecture: spec.architecture,
    attributes,
    launchedAtMs: spec.launchedAtMs,
    isSpot: spec.isSpot,
    isForRebalancing: spec.isForRebalancing ?? false,
    tasks: new Set(),
    registeredCpu: cpu,
    registeredMemoryMiB: memoryMiB,
    cpu,
    memoryMiB,
    interfaces: spec.interfaces,
    ports,
    contents: 0,
    judged: undefined,
    drain: undefined,
    isDead: false,
    timers: new Map(),
  };
  core.state.instances.set(arn, instance);
  core.account.containerInstances.set(arn, instance.view);
  cluster.instances.add(instance);
  provider?.instances.add(instance);
  provider?.withRoom.add(instance);
  roomGrew(instance);
  instanceChanged(core, instance);
  core.signal('instance-registered', instance);
  core.signal('capacity-changed', provider);
  return instance;
}

/** Whether a task may go there at all, its room apart. */
export const takesTasks = (core: Core, instance: Instance): boolean =>
  instance.view.status === 'ACTIVE' &&
  (instance.view.agentConnected || !core.has('disconnected-agent-gets-no-task'));

/** Sets an instance to DRAINING: nothing new comes, and its services move their tasks away. */
export function drainInstance(core: Core, instance: Instance, cause: DrainCause): void {
  if (instance.view.status !== 'ACTIVE') return;
  instance.drain = { cause, sinceMs: core.nowMs() };
  instance.view.status = 'DRAINING';
  instanceChanged(core, instance);
}

/** Takes a drain back: tasks may come again. */
export function activateInstance(core: Core, instance: Instance): void {
  if (instance.view.status !== 'DRAINING') return;
  instance.drain = undefined;
  instance.view.status = 'ACTIVE';
  roomGrew(instance);
  instanceChanged(core, instance);
  core.signal('capacity-changed', instance.provider);
}

const terminateMs: RangeMs = [20_000, 60_000];

/** Of the tasks of an instance that is deregistered by force. */
export function forcedStopCode(core: Core): string {
  const code = core.variant('forced-stop-code');
  return code === 'off' ? '' : code;
}

/**
 * Takes an instance out of its cluster. What still runs on it ends, or is no longer ECS's business:
 * both are STOPPED for ECS. A managed instance is terminated, another machine stays as it is.
 */
export function deregisterInstance(core: Core, instance: Instance, cause: StopCause): void {
  const isManaged =
    instance.kind === 'MANAGED_INSTANCES' && core.has('force-ends-managed-instance');
  if (instance.view.status === 'DEREGISTERING' || instance.view.status === 'INACTIVE') return;
  if (isManaged) {
    instance.view.status = 'DEREGISTERING';
    instanceChanged(core, instance);
  }
  for (const task of [...instance.tasks]) endTask(core, task, cause);
  if (!isManaged) {
    removeInstance(core, instance);
    return;
  }
  setMachineState(core, instance.ec2InstanceId, 'shutting-down');
  core.after(drawMs(core, 'terminate-time', terminateMs), () => {
    setMachineState(core, instance.ec2InstanceId, 'terminated');
    removeInstance(core, instance);
  });
}

/** An instance is INACTIVE for a while before it is forgotten. */
function removeInstance(core: Core, instance: Instance): void {
  if (instance.view.status === 'INACTIVE') return;
  cancelTimers(instance.timers);
  instance.view.status = 'INACTIVE';
  instance.view.agentConnected = false;
  instanceChanged(core, instance);
  core.state.instances.delete(instance.arn);
  core.account.deadInstances.delete(instance.arn);
  instance.cluster.instances.delete(instance);
  instance.provider?.instances.delete(instance);
  instance.provider?.withRoom.delete(instance);
  core.signal('instance-gone', instance);
  core.after(hourMs, () => core.account.containerInstances.delete(instance.arn));
}

const noticeMs: Readonly<Record<string, RangeMs>> = {
  'within-a-minute': [20_000, 60_000],
  'within-five-minutes': [120_000, 300_000],
};

/**
 * The machine is gone at once, and nobody answers there: neither requests nor the checks of target
 * groups. ECS finds out later, and stops what ran on it in its books.
 */
export function instanceDies(core: Core, instance: Instance): void {
  if (instance.isDead) return;
  instance.isDead = true;
  core.account.deadInstances.add(instance.arn);
  for (const task of instance.tasks) {
    cancelTimers(task.timers);
    if (core.has('dead-host-tasks')) failChecks(core, task, 'load-balancer', undefined);
  }
  setMachineState(core, instance.ec2InstanceId, 'shutting-down');
  setMachineState(core, instance.ec2InstanceId, 'terminated');
  instance.view.agentConnected = false;
  instanceChanged(core, instance);
  const range = noticeMs[core.variant('host-loss-noticed')] ?? [0, 0];
  setTimer(core, instance.timers, 'loss', drawMs(core, 'loss-time', range), () => {
    const code = core.variant('host-loss-stop-code');
    const reason = `Host EC2 (instance ${instance.ec2InstanceId}) terminated.`;
    for (const task of [...instance.tasks]) {
      endTask(core, task, { code: code === 'off' ? '' : code, reason });
    }
    removeInstance(core, instance);
  });
}
