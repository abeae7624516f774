import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ecsStartsOf } from '../../shared/domain/ecs-starts.ts';
import type { Service, Snapshot } from '../../shared/domain/snapshot.ts';
import type { TaskShape } from '../../shared/domain/task-shape.ts';
import {
  afterMove,
  type Counts,
  movesToBalance,
  receiversOf,
} from '../../shared/domain/zone-balance.ts';
import type { ZoneMove } from '../../shared/domain/zone-plan.ts';
import { judgeZones, type ZoneReport } from '../../shared/domain/zone-verdict.ts';
import { seedOf } from '../support/incidents.ts';
import {
  carryOut,
  instanceIn,
  minuteMs,
  nowMs,
  serviceIn,
  shuffles,
  slot,
  taskIn,
  zoneWorld,
} from '../support/zone-worlds.ts';

const judge = (snapshot: Snapshot, skewMax = 1): ZoneReport =>
  judgeZones(
    snapshot,
    { skewMax, quietMs: 20 * minuteMs, unhealthyShareMax: 0.2 },
    { desiredChangedAtMs: {} },
  );

/** ECS leaves these to Ballast: at 100 % nothing starts before something stops. */
const surging: Partial<Service> = { maximumPercent: 100 };
const shape = {} as TaskShape;
const startsIn = (counts: Counts): Counts => {
  const starts = ecsStartsOf(shape, { counts, zones: counts.map((_, at) => `zone-${at}`) });
  return counts.map((_, at) => starts.filter(({ zone }) => zone === `zone-${at}`).length);
};

describe('ecsStartsOf', () => {
  it.each<readonly [Counts, Counts]>([
    [[], []],
    [[4], [0]],
    [
      [2, 1, 1],
      [0, 0, 0],
    ],
    // Into either: one task moves, and two rooms are kept.
    [
      [2, 0, 0],
      [0, 1, 1],
    ],
    [
      [3, 1, 0],
      [0, 0, 1],
    ],
    [
      [5, 1, 0],
      [0, 1, 2],
    ],
    // 3/2/3 or 3/3/2.
    [
      [5, 2, 1],
      [0, 1, 2],
    ],
    [
      [0, 0, 6, 0],
      [2, 2, 0, 2],
    ],
  ])('%j: %j', (counts, expected) => expect(startsIn(counts)).toEqual(expected));

  it('is in each zone the most that any shortest way starts there', () => {
    const counts = fc.array(fc.nat(6), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(counts, (drawn) => {
        expect(startsIn(drawn)).toEqual(mostOfAnyWay(drawn));
      }),
      { numRuns: 500, ...seedOf() },
    );
  });
});

/** By every move that leaves one less to make, whichever zone it leaves. */
function mostOfAnyWay(counts: Counts): Counts {
  const needed = movesToBalance(counts, 1);
  return counts.reduce<Counts>(
    (most, has, from) =>
      counts.reduce<Counts>((sofar, _, to) => {
        const after = has > 0 && from !== to ? afterMove(counts, from, to) : counts;
        if (movesToBalance(after, 1) !== needed - 1) return sofar;
        const rest = mostOfAnyWay(after);
        return sofar.map((n, at) => Math.max(n, (rest[at] ?? 0) + (at === to ? 1 : 0)));
      }, most),
    counts.map(() => 0),
  );
}

describe('rooms that ECS may take', () => {
  /** `web` could go from a to b, were it not for `feed`. */
  const movesBeside = (feed: Partial<Service>, skewMax = 1, feedIn = { a: 3, b: 1 }): number => {
    const world = zoneWorld({ feed: feedIn, web: { a: 4 } }, { a: 0, b: 1 });
    const services = world.services.map((one) => ({
      ...one,
      ...(one.name === 'feed' ? feed : surging),
    }));
    return judge({ ...world, services }, skewMax).moves.length;
  };
  it.each<readonly [string, number, Partial<Service>]>([
    ['of a service that it will rebalance', 0, {}],
    ['of one that Ballast leaves alone', 0, { tags: { 'ballast:az-balance': 'off' } }],
    ['of one that is held, for ECS was at it just now', 0, { lastRebalancingAtMs: nowMs }],
    ['but not of one that only has to be enabled', 1, { availabilityZoneRebalancing: 'DISABLED' }],
    ['nor of one that is going away', 1, { status: 'DRAINING' }],
    ['nor of one that ECS cannot rebalance', 1, { hasClassicLoadBalancer: true, ...surging }],
  ])('are not promised: %s', (_, moves, feed) => expect(movesBeside(feed)).toBe(moves));

  it('are not promised where a skew of 2 is even enough for Ballast, and not for ECS', () => {
    expect(movesBeside({}, 2)).toBe(0);
    expect(movesBeside({}, 2, { a: 2, b: 1 })).toBe(1);
  });

  it('are kept in each zone that it may choose', () => {
    // feed may go to b or to c; of the two rooms in c one is left.
    const world = zoneWorld({ feed: { a: 2 }, web: { a: 6 } }, { a: 0, b: 1, c: 2 });
    const services = world.services.map((one) =>
      one.name === 'feed' ? one : { ...one, ...surging },
    );
    expect(judge({ ...world, services }).moves.map(({ toZone }) => toZone)).toEqual(['c']);
  });

  it('are its first where a move frees them', () => {
    // web frees a room in a, which is the only zone for feed and for api.
    const world = zoneWorld(
      { api: { b: 2, c: 1 }, feed: { b: 2, c: 1 }, web: { a: 2 } },
      { a: 0, b: 0, c: 1 },
    );
    const told = (feed: Partial<Service>) => {
      const services = world.services.map((one) => ({
        ...one,
        ...(one.name === 'feed' ? feed : surging),
      }));
      const { moves } = judge({ ...world, services });
      return moves.map(({ wave, service, toZone }) => `${wave} ${service} ${toZone}`);
    };
    expect(told({})).toEqual(['1 web c']);
    expect(told({ status: 'DRAINING' })).toEqual(['1 web c', '2 api a']);
  });

  it('are chosen anew before nothing more is moved', () => {
    // Only i-b has a room for feed, and so none for web, which is twice as large. Once api has left
    // i-b2, feed fits there.
    const large = { cpuUnits: 2 * slot.cpuUnits, memoryMiB: 2 * slot.memoryMiB };
    const world = zoneWorld(
      { api: { a: 2, b: 3, c: 1 }, feed: { a: 3, b: 1, c: 2 }, web: { a: 3, b: 1, c: 2 } },
      { a: 0, b: 2, c: 1 },
    );
    const small = instanceIn('b', 0, { name: 'i-b2' });
    const { moves } = judge({
      ...world,
      services: world.services.map((one) => (one.name === 'feed' ? one : { ...one, ...surging })),
      instances: [...world.instances, small],
      tasks: world.tasks.map((task) => ({
        ...task,
        ...(task.service === 'web' ? { reserved: large } : {}),
        ...(task.service === 'api' && task.zone === 'b' ? { instanceArn: small.arn } : {}),
      })),
    });
    expect(moves.map(({ wave, service, toZone }) => `${wave} ${service} ${toZone}`)).toEqual([
      '1 api c',
      '2 web b',
    ]);
  });
});

const mixedService = fc.record({
  counts: fc.record({ a: fc.nat(5), b: fc.nat(3), c: fc.nat(2) }),
  slots: fc.constantFrom(1, 1, 2, 3),
  hostPorts: fc.constantFrom<readonly string[]>([], [], [], ['80/tcp']),
  hasEni: fc.constantFrom(false, false, true),
  isDistinct: fc.constantFrom(false, false, false, true),
  maximumPercent: fc.constantFrom(100, 100, 150, 200),
});

/** Tasks of several sizes, on up to three instances a zone; on EC2 rooms decide what ECS rebalances. */
const mixedCluster = fc
  .tuple(
    fc.array(mixedService, { minLength: 2, maxLength: 6 }),
    fc.array(fc.nat(4), { minLength: 3, maxLength: 9 }),
    fc.constantFrom<Service['compute']>('ec2', 'managed-instances'),
  )
  .map(([drawn, free, compute]) => {
    const zones = ['a', 'b', 'c'];
    const instances = free.map((slots, at) =>
      instanceIn(zones[at % zones.length] ?? '', slots, { name: `i-${at}`, compute }),
    );
    const services = drawn.map(({ counts, maximumPercent, isDistinct }, at) =>
      serviceIn(`s${at}`, {
        compute,
        desired: counts.a + counts.b + counts.c,
        maximumPercent,
        placementConstraints: isDistinct
          ? [{ type: 'distinctInstance', expression: undefined }]
          : [],
      }),
    );
    const tasks = drawn.flatMap(({ counts, slots, hostPorts, hasEni }, at) =>
      Object.entries(counts).flatMap(([zone, count]) => {
        const own = instances.filter((one) => one.zone === zone);
        return Array.from({ length: count }, (_, number) =>
          taskIn(`s${at}`, zone, number, {
            compute,
            hostPorts,
            hasEni,
            instanceArn: own[number % own.length]?.arn,
            reserved: { cpuUnits: slots * slot.cpuUnits, memoryMiB: slots * slot.memoryMiB },
          }),
        );
      }),
    );
    const none = Object.fromEntries(zones.map((zone) => [zone, undefined]));
    return zoneWorld({}, none, { snapshot: { services, tasks, instances } });
  });

describe('any cluster in which ECS rebalances some services', () => {
  const counts = fc.record({ a: fc.nat(5), b: fc.nat(3), c: fc.nat(2) });
  const cluster = fc
    .tuple(
      fc.array(fc.tuple(counts, fc.constantFrom({}, surging)), { minLength: 2, maxLength: 6 }),
      fc.record({ a: fc.nat(4), b: fc.nat(4), c: fc.option(fc.nat(4), { nil: undefined }) }),
    )

    .map(([drawn, slots]): Snapshot => {
      const all = Object.fromEntries(drawn.map(([given], at) => [`s${at}`, given]));
      const world = zoneWorld(all, slots);
      const services = world.services.map((one, at) => ({ ...one, ...drawn[at]?.[1] }));
      return { ...world, services };
    });

  it('has a room for each move, in their order, whatever ECS starts before and between', () => {
    let made = 0;
    let starts = 0;
    fc.assert(
      fc.property(cluster, shuffles, (snapshot, draws) => {
        const { moves, verdicts } = judge(snapshot);
        const own = verdicts
          .filter(({ verdict }) => verdict === 'ecs-will')
          .map(({ spread }) => ({ zones: spread.zones, counts: spread.counts }));
        let now = snapshot;
        for (const wave of Map.groupBy(moves, (move) => move.wave).values()) {
          const acted = startSome(now, own, draws);
          starts += acted.starts;
          // Fails at a move without room.
          now = carryOut(
            acted.snapshot,
            wave.map((move): ZoneMove => ({ ...move, wave: 1 })),
          );
        }
        made += moves.length;
      }),
      { numRuns: 1_000, ...seedOf() },
    );
    expect(made).toBeGreaterThan(200);
    expect(starts).toBeGreaterThan(50);
  });

  it('with tasks of all sizes surges no more, asked again once the moves are made', () => {
    let made = 0;
    fc.assert(
      fc.property(mixedCluster, fc.integer({ min: 1, max: 2 }), (snapshot, skewMax) => {
        const { moves } = judge(snapshot, skewMax);
        made += moves.length;
        expect(judge(carryOut(snapshot, moves), skewMax).moves).toEqual([]);
      }),
      { numRuns: 500, ...seedOf() },
    );
    expect(made).toBeGreaterThan(100);
  });
});

type EcsService = { readonly zones: readonly string[]; counts: Counts };

/** Some starts of ECS on shortest ways, into zones with room; it stops nothing, so that nothing is freed. */
function startSome(snapshot: Snapshot, own: readonly EcsService[], draws: Iterator<number>) {
  const draw = (below: number): number => draws.next().value % below;
  const left = new Map(
    snapshot.instances.map((one) => [one.zone, one.remaining.cpuUnits / slot.cpuUnits]),
  );
  let starts = 0;
  for (const service of own) {
    for (let tries = draw(4); tries > 0; tries -= 1) {
      const open = receiversOf(service.counts, 1).filter(
        (at) => (left.get(service.zones[at]) ?? 0) > 0,
      );
      const to = open[draw(Math.max(open.length, 1))];
      if (to === undefined) break;
      const { counts, zones } = service;
      service.counts = afterMove(counts, counts.indexOf(Math.max(...counts)), to);
      left.set(zones[to], (left.get(zones[to]) ?? 0) - 1);
      starts += 1;
    }
  }
  const instances = snapshot.instances.map((one) => {
    const slots = left.get(one.zone) ?? 0;
    const remaining = {
      cpuUnits: slots * slot.cpuUnits,
      memoryMiB: slots * slot.memoryMiB,
    };
    return { ...one, remaining };
  });
  return { snapshot: { ...snapshot, instances }, starts };
}
