import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createIncidentStore } from '../../shared/aws/incident-store.ts';
import type { Incident, IncidentKey } from '../../shared/domain/incident.ts';
import { applyObservations, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { InstanceRecord } from '../../shared/domain/instance-replacement.ts';
import { parseInstanceRecord } from '../../shared/events/instance-record.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { createAccount } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createSimulatedInstanceReplacement } from '../../simulator/instance-replacement.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import {
  add,
  addCluster,
  clusterArn,
  ec2InstanceOf,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  instanceArn,
  serviceArn,
  startedAt,
  taskArn,
} from '../support/accounts.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** The launch of every instance; day 14 is two weeks later. */
export const launchMs = startedAt.getTime();
export const day14Ms = launchMs + 14 * dayMs;

/** The EC2 instance under container instance `c1` has this id, and so on. */
export const ec2Id = (id: string): string => `i-${id.padStart(10, '0').replace(/[^0-9a-f]/g, 'a')}`;

/** ECS's event about an instance. */
export const stateEvent = (id: string, status: string, version: number, atMs: number) => ({
  version: '0',
  id: `event-${id}-${version}`,
  'detail-type': 'ECS Container Instance State Change',
  source: 'aws.ecs',
  time: new Date(atMs).toISOString(),
  region: 'eu-central-1',
  resources: [instanceArn(id)],
  detail: {
    clusterArn,
    containerInstanceArn: instanceArn(id),
    ec2InstanceId: ec2Id(id),
    status,
    version,
    updatedAt: new Date(atMs).toISOString(),
  },
});

/**
 * A cluster of two managed instances, `c1` in zone a and `c2` in zone b, with `web` (one task on each)
 * and what a test adds; the function over it, in virtual time from just before day 14.
 */
export function createLab(startMs: number = day14Ms - 2 * hourMs) {
  const clock = createVirtualClock(startMs);
  const account = createAccount({ nowMs: clock.nowMs, tables: [tableDefinition] });
  addCluster(account);
  const zoneOf = (id: string) => (id === 'c2' ? 'eu-central-1b' : 'eu-central-1a');
  const instance = (id: string, launchedAtMs = launchMs) =>
    add(account, {
      instances: [
        ecsInstanceOf(id, {
          ec2InstanceId: ec2Id(id),
          registeredAt: new Date(launchedAtMs),
          attributes: [
            { name: 'ecs.availability-zone', value: zoneOf(id) },
            { name: 'ecs.instance-type', value: 'c6a.large' },
          ],
        }),
      ],
      ec2Instances: [ec2InstanceOf(ec2Id(id), { LaunchTime: new Date(launchedAtMs) })],
    });
  const task = (id: string, on: string, service: string | null = 'web') =>
    add(account, {
      tasks: [
        ecsTaskOf(id, {
          containerInstanceArn: instanceArn(on),
          availabilityZone: zoneOf(on),
          group: service === null ? 'family:report' : `service:${service}`,
          ...(service === null ? { startedBy: 'someone' } : {}),
        }),
      ],
    });
  account.capacityProviders.set('general', {
    capacityProviderArn: 'arn:aws:ecs:eu-central-1:123456789012:capacity-provider/general',
    name: 'general',
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster: clusterArn,
  });
  instance('c1');
  instance('c2', launchMs + 3 * dayMs);
  add(account, { services: [ecsServiceOf('web')] });
  task('w1', 'c1');
  task('w2', 'c2');
  const logs: { readonly message: string; readonly fields: Fields }[] = [];
  const lambda = createSimulatedInstanceReplacement({
    account,
    clock,
    clusterArns: [clusterArn],
    onLog: (message, fields) => logs.push({ message, fields }),
  });
  const store = createIncidentStore(
    new DynamoDBClient({
      region: account.region,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
      requestHandler: createRequestHandler(account),
    }),
    tableDefinition.TableName,
  );
  return {
    ...lambda,
    account,
    clock,
    logs,
    instance,
    task,
    service: (name: string, changes: Parameters<typeof ecsServiceOf>[1] = {}) =>
      add(account, { services: [ecsServiceOf(name, changes)] }),
    serviceNamed: (name: string) => account.services.get(serviceArn(name)),
    remove: (id: string): boolean => account.tasks.delete(taskArn(id)),
    setStatus: (id: string, status: string): void => {
      const one = account.containerInstances.get(instanceArn(id));
      if (one !== undefined) account.containerInstances.set(instanceArn(id), { ...one, status });
    },
    terminate: (id: string): void => {
      account.containerInstances.delete(instanceArn(id));
      account.ec2Instances.delete(ec2Id(id));
    },
    /** A crash loop that task-state has open; returns it, to be ended. */
    openLoop: async (name: string): Promise<Incident> => {
      const key: IncidentKey = {
        ...{ cluster: 'shop', subject: { type: 'service', name }, kind: 'crash-loop' },
        ...{ cause: 'exit', deploymentId: undefined },
      };
      const context = { key, policy: incidentPolicies['crash-loop'], nowMs: clock.nowMs() };
      const stops = [1, 2, 3].map(
        (at): Observation => ({
          type: 'occurred',
          occurrence: { id: `stop-${at}`, atMs: clock.nowMs() },
          severity: 'warn',
        }),
      );
      const loop = applyObservations(undefined, stops, context);
      if (loop === undefined) throw new Error('no loop has opened');
      await store.save(loop, 0);
      return loop;
    },
    endLoop: async (loop: Incident): Promise<void> => {
      const over = { ...loop, status: 'resolved', resolvedAtMs: clock.nowMs() } as const;
      await store.save({ ...over, version: loop.version + 1 }, loop.version);
    },
    wait: (ms: number) => clock.sleep(ms),
    incidents: async (): Promise<readonly Incident[]> => (await store.list()).incidents,
    record: async (id: string): Promise<InstanceRecord | undefined> => {
      const all = await lambda.memories.list('DRAIN#shop');
      const found = all.find(({ name }) => name === `instance#${id}`);
      return found && parseInstanceRecord(found.json);
    },
    /** The fields of log lines of one kind. */
    logged: (message: string): readonly Fields[] =>
      logs.filter((line) => line.message === message).map(({ fields }) => fields),
    readsOfEcs: (): number => account.calls.filter(({ service }) => service === 'ecs').length,
  };
}
