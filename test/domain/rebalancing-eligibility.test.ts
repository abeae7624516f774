import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import {
  eligibilityOf,
  lacksOnlyEnabling,
  maximumPercentToStart,
  roomChange,
} from '../../shared/domain/rebalancing-eligibility.ts';
import { openRoomLedger } from '../../shared/domain/room.ts';
import type { Service, Snapshot } from '../../shared/domain/snapshot.ts';
import { taskLimitsOf } from '../../shared/domain/task-limits.ts';
import { shapeOf } from '../../shared/domain/task-shape.ts';
import { spreadOf } from '../../shared/domain/zones.ts';
import { seedOf } from '../support/incidents.ts';
import { instanceIn, serviceIn, type ZoneCounts, zoneWorld } from '../support/zone-worlds.ts';

const eligibilityIn = (snapshot: Snapshot) => {
  const index = indexOf(snapshot);
  const [web = serviceIn('web')] = snapshot.services;
  const shape = shapeOf(web, index);
  const rooms = openRoomLedger(index);
  return eligibilityOf(web, spreadOf(web, shape, index), {
    refusalIn: (zone) => rooms.refusal(shape, zone),
    skewMax: 1,
  });
};

/** 5/1/0 over three zones without a room anywhere, unless given otherwise. */
const eligibility = (
  service: Partial<Service>,
  counts: ZoneCounts = { a: 5, b: 1 },
  slots: Readonly<Record<string, number | undefined>> = { a: 0, b: 0, c: undefined },
) => eligibilityIn(zoneWorld({ web: counts }, slots, { service }));

const zoneSpread = { type: 'spread', field: 'attribute:ecs.availability-zone' };
const subnets = ['subnet-a', 'subnet-b', 'subnet-c'];
const ec2 = { compute: 'ec2', subnets } as const;

describe('eligibilityOf', () => {
  it.each<readonly [string, Partial<Service>, ReturnType<typeof eligibility>['obstacles']]>([
    ['nothing in the way: managed instances need no room, ECS launches it', {}, []],
    [
      'disabled',
      { availabilityZoneRebalancing: 'DISABLED' },
      [{ reason: 'rebalancing-disabled', change: 'availabilityZoneRebalancing ENABLED' }],
    ],
    [
      'never set counts as disabled',
      { availabilityZoneRebalancing: undefined },
      [{ reason: 'rebalancing-disabled', change: 'availabilityZoneRebalancing ENABLED' }],
    ],
    [
      'disabled, and not deployed by ECS: UpdateService does not take the setting',
      { availabilityZoneRebalancing: 'DISABLED', deploymentController: 'CODE_DEPLOY' },
      [
        { reason: 'rebalancing-disabled', change: 'availabilityZoneRebalancing ENABLED' },
        { reason: 'deployment-controller', change: 'deploymentController ECS' },
      ],
    ],
    ['enabled, and not deployed by ECS: not excluded', { deploymentController: 'CODE_DEPLOY' }, []],
    [
      'DAEMON',
      { schedulingStrategy: 'DAEMON' },
      [{ reason: 'daemon-service', change: 'schedulingStrategy REPLICA, in a new service' }],
    ],
    [
      'launch type EXTERNAL',
      { launchType: 'EXTERNAL', compute: 'external' },
      [
        {
          reason: 'external-launch-type',
          change: 'a launch type or capacity provider with zones, in a new service',
        },
      ],
    ],
    [
      'machines outside AWS, by what runs them',
      { compute: 'external', capacityProviders: [] },
      [
        {
          reason: 'external-launch-type',
          change: 'a launch type or capacity provider with zones, in a new service',
        },
      ],
    ],
    ['no zone at all is not one zone', { compute: 'fargate', subnets: ['subnet-x'] }, []],
    [
      'maximumPercent 100 of 6: 7 / 6 is 116.7 %',
      { maximumPercent: 100 },
      [{ reason: 'maximum-percent', change: 'maximumPercent >= 117' }],
    ],
    [
      '125 % of 3 is floor(3.75): 4 / 3 is 133.3 %',
      { desired: 3, maximumPercent: 125 },
      [{ reason: 'maximum-percent', change: 'maximumPercent >= 134' }],
    ],
    ['125 % of 4 is 5', { desired: 4, maximumPercent: 125 }, []],
    ['unknown counts as 200 %', { maximumPercent: undefined }, []],
    ['of nothing desired no percent could start one', { desired: 0, maximumPercent: 100 }, []],
    [
      'Classic Load Balancer',
      { hasClassicLoadBalancer: true },
      [
        {
          reason: 'classic-load-balancer',
          change: 'target groups of an Application or Network Load Balancer',
        },
      ],
    ],
    [
      'a constraint on the zone, even one that all zones meet',
      {
        placementConstraints: [
          { type: 'memberOf', expression: 'attribute:ecs.availability-zone in [a, b, c]' },
        ],
      },
      [
        {
          reason: 'zone-constraint',
          change:
            'no placement constraint on attribute:ecs.availability-zone; choose zones by subnets',
        },
      ],
    ],
    [
      'a first strategy that is none of zones',
      { placementStrategy: [{ type: 'binpack', field: 'memory' }, zoneSpread] },
      [
        {
          reason: 'placement-strategy',
          change: 'spread by attribute:ecs.availability-zone as the first placement strategy',
        },
      ],
    ],
    [
      'spread, but over instances',
      { placementStrategy: [{ type: 'spread', field: 'instanceId' }] },
      [
        {
          reason: 'placement-strategy',
          change: 'spread by attribute:ecs.availability-zone as the first placement strategy',
        },
      ],
    ],
    [
      'zones first, then anything',
      { placementStrategy: [zoneSpread, { type: 'binpack', field: 'memory' }] },
      [],
    ],
    [
      'one subnet',
      { subnets: ['subnet-a'] },
      [{ reason: 'one-zone', change: 'subnets of a second zone in capacity provider general' }],
    ],
    [
      'one subnet on Fargate',
      { subnets: ['subnet-a'], compute: 'fargate' },
      [{ reason: 'one-zone', change: 'a subnet in a second zone' }],
    ],
    [
      'one subnet on EC2',
      { subnets: ['subnet-a'], compute: 'ec2' },
      [
        {
          reason: 'one-zone',
          change: 'instances, and where it has subnets a subnet, in a second zone',
        },
      ],
    ],
    ['one task', { desired: 1 }, [{ reason: 'one-task', change: 'desiredCount >= 2' }]],
    [
      'EC2 without an instance in the zone that is short: ECS launches none there',
      ec2,
      [{ reason: 'zone-instance-missing', change: 'an instance in c' }],
    ],
    [
      'everything at once, each with its own change',
      {
        availabilityZoneRebalancing: 'DISABLED',
        maximumPercent: 100,
        hasClassicLoadBalancer: true,
      },
      [
        { reason: 'rebalancing-disabled', change: 'availabilityZoneRebalancing ENABLED' },
        { reason: 'maximum-percent', change: 'maximumPercent >= 117' },
        {
          reason: 'classic-load-balancer',
          change: 'target groups of an Application or Network Load Balancer',
        },
      ],
    ],
  ])('%s', (_, service, obstacles) => {
    expect(eligibility(service).obstacles).toEqual(obstacles);
  });

  it.each<
    readonly [string, ZoneCounts, Readonly<Record<string, number | undefined>>, readonly string[]]
  >([
    [
      'a full instance in the only zone that is short',
      { a: 5, b: 2 },
      { a: 9, b: 9, c: 0 },
      ['zone-room-missing'],
    ],
    ['a room in one of two zones that are short', { a: 5 }, { a: 9, b: 1, c: undefined }, []],
    [
      'a room in a zone that is not short does not help',
      { a: 3, b: 3 },
      { a: 9, b: 9, c: undefined },
      ['zone-instance-missing'],
    ],
    ['balanced: nothing to make room for', { a: 2, b: 2, c: 1 }, { a: 0, b: 0, c: 0 }, []],
  ])('on EC2, %s', (_, counts, slots, reasons) => {
    expect(eligibility(ec2, counts, slots).obstacles.map(({ reason }) => reason)).toEqual(reasons);
  });

  it('on EC2, a room that may be there is no obstacle', () => {
    const world = zoneWorld({ web: { a: 5, b: 1 } }, { a: 0, b: 0 }, { service: ec2 });
    const maybe = instanceIn('c', 9, { architecture: undefined });
    const { obstacles } = eligibilityIn({
      ...world,
      instances: [...world.instances, maybe],
      subnetZones: { ...world.subnetZones, 'subnet-c': 'c' },
    });
    expect(obstacles).toEqual([]);
  });

  it('calls it a wait, not an obstacle, while the service is not steady', () => {
    expect(eligibility({}).isSteady).toBe(true);
    expect(eligibility({ pending: 1 })).toEqual({ obstacles: [], isSteady: false });
  });

  it('knows when to enable it is all that it takes', () => {
    const disabled = { availabilityZoneRebalancing: 'DISABLED' };
    expect(lacksOnlyEnabling(eligibility(disabled))).toBe(true);
    expect(lacksOnlyEnabling(eligibility({ ...disabled, maximumPercent: 100 }))).toBe(false);
    expect(lacksOnlyEnabling(eligibility({ maximumPercent: 100 }))).toBe(false);
    expect(lacksOnlyEnabling(eligibility({}))).toBe(false);
  });
});

describe('maximumPercentToStart', () => {
  it.each([
    [1, 200],
    [2, 150],
    [3, 134],
    [4, 125],
    [6, 117],
    [7, 115],
    [100, 101],
    [101, 101],
    [1_000_000, 101],
  ])('%i desired: %i %', (desired, percent) =>
    expect(maximumPercentToStart(desired)).toBe(percent),
  );

  it('is the smallest that lets one start, for any desired count', () => {
    const desired = fc.oneof(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 5_000_000 }),
    );
    fc.assert(
      fc.property(desired, (drawn) => {
        const percent = maximumPercentToStart(drawn);
        const canStart = (maximumPercent: number): number =>
          taskLimitsOf({ desired: drawn, minimumHealthyPercent: 100, maximumPercent }).canStart;
        expect(canStart(percent)).toBeGreaterThanOrEqual(1);
        expect(canStart(percent - 1)).toBe(0);
      }),
      { numRuns: 2_000, ...seedOf() },
    );
  });

  it.each([0, -1, 1.5])('refuses %s desired', (desired) =>
    expect(() => maximumPercentToStart(desired)).toThrow('there is one'),
  );
});

describe('roomChange', () => {
  it.each([
    ['zone-instance-missing', [], 'an instance in c'],
    ['zone-room-missing', ['cpu', 'memory'], 'room in c (cpu, memory)'],
    ['zone-room-unknown', [], 'limits of the instances in c that can be read'],
  ] as const)('%s', (reason, lacks, expected) =>
    expect(roomChange({ zone: 'c', reason, lacks })).toBe(expected),
  );
});
