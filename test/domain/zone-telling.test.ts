import { describe, expect, it } from 'vitest';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { claimed, due, sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { Service } from '../../shared/domain/snapshot.ts';
import { watchFlood, type ZoneFloodMemory, zoneFloodKey } from '../../shared/domain/zone-flood.ts';
import { zoneWatchPolicyOf } from '../../shared/domain/zone-stretch.ts';
import {
  cardFor,
  cardsADayMax,
  grantCards,
  isGrave,
  standingMs,
  tellAgainMs,
  type ZoneTold,
} from '../../shared/domain/zone-telling.ts';
import { judgeZones, type ZoneVerdict } from '../../shared/domain/zone-verdict.ts';
import {
  rememberDesired,
  watchZones,
  type ZoneEnd,
  type ZoneServiceMemory,
  zoneImbalanceKey,
} from '../../shared/domain/zone-watch.ts';
import { parseZoneFlood, parseZoneMemory } from '../../shared/events/zone-memory.ts';
import { minuteMs, nowMs, serviceIn, type ZoneCounts, zoneWorld } from '../support/zone-worlds.ts';

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function verdictOf(counts: ZoneCounts, service: Partial<Service> = {}): ZoneVerdict {
  const world = zoneWorld({ web: counts }, { a: 9, b: 9, c: 9 }, { service });
  const policy = { skewMax: 1, quietMs: 20 * minuteMs, unhealthyShareMax: 0.2 };
  const [verdict] = judgeZones(world, policy, { desiredChangedAtMs: {} }).verdicts;
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const full: Partial<Service> = { maximumPercent: 100 };
const disabled: Partial<Service> = { availabilityZoneRebalancing: 'DISABLED' };
const grave = verdictOf({ a: 5, b: 1 }, full);
const lesser = verdictOf({ a: 3, b: 1, c: 1 }, full);
const card = (changes: Partial<ZoneTold> = {}): ZoneTold => ({
  ...{ atMs: nowMs - dayMs, keptBy: 'maximum-percent', isGrave: true },
  ...changes,
});

describe('grave', () => {
  it.each<readonly [ZoneCounts, string, boolean]>([
    [{ a: 5, b: 1 }, '1 left, evenly 4', true],
    [{ a: 4, b: 2 }, '2 left, evenly 4: half', false],
    [{ a: 3, b: 1, c: 1 }, '2 left, evenly 3', false],
    [{ a: 4, b: 1 }, '1 left, evenly 3', true],
    [{ a: 2, b: 1 }, '1 left, evenly 2: half', false],
    [{ a: 2 }, '0 left, evenly 1', true],
  ])('%j: %s', (counts, _, expected) => {
    expect(isGrave(verdictOf(counts, full))).toBe(expected);
  });
});

describe('a card', () => {
  it.each<readonly [string, ZoneVerdict, number, ZoneTold | undefined, boolean]>([
    ['at once for what is grave', grave, 0, undefined, true],
    ['not yet for what is less', lesser, standingMs - 1, undefined, false],
    ['once that has stood for a day', lesser, standingMs, undefined, true],
    ['not for what costs no task', verdictOf({ a: 3, b: 3, c: 1 }, full), dayMs, undefined, false],
    ['not for what was told', grave, 0, card(), false],
    ['not for less than was told', lesser, dayMs, card(), false],
    ['not a moment before 30 days', grave, 0, card({ atMs: nowMs - tellAgainMs + 1 }), false],
    ['again after 30 days', grave, 0, card({ atMs: nowMs - tellAgainMs }), true],
    ['for what has become grave', grave, 0, card({ isGrave: false }), true],
    ['for another setting', grave, 0, card({ keptBy: 'rebalancing-disabled' }), true],
    ['once ECS does not do it either', verdictOf({ a: 5, b: 1 }), 0, card(), true],
    ['not at once for one of many', grave, 0, card({ isOneOfMany: true }), false],
    ['for one of many that stands for a day', grave, dayMs, card({ isOneOfMany: true }), true],
    ['not before', grave, dayMs - 1, card({ isOneOfMany: true }), false],
    ['not a day before', grave, dayMs, card({ isOneOfMany: true, atMs: nowMs - 1 }), false],
    ['not if it is a lesser one', lesser, dayMs, card({ isOneOfMany: true }), false],
  ])('%s', (_, verdict, openMs, told, expected) => {
    expect(cardFor(verdict, openMs, told, nowMs) !== undefined).toBe(expected);
  });

  it('says what keeps the service uneven, whatever room there is just now', () => {
    const keeps = (counts: ZoneCounts, service: Partial<Service>) =>
      cardFor(verdictOf(counts, service), dayMs, undefined, nowMs)?.keptBy;
    expect(keeps({ a: 5, b: 1 }, full)).toBe('maximum-percent');
    expect(keeps({ a: 5, b: 1 }, { ...full, ...disabled })).toBe(
      'maximum-percent, rebalancing-disabled',
    );
    expect(keeps({ a: 5, b: 1 }, {})).toBe('ecs');
    const failed = { ...full, lastPlacementFailureAtMs: nowMs - minuteMs };
    expect(keeps({ a: 5, b: 1 }, failed)).toBe('maximum-percent');
  });
});

describe('cards of a cluster', () => {
  const dueOf = (...names: string[]) =>
    new Map(names.map((name) => [name, card({ isGrave: name.startsWith('g') })]));
  const grantedOf = (due: ReadonlyMap<string, ZoneTold>, told: readonly ZoneTold[] = []) =>
    [...grantCards(due, told, nowMs)].sort();
  const today = card({ atMs: nowMs - dayMs + 1 });

  it.each<readonly [string, readonly string[], number, readonly string[]]>([
    ['all of four', ['a', 'b', 'c', 'd'], 0, ['a', 'b', 'c', 'd']],
    ['none of five at once', ['a', 'b', 'c', 'd', 'e'], 0, []],
    ['what the day has left, the grave first', ['a', 'b', 'g'], cardsADayMax - 1, ['g']],
    ['none when the day has had its four', ['g'], cardsADayMax, []],
  ])('%s', (_, names, before, expected) => {
    expect(grantedOf(dueOf(...names), new Array(before).fill(today))).toEqual(expected);
  });

  it('are counted for a day', () => {
    expect(grantedOf(dueOf('g'), new Array(cardsADayMax).fill(card()))).toEqual(['g']);
  });

  it('are not taken up by a flood', () => {
    const many = new Array(20).fill({ ...today, isOneOfMany: true });
    expect(grantedOf(dueOf('g'), many)).toEqual(['g']);
  });
});

/** Plays one service as runs see it, and publishes what is due: what people get to read. */
function createChannel() {
  let memory: ZoneServiceMemory | undefined;
  let incident: Incident | undefined;
  let atMs = nowMs;
  const messages: string[] = [];
  const ends: (ZoneEnd | undefined)[] = [];
  const key = zoneImbalanceKey('prod', 'web');
  const see = (verdict: ZoneVerdict, service: Partial<Service>, desired: number): void => {
    atMs += 5 * minuteMs;
    const look = {
      service: serviceIn('web', { desired, ...service }),
      verdict,
      memory: rememberDesired(memory, desired, atMs),
    };
    const [step] = watchZones([look], atMs, zoneWatchPolicyOf(20 * minuteMs));
    memory = JSON.parse(JSON.stringify(step?.memory));
    if (step?.ended !== undefined) ends.push(step.ended);
    incident = applyObservations(incident, step?.observations ?? [], {
      ...{ key, policy: incidentPolicies[key.kind], nowMs: atMs },
    });
    // The sweep of task-state does so every minute.
    if (incident === undefined) return;
    incident = applyObservations(incident, [{ type: 'tick' }], {
      ...{ key, policy: incidentPolicies[key.kind], nowMs: atMs },
    });
    for (const notice of due(incident ?? fail(), atMs)) {
      messages.push(`${notice.severity} ${notice.transition}`);
      const taken = claimed(incident ?? fail(), notice.sequence, atMs);
      incident = sent(taken, notice, taken, atMs);
    }
  };
  return {
    messages,
    ends,
    incident: () => incident,
    /** Seen for so long, every five minutes. */
    stay: (verdict: ZoneVerdict, ms: number, service: Partial<Service> = {}, desired = 6): void => {
      for (let passedMs = 0; passedMs < ms; passedMs += 5 * minuteMs)
        see(verdict, service, desired);
    },
    now: () => atMs,
  };
}

const fail = (): never => {
  throw new Error('an incident does not vanish');
};

const even = verdictOf({ a: 2, b: 2, c: 2 });

describe('what people read', () => {
  it('of an imbalance that stands for four months: one card, and it stays open', () => {
    const channel = createChannel();
    channel.stay(grave, 120 * dayMs);
    expect(channel.messages).toEqual(['warn open']);
    expect(channel.incident()?.status).toBe('open');
    channel.stay(even, hourMs);
    expect(channel.messages).toEqual(['warn open', 'warn resolve']);
  });

  it('of one that nobody watches any more: its end, after three months', () => {
    const { policy, key } = {
      policy: incidentPolicies['zone-imbalance'],
      key: zoneImbalanceKey('prod', 'web'),
    };
    const channel = createChannel();
    channel.stay(grave, hourMs);
    const at = (days: number) =>
      applyObservations(channel.incident(), [{ type: 'tick' }], {
        ...{ key, policy, nowMs: channel.now() + days * dayMs },
      });
    expect(at(89)?.status).toBe('open');
    expect(at(91)).toMatchObject({ status: 'resolved', resolution: 'expired' });
  });

  it('of a lesser one: nothing while it heals within the day, one card when it stands', () => {
    const channel = createChannel();
    for (let day = 0; day < 5; day += 1) {
      channel.stay(lesser, 12 * hourMs);
      channel.stay(even, 12 * hourMs);
    }
    expect(channel.messages).toEqual([]);
    channel.stay(lesser, 23 * hourMs);
    expect(channel.messages).toEqual([]);
    channel.stay(lesser, 2 * hourMs);
    expect(channel.messages).toEqual(['warn escalate']);
  });

  it('of a grave one that comes each night and goes each morning: once in 30 days', () => {
    const channel = createChannel();
    for (let day = 0; day < 35; day += 1) {
      channel.stay(grave, 12 * hourMs);
      channel.stay(even, 12 * hourMs);
    }
    const once = ['warn open', 'warn resolve'];
    expect(channel.messages).toEqual([...once, ...once]);
  });

  it('of what reasons come and go with other tasks: nothing more', () => {
    const channel = createChannel();
    const room = verdictOf({ a: 5, b: 1 }, full);
    const full3: ZoneVerdict = { ...room, verdict: 'cannot', reason: 'zone-room-missing' };
    for (let hour = 0; hour < 48; hour += 1) channel.stay(hour % 2 === 0 ? grave : full3, hourMs);
    expect(channel.messages).toEqual(['warn open']);
  });

  it('of a setting that was mended: nothing more, unless ECS then does nothing for an hour', () => {
    const channel = createChannel();
    channel.stay(grave, 3 * hourMs);
    const mended = verdictOf({ a: 5, b: 1 });
    channel.stay(mended, 55 * minuteMs);
    expect(channel.messages).toEqual(['warn open']);
    channel.stay(mended, 10 * minuteMs);
    expect(channel.messages).toEqual(['warn open', 'warn update']);
    expect(channel.incident()?.facts).toMatchObject({ keptBy: 'ecs' });
  });

  it('of a setting that was mended, and of what ECS did then: that ECS did it', () => {
    const channel = createChannel();
    channel.stay(grave, 3 * hourMs);
    channel.stay(verdictOf({ a: 5, b: 1 }), 30 * minuteMs);
    channel.stay(even, hourMs, { lastRebalancingAtMs: channel.now() + minuteMs });
    expect(channel.messages).toEqual(['warn open', 'warn resolve']);
    expect(channel.incident()?.facts).toMatchObject({ endedBy: 'ecs', spread: '2/2/2' });
    expect(channel.ends).toMatchObject([{ by: 'ecs', wasOpen: true }]);
  });
});

/** Plays services of one cluster: who has a card of its own, and what is said of them together. */
function createCluster() {
  const memories = new Map<string, ZoneServiceMemory>();
  let flood: ZoneFloodMemory | undefined;
  let incident: Incident | undefined;
  let atMs = nowMs;
  const messages: string[] = [];
  const key = zoneFloodKey('prod');
  const context = () => ({ key, policy: incidentPolicies[key.kind], nowMs: atMs });
  const see = (seen: Readonly<Record<string, ZoneVerdict>>): void => {
    atMs += 5 * minuteMs;
    const looks = Object.entries(seen).map(([name, verdict]) => ({
      service: serviceIn(name, { desired: 6 }),
      verdict: { ...verdict, service: name },
      memory: rememberDesired(memories.get(name), 6, atMs),
    }));
    const steps = watchZones(looks, atMs, zoneWatchPolicyOf(20 * minuteMs));
    for (const { service, memory } of steps) {
      memories.set(service, parseZoneMemory(JSON.stringify(memory)));
    }
    const step = watchFlood(
      steps,
      looks.map(({ verdict }) => verdict),
      flood,
      atMs,
    );
    flood = step.memory && parseZoneFlood(JSON.stringify(step.memory));
    incident = applyObservations(incident, [...step.observations, { type: 'tick' }], context());
    for (const notice of incident === undefined ? [] : due(incident, atMs)) {
      messages.push(`${notice.severity} ${notice.transition}`);
      const taken = claimed(incident ?? fail(), notice.sequence, atMs);
      incident = sent(taken, notice, taken, atMs);
    }
  };
  return {
    messages,
    incident: () => incident,
    stay: (seen: Readonly<Record<string, ZoneVerdict>>, ms: number): void => {
      for (let passedMs = 0; passedMs < ms; passedMs += 5 * minuteMs) see(seen);
    },
    /** Services with a card of their own, by name. */
    carded: (): readonly string[] =>
      [...memories]
        .filter(([, { stretch }]) => stretch?.isTold === true)
        .map(([name]) => name)
        .sort(),
    memories,
  };
}

describe('many services', () => {
  const allOf = (verdict: ZoneVerdict, count: number, from = 0) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${from + at}`, verdict]));

  it('a fifth one, two hours after the four of the day, has its card on the next', () => {
    const cluster = createCluster();
    cluster.stay({ ...allOf(grave, 4), search: even }, 2 * hourMs);
    cluster.stay({ ...allOf(grave, 4), search: grave }, 20 * hourMs);
    expect(cluster.carded()).toEqual(['s0', 's1', 's2', 's3']);
    cluster.stay({ ...allOf(grave, 4), search: grave }, 3 * hourMs);
    expect(cluster.carded()).toEqual(['s0', 's1', 's2', 's3', 'search']);
    expect(cluster.messages).toEqual([]);
  });

  it('at once have one card together: how many, and the worst of them', () => {
    const cluster = createCluster();
    const worse = verdictOf({ a: 6 }, full);
    cluster.stay({ ...allOf(grave, 59), search: worse }, 3 * hourMs);
    expect(cluster.messages).toEqual(['warn open']);
    expect(cluster.carded()).toEqual([]);
    expect(cluster.incident()?.facts).toEqual({
      services: 60,
      worst: [
        'search: 6/0/0; losing a leaves 0 of 6, evenly 4',
        's0: 5/1/0; losing a leaves 1 of 6, evenly 4',
        's1: 5/1/0; losing a leaves 1 of 6, evenly 4',
      ].join('\n'),
    });
    cluster.stay({ ...allOf(even, 59), search: worse }, hourMs);
    expect(cluster.incident()?.facts).toMatchObject({ services: 1 });
    cluster.stay({ ...allOf(even, 59), search: even }, hourMs);
    expect(cluster.messages).toEqual(['warn open', 'warn resolve']);
  });

  it('that stand for days have no second card, and those that are left have their own', () => {
    const cluster = createCluster();
    cluster.stay(allOf(grave, 7), 3 * dayMs);
    expect(cluster.messages).toEqual(['warn open']);
    expect(cluster.carded()).toEqual([]);
    cluster.stay({ ...allOf(even, 4), ...allOf(grave, 3, 4) }, 25 * hourMs);
    expect(cluster.carded()).toEqual(['s4', 's5', 's6']);
    expect(cluster.messages).toEqual(['warn open', 'warn resolve']);
  });

  it('of lesser weight stay with the one card', () => {
    const cluster = createCluster();
    cluster.stay(allOf(lesser, 6), 3 * dayMs);
    cluster.stay({ ...allOf(even, 5), ...allOf(lesser, 1, 5) }, 3 * dayMs);
    expect(cluster.carded()).toEqual([]);
    expect(cluster.messages).toEqual(['warn open']);
  });

  it('that come each night and go each morning have one card in 30 days', () => {
    const cluster = createCluster();
    for (let night = 0; night < 4; night += 1) {
      cluster.stay(allOf(grave, 6), 12 * hourMs);
      cluster.stay(allOf(even, 6), 12 * hourMs);
    }
    expect(cluster.carded()).toEqual([]);
    expect(cluster.messages).toEqual(['warn open', 'warn resolve']);
  });

  it.each<readonly [string, number, ZoneVerdict, readonly string[], number]>([
    ['many of them in one card', 6, grave, ['warn open'], 0],
    ['few of them by cards of their own', 3, grave, [], 3],
    ['few lesser ones stay in the digest', 3, lesser, [], 0],
  ])('whom an older version left without a word are told: %s', (_, count, verdict, cards, own) => {
    const cluster = createCluster();
    const stretch = {
      ...{ sinceMs: 1, imbalancedMs: hourMs, balancedMs: 0, last: 'imbalanced' },
      ...{ lastAtMs: nowMs - hourMs, openedAtMs: nowMs - 40 * dayMs, isOneOfMany: true },
    };
    for (const name of Object.keys(allOf(verdict, count))) {
      cluster.memories.set(name, parseZoneMemory(JSON.stringify({ desired: 6, stretch })));
    }
    cluster.stay(allOf(verdict, count), hourMs);
    expect(cluster.messages).toEqual(cards);
    expect(cluster.carded()).toHaveLength(own);
  });
});

describe('who ended it', () => {
  it.each<readonly [string, Partial<Service>, number, ZoneEnd['by']]>([
    ['ECS, within its hour: nobody had to be told', { lastRebalancingAtMs: 20 }, 6, 'ecs'],
    ['scaling', {}, 7, 'scaling'],
    ['scaling, after a rebalancing in vain', { lastRebalancingAtMs: 5 }, 7, 'scaling'],
    ['a rebalancing long ago is not it', { lastRebalancingAtMs: -600 }, 6, undefined],
  ])('%s', (_, { lastRebalancingAtMs = Number.NaN }, desired, expected) => {
    const channel = createChannel();
    channel.stay(verdictOf({ a: 5, b: 1 }), 15 * minuteMs);
    const last = nowMs + lastRebalancingAtMs * minuteMs;
    channel.stay(even, hourMs, Number.isNaN(last) ? {} : { lastRebalancingAtMs: last }, desired);
    expect(channel.ends).toMatchObject([{ by: expected, wasOpen: false }]);
    expect(channel.messages).toEqual([]);
    expect(channel.incident()).toBeUndefined();
  });
});
