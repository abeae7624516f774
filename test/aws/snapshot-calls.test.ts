import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultReadLimits } from '../../shared/aws/read-limiter.ts';
import { everyWant } from '../../shared/aws/snapshot-wants.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import type { Counts } from '../support/accounts.ts';
import { clusterArn, taskArn } from '../support/accounts.ts';
import { seedOf } from '../support/incidents.ts';
import { createLab, nowMs, richAccount } from './snapshot-lab.ts';

/** What the design promises: a list is one call at least, a describe of nothing is none. */
const promised = ({ tasks = 0, instances = 0, services = 0 }: Counts): number =>
  Math.max(Math.ceil(tasks / 100), 1) +
  Math.ceil(tasks / 100) +
  Math.max(Math.ceil(instances / 100), 1) +
  Math.ceil(instances / 100) +
  Math.max(Math.ceil(services / 100), 1) +
  Math.ceil(services / 10);

const lists: readonly (readonly [string, string, keyof Counts, number])[] = [
  ['ListTasks', 'DescribeTasks', 'tasks', 100],
  ['ListContainerInstances', 'DescribeContainerInstances', 'instances', 100],
  ['ListServices', 'DescribeServices', 'services', 10],
];

async function expectPromised(counts: Counts): Promise<void> {
  const { account, read, callsBy } = createLab({ counts });
  const snapshot = await read();
  for (const [list, describe, kind, batch] of lists) {
    const count = counts[kind] ?? 0;
    expect(callsBy()[list], list).toBe(Math.max(Math.ceil(count / 100), 1));
    expect(callsBy()[describe] ?? 0, describe).toBe(Math.ceil(count / batch));
    expect(snapshot[kind]).toHaveLength(count);
    expect(new Set(snapshot[kind].map(({ arn }) => arn)).size).toBe(count);
  }
  expect(account.calls).toHaveLength(promised(counts));
  expect(snapshot.calls).toBe(promised(counts));
  expect(snapshot.gaps).toEqual([]);
  expect(account.problems).toEqual([]);
}

describe('the calls of a snapshot', () => {
  it.each([0, 1, 100, 101, 250])('are as promised for %i tasks', (tasks) =>
    expectPromised({ tasks }),
  );

  it.each([0, 1, 100, 101, 250])('are as promised for %i instances', (instances) =>
    expectPromised({ instances }),
  );

  it.each([0, 1, 10, 11, 100, 101])('are as promised for %i services', (services) =>
    expectPromised({ services }),
  );

  it('are as promised for any cluster', async () => {
    const counts = fc.record({
      tasks: fc.nat({ max: 320 }),
      instances: fc.nat({ max: 210 }),
      services: fc.nat({ max: 120 }),
    });
    await fc.assert(fc.asyncProperty(counts, expectPromised), { numRuns: 15, ...seedOf() });
  }, 60_000);

  it('are as few when AWS gives short pages, and an entry on two of them is described once', async () => {
    const arns = Array.from({ length: 250 }, (_, at) => taskArn(`t${at}`));
    const described: number[] = [];
    const { read } = createLab({
      change: (sources) => ({
        ecs: {
          ...sources.ecs,
          listTasks: async ({ nextToken = '0' }) => {
            const from = Number(nextToken);
            const taskArns = arns.slice(Math.max(from - 1, 0), from + 60);
            const next = from + 60 < arns.length ? { nextToken: String(from + 60) } : {};
            return { taskArns, ...next, $metadata: {} };
          },
          describeTasks: async ({ tasks = [] }) => {
            described.push(tasks.length);
            return { tasks: tasks.map((arn) => ({ taskArn: arn })), failures: [], $metadata: {} };
          },
        },
      }),
    });
    const snapshot = await read();
    expect(described).toEqual([100, 100, 50]);
    expect(snapshot.tasks.map(({ arn }) => arn)).toEqual([...arns].sort());
    expect(snapshot.calls).toBe(5 + 3 + 1 + 1);
  });

  it('ask for what they need, and for no tags of tasks', async () => {
    const { account, read } = createLab({ counts: { tasks: 1, instances: 1, services: 1 } });
    await read();
    const inputs = new Map(account.calls.map(({ operation, input }) => [operation, input]));
    const page = { cluster: clusterArn, maxResults: 100 };
    expect(inputs.get('ListTasks')).toEqual({ ...page, desiredStatus: 'RUNNING' });
    expect(inputs.get('ListContainerInstances')).toEqual(page);
    expect(inputs.get('ListServices')).toEqual(page);
    expect(inputs.get('DescribeTasks')).toEqual({
      cluster: clusterArn,
      tasks: [taskArn('00000000')],
    });
    expect(inputs.get('DescribeContainerInstances')).toMatchObject({
      include: ['CONTAINER_INSTANCE_HEALTH', 'TAGS'],
    });
    expect(inputs.get('DescribeServices')).toMatchObject({ include: ['TAGS'] });
  });

  it('are one or a batch for each further part, and none for what there is nothing of', async () => {
    const { read, callsBy } = createLab({ account: richAccount() });
    const snapshot = await read(everyWant);
    expect(callsBy()).toEqual({
      ...{ ListTasks: 1, ListContainerInstances: 1, ListServices: 1 },
      ...{ DescribeTasks: 1, DescribeContainerInstances: 1, DescribeServices: 1 },
      ...{ DescribeCapacityProviders: 1, DescribeSubnets: 1, DescribeInstances: 1 },
      ...{ DescribeInstanceTypes: 1, DescribeInstanceEventWindows: 1 },
      ...{ DescribeServiceDeployments: 1, DescribeScalableTargets: 1 },
      ...{ GetTaskProtection: 1, DescribeTargetHealth: 1 },
    });
    expect(snapshot.calls).toBe(15);
    const empty = createLab();
    expect(await empty.read(everyWant)).toMatchObject({ gaps: [], calls: 5 });
    expect(empty.callsBy()).toEqual({
      ...{ ListTasks: 1, ListContainerInstances: 1, ListServices: 1 },
      ...{ DescribeCapacityProviders: 1, DescribeInstanceEventWindows: 1 },
    });
  });
});

describe('the time that a snapshot takes', () => {
  it('is what the rate says', async () => {
    const { clock, read } = createLab({ counts: { tasks: 2000 }, limits: defaultReadLimits });
    const snapshot = await read();
    expect(snapshot.calls).toBe(42);
    expect(clock.nowMs() - nowMs).toBe(((42 - 25) * 1000) / 5);
    expect(snapshot.takenAtMs).toBe(nowMs);
  });

  it('is used: describes go on while the next page is listed, several at once', async () => {
    const clock = createVirtualClock(nowMs);
    const latencyMs = 100;
    let [inFlight, inFlightMax] = [0, 0];
    const { read } = createLab({
      counts: { tasks: 1000, services: 100 },
      clock,
      handler: (account) => {
        const handler = createRequestHandler(account);
        return {
          ...handler,
          handle: async (...args: Parameters<typeof handler.handle>) => {
            inFlight += 1;
            inFlightMax = Math.max(inFlightMax, inFlight);
            await clock.sleep(latencyMs);
            inFlight -= 1;
            return handler.handle(...args);
          },
        };
      },
    });
    const snapshot = await read();
    expect(snapshot.calls).toBe(10 + 10 + 1 + 1 + 10);
    expect(inFlightMax).toBeGreaterThan(1);
    expect(inFlightMax).toBeLessThanOrEqual(8);
    // Ten list calls follow each other, and the describe of the last page follows them.
    expect(clock.nowMs() - nowMs).toBe(11 * latencyMs);
  });
});

describe('parts on demand', () => {
  const rich = () => createLab({ account: richAccount() });
  const late = ['DescribeInstanceTypes', 'DescribeServiceDeployments', 'DescribeScalableTargets'];
  const lateOf = (lab: ReturnType<typeof createLab>) =>
    [...late, 'GetTaskProtection', 'DescribeTargetHealth'].flatMap((name) =>
      lab.callsBy()[name] === undefined ? [] : [name],
    );

  it('are chosen on what was read, and read after it', async () => {
    const lab = rich();
    const seen: object[] = [];
    const snapshot = await lab.read({
      capacityProviders: true,
      subnetZones: true,
      onDemand: (found) => {
        seen.push(found);
        return {
          instanceTypes: true,
          deployments: () => ['web'],
          scalableTargets: () => ['web'],
          protections: 'all',
          zonalShifts: 'all',
        };
      },
    });
    const whole = await rich().read(everyWant);
    expect(seen).toMatchObject([{ subnetZones: whole.subnetZones, calls: 8, deployments: {} }]);
    const { instanceTypes, deployments, scalableTargets, protections, shiftedZones } = whole;
    expect(snapshot).toMatchObject({
      ...{ instanceTypes, deployments, scalableTargets, protections, shiftedZones },
      subnetZones: whole.subnetZones,
      calls: 13,
    });
  });

  it('that nobody asks for cost nothing, and leave what was read', async () => {
    const lab = rich();
    const snapshot = await lab.read({
      instanceTypes: true,
      onDemand: () => ({ deployments: () => [], scalableTargets: () => ['other'] }),
    });
    expect(lateOf(lab)).toEqual(['DescribeInstanceTypes']);
    expect(Object.keys(snapshot.instanceTypes)).toEqual(['c6a.large']);
  });

  it('that cannot be read are gaps like the others', async () => {
    const { read } = createLab({
      account: richAccount(),
      change: (sources) => ({
        ...sources,
        ecs: {
          ...sources.ecs,
          getTaskProtection: () => Promise.reject(new Error('no')),
        },
      }),
    });
    const { gaps } = await read({ onDemand: () => ({ protections: 'all' }) });
    expect(gaps).toMatchObject([{ subject: 'protections', reason: 'failed' }]);
  });
});
