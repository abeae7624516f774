import { describe, expect, it } from 'vitest';
import { attemptsMax } from '../../shared/aws/read-limiter.ts';
import { ClusterNotFound, CredentialsUnusable } from '../../shared/aws/snapshot-reading.ts';
import { everyWant } from '../../shared/aws/snapshot-wants.ts';
import type { Gap, Snapshot } from '../../shared/domain/snapshot.ts';
import type { Fault, FaultRule } from '../../simulator/account.ts';
import {
  add,
  ec2InstanceOf,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  instanceArn,
  serviceArn,
  taskArn,
} from '../support/accounts.ts';
import { createLab, type LabOptions, richAccount } from './snapshot-lab.ts';

type Part = {
  readonly operation: string;
  readonly subject: Gap['subject'];
  /** Keys of the snapshot that the part fills, or changes. */
  readonly fills: readonly (keyof Snapshot)[];
};

/** Every call that a snapshot is read by, and what it is for. */
const parts: readonly Part[] = [
  { operation: 'ecs:ListTasks', subject: 'tasks', fills: ['tasks', 'protections'] },
  { operation: 'ecs:DescribeTasks', subject: 'tasks', fills: ['tasks', 'protections'] },
  {
    operation: 'ecs:ListContainerInstances',
    subject: 'instances',
    fills: ['instances', 'instanceTypes'],
  },
  {
    operation: 'ecs:DescribeContainerInstances',
    subject: 'instances',
    fills: ['instances', 'instanceTypes'],
  },
  ...['ecs:ListServices', 'ecs:DescribeServices'].map(
    (operation): Part => ({
      operation,
      subject: 'services',
      fills: ['services', 'deployments', 'scalableTargets', 'shiftedZones'],
    }),
  ),
  {
    operation: 'ecs:DescribeCapacityProviders',
    subject: 'capacity-providers',
    fills: ['capacityProviders', 'subnetZones'],
  },
  { operation: 'ec2:DescribeSubnets', subject: 'subnets', fills: ['subnetZones'] },
  { operation: 'ec2:DescribeInstances', subject: 'launch-times', fills: ['instances'] },
  { operation: 'ec2:DescribeInstanceTypes', subject: 'instance-types', fills: ['instanceTypes'] },
  {
    operation: 'ec2:DescribeInstanceEventWindows',
    subject: 'event-windows',
    fills: ['eventWindows', 'instances'],
  },
  { operation: 'ecs:GetTaskProtection', subject: 'protections', fills: ['protections'] },
  { operation: 'ecs:DescribeServiceDeployments', subject: 'deployments', fills: ['deployments'] },
  {
    operation: 'application-autoscaling:DescribeScalableTargets',
    subject: 'scalable-targets',
    fills: ['scalableTargets'],
  },
  {
    operation: 'elasticloadbalancing:DescribeTargetHealth',
    subject: 'zonal-shifts',
    fills: ['shiftedZones'],
  },
];

const ruleOf = ({ operation }: Part, kind: Fault, times?: number): FaultRule => ({
  operation: operation.split(':')[1] ?? '',
  kind,
  ...(times === undefined ? {} : { times }),
});

async function readWith(...faults: readonly FaultRule[]): Promise<Snapshot> {
  const lab = createLab({ account: richAccount() });
  lab.account.faults.push(...faults.map((rule) => ({ ...rule })));
  const snapshot = await lab.read(everyWant);
  expect(snapshot.calls).toBe(lab.account.calls.length);
  expect(lab.account.problems).toEqual([]);
  return snapshot;
}

/** A snapshot without the keys that a part fills, and without what tells of the reading itself. */
const restOf = (snapshot: Snapshot, { fills }: Part): object =>
  Object.fromEntries(
    Object.entries(snapshot).filter(
      ([key]) => !['gaps', 'calls', 'takenAtMs', ...fills].includes(key),
    ),
  );

it('a snapshot of an account in which all can be read has no gaps, and every part says something', async () => {
  const snapshot = await readWith();
  expect(snapshot.gaps).toEqual([]);
  for (const [key, value] of Object.entries(snapshot)) {
    if (key !== 'gaps' && typeof value === 'object') {
      expect(Object.keys(value), key).not.toEqual([]);
    }
  }
});

describe('a part that cannot be read is a gap, and the rest is as it would be', () => {
  it.each(parts)('$operation denied', async (part) => {
    const snapshot = await readWith(ruleOf(part, 'access-denied'));
    expect(snapshot.gaps).toEqual([
      {
        subject: part.subject,
        reason: 'denied',
        operation: part.operation,
        detail: expect.stringContaining(`not authorized to perform: ${part.operation}`),
      },
    ]);
    expect(restOf(snapshot, part)).toEqual(restOf(await readWith(), part));
  });

  it.each(parts)('$operation throttled for too long', async (part) => {
    const snapshot = await readWith(ruleOf(part, 'throttle'));
    const { subject, operation } = part;
    expect(snapshot.gaps).toMatchObject([{ subject, reason: 'throttled', operation }]);
    expect(restOf(snapshot, part)).toEqual(restOf(await readWith(), part));
  });

  it.each(parts)('$operation answered without what was asked for', async (part) => {
    const snapshot = await readWith(ruleOf(part, 'empty-answer'));
    const { subject, operation } = part;
    expect(snapshot.gaps).toMatchObject([{ subject, operation }]);
    expect(['failed', 'missing']).toContain(snapshot.gaps[0]?.reason);
    expect(restOf(snapshot, part)).toEqual(restOf(await readWith(), part));
  });

  it.each<Fault>(['server-error', 'network-error', 'answer-lost'])(
    'after a %s that does not end',
    async (kind) => {
      for (const part of parts) {
        const snapshot = await readWith(ruleOf(part, kind));
        const { subject, operation } = part;
        expect(snapshot.gaps).toMatchObject([{ subject, reason: 'failed', operation }]);
      }
    },
  );
});

describe('a part that is read in the end is none', () => {
  it.each(parts)('$operation throttled twice', async (part) => {
    const snapshot = await readWith(ruleOf(part, 'throttle', 2));
    const healthy = await readWith();
    expect(snapshot.gaps).toEqual([]);
    expect(snapshot.calls).toBe(healthy.calls + 2);
    expect(restOf(snapshot, { ...part, fills: [] })).toEqual(
      restOf(healthy, { ...part, fills: [] }),
    );
  });

  it('a connection that is reset once', async () => {
    expect(await readWith({ kind: 'network-error', times: 3 })).toMatchObject({ gaps: [] });
  });
});

describe('many calls that fail alike', () => {
  it('are one gap, whatever their order', async () => {
    const lab = createLab({ counts: { tasks: 300 } });
    lab.account.faults.push({ operation: 'DescribeTasks', kind: 'throttle' });
    const snapshot = await lab.read();
    expect(snapshot.gaps).toEqual([
      {
        subject: 'tasks',
        reason: 'throttled',
        operation: 'ecs:DescribeTasks',
        detail: 'ThrottlingException: Rate exceeded',
      },
    ]);
    expect(lab.callsBy().DescribeTasks).toBe(3 * attemptsMax);
    expect(snapshot.calls).toBe(3 + 3 * attemptsMax + 2);
  });

  it('leave what others of their kind found', async () => {
    const lab = createLab({ counts: { tasks: 300 } });
    lab.account.faults.push({ operation: 'DescribeTasks', kind: 'access-denied', times: 1 });
    const snapshot = await lab.read();
    expect(snapshot.tasks).toHaveLength(200);
    expect(snapshot.gaps).toMatchObject([{ subject: 'tasks', reason: 'denied' }]);
  });
});

describe('a list that goes on for too long', () => {
  it.each([
    [{ tasks: 201 }, 'tasks', 'ecs:ListTasks', 200],
    [{ instances: 201 }, 'instances', 'ecs:ListContainerInstances', 200],
    [{ services: 201 }, 'services', 'ecs:ListServices', 200],
  ] as const)(
    'is truncated, and what was read stays: %o',
    async (counts, kind, operation, kept) => {
      const { read } = createLab({ counts, pagesMax: 2 });
      const snapshot = await read();
      expect(snapshot[kind]).toHaveLength(kept);
      expect(snapshot.gaps).toEqual([
        { subject: kind, reason: 'truncated', operation, detail: 'more than 2 pages' },
      ]);
    },
  );

  it('is not when the last page is the last allowed', async () => {
    const { read } = createLab({ counts: { tasks: 200 }, pagesMax: 2 });
    expect(await read()).toMatchObject({ gaps: [] });
  });
});

describe('what ends between list and describe', () => {
  const between = async (operation: string, end: (lab: ReturnType<typeof createLab>) => void) => {
    const lab = createLab();
    add(lab.account, {
      tasks: [ecsTaskOf('a'), ecsTaskOf('b')],
      instances: [ecsInstanceOf('c1'), ecsInstanceOf('c2')],
      services: [ecsServiceOf('web'), ecsServiceOf('api')],
    });
    lab.account.intercept = (call) => {
      if (call.operation === operation) end(lab);
      return undefined;
    };
    return lab.read();
  };

  it('is no gap: a task that is forgotten', async () => {
    const snapshot = await between('DescribeTasks', ({ account }) => {
      account.tasks.delete(taskArn('a'));
    });
    expect(snapshot.tasks.map(({ arn }) => arn)).toEqual([taskArn('b')]);
    expect(snapshot.gaps).toEqual([]);
  });

  it('is no gap: a task that was told to stop', async () => {
    const snapshot = await between('DescribeTasks', ({ account }) => {
      add(account, { tasks: [ecsTaskOf('a', { desiredStatus: 'STOPPED' })] });
    });
    expect(snapshot.tasks.map(({ arn }) => arn)).toEqual([taskArn('b')]);
    expect(snapshot.gaps).toEqual([]);
  });

  it('is no gap: an instance that is deregistered, or a service that is deleted', async () => {
    const without = await between('DescribeContainerInstances', ({ account }) => {
      account.containerInstances.delete(instanceArn('c1'));
      add(account, { services: [ecsServiceOf('web', { status: 'INACTIVE' })] });
    });
    expect(without.instances.map(({ arn }) => arn)).toEqual([instanceArn('c2')]);
    const inactive = await between('DescribeServices', ({ account }) => {
      account.services.delete(serviceArn('api'));
      add(account, {
        services: [ecsServiceOf('web', { status: 'INACTIVE' })],
        instances: [ecsInstanceOf('c1', { status: 'INACTIVE' })],
      });
    });
    expect(inactive.services).toEqual([]);
    expect([...without.gaps, ...inactive.gaps]).toEqual([]);
  });
});

describe('failures of a batch call', () => {
  type Failures = { arn?: string; reason?: string }[];
  const failing =
    (failures: Failures): NonNullable<LabOptions['change']> =>
    (sources) => {
      const $metadata = {};
      return {
        ...sources,
        ecs: {
          ...sources.ecs,
          describeTasks: async () => ({ tasks: [], failures, $metadata }),
          describeContainerInstances: async () => ({
            containerInstances: [],
            failures,
            $metadata,
          }),
          describeServices: async () => ({ services: [], failures, $metadata }),
          describeCapacityProviders: async () => ({
            capacityProviders: [],
            failures,
            $metadata,
          }),
        },
      };
    };
  const failingLater =
    (failures: Failures): NonNullable<LabOptions['change']> =>
    (sources) => ({
      ...sources,
      ecs: {
        ...sources.ecs,
        getTaskProtection: async () => ({ protectedTasks: [], failures, $metadata: {} }),
        describeServiceDeployments: async () => ({
          serviceDeployments: [],
          failures,
          $metadata: {},
        }),
      },
    });
  const readFailing = async (change: NonNullable<LabOptions['change']>) =>
    (await createLab({ account: richAccount(), change }).read(everyWant)).gaps;

  it('are read in each of them, and are gaps unless the thing is gone', async () => {
    const denied = [{ arn: 'arn:x', reason: 'ACCESS_DENIED' }];
    const first = await readFailing(failing(denied));
    const later = await readFailing(failingLater(denied));
    expect([...first, ...later]).toEqual(
      [
        ['capacity-providers', 'ecs:DescribeCapacityProviders'],
        ['instances', 'ecs:DescribeContainerInstances'],
        ['services', 'ecs:DescribeServices'],
        ['tasks', 'ecs:DescribeTasks'],
        ['deployments', 'ecs:DescribeServiceDeployments'],
        ['protections', 'ecs:GetTaskProtection'],
      ].flatMap(([subject, operation]) => ({
        subject,
        reason: 'failed',
        operation,
        detail: expect.stringMatching(/arn:x: ACCESS_DENIED|answered for less than/),
      })),
    );
  });

  it('say what they can', async () => {
    const gaps = await readFailing(failingLater([{}, { arn: 'arn:y' }]));
    expect(gaps).toMatchObject([
      { subject: 'deployments', detail: '?: no reason given' },
      { subject: 'protections', detail: '?: no reason given' },
    ]);
  });

  it('are no gaps where the task is gone or can have no protection', async () => {
    const reasons = ['MISSING', 'TASK_NOT_VALID'];
    const failures = reasons.map((reason) => ({ arn: 'arn:x', reason }));
    const change = failingLater(failures);
    expect(await readFailing(change)).toEqual([]);
  });
});

describe('instances that EC2 has forgotten', () => {
  it('cost the others of their batch nothing, and are named', async () => {
    const lab = createLab();
    add(lab.account, {
      instances: ['0a', '0b', '0c', '0d'].map((id) => ecsInstanceOf(id)),
      ec2Instances: [ec2InstanceOf('i-0b'), ec2InstanceOf('i-0d')],
    });
    const snapshot = await lab.read({ launchTimes: true });
    expect(snapshot.instances.map(({ launchedAtMs }) => launchedAtMs !== undefined)).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(snapshot.gaps).toEqual([
      {
        subject: 'launch-times',
        reason: 'missing',
        operation: 'ec2:DescribeInstances',
        detail: '2 of 4: i-0a, i-0c',
      },
    ]);
    expect(lab.callsBy().DescribeInstances).toBe(2);
  });

  it('may be all of them, or more while they are asked about, in a bounded number of calls', async () => {
    const lab = createLab();
    const ids = ['0a', '0b', '0c', '0d', '0e', '0f'];
    add(lab.account, { instances: ids.map((id) => ecsInstanceOf(id)) });
    expect((await lab.read({ launchTimes: true })).gaps).toMatchObject([
      { reason: 'missing', detail: '6 of 6: i-0a, i-0b, i-0c, i-0d, i-0e, ...' },
    ]);
    expect(lab.callsBy().DescribeInstances).toBe(1);
    add(lab.account, { ec2Instances: ids.map((id) => ec2InstanceOf(`i-${id}`)) });
    const going = [...ids];
    lab.account.intercept = ({ operation }) => {
      if (operation === 'DescribeInstances') lab.account.ec2Instances.delete(`i-${going.shift()}`);
      return undefined;
    };
    lab.account.calls.length = 0;
    expect((await lab.read({ launchTimes: true })).gaps).toMatchObject([
      { reason: 'failed', detail: expect.stringContaining('InvalidInstanceID.NotFound') },
    ]);
    expect(lab.callsBy().DescribeInstances).toBe(3);
  });
});

describe('what makes a snapshot impossible', () => {
  it('is a cluster that ECS does not know, told apart and told why', async () => {
    const lab = createLab();
    lab.account.clusters.clear();
    const reading = lab.read(everyWant);
    await expect(reading).rejects.toThrow(ClusterNotFound);
    await expect(reading).rejects.toThrow(
      'ECS does not know arn:aws:ecs:eu-central-1:123456789012:cluster/shop: ClusterNotFoundException: Cluster not found.',
    );
  });

  it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'CredentialsProviderError'])(
    'is a %s: no further call is made',
    async (name) => {
      let calls = 0;
      const refuse = () => {
        calls += 1;
        return Promise.reject(Object.assign(new Error('because'), { name }));
      };
      const lab = createLab({
        counts: { tasks: 1 },
        limits: { perSecond: 1000, burst: 1000, inFlightMax: 1 },
        change: (sources) => ({ ...sources, ecs: { ...sources.ecs, listTasks: refuse } }),
      });
      const reading = lab.read(everyWant);
      await expect(reading).rejects.toThrow(CredentialsUnusable);
      await expect(reading).rejects.toThrow(
        `AWS does not accept the credentials: ${name}: because`,
      );
      expect(calls).toBe(1);
      expect(lab.account.calls).toEqual([]);
    },
  );

  it('is not a word of EC2 against credentials that ECS accepts', async () => {
    const refuse = () => Promise.reject(Object.assign(new Error('no'), { name: 'AuthFailure' }));
    const { read } = createLab({
      account: richAccount(),
      change: (sources) => ({ ...sources, ec2: { ...sources.ec2, describeSubnets: refuse } }),
    });
    expect((await read(everyWant)).gaps).toMatchObject([{ subject: 'subnets', reason: 'denied' }]);
  });

  it('is a cluster that is not named by its ARN', async () => {
    const { createSnapshotReader } = await import('../../shared/aws/snapshot-take.ts');
    const reader = createSnapshotReader({} as never, {} as never);
    await expect(reader.read('shop', {})).rejects.toThrow(
      'clusterArn: expected the ARN of a cluster, got "shop"',
    );
  });

  it('is a part for which no calls are given', async () => {
    const { read } = createLab({ change: ({ ecs }) => ({ ecs }) });
    await expect(read({ subnetZones: true })).rejects.toThrow(
      'a part of EC2 is wanted, but no calls of it are given',
    );
  });
});

describe('a signal', () => {
  it('ends the reading with its reason, and without further calls', async () => {
    const controller = new AbortController();
    const reason = new Error('out of time');
    const lab = createLab({
      counts: { tasks: 300 },
      limits: { perSecond: 1, burst: 1, inFlightMax: 2 },
    });
    lab.account.intercept = ({ operation }) => {
      if (operation === 'ListContainerInstances') controller.abort(reason);
      return undefined;
    };
    await expect(lab.read(everyWant, controller.signal)).rejects.toBe(reason);
    expect(lab.account.calls).toHaveLength(2);
  });

  it('that is aborted already lets nothing begin', async () => {
    const lab = createLab();
    await expect(lab.read({}, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(lab.account.calls).toEqual([]);
  });
});
