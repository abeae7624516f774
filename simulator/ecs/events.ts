import type { EcsTask } from '../account.ts';
import type { Core, EmittedEvent } from './core.ts';
import type { Deployment, Instance, Service, Task } from './state.ts';

/** ISO with milliseconds, as ECS writes most of its times. */
export const iso = (atMs: number): string => new Date(atMs).toISOString();

const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };

const optionalTime = (name: string, value: Date | undefined) =>
  optional(name, value?.toISOString());

/**
 * Attachments as they are now: their status changes in place. Everything else that an event takes over
 * as a list (attributes, resources, overrides, ports) is never changed, another one takes its place.
 */
const attachmentsOf = ({ attachments = [] }: EcsTask) => attachments.map((one) => ({ ...one }));

/**
 * `ECS Task State Change`. Health is not in it.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
export function taskStateChange(core: Core, task: Task): EmittedEvent {
  const { view } = task;
  return {
    detailType: 'ECS Task State Change',
    resources: [view.taskArn],
    detail: {
      attachments: attachmentsOf(view),
      attributes: view.attributes ?? [],
      ...optional('availabilityZone', view.availabilityZone),
      ...optional('capacityProviderName', view.capacityProviderName),
      clusterArn: view.clusterArn,
      ...optional('connectivity', view.connectivity),
      ...optionalTime('connectivityAt', view.connectivityAt),
      ...optional('containerInstanceArn', view.containerInstanceArn),
      containers: containersOf(view),
      ...optional('cpu', view.cpu),
      ...optionalTime('createdAt', view.createdAt),
      desiredStatus: view.desiredStatus,
      enableExecuteCommand: false,
      ...fargateFields(view),
      ...optional('group', view.group),
      ...optional('launchType', isLaunchTypeTold(core, view) ? view.launchType : undefined),
      lastStatus: view.lastStatus,
      ...optional('memory', view.memory),
      overrides: view.overrides ?? { containerOverrides: [] },
      ...optionalTime('pullStartedAt', view.pullStartedAt),
      ...optionalTime('pullStoppedAt', view.pullStoppedAt),
      ...optionalTime('startedAt', view.startedAt),
      ...optional('startedBy', view.startedBy),
      ...stopFields(view),
      taskArn: view.taskArn,
      taskDefinitionArn: view.taskDefinitionArn,
      updatedAt: iso(core.nowMs()),
      version: view.version,
    },
  };
}

const isLaunchTypeTold = (core: Core, { launchType }: EcsTask): boolean =>
  launchType !== 'MANAGED_INSTANCES' || core.variant('managed-launch-type') !== 'left-out';

const fargateFields = ({ launchType }: EcsTask) =>
  launchType === 'FARGATE' ? { platformVersion: '1.4.0', ephemeralStorage: { sizeInGiB: 20 } } : {};

const stopFields = (view: EcsTask) => ({
  ...optionalTime('executionStoppedAt', view.executionStoppedAt),
  ...optionalTime('stoppingAt', view.stoppingAt),
  ...optionalTime('stoppedAt', view.stoppedAt),
  ...optional('stopCode', view.stopCode),
  ...optional('stoppedReason', view.stoppedReason),
});

function containersOf({ taskArn, containers = [], attachments = [] }: EcsTask) {
  const networkInterfaces = attachments
    .filter(({ type, status }) => type === 'eni' && status === 'ATTACHED')
    .map(({ id, details }) => ({
      attachmentId: id,
      ...optional(
        'privateIpv4Address',
        details.find(({ name }) => name === 'privateIPv4Address')?.value,
      ),
    }));
  return containers.map(({ healthStatus: _, networkBindings, cpu = '0', ...container }) => ({
    ...container,
    taskArn,
    ...(networkBindings === undefined ? {} : { networkBindings }),
    networkInterfaces,
    cpu,
  }));
}

/**
 * `ECS Container Instance State Change`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
 */
export function instanceStateChange(core: Core, { view }: Instance): EmittedEvent {
  const asDescribed = core.variant('instance-event-fields') === 'as-described';
  return {
    detailType: 'ECS Container Instance State Change',
    resources: [view.containerInstanceArn],
    detail: {
      agentConnected: view.agentConnected,
      attributes: view.attributes,
      clusterArn: view.clusterArn,
      containerInstanceArn: view.containerInstanceArn,
      ...optional('ec2InstanceId', view.ec2InstanceId),
      registeredResources: view.registeredResources,
      remainingResources: view.remainingResources,
      status: view.status,
      version: view.version,
      versionInfo: {
        agentHash: 'a5b3c1d2',
        agentVersion: '1.98.0',
        dockerVersion: 'DockerVersion: 25.0.13',
      },
      updatedAt: iso(core.nowMs()),
      ...(asDescribed
        ? {
            ...optional('capacityProviderName', view.capacityProviderName),
            ...optionalTime('registeredAt', view.registeredAt),
            ...optional('statusReason', view.statusReason),
          }
        : {}),
    },
  };
}

/**
 * `ECS Container Instance Health Change`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_health_events.html
 */
export function instanceHealthChange(
  core: Core,
  { view }: Instance,
  changed: { readonly type: string; readonly status: string; readonly statusReason?: string },
): EmittedEvent {
  const now = new Date(core.nowMs()).toISOString();
  return {
    detailType: 'ECS Container Instance Health Change',
    resources: [view.containerInstanceArn],
    detail: {
      clusterArn: view.clusterArn,
      containerInstanceArn: view.containerInstanceArn,
      capacityProviderName: view.capacityProviderName ?? null,
      ...optional('ec2InstanceId', view.ec2InstanceId),
      overallStatus: view.healthStatus?.overallStatus ?? 'OK',
      healthChecks: [
        {
          type: changed.type,
          status: changed.status,
          lastStatusChange: now,
          lastUpdated: now,
          statusReason: changed.statusReason ?? null,
        },
      ],
    },
  };
}

export type ServiceActionName =
  | 'SERVICE_STEADY_STATE'
  | 'SERVICE_DESIRED_COUNT_UPDATED'
  | 'SERVICE_TASK_START_IMPAIRED'
  | 'SERVICE_TASK_PLACEMENT_FAILURE'
  | 'SERVICE_REBALANCING_STARTED'
  | 'SERVICE_REBALANCING_COMPLETED'
  | 'SERVICE_REBALANCING_STOPPED'
  | 'TASKS_STARTED'
  | 'TASKS_STOPPED'
  | 'TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION'
  | 'CAPACITY_PROVIDER_STEADY_STATE';

const eventTypeOf = (name: ServiceActionName): 'INFO' | 'WARN' | 'ERROR' => {
  if (name === 'SERVICE_TASK_START_IMPAIRED') return 'WARN';
  return name === 'SERVICE_TASK_PLACEMENT_FAILURE' ? 'ERROR' : 'INFO';
};

/**
 * `ECS Service Action`. It has no version.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
 */
export function serviceAction(
  core: Core,
  service: Service,
  eventName: ServiceActionName,
  extra: Readonly<Record<string, unknown>> = {},
): EmittedEvent {
  return {
    detailType: 'ECS Service Action',
    resources: [service.arn],
    detail: {
      eventType: eventTypeOf(eventName),
      eventName,
      clusterArn: service.cluster.arn,
      ...extra,
      createdAt: iso(core.nowMs()),
    },
  };
}

/**
 * `ECS Deployment State Change`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 */
export function deploymentStateChange(
  core: Core,
  { service }: Deployment,
  eventName:
    | 'SERVICE_DEPLOYMENT_IN_PROGRESS'
    | 'SERVICE_DEPLOYMENT_COMPLETED'
    | 'SERVICE_DEPLOYMENT_FAILED',
  deploymentId: string,
  reason: string,
): EmittedEvent {
  return {
    detailType: 'ECS Deployment State Change',
    resources: [service.arn],
    detail: {
      eventType: eventName === 'SERVICE_DEPLOYMENT_FAILED' ? 'ERROR' : 'INFO',
      eventName,
      ...(core.has('deployment-event-cluster') ? { clusterArn: service.cluster.arn } : {}),
      deploymentId,
      updatedAt: iso(core.nowMs()),
      reason,
    },
  };
}

/** An event of a service in the words of `DescribeServices`; ECS keeps the last hundred. */
export function noteServiceEvent(core: Core, service: Service, message: string): void {
  const events = service.view.events ?? [];
  service.view.events = [
    { id: core.ids.uuid(), createdAt: new Date(core.nowMs()), message },
    ...events.slice(0, serviceEventsMax - 1),
  ];
}

const serviceEventsMax = 100;
