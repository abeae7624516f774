import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import type { Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { shapeOf } from '../../shared/domain/task-shape.ts';
import { clusterZoneLosses, spreadOf, zonesOf } from '../../shared/domain/zones.ts';
import { seedOf } from '../support/incidents.ts';
import {
  instanceArn,
  instanceIn,
  providerOf,
  serviceIn,
  snapshotWith,
  taskIn,
  type ZoneCounts,
  zoneWorld,
} from '../support/zone-worlds.ts';

const subnetsOf = (zones: string): readonly string[] => [...zones].map((zone) => `subnet-${zone}`);
const memberOf = (expression: string): Partial<Service> => ({
  placementConstraints: [{ type: 'memberOf', expression }],
});

describe('the zones of a service', () => {
  const find = (service: Partial<Service>, given: Partial<Snapshot> = {}): string => {
    const index = indexOf(
      snapshotWith({
        services: [serviceIn('web', service)],
        tasks: [taskIn('web', 'a', 0)],
        instances: ['a', 'b'].map((zone) => instanceIn(zone, 1)),
        capacityProviders: [providerOf('general', ['a', 'b', 'c'])],
        subnetZones: { 'subnet-a': 'a', 'subnet-b': 'b', 'subnet-c': 'c', 'subnet-a2': 'a' },
        ...given,
      }),
    );
    const [web = serviceIn('web')] = index.snapshot.services;
    const { zones, unproven, doubts } = zonesOf(web, shapeOf(web, index), index);
    const open = unproven.length === 0 ? [] : [`unproven: ${unproven.join()}`];
    return [zones.join(), ...open, ...doubts].join(' | ');
  };
  const ec2 = { compute: 'ec2', capacityProviders: ['general'] } as const;

  it.each<readonly [string, Partial<Service>, Partial<Snapshot>, string]>([
    ["the provider's subnets", {}, {}, 'a,b,c'],
    ["of them its own subnets' zones", { subnets: subnetsOf('ab') }, {}, 'a,b'],
    ['two subnets of one zone are one zone', { subnets: ['subnet-a', 'subnet-a2'] }, {}, 'a'],
    ['Fargate: its own subnets', { compute: 'fargate', subnets: subnetsOf('bc') }, {}, 'b,c'],
    [
      'EC2 with subnets: theirs, with or without an instance',
      { ...ec2, subnets: subnetsOf('abc') },
      {},
      'a,b,c',
    ],
    ['EC2 without subnets: those of its instances', ec2, {}, 'a,b'],
    [
      'an instance that is draining still shows a zone',
      ec2,
      { instances: [instanceIn('a', 1), instanceIn('b', 1, { status: 'DRAINING' })] },
      'a,b',
    ],
    [
      'an instance of another architecture does not',
      ec2,
      { instances: [instanceIn('a', 1), instanceIn('b', 1, { architecture: 'x86_64' })] },
      'a',
    ],
    [
      'less the zones that a constraint rules out, on instances',
      { ...ec2, ...memberOf('attribute:ecs.availability-zone == b') },
      {},
      'b',
    ],
    [
      '... and in subnets',
      memberOf('attribute:ecs.availability-zone in [a, b] and attribute:stack == prod'),
      {},
      'a,b',
    ],
    [
      '... and on Fargate-like subnets of EC2',
      { ...ec2, subnets: subnetsOf('abc'), ...memberOf('attribute:ecs.availability-zone != c') },
      {},
      'a,b',
    ],
    ['... and single subnets', memberOf('attribute:ecs.subnet-id == subnet-b'), {}, 'b'],
    [
      'the zone of a subnet is not known: a doubt',
      { subnets: [...subnetsOf('a'), 'subnet-x'] },
      {},
      'a | the zone of subnet-x is not known',
    ],
    [
      'a subnet may be called as what every object has',
      { subnets: [...subnetsOf('a'), 'constructor'] },
      {},
      'a | the zone of constructor is not known',
    ],
    [
      'the provider is not known: a doubt',
      { capacityProviders: ['other'], subnets: subnetsOf('ab') },
      {},
      'a,b | the subnets of capacity provider other are not known',
    ],
    [
      'the provider is not known, and no subnet of its own: where instances stand is no proof',
      {},
      { capacityProviders: [] },
      'a,b | the subnets of capacity provider general are not known',
    ],
    [
      'nothing in common: a doubt',
      { subnets: subnetsOf('c') },
      { capacityProviders: [providerOf('general', ['a', 'b'])] },
      ' | its subnets, capacity provider and constraints share no zone',
    ],
    ['no instance suits: a doubt', ec2, { instances: [] }, ' | no instance suits its tasks'],
    [
      'an instance without a zone: a doubt',
      ec2,
      { instances: [instanceIn('a', 1), { ...instanceIn('b', 1), zone: undefined }] },
      `a | the zone of ${instanceArn('i-b')} is not known`,
    ],
    [
      'an instance that may suit: its zone, and that it is open',
      ec2,
      { instances: [instanceIn('a', 1), instanceIn('b', 1, { architecture: undefined })] },
      'a,b | unproven: b',
    ],
    [
      'two providers: the instances of both, and of no other',
      { ...ec2, capacityProviders: ['general', 'spot'] },
      {
        instances: [
          instanceIn('a', 1),
          instanceIn('b', 1, { capacityProvider: 'spot' }),
          instanceIn('c', 1, { capacityProvider: 'gpu' }),
        ],
      },
      'a,b',
    ],
    [
      'a constraint on other tasks rules no zone out',
      { ...ec2, ...memberOf('not(task:group == service:api)') },
      {},
      'a,b',
    ],
  ])('%s', (_, service, given, expected) => expect(find(service, given)).toBe(expected));
});

describe('a spread', () => {
  const spreadIn = (snapshot: Snapshot) => {
    const index = indexOf(snapshot);
    const [web = serviceIn('web')] = snapshot.services;
    return spreadOf(web, shapeOf(web, index), index);
  };
  const of = (counts: ZoneCounts, service: Partial<Service> = {}, zones = 'abc') =>
    spreadIn(
      zoneWorld({ web: counts }, Object.fromEntries([...zones].map((zone) => [zone, 0])), {
        service,
      }),
    );

  it('5/1/0 of 6: the zone that holds nothing counts, and 1a leaves 1 of 6, 17 %', () => {
    expect(of({ a: 5, b: 1 })).toMatchObject({
      zones: ['a', 'b', 'c'],
      counts: [5, 1, 0],
      skew: 5,
      best: [2, 2, 2],
      counted: 6,
      healthy: 6,
      losses: [
        { zone: 'a', left: 1, leftPercent: 17, isBelowMinimum: true },
        { zone: 'b', left: 5, leftPercent: 83, isBelowMinimum: true },
        { zone: 'c', left: 6, leftPercent: 100, isBelowMinimum: false },
      ],
      worst: { zone: 'a', left: 1 },
      doubts: [],
    });
  });

  it.each<readonly [string, ZoneCounts, Partial<Service>, boolean]>([
    [
      'minimum 50 % of 4 is 2: 2/2 can lose a zone',
      { a: 2, b: 2 },
      { minimumHealthyPercent: 50 },
      false,
    ],
    ['3/1 cannot', { a: 3, b: 1 }, { minimumHealthyPercent: 50 }, true],
    ['minimum 0 % can lose everything', { a: 4 }, { minimumHealthyPercent: 0 }, false],
  ])('%s', (_, counts, service, isBelowMinimum) => {
    expect(of(counts, service, 'ab').worst?.isBelowMinimum).toBe(isBelowMinimum);
  });

  it('takes the best of the desired count, not of what runs', () => {
    expect(of({ a: 2, b: 2 }, { desired: 7 }).best).toEqual([3, 2, 2]);
  });

  it('names what it leaves out', () => {
    const tasks: readonly Task[] = [
      taskIn('web', 'a', 0),
      taskIn('web', 'a', 1, { health: 'UNKNOWN' }),
      taskIn('web', 'a', 2, { health: undefined }),
      taskIn('web', 'a', 3, { health: 'SOMETHING_NEW' }),
      taskIn('web', 'b', 4, { health: 'UNHEALTHY' }),
      taskIn('web', 'b', 5, { lastStatus: 'PENDING' }),
      taskIn('web', 'b', 6, { desiredStatus: 'STOPPED' }),
      taskIn('web', 'b', 7, { startedBy: 'ecs-svc/old' }),
      taskIn('web', 'b', 8, { zone: undefined }),
      taskIn('web', 'z', 9),
      taskIn('api', 'b', 10),
    ];
    const world = zoneWorld({ web: { a: 1 } }, { a: 0, b: 0 });
    const spread = spreadIn({ ...world, tasks });
    expect(spread).toMatchObject({
      counts: [4, 0],
      elsewhere: { z: 1 },
      counted: 5,
      healthy: 7,
      leftOut: { notRunning: 2, unhealthy: 1, otherRollout: 1, zoneUnknown: 1 },
      doubts: [
        'tasks run in z, which is not among its zones',
        'the zone of some of its tasks is not known',
      ],
    });
    expect(spread.losses.map(({ zone, left }) => [zone, left])).toEqual([
      ['a', 1],
      ['b', 5],
      ['z', 4],
    ]);
  });

  it('counts every rollout of a service that has none, as with CODE_DEPLOY', () => {
    expect(of({ a: 2, b: 1 }, { rollouts: [] }).counts).toEqual([2, 1, 0]);
  });

  describe('where constraints cannot be read', () => {
    const unread = memberOf('agentVersion >= 1.70.0');
    const ec2: Partial<Service> = { compute: 'ec2', subnets: [], ...unread };
    const open = (zone: string): string =>
      `whether an instance of ${zone} suits its tasks is not known`;

    it.each<readonly [string, ZoneCounts, string, string, readonly string[], readonly string[]]>([
      ['is over the zones of its own tasks', { a: 5, b: 1 }, 'ab', '5/1', [open('c')], []],
      ['needs no note where they are all', { a: 2, b: 2, c: 2 }, 'abc', '2/2/2', [], []],
      ['even, as far as is known', { a: 3, b: 3 }, 'ab', '3/3', [open('c')], []],
      ['of one zone proves nothing', { a: 6 }, 'abc', '6/0/0', [], [open('b'), open('c')]],
    ])('%s', (_, counts, zones, spread, notes, doubts) => {
      const found = of(counts, ec2);
      expect(found.zones.join('')).toBe(zones);
      expect(found.counts.join('/')).toBe(spread);
      expect([found.notes, found.doubts]).toEqual([notes, doubts]);
    });

    it('is not over a zone that only a leaving instance proves', () => {
      const world = zoneWorld({ web: { a: 5, b: 1 } }, { a: 0, b: 0 }, { service: ec2 });
      const [a, b] = world.instances;
      const leaving = a && b ? [a, { ...b, status: 'DRAINING' }] : [];
      expect(spreadIn({ ...world, instances: leaving })).toMatchObject({
        zones: ['a', 'b'],
        doubts: [open('b')],
      });
    });
  });

  it('of nothing desired has no percentage', () => {
    const { losses, best, skew } = of({}, { desired: 0 }, 'ab');
    expect(losses.map(({ leftPercent }) => leftPercent)).toEqual([undefined, undefined]);
    expect([best, skew]).toEqual([[0, 0], 0]);
  });

  it('without a zone has no worst loss', () => {
    const spread = spreadIn(snapshotWith({ services: [serviceIn('web', { compute: 'ec2' })] }));
    expect(spread).toMatchObject({ zones: [], counts: [], skew: 0, best: [], worst: undefined });
  });

  it('counts each task once, in whatever order the lists come', () => {
    const task = fc.record({
      zone: fc.constantFrom('a', 'b', 'c', 'z', undefined),
      health: fc.constantFrom('HEALTHY', 'UNHEALTHY', 'UNKNOWN', undefined),
      lastStatus: fc.constantFrom('RUNNING', 'PENDING', 'NEW_WORD'),
      desiredStatus: fc.constantFrom('RUNNING', 'STOPPED'),
      startedBy: fc.constantFrom('ecs-svc/web', 'ecs-svc/old', undefined),
    });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 30 }), fc.nat(20), (drawn, desired) => {
        const tasks = drawn.map((given, at) => taskIn('web', 'a', at, given));
        const world = zoneWorld({ web: {} }, { a: 0, b: 0, c: 0 }, { service: { desired } });
        const spread = spreadIn({ ...world, tasks });
        const { leftOut, counted } = spread;
        const out = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
        expect(counted + out).toBe(tasks.length);
        for (const { left, leftPercent } of spread.losses) {
          expect(left).toBeLessThanOrEqual(counted);
          expect(Number.isNaN(leftPercent)).toBe(false);
        }
        const reversed = {
          ...world,
          tasks: tasks.toReversed(),
          instances: world.instances.toReversed(),
        };
        expect(spreadIn(reversed)).toEqual(spread);
      }),
      { numRuns: 500, ...seedOf() },
    );
  });
});

describe('the loss of a zone to a cluster', () => {
  it('is what all services keep of their desired tasks, and who keeps least', () => {
    const world = zoneWorld(
      { api: { a: 1, b: 1 }, search: { a: 5, b: 1 }, idle: {}, cron: { b: 2 } },
      { a: 0, b: 0 },
    );
    const index = indexOf(world);
    const spreads = world.services.map((one) => spreadOf(one, shapeOf(one, index), index));
    expect(clusterZoneLosses(spreads)).toEqual([
      { zone: 'a', leftPercent: 40, worst: { service: 'search', leftPercent: 17 } },
      { zone: 'b', leftPercent: 60, worst: { service: 'cron', leftPercent: 0 } },
    ]);
    expect(clusterZoneLosses(spreads.toReversed())).toEqual(clusterZoneLosses(spreads));
  });

  it('takes nothing from a service that has nothing there', () => {
    const world = zoneWorld({ api: { a: 1, b: 1 }, cron: { b: 2 } }, { a: 0, b: 0 });
    const index = indexOf(world);
    const [api, cron] = world.services.map((one) => {
      const given = one.name === 'cron' ? { ...one, subnets: ['subnet-b'] } : one;
      return spreadOf(given, shapeOf(given, index), index);
    });
    expect(clusterZoneLosses(api && cron ? [api, cron] : [])[0]).toEqual({
      zone: 'a',
      leftPercent: 75,
      worst: { service: 'api', leftPercent: 50 },
    });
  });

  it('of a cluster without services is nothing', () => expect(clusterZoneLosses([])).toEqual([]));
});
