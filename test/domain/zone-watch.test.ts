import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { Service, Snapshot } from '../../shared/domain/snapshot.ts';
import { zoneSeverityOf } from '../../shared/domain/zone-facts.ts';
import type { ZoneReason } from '../../shared/domain/zone-rules.ts';
import { isImbalanced } from '../../shared/domain/zone-sight.ts';
import { zoneWatchPolicyOf } from '../../shared/domain/zone-stretch.ts';
import { judgeZones, type ZoneVerdict } from '../../shared/domain/zone-verdict.ts';
import {
  forgetService,
  heldMsOf,
  rememberDesired,
  rememberLeaving,
  restarted,
  watchZones,
  type ZoneServiceMemory,
  zoneImbalanceKey,
} from '../../shared/domain/zone-watch.ts';
import { seedOf } from '../support/incidents.ts';
import { minuteMs, nowMs, serviceIn, type ZoneCounts, zoneWorld } from '../support/zone-worlds.ts';

const policy = zoneWatchPolicyOf(20 * minuteMs);
const roomy = { a: 9, b: 9, c: 9 };
const surging: Partial<Service> = { maximumPercent: 100 };

function verdictIn(world: Snapshot, name = 'web'): ZoneVerdict {
  const zonePolicy = { skewMax: 1, quietMs: 20 * minuteMs, unhealthyShareMax: 0.2 };
  const { verdicts } = judgeZones(world, zonePolicy, { desiredChangedAtMs: {} });
  const verdict = verdicts.find(({ service }) => service === name);
  if (verdict === undefined) throw new Error(`no verdict on ${name}`);
  return verdict;
}
const verdictOf = (counts: ZoneCounts, service: Partial<Service> = {}): ZoneVerdict =>
  verdictIn(zoneWorld({ web: counts }, roomy, { service }));

const crowded = verdictOf({ a: 5, b: 1 }, surging);
/** What can be seen, by one letter: left, ecs, balanced, held, opted out, a failed placement. */
const sights = {
  l: crowded,
  e: verdictOf({ a: 5, b: 1 }),
  b: verdictOf({ a: 2, b: 2, c: 2 }),
  h: verdictOf({ a: 5, b: 1 }, { pending: 1 }),
  o: verdictOf({ a: 5, b: 1 }, { tags: { 'ballast:az-balance': 'off' } }),
  p: verdictOf({ a: 5, b: 1 }, { lastPlacementFailureAtMs: nowMs - minuteMs }),
  s: { ...crowded, verdict: 'hold', reason: 'scaling-active' },
} as const satisfies Readonly<Record<string, ZoneVerdict>>;
type Sight = keyof typeof sights;
const zonesOfWeb = crowded.spread.zones.join(', ');

/** Plays one service: what each run sees, five minutes apart unless it says otherwise. */
function createPlay(start?: ZoneServiceMemory) {
  let memory = start;
  let incident: Incident | undefined;
  let [atMs, opened, ended] = [nowMs, 0, 0];
  const key = zoneImbalanceKey('prod', 'web');
  const see = (sight: Sight | ZoneVerdict, minutes = 5, changes: Partial<Service> = {}): void => {
    atMs += minutes * minuteMs;
    const service = serviceIn('web', { desired: 6, ...changes });
    const verdict = typeof sight === 'string' ? sights[sight] : sight;
    const look = { service, verdict, memory: rememberDesired(memory, 6, atMs) };
    const [step] = watchZones([look], atMs, policy);
    if (step === undefined) throw new Error('no step');
    memory = JSON.parse(JSON.stringify(step.memory));
    const context = { key, policy: incidentPolicies[key.kind], nowMs: atMs };
    const before = incident?.status;
    incident = applyObservations(incident, step.observations, context);
    opened += before !== 'open' && incident?.status === 'open' ? 1 : 0;
    ended += before === 'open' && incident?.status === 'resolved' ? 1 : 0;
  };
  return {
    see,
    play: (runs: string): void => {
      for (const sight of runs) see(sight as Sight);
    },
    forget: (): void => {
      memory = undefined;
    },
    memory: () => memory,
    incident: () => incident,
    came: () => `${opened} opened, ${ended} ended`,
    opened: () => opened,
    /** Openings that have not ended: one at most. */
    open: () => opened - ended,
  };
}

const cameOf = (runs: string): string => {
  const play = createPlay();
  play.play(runs);
  return play.came();
};

describe('sights', () => {
  it('are what the letters say', () => {
    const reasons = Object.entries(sights).map(([letter, { reason }]) => `${letter} ${reason}`);
    expect(reasons).toEqual([
      'l surge-move',
      'e ecs-will-rebalance',
      'b balanced',
      'h not-steady',
      'o opted-out',
      'p recent-placement-failure',
      's scaling-active',
    ]);
  });

  it.each<readonly [ZoneReason, boolean]>([
    ['surge-move', true],
    ['recent-rebalancing', true],
    ['task-protected', true],
    ['services-unhealthy', true],
    ['provider-draining', true],
    ['one-zone', true],
    ['one-task', false],
    ['daemon-service', false],
    ['zones-unknown', false],
    ['recent-deployment', false],
  ])('%s: imbalanced %s', (reason, expected) => {
    expect(isImbalanced({ ...crowded, reason })).toBe(expected);
  });
});

describe('an imbalance', () => {
  it.each<readonly [string, string, string]>([
    ['not before 20 minutes', 'llll', '0 opened, 0 ended'],
    ['after 20 minutes, where ECS will not', 'lllll', '1 opened, 0 ended'],
    ['once, however long it lasts', 'l'.repeat(60), '1 opened, 0 ended'],
    ['where a surge is forbidden: ECS leaves it all the same', 'sssss', '1 opened, 0 ended'],
    ['not before an hour, where ECS should act', 'eeeeeeeeeeee', '0 opened, 0 ended'],
    ['after an hour of that', 'eeeeeeeeeeeee', '1 opened, 0 ended'],
    ['after an hour in which ECS tries in vain', 'pepepepepepep', '1 opened, 0 ended'],
    ['whose turn it is counts at the end', 'eeeel', '1 opened, 0 ended'],
    ['held: no time passes', `l${'h'.repeat(60)}`, '0 opened, 0 ended'],
    ['held in between: time goes on where it stood', 'lllhhhhllll', '1 opened, 0 ended'],
    ['held in between, a look earlier', 'lllhhhhll', '0 opened, 0 ended'],
    ['balanced for a look: nothing is reset', 'lllblll', '1 opened, 0 ended'],
    ['balanced for ten minutes: all over', 'lllbbblll', '0 opened, 0 ended'],
    ['ends when balanced for ten minutes', 'lllllbbb', '1 opened, 1 ended'],
    ['not by two looks', 'lllllbb', '1 opened, 0 ended'],
    ['not by balance that a hold interrupts', 'lllllbbhbb', '1 opened, 0 ended'],
    ['not by a hold', `lllll${'h'.repeat(60)}`, '1 opened, 0 ended'],
    ['ends when nobody wants it watched any more', 'lllllooo', '1 opened, 1 ended'],
    ['opens again after its end', 'lllllbbblllll', '2 opened, 1 ended'],
    ['flaps: nothing comes of it', 'lblblblblblb', '0 opened, 0 ended'],
    ['flaps while open: nothing ends', 'lllllblblblblb', '1 opened, 0 ended'],
    ['balanced from the start', 'b'.repeat(60), '0 opened, 0 ended'],
  ])('%s', (_, runs, expected) => expect(cameOf(runs)).toBe(expected));

  it('does not count time that nobody saw', () => {
    const play = createPlay();
    play.see('l');
    play.see('l', 600);
    expect(play.came()).toBe('0 opened, 0 ended');
    play.play('llll');
    expect(play.came()).toBe('1 opened, 0 ended');
  });

  it('counts across two missed runs, and not across a third', () => {
    const [two, three] = [createPlay(), createPlay()];
    for (const minutes of [5, 15, 5]) two.see('l', minutes);
    expect(two.came()).toBe('1 opened, 0 ended');
    for (const minutes of [5, 20, 5]) three.see('l', minutes);
    expect(three.came()).toBe('0 opened, 0 ended');
  });

  it('is not hurried by a clock that goes back', () => {
    const play = createPlay();
    play.play('lll');
    play.see('l', -600);
    play.see('l');
    expect(play.came()).toBe('0 opened, 0 ended');
    play.play('l');
    expect(play.came()).toBe('1 opened, 0 ended');
  });

  it('takes a run that is some seconds early for on time', () => {
    const play = createPlay();
    for (const minutes of [5, 4.99, 5.01, 5, 4.9]) play.see('l', minutes);
    expect(play.came()).toBe('1 opened, 0 ended');
  });

  it('of which the memory was lost ends all the same, and opens no second time', () => {
    const play = createPlay();
    play.play('lllll');
    play.forget();
    play.play('lllll');
    expect(play.came()).toBe('1 opened, 0 ended');
    play.forget();
    play.play('bbb');
    expect(play.came()).toBe('1 opened, 1 ended');
  });

  it('is written no further once it is open, and once it is over', () => {
    const play = createPlay();
    play.play('lllll');
    const open = play.memory();
    play.play('llll');
    expect(play.memory()).toEqual(open);
    play.play('bbb');
    const over = play.memory();
    expect(over).toEqual({
      desired: 6,
      told: { atMs: nowMs + 25 * minuteMs, keptBy: 'maximum-percent', isGrave: true },
    });
    play.play('bhb');
    expect(play.memory()).toEqual(over);
  });

  it.each<readonly [string, string, Sight]>([
    ['open', 'lllll', 'l'],
    ['open, and held since', 'lllllh', 'h'],
    ['held from the start', 'h', 'h'],
  ])('that stands, %s, is written each week: the table forgets in 30 days', (_, runs, sight) => {
    const play = createPlay();
    play.play(runs);
    const written: number[] = [0];
    let last = JSON.stringify(play.memory());
    const [hours, days] = [6, 100];
    for (let passed = hours; passed <= days * 24; passed += hours) {
      play.see(sight, hours * 60);
      const json = JSON.stringify(play.memory());
      if (json !== last) written.push(passed / 24);
      last = json;
    }
    expect(written).toEqual(Array.from({ length: 15 }, (_, week) => week * 7));
    play.play('bbb');
    expect(play.memory()?.stretch).toBeUndefined();
  });

  it('says once what would have been done, as soon as it could be', () => {
    const would = { mode: 'observe', reason: 'surge-move', moves: 3 };
    const [atOnce, later] = [createPlay(), createPlay()];
    atOnce.play('llllllll');
    expect(atOnce.incident()?.occurrences).toMatchObject([{ facts: would }]);
    later.play('ssssss');
    expect(later.incident()?.occurrences).toHaveLength(1);
    later.play('lll');
    expect(later.incident()?.occurrences.slice(1)).toMatchObject([{ facts: would }]);
    expect(later.incident()?.occurrences).toHaveLength(2);
  });

  it('keeps all of its facts, with a note and with what ended it, and no note that is over', () => {
    const noted = {
      ...crowded,
      spread: {
        ...crowded.spread,
        notes: ['whether an instance of z suits its tasks is not known'],
      },
    };
    const play = createPlay();
    play.play('llll');
    play.see(noted);
    const facts = play.incident()?.facts;
    expect(facts).toMatchObject({ notes: noted.spread.notes[0], zones: zonesOfWeb });
    play.play('l');
    expect(play.incident()?.facts).toEqual({ ...facts, notes: '' });
    play.see(noted);
    const rebalanced = { lastRebalancingAtMs: nowMs + 33 * minuteMs };
    for (const _ of [1, 2, 3]) play.see('b', 5, rebalanced);
    expect(play.incident()).toMatchObject({
      status: 'resolved',
      facts: { endedBy: 'ecs', zones: zonesOfWeb },
    });
  });

  it('keeps the facts of now, and changes nothing while they stay', () => {
    const play = createPlay();
    play.play('lllll');
    expect(play.incident()?.facts).toMatchObject({
      reason: 'surge-move',
      sinceMs: nowMs + 5 * minuteMs,
    });
    const told = play.incident();
    play.play('ll');
    expect(play.incident()).toBe(told);
    play.play('e');
    expect(play.incident()?.facts).toMatchObject({ reason: 'ecs-will-rebalance' });
  });
});

describe('whatever is seen', () => {
  const runs = fc.array(
    fc.record({
      sight: fc.constantFrom<Sight>(...(Object.keys(sights) as Sight[])),
      minutes: fc.oneof(
        { weight: 8, arbitrary: fc.constant(5) },
        fc.integer({ min: -30, max: 90 }),
      ),
      isTwice: fc.boolean(),
    }),
    { maxLength: 80 },
  );

  /** Minutes between two looks that both saw the imbalance, and neither missed. */
  const seenMinutes = (last: string, sight: string, minutes: number): number =>
    'leps'.includes(last) && 'leps'.includes(sight) && minutes > 0 && minutes <= 15 ? minutes : 0;

  it('opens and ends by turns, and never without having been seen for long enough', () => {
    fc.assert(
      fc.property(runs, (looks) => {
        const play = createPlay();
        let [seen, opened, last] = [0, 0, 'b'];
        for (const { sight, minutes } of looks) {
          seen += seenMinutes(last, sight, minutes);
          last = sight;
          play.see(sight, minutes);
          expect([0, 1]).toContain(play.open());
          if (play.opened() === opened) continue;
          expect(seen).toBeGreaterThanOrEqual(19.5);
          [seen, opened] = [0, play.opened()];
        }
      }),
      { numRuns: 300, ...seedOf() },
    );
  });

  it('says the same when two runs see it at once', () => {
    fc.assert(
      fc.property(runs, (looks) => {
        const [one, two] = [createPlay(), createPlay()];
        for (const { sight, minutes, isTwice } of looks) {
          one.see(sight, minutes);
          two.see(sight, minutes);
          if (isTwice) two.see(sight, 0);
        }
        expect(two.came()).toBe(one.came());
        expect(two.memory()).toEqual(one.memory());
      }),
      { numRuns: 200, ...seedOf() },
    );
  });

  it('opens no second time when its memory is lost', () => {
    fc.assert(
      fc.property(runs, fc.nat({ max: 80 }), (looks, at) => {
        const play = createPlay();
        for (const [index, { sight, minutes }] of looks.entries()) {
          if (index === at) play.forget();
          play.see(sight, minutes);
          expect([0, 1]).toContain(play.open());
        }
      }),
      { numRuns: 200, ...seedOf() },
    );
  });
});

describe('many services', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const stepsOf = (count: number) => {
    const lasted = { sinceMs: 1, imbalancedMs: 20 * minuteMs, balancedMs: 0 };
    const looks = names.slice(0, count).map((name) => ({
      service: serviceIn(name, { desired: 6 }),
      verdict: { ...crowded, service: name },
      memory: { desired: 6, stretch: { ...lasted, last: 'imbalanced' as const, lastAtMs: nowMs } },
    }));
    return watchZones(looks, nowMs + 5 * minuteMs, policy);
  };
  const severitiesOf = (count: number) =>
    stepsOf(count).map(({ observations: [first] }) =>
      first?.type === 'occurred' ? first.severity : undefined,
    );

  it('at once have no cards of their own, and stay so', () => {
    expect(severitiesOf(4)).toEqual(['warn', 'warn', 'warn', 'warn']);
    expect(severitiesOf(5)).toEqual(['info', 'info', 'info', 'info', 'info']);
    const looks = stepsOf(5).map(({ service: name, memory }) => ({
      service: serviceIn(name, { desired: 6 }),
      verdict: { ...crowded, service: name },
      memory,
    }));
    const again = watchZones(looks.slice(0, 1), nowMs + 10 * minuteMs, policy);
    expect(again[0]?.observations).toMatchObject([{ type: 'occurred', severity: 'info' }]);
  });
});

describe('severity', () => {
  it.each<readonly [string, ZoneCounts, Partial<Service>, string]>([
    ['costs tasks that an even spread would keep', { a: 5, b: 1 }, surging, 'warn'],
    ['costs none: even, it would lose as many', { a: 3, b: 3, c: 1 }, surging, 'info'],
    [
      'nothing but a change helps, and the minimum is met',
      { a: 5, b: 1 },
      { placementStrategy: [{ type: 'random', field: undefined }], minimumHealthyPercent: 10 },
      'info',
    ],
    [
      'nothing but a change helps, and the minimum is not met',
      { a: 5, b: 1 },
      { placementStrategy: [{ type: 'random', field: undefined }] },
      'warn',
    ],
    ['one zone: no spread would be better there', { a: 4 }, { subnets: ['subnet-a'] }, 'info'],
  ])('%s', (_, counts, service, expected) => {
    expect(zoneSeverityOf(verdictOf(counts, service))).toBe(expected);
  });
});

describe('memory', () => {
  it('notes that tasks are on a leaving instance, and when the last one was gone from there', () => {
    const first = rememberDesired(undefined, 4, 1);
    expect(rememberLeaving(first, false, 2)).toBe(first);
    const on = rememberLeaving(first, true, 3);
    expect(on).toMatchObject({ isOnLeaving: true });
    expect(on.leftInstanceAtMs).toBeUndefined();
    expect(rememberLeaving(on, true, 4)).toBe(on);
    const off = rememberLeaving(on, false, 5);
    expect(off).toEqual({ ...first, leftInstanceAtMs: 5 });
    expect(rememberLeaving(off, false, 6)).toBe(off);
    expect(rememberLeaving(rememberLeaving(off, true, 7), false, 8).leftInstanceAtMs).toBe(8);
  });

  it('notes since when a service is held, and no longer once it is judged', () => {
    const play = createPlay();
    const heldMinutes = () => (play.memory()?.heldSinceMs ?? Number.NaN) / minuteMs;
    play.play('bhhh');
    expect(heldMinutes()).toBe(nowMs / minuteMs + 10);
    expect(heldMsOf(play.memory() ?? { desired: 6 }, nowMs + 40 * minuteMs)).toBe(30 * minuteMs);
    play.play('l');
    expect(heldMinutes()).toBeNaN();
    expect(heldMsOf(play.memory() ?? { desired: 6 }, nowMs)).toBe(0);
    play.play('h');
    expect(heldMinutes()).toBe(nowMs / minuteMs + 30);
  });

  it('notes when the desired count was changed, and not the first sight of it', () => {
    const first = rememberDesired(undefined, 4, 1);
    expect(first.desiredChangedAtMs).toBeUndefined();
    expect(rememberDesired(first, 4, 2)).toBe(first);
    expect(rememberDesired(first, 5, 3)).toMatchObject({ desired: 5, desiredChangedAtMs: 3 });
  });

  it('starts again for what somebody else has closed', () => {
    const play = createPlay();
    play.play('lllll');
    const memory = restarted(play.memory() ?? { desired: 6 }, nowMs);
    expect(memory.stretch).toEqual({
      imbalancedMs: 0,
      balancedMs: 0,
      last: 'held',
      lastAtMs: nowMs,
    });
  });

  it('ends what is open about a service that is gone', () => {
    expect(forgetService('web', 5)).toEqual({
      service: 'web',
      memory: { desired: 0 },
      observations: [{ type: 'well', atMs: 5, reason: 'the service is gone' }],
    });
  });
});
