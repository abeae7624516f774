import { beforeAll, describe, expect, it } from 'vitest';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import { openSnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { everyWant } from '../../shared/aws/snapshot-wants.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import {
  type CreatedCluster,
  type CreatedTask,
  clusterArn,
  createCluster,
  instanceType,
  portTaker,
  reserved,
  scaled,
} from './cluster.ts';
import { createMoto, region } from './moto.ts';

const moto = createMoto(process.env.MOTO_ENDPOINT ?? '');
const groupOf = ({ service, instanceArn }: CreatedTask): string => {
  if (service !== undefined) return `service:${service}`;
  return instanceArn === undefined ? 'family:batch' : 'family:job';
};
const byArn = <Thing extends { readonly arn: string }>(things: readonly Thing[]) =>
  things.toSorted((a, b) => (a.arn < b.arn ? -1 : 1));

/**
 * The reader as it is made for a command, SDK clients and their connections included. moto neither
 * pages nor limits batches: that is what `test/aws/snapshot-calls.test.ts` is for.
 */
describe('a snapshot of a cluster on moto', () => {
  let created: CreatedCluster;
  let snapshot: Snapshot;

  beforeAll(async () => {
    await moto.reset();
    created = await createCluster(moto);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: moto.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    const reader = openSnapshotReader(
      { region, maxAttempts: 1, requestHandler: { requestTimeout: 10_000 } },
      { limiter: createReadLimiter(systemClock), clock: systemClock },
    );
    snapshot = await reader.read(clusterArn, everyWant, AbortSignal.timeout(20_000));
  });

  it('is of the cluster that was created', () => {
    expect(snapshot).toMatchObject({ region, clusterArn: created.clusterArn, cluster: 'prod' });
    const { tasks, instances, services } = snapshot;
    expect([tasks.length, instances.length, services.length]).toEqual([250, 30, 25]);
  });

  it('has every instance with its zone, its launch and what the tasks on it leave', () => {
    const tasksOn = Map.groupBy(created.tasks, ({ instanceArn }) => instanceArn);
    const expected = created.instances.map(({ arn, ec2InstanceId, zone, launchedAtMs }) => {
      const own = tasksOn.get(arn) ?? [];
      const takesPort = own.some(({ service }) => service === portTaker.service);
      return {
        ...{ arn, ec2InstanceId, zone, launchedAtMs, type: instanceType },
        ...{ compute: 'ec2', status: 'ACTIVE', agentConnected: true, isSpot: false },
        // What moto registers for every instance.
        registered: { cpuUnits: 4096, memoryMiB: 7482 },
        remaining: {
          cpuUnits: 4096 - own.length * reserved.cpuUnits,
          memoryMiB: 7482 - own.length * reserved.memoryMiB,
        },
        usedPorts: [
          '22',
          '2375',
          '2376',
          ...(takesPort ? [portTaker.port] : []),
          '51678',
          '51679',
        ].map((port) => `${port}/tcp`),
      };
    });
    expect(snapshot.instances).toEqual(byArn(expected).map((one) => expect.objectContaining(one)));
    expect(new Set(snapshot.instances.map(({ zone }) => zone)).size).toBe(3);
  });

  it('has every service as it was created', () => {
    const expected = created.services.map((service) => ({
      ...service,
      ...{ status: 'ACTIVE', compute: 'ec2', launchType: 'EC2', schedulingStrategy: 'REPLICA' },
      ...{ deploymentController: 'ECS', tags: { 'ballast:density': 'off' } },
      rollouts: [expect.objectContaining({ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' })],
    }));
    expect(snapshot.services).toEqual(byArn(expected).map((one) => expect.objectContaining(one)));
  });

  it('has every task, where it runs and what it reserves', () => {
    const expected = created.tasks.map((task) => {
      const isFargate = task.instanceArn === undefined;
      return {
        ...task,
        ...{ compute: isFargate ? 'fargate' : 'ec2', reserved },
        ...{ hasEni: isFargate, startedBy: task.service === undefined ? '' : 'ecs-svc/1' },
        group: groupOf(task),
        ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
      };
    });
    expect(snapshot.tasks).toEqual(byArn(expected).map((one) => expect.objectContaining(one)));
  });

  it('has what other services than ECS say', () => {
    const named = created.services.flatMap(({ subnets }) => subnets);
    expect(snapshot.subnetZones).toEqual(
      Object.fromEntries([...new Set(named)].map((id) => [id, created.subnets.get(id)])),
    );
    // As EC2 documents it: https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html
    expect(snapshot.instanceTypes).toEqual({
      [instanceType]: { vCpus: 4, memoryMiB: 16_384, eniMax: 4 },
    });
    const { service, min, max } = scaled;
    expect(snapshot.scalableTargets).toEqual({ [service]: { min, max, isSuspended: false } });
    expect(snapshot.shiftedZones).toEqual([]);
  });

  it('names the parts that moto does not have, and nothing else', () => {
    const gaps = snapshot.gaps.map(({ subject, reason, operation }) => [
      subject,
      reason,
      operation,
    ]);
    expect(gaps).toEqual([
      // It has them, but only by name.
      ['capacity-providers', 'failed', 'ecs:DescribeCapacityProviders'],
      ['event-windows', 'failed', 'ec2:DescribeInstanceEventWindows'],
      ['protections', 'failed', 'ecs:GetTaskProtection'],
    ]);
    // moto's services name no deployment of theirs, so none is asked about.
    expect(snapshot.deployments).toEqual({});
  });

  it('took a call for each batch, one for each other part, and four for each that failed', () => {
    const [tasks, instances, services] = [1 + 3, 1 + 1, 1 + 3];
    // Launch times, subnets, types, scalable targets, and the health of the one target group.
    const others = 5;
    // Protections are asked for in three batches, as only tasks of services can have one.
    const failed = 4 * (1 + 1 + 3);
    expect(snapshot.calls).toBe(tasks + instances + services + others + failed);
  });
});
