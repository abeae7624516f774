import { describe, expect, it } from 'vitest';
import type { Call } from '../../../simulator/account.ts';
import { crashesBefore, createCallFaults } from '../../../simulator/faults/calls.ts';
import { deliveriesOf, invocationsOf } from '../../../simulator/faults/delivery.ts';
import { startNature } from '../../../simulator/faults/nature.ts';
import { createStaleReads } from '../../../simulator/faults/stale.ts';
import {
  createFaults,
  drawFaults,
  type FaultName,
  type Faults,
  faultNames,
} from '../../../simulator/faults.ts';
import { createStreams } from '../../../simulator/random.ts';
import { createWorld } from '../../../simulator/world.ts';

const startMs = Date.parse('2026-11-20T00:00:00Z');
const hourMs = 3_600_000;

function arrange(active: readonly FaultName[], seed = 1) {
  let nowMs = startMs + hourMs;
  const faults = createFaults(new Set(active), [startMs, startMs + 6 * hourMs], () => nowMs);
  return {
    faults,
    random: createStreams(seed),
    nowMs: () => nowMs,
    set: (ms: number) => (nowMs = ms),
  };
}

const deliveries = (faults: Faults, random: ReturnType<typeof createStreams>) =>
  Array.from({ length: 400 }, (_, at) => deliveriesOf(faults, random, `event ${at}`));

describe('the faults of a run', () => {
  it('are about half of those that may be, by the seed alone', () => {
    const counts = Array.from({ length: 200 }, (_, seed) => drawFaults(seed, faultNames).size);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean / faultNames.length).toBeGreaterThan(0.45);
    expect(mean / faultNames.length).toBeLessThan(0.55);
    expect(drawFaults(7, faultNames)).toEqual(drawFaults(7, [...faultNames].reverse()));
  });

  it('are on in their time only', () => {
    const { faults, set } = arrange(['crashes']);
    expect([faults.isOn('crashes'), faults.isOn('throttling')]).toEqual([true, false]);
    set(startMs + 6 * hourMs);
    expect(faults.isOn('crashes')).toBe(false);
  });
});

describe('deliveries', () => {
  it('come once and soon where nothing is wrong', () => {
    const { faults, random } = arrange([]);
    for (const delays of deliveries(faults, random)) {
      expect(delays).toHaveLength(1);
      expect(Math.max(...delays)).toBeLessThanOrEqual(1_500);
    }
  });

  it.each<readonly [FaultName, (delays: readonly number[]) => boolean]>([
    ['lost-events', (delays) => delays.length === 0],
    ['late-events', ([delayMs = 0]) => delayMs > 60_000],
    ['duplicate-events', (delays) => delays.length > 1],
    ['reordered-events', ([delayMs = 0]) => delayMs > 1_500],
  ])('%s happens to some of them, and is written down', (fault, isHit) => {
    const { faults, random } = arrange([fault]);
    const hit = deliveries(faults, random).filter(isHit).length;
    expect(hit).toBeGreaterThan(4);
    expect(hit).toBeLessThan(380);
    if (fault !== 'reordered-events') expect(faults.hits).toHaveLength(hit);
  });

  it('of one fault do not shift with another: who was lost stays lost', () => {
    const lostWith = (active: readonly FaultName[]) => {
      const { faults, random } = arrange(active);
      return deliveries(faults, random).flatMap((delays, at) => (delays.length === 0 ? [at] : []));
    };
    const alone = lostWith(['lost-events']);
    expect(alone.length).toBeGreaterThan(4);
    expect(
      lostWith(['lost-events', 'late-events', 'duplicate-events', 'reordered-events']),
    ).toEqual(alone);
  });

  it('of schedules come late, and twice, now and then', () => {
    const { faults, random } = arrange(['overlapping-invocations']);
    const drawn = Array.from({ length: 300 }, () => invocationsOf(faults, random));
    expect(drawn.some((delays) => delays.length === 2)).toBe(true);
    expect(drawn.some(([delayMs = 0]) => delayMs > 60_000)).toBe(true);
    expect(drawn.filter((delays) => delays.join() === '0').length).toBeGreaterThan(200);
    const calm = arrange([]);
    expect(invocationsOf(calm.faults, calm.random)).toEqual([0]);
  });
});

describe('calls to AWS', () => {
  const call: Call = { service: 'dynamodb', operation: 'Query', input: {} };
  const kindsIn = (active: readonly FaultName[]) => {
    const { faults, random, nowMs, set } = arrange(active);
    const fault = createCallFaults(faults, random, nowMs);
    const kinds = Array.from({ length: 3_600 }, (_, second) => {
      set(startMs + 6 * second * 1_000);
      return fault(call) ?? 'none';
    });
    return { kinds: new Set(kinds), drawn: kinds, hits: faults.hits };
  };

  it.each<readonly [FaultName, readonly string[]]>([
    ['throttling', ['throttle']],
    ['network-errors', ['network-error', 'answer-lost', 'server-error']],
    ['hanging-calls', ['hang']],
  ])('%s comes in spells', (fault, expected) => {
    const { kinds, drawn, hits } = kindsIn([fault]);
    expect([...kinds].filter((kind) => kind !== 'none').sort()).toEqual([...expected].sort());
    expect(drawn.filter((kind) => kind === 'none').length).toBeGreaterThan(2_500);
    expect(hits).toHaveLength(drawn.filter((kind) => kind !== 'none').length);
  });

  it('have the same throttled calls whatever else goes wrong', () => {
    const throttled = (active: readonly FaultName[]) =>
      kindsIn(active).drawn.flatMap((kind, at) => (kind === 'throttle' ? [at] : []));
    expect(throttled(['throttling', 'network-errors', 'hanging-calls'])).toEqual(
      throttled(['throttling']),
    );
  });

  it('kill their sandbox now and then', () => {
    const { faults, random } = arrange(['crashes']);
    const crashes = Array.from({ length: 5_000 }, () =>
      crashesBefore(faults, random, 'task-state'),
    );
    expect(crashes.filter(Boolean).length).toBeGreaterThan(5);
    expect(faults.hits.every(({ what }) => what === 'task-state')).toBe(true);
  });
});

describe('reads that lag behind', () => {
  const request = (operation: string, body: object) => ({
    headers: { 'x-amz-target': `Any.${operation}` },
    body: JSON.stringify(body),
  });

  function lagging() {
    const world = createWorld({ seed: 1, startMs });
    world.ecs.createCluster({ clusterName: 'prod' });
    world.ecs.registerTaskDefinition({
      ...{ family: 'web', cpu: '256', memory: '512', requiresCompatibilities: ['FARGATE'] },
      containerDefinitions: [{ name: 'app', image: 'web' }],
    });
    world.ecs.createService({
      ...{ cluster: 'prod', serviceName: 'web', taskDefinition: 'web', desiredCount: 1 },
      launchType: 'FARGATE',
    });
    const faults = createFaults(
      new Set<FaultName>(['stale-reads']),
      [startMs, startMs + hourMs],
      world.nowMs,
    );
    const readsFrom = createStaleReads(world, faults, world.random);
    world.runUntil(startMs + 60_000);
    world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 3 });
    return { world, faults, readsFrom };
  }
  const desiredIn = ({
    services,
  }: {
    readonly services: ReadonlyMap<string, { desiredCount: number }>;
  }) => [...services.values()].map(({ desiredCount }) => desiredCount).join();

  it('answer some descriptions from a moment ago, and never a consistent read', () => {
    const { world, faults, readsFrom } = lagging();
    const described = Array.from({ length: 200 }, () =>
      desiredIn(readsFrom(request('DescribeServices', {}))),
    );
    expect(new Set(described)).toEqual(new Set(['1', '3']));
    const consistent = Array.from({ length: 200 }, () => readsFrom(request('GetItem', {})));
    expect(new Set(consistent)).toEqual(new Set([world.account]));
    expect(faults.hits.length).toBeGreaterThan(10);
  });

  it('concern queries of an index, not of a table', () => {
    const { world, readsFrom } = lagging();
    const draw = (body: object) =>
      Array.from({ length: 200 }, () => readsFrom(request('Query', body)) === world.account);
    expect(draw({ IndexName: 'by-index' })).toContain(false);
    expect(draw({ TableName: 'ballast' })).not.toContain(false);
  });
});

describe('nature', () => {
  const kinds = ['slow-placement', 'no-placement', 'zone-outage', 'deployment'] as const;
  const notesOf = (active: readonly FaultName[], seed = 3) => {
    const world = createWorld({ seed, startMs });
    const untilMs = startMs + 48 * hourMs;
    const faults = createFaults(new Set(active), [startMs, untilMs], world.nowMs);
    const notes: string[] = [];
    startNature({
      ...{ world, faults, zones: ['a', 'b'] },
      deploy: () => undefined,
      note: (text) => notes.push(`${world.nowMs()} ${text}`),
    });
    world.runUntil(untilMs + hourMs);
    return { notes, faults, untilMs };
  };

  it.each(kinds)('%s strikes within its time, and not again after it', (fault) => {
    const { notes, faults, untilMs } = notesOf([fault]);
    expect(notes.length).toBeGreaterThan(1);
    expect(faults.hits.every(({ atMs, fault: name }) => atMs < untilMs && name === fault)).toBe(
      true,
    );
  });

  it('strikes at the same times whatever else does', () => {
    const { notes } = notesOf(['no-placement']);
    const all = notesOf([...kinds]).notes.filter((note) => note.includes('no capacity'));
    expect(all).toEqual(notes);
  });

  it('spares what is not there', () => {
    expect(notesOf(['instance-death', 'agent-flaps', 'spot']).notes).toEqual([]);
  });
});
