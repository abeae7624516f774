import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Gap,
  GapSubject,
  Instance,
  Service,
  Snapshot,
  Task,
} from '../../shared/domain/snapshot.ts';
import { movesToBalance, skewOf, totalOf } from '../../shared/domain/zone-balance.ts';
import type { ZoneMemory, ZonePolicy } from '../../shared/domain/zone-rules.ts';
import { sightOf } from '../../shared/domain/zone-sight.ts';
import { judgeZones } from '../../shared/domain/zone-verdict.ts';
import { seedOf } from '../support/incidents.ts';
import {
  carryOut,
  instanceArn,
  instanceIn,
  listedAnew,
  minuteMs,
  nowMs,
  serviceIn,
  shuffles,
  snapshotWith,
  taskArn,
  taskIn,
  type ZoneCounts,
  zoneWorld,
} from '../support/zone-worlds.ts';

const policy: ZonePolicy = { skewMax: 1, quietMs: 20 * minuteMs, unhealthyShareMax: 0.2 };
const memory: ZoneMemory = { desiredChangedAtMs: {} };
const judge = (snapshot: Snapshot, given: ZoneMemory = memory) =>
  judgeZones(snapshot, policy, given);

/** `act would-act surge-move | 3 of 3 moves` of the service `web`. */
const told = (snapshot: Snapshot, given: ZoneMemory = memory): string => {
  const web = judge(snapshot, given).verdicts.find(({ service }) => service === 'web');
  return `${web?.decision} ${web?.verdict} ${web?.reason} | ${web?.detail}`;
};

const roomy = { a: 9, b: 9, c: 9 };
/** 5/1/0, which ECS leaves alone because nothing may start before something stops. */
const surging: Partial<Service> = { maximumPercent: 100 };
type Worlds = Readonly<Record<string, ZoneCounts>>;
type Change = (world: Snapshot) => Partial<Snapshot>;
type World = {
  readonly counts?: ZoneCounts;
  readonly slots?: Readonly<Record<string, number | undefined>>;
  readonly service?: Partial<Service>;
  readonly snapshot?: Change;
};
function worldOf({ counts = { a: 5, b: 1 }, slots = roomy, service, snapshot }: World): Snapshot {
  const world = zoneWorld({ web: counts }, slots, { service: { ...surging, ...service } });
  return { ...world, ...snapshot?.(world) };
}

const gap = (subject: GapSubject, reason: Gap['reason'] = 'denied'): Gap => ({
  subject,
  reason,
  operation: 'ecs:DescribeTasks',
  detail: 'no',
});
const gaps =
  (...found: readonly Gap[]): Change =>
  () => ({ gaps: found });
const eligible: Partial<Service> = { maximumPercent: 200 };
const disabled: Partial<Service> = { ...eligible, availabilityZoneRebalancing: 'DISABLED' };
const onInstances: Partial<Service> = { compute: 'ec2', subnets: [] };
const unreadable: Partial<Service> = {
  placementConstraints: [{ type: 'memberOf', expression: 'registeredAt > 2026-01-01' }],
};
const rollout = serviceIn('web').rollouts[0];
const rolloutWith = (given: object) => (rollout === undefined ? [] : [{ ...rollout, ...given }]);
const someMinutesAgo = (minutes: number): number => nowMs - minutes * minuteMs;
/** The first task is on an instance that is leaving, and the others where they were. */
const leavingUnder =
  (name: string, instance: Partial<Instance>, task: Partial<Task> = {}): Change =>
  ({ instances, tasks: [first, ...others] }) => ({
    instances: [...instances, instanceIn('a', 0, { name, status: 'DRAINING', ...instance })],
    tasks:
      first === undefined ? [] : [{ ...first, instanceArn: instanceArn(name), ...task }, ...others],
  });
const protectedFor =
  (minutes: number | undefined): Change =>
  () => ({
    protections: {
      [taskArn('web-a-003')]: {
        expiresAtMs: minutes === undefined ? undefined : nowMs + minutes * minuteMs,
      },
    },
  });

describe('judgeZones', () => {
  it.each<readonly [string, World, string]>([
    // act
    ['moves, where ECS will not', {}, 'act would-act surge-move | 3 of 3 moves'],
    [
      'moves what it can',
      { slots: { a: 9, b: 9, c: undefined } },
      'act would-act surge-move | 1 of 3 moves; the others need an instance in c',
    ],
    [
      'enables what only has to be enabled, and moves nothing itself',
      { service: disabled },
      'act would-act enable-native-rebalancing | eligible, and disabled',
    ],
    [
      'ECS will: on managed instances it needs no room',
      { service: eligible, slots: { a: 0, b: 0, c: undefined } },
      'hold ecs-will ecs-will-rebalance | eligible and enabled; no instance in c yet, which ECS may launch',
    ],
    // ignore
    ['2/2/2', { counts: { a: 2, b: 2, c: 2 } }, 'ignore balanced balanced | 2/2/2'],
    [
      'as even as 4 over 3 can be',
      { counts: { a: 2, b: 1, c: 1 } },
      'ignore balanced balanced | 2/1/1',
    ],
    [
      'opted out',
      { service: { tags: { 'ballast:az-balance': 'Off' } } },
      'ignore ignored opted-out | ballast:az-balance = Off',
    ],
    [
      'a word that the tag does not know is no opting out',
      { service: { tags: { 'ballast:az-balance': 'never' } } },
      'act would-act surge-move | 3 of 3 moves',
    ],
    ['nothing desired', { service: { desired: 0 } }, 'ignore ignored nothing-desired | desired 0'],
    [
      'going away',
      { service: { status: 'DRAINING' } },
      'ignore ignored service-not-active | DRAINING',
    ],
    // cannot
    [
      'outside AWS',
      { service: { compute: 'external', launchType: 'EXTERNAL', capacityProviders: [] } },
      'ignore cannot external-launch-type | machines outside AWS have no zone',
    ],
    [
      'one task is even, and gone with its zone',
      { counts: { a: 1 } },
      'ignore cannot one-task | losing a leaves nothing',
    ],
    [
      'one zone is even, and everything is in it',
      { counts: { a: 4 }, service: { subnets: ['subnet-a'] } },
      'ignore cannot one-zone | only a',
    ],
    [
      'DAEMON',
      { service: { schedulingStrategy: 'DAEMON' } },
      'ignore cannot daemon-service | its tasks follow the instances',
    ],
    [
      'a deployment controller whose deployments do not show',
      { service: { deploymentController: 'CODE_DEPLOY' } },
      'ignore cannot deployment-controller | CODE_DEPLOY',
    ],
    [
      'a maximum that even a desired count of one more does not raise: floor(7 x 0.9) is 6',
      { service: { maximumPercent: 90 } },
      'ignore cannot maximum-percent | maximumPercent 90',
    ],
    [
      'two providers: which one takes the next task is a matter of weights',
      {
        service: { capacityProviders: ['general', 'spot'] },
        snapshot: ({ capacityProviders: [general] }) => ({
          capacityProviders: general === undefined ? [] : [general, { ...general, name: 'spot' }],
        }),
      },
      'ignore cannot several-capacity-providers | general, spot',
    ],
    [
      'a strategy that puts the next task anywhere',
      { service: { placementStrategy: [{ type: 'binpack', field: 'memory' }] } },
      'ignore cannot placement-strategy | binpack memory',
    ],
    [
      'no instance where one is needed',
      { slots: { a: 9, b: 0, c: undefined } },
      'ignore cannot zone-instance-missing | needs an instance in c; room in b (cpu)',
    ],
    [
      'no room where some is needed',
      { slots: { a: 9, b: 0, c: 0 } },
      'ignore cannot zone-room-missing | needs room in c (cpu); room in b (cpu)',
    ],
    [
      'a room that may be none',
      {
        slots: { a: 9, b: 0, c: undefined },
        snapshot: ({ instances }) => ({
          instances: [...instances, instanceIn('c', 9, { architecture: undefined })],
        }),
      },
      'ignore cannot zone-room-unknown | needs limits of the instances in c that can be read; room in b (cpu)',
    ],
    // hold
    ...(['tasks', 'services', 'instances'] as const).map(
      (subject) =>
        [
          `${subject} not read whole`,
          { snapshot: gaps(gap(subject, 'truncated')) },
          `hold hold snapshot-incomplete | ${subject}`,
        ] as const,
    ),
    [
      'even what looks balanced',
      { counts: { a: 2, b: 2, c: 2 }, snapshot: gaps(gap('tasks', 'throttled'), gap('instances')) },
      'hold hold snapshot-incomplete | instances, tasks',
    ],
    [
      'a task that was gone before it was described is no gap',
      { snapshot: gaps(gap('tasks', 'missing')) },
      'act would-act surge-move | 3 of 3 moves',
    ],
    [
      'opted out stays opted out, whatever could not be read',
      { service: { tags: { 'ballast:az-balance': 'off' } }, snapshot: gaps(gap('tasks')) },
      'ignore ignored opted-out | ballast:az-balance = off',
    ],
    [
      'what runs it is not known',
      { service: { compute: undefined, capacityProviders: ['new'] } },
      'hold hold compute-unknown | capacity providers new, launch type none',
    ],
    [
      'a zone is not known',
      { service: { subnets: ['subnet-a', 'subnet-b', 'subnet-x'] } },
      'hold hold zones-unknown | the zone of subnet-x is not known',
    ],
    [
      'a constraint that cannot be read, and tasks in two zones: these are judged',
      { service: { ...onInstances, ...unreadable } },
      'ignore cannot zone-room-unknown | needs limits of the instances in b that can be read',
    ],
    [
      '... even over these, as far as is known',
      { counts: { a: 3, b: 3 }, service: { ...onInstances, ...unreadable } },
      'ignore balanced balanced | 3/3; whether an instance of c suits its tasks is not known',
    ],
    [
      '... tasks in one zone say nothing of the others',
      { counts: { a: 6 }, service: { ...onInstances, ...unreadable } },
      'hold hold zones-unknown | whether an instance of b suits its tasks is not known; whether an instance of c suits its tasks is not known',
    ],
    [
      'a rollout is under way',
      { service: { rollouts: rolloutWith({ rolloutState: 'IN_PROGRESS' }) } },
      'hold hold deployment-in-progress | rollout ecs-svc/web',
    ],
    [
      'two rollouts, whatever they say',
      {
        service: {
          rollouts: [...rolloutWith({}), ...rolloutWith({ id: 'old', status: 'ACTIVE' })],
        },
      },
      'hold hold deployment-in-progress | 2 rollouts',
    ],
    [
      'a service deployment is under way',
      {
        snapshot: () => ({
          deployments: { web: { arn: 'arn:d', status: 'IN_PROGRESS', startedAtMs: undefined } },
        }),
      },
      'hold hold deployment-in-progress | IN_PROGRESS arn:d',
    ],
    [
      'deployed 19.9 min ago',
      { service: { rollouts: rolloutWith({ createdAtMs: someMinutesAgo(19.9) }) } },
      'hold hold recent-deployment | deployed 19 min ago',
    ],
    [
      'deployed 20 min ago is long enough',
      { service: { rollouts: rolloutWith({ createdAtMs: someMinutesAgo(20) }) } },
      'act would-act surge-move | 3 of 3 moves',
    ],
    [
      'deployed in a future that a clock made up',
      { service: { rollouts: rolloutWith({ createdAtMs: someMinutesAgo(-5) }) } },
      'hold hold recent-deployment | deployed 0 min ago',
    ],
    ...(['DRAINING', 'DEREGISTERING'] as const).map(
      (status) =>
        [
          `one of its tasks is on an instance that is ${status}`,
          { snapshot: leavingUnder('i-old', { status }) },
          `hold hold instance-draining | ${instanceArn('i-old')}`,
        ] as const,
    ),
    [
      'a task that is still starting there is about to move as well',
      { snapshot: leavingUnder('i-old', {}, { lastStatus: 'PENDING' }) },
      `hold hold instance-draining | ${instanceArn('i-old')}`,
    ],
    [
      'an instance of its provider is draining, and has none of its tasks: nothing is done meanwhile',
      {
        snapshot: ({ instances }) => ({
          instances: [...instances, instanceIn('a', 0, { name: 'i-old', status: 'DRAINING' })],
        }),
      },
      `hold hold provider-draining | ${instanceArn('i-old')}`,
    ],
    [
      '... not even a setting is changed',
      {
        service: disabled,
        snapshot: ({ instances }) => ({
          instances: [...instances, instanceIn('a', 0, { name: 'i-old', status: 'DRAINING' })],
        }),
      },
      `hold hold provider-draining | ${instanceArn('i-old')}`,
    ],
    [
      '... and what could not be done anyway is said of it all the same',
      {
        slots: { a: 9, b: 0, c: undefined },
        snapshot: ({ instances }) => ({
          instances: [...instances, instanceIn('a', 0, { name: 'i-old', status: 'DRAINING' })],
        }),
      },
      'ignore cannot zone-instance-missing | needs an instance in c; room in b (cpu)',
    ],
    [
      '... ECS goes on',
      {
        service: eligible,
        snapshot: ({ instances }) => ({
          instances: [...instances, instanceIn('a', 0, { name: 'i-old', status: 'DRAINING' })],
        }),
      },
      'hold ecs-will ecs-will-rebalance | eligible and enabled',
    ],
    [
      'an instance of another provider is draining',
      {
        snapshot: ({ instances }) => ({
          instances: [
            ...instances,
            instanceIn('a', 0, { name: 'i-old', status: 'DRAINING', capacityProvider: 'gpu' }),
          ],
        }),
      },
      'act would-act surge-move | 3 of 3 moves',
    ],
    [
      'an instance is draining, and the service runs on none',
      {
        service: { compute: 'fargate', capacityProviders: [], subnets: ['subnet-a', 'subnet-b'] },
        snapshot: ({ instances }) => ({
          instances: [
            ...instances,
            instanceIn('a', 0, { name: 'i-old', status: 'DRAINING', compute: 'ec2' }),
          ],
        }),
      },
      'act would-act surge-move | 2 of 2 moves',
    ],
    [
      'a task is pending',
      { service: { pending: 1 } },
      'hold hold not-steady | running 6, pending 1, healthy 6 of 6',
    ],
    [
      'a task is missing',
      { service: { desired: 7, running: 6, minimumHealthyPercent: 50 } },
      'hold hold not-steady | running 6, pending 0, healthy 6 of 7',
    ],
    [
      'a task too many',
      { service: { desired: 5, running: 6 } },
      'hold hold not-steady | running 6, pending 0, healthy 6 of 5',
    ],
    [
      'a task too many, of an older rollout',
      { service: { running: 7 } },
      'hold hold not-steady | running 7, pending 0, healthy 6 of 6',
    ],
    [
      'ECS will, but a deployment comes first',
      { service: { ...eligible, rollouts: rolloutWith({ rolloutState: 'IN_PROGRESS' }) } },
      'hold hold deployment-in-progress | rollout ecs-svc/web',
    ],
    [
      'what is balanced is balanced while it is deployed as well',
      {
        counts: { a: 2, b: 2, c: 2 },
        service: { rollouts: rolloutWith({ rolloutState: 'IN_PROGRESS' }) },
      },
      'ignore balanced balanced | 2/2/2',
    ],
    [
      'many instances are draining: five are named',
      {
        snapshot: ({ instances }) => ({
          instances: [
            ...instances,
            ...[7, 6, 5, 4, 3, 2, 1].map((at) =>
              instanceIn('a', 0, { name: `i-${at}`, status: 'DRAINING' }),
            ),
          ],
        }),
      },
      `hold hold provider-draining | ${[1, 2, 3, 4, 5].map((at) => instanceArn(`i-${at}`)).join(', ')} and 2 more`,
    ],
    [
      'a task is not healthy',
      {
        service: { minimumHealthyPercent: 50 },
        snapshot: ({ tasks: [first, ...others] }) => ({
          tasks: first === undefined ? [] : [{ ...first, health: 'UNHEALTHY' }, ...others],
        }),
      },
      'hold hold not-steady | running 6, pending 0, healthy 5 of 6',
    ],
    [
      'a part of its tasks that looks even is not balanced',
      { counts: { a: 1, b: 1 }, service: { desired: 4, running: 4, minimumHealthyPercent: 50 } },
      'hold hold not-steady | running 4, pending 0, healthy 2 of 4',
    ],
    [
      'traffic is kept away from a zone of its',
      { snapshot: () => ({ shiftedZones: ['c', 'z'] }) },
      'hold hold zone-shifted | c',
    ],
    [
      'traffic is kept away from a zone that is none of its',
      { snapshot: () => ({ shiftedZones: ['z'] }) },
      'act would-act surge-move | 3 of 3 moves',
    ],
    [
      'ECS rebalanced it just now',
      { service: { lastRebalancingAtMs: someMinutesAgo(3) } },
      'hold hold recent-rebalancing | rebalanced 3 min ago',
    ],
    [
      'ECS found no place for a task just now',
      { service: { lastPlacementFailureAtMs: someMinutesAgo(3) } },
      'hold hold recent-placement-failure | failed to place a task 3 min ago',
    ],
    ...(['scalable-targets', 'protections', 'zonal-shifts'] as const).map(
      (subject) =>
        [
          `${subject} that a surge must know could not be read`,
          { snapshot: gaps(gap(subject)) },
          `hold hold guard-unknown | ${subject}`,
        ] as const,
    ),
    [
      'but ECS needs no guard of ours',
      { service: eligible, snapshot: gaps(gap('protections')) },
      'hold ecs-will ecs-will-rebalance | eligible and enabled',
    ],
    [
      'something else sets its desired count',
      { snapshot: () => ({ scalableTargets: { web: { min: 2, max: 8, isSuspended: false } } }) },
      'hold hold scaling-active | scales from 2 to 8',
    ],
    [
      'a target with no range would set it back all the same',
      { snapshot: () => ({ scalableTargets: { web: { min: 6, max: 6, isSuspended: false } } }) },
      'hold hold scaling-active | scales from 6 to 6',
    ],
    [
      'suspended scaling does not',
      { snapshot: () => ({ scalableTargets: { web: { min: 2, max: 8, isSuspended: true } } }) },
      'act would-act surge-move | 3 of 3 moves',
    ],
    [
      'a task is protected',
      { snapshot: protectedFor(30) },
      `hold hold task-protected | ${taskArn('web-a-003')}`,
    ],
    [
      'a task is protected for a time that is not known',
      { snapshot: protectedFor(undefined) },
      `hold hold task-protected | ${taskArn('web-a-003')}`,
    ],
    [
      'a protection that has run out',
      { snapshot: protectedFor(0) },
      'act would-act surge-move | 3 of 3 moves',
    ],
  ])('%s', (_, world, expected) => expect(told(worldOf(world))).toBe(expected));

  it('holds after a change of the desired count that earlier runs have seen', () => {
    const changed = (minutes: number) => ({ desiredChangedAtMs: { web: someMinutesAgo(minutes) } });
    expect(told(worldOf({}), changed(5))).toBe('hold hold recent-desired-count | scaled 5 min ago');
    expect(told(worldOf({}), changed(20))).toContain('surge-move');
    expect(told(worldOf({}), { desiredChangedAtMs: { api: nowMs } })).toContain('surge-move');
  });

  it('holds for a while after its last task has left a draining instance', () => {
    const left = (minutes: number): ZoneMemory => ({
      ...memory,
      leftInstanceAtMs: { web: someMinutesAgo(minutes) },
    });
    expect(told(worldOf({}), left(5))).toBe(
      'hold hold instance-draining | left a draining instance 5 min ago',
    );
    expect(told(worldOf({}), left(20))).toContain('surge-move');
    expect(told(worldOf({ counts: { a: 2, b: 2, c: 2 } }), left(5))).toContain('balanced');
  });

  it.each([
    [1, 4, 'services-unhealthy'],
    [1, 5, 'surge-move'],
    [2, 9, 'services-unhealthy'],
    [2, 10, 'surge-move'],
  ])('%i of %i services below their minimum: %s', (ill, all, reason) => {
    const others = Array.from({ length: all - 1 }, (_, at) => ({
      service: serviceIn(`s${at}`, { desired: 2, running: 2 }),
      tasks: [0, 1].map((number) =>
        taskIn(`s${at}`, 'a', number, { health: at < ill ? 'UNHEALTHY' : 'HEALTHY' }),
      ),
    }));
    const world = worldOf({});
    const report = judge({
      ...world,
      services: [...world.services, ...others.map(({ service }) => service)],
      tasks: [...world.tasks, ...others.flatMap(({ tasks }) => tasks)],
    });
    const web = report.verdicts.find(({ service }) => service === 'web');
    expect(web?.reason).toBe(reason);
  });

  it('sees what is uneven and what is even, however many services are below their minimum', () => {
    const world = zoneWorld({ even: { a: 1, b: 1 }, web: { a: 5, b: 1 } }, roomy, {
      service: surging,
    });
    const ill = ['ill1', 'ill2', 'ill3'].map((name) => serviceIn(name, { running: 0 }));
    const { verdicts, moves } = judge({ ...world, services: [...world.services, ...ill] });
    const seen = verdicts.map((one) => `${one.service} ${one.reason} ${sightOf(one)}`);
    expect(seen).toEqual([
      'even balanced well',
      ...ill.map(({ name }) => `${name} not-steady held`),
      'web services-unhealthy left',
    ]);
    expect(moves).toEqual([]);
    expect(verdicts.at(-1)).toMatchObject({ decision: 'hold', moves: [], movesNeeded: 3 });
  });

  it('neither counts services that want nothing among the ill, nor among all', () => {
    const world = worldOf({});
    const ill = serviceIn('ill', { desired: 2, running: 0 });
    const leaving = serviceIn('leaving', { status: 'DRAINING', desired: 2, running: 0 });
    const idle = Array.from({ length: 9 }, (_, at) => serviceIn(`idle${at}`, { desired: 0 }));
    const well = Array.from({ length: 3 }, (_, at) => serviceIn(`well${at}`, { desired: 1 }));
    const tasks = [...world.tasks, ...well.map(({ name }) => taskIn(name, 'a', 0))];
    const reasonAmong = (...others: readonly Service[]) =>
      judge({ ...world, tasks, services: [...world.services, ...well, ...others] }).verdicts.find(
        ({ service }) => service === 'web',
      )?.reason;
    expect(reasonAmong(leaving, { ...leaving, name: 'leaving2' })).toBe('surge-move');
    expect(reasonAmong(ill)).toBe('surge-move');
    expect(reasonAmong(ill, serviceIn('ill2', { desired: 2 }), ...idle)).toBe('services-unhealthy');
  });

  it('counts a service as well that only old tasks of a rollout keep above its minimum', () => {
    const world = worldOf({ counts: { a: 2, b: 2 } });
    const tasks = world.tasks.map((task) => ({ ...task, startedBy: 'ecs-svc/old' }));
    expect(told({ ...world, tasks })).toContain('not-steady');
  });

  it('gives the figures and the changes with the verdict', () => {
    const { verdicts, losses } = judge(worldOf({ slots: { a: 9, b: 9, c: undefined } }));
    expect(verdicts).toMatchObject([
      {
        service: 'web',
        movesNeeded: 3,
        moves: [{ fromZone: 'a', toZone: 'b', wave: 1 }],
        blockedZones: [{ zone: 'c', reason: 'zone-instance-missing', lacks: [] }],
        obstacles: [{ reason: 'maximum-percent', change: 'maximumPercent >= 117' }],
        spread: {
          counts: [5, 1, 0],
          skew: 5,
          best: [2, 2, 2],
          worst: { zone: 'a', leftPercent: 17 },
        },
      },
    ]);
    expect(losses).toMatchObject([{ zone: 'a', leftPercent: 17 }, { zone: 'b' }, { zone: 'c' }]);
  });

  it('promises no room that ECS is about to take, and counts on none that it will free', () => {
    const world = zoneWorld({ feed: { a: 2 }, web: { a: 2 }, xray: { b: 2 } }, { a: 0, b: 1 });
    const services = world.services.map((one) =>
      one.name === 'feed' ? one : { ...one, ...surging },
    );
    const { verdicts } = judge({ ...world, services });
    expect(verdicts.map(({ service, reason }) => `${service} ${reason}`)).toEqual([
      'feed ecs-will-rebalance',
      'web zone-room-missing',
      'xray zone-room-missing',
    ]);
  });

  it.each<
    readonly [
      string,
      { readonly ecs: Worlds; readonly surge: Worlds; readonly others?: Worlds },
      Readonly<Record<string, number>>,
    ]
  >([
    [
      'a room in a, which a surge frees, took the place of one in c in what was kept for ECS',
      {
        ecs: { s0: { b: 2 }, s1: { a: 1, b: 2 } },
        surge: { s2: { a: 4, b: 1 } },
      },
      { a: 0, b: 0, c: 3 },
    ],
    [
      'the same, with a surge of another service that the first one made room for',
      { ecs: { s1: { a: 2 }, s3: { b: 2 } }, surge: { s0: { a: 2 }, s2: { b: 3 } } },
      { a: 0, b: 0, c: 3 },
    ],
    [
      'seed 1023328999',
      {
        ecs: { s0: { a: 3, b: 1, c: 1 }, s1: { b: 3, c: 1 }, s3: { b: 3, c: 2 } },
        surge: { s2: { a: 4, c: 2 } },
      },
      { a: 1, b: 2, c: 1 },
    ],
    [
      'seed -287669617: b or c was kept, by how many tasks of the cluster they have',
      {
        ecs: { s0: { a: 5, b: 2, c: 1 } },
        surge: { s2: { a: 4, c: 2 } },
        others: { s1: { b: 2 } },
      },
      { a: 0, b: 2, c: 2 },
    ],
    [
      'seed 1265547637: the same, beside two others',
      {
        ecs: { s3: { a: 5, b: 1, c: 2 } },
        surge: { s0: { a: 3, b: 3 } },
        others: { s1: { b: 1, c: 2 }, s2: { b: 1, c: 2 } },
      },
      { a: 0, b: 2, c: 2 },
    ],
  ])('surges no more once the moves are made: %s', (_, { ecs, surge, others = {} }, slots) => {
    const world = zoneWorld({ ...ecs, ...surge, ...others }, slots);
    const snapshot = {
      ...world,
      services: world.services.map((one) => ({
        ...one,
        ...(one.name in surge ? surging : {}),
        ...(one.name in others ? { status: 'DRAINING' } : {}),
      })),
    };
    expect(judge(carryOut(snapshot, judge(snapshot).moves)).moves).toEqual([]);
  });

  it('looks up services by their own names only', () => {
    const world = worldOf({});
    const named = JSON.parse(JSON.stringify(world).replaceAll('"web"', '"constructor"'));
    expect(judge(named).verdicts[0]?.reason).toBe('surge-move');
  });

  it('of an empty cluster has nothing to say', () => {
    expect(judge(snapshotWith())).toEqual({ verdicts: [], moves: [], losses: [] });
  });

  it('judges 26 zones as it judges 3', () => {
    const names = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));
    const slots = Object.fromEntries(names.map((zone) => [zone, 9]));
    expect(told(worldOf({ counts: { a: 52 }, slots }))).toBe(
      'act would-act surge-move | 50 of 50 moves',
    );
  });

  it.each([
    [{ skewMax: 0 }, 'skewMax'],
    [{ skewMax: 1.5 }, 'skewMax'],
    [{ skewMax: Number.NaN }, 'skewMax'],
    [{ quietMs: -1 }, 'quietMs'],
    [{ quietMs: Number.NaN }, 'quietMs'],
    [{ unhealthyShareMax: 1.1 }, 'unhealthyShareMax'],
    [{ unhealthyShareMax: Number.NaN }, 'unhealthyShareMax'],
  ])('refuses the policy %o', (given, name) => {
    expect(() => judgeZones(snapshotWith(), { ...policy, ...given }, memory)).toThrow(name);
  });
});

describe('any service with room in its zones', () => {
  // Small, for there are many of them.
  const counts = fc.record(
    { a: fc.nat(7), b: fc.nat(5), c: fc.nat(3), d: fc.nat(2) },
    { requiredKeys: ['a', 'b'] },
  );

  it('is moved exactly as often as the formula says, and balanced by it', () => {
    let skewed = 0;
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 3 }), (drawn, skewMax) => {
        const slots = Object.fromEntries(Object.keys(drawn).map((zone) => [zone, 99]));
        const world = zoneWorld({ web: drawn }, slots, { service: surging });
        const { moves, verdicts } = judgeZones(world, { ...policy, skewMax }, memory);
        const spread = Object.values(drawn);
        const after = new Map(Object.entries(drawn));
        for (const { fromZone, toZone } of moves) {
          after.set(fromZone, (after.get(fromZone) ?? 0) - 1);
          after.set(toZone, (after.get(toZone) ?? 0) + 1);
        }
        skewed += moves.length > 0 ? 1 : 0;
        return (
          moves.length === movesToBalance(spread, skewMax) &&
          verdicts[0]?.movesNeeded === moves.length &&
          skewOf([...after.values()]) <= skewMax &&
          totalOf([...after.values()]) === totalOf(spread)
        );
      }),
      { numRuns: 10_000, ...seedOf() },
    );
    expect(skewed).toBeGreaterThan(5_000);
  }, 30_000);
});

describe('any cluster', () => {
  const counts = fc.record({ a: fc.nat(5), b: fc.nat(3), c: fc.nat(2) });
  const flaw = fc.constantFrom<Partial<Service>>(
    {},
    surging,
    eligible,
    disabled,
    { ...surging, pending: 1 },
    { ...surging, tags: { 'ballast:az-balance': 'off' } },
    { ...surging, lastRebalancingAtMs: nowMs },
    { ...surging, compute: undefined },
    { ...surging, subnets: ['subnet-a', 'subnet-x'] },
    { ...surging, minimumHealthyPercent: 0, maximumPercent: 0 },
    { ...surging, placementStrategy: [{ type: 'random', field: undefined }] },
    { status: 'UNHEARD_OF', schedulingStrategy: 'UNHEARD_OF', launchType: 'UNHEARD_OF' },
  );
  const cluster = fc
    .tuple(
      fc.array(fc.tuple(counts, flaw), { maxLength: 6 }),
      fc.record({ a: fc.nat(4), b: fc.nat(4), c: fc.option(fc.nat(4), { nil: undefined }) }),
      fc.subarray<GapSubject>(['protections', 'subnets', 'deployments', 'instance-types']),
    )
    .map(([drawn, slots, missing]) => {
      const world = zoneWorld(
        Object.fromEntries(drawn.map(([given], at) => [`s${at}`, given])),
        slots,
      );
      return {
        ...world,
        services: world.services.map((one, at) => ({ ...one, ...drawn[at]?.[1] })),
        gaps: missing.map((subject) => gap(subject)),
      };
    });

  it('gets one verdict a service, with moves exactly where it would surge', () => {
    fc.assert(
      fc.property(cluster, (snapshot) => {
        const { verdicts, moves } = judge(snapshot);
        expect(verdicts.map(({ service }) => service)).toEqual(
          snapshot.services.map(({ name }) => name).sort(),
        );
        for (const verdict of verdicts) {
          expect(verdict.moves.length > 0).toBe(verdict.reason === 'surge-move');
          expect(verdict.moves.length).toBeLessThanOrEqual(verdict.movesNeeded);
          expect(verdict.decision === 'act').toBe(verdict.verdict === 'would-act');
          expect(verdict.detail).not.toMatch(/NaN|undefined|null/);
        }
        expect(moves).toHaveLength(verdicts.flatMap((one) => one.moves).length);
        carryOut(snapshot, moves);
      }),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('asked again once the moves are made, surges no more', () => {
    fc.assert(
      fc.property(cluster, (snapshot) => {
        const again = judge(carryOut(snapshot, judge(snapshot).moves));
        expect(again.moves).toEqual([]);
      }),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('is judged alike in whatever order AWS lists it', () => {
    fc.assert(
      fc.property(cluster, shuffles, (snapshot, draws) => {
        expect(judge(listedAnew(snapshot, draws))).toEqual(judge(snapshot));
      }),
      { numRuns: 300, ...seedOf() },
    );
  });

  it('does nothing at all where a vital part could not be read', () => {
    const vital = fc.constantFrom<GapSubject>('tasks', 'services', 'instances');
    const reason = fc.constantFrom<Gap['reason']>('denied', 'truncated', 'throttled', 'failed');
    fc.assert(
      fc.property(cluster, vital, reason, (snapshot, subject, why) => {
        const { verdicts, moves } = judge({ ...snapshot, gaps: [gap(subject, why)] });
        expect(moves).toEqual([]);
        expect(verdicts.filter(({ decision }) => decision === 'act')).toEqual([]);
      }),
      { numRuns: 200, ...seedOf() },
    );
  });
});
