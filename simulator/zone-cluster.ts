import type { Account, EcsService } from './account.ts';

/** A cluster on Managed Instances in a few words: how its services stand in its zones. */
export type ZoneCluster = {
  readonly cluster: string;
  /** Zones by letter, each with the vCPUs that its one instance has free; null: no instance there. */
  readonly zones: Readonly<Record<string, number | null>>;
  readonly services: Readonly<Record<string, ZoneService>>;
};

export type ZoneService = {
  /** Tasks by zone. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly changes?: Partial<EcsService>;
};

const provider = 'general';
const type = 'm7g.2xlarge';

/** Where things of a cluster lie, and since when they run. */
type Place = {
  readonly prefix: string;
  readonly cluster: string;
  readonly clusterArn: string;
  readonly region: string;
  readonly startedAt: Date;
};

/** Puts the cluster into an account, everything running since a day before `nowMs`; returns its ARN. */
export function addZoneCluster(account: Account, given: ZoneCluster, nowMs: number): string {
  const { region, accountId } = account;
  const { cluster } = given;
  const prefix = `arn:aws:ecs:${region}:${accountId}`;
  const clusterArn = `${prefix}:cluster/${cluster}`;
  const startedAt = new Date(nowMs - 86_400_000);
  const place: Place = { prefix, cluster, clusterArn, region, startedAt };
  account.clusters.set(clusterArn, { clusterArn, clusterName: cluster });
  addProvider(account, given, clusterArn);
  for (const [zone, vCpus] of Object.entries(given.zones)) {
    if (vCpus !== null) addInstance(account, zone, vCpus, place);
  }
  for (const [name, service] of Object.entries(given.services)) {
    addService(account, name, service, place);
    addTasks(account, name, service, place);
  }
  return clusterArn;
}

const instanceArnOf = (zone: string, { prefix, cluster }: Place): string =>
  `${prefix}:container-instance/${cluster}/in-${zone}`;

function addInstance(account: Account, zone: string, vCpus: number, place: Place): void {
  const containerInstanceArn = instanceArnOf(zone, place);
  account.containerInstances.set(containerInstanceArn, {
    ...{ containerInstanceArn, clusterArn: place.clusterArn, ec2InstanceId: `i-0${zone}` },
    ...{ capacityProviderName: provider, status: 'ACTIVE', agentConnected: true, version: 1 },
    ...{ runningTasksCount: 0, pendingTasksCount: 0, registeredAt: place.startedAt, tags: [] },
    attributes: [
      { name: 'ecs.availability-zone', value: `${place.region}${zone}` },
      { name: 'ecs.instance-type', value: type },
      { name: 'ecs.cpu-architecture', value: 'arm64' },
    ],
    registeredResources: resources(64),
    remainingResources: resources(vCpus),
    healthStatus: { overallStatus: 'OK' },
  });
}

function addService(
  account: Account,
  name: string,
  { tasks, changes }: ZoneService,
  { prefix, cluster, clusterArn }: Place,
): void {
  const count = Object.values(tasks).reduce((sum, one) => sum + one, 0);
  const serviceArn = `${prefix}:service/${cluster}/${name}`;
  account.services.set(serviceArn, {
    ...{ serviceArn, serviceName: name, clusterArn, status: 'ACTIVE' },
    ...{ desiredCount: count, runningCount: count, pendingCount: 0 },
    taskDefinition: `${prefix}:task-definition/${name}:1`,
    capacityProviderStrategy: [{ capacityProvider: provider, weight: 1 }],
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'ECS' },
    availabilityZoneRebalancing: 'ENABLED',
    deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
    deployments: [{ id: `ecs-svc/${name}`, status: 'PRIMARY', rolloutState: 'COMPLETED' }],
    tags: [],
    ...changes,
  });
}

function addTasks(account: Account, name: string, { tasks }: ZoneService, place: Place): void {
  const { prefix, cluster, clusterArn, region, startedAt } = place;
  for (const [zone, count] of Object.entries(tasks)) {
    for (let at = 0; at < count; at += 1) {
      const taskArn = `${prefix}:task/${cluster}/${name}-${zone}-${at}`;
      account.tasks.set(taskArn, {
        ...{ taskArn, clusterArn, version: 1, createdAt: startedAt, startedAt },
        taskDefinitionArn: `${prefix}:task-definition/${name}:1`,
        ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING', healthStatus: 'HEALTHY' },
        ...{ group: `service:${name}`, startedBy: `ecs-svc/${name}` },
        ...{ launchType: 'MANAGED_INSTANCES', capacityProviderName: provider },
        containerInstanceArn: instanceArnOf(zone, place),
        availabilityZone: `${region}${zone}`,
        ...{ cpu: '1024', memory: '2048' },
        attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }],
      });
    }
  }
}

function addProvider(account: Account, { zones }: ZoneCluster, cluster: string): void {
  account.capacityProviders.set(provider, {
    capacityProviderArn: `arn:aws:ecs:${account.region}:${account.accountId}:capacity-provider/general`,
    name: provider,
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster,
    managedInstancesProvider: {
      instanceLaunchTemplate: {
        networkConfiguration: { subnets: Object.keys(zones).map((zone) => `subnet-${zone}`) },
      },
    },
  });
  for (const zone of Object.keys(zones)) {
    const SubnetId = `subnet-${zone}`;
    account.subnets.set(SubnetId, { SubnetId, AvailabilityZone: `${account.region}${zone}` });
  }
  account.instanceTypes.set(type, {
    InstanceType: type,
    VCpuInfo: { DefaultVCpus: 8 },
    MemoryInfo: { SizeInMiB: 32_768 },
    NetworkInfo: { MaximumNetworkInterfaces: 4 },
  });
}

/** Two GiB a vCPU. */
const resources = (vCpus: number) => [
  { name: 'CPU', type: 'INTEGER' as const, integerValue: 1_024 * vCpus },
  { name: 'MEMORY', type: 'INTEGER' as const, integerValue: 2_048 * vCpus },
  { name: 'PORTS', type: 'STRINGSET' as const, stringSetValue: [] },
  { name: 'PORTS_UDP', type: 'STRINGSET' as const, stringSetValue: [] },
];
