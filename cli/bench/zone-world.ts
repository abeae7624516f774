import {
  type Instance,
  type Service,
  type Snapshot,
  snapshotVersion,
  type Task,
} from '../../shared/domain/snapshot.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { type Counts, totalOf } from '../../shared/domain/zone-balance.ts';

export type ZoneWorldSize = {
  readonly tasks: number;
  readonly instances: number;
  readonly services: number;
};

const region = 'eu-central-1';
const arnPrefix = `arn:aws:ecs:${region}:123456789012`;
const zones = ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
const providers = ['general', 'memory', 'batch', 'edge'];
const takenAtMs = Date.parse('2026-11-26T09:00:00Z');

/**
 * A cluster whose services have gathered in one zone each, as they do on managed instances: every
 * task fits where it is, and an instance has `freeShare` of its CPU and memory left on average.
 */
export function drawZoneWorld(size: ZoneWorldSize, freeShare: number, seed: number): Snapshot {
  const random = createRandom(seed);
  const services = Array.from({ length: size.services }, (_, at) => serviceAt(at, size, random));
  const hosts = Array.from({ length: size.instances }, (_, at) => hostAt(at));
  const tasks = services.flatMap((service, at) => {
    const home = random.integer(0, zones.length - 1);
    return Array.from({ length: service.desired }, (_, number) => {
      const zone = zones[random.next() < 0.6 ? home : random.integer(0, zones.length - 1)];
      const own = hosts.filter(
        (host) => host.zone === zone && host.capacityProvider === service.capacityProviders[0],
      );
      const host = own[random.integer(0, own.length - 1)];
      if (host === undefined) throw new RangeError('every provider has an instance in every zone');
      const task = taskOf(service, number, host, at);
      host.cpuUnits += task.reserved.cpuUnits;
      host.memoryMiB += task.reserved.memoryMiB;
      return task;
    });
  });
  return snapshotWith({
    tasks: random.shuffle(tasks),
    services: random.shuffle(services),
    instances: random.shuffle(hosts).map((host) => instanceOf(host, freeShare, random)),
    capacityProviders: providers.map((name) => ({
      name,
      compute: 'managed-instances',
      isSpot: false,
      status: 'ACTIVE',
      subnets: zones.map(subnetIn),
      scaleInAfterSeconds: undefined,
    })),
    subnetZones: zonesOfSubnets(zones),
    instanceTypes: { 'm7g.4xlarge': { vCpus: 16, memoryMiB: 65_536, eniMax: 30 } },
  });
}

/** Services on Fargate, where every zone has room: tasks in each of the first zones, for each. */
export function fargateWorld(spreads: readonly Counts[]): Snapshot {
  const letters = [...'abcdef'];
  const onFargate = { compute: 'fargate' as const, instanceArn: undefined, hasEni: true };
  const worlds = spreads.map((counts, at) => {
    const own = counts.map((_, zone) => `${region}${letters[zone]}`);
    const service: Service = {
      ...serviceOf(at, totalOf(counts)),
      ...{ compute: 'fargate', capacityProviders: ['FARGATE'], subnets: own.map(subnetIn) },
    };
    const tasks = own.flatMap((zone, of) =>
      Array.from({ length: counts[of] ?? 0 }, (_, number) => ({
        ...taskOf(service, number + of * 1_000, { zone, capacityProvider: 'FARGATE' }, at),
        ...onFargate,
      })),
    );
    return { service, tasks };
  });
  return snapshotWith({
    tasks: worlds.flatMap(({ tasks }) => tasks),
    services: worlds.map(({ service }) => service),
    subnetZones: zonesOfSubnets(letters.map((letter) => `${region}${letter}`)),
  });
}

const subnetIn = (zone: string): string => `subnet-${zone}`;

const zonesOfSubnets = (all: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(all.map((zone) => [subnetIn(zone), zone]));

const snapshotWith = (parts: Partial<Snapshot>): Snapshot => ({
  version: snapshotVersion,
  takenAtMs,
  region,
  clusterArn: `${arnPrefix}:cluster/prod`,
  cluster: 'prod',
  tasks: [],
  services: [],
  instances: [],
  capacityProviders: [],
  subnetZones: {},
  protections: {},
  deployments: {},
  scalableTargets: {},
  shiftedZones: [],
  eventWindows: [],
  instanceTypes: {},
  gaps: [],
  calls: 0,
  ...parts,
});

function serviceAt(at: number, size: ZoneWorldSize, random: Random): Service {
  const desired =
    Math.floor(((at + 1) * size.tasks) / size.services) -
    Math.floor((at * size.tasks) / size.services);
  return {
    ...serviceOf(at, desired),
    // What rules ECS's own rebalancing out is the percent, or else the load balancer.
    maximumPercent: random.next() < 0.5 ? 100 : 200,
    placementConstraints:
      random.next() < 0.2
        ? [{ type: 'memberOf', expression: 'attribute:ecs.instance-type =~ m7g.*' }]
        : [],
  };
}

function serviceOf(at: number, desired: number): Service {
  const name = `service-${String(at).padStart(3, '0')}`;
  return {
    arn: `${arnPrefix}:service/prod/${name}`,
    name,
    status: 'ACTIVE',
    desired,
    running: desired,
    pending: 0,
    compute: 'managed-instances',
    launchType: undefined,
    capacityProviders: [providers[at % providers.length] ?? ''],
    schedulingStrategy: 'REPLICA',
    deploymentController: 'ECS',
    deploymentStrategy: 'ROLLING',
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    availabilityZoneRebalancing: 'ENABLED',
    placementStrategy: [],
    placementConstraints: [],
    subnets: zones.map(subnetIn),
    targetGroupArns: [],
    hasClassicLoadBalancer: true,
    hooks: [],
    taskDefinitionArn: `${arnPrefix}:task-definition/${name}:1`,
    rollouts: [
      {
        id: `ecs-svc/${at}`,
        status: 'PRIMARY',
        rolloutState: 'COMPLETED',
        taskDefinitionArn: `${arnPrefix}:task-definition/${name}:1`,
        createdAtMs: takenAtMs - 86_400_000,
      },
    ],
    lastRebalancingAtMs: undefined,
    lastPlacementFailureAtMs: undefined,
    createdAtMs: takenAtMs - 864_000_000,
    tags: {},
  };
}

type Host = {
  readonly arn: string;
  readonly zone: string;
  readonly capacityProvider: string;
  cpuUnits: number;
  memoryMiB: number;
};

const hostAt = (at: number): Host => ({
  arn: `${arnPrefix}:container-instance/prod/${String(at).padStart(32, '0')}`,
  zone: zones[Math.floor(at / providers.length) % zones.length] ?? '',
  capacityProvider: providers[at % providers.length] ?? '',
  cpuUnits: 0,
  memoryMiB: 0,
});

const taskOf = (
  service: Service,
  number: number,
  host: Pick<Task, 'zone' | 'capacityProvider'> & { readonly arn?: string },
  at: number,
): Task => ({
  arn: `${arnPrefix}:task/prod/${String(at * 1_000 + number).padStart(32, '0')}`,
  service: service.name,
  group: `service:${service.name}`,
  startedBy: service.rollouts[0]?.id,
  taskDefinitionArn: service.taskDefinitionArn ?? '',
  compute: 'managed-instances',
  capacityProvider: host.capacityProvider,
  instanceArn: host.arn,
  zone: host.zone,
  reserved: { cpuUnits: 256 * (1 + (at % 4)), memoryMiB: 512 * (1 + (at % 5)) },
  hostPorts: [],
  hasEni: true,
  architecture: 'arm64',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  health: 'HEALTHY',
  createdAtMs: takenAtMs - 86_400_000,
  startedAtMs: takenAtMs - 86_400_000,
});

function instanceOf(host: Host, freeShare: number, random: Random): Instance {
  const free = (used: number): number =>
    Math.round((2 * random.next() * freeShare * used) / (1 - freeShare));
  const remaining = { cpuUnits: free(host.cpuUnits), memoryMiB: free(host.memoryMiB) };
  return {
    arn: host.arn,
    ec2InstanceId: `i-${host.arn.slice(-17)}`,
    compute: 'managed-instances',
    capacityProvider: host.capacityProvider,
    status: 'ACTIVE',
    statusReason: undefined,
    agentConnected: true,
    health: 'OK',
    type: 'm7g.4xlarge',
    zone: host.zone,
    architecture: 'arm64',
    registered: {
      cpuUnits: host.cpuUnits + remaining.cpuUnits,
      memoryMiB: host.memoryMiB + remaining.memoryMiB,
    },
    remaining,
    usedPorts: ['22/tcp', '2375/tcp', '2376/tcp', '51678/tcp', '51679/tcp'],
    attributes: {
      'ecs.availability-zone': host.zone,
      'ecs.instance-type': 'm7g.4xlarge',
      'ecs.cpu-architecture': 'arm64',
    },
    registeredAtMs: takenAtMs - 86_400_000,
    launchedAtMs: takenAtMs - 86_400_000,
    isSpot: false,
    runningTasks: 0,
    pendingTasks: 0,
    tags: {},
  };
}
