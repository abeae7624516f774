import type {
  Account,
  Ec2Instance,
  EcsContainerInstance,
  EcsService,
  EcsTask,
} from '../../simulator/account.ts';

/** What the builders of this file build into: one cluster, `shop`. */
export const clusterName = 'shop';

const arnPrefix = 'arn:aws:ecs:eu-central-1:123456789012';
export const clusterArn = `${arnPrefix}:cluster/${clusterName}`;
export const taskArn = (id: string): string => `${arnPrefix}:task/${clusterName}/${id}`;
export const instanceArn = (id: string): string =>
  `${arnPrefix}:container-instance/${clusterName}/${id}`;
export const serviceArn = (name: string): string => `${arnPrefix}:service/${clusterName}/${name}`;

/** Friday, 20 November 2026, 03:00Z. */
export const startedAt = new Date(Date.UTC(2026, 10, 20, 3));

/** A running task of `web` on Managed Instances, as ECS describes it. */
export const ecsTaskOf = (id: string, changes: Partial<EcsTask> = {}): EcsTask => ({
  taskArn: taskArn(id),
  clusterArn,
  taskDefinitionArn: `${arnPrefix}:task-definition/web:7`,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  group: 'service:web',
  startedBy: 'ecs-svc/7',
  launchType: 'MANAGED_INSTANCES',
  capacityProviderName: 'general',
  containerInstanceArn: instanceArn('c1'),
  availabilityZone: 'eu-central-1a',
  cpu: '256',
  memory: '512',
  healthStatus: 'HEALTHY',
  attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
  createdAt: startedAt,
  startedAt,
  version: 1,
  ...changes,
});

/** A container instance on a managed instance of two vCPU and four GiB, half of it taken. */
export const ecsInstanceOf = (
  id: string,
  changes: Partial<EcsContainerInstance> = {},
): EcsContainerInstance => ({
  containerInstanceArn: instanceArn(id),
  clusterArn,
  ec2InstanceId: `i-${id}`,
  capacityProviderName: 'general',
  status: 'ACTIVE',
  agentConnected: true,
  attributes: [
    { name: 'ecs.availability-zone', value: 'eu-central-1a' },
    { name: 'ecs.instance-type', value: 'c6a.large' },
    { name: 'ecs.cpu-architecture', value: 'x86_64' },
  ],
  registeredResources: [
    { name: 'CPU', type: 'INTEGER', integerValue: 2048 },
    { name: 'MEMORY', type: 'INTEGER', integerValue: 3767 },
    { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22', '2376'] },
    { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
  ],
  remainingResources: [
    { name: 'CPU', type: 'INTEGER', integerValue: 1024 },
    { name: 'MEMORY', type: 'INTEGER', integerValue: 1719 },
    { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22', '2376', '8080'] },
    { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: ['53'] },
  ],
  runningTasksCount: 4,
  pendingTasksCount: 0,
  registeredAt: startedAt,
  healthStatus: { overallStatus: 'OK' },
  tags: [],
  version: 1,
  ...changes,
});

/** A service of two tasks on Managed Instances. */
export const ecsServiceOf = (name: string, changes: Partial<EcsService> = {}): EcsService => ({
  serviceArn: serviceArn(name),
  serviceName: name,
  clusterArn,
  status: 'ACTIVE',
  desiredCount: 2,
  runningCount: 2,
  pendingCount: 0,
  capacityProviderStrategy: [{ capacityProvider: 'general', weight: 1 }],
  schedulingStrategy: 'REPLICA',
  deploymentController: { type: 'ECS' },
  availabilityZoneRebalancing: 'ENABLED',
  deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
  taskDefinition: `${arnPrefix}:task-definition/${name}:7`,
  deployments: [{ id: 'ecs-svc/7', status: 'PRIMARY', rolloutState: 'COMPLETED' }],
  tags: [],
  ...changes,
});

/** The EC2 instance under a managed container instance: hidden from lists. */
export const ec2InstanceOf = (id: string, changes: Partial<Ec2Instance> = {}): Ec2Instance => ({
  InstanceId: id,
  InstanceType: 'c6a.large',
  LaunchTime: startedAt,
  State: { Name: 'running' },
  Placement: { AvailabilityZone: 'eu-central-1a' },
  Operator: { Managed: true, Principal: 'ecs.amazonaws.com', HiddenByDefault: true },
  Tags: [],
  ...changes,
});

export type Counts = {
  readonly tasks?: number;
  readonly instances?: number;
  readonly services?: number;
};

const times = <T>(count: number, make: (id: string) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index.toString(16).padStart(8, '0')));

/** Adds the cluster, with so many tasks, instances (each with its EC2 instance) and services. */
export function addCluster(account: Account, counts: Counts = {}): void {
  account.clusters.set(clusterArn, { clusterArn, clusterName });
  add(account, {
    tasks: times(counts.tasks ?? 0, (id) => ecsTaskOf(id)),
    instances: times(counts.instances ?? 0, (id) => ecsInstanceOf(id)),
    services: times(counts.services ?? 0, (id) => ecsServiceOf(`s${id}`)),
    ec2Instances: times(counts.instances ?? 0, (id) => ec2InstanceOf(`i-${id}`)),
  });
}

/** Adds to the account, or replaces in it. */
export function add(
  account: Account,
  things: {
    readonly tasks?: readonly EcsTask[];
    readonly instances?: readonly EcsContainerInstance[];
    readonly services?: readonly EcsService[];
    readonly ec2Instances?: readonly Ec2Instance[];
  },
): void {
  for (const task of things.tasks ?? []) account.tasks.set(task.taskArn, task);
  for (const one of things.instances ?? []) {
    account.containerInstances.set(one.containerInstanceArn, one);
  }
  for (const service of things.services ?? []) account.services.set(service.serviceArn, service);
  for (const one of things.ec2Instances ?? []) account.ec2Instances.set(one.InstanceId, one);
}
