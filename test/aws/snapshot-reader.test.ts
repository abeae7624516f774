import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import { openSnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { everyWant } from '../../shared/aws/snapshot-wants.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { parseSnapshot, serialiseSnapshot } from '../../shared/events/saved-snapshot.ts';
import type { Account, EcsCapacityProvider, TargetHealth } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import {
  add,
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
import { seedOf } from '../support/incidents.ts';
import * as snapshots from '../support/snapshots.ts';
import { createLab, nowMs, richAccount } from './snapshot-lab.ts';

const atMs = startedAt.getTime();

it('reads a whole cluster', async () => {
  const { read } = createLab({ account: richAccount() });
  const snapshot = await read(everyWant);
  expect(snapshot).toEqual({
    version: 1,
    takenAtMs: nowMs,
    region: 'eu-central-1',
    clusterArn,
    cluster: 'shop',
    tasks: [snapshots.taskOf('a'), snapshots.taskOf('b', { zone: 'eu-central-1b' })],
    services: [
      snapshots.serviceOf('web', {
        subnets: ['subnet-a'],
        targetGroupArns: [expect.stringContaining(':targetgroup/web/1')],
        rollouts: [
          snapshots.rolloutOf({ id: 'ecs-svc/8', rolloutState: 'IN_PROGRESS' }),
          snapshots.rolloutOf({ status: 'ACTIVE' }),
        ],
      }),
    ],
    instances: [
      snapshots.instanceOf('c1', {
        ec2InstanceId: 'i-0a',
        usedPorts: ['22/tcp', '2376/tcp', '8080/tcp', '53/udp'],
        tags: { team: 'shop' },
      }),
    ],
    capacityProviders: [
      snapshots.capacityProviderOf('general', { subnets: ['subnet-a', 'subnet-b'] }),
    ],
    subnetZones: { 'subnet-a': 'eu-central-1a', 'subnet-b': 'eu-central-1b' },
    protections: { [taskArn('a')]: { expiresAtMs: atMs } },
    deployments: {
      web: {
        arn: expect.stringContaining(':service-deployment/shop/web/d1'),
        status: 'IN_PROGRESS',
        startedAtMs: atMs,
      },
    },
    scalableTargets: { web: { min: 2, max: 8, isSuspended: false } },
    shiftedZones: ['eu-central-1b'],
    eventWindows: [
      {
        id: 'iew-1',
        instanceIds: [],
        tags: [{ key: 'team', value: 'shop' }],
        timeRanges: [{ startDay: 'monday', startHour: 2, endDay: 'monday', endHour: 8 }],
        cron: undefined,
      },
    ],
    instanceTypes: { 'c6a.large': { vCpus: 2, memoryMiB: 4096, eniMax: 3 } },
    gaps: [],
    calls: 15,
  } satisfies Snapshot);
});

it('reads the same through clients of its own, each of which tries only once by itself', async () => {
  const account = richAccount();
  const limiter = createReadLimiter({ nowMs: () => nowMs, sleep: async () => undefined });
  const reader = openSnapshotReader(
    {
      region: account.region,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 3,
      requestHandler: createRequestHandler(account),
    },
    { limiter, clock: { nowMs: () => nowMs, sleep: async () => undefined } },
  );
  const snapshot = await reader.read(clusterArn, everyWant);
  expect(snapshot).toEqual(await createLab({ account: richAccount() }).read(everyWant));
  account.calls.length = 0;
  account.faults.push({ operation: 'ListTasks', kind: 'throttle' });
  const throttled = await reader.read(clusterArn, {});
  expect(account.calls.filter(({ operation }) => operation === 'ListTasks')).toHaveLength(4);
  expect(throttled.calls).toBe(account.calls.length);
});

it('charges what a client retries by itself, and counts it', async () => {
  const { read } = createLab({
    change: (sources) => ({
      ecs: {
        ...sources.ecs,
        listTasks: async () => ({ taskArns: [], $metadata: { attempts: 3 } }),
      },
    }),
  });
  expect((await read()).calls).toBe(3 + 1 + 1);
});

describe('what runs tasks', () => {
  it('is told apart on all four kinds of compute in one cluster', async () => {
    const lab = createLab();
    const own = { launchType: undefined, capacityProviderName: undefined } as never;
    add(lab.account, {
      instances: [
        ecsInstanceOf('m1'),
        ecsInstanceOf('e1', { capacityProviderName: 'asg' }),
        ecsInstanceOf('e2', own),
        ecsInstanceOf('x1', { ...Object(own), ec2InstanceId: 'mi-0f' }),
      ],
      tasks: [
        ecsTaskOf('m', { containerInstanceArn: instanceArn('m1') }),
        ecsTaskOf('f', {
          launchType: 'FARGATE',
          capacityProviderName: 'FARGATE',
          containerInstanceArn: undefined as never,
        }),
        ecsTaskOf('e', { ...Object(own), containerInstanceArn: instanceArn('e2') }),
        ecsTaskOf('p', {
          ...Object(own),
          capacityProviderName: 'asg',
          containerInstanceArn: instanceArn('e1'),
        }),
        ecsTaskOf('x', { ...Object(own), containerInstanceArn: instanceArn('x1') }),
      ],
      services: [
        ecsServiceOf('s-managed'),
        ecsServiceOf('s-fargate', {
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }],
        }),
        ecsServiceOf('s-anywhere', { launchType: 'EXTERNAL', capacityProviderStrategy: [] }),
        ecsServiceOf('s-asg', { capacityProviderStrategy: [{ capacityProvider: 'asg' }] }),
      ],
    });
    lab.account.capacityProviders.set('asg', providerOf('asg', 'EC2_AUTOSCALING'));
    const snapshot = await lab.read({ capacityProviders: true });
    const kindsOf = (things: readonly { readonly arn: string; readonly compute: unknown }[]) =>
      things.map(({ arn, compute }) => `${arn.split('/').at(-1)} ${compute}`);
    expect(kindsOf(snapshot.tasks)).toEqual([
      ...['e ec2', 'f fargate', 'm managed-instances', 'p ec2', 'x external'],
    ]);
    expect(kindsOf(snapshot.instances)).toEqual([
      ...['e1 ec2', 'e2 ec2', 'm1 managed-instances', 'x1 external'],
    ]);
    expect(kindsOf(snapshot.services)).toEqual([
      ...['s-anywhere external', 's-asg ec2', 's-fargate fargate', 's-managed managed-instances'],
    ]);
    // A task on the provider is evidence enough; without one it needs the provider itself.
    const without = await lab.read();
    expect(kindsOf(without.instances)).toContain('m1 managed-instances');
    expect(kindsOf(without.instances)).toContain('e1 undefined');
  });

  it('has launch times though EC2 hides managed instances, and is asked about those of EC2 only', async () => {
    const lab = createLab();
    add(lab.account, {
      instances: [
        ecsInstanceOf('0a'),
        ecsInstanceOf('0b'),
        ecsInstanceOf('x1', { ec2InstanceId: 'mi-0f', capacityProviderName: undefined as never }),
      ],
      ec2Instances: [
        ec2InstanceOf('i-0a', { InstanceLifecycle: 'spot', LaunchTime: new Date(atMs - 60_000) }),
        ec2InstanceOf('i-0b', { Operator: { Managed: false } }),
      ],
    });
    const snapshot = await lab.read({ launchTimes: true });
    expect(snapshot.instances).toMatchObject([
      { launchedAtMs: atMs - 60_000, isSpot: true },
      { launchedAtMs: atMs, isSpot: false },
      { launchedAtMs: undefined, isSpot: undefined },
    ]);
    expect(snapshot.gaps).toEqual([]);
    const [call] = lab.account.calls.filter(({ service }) => service === 'ec2');
    expect(call?.input).toEqual({ InstanceId: ['i-0a', 'i-0b'] });
  });
});

const providerOf = (
  name: string,
  type: EcsCapacityProvider['type'],
  changes: Partial<EcsCapacityProvider> = {},
): EcsCapacityProvider => ({
  capacityProviderArn: `arn:aws:ecs:eu-central-1:123456789012:capacity-provider/${name}`,
  name,
  type,
  status: 'ACTIVE',
  ...changes,
});

describe('parts on demand', () => {
  it('capacity providers: of every kind, over pages', async () => {
    const lab = createLab();
    const providers = [
      providerOf('FARGATE_SPOT', 'FARGATE_SPOT'),
      providerOf('asg', 'EC2_AUTOSCALING'),
      providerOf('new', 'QUANTUM' as never),
      providerOf('spot', 'MANAGED_INSTANCES', {
        managedInstancesProvider: {
          instanceLaunchTemplate: { capacityOptionType: 'SPOT' },
          infrastructureOptimization: { scaleInAfter: -1 },
        },
      }),
      ...Array.from({ length: 8 }, (_, at) => providerOf(`z${at}`, 'MANAGED_INSTANCES')),
    ];
    for (const one of providers) lab.account.capacityProviders.set(one.name, one);
    const { capacityProviders } = await lab.read({ capacityProviders: true });
    expect(lab.callsBy().DescribeCapacityProviders).toBe(2);
    expect(capacityProviders.map(({ name }) => name)).toEqual(providers.map(({ name }) => name));
    expect(capacityProviders.slice(0, 4)).toEqual([
      { name: 'FARGATE_SPOT', compute: 'fargate', isSpot: true, status: 'ACTIVE', subnets: [] },
      { name: 'asg', compute: 'ec2', isSpot: false, status: 'ACTIVE', subnets: [] },
      { name: 'new', compute: undefined, isSpot: false, status: 'ACTIVE', subnets: [] },
      {
        name: 'spot',
        compute: 'managed-instances',
        isSpot: true,
        status: 'ACTIVE',
        subnets: [],
        scaleInAfterSeconds: -1,
      },
    ]);
  });

  it('protections: of the tasks that a rule picks of the base, in batches, standalone ones passed over', async () => {
    const lab = createLab({ counts: { tasks: 150 } });
    add(lab.account, { tasks: [ecsTaskOf('alone', { group: 'family:nightly' })] });
    const everyTask = await lab.read({ protections: 'all' });
    expect(lab.callsBy().GetTaskProtection).toBe(2);
    expect(everyTask).toMatchObject({ protections: {}, gaps: [] });
    lab.account.calls.length = 0;
    lab.account.taskProtections.set(taskArn('00000003'), { protectionEnabled: true });
    const some = await lab.read({
      protections: ({ tasks, cluster }) => {
        expect(cluster).toBe('shop');
        return tasks.slice(0, 5).flatMap(({ arn }) => [arn, arn, taskArn('alone'), 'arn:unknown']);
      },
    });
    expect(some.protections).toEqual({ [taskArn('00000003')]: { expiresAtMs: undefined } });
    const asked = lab.account.calls.find(({ operation }) => operation === 'GetTaskProtection');
    expect(asked?.input.tasks).toHaveLength(5);
  });

  it('deployments: only of services that may have one, and only those under way', async () => {
    const lab = createLab();
    const arnOf = (name: string) =>
      `arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/${name}/d`;
    const serviceWith = (name: string, changes: object) =>
      ecsServiceOf(name, { currentServiceDeployment: arnOf(name), ...changes });
    const inProgress = [{ id: 'd', status: 'PRIMARY', rolloutState: 'IN_PROGRESS' as const }];
    add(lab.account, {
      services: [
        serviceWith('steady', {}),
        serviceWith('rolling', { deployments: inProgress }),
        serviceWith('shifting', { deploymentConfiguration: { strategy: 'BLUE_GREEN' } }),
        serviceWith('new', { deploymentConfiguration: { strategy: 'BLUE_GREEN' } }),
        serviceWith('done', { deploymentConfiguration: { strategy: 'LINEAR' } }),
        serviceWith('unknown', { deploymentConfiguration: { strategy: 'CANARY' } }),
        ecsServiceOf('silent', { deployments: inProgress }),
      ],
    });
    const statuses = {
      steady: 'IN_PROGRESS',
      rolling: 'ROLLBACK_IN_PROGRESS',
      shifting: 'PENDING',
      new: 'DREAMING',
      done: 'SUCCESSFUL',
    };
    for (const [name, status] of Object.entries(statuses)) {
      lab.account.serviceDeployments.set(arnOf(name), {
        serviceDeploymentArn: arnOf(name),
        serviceArn: serviceArn(name),
        clusterArn,
        status: status as never,
        createdAt: startedAt,
        sourceServiceRevisions: [],
        targetServiceRevision: { arn: 'r' },
      });
    }
    const { deployments, gaps } = await lab.read({ deployments: true });
    expect(deployments).toEqual({
      new: { arn: arnOf('new'), status: 'DREAMING', startedAtMs: atMs },
      rolling: { arn: arnOf('rolling'), status: 'ROLLBACK_IN_PROGRESS', startedAtMs: atMs },
      shifting: { arn: arnOf('shifting'), status: 'PENDING', startedAtMs: atMs },
    });
    expect(gaps).toEqual([]);
    const [call] = lab.account.calls.filter(
      ({ operation }) => operation === 'DescribeServiceDeployments',
    );
    expect(call?.input.serviceDeploymentArns).toHaveLength(5);
  });

  it('scalable targets: fifty services a call, by the name of the service, suspended or not', async () => {
    const lab = createLab({ counts: { services: 51 } });
    const targetOf = (ResourceId: string, changes: object = {}) => ({
      ...{ ResourceId, MinCapacity: 1, MaxCapacity: 4 },
      ...changes,
    });
    for (const target of [
      targetOf('service/shop/s00000000', {
        SuspendedState: { DynamicScalingInSuspended: false, ScheduledScalingSuspended: true },
      }),
      targetOf('service/shop/s00000032', {
        SuspendedState: { DynamicScalingInSuspended: false },
      }),
      targetOf('service/other/s00000001'),
    ]) {
      lab.account.scalableTargets.set(target.ResourceId, target);
    }
    const { scalableTargets } = await lab.read({ scalableTargets: true });
    expect(scalableTargets).toEqual({
      s00000000: { min: 1, max: 4, isSuspended: true },
      s00000032: { min: 1, max: 4, isSuspended: false },
    });
    expect(lab.callsBy().DescribeScalableTargets).toBe(2);
  });

  it('scalable targets: one without limits is a gap', async () => {
    const lab = createLab({ account: richAccount() });
    const ResourceId = 'service/shop/web';
    lab.account.scalableTargets.set(ResourceId, { ResourceId, MinCapacity: 1 } as never);
    const snapshot = await lab.read({ scalableTargets: true });
    expect(snapshot.scalableTargets).toEqual({});
    expect(snapshot.gaps).toMatchObject([
      { subject: 'scalable-targets', reason: 'failed', detail: 'web without limits' },
    ]);
  });

  it('subnets: of services alone where providers are not wanted; one that is gone is named', async () => {
    const lab = createLab({ account: richAccount() });
    lab.account.subnets.delete('subnet-b');
    expect((await lab.read({ subnetZones: true })).subnetZones).toEqual({
      'subnet-a': 'eu-central-1a',
    });
    const both = await lab.read({ subnetZones: true, capacityProviders: true });
    expect(both.subnetZones).toEqual({ 'subnet-a': 'eu-central-1a' });
    expect(both.gaps).toEqual([
      {
        subject: 'subnets',
        reason: 'missing',
        operation: 'ec2:DescribeSubnets',
        detail: '1 of 2: subnet-b',
      },
    ]);
  });

  it('instance types: each once, and one that EC2 does not know is named', async () => {
    const lab = createLab({ account: richAccount() });
    const typed = (id: string, value: string) =>
      ecsInstanceOf(id, { attributes: [{ name: 'ecs.instance-type', value }] });
    add(lab.account, { instances: [typed('c2', 'c6a.large'), typed('c3', 'own.box')] });
    const snapshot = await lab.read({ instanceTypes: true });
    expect(Object.keys(snapshot.instanceTypes)).toEqual(['c6a.large']);
    expect(snapshot.gaps).toMatchObject([
      { subject: 'instance-types', reason: 'missing', detail: '1 of 2: own.box' },
    ]);
  });

  it('event windows: those that stay, with ranges that say when, and a key of two values told twice', async () => {
    const lab = createLab();
    const windows: Account['eventWindows'] = lab.account.eventWindows;
    const range = { StartWeekDay: 'friday', StartHour: 22, EndWeekDay: 'saturday', EndHour: 4 };
    windows.set('iew-2', {
      InstanceEventWindowId: 'iew-2',
      CronExpression: '* 21-23 * * 2,3',
      AssociationTarget: {
        InstanceIds: ['i-0a'],
        Tags: [
          { Key: 'team', Value: 'a' },
          { Key: 'team', Value: 'b' },
          { Key: 'stage', Value: 'live' },
        ],
      },
      State: 'somehow',
    });
    windows.set('iew-1', {
      InstanceEventWindowId: 'iew-1',
      TimeRanges: [range, { StartWeekDay: 'sunday' } as never],
      State: 'creating',
    });
    for (const State of ['deleting', 'deleted']) {
      windows.set(State, { InstanceEventWindowId: State, State });
    }
    const timeRanges = [{ startDay: 'friday', startHour: 22, endDay: 'saturday', endHour: 4 }];
    const cron = '* 21-23 * * 2,3';
    expect((await lab.read({ eventWindows: true })).eventWindows).toEqual([
      { id: 'iew-1', instanceIds: [], tags: [], timeRanges, cron: undefined },
      {
        id: 'iew-2',
        instanceIds: ['i-0a'],
        tags: [
          { key: 'team', value: 'a' },
          { key: 'team', value: 'b' },
          { key: 'stage', value: 'live' },
        ],
        timeRanges: [],
        cron,
      },
    ]);
  });

  it('event windows: with the tags that tie instances to them, of EC2, or of ECS where that is refused', async () => {
    const lab = createLab({ account: richAccount() });
    expect((await lab.read({ eventWindows: true })).instances).toMatchObject([
      { tags: { team: 'shop' } },
    ]);
    const tags = [{ key: 'team', value: 'copy' }];
    add(lab.account, { instances: [ecsInstanceOf('c1', { ec2InstanceId: 'i-0a', tags })] });
    lab.account.faults.push({ operation: 'DescribeInstances', kind: 'access-denied' });
    const denied = await lab.read({ eventWindows: true });
    expect(denied.instances).toMatchObject([{ tags: { team: 'copy' }, launchedAtMs: undefined }]);
    expect(denied.gaps).toMatchObject([{ subject: 'launch-times', reason: 'denied' }]);
  });

  it('zonal shifts: by address or instance, whoever carries them out; a target in no known zone is named', async () => {
    const lab = createLab({ account: richAccount() });
    const targetWith = (Id: string, State: string, AvailabilityZone?: string): TargetHealth => ({
      Target: { Id, ...(AvailabilityZone === undefined ? {} : { AvailabilityZone }) },
      TargetHealth: { State: 'healthy' },
      AdministrativeOverride: { State: State as never },
    });
    const groups = {
      'tg-1': [
        targetWith('i-0a', 'zonal_shift_delegated_to_dns'),
        targetWith('10.0.0.1', 'zonal_shift_active', 'eu-central-1c'),
        targetWith('10.0.0.2', 'something_new', 'eu-central-1b'),
      ],
      'tg-2': [
        targetWith('10.0.0.3', 'zonal_shift_active', 'all'),
        targetWith('10.0.0.4', 'zonal_shift_active', 'eu-central-1c'),
      ],
    };
    for (const [TargetGroupArn, targets] of Object.entries(groups)) {
      lab.account.targetGroups.set(TargetGroupArn, { TargetGroupArn, targets });
    }
    const snapshot = await lab.read({ zonalShifts: () => ['tg-2', 'tg-1', 'tg-1'] });
    expect(snapshot.shiftedZones).toEqual(['eu-central-1a', 'eu-central-1c']);
    expect(snapshot.gaps).toMatchObject([
      { subject: 'zonal-shifts', reason: 'missing', detail: 'the zone of target 10.0.0.3' },
    ]);
    expect(lab.callsBy().DescribeTargetHealth).toBe(2);
  });

  it('zonal shifts: of 200 target groups at most, and of one that is gone a gap', async () => {
    const lab = createLab();
    const groups = Array.from({ length: 201 }, (_, at) => `tg-${String(at).padStart(3, '0')}`);
    for (const TargetGroupArn of groups) {
      lab.account.targetGroups.set(TargetGroupArn, { TargetGroupArn, targets: [] });
    }
    const many = await lab.read({ zonalShifts: () => groups });
    expect(lab.callsBy().DescribeTargetHealth).toBe(200);
    expect(many.gaps).toMatchObject([
      { reason: 'truncated', detail: 'more than 200 target groups' },
    ]);
    expect((await lab.read({ zonalShifts: () => ['gone'] })).gaps).toMatchObject([
      { subject: 'zonal-shifts', reason: 'missing' },
    ]);
  });

  it('are empty where they are not wanted', async () => {
    const { read } = createLab({ account: richAccount() });
    expect(await read()).toMatchObject({
      capacityProviders: [],
      subnetZones: {},
      protections: {},
      deployments: {},
      scalableTargets: {},
      shiftedZones: [],
      eventWindows: [],
      instanceTypes: {},
      instances: [{ launchedAtMs: undefined, tags: {} }],
    });
  });
});

describe('a rule that throws', () => {
  it('ends the reading before any part is asked for', async () => {
    const lab = createLab({ account: richAccount() });
    const protections = () => {
      throw new Error('a bad rule');
    };
    await expect(lab.read({ ...everyWant, protections })).rejects.toThrow('a bad rule');
    expect(lab.account.calls).toHaveLength(7);
  });
});

describe('values that nobody knows yet', () => {
  const never = 'SOMETHING_NEW' as never;

  it('stay as they came, in every enumeration', async () => {
    const account = richAccount();
    add(account, {
      tasks: [
        ecsTaskOf('a', {
          ...{ launchType: never, lastStatus: never, healthStatus: never },
          capacityProviderName: 'unknown',
          attachments: [{ id: 'x', type: 'SomethingNew', status: 'x', details: [] }],
        }),
      ],
      instances: [
        ecsInstanceOf('c1', {
          ...{ status: never, capacityProviderName: 'unknown', ec2InstanceId: 'i-0a' },
          healthStatus: { overallStatus: 'SOMETHING_NEW' },
          remainingResources: [{ name: 'FLUX', type: never }],
        }),
      ],
      services: [
        ecsServiceOf('web', {
          ...{ status: never, launchType: never, schedulingStrategy: never },
          ...{ availabilityZoneRebalancing: never, deploymentController: { type: never } },
          capacityProviderStrategy: [],
          deploymentConfiguration: { strategy: never },
          placementStrategy: [{ type: never }],
          placementConstraints: [{ type: never }],
          deployments: [{ id: 'd', status: never, rolloutState: never }],
        }),
      ],
      ec2Instances: [ec2InstanceOf('i-0a', { InstanceLifecycle: never })],
    });
    const general = account.capacityProviders.get('general');
    if (general !== undefined) Object.assign(general, { type: never, status: never });
    const { read } = createLab({ account });
    const snapshot = await read(everyWant);
    const value = 'SOMETHING_NEW';
    expect(snapshot.tasks[0]).toMatchObject({
      ...{ lastStatus: value, health: value, compute: undefined, hasEni: false },
    });
    expect(snapshot.instances[0]).toMatchObject({
      ...{ status: value, health: value, compute: undefined, isSpot: false, usedPorts: [] },
    });
    expect(snapshot.services[0]).toMatchObject({
      ...{ status: value, launchType: value, schedulingStrategy: value, compute: undefined },
      ...{ availabilityZoneRebalancing: value, deploymentController: value },
      deploymentStrategy: value,
      placementStrategy: [{ type: value }],
      placementConstraints: [{ type: value }],
      rollouts: [{ status: value, rolloutState: value }],
    });
    expect(snapshot.capacityProviders[0]).toMatchObject({ compute: undefined, status: value });
    expect(snapshot.gaps).toEqual([]);
    expect(parseSnapshot(JSON.parse(serialiseSnapshot(snapshot)))).toEqual(snapshot);
  });
});

describe('the order in which AWS answers', () => {
  it('does not matter', async () => {
    const shuffled = async (seed: number): Promise<string> => {
      const account = richAccount();
      add(account, {
        tasks: ['c', 'd', 'e'].map((id) => ecsTaskOf(id)),
        instances: ['c2', 'c3'].map((id) => ecsInstanceOf(id, { ec2InstanceId: 'i-0a' })),
        services: ['api', 'job'].map((name) => ecsServiceOf(name)),
      });
      for (const map of Object.values(account)) {
        if (map instanceof Map) reorder(map as Map<unknown, unknown>, seed);
      }
      return serialiseSnapshot(await createLab({ account }).read(everyWant));
    };
    const expected = await shuffled(0);
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        expect(await shuffled(seed)).toBe(expected);
      }),
      { numRuns: 20, ...seedOf() },
    );
  }, 60_000);
});

function reorder(map: Map<unknown, unknown>, seed: number): void {
  const entries = [...map].sort(([a], [b]) => orderOf(a, seed) - orderOf(b, seed));
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}

/** A number that orders texts differently for each seed. */
const orderOf = (text: unknown, seed: number): number =>
  [...String(text)].reduce(
    (sum, character) => (sum * 31 + character.charCodeAt(0) + seed) % 10_007,
    seed,
  );

describe('secrets', () => {
  it('never reach a snapshot, wherever they stand in what AWS answers', async () => {
    const secret = fc.string({
      unit: fc.constantFrom(...'abcdef0123456789'),
      minLength: 24,
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(secret, async (token) => {
        const account = richAccount();
        plant(account, token);
        const text = serialiseSnapshot(await createLab({ account }).read(everyWant));
        expect(text).not.toContain(token);
        expect(text).toContain('"ballast:az-balance": "observe"');
      }),
      { numRuns: 10, ...seedOf() },
    );
  }, 60_000);
});

/** Puts a secret into whatever a user, an agent or a tool may have put one. */
function plant(account: Account, secret: string): void {
  const tags = [{ key: 'note', value: secret }, { key: secret }] as never;
  const containers = [
    { name: secret, image: `repo/${secret}`, reason: secret, cpu: secret, memory: secret },
  ];
  for (const task of account.tasks.values()) {
    Object.assign(task, {
      tags,
      containers,
      stoppedReason: secret,
      overrides: {
        containerOverrides: [
          { name: 'web', command: [secret], environment: [{ name: 'TOKEN', value: secret }] },
        ],
      },
      attachments: [
        {
          id: secret,
          type: 'ElasticNetworkInterface',
          status: 'ATTACHED',
          details: [{ name: 'privateIPv4Address', value: secret }],
        },
      ],
    });
  }
  for (const service of account.services.values()) {
    Object.assign(service, {
      tags: [...Object(tags), { key: 'ballast:az-balance', value: 'observe' }],
      events: [{ id: secret, message: `is AZ balanced ${secret}`, createdAt: startedAt }],
      deploymentConfiguration: {
        lifecycleHooks: [
          { hookTargetArn: 'arn:hook', roleArn: secret, hookDetails: { k: secret } },
        ],
      },
    });
    for (const one of service.deployments ?? []) Object.assign(one, { rolloutStateReason: secret });
  }
  for (const instance of account.containerInstances.values()) {
    Object.assign(instance, {
      tags,
      healthStatus: {
        overallStatus: 'OK',
        details: [{ type: 'DAEMON', status: 'OK', statusReason: secret }],
      },
    });
  }
  for (const one of account.ec2Instances.values())
    one.Tags.push({ Key: 'password', Value: secret });
  for (const one of account.eventWindows.values()) one.Name = secret;
  for (const one of account.serviceDeployments.values()) one.statusReason = secret;
  for (const group of account.targetGroups.values()) {
    for (const target of group.targets) target.TargetHealth.Description = secret;
  }
  for (const provider of account.capacityProviders.values()) {
    Object.assign(provider, { tags });
    if (provider.managedInstancesProvider?.instanceLaunchTemplate !== undefined) {
      provider.managedInstancesProvider.instanceLaunchTemplate.ec2InstanceProfileArn = secret;
    }
  }
}
