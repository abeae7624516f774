import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type CapacityProvider,
  type Instance,
  type Service,
  type Snapshot,
  snapshotVersion,
  type Task,
} from '../../shared/domain/snapshot.ts';
import type { ZoneMove } from '../../shared/domain/zone-plan.ts';

export const nowMs = Date.parse('2026-11-26T09:00:00Z');
export const minuteMs = 60_000;
const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
export const instanceArn = (name: string): string => `${prefix}:container-instance/prod/${name}`;
export const taskArn = (name: string): string => `${prefix}:task/prod/${name}`;

/** What one task of these worlds reserves, unless it says otherwise. */
export const slot = { cpuUnits: 256, memoryMiB: 512 };

/** A steady replica service on managed instances that nothing is under way for. */
export const serviceIn = (name: string, given: Partial<Service> = {}): Service => {
  const { desired = 2 } = given;
  return {
    arn: `${prefix}:service/prod/${name}`,
    name,
    status: 'ACTIVE',
    desired,
    running: desired,
    pending: 0,
    compute: 'managed-instances',
    launchType: undefined,
    capacityProviders: ['general'],
    schedulingStrategy: 'REPLICA',
    deploymentController: 'ECS',
    deploymentStrategy: 'ROLLING',
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    availabilityZoneRebalancing: 'ENABLED',
    placementStrategy: [],
    placementConstraints: [],
    subnets: [],
    targetGroupArns: [],
    hasClassicLoadBalancer: false,
    hooks: [],
    taskDefinitionArn: `${prefix}:task-definition/${name}:1`,
    rollouts: [
      {
        id: `ecs-svc/${name}`,
        status: 'PRIMARY',
        rolloutState: 'COMPLETED',
        taskDefinitionArn: `${prefix}:task-definition/${name}:1`,
        createdAtMs: nowMs - 1_440 * minuteMs,
      },
    ],
    lastRebalancingAtMs: undefined,
    lastPlacementFailureAtMs: undefined,
    createdAtMs: nowMs - 14_400 * minuteMs,
    tags: {},
    ...given,
  };
};

/** A healthy task of a service, on the instance `i-<zone>`. */
export const taskIn = (
  service: string,
  zone: string,
  number: number,
  given: Partial<Task> = {},
): Task => ({
  arn: taskArn(`${service}-${zone}-${String(number).padStart(3, '0')}`),
  service,
  group: `service:${service}`,
  startedBy: `ecs-svc/${service}`,
  taskDefinitionArn: `${prefix}:task-definition/${service}:1`,
  compute: 'managed-instances',
  capacityProvider: 'general',
  instanceArn: instanceArn(`i-${zone}`),
  zone,
  reserved: slot,
  hostPorts: [],
  hasEni: false,
  architecture: 'arm64',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  health: 'HEALTHY',
  createdAtMs: nowMs - 1_440 * minuteMs,
  startedAtMs: nowMs - 1_440 * minuteMs,
  ...given,
});

/** A ready instance `i-<zone>` of the provider `general` with room for so many tasks more. */
export const instanceIn = (
  zone: string,
  slots: number,
  given: Partial<Instance> & { readonly name?: string } = {},
): Instance => {
  const { name = `i-${zone}`, ...fields } = given;
  return {
    arn: instanceArn(name),
    ec2InstanceId: name,
    compute: 'managed-instances',
    capacityProvider: 'general',
    status: 'ACTIVE',
    statusReason: undefined,
    agentConnected: true,
    health: 'OK',
    type: 'm7g.large',
    zone,
    architecture: 'arm64',
    registered: { cpuUnits: 65_536, memoryMiB: 131_072 },
    remaining: { cpuUnits: slots * slot.cpuUnits, memoryMiB: slots * slot.memoryMiB },
    usedPorts: ['22/tcp'],
    attributes: {
      'ecs.availability-zone': zone,
      'ecs.instance-type': 'm7g.large',
      'ecs.cpu-architecture': 'arm64',
    },
    registeredAtMs: nowMs - 2_880 * minuteMs,
    launchedAtMs: nowMs - 2_880 * minuteMs,
    isSpot: false,
    runningTasks: 0,
    pendingTasks: 0,
    tags: {},
    ...fields,
  };
};

export const providerOf = (name: string, zones: readonly string[]): CapacityProvider => ({
  name,
  compute: 'managed-instances',
  isSpot: false,
  status: 'ACTIVE',
  subnets: zones.map((zone) => `subnet-${zone}`),
  scaleInAfterSeconds: undefined,
});

/** A snapshot with nothing in it, but for what is given. */
export const snapshotWith = (given: Partial<Snapshot> = {}): Snapshot => ({
  version: snapshotVersion,
  takenAtMs: nowMs,
  region: 'eu-central-1',
  clusterArn: `${prefix}:cluster/prod`,
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
  instanceTypes: { 'm7g.large': { vCpus: 2, memoryMiB: 8_192, eniMax: 3 } },
  gaps: [],
  calls: 0,
  ...given,
});

/** Tasks of a service in each zone, by zone. */
export type ZoneCounts = Readonly<Record<string, number>>;

/**
 * A cluster on managed instances: what each service has in each zone, and how many tasks more each
 * zone's one instance has room for; `undefined` slots are a zone without an instance.
 */
export function zoneWorld(
  services: Readonly<Record<string, ZoneCounts>>,
  slots: Readonly<Record<string, number | undefined>>,
  given: {
    readonly service?: Partial<Service>;
    readonly task?: Partial<Task>;
    readonly snapshot?: Partial<Snapshot>;
  } = {},
): Snapshot {
  const zones = Object.keys(slots).sort();
  return snapshotWith({
    services: Object.entries(services).map(([name, counts]) =>
      serviceIn(name, { desired: sumOf(Object.values(counts)), ...given.service }),
    ),
    tasks: Object.entries(services).flatMap(([name, counts]) =>
      Object.entries(counts).flatMap(([zone, count]) =>
        Array.from({ length: count }, (_, number) => taskIn(name, zone, number, given.task)),
      ),
    ),
    instances: zones.flatMap((zone) => {
      const free = slots[zone];
      return free === undefined ? [] : [instanceIn(zone, free)];
    }),
    capacityProviders: [providerOf('general', zones)],
    subnetZones: Object.fromEntries(zones.map((zone) => [`subnet-${zone}`, zone])),
    ...given.snapshot,
  });
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Draws for `listedAnew`: as many as are asked for. */
export const shuffles = fc.infiniteStream(fc.nat(1_000_000));

/** The same snapshot with its lists in another order. */
export function listedAnew(snapshot: Snapshot, draws: Iterator<number>): Snapshot {
  const shuffled = <Item>(list: readonly Item[]): readonly Item[] =>
    list
      .map((item) => ({ item, rank: draws.next().value }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  return {
    ...snapshot,
    tasks: shuffled(snapshot.tasks),
    services: shuffled(snapshot.services),
    instances: shuffled(snapshot.instances),
    capacityProviders: shuffled(snapshot.capacityProviders),
    gaps: shuffled(snapshot.gaps),
  };
}

/**
 * Carries out a plan as an account would, wave by wave, with books of its own: a start takes what the
 * instance has left, and what a stop frees is there for the next wave. Fails where a move has no room.
 */
export function carryOut(snapshot: Snapshot, moves: readonly ZoneMove[]): Snapshot {
  const tasks = new Map(snapshot.tasks.map((task) => [task.arn, task]));
  const books = new Map(snapshot.instances.map((one) => [one.arn, openBook(one, snapshot)]));
  const waves = Map.groupBy(moves, ({ wave }) => wave);
  expect([...waves.keys()]).toEqual(Array.from(waves, (_, at) => at + 1));
  for (const wave of waves.values()) {
    const stopped = wave.map((move, at) => {
      const task = tasks.get(move.taskArn);
      if (task === undefined) throw new RangeError(`${move.taskArn} was stopped before`);
      expect(task.zone).toBe(move.fromZone);
      const { instanceArn: to } = move;
      if (to !== undefined) start(books.get(to), move.toZone, task);
      const arn = `${move.taskArn}-${move.wave}-${at}`;
      tasks.set(arn, { ...task, arn, zone: move.toZone, instanceArn: to });
      return task;
    });
    for (const task of stopped) {
      expect(tasks.delete(task.arn)).toBe(true);
      stop(books.get(task.instanceArn ?? ''), task);
    }
  }
  return {
    ...snapshot,
    tasks: [...tasks.values()],
    instances: [...books.values()].map(({ instance, cpuUnits, memoryMiB, usedPorts }) => ({
      ...instance,
      remaining: { cpuUnits, memoryMiB },
      usedPorts,
    })),
  };
}

/** What an instance has left, and who runs on it. */
type Book = {
  readonly instance: Instance;
  readonly eniTasksMax: number;
  cpuUnits: number;
  memoryMiB: number;
  usedPorts: readonly string[];
  eniTasks: number;
};

function openBook(instance: Instance, { tasks, instanceTypes }: Snapshot): Book {
  const on = tasks.filter((task) => task.instanceArn === instance.arn);
  return {
    instance,
    eniTasksMax: (instanceTypes[instance.type ?? '']?.eniMax ?? 1) - 1,
    ...instance.remaining,
    usedPorts: instance.usedPorts,
    eniTasks: on.filter(({ hasEni }) => hasEni).length,
  };
}

function start(book: Book | undefined, zone: string, task: Task): void {
  if (book === undefined) throw new RangeError(`there is no instance for ${task.arn}`);
  expect(book.instance).toMatchObject({ zone, status: 'ACTIVE', agentConnected: true });
  expect(book.instance.health).not.toBe('IMPAIRED');
  expect(book.usedPorts.filter((port) => task.hostPorts.includes(port))).toEqual([]);
  book.cpuUnits -= task.reserved.cpuUnits;
  book.memoryMiB -= task.reserved.memoryMiB;
  book.eniTasks += task.hasEni ? 1 : 0;
  book.usedPorts = [...book.usedPorts, ...task.hostPorts];
  expect(book.cpuUnits, 'CPU units left').toBeGreaterThanOrEqual(0);
  expect(book.memoryMiB, 'MiB left').toBeGreaterThanOrEqual(0);
  if (task.hasEni) expect(book.eniTasks, 'interfaces').toBeLessThanOrEqual(book.eniTasksMax);
}

function stop(book: Book | undefined, task: Task): void {
  if (book === undefined) return;
  book.cpuUnits += task.reserved.cpuUnits;
  book.memoryMiB += task.reserved.memoryMiB;
  book.eniTasks -= task.hasEni ? 1 : 0;
  book.usedPorts = book.usedPorts.filter((port) => !task.hostPorts.includes(port));
}
