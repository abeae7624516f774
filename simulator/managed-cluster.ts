import type { Account, EcsContainerInstance, EcsService, EcsTask } from './account.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Ids of the container instances in `events/instance-replacement/`, with their EC2 instances. */
const sampleInstances = [
  { id: '4f1c0e2ab37d4c5f9a6b8d7e01c2f3a4', ec2: 'i-0a71c2e3f4a5b6c70', zone: 'a', managed: true },
  { id: '7a90b1c2d3e4f5061728394a5b6c7d8e', ec2: 'i-0b12d4e5f60718293', zone: 'b', managed: false },
  { id: '9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f40', ec2: 'i-0c41a2b3c4d5e6f70', zone: 'c', managed: true },
] as const;

/** Tasks of the cluster: the service (none: standalone), and the instance by its place in the list. */
const sampleTasks = [
  { id: 'web-1', service: 'web', on: 0 },
  { id: 'web-2', service: 'web', on: 1 },
  { id: 'web-3', service: 'web', on: 2 },
  { id: 'cart-1', service: 'cart', on: 0 },
  { id: 'cart-2', service: 'cart', on: 2 },
  { id: 'cart-3', service: 'cart', on: 2 },
  { id: 'report-1', service: undefined, on: 0 },
] as const;

/**
 * The cluster `prod` that the sample events about instances speak of: two managed instances, the first
 * one 14 days old at `nowMs`, and one of an Auto Scaling group. `web` moves; `cart` cannot, because its
 * maximum lets nothing start; a standalone task runs beside them. Returns the cluster's ARN.
 */
export function addManagedCluster(account: Account, nowMs: number): string {
  const prefix = `arn:aws:ecs:${account.region}:${account.accountId}`;
  const clusterArn = `${prefix}:cluster/prod`;
  account.clusters.set(clusterArn, { clusterArn, clusterName: 'prod' });
  addProviders(account, prefix, clusterArn);
  const arnOf = (id: string): string => `${prefix}:container-instance/prod/${id}`;
  for (const [at, { id, ec2, zone, managed }] of sampleInstances.entries()) {
    const launchedAt = new Date(nowMs - (14 - 3 * at) * dayMs);
    const instance: EcsContainerInstance = {
      containerInstanceArn: arnOf(id),
      clusterArn,
      ec2InstanceId: ec2,
      capacityProviderName: managed ? 'general' : 'asg-web',
      status: 'ACTIVE',
      agentConnected: true,
      attributes: [
        { name: 'ecs.availability-zone', value: `${account.region}${zone}` },
        { name: 'ecs.instance-type', value: 'm6a.large' },
        { name: 'ecs.cpu-architecture', value: 'x86_64' },
      ],
      registeredResources: resources(2048, 7680),
      remainingResources: resources(1024, 4096),
      runningTasksCount: 3,
      pendingTasksCount: 0,
      registeredAt: launchedAt,
      version: 40,
    };
    account.containerInstances.set(instance.containerInstanceArn, instance);
    account.ec2Instances.set(ec2, {
      InstanceId: ec2,
      InstanceType: 'm6a.large',
      LaunchTime: launchedAt,
      State: { Name: 'running' },
      Placement: { AvailabilityZone: `${account.region}${zone}` },
      Operator: { Managed: managed, HiddenByDefault: managed },
      Tags: [],
    });
  }
  for (const { id, service, on } of sampleTasks) {
    const { id: instanceId, managed, zone } = sampleInstances[on];
    const task: EcsTask = {
      taskArn: `${prefix}:task/prod/${id}`,
      clusterArn,
      taskDefinitionArn: `${prefix}:task-definition/${service ?? 'report'}:7`,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      group: service === undefined ? 'family:report' : `service:${service}`,
      startedBy: service === undefined ? 'nightly' : 'ecs-svc/7',
      launchType: managed ? 'MANAGED_INSTANCES' : 'EC2',
      capacityProviderName: managed ? 'general' : 'asg-web',
      containerInstanceArn: arnOf(instanceId),
      availabilityZone: `${account.region}${zone}`,
      cpu: '256',
      memory: '512',
      healthStatus: 'HEALTHY',
      createdAt: new Date(nowMs - 2 * dayMs),
      startedAt: new Date(nowMs - 2 * dayMs),
      version: 1,
    };
    account.tasks.set(task.taskArn, task);
  }
  addService(account, prefix, 'web', 200);
  addService(account, prefix, 'cart', 125);
  return clusterArn;
}

const resources = (cpu: number, memory: number): EcsContainerInstance['registeredResources'] => [
  { name: 'CPU', type: 'INTEGER', integerValue: cpu },
  { name: 'MEMORY', type: 'INTEGER', integerValue: memory },
  { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22', '2376'] },
];

function addProviders(account: Account, prefix: string, clusterArn: string): void {
  account.capacityProviders.set('general', {
    capacityProviderArn: `${prefix}:capacity-provider/general`,
    name: 'general',
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster: clusterArn,
  });
  account.capacityProviders.set('asg-web', {
    capacityProviderArn: `${prefix}:capacity-provider/asg-web`,
    name: 'asg-web',
    type: 'EC2_AUTOSCALING',
    status: 'ACTIVE',
  });
}

function addService(account: Account, prefix: string, name: string, maximumPercent: number): void {
  const service: EcsService = {
    serviceArn: `${prefix}:service/prod/${name}`,
    serviceName: name,
    clusterArn: `${prefix}:cluster/prod`,
    status: 'ACTIVE',
    desiredCount: 3,
    runningCount: 3,
    pendingCount: 0,
    capacityProviderStrategy: [{ capacityProvider: 'general', weight: 1 }],
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'ECS' },
    deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent },
    deployments: [{ id: 'ecs-svc/7', status: 'PRIMARY', rolloutState: 'COMPLETED' }],
    tags: [],
  };
  account.services.set(service.serviceArn, service);
}
