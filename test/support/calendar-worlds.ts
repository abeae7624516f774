import type { Instance, Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { instanceArn, taskArn } from './accounts.ts';
import { instanceOf, serviceOf, snapshotOf, taskOf } from './snapshots.ts';

export { instanceArn, taskArn };

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Monday 23 November 2026, 09:00 UTC. */
export const nowMs = Date.UTC(2026, 10, 23, 9);

/** An empty managed instance named `name`, launched at `launchedAtMs`. */
export const managed = (
  name: string,
  launchedAtMs: number | undefined,
  changes: Partial<Instance> = {},
): Instance =>
  instanceOf(name, {
    ec2InstanceId: name,
    type: 'm6a.large',
    zone: '1a',
    registered: { cpuUnits: 2048, memoryMiB: 7680 },
    remaining: { cpuUnits: 2048, memoryMiB: 7680 },
    usedPorts: [],
    attributes: {},
    registeredAtMs: launchedAtMs === undefined ? undefined : launchedAtMs + minuteMs,
    launchedAtMs,
    runningTasks: 0,
    ...changes,
  });

/** A running task named `name`, of a service or standalone, on an instance. */
export const task = (
  name: string,
  service: string | undefined,
  instance: string | undefined,
  changes: Partial<Task> = {},
): Task =>
  taskOf(name, {
    service,
    group: service === undefined ? `family:${name}` : `service:${service}`,
    startedBy: service === undefined ? undefined : 'ecs-svc/7',
    taskDefinitionArn: `arn:aws:ecs:eu-central-1:123456789012:task-definition/${service ?? name}:7`,
    instanceArn: instance === undefined ? undefined : instanceArn(instance),
    zone: '1a',
    hasEni: true,
    createdAtMs: nowMs - 5 * dayMs - minuteMs,
    startedAtMs: nowMs - 5 * dayMs,
    ...changes,
  });

/** A steady service of `desired` tasks with its percents. */
export const service = (
  name: string,
  desired: number,
  minimumHealthyPercent: number | undefined,
  maximumPercent: number | undefined,
  changes: Partial<Service> = {},
): Service =>
  serviceOf(name, {
    desired,
    running: desired,
    minimumHealthyPercent,
    maximumPercent,
    deploymentStrategy: 'ROLLING',
    subnets: ['subnet-a'],
    createdAtMs: nowMs - 100 * dayMs,
    ...changes,
  });

export const snapshot = (parts: Partial<Snapshot> = {}): Snapshot =>
  snapshotOf({ takenAtMs: nowMs, ...parts });

/** Launched so that day 14 comes at a time. */
export const launchFor = (drainAtMs: number): number => drainAtMs - 14 * dayMs;

const thursday = Date.UTC(2026, 10, 26);
const herdAt = (hours: number, minutes: number): number =>
  launchFor(thursday + hours * hourMs + minutes * minuteMs);

/**
 * The cluster of the example in the documents: five of seven instances drain on Thursday between 02:10
 * and 02:50, the sixth on Wednesday a week later, the seventh later still.
 */
export const prod: Snapshot = snapshot({
  instances: [
    managed('i-0a71', herdAt(2, 10)),
    managed('i-0b12', herdAt(2, 20)),
    managed('i-0c41', herdAt(2, 35)),
    managed('i-0d05', herdAt(2, 40), { zone: '1b' }),
    managed('i-0e9f', herdAt(2, 50), { zone: '1c' }),
    managed('i-0f00', launchFor(Date.UTC(2026, 11, 2, 14)), { zone: '1b' }),
    managed('i-0f11', launchFor(Date.UTC(2026, 11, 4, 14)), { zone: '1c' }),
  ],
  services: [
    service('cart', 3, 100, 125),
    service('ledger', 1, 0, 100),
    service('web', 4, 100, 200),
    service('solo', 1, 100, 200),
  ],
  tasks: [
    task('cart1', 'cart', 'i-0a71'),
    task('cart2', 'cart', 'i-0d05'),
    task('cart3', 'cart', 'i-0f00'),
    task('ledger1', 'ledger', 'i-0b12'),
    task('web1', 'web', 'i-0a71'),
    task('web2', 'web', 'i-0c41'),
    task('web3', 'web', 'i-0d05'),
    task('web4', 'web', 'i-0f11'),
    task('solo1', 'solo', 'i-0e9f'),
    task('report-nightly', undefined, 'i-0c41'),
  ],
});
