import fc from 'fast-check';
import { recordOf } from '../../shared/domain/record.ts';
import type { ServiceRollout } from '../../shared/domain/service-state.ts';
import {
  type CapacityProvider,
  type ComputeKind,
  type EventWindow,
  type Gap,
  type Instance,
  type Resources,
  type Service,
  type Snapshot,
  snapshotVersion,
  type Task,
} from '../../shared/domain/snapshot.ts';
import {
  clusterArn,
  clusterName,
  instanceArn,
  serviceArn,
  startedAt,
  taskArn,
} from './accounts.ts';

const startedAtMs = startedAt.getTime();

/** A running task of `web` on Managed Instances, in zone a. */
export const taskOf = (id: string, changes: Partial<Task> = {}): Task => ({
  arn: taskArn(id),
  service: 'web',
  group: 'service:web',
  startedBy: 'ecs-svc/7',
  taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:7',
  compute: 'managed-instances',
  capacityProvider: 'general',
  instanceArn: instanceArn('c1'),
  zone: 'eu-central-1a',
  reserved: { cpuUnits: 256, memoryMiB: 512 },
  hostPorts: [],
  hasEni: false,
  architecture: 'x86_64',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  health: 'HEALTHY',
  createdAtMs: startedAtMs,
  startedAtMs,
  ...changes,
});

/** A steady service of two tasks on Managed Instances. */
export const serviceOf = (name: string, changes: Partial<Service> = {}): Service => ({
  arn: serviceArn(name),
  name,
  status: 'ACTIVE',
  desired: 2,
  running: 2,
  pending: 0,
  compute: 'managed-instances',
  launchType: undefined,
  capacityProviders: ['general'],
  schedulingStrategy: 'REPLICA',
  deploymentController: 'ECS',
  deploymentStrategy: undefined,
  minimumHealthyPercent: 100,
  maximumPercent: 200,
  availabilityZoneRebalancing: 'ENABLED',
  placementStrategy: [],
  placementConstraints: [],
  subnets: [],
  targetGroupArns: [],
  hasClassicLoadBalancer: false,
  hooks: [],
  taskDefinitionArn: `arn:aws:ecs:eu-central-1:123456789012:task-definition/${name}:7`,
  rollouts: [rolloutOf()],
  lastRebalancingAtMs: undefined,
  lastPlacementFailureAtMs: undefined,
  createdAtMs: undefined,
  tags: {},
  ...changes,
});

/** A rollout that is done. */
export const rolloutOf = (changes: Partial<ServiceRollout> = {}): ServiceRollout => ({
  id: 'ecs-svc/7',
  status: 'PRIMARY',
  rolloutState: 'COMPLETED',
  taskDefinitionArn: undefined,
  createdAtMs: undefined,
  ...changes,
});

/** A managed instance of two vCPU and four GiB in zone a, half of it taken. */
export const instanceOf = (id: string, changes: Partial<Instance> = {}): Instance => ({
  arn: instanceArn(id),
  ec2InstanceId: `i-${id}`,
  compute: 'managed-instances',
  capacityProvider: 'general',
  status: 'ACTIVE',
  statusReason: undefined,
  agentConnected: true,
  health: 'OK',
  type: 'c6a.large',
  zone: 'eu-central-1a',
  architecture: 'x86_64',
  registered: { cpuUnits: 2048, memoryMiB: 3767 },
  remaining: { cpuUnits: 1024, memoryMiB: 1719 },
  usedPorts: ['22/tcp', '2376/tcp'],
  attributes: {
    'ecs.availability-zone': 'eu-central-1a',
    'ecs.instance-type': 'c6a.large',
    'ecs.cpu-architecture': 'x86_64',
  },
  registeredAtMs: startedAtMs,
  launchedAtMs: startedAtMs,
  isSpot: false,
  runningTasks: 4,
  pendingTasks: 0,
  tags: {},
  ...changes,
});

/** The provider of those instances. */
export const capacityProviderOf = (
  name: string,
  changes: Partial<CapacityProvider> = {},
): CapacityProvider => ({
  name,
  compute: 'managed-instances',
  isSpot: false,
  status: 'ACTIVE',
  subnets: ['subnet-a', 'subnet-b', 'subnet-c'],
  scaleInAfterSeconds: null,
  ...changes,
});

/** A snapshot of the cluster `shop` with nothing in it. */
export const snapshotOf = (changes: Partial<Snapshot> = {}): Snapshot => ({
  version: snapshotVersion,
  takenAtMs: startedAtMs,
  region: 'eu-central-1',
  clusterArn,
  cluster: clusterName,
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
  calls: 3,
  ...changes,
});

// Arbitraries: every field takes any value of its type, hostile names included.

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'constructor', '__proto__', 'toString', 'null', '0', 'a.b[0]', '"\n\\'),
);
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const maybeText = maybe(anyText);
const texts = fc.array(anyText, { maxLength: 3 });
const anyMs = fc.integer({ min: 0, max: 4_102_444_800_000 });
const maybeMs = maybe(anyMs);
const count = fc.nat({ max: 100_000 });
const maybeCount = maybe(count);
const anyRecord = <Value>(value: fc.Arbitrary<Value>) =>
  fc.array(fc.tuple(anyText, value), { maxLength: 3 }).map(recordOf<Value>);
const list = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 3 });
const anyCompute: fc.Arbitrary<ComputeKind | undefined> = maybe(
  fc.constantFrom<ComputeKind>('managed-instances', 'fargate', 'ec2', 'external'),
);
const anyResources: fc.Arbitrary<Resources> = fc.record({ cpuUnits: count, memoryMiB: count });

export const anyTask: fc.Arbitrary<Task> = fc.record({
  arn: anyText,
  service: maybeText,
  group: maybeText,
  startedBy: maybeText,
  taskDefinitionArn: anyText,
  compute: anyCompute,
  capacityProvider: maybeText,
  instanceArn: maybeText,
  zone: maybeText,
  reserved: anyResources,
  hostPorts: texts,
  hasEni: fc.boolean(),
  architecture: maybeText,
  lastStatus: anyText,
  desiredStatus: anyText,
  health: maybeText,
  createdAtMs: maybeMs,
  startedAtMs: maybeMs,
});

const anyRollout: fc.Arbitrary<ServiceRollout> = fc.record({
  id: anyText,
  status: anyText,
  rolloutState: maybeText,
  taskDefinitionArn: maybeText,
  createdAtMs: maybeMs,
});

export const anyService: fc.Arbitrary<Service> = fc.record({
  arn: anyText,
  name: anyText,
  status: anyText,
  desired: count,
  running: count,
  pending: count,
  compute: anyCompute,
  launchType: maybeText,
  capacityProviders: texts,
  schedulingStrategy: maybeText,
  deploymentController: maybeText,
  deploymentStrategy: maybeText,
  minimumHealthyPercent: maybeCount,
  maximumPercent: maybeCount,
  availabilityZoneRebalancing: maybeText,
  placementStrategy: list(fc.record({ type: anyText, field: maybeText })),
  placementConstraints: list(fc.record({ type: anyText, expression: maybeText })),
  subnets: texts,
  targetGroupArns: texts,
  hasClassicLoadBalancer: fc.boolean(),
  hooks: list(fc.record({ targetArn: anyText, stages: texts })),
  taskDefinitionArn: maybeText,
  rollouts: list(anyRollout),
  lastRebalancingAtMs: maybeMs,
  lastPlacementFailureAtMs: maybeMs,
  createdAtMs: maybeMs,
  tags: anyRecord(anyText),
});

export const anyInstance: fc.Arbitrary<Instance> = fc.record({
  arn: anyText,
  ec2InstanceId: maybeText,
  compute: anyCompute,
  capacityProvider: maybeText,
  status: anyText,
  statusReason: maybeText,
  agentConnected: fc.boolean(),
  health: maybeText,
  type: maybeText,
  zone: maybeText,
  architecture: maybeText,
  registered: anyResources,
  remaining: anyResources,
  usedPorts: texts,
  attributes: anyRecord(anyText),
  registeredAtMs: maybeMs,
  launchedAtMs: maybeMs,
  isSpot: maybe(fc.boolean()),
  runningTasks: count,
  pendingTasks: count,
  tags: anyRecord(anyText),
});

const anyCapacityProvider: fc.Arbitrary<CapacityProvider> = fc.record({
  name: anyText,
  compute: anyCompute,
  isSpot: fc.boolean(),
  status: maybeText,
  subnets: texts,
  scaleInAfterSeconds: maybe(fc.option(fc.integer({ min: -1, max: 3600 }))),
});

const anyEventWindow: fc.Arbitrary<EventWindow> = fc.record({
  id: anyText,
  instanceIds: texts,
  tags: list(fc.record({ key: anyText, value: anyText })),
  timeRanges: list(
    fc.record({ startDay: anyText, startHour: count, endDay: anyText, endHour: count }),
  ),
  cron: maybeText,
});

const anyGap: fc.Arbitrary<Gap> = fc.record({
  subject: fc.constantFrom(
    ...(['tasks', 'services', 'instances', 'capacity-providers', 'subnets'] as const),
    ...(['protections', 'deployments', 'scalable-targets', 'zonal-shifts'] as const),
    ...(['event-windows', 'launch-times', 'instance-types'] as const),
  ),
  reason: fc.constantFrom('denied', 'truncated', 'throttled', 'failed', 'missing'),
  operation: anyText,
  detail: anyText,
});

/** Any snapshot, whether or not ECS would ever give it. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  version: fc.constant(snapshotVersion),
  takenAtMs: anyMs,
  region: anyText,
  clusterArn: anyText,
  cluster: anyText,
  tasks: list(anyTask),
  services: list(anyService),
  instances: list(anyInstance),
  capacityProviders: list(anyCapacityProvider),
  subnetZones: anyRecord(anyText),
  protections: anyRecord(fc.record({ expiresAtMs: maybeMs })),
  deployments: anyRecord(fc.record({ arn: anyText, status: anyText, startedAtMs: maybeMs })),
  scalableTargets: anyRecord(fc.record({ min: count, max: count, isSuspended: fc.boolean() })),
  shiftedZones: texts,
  eventWindows: list(anyEventWindow),
  instanceTypes: anyRecord(fc.record({ vCpus: count, memoryMiB: count, eniMax: maybeCount })),
  gaps: list(anyGap),
  calls: count,
});
