import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawZoneWorld } from '../../cli/bench/zone-world.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { openRoomLedger, shapeOf } from '../../shared/domain/room.ts';
import type { Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { taskLimitsOf } from '../../shared/domain/task-limits.ts';
import {
  afterMove,
  type Counts,
  movesToBalance,
  skewOf,
} from '../../shared/domain/zone-balance.ts';
import { planZoneMoves, type ZonePlan } from '../../shared/domain/zone-plan.ts';
import { spreadOf } from '../../shared/domain/zones.ts';
import { seedOf } from '../support/incidents.ts';
import {
  carryOut,
  instanceArn,
  instanceIn,
  serviceIn,
  slot,
  taskIn,
  type ZoneCounts,
  zoneWorld,
} from '../support/zone-worlds.ts';

function planOf(snapshot: Snapshot, skewMax = 1): ZonePlan {
  const index = indexOf(snapshot);
  const movers = snapshot.services.map((service) => {
    const shape = shapeOf(service, index);
    return { service, shape, spread: spreadOf(service, shape, index) };
  });
  return planZoneMoves(movers, { rooms: openRoomLedger(index), index, skewMax });
}

const spreadsIn = (snapshot: Snapshot): Readonly<Record<string, Counts>> => {
  const index = indexOf(snapshot);
  return Object.fromEntries(
    snapshot.services.map((one) => [one.name, spreadOf(one, shapeOf(one, index), index).counts]),
  );
};

/** `1 web a-b` a move, then what is missing: `web lacks 2: c zone-room-missing cpu`. */
const told = ({ moves, blocked }: ZonePlan): readonly string[] => [
  ...moves.map(({ wave, service, fromZone, toZone }) => `${wave} ${service} ${fromZone}-${toZone}`),
  ...blocked.map(
    ({ service, missing, zones }) =>
      `${service} lacks ${missing}: ${zones.map(({ zone, reason, lacks }) => [zone, reason, ...lacks].join(' ')).join(', ')}`,
  ),
];

describe('planZoneMoves', () => {
  const cases: readonly (readonly [
    name: string,
    services: Readonly<Record<string, ZoneCounts>>,
    slots: Readonly<Record<string, number | undefined>>,
    expected: readonly string[],
    service: Partial<Service>,
  ])[] = [
    [
      '5/1/0 with room everywhere: the emptiest first, 2/2/2 in 3 moves',
      { web: { a: 5, b: 1 } },
      { a: 9, b: 9, c: 9 },
      ['1 web a-c', '1 web a-b', '1 web a-c'],
      {},
    ],
    [
      '5/1/0 and no instance in c: 1 of 3 moves, for 3/3/0 would have to be undone',
      { web: { a: 5, b: 1 } },
      { a: 9, b: 9, c: undefined },
      ['1 web a-b', 'web lacks 2: c zone-instance-missing'],
      {},
    ],
    [
      '5/1/0 and one room in c: 2 of 3 moves, each into a room',
      { web: { a: 5, b: 1 } },
      { a: 9, b: 9, c: 1 },
      ['1 web a-c', '1 web a-b', 'web lacks 1: c zone-room-missing cpu'],
      {},
    ],
    [
      'balanced: nothing to do, with or without room',
      { web: { a: 2, b: 1, c: 1 } },
      { a: 0, b: 0, c: 0 },
      [],
      {},
    ],
    ['no task at all', { web: {} }, { a: 1, b: 1 }, [], {}],
    ['one zone: nowhere to go', { web: { a: 4 } }, { a: 9 }, [], {}],
    [
      'two services crosswise and full: neither can begin, because a start comes before a stop',
      { api: { a: 2 }, web: { b: 2 } },
      { a: 0, b: 0 },
      ['api lacks 1: b zone-room-missing cpu', 'web lacks 1: a zone-room-missing cpu'],
      {},
    ],
    [
      'crosswise with one room: what the first frees is there for the second, a wave later',
      { api: { a: 2 }, web: { b: 2 } },
      { a: 0, b: 1 },
      ['1 api a-b', '2 web b-a'],
      {},
    ],
    [
      'one room, three services: first who leaves the zone that others wait for, not who comes first',
      { api: { b: 2 }, cron: { b: 1, c: 2 }, web: { a: 3, b: 1 } },
      { a: 0, b: 0, c: 1 },
      ['1 web a-c', '2 cron c-a', '3 api b-c'],
      {},
    ],
    [
      'one room, two services: the one that loses more with its zone',
      { api: { a: 3, b: 1 }, web: { a: 2, b: 0 } },
      { a: 9, b: 1 },
      ['1 web a-b', 'api lacks 1: b zone-room-missing cpu'],
      {},
    ],
    [
      'remainders fall where the cluster is emptiest: 5/0/0 leaves one for b and one for c',
      { s1: { a: 5 }, s2: { a: 5 } },
      { a: 99, b: 99, c: 99 },
      ['1 s1 a-b', '1 s2 a-c', '1 s1 a-c', '1 s2 a-b', '1 s1 a-b', '1 s2 a-c'],
      {},
    ],
    [
      'of zones alike for the service the one gives that holds the most of the cluster',
      { other: { b: 2, a: 1, c: 1, d: 1 }, web: { a: 3, b: 3, c: 3 } },
      { a: 9, b: 9, c: 9, d: 9 },
      ['1 web b-d', '1 web c-d'],
      {},
    ],
    [
      'maximum 100 %: one at a time, because a desired count of one more raises the maximum too',
      { web: { a: 6 } },
      { a: 9, b: 9, c: 9 },
      ['1 web a-b', '2 web a-c', '3 web a-b', '4 web a-c'],
      { maximumPercent: 100 },
    ],
    [
      '134 % of 6 is floor(8.04): two at a time',
      { web: { a: 6 } },
      { a: 9, b: 9, c: 9 },
      ['1 web a-b', '1 web a-c', '2 web a-b', '2 web a-c'],
      { maximumPercent: 134 },
    ],
  ];
  it.each(cases)('%s', (_, services, slots, expected, service) => {
    expect(told(planOf(zoneWorld(services, slots, { service })))).toEqual(expected);
  });

  it('allows the skew that it is told', () => {
    const world = zoneWorld({ web: { a: 6 } }, { a: 9, b: 9, c: 9 });
    expect(planOf(world, 2).moves).toHaveLength(3);
    expect(planOf(world, 6).moves).toHaveLength(0);
  });

  it('names the instance with room and the task that ECS is expected to stop', () => {
    const crowded = [0, 1, 2].map((number) =>
      taskIn('web', 'a', number, {
        instanceArn: instanceArn(number === 0 ? 'i-a' : 'i-a2'),
      }),
    );
    const world = zoneWorld({ web: {} }, { a: 0, b: 1 }, { service: { desired: 3 } });
    const plan = planOf({
      ...world,
      tasks: crowded,
      instances: [...world.instances, instanceIn('a', 0, { name: 'i-a2' })],
    });
    // Of the two on i-a2, where the service has the most.
    expect(plan.moves).toEqual([
      {
        service: 'web',
        fromZone: 'a',
        toZone: 'b',
        wave: 1,
        instanceArn: instanceArn('i-b'),
        taskArn: crowded[1]?.arn,
      },
    ]);
  });

  it('expects ECS to stop a task that counts', () => {
    const world = zoneWorld({ web: { a: 3 } }, { a: 0, b: 1 });
    const [ill, old, last] = world.tasks;
    if (ill === undefined || old === undefined || last === undefined) return;
    const more = [
      { ...ill, health: 'UNHEALTHY' },
      { ...old, startedBy: 'ecs-svc/old' },
      last,
      { ...last, arn: `${last.arn}9` },
    ];
    expect(planOf({ ...world, tasks: more }).moves.map(({ taskArn }) => taskArn)).toEqual([
      last.arn,
    ]);
  });

  it('moves on Fargate without an instance', () => {
    const world = zoneWorld(
      { web: { a: 2 } },
      { a: undefined, b: undefined },
      {
        service: {
          compute: 'fargate',
          capacityProviders: ['FARGATE'],
          subnets: ['subnet-a', 'subnet-b'],
        },
        task: { instanceArn: undefined },
      },
    );
    expect(planOf(world).moves).toMatchObject([{ toZone: 'b', instanceArn: undefined }]);
  });

  it('keeps one task of a service an instance where the service says so', () => {
    const distinct = {
      placementConstraints: [{ type: 'distinctInstance', expression: undefined }],
    };
    const world = zoneWorld({ web: { a: 4 } }, { a: 9, b: 9 }, { service: distinct });
    expect(told(planOf(world))).toEqual(['1 web a-b', 'web lacks 1: b zone-room-missing distinct']);
  });

  it('gives a port back with its task', () => {
    const world = zoneWorld(
      { api: { a: 2 }, web: { b: 2 } },
      { a: 9, b: 9 },
      { task: { hostPorts: ['80/tcp'] } },
    );
    const [a = instanceIn('a', 9), b = instanceIn('b', 9)] = world.instances;
    const plan = planOf({ ...world, instances: [a, { ...b, usedPorts: ['80/tcp'] }] });
    expect(told(plan)).toEqual(['1 web b-a', '2 api a-b']);
  });
});

const zones = ['a', 'b', 'c', 'd'];
const countsIn = fc.record({ a: fc.nat(6), b: fc.nat(4), c: fc.nat(2), d: fc.nat(2) });
const maximumPercent = fc.constantFrom(100, 125, 134, 150, 200, undefined);
type Drawn = {
  readonly counts: ZoneCounts;
  readonly reserved: Task['reserved'];
  readonly maximumPercent: number | undefined;
  readonly hasEni: boolean;
  readonly isDistinct: boolean;
  readonly hostPorts: readonly string[];
};
const drawnService: fc.Arbitrary<Drawn> = fc.record({
  counts: countsIn,
  reserved: fc.record({
    cpuUnits: fc.constantFrom(0, 128, slot.cpuUnits, 1_024),
    memoryMiB: fc.constantFrom(256, slot.memoryMiB, 2_048),
  }),
  maximumPercent,
  hasEni: fc.boolean(),
  isDistinct: fc.boolean(),
  hostPorts: fc.constantFrom([], [], ['80/tcp'], ['80/tcp', '53/udp']),
});

/** A world of several services and, in each zone, up to three instances with `slots` in each. */
function drawnWorld(services: readonly Drawn[], slots: readonly number[]): Snapshot {
  const instances = slots.map((free, at) =>
    instanceIn(zones[at % zones.length] ?? '', free, { name: `i-${at}` }),
  );
  return zoneWorld({}, Object.fromEntries(zones.map((zone) => [zone, undefined])), {
    snapshot: {
      services: services.map((drawn, at) =>
        serviceIn(`s${at}`, {
          desired: Object.values(drawn.counts).reduce((sum, count) => sum + count, 0),
          maximumPercent: drawn.maximumPercent,
          placementConstraints: drawn.isDistinct
            ? [{ type: 'distinctInstance', expression: undefined }]
            : [],
        }),
      ),
      tasks: services.flatMap(({ counts, reserved, hasEni, hostPorts }, at) =>
        Object.entries(counts).flatMap(([zone, count]) =>
          Array.from({ length: count }, (_, number) => {
            const own = instances.filter((one) => one.zone === zone);
            const host = own[number % Math.max(own.length, 1)];
            const given = { reserved, hasEni, hostPorts, architecture: 'arm64' };
            return taskIn(`s${at}`, zone, number, { ...given, instanceArn: host?.arn });
          }),
        ),
      ),
      instances,
    },
  });
}

const tightWorld = fc
  .tuple(
    fc.array(drawnService, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(5), { minLength: 4, maxLength: 12 }),
  )
  .map(([services, slots]) => drawnWorld(services, slots));
const slackWorld = fc.array(drawnService, { minLength: 1, maxLength: 5 }).map((services) =>
  drawnWorld(
    services.map((one) => ({ ...one, hasEni: false, isDistinct: false, hostPorts: [] })),
    zones.map(() => 500),
  ),
);
const skewMax = fc.integer({ min: 1, max: 3 });

describe('any plan', () => {
  it('where there is room has exactly the fewest moves, and balances every service', () => {
    fc.assert(
      fc.property(slackWorld, skewMax, (world, most) => {
        const before = spreadsIn(world);
        const plan = planOf(world, most);
        const made = Map.groupBy(plan.moves, ({ service }) => service);
        for (const [name, counts] of Object.entries(before)) {
          expect(made.get(name)?.length ?? 0).toBe(movesToBalance(counts, most));
        }
        expect(plan.blocked).toEqual([]);
        const after = spreadsIn(carryOut(world, plan.moves));
        for (const counts of Object.values(after)) expect(skewOf(counts)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 300, ...seedOf() },
    );
  });

  it('where room is short has one for each move, and says of every other move why not', () => {
    let blocked = 0;
    fc.assert(
      fc.property(tightWorld, skewMax, (world, most) => {
        const before = spreadsIn(world);
        const plan = planOf(world, most);
        // carryOut fails at a move without room.
        const after = spreadsIn(carryOut(world, plan.moves));
        for (const [name, counts] of Object.entries(before)) {
          const made = plan.moves.filter(({ service }) => service === name).length;
          const stuck = plan.blocked.find(({ service }) => service === name);
          const needed = movesToBalance(counts, most);
          expect(made + (stuck?.missing ?? 0)).toBe(needed);
          // No move was in vain: what is left is that much less.
          expect(movesToBalance(after[name] ?? [], most)).toBe(needed - made);
          if (stuck !== undefined) expect(stuck.zones.length).toBeGreaterThan(0);
        }
        blocked += plan.blocked.length;
      }),
      { numRuns: 500, ...seedOf() },
    );
    expect(blocked).toBeGreaterThan(50);
  });

  it('carried out leaves nothing to plan', () => {
    fc.assert(
      fc.property(tightWorld, skewMax, (world, most) => {
        const plan = planOf(world, most);
        const again = planOf(carryOut(world, plan.moves), most);
        expect(again.moves).toEqual([]);
        expect(again.blocked).toEqual(plan.blocked);
      }),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('starts no more at once than the maximum percent allows, or one', () => {
    fc.assert(
      fc.property(slackWorld, (world) => {
        const atOnce = Map.groupBy(planOf(world).moves, (move) => `${move.service} ${move.wave}`);
        for (const [key, moves] of atOnce) {
          const service = world.services.find(({ name }) => key.startsWith(`${name} `));
          const { canStart = 0 } = service === undefined ? {} : taskLimitsOf(service);
          expect(moves.length).toBeLessThanOrEqual(Math.max(canStart, 1));
        }
      }),
      { numRuns: 200, ...seedOf() },
    );
  });

  it('does not depend on the order in which AWS lists things', () => {
    const shuffles = fc.infiniteStream(fc.nat(1_000_000));
    fc.assert(
      fc.property(tightWorld, shuffles, (world, draws) => {
        const shuffled = <Item>(list: readonly Item[]): readonly Item[] =>
          list
            .map((item) => ({ item, rank: draws.next().value }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ item }) => item);
        const other = {
          ...world,
          tasks: shuffled(world.tasks),
          services: shuffled(world.services),
          instances: shuffled(world.instances),
          capacityProviders: shuffled(world.capacityProviders),
        };
        expect(planOf(other)).toEqual(planOf(world));
      }),
      { numRuns: 300, ...seedOf() },
    );
  });
});

describe('5,000 tasks on 500 instances in 200 services', () => {
  const size = { tasks: 5_000, instances: 500, services: 200 };
  const fewestIn = (world: Snapshot): number =>
    Object.values(spreadsIn(world)).reduce((sum, counts) => sum + movesToBalance(counts, 1), 0);

  it('with room are balanced in exactly the fewest moves', () => {
    const world = drawZoneWorld(size, 0.5, 1);
    const { moves, blocked } = planOf(world);
    expect(moves).toHaveLength(fewestIn(world));
    expect(blocked).toEqual([]);
    expect(fewestIn(carryOut(world, moves))).toBe(0);
  });

  it('with little room have one for each move, and a reason for each other', () => {
    const world = drawZoneWorld(size, 0.05, 1);
    const { moves, blocked } = planOf(world);
    const missing = blocked.reduce((sum, one) => sum + one.missing, 0);
    expect(missing).toBeGreaterThan(100);
    expect(moves.length + missing).toBe(fewestIn(world));
    expect(fewestIn(carryOut(world, moves))).toBe(missing);
    for (const { zones: full } of blocked) expect(full.length).toBeGreaterThan(0);
  });
});

/** Every way to spread a total over three zones. */
const spreadsOf = (total: number): readonly Counts[] =>
  Array.from({ length: total + 1 }, (_, a) =>
    Array.from({ length: total - a + 1 }, (_unused, b): Counts => [a, b, total - a - b]),
  ).flat();

/** Most moves that any order of them can make, one at a time, with so many rooms in each zone. */
function mostMoves(services: readonly Counts[], rooms: Counts, known: Map<string, number>): number {
  const key = `${services.map((counts) => counts.join()).sort()} ${rooms}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const most = services.flatMap((counts, at) =>
    [0, 1, 2].flatMap((from) =>
      [0, 1, 2].map((to) => {
        if (from === to || !counts[from] || !rooms[to]) return 0;
        const next = afterMove(counts, from, to);
        if (movesToBalance(next, 1) >= movesToBalance(counts, 1)) return 0;
        return 1 + mostMoves(services.with(at, next), afterMove(rooms, to, from), known);
      }),
    ),
  );
  const best = Math.max(0, ...most);
  known.set(key, best);
  return best;
}

describe('small worlds with hardly any room, all of them', () => {
  it('are planned with more than 95 % of the moves that a search of all orders finds', () => {
    const known = new Map<string, number>();
    const skewed = (total: number): readonly Counts[] =>
      spreadsOf(total).filter((counts) => movesToBalance(counts, 1) > 0);
    const named = ([a = 0, b = 0, c = 0]: Counts) => ({ a, b, c });
    let [worlds, planned, possible] = [0, 0, 0];
    for (const s1 of [...skewed(2), ...skewed(4)]) {
      for (const s2 of skewed(3)) {
        for (const s3 of skewed(4)) {
          for (const rooms of [
            [0, 0, 1],
            [0, 1, 0],
            [1, 1, 0],
          ]) {
            const services = { s1: named(s1), s2: named(s2), s3: named(s3) };
            const { moves } = planOf(zoneWorld(services, named(rooms)));
            const most = mostMoves([s1, s2, s3], rooms, known);
            expect(moves.length).toBeLessThanOrEqual(most);
            worlds += 1;
            planned += moves.length;
            possible += most;
          }
        }
      }
    }
    expect(worlds).toBeGreaterThan(2_000);
    expect(planned / possible).toBeGreaterThan(0.95);
  });
});
