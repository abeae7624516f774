import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concentrationsOf, evenSpreadOf } from '../../shared/domain/concentration.ts';
import { defaultDensityPolicy } from '../../shared/domain/density.ts';
import type { PlacementStrategy, Service } from '../../shared/domain/snapshot.ts';
import { bestCounts } from '../../shared/domain/zone-balance.ts';
import { densityWorld } from '../support/density-worlds.ts';
import { rolloutOf } from '../support/snapshots.ts';

/** Tasks of `api` on each instance, as `a2 b1 c1`: the zone and how many. */
type Place = readonly [zone: string, tasks: number];
type Spec = {
  readonly compute?: 'managed-instances' | 'ec2';
  /** Zones of the provider's subnets; none: those of the instances count. */
  readonly subnets?: readonly string[];
  readonly service?: Partial<Service>;
  readonly fargate?: number;
  readonly zoneSkewMax?: number;
};

function judge(places: readonly Place[], spec: Spec = {}) {
  const { compute = 'managed-instances', subnets = [], service = {}, fargate = 0 } = spec;
  const { zoneSkewMax = 1 } = spec;
  const world = densityWorld({
    providers: [{ name: 'general', compute, subnets }],
    instances: {
      general: places.map(([zone, times]) => ({
        zone,
        tasks: times === 0 ? [] : [{ times, zone, size: [16, 16] }],
      })),
    },
    ...(fargate === 0 ? {} : { tasks: [{ times: fargate }] }),
    services: { api: { compute, capacityProviders: ['general'], ...service } },
  });
  const subnetZones = Object.fromEntries(subnets.map((name) => [name, name]));
  const found = concentrationsOf(
    { ...world, subnetZones },
    { ...defaultDensityPolicy, zoneSkewMax },
  );
  expect(found).toHaveLength(1);
  return found[0];
}

const strategy = (type: string, field: string): PlacementStrategy => ({ type, field });
const byZone = strategy('spread', 'attribute:ecs.availability-zone');
const byInstance = strategy('spread', 'instanceId');

describe('what is concentrated', () => {
  it.each<readonly [string, readonly Place[], Spec, string]>([
    [
      '4 tasks over 3 zones: 2/1/1 is the best there is',
      [
        ['a', 2],
        ['b', 1],
        ['c', 1],
      ],
      {},
      'even-over-zones',
    ],
    [
      '4 tasks over 3 zones: 3 are too many',
      [
        ['a', 3],
        ['b', 1],
        ['c', 0],
      ],
      {},
      'concentrated',
    ],
    [
      '4 tasks, two on each of two instances',
      [
        ['a', 2],
        ['b', 2],
      ],
      {},
      'even-over-zones',
    ],
    [
      '4 tasks, 3/1 over two zones',
      [
        ['a', 3],
        ['b', 1],
      ],
      {},
      'concentrated',
    ],
    [
      '8 tasks over two zones: 4 of them on each instance',
      [
        ['a', 4],
        ['b', 4],
      ],
      {},
      'even-over-zones',
    ],
    [
      '8 tasks over 3 zones, 4 on one instance',
      [
        ['a', 4],
        ['b', 2],
        ['c', 2],
      ],
      {},
      'concentrated',
    ],
    [
      '6 tasks on two instances of the two zones in use, but its provider has three',
      [
        ['a', 3],
        ['b', 3],
      ],
      { subnets: ['a', 'b', 'c'] },
      'concentrated',
    ],
    [
      'one zone: two instances with half each',
      [
        ['a', 3],
        ['a', 3],
      ],
      {},
      'even-over-zones',
    ],
    [
      'one zone: 4 of 6 on one of two instances',
      [
        ['a', 4],
        ['a', 2],
      ],
      {},
      'concentrated',
    ],
    ['one zone: all on one instance', [['a', 4]], {}, 'concentrated'],
    [
      'its own subnets are in one zone of the three that the provider has',
      [
        ['a', 2],
        ['a', 2],
      ],
      { subnets: ['a', 'b', 'c'], service: { subnets: ['a'] } },
      'even-over-zones',
    ],
    [
      'a constraint keeps it in one zone',
      [
        ['a', 3],
        ['a', 3],
      ],
      {
        compute: 'ec2',
        subnets: [],
        service: {
          placementConstraints: [
            { type: 'memberOf', expression: 'attribute:ecs.availability-zone == a' },
          ],
        },
      },
      'even-over-zones',
    ],
    [
      'EC2, spread by instance: a third instance stands empty',
      [
        ['a', 4],
        ['b', 1],
        ['c', 0],
      ],
      { compute: 'ec2', service: { placementStrategy: [strategy('spread', 'instanceId')] } },
      'concentrated',
    ],
    [
      'packed on purpose is a risk all the same',
      [
        ['a', 5],
        ['b', 0],
        ['c', 0],
      ],
      { compute: 'ec2', service: { placementStrategy: [strategy('binpack', 'memory')] } },
      'concentrated',
    ],
    ['Fargate holds the other half', [['a', 3]], { fargate: 3 }, 'even-over-zones'],
    ['three tasks are too few', [['a', 3]], {}, 'too-few-tasks'],
    [
      'a third of them on one',
      [
        ['a', 2],
        ['b', 2],
        ['c', 2],
      ],
      {},
      'spread',
    ],
  ])('%s', (_, places, spec, reason) => {
    expect(judge(places, spec)?.reason).toBe(reason);
  });

  it.each<readonly [string, readonly Place[], Spec, boolean]>([
    [
      'four, one and one',
      [
        ['a', 4],
        ['b', 1],
        ['c', 1],
      ],
      { subnets: ['a', 'b', 'c'] },
      true,
    ],
    [
      'even over two zones, and all of one on one instance',
      [
        ['a', 4],
        ['b', 2],
        ['b', 2],
      ],
      { subnets: ['a', 'b'] },
      false,
    ],
    ['one zone cannot be uneven', [['a', 6]], { subnets: ['a'] }, false],
    [
      'where zones may differ by two',
      [
        ['a', 4],
        ['b', 2],
        ['c', 2],
      ],
      { subnets: ['a', 'b', 'c'], zoneSkewMax: 2 },
      false,
    ],
  ])('knows whether its zones are uneven: %s', (_, places, spec, isZoneUneven) => {
    expect(judge(places, spec)?.isZoneUneven).toBe(isZoneUneven);
  });

  it('counts the zones of all that runs, whatever rollout it belongs to', () => {
    const rollouts = [
      rolloutOf({ id: 'new', status: 'PRIMARY' }),
      rolloutOf({ id: 'old', status: 'ACTIVE' }),
    ];
    const places: readonly Place[] = [
      ['a', 4],
      ['b', 1],
      ['c', 1],
    ];
    const world = densityWorld({
      providers: [{ name: 'general', subnets: ['a', 'b', 'c'] }],
      instances: {
        general: places.map(([zone, times]) => ({
          zone,
          tasks: [{ times, zone, startedBy: 'old' }],
        })),
      },
      services: {
        api: {
          ...{ compute: 'managed-instances', capacityProviders: ['general'] },
          rollouts,
        },
      },
    });
    const subnetZones = { a: 'a', b: 'b', c: 'c' };
    expect(concentrationsOf({ ...world, subnetZones }, defaultDensityPolicy)).toMatchObject([
      { reason: 'concentrated', isZoneUneven: true },
    ]);
  });

  it('says nothing of a service on Fargate: it stands on no instance', () => {
    const world = densityWorld({ tasks: [{ times: 8 }] });
    expect(concentrationsOf(world, defaultDensityPolicy)).toEqual([]);
  });

  it('counts the zones of its tasks where those of its subnets could not be read', () => {
    const places: readonly Place[] = [
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ];
    const world = densityWorld({
      providers: [{ name: 'general', compute: 'managed-instances', subnets: ['subnet-1'] }],
      instances: {
        general: places.map(([zone, times]) => ({
          zone,
          tasks: [{ times, zone, size: [16, 16] }],
        })),
      },
      services: { api: { compute: 'managed-instances', capacityProviders: ['general'] } },
    });
    expect(concentrationsOf(world, defaultDensityPolicy)).toMatchObject([
      { reason: 'concentrated', even: { zones: 3, tasksMax: 2 } },
    ]);
  });
});

describe('what would spread it', () => {
  const places: readonly Place[] = [
    ['a', 5],
    ['b', 0],
  ];
  it.each<readonly [string, readonly Place[], Spec, string]>([
    ['Managed Instances have no strategy', places, {}, 'smaller-instances'],
    ['EC2 without a strategy', places, { compute: 'ec2' }, 'spread-by-instance'],
    [
      'EC2, by zone alone',
      places,
      { compute: 'ec2', service: { placementStrategy: [byZone] } },
      'spread-by-instance',
    ],
    [
      'EC2, by instance after zone',
      places,
      {
        compute: 'ec2',
        service: { placementStrategy: [byZone, strategy('spread', 'instanceId')] },
      },
      'room-elsewhere',
    ],
    [
      'EC2, by host, which is the same',
      places,
      { compute: 'ec2', service: { placementStrategy: [strategy('spread', 'host')] } },
      'room-elsewhere',
    ],
    ['EC2 with one instance', [['a', 5]], { compute: 'ec2' }, 'second-instance'],
  ])('%s', (_, on, spec, remedy) => {
    expect(judge(on, spec)).toMatchObject({ reason: 'concentrated', remedy });
  });

  it.each<readonly [string, readonly PlacementStrategy[], readonly PlacementStrategy[]]>([
    ['nothing', [], [byZone, byInstance]],
    ['by zone', [byZone], [byZone, byInstance]],
    [
      'packed',
      [strategy('binpack', 'memory')],
      [byZone, byInstance, strategy('binpack', 'memory')],
    ],
    [
      'by rack and packed',
      [strategy('spread', 'attribute:rack'), strategy('binpack', 'cpu')],
      [byZone, strategy('spread', 'attribute:rack'), byInstance, strategy('binpack', 'cpu')],
    ],
    ['at random', [{ type: 'random', field: undefined }], [byZone, byInstance]],
  ])('keeps what else the strategy asks for: %s', (_, placementStrategy, expected) => {
    const spec: Spec = { compute: 'ec2', service: { placementStrategy } };
    expect(judge(places, spec)?.strategy).toEqual(expected);
  });

  it('names no strategy where there is none to change, and who deploys where that is not ECS', () => {
    expect(judge(places, {})).toMatchObject({ strategy: undefined, otherController: undefined });
    const service = { deploymentController: 'CODE_DEPLOY' };
    expect(judge(places, { service })?.otherController).toBe('CODE_DEPLOY');
  });
});

describe('evenSpreadOf', () => {
  it.each<readonly [string, readonly string[], readonly PlacementStrategy[], string]>([
    ['one of three machines holds most', ['m1', 'm2', 'm3'], [], 'spread-by-instance'],
    [
      'the same, though it spreads over them',
      ['m1', 'm2', 'm3'],
      [strategy('spread', 'instanceId')],
      'room-elsewhere',
    ],
    ['there is one machine', ['m1'], [], 'second-instance'],
  ])('in ECS Anywhere, where %s', (_, machines, placementStrategy, remedy) => {
    const world = densityWorld({
      instances: {
        '': machines.map((id, at) => ({
          ...{ compute: 'external', ec2InstanceId: `mi-${id}`, zone: undefined },
          tasks: [{ times: at === 0 ? 3 : at === 1 ? 1 : 0, service: 'edge', zone: undefined }],
        })),
      },
      services: {
        edge: {
          ...{ compute: 'external', launchType: 'EXTERNAL', capacityProviders: [], subnets: [] },
          ...{ desired: 4, placementStrategy },
        },
      },
    });
    expect(concentrationsOf(world, defaultDensityPolicy)).toMatchObject([
      { reason: 'concentrated', onInstance: 3, even: { zones: 0 }, isZoneUneven: false, remedy },
    ]);
  });

  it('never forbids what the most even spread over the zones makes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 8 }),
        (tasks, zones) => {
          const { tasksMax } = evenSpreadOf(tasks, zones);
          const best = Math.max(0, ...bestCounts(tasks, Math.max(zones, 2)));
          expect(tasksMax).toBe(best);
        },
      ),
    );
  });
});
