import { describe, expect, it } from 'vitest';
import { diagnoseDrain, placementFailureMsMax } from '../../shared/domain/drain-diagnosis.ts';
import { changeText, stayText } from '../../shared/domain/drain-lines.ts';
import type { Instance, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import {
  dayMs,
  hourMs,
  instanceArn,
  managed,
  minuteMs,
  nowMs,
  service,
  snapshot,
  task,
  taskArn,
} from '../support/calendar-worlds.ts';

const draining = managed('i-1', nowMs - 14 * dayMs - 6 * hourMs, { status: 'DRAINING' });
const other = managed('i-2', nowMs);

function diagnose(parts: Partial<Snapshot>, instance: Instance = draining) {
  const world = snapshot({ instances: [instance, other], ...parts });
  const diagnosis = diagnoseDrain(world, instance.arn, nowMs);
  if (diagnosis === undefined) throw new Error('the instance is there');
  return diagnosis;
}
/** Why the first task stays. */
const stayOf = (parts: Partial<Snapshot>, instance?: Instance) =>
  diagnose(parts, instance).tasks[0]?.stay;

/** A service of two, one of them on the draining instance. */
const two = (changes: Parameters<typeof service>[4] = {}, ...others: readonly Task[]) => ({
  services: [service('web', 2, 100, 200, changes)],
  tasks: [task('web1', 'web', 'i-1'), task('web2', 'web', 'i-2'), ...others],
});

describe('why a task stays', () => {
  it('nothing can start, nothing can stop: 3 at min 100 max 125', () =>
    expect(
      stayOf({
        services: [service('cart', 3, 100, 125)],
        tasks: ['cart1', 'cart2', 'cart3'].map((name) => task(name, 'cart', 'i-1')),
      }),
    ).toEqual({
      reason: 'nothing-can-move',
      desired: 3,
      limits: { minimum: 3, maximum: 3, canStart: 0, canStop: 0 },
      change: { maximumPercentMin: 134, minimumHealthyPercentMax: 66 },
    }));

  it.each([
    [1, 'maximumPercent 200 or more'],
    [
      2,
      'maximumPercent 150 or more, or minimumHealthyPercent 50 or less (one task fewer meanwhile)',
    ],
    [
      150,
      'maximumPercent 101 or more, or minimumHealthyPercent 99 or less (one task fewer meanwhile)',
    ],
    [
      1_000,
      'maximumPercent 101 or more, or minimumHealthyPercent 99 or less (10 tasks fewer meanwhile)',
    ],
  ])(
    'nothing can move of %i at 100/100: the change never takes the only task, and says how many are fewer',
    (desired, change) => {
      const services = [service('web', desired, 100, 100)];
      const [staying] = diagnose({ services, tasks: [task('web1', 'web', 'i-1')] }).tasks;
      expect(staying && changeText(staying)).toBe(`web: ${change}`);
    },
  );

  it.each([
    ['until half an hour from now', nowMs + 30 * minuteMs, false],
    ['until the deadline', nowMs + 6 * dayMs + 18 * hourMs, false],
    ['past the deadline', nowMs + 6 * dayMs + 18 * hourMs + 1, true],
    ['nobody knows until when', undefined, false],
  ])('it is protected %s', (_, expiresAtMs, isPastDeadline) =>
    expect(stayOf({ ...two(), protections: { [taskArn('web1')]: { expiresAtMs } } })).toEqual({
      reason: 'protected',
      untilMs: expiresAtMs,
      isPastDeadline,
    }),
  );

  it('a protection that has ended is none', () =>
    expect(
      stayOf({ ...two(), protections: { [taskArn('web1')]: { expiresAtMs: nowMs } } })?.reason,
    ).toBe('moving'));

  it('percents come before protection, which ends by itself', () =>
    expect(
      stayOf({
        services: [service('web', 1, 100, 100)],
        tasks: [task('web1', 'web', 'i-1')],
        protections: { [taskArn('web1')]: { expiresAtMs: undefined } },
      })?.reason,
    ).toBe('nothing-can-move'));

  it('it is standalone: nobody moves it', () =>
    expect(stayOf({ tasks: [task('batch', undefined, 'i-1')] })).toEqual({
      reason: 'standalone-task',
      ageMs: 5 * dayMs,
    }));

  it('its service could not be read, protected or not', () => {
    const tasks = [task('ghost1', 'ghost', 'i-1')];
    expect(stayOf({ tasks })?.reason).toBe('service-unknown');
    const protections = { [taskArn('ghost1')]: { expiresAtMs: nowMs + 1 } };
    expect(stayOf({ tasks, protections })?.reason).toBe('protected');
  });

  it.each(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'])(
    'it is leaving: %s',
    (lastStatus) =>
      expect(stayOf({ tasks: [task('batch', undefined, 'i-1', { lastStatus })] })?.reason).toBe(
        'stopping',
      ),
  );
  it('it is told to stop', () => {
    const told = task('batch', undefined, 'i-1', { desiredStatus: 'STOPPED' });
    expect(stayOf({ tasks: [told] })?.reason).toBe('stopping');
  });
  it('a status that nobody knows is no leaving', () => {
    const odd = task('batch', undefined, 'i-1', { lastStatus: 'DREAMING' });
    expect(stayOf({ tasks: [odd] })?.reason).toBe('standalone-task');
  });

  it.each([
    ['a DAEMON service', task('agent', 'agent', 'i-1')],
    [
      'a managed daemon',
      task('agent', undefined, 'i-1', {
        taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:daemon-task-definition/agent:3',
      }),
    ],
    ['a managed daemon, by its group', task('agent', undefined, 'i-1', { group: 'daemon:agent' })],
    [
      'a managed daemon, by who started it',
      task('agent', undefined, 'i-1', { startedBy: 'ecs/daemon/agent' }),
    ],
  ])('it belongs to the instance: %s', (_, agent) =>
    expect(
      stayOf({
        services: [service('agent', 2, 0, 100, { schedulingStrategy: 'DAEMON' })],
        tasks: [agent],
      })?.reason,
    ).toBe('goes-with-instance'),
  );

  const rollout = (id: string, rolloutState: string) => ({
    id,
    status: 'PRIMARY',
    rolloutState,
    taskDefinitionArn: undefined,
    createdAtMs: undefined,
  });
  it.each([
    ['ECS shows one under way', {}, { web: { arn: 'd', status: 'IN_PROGRESS', startedAtMs: 1 } }],
    ['its rollout is not complete', { rollouts: [rollout('a', 'IN_PROGRESS')] }, {}],
    [
      'it has two rollouts',
      { rollouts: [rollout('a', 'COMPLETED'), rollout('b', 'COMPLETED')] },
      {},
    ],
  ])('its service is being deployed: %s', (_, changes, deployments) =>
    expect(stayOf({ ...two(changes), deployments })).toEqual({ reason: 'deployment-in-progress' }),
  );

  it('a deployment is not in the way of a service that has tasks to spare', () => {
    const spare = two({ rollouts: [rollout('a', 'IN_PROGRESS')] }, task('web3', 'web', 'i-2'));
    expect(stayOf(spare)?.reason).toBe('moving');
  });

  it('its replacement runs and is ill', () =>
    expect(stayOf(two({}, task('web3', 'web', 'i-2', { health: 'UNHEALTHY' })))).toEqual({
      reason: 'replacement-unhealthy',
      replacements: [taskArn('web3')],
    }));
  it('its replacement runs, and nobody checks it: it moves', () =>
    expect(stayOf(two({}, task('web3', 'web', 'i-2', { health: 'UNKNOWN' })))?.reason).toBe(
      'moving',
    ));

  it.each(['PROVISIONING', 'PENDING', 'ACTIVATING'])('its replacement starts: %s', (lastStatus) =>
    expect(stayOf(two({}, task('web3', 'web', 'i-2', { lastStatus })))).toEqual({
      reason: 'replacement-starting',
      replacements: [taskArn('web3')],
    }),
  );

  it('a task on another instance that drains is no replacement, well or ill', () => {
    const third = managed('i-3', nowMs - 15 * dayMs, { status: 'DRAINING' });
    const ill = task('web3', 'web', 'i-3', { health: 'UNHEALTHY' });
    expect(stayOf({ ...two({}, ill), instances: [draining, other, third] })?.reason).toBe('moving');
  });

  it('it is short of its minimum and ECS starts another: nothing is in the way', () =>
    expect(stayOf(two())?.reason).toBe('moving'));
  it('its minimum runs without it: 3 of 2', () =>
    expect(stayOf(two({}, task('web3', 'web', 'i-2')))?.reason).toBe('moving'));
  it('its minimum of 50 % runs without it: 2 of 1', () => {
    const changes = { rollouts: [rollout('a', 'IN_PROGRESS')] };
    const half = { ...two(), services: [service('web', 2, 50, 100, changes)] };
    expect(stayOf(half)?.reason).toBe('moving');
  });

  it.each([
    ['an hour ago', placementFailureMsMax, 'no-room'],
    ['a ms longer ago', placementFailureMsMax + 1, 'moving'],
  ])('ECS could not place a task %s', (_, agoMs, reason) =>
    expect(stayOf(two({ lastPlacementFailureAtMs: nowMs - agoMs }))?.reason).toBe(reason),
  );
  it('ECS could not place a task, and has placed one since', () => {
    const failed = { lastPlacementFailureAtMs: nowMs - minuteMs };
    const placed = task('web3', 'web', 'i-2', { lastStatus: 'PENDING' });
    expect(stayOf(two(failed, placed))?.reason).toBe('replacement-starting');
    const waiting = task('web3', 'web', undefined, { lastStatus: 'PROVISIONING' });
    expect(stayOf(two(failed, waiting))?.reason).toBe('no-room');
    expect(stayOf(two({}, waiting))?.reason).toBe('replacement-starting');
  });
});

describe('room', () => {
  const full = { remaining: { cpuUnits: 255, memoryMiB: 9_999 } };
  const ec2 = (name: string, changes: Partial<Instance> = {}) =>
    managed(name, nowMs - 100 * dayMs, { compute: 'ec2', capacityProvider: 'asg', ...changes });
  const ec2Draining = ec2('i-1', { status: 'DRAINING' });
  const onAsg = { compute: 'ec2', capacityProviders: ['asg'] } as const;
  const withOther = (second: Instance, ...others: readonly Task[]) => ({
    ...two(onAsg, ...others),
    instances: [ec2Draining, second],
  });
  it('that is missing is a risk on EC2, whose instances ECS does not launch for a drain', () =>
    expect(stayOf(withOther(ec2('i-2', full)), ec2Draining)).toEqual({
      ...{ reason: 'no-room', lacks: { what: 'resources', ports: [] } },
      needs: { cpuUnits: 256, memoryMiB: 512 },
    }));

  const taskSets = { compute: undefined, capacityProviders: [] } as const;
  it.each<readonly [string, Parameters<typeof service>[4], Partial<Instance>, string]>([
    [
      'another provider of its strategy',
      { capacityProviders: ['asg', 'b'] },
      { capacityProvider: 'b' },
      'moving',
    ],
    [
      'any EC2 instance, by its launch type',
      { capacityProviders: [] },
      { capacityProvider: 'b' },
      'moving',
    ],
    [
      'an instance of no provider, by its launch type',
      { capacityProviders: [] },
      { capacityProvider: undefined },
      'moving',
    ],
    ['a provider that is none of its own', {}, { capacityProvider: 'b' }, 'no-room'],
    ['beside it, where ECS names no launch type (controller EXTERNAL)', taskSets, {}, 'moving'],
    ['and nowhere else then', taskSets, { capacityProvider: 'b' }, 'no-room'],
    [
      'Fargate, which is not among the providers of the cluster',
      { compute: 'fargate', capacityProviders: ['FARGATE'] },
      full,
      'moving',
    ],
    [
      'managed instances, which ECS launches',
      { capacityProviders: ['asg', 'general'] },
      full,
      'moving',
    ],
  ])('is looked for where ECS may place the service: %s', (_, changes, second, reason) => {
    const capacityProviders = [
      {
        name: 'general',
        compute: 'managed-instances',
        isSpot: false,
        status: 'ACTIVE',
        subnets: [],
        scaleInAfterSeconds: null,
      },
    ] as const;
    const world = two({ ...onAsg, ...changes });
    const instances = [ec2Draining, ec2('i-2', second)];
    expect(stayOf({ ...world, instances, capacityProviders }, ec2Draining)?.reason).toBe(reason);
  });

  it('is looked for beside an instance of which nobody knows what it is', () => {
    const unread = { compute: undefined, capacityProvider: 'unread' } as const;
    const world = two({ compute: 'ec2', capacityProviders: [] });
    const instances = [ec2('i-1', { status: 'DRAINING', ...unread }), ec2('i-2', unread)];
    expect(stayOf({ ...world, instances }, instances[0])?.reason).toBe('moving');
  });

  const distinct = { placementConstraints: [{ type: 'distinctInstance', expression: undefined }] };
  it.each<{
    readonly lacks: string;
    readonly ports?: readonly string[];
    readonly of?: Partial<Task>;
    readonly on?: Partial<Instance>;
    readonly by?: Parameters<typeof service>[4];
    readonly says: readonly [stay: string, change: string];
  }>([
    {
      lacks: 'resources',
      on: full,
      says: ['no room for 256 CPU units, 512 MiB', 'add capacity that has room for it'],
    },
    {
      lacks: 'ports',
      ports: ['80/tcp'],
      ...{ of: { hostPorts: ['80/tcp'] }, on: { usedPorts: ['80/tcp'] } },
      says: [
        'room only where port 80/tcp is taken',
        'add an instance whose port is free, or let ECS choose the host port',
      ],
    },
    {
      lacks: 'ports',
      ports: ['443/tcp'],
      ...{ of: { hostPorts: ['80/tcp', '443/tcp'] }, on: { usedPorts: ['22/tcp', '443/tcp'] } },
      says: [
        'room only where port 443/tcp is taken',
        'add an instance whose port is free, or let ECS choose the host port',
      ],
    },
    {
      lacks: 'interfaces',
      ...{ of: { hasEni: true }, on: { type: 't3.small' } },
      says: [
        'room only where no network interface is left',
        'add an instance: these hold as many network interfaces as their type can',
      ],
    },
    {
      lacks: 'architecture',
      ...{ of: { architecture: 'arm64' }, on: { architecture: 'x86_64' } },
      says: [
        'room on instances of another CPU architecture only',
        'add an instance of its CPU architecture',
      ],
    },
    {
      lacks: 'distinct',
      by: distinct,
      says: [
        'room only where a task of it runs already (distinctInstance)',
        'add an instance without a task of it',
      ],
    },
  ])(
    'that is short of $lacks, and says so: $says.0',
    ({ lacks: what, ports = [], of, on, by, says: [text, change] }) => {
      const instanceTypes = { 't3.small': { vCpus: 2, memoryMiB: 2_048, eniMax: 3 } };
      const eni = (name: string) => task(name, 'web', 'i-2', { hasEni: true });
      const world = {
        services: [service('web', 3, 100, 200, { ...onAsg, ...by })],
        tasks: [task('web1', 'web', 'i-1', of), eni('web2'), eni('web3')],
        instances: [ec2Draining, ec2('i-2', on)],
        instanceTypes,
      };
      const [staying] = diagnose(world, ec2Draining).tasks;
      expect(staying?.stay).toMatchObject({ reason: 'no-room', lacks: { what, ports } });
      if (staying === undefined) throw new Error('it stays');
      expect([stayText(staying), changeText(staying)]).toEqual([
        `web/web1: ${text}`,
        `web: ${change}`,
      ]);
    },
  );
  it.each([
    ['there is', ec2('i-2'), 'moving'],
    ['there is on another provider', ec2('i-2', { capacityProvider: 'other' }), 'no-room'],
    ['there is on an instance that drains', ec2('i-2', { status: 'DRAINING' }), 'no-room'],
    [
      'there is on a machine of ECS Anywhere',
      ec2('i-2', { compute: 'external', capacityProvider: undefined }),
      'no-room',
    ],
  ])('%s', (_, second, reason) =>
    expect(stayOf(withOther(second), ec2Draining)?.reason).toBe(reason),
  );
  it('that the replacement itself has taken is not missing', () => {
    const placed = task('web3', 'web', 'i-2', { lastStatus: 'PENDING' });
    expect(stayOf(withOther(ec2('i-2', full), placed), ec2Draining)?.reason).toBe(
      'replacement-starting',
    );
  });
  it('is not taken up by tasks that nobody moves', () => {
    const world = withOther(ec2('i-2', { remaining: { cpuUnits: 2048, memoryMiB: 1024 } }));
    const large = { reserved: { cpuUnits: 256, memoryMiB: 1024 } };
    const tasks = [task('zeppelin', undefined, 'i-1', large), ...world.tasks];
    expect(stayOf({ ...world, tasks }, ec2Draining)?.reason).toBe('moving');
  });
  it('is made by ECS for managed instances', () =>
    expect(stayOf({ ...two(), instances: [draining, { ...other, ...full }] })?.reason).toBe(
      'moving',
    ));
  it('is not sought on the instance itself, even if it is not drained yet', () => {
    const alone = { ...two(onAsg), instances: [ec2('i-1')] };
    expect(diagnose(alone, ec2('i-1'))).toMatchObject({
      isDraining: false,
      tasks: [{ stay: { reason: 'no-room' } }],
    });
  });
});

describe('the diagnosis', () => {
  it('tells the clock of a managed instance: 6 h after day 14, 6 d 18 h left', () =>
    expect(diagnose({})).toMatchObject({
      isDraining: true,
      tasks: [],
      lifetime: { status: 'draining', untilDrainMs: -6 * hourMs, untilDeadlineMs: 162 * hourMs },
    }));

  it('has no clock for others', () =>
    expect(diagnose({}, { ...draining, compute: 'ec2' }).lifetime).toBeUndefined());

  it('is none of an instance that is gone', () =>
    expect(diagnoseDrain(snapshot(), instanceArn('i-1'), nowMs)).toBeUndefined());

  it('names each task of the instance and no other, in order of names', () => {
    const tasks = [
      task('web2', 'web', 'i-1'),
      task('other', 'web', 'i-2'),
      task('web1', 'web', 'i-1'),
      task('batch', undefined, 'i-1', { group: 'nightly' }),
    ];
    const named = { services: [service('web', 3, 100, 200)], tasks };
    const expected = [
      [taskArn('batch'), 'batch', undefined],
      [taskArn('web1'), 'web', 'web'],
      [taskArn('web2'), 'web', 'web'],
    ];
    for (const order of [tasks, tasks.toReversed()]) {
      const found = diagnose({ ...named, tasks: order }).tasks;
      expect(found.map(({ arn, name, service: of }) => [arn, name, of])).toEqual(expected);
    }
  });
});
