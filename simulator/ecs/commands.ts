import type { EcsCluster, EcsContainerInstance } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import type { AwsCommands, EcsCommands } from '../world.ts';
import { createAutoscaling } from './autoscaling.ts';
import type { Core } from './core.ts';
import { createDaemon, daemonOf, deployDaemon } from './daemons.ts';
import { registerTaskDefinition } from './definitions.ts';
import { isOver } from './deployments.ts';
import { continuePause } from './hooks.ts';
import type { CreateEventWindow, Failure } from './inputs.ts';
import {
  activateInstance,
  deregisterInstance,
  drainInstance,
  forcedStopCode,
  registerInstance,
} from './instances.ts';
import { createLoadBalancer } from './load-balancers.ts';
import { clusterOf, findInstanceOf, findTask, instanceOf, taskOf } from './lookup.ts';
import { updateTaskProtection } from './protection.ts';
import { createCapacityProvider } from './providers.ts';
import {
  createService,
  deleteService,
  setDesired,
  stopServiceDeployment,
  updateService,
} from './services.ts';
import { runTask, stopTask } from './standalone.ts';

const instancesMax = 10;

/** The operations of ECS. */
export function createEcsCommands(core: Core): EcsCommands {
  return {
    createCluster: ({ clusterName }) => createCluster(core, clusterName),
    createCapacityProvider: (input) => createCapacityProvider(core, input),
    registerTaskDefinition: (input) => registerTaskDefinition(core, input),
    createService: (input) => createService(core, input),
    updateService: (input) => updateService(core, input),
    deleteService: (input) => deleteService(core, input),
    runTask: (input) => runTask(core, input),
    stopTask: ({ cluster, task, reason }) =>
      stopTask(core, taskOf(core, clusterOf(core, cluster), task), reason),
    updateTaskProtection: ({ cluster, ...input }) => {
      const within = clusterOf(core, cluster);
      return updateTaskProtection(core, (task) => findTask(core, within, task), input);
    },
    updateContainerInstancesState: (input) => updateInstances(core, input),
    deregisterContainerInstance: (input) => deregister(core, input),
    continueServiceDeployment: ({ serviceDeploymentArn, hookId, action = 'CONTINUE' }) => {
      const run = core.account.serviceDeployments.get(serviceDeploymentArn);
      if (run === undefined) {
        throw new ServiceError(
          'ServiceDeploymentNotFoundException',
          'The service deployment does not exist.',
        );
      }
      if (isOver(run)) {
        throw new ServiceError(
          'InvalidParameterException',
          'Continuing a service deployment is not allowed for service deployment in terminal states.',
        );
      }
      continuePause(core, run, hookId, action);
      return { serviceDeploymentArn };
    },
    stopServiceDeployment: (input) => stopServiceDeployment(core, input),
    createDaemon: (input) => createDaemon(core, input),
    updateDaemon: ({ cluster, name }) => ({
      daemonDeploymentArn: deployDaemon(core, daemonOf(core, clusterOf(core, cluster), name)),
    }),
  };
}

function createCluster(core: Core, name: string): EcsCluster {
  const known = core.state.clusters.get(name);
  const { region, accountId } = core.account;
  const clusterArn = known?.arn ?? `arn:aws:ecs:${region}:${accountId}:cluster/${name}`;
  const view = { clusterArn, clusterName: name };
  if (known === undefined) {
    core.state.clusters.set(name, {
      arn: clusterArn,
      name,
      services: new Map(),
      instances: new Set(),
    });
    core.account.clusters.set(clusterArn, view);
  }
  return view;
}

function updateInstances(
  core: Core,
  input: Parameters<EcsCommands['updateContainerInstancesState']>[0],
): ReturnType<EcsCommands['updateContainerInstancesState']> {
  const { containerInstances, status } = input;
  const cluster = clusterOf(core, input.cluster);
  if (containerInstances.length === 0 || containerInstances.length > instancesMax) {
    throw new ServiceError(
      'InvalidParameterException',
      `containerInstances must have 1 to ${instancesMax} entries.`,
    );
  }
  const changed: EcsContainerInstance[] = [];
  const failures: Failure[] = [];
  for (const idOrArn of containerInstances) {
    const instance = findInstanceOf(core, cluster, idOrArn);
    if (instance === undefined) {
      failures.push({ arn: idOrArn, reason: 'MISSING' });
      continue;
    }
    // Whether users may drain managed instances is not shown anywhere; ECS itself uses this call.
    const isManaged = instance.kind === 'MANAGED_INSTANCES';
    if (isManaged && core.variant('managed-instance-user-drain') === 'refused') {
      throw new ServiceError(
        'InvalidParameterException',
        'Container instances of Amazon ECS Managed Instances cannot be changed by this operation.',
      );
    }
    if (status === 'DRAINING') drainInstance(core, instance, 'user');
    else if (core.has('draining-can-be-undone')) activateInstance(core, instance);
    changed.push(instance.view);
  }
  return { containerInstances: changed, failures };
}

function deregister(
  core: Core,
  input: Parameters<EcsCommands['deregisterContainerInstance']>[0],
): EcsContainerInstance {
  const instance = instanceOf(core, clusterOf(core, input.cluster), input.containerInstance);
  if (instance.tasks.size > 0 && input.force !== true) {
    throw new ServiceError(
      'InvalidParameterException',
      'Found running tasks on the instance. Use force to deregister it anyway.',
    );
  }
  deregisterInstance(core, instance, {
    code: forcedStopCode(core),
    reason: 'Container instance deregistration forced by user',
  });
  return instance.view;
}

/** The parts of AWS beside ECS that a scenario sets up. */
export function createAwsCommands(core: Core, ecs: EcsCommands): AwsCommands {
  const scale = createAutoscaling(core, (service, count) => setDesired(core, service, count));
  return {
    createSubnet: ({ subnetId, availabilityZone }) => {
      core.account.subnets.set(subnetId, {
        SubnetId: subnetId,
        AvailabilityZone: availabilityZone,
      });
    },
    createLoadBalancer: (input) => createLoadBalancer(core, input),
    createEventWindow: (input) => createEventWindow(core, input),
    scaleService: scale,
    setAlarm: ({ alarmName, state }) => {
      core.account.alarms.set(alarmName, {
        AlarmName: alarmName,
        StateValue: state,
        StateUpdatedTimestamp: new Date(core.nowMs()),
      });
      core.signal('alarm-changed', alarmName);
    },
    registerExternalInstance: (input) => registerExternal(core, input),
    scheduleTask: ({ everyMs, firstAtMs, task }) => {
      let timer = core.at(firstAtMs, run);
      function run(): void {
        timer = core.after(everyMs, run);
        ecs.runTask(task);
      }
      return { atMs: firstAtMs, cancel: () => timer.cancel() };
    },
  };
}

function registerExternal(
  core: Core,
  input: Parameters<AwsCommands['registerExternalInstance']>[0],
): EcsContainerInstance {
  const { cpu, memoryMiB, attributes = {} } = input;
  const { view } = registerInstance(core, {
    cluster: clusterOf(core, input.cluster),
    provider: undefined,
    kind: 'EXTERNAL',
    ec2InstanceId: core.ids.ec2('mi'),
    type: undefined,
    zone: undefined,
    subnetId: undefined,
    architecture: attributes['ecs.cpu-architecture'] === 'arm64' ? 'arm64' : 'x86_64',
    cpu,
    memoryMiB,
    interfaces: 0,
    attributes: { 'ecs.capability.external': '', 'ecs.os-type': 'linux', ...attributes },
    launchedAtMs: core.nowMs(),
    isSpot: false,
  });
  return view;
}

function createEventWindow(
  core: Core,
  { name, timeRanges, instanceIds, instanceTags }: CreateEventWindow,
): { readonly instanceEventWindowId: string } {
  const id = core.ids.ec2('iew');
  core.account.eventWindows.set(id, {
    InstanceEventWindowId: id,
    ...(name === undefined ? {} : { Name: name }),
    TimeRanges: timeRanges.map(({ startWeekDay, startHour, endWeekDay, endHour }) => ({
      StartWeekDay: startWeekDay,
      StartHour: startHour,
      EndWeekDay: endWeekDay,
      EndHour: endHour,
    })),
    AssociationTarget: {
      InstanceIds: [...(instanceIds ?? [])],
      Tags: (instanceTags ?? []).map(({ key, value }) => ({ Key: key, Value: value })),
    },
    State: 'active',
  });
  return { instanceEventWindowId: id };
}
