import { describe, expect, it } from 'vitest';
import type { Incident, IncidentKind, Transition } from '../../shared/domain/incident.ts';
import { fingerprintOf, hashOf, incidentIdOf } from '../../shared/domain/incident-key.ts';
import { applyObservation, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { addOccurrence, occurrencesMax } from '../../shared/domain/incident-occurrences.ts';
import {
  claimed,
  due,
  messageIdOf,
  postponed,
  released,
  sent,
} from '../../shared/domain/incident-outbox.ts';
import { assertPolicy, incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { at, createPlay, dayMs, hourMs, keyOf, minuteMs, stop } from '../support/incidents.ts';

const transitionsOf = (incident: Incident | undefined): readonly Transition[] =>
  incident?.outbox.map(({ transition }) => transition) ?? [];
const well = (minutes: number, reason = 'steady'): Observation => ({
  type: 'well',
  atMs: at(minutes),
  reason,
});
const worsened = (minutes: number): Observation => ({
  type: 'worsened',
  atMs: at(minutes),
  severity: 'critical',
});
const tick: Observation = { type: 'tick' };

/** Marks what is due at that minute as published; returns its transitions with their numbers. */
function publish(play: ReturnType<typeof createPlay>, minutes: number): readonly string[] {
  const notices = due(play.now(), at(minutes));
  for (const notice of notices) {
    play.change((current) => sent(current, notice, current, at(minutes)));
  }
  return notices.map((one) => `${one.transition}#${one.sequence} ${one.severity}`);
}

const threeStops = [stop('a', 0), stop('b', 1), stop('c', 2)];

describe('keys', () => {
  it.each([
    ['another service', keyOf({ subject: { type: 'service', name: 'api' } })],
    ['a family of the same name', keyOf({ subject: { type: 'family', name: 'worker' } })],
    ['another cause', keyOf({ cause: 'application-exit' })],
    ['another kind', keyOf({ kind: 'slow-loop' })],
    ['another cluster', keyOf({ cluster: 'stage' })],
    ['another deployment', keyOf({ deploymentId: 'ecs-svc/89' })],
    ['no deployment', keyOf({ deploymentId: undefined })],
  ])('%s is another incident', (_, key) => {
    expect(fingerprintOf(key)).not.toBe(fingerprintOf(keyOf()));
    expect(incidentIdOf(key, at(0))).not.toBe(incidentIdOf(keyOf(), at(0)));
  });

  it('refuse what could be read in two ways', () => {
    expect(() => fingerprintOf(keyOf({ cause: 'a#b' }))).toThrow("'a#b'");
    expect(() => fingerprintOf(keyOf({ cluster: '' }))).toThrow('cannot be a part');
  });

  it('name an opening, short enough for a subject', () => {
    expect(incidentIdOf(keyOf(), at(0))).toBe(incidentIdOf(keyOf(), at(0)));
    expect(incidentIdOf(keyOf(), at(0))).not.toBe(incidentIdOf(keyOf(), at(1)));
    expect(incidentIdOf(keyOf({ kind: 'gate-could-not-measure' }), at(0)).length).toBeLessThan(48);
    const hashes = new Set(Array.from({ length: 20_000 }, (_, index) => hashOf(`worker-${index}`)));
    expect(hashes.size).toBe(20_000);
  });
});

describe('opening', () => {
  it('watches below the threshold, silently', () => {
    const play = createPlay();
    expect(play.see(1, stop('a', 0), stop('b', 1))).toMatchObject({
      status: 'watching',
      count: 2,
      outbox: [],
      openedAtMs: undefined,
    });
  });

  it('opens at the third stop in 10 minutes', () => {
    const play = createPlay();
    const incident = play.see(10, stop('a', 0), stop('b', 5), stop('c', 10));
    expect(incident).toMatchObject({
      status: 'open',
      firstAtMs: at(0),
      openedAtMs: at(10),
      count: 3,
      id: incidentIdOf(keyOf(), at(10)),
    });
    expect(incident?.outbox).toEqual([
      {
        sequence: 1,
        transition: 'open',
        severity: 'warn',
        atMs: at(10),
        dueAtMs: at(15),
        mutedBy: undefined,
      },
    ]);
  });

  it.each<readonly [string, readonly Observation[], string]>([
    [
      'three stops in a little more than 10 minutes',
      [stop('a', 0), stop('b', 5), stop('c', 10.1)],
      'watching',
    ],
    ['two stops, one delivered twice', [stop('a', 0), stop('b', 1), stop('b', 1)], 'watching'],
    ['the third delivered first', [stop('c', 9), stop('b', 5), stop('a', 0)], 'open'],
    ['a middle one delivered last', [stop('a', 0), stop('c', 9), stop('b', 5)], 'open'],
    [
      'four, of which three are close',
      [stop('a', 0), ...['b', 'c', 'd'].map((id, n) => stop(id, 20 + n))],
      'open',
    ],
  ])('%s', (_, observations, status) => {
    expect(createPlay().see(30, ...observations)?.status).toBe(status);
  });

  it('a slow loop opens at the fifth stop in 6 hours', () => {
    const stops = ['a', 'b', 'c', 'd', 'e'].map((id, index) => stop(id, index * 90));
    const play = createPlay(keyOf({ kind: 'slow-loop' }));
    expect(play.see(270, ...stops.slice(0, 4))?.status).toBe('watching');
    expect(play.see(360, ...stops.slice(4))?.status).toBe('open');
  });

  it('a rollback is told by the first, at once', () => {
    const play = createPlay(keyOf({ kind: 'rollback' }));
    expect(play.see(0, stop('a', 0))?.outbox).toMatchObject([
      { transition: 'open', dueAtMs: at(0) },
    ]);
  });

  it('a page waits a minute at most, a card for the storm window', () => {
    const dueOf = (severity: 'warn' | 'critical') =>
      createPlay(keyOf({ kind: 'unknown-stop' })).see(0, stop('a', 0, severity))?.outbox[0]
        ?.dueAtMs;
    expect(dueOf('critical')).toBe(at(1));
    expect(dueOf('warn')).toBe(at(5));
  });

  it('info is left to the digest', () => {
    const play = createPlay(keyOf({ kind: 'unknown-stop' }));
    expect(play.see(0, stop('a', 0, 'info'))).toMatchObject({ status: 'open', outbox: [] });
    expect(play.see(20, well(1), well(20))).toMatchObject({ status: 'resolved', outbox: [] });
  });

  it('nothing but an occurrence begins an incident', () => {
    for (const observation of [well(0), worsened(0), tick]) {
      expect(createPlay().see(0, observation)).toBeUndefined();
    }
  });

  it('an occurrence that is a day old is history', () => {
    expect(createPlay().see(24 * 60 + 3, ...threeStops)).toBeUndefined();
    expect(createPlay().see(24 * 60, ...threeStops)?.status).toBe('open');
  });

  it('a time far ahead counts as now', () => {
    const play = createPlay();
    expect(play.see(0, stop('a', 600))?.occurrences).toMatchObject([{ atMs: at(0) }]);
  });
});

describe('escalation', () => {
  it('comes after 3 minutes below the minimum, not before, and once', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    expect(play.see(3, worsened(3))).toMatchObject({ severity: 'warn', worseSinceMs: at(3) });
    expect(play.see(5.9, worsened(5.9))?.severity).toBe('warn');
    expect(play.see(6, worsened(6))).toMatchObject({ severity: 'critical' });
    expect(publish(play, 7)).toEqual(['escalate#2 critical']);
    expect(transitionsOf(play.see(20, worsened(20)))).toEqual([]);
  });

  it('goes on while something else is noted', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, worsened(3));
    const noted = play.see(4, { type: 'noted', atMs: at(4), facts: { logLines: 'a' } });
    expect(noted).toMatchObject({ worseSinceMs: at(3), facts: { logLines: 'a' }, count: 3 });
    expect(transitionsOf(noted)).toEqual(['open']);
    expect(play.see(6, worsened(6))?.severity).toBe('critical');
  });

  it('begins anew once it was eased, and never steps down again', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, worsened(3), { type: 'eased', atMs: at(4) });
    expect(play.see(6, worsened(6))?.severity).toBe('warn');
    expect(play.see(9, worsened(9))?.severity).toBe('critical');
    expect(play.see(10, { type: 'eased', atMs: at(10) })?.severity).toBe('critical');
  });

  it('speaks for an opening that was not sent, and keeps its place in time', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(6.5, worsened(3), worsened(6.5));
    expect(play.now().outbox).toMatchObject([
      { transition: 'escalate', sequence: 2, dueAtMs: at(7) },
    ]);
  });

  it('a failed rollback pages at once', () => {
    const play = createPlay(keyOf({ kind: 'rollback' }));
    play.see(0, stop('a', 0));
    publish(play, 0);
    expect(play.see(5, stop('b', 5, 'critical'))?.outbox).toMatchObject([
      { transition: 'escalate', severity: 'critical', dueAtMs: at(5) },
    ]);
  });
});

describe('resolution', () => {
  const openPlay = () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    publish(play, 7);
    return play;
  };

  it('comes after 15 minutes without a stop, seen well at both ends', () => {
    const play = openPlay();
    expect(play.see(10, well(10))).toMatchObject({ status: 'open', wellSinceMs: at(10) });
    expect(play.see(24.9, well(24.9))?.status).toBe('open');
    expect(play.see(25, well(25))).toMatchObject({
      status: 'resolved',
      resolvedAtMs: at(25),
      resolution: 'steady',
    });
    expect(publish(play, 25)).toEqual(['resolve#2 warn']);
    expect(play.see(60, well(60))?.outbox).toEqual([]);
  });

  it.each<readonly [string, Observation]>([
    ['another stop', stop('d', 12)],
    ['someone who sees it unwell', { type: 'unwell', atMs: at(12) }],
  ])('begins anew after %s', (_, observation) => {
    const play = openPlay();
    play.see(10, well(10));
    expect(play.see(12, observation)?.wellSinceMs).toBeUndefined();
    expect(play.see(26, well(26))?.status).toBe('open');
    expect(play.see(41, well(41))?.status).toBe('resolved');
  });

  it('a stop from before it was well changes nothing, but is counted', () => {
    const play = openPlay();
    play.see(10, well(10));
    expect(play.see(14, stop('d', 9))).toMatchObject({ wellSinceMs: at(10), count: 4 });
  });

  it('is not fooled by a look from before the latest stop', () => {
    const play = openPlay();
    play.see(30, stop('d', 30));
    expect(play.see(31, well(20))?.wellSinceMs).toBeUndefined();
  });

  it('a newer deployment ends it at once, a straggler of the old one delays that', () => {
    const play = openPlay();
    expect(play.see(8, { type: 'superseded', atMs: at(1) })?.status).toBe('open');
    expect(play.see(9, { type: 'superseded', atMs: at(9) })).toMatchObject({
      status: 'resolved',
      resolution: 'superseded',
    });
  });

  it('once a newer deployment has ended it, nothing late opens it again', () => {
    const play = openPlay();
    const ended = play.see(9, { type: 'superseded', atMs: at(9) });
    expect(play.see(20, stop('d', 8), stop('e', 10), stop('f', 11), stop('g', 12))).toBe(ended);
  });

  it('a rollback expires after 7 days, by time alone', () => {
    const play = createPlay(keyOf({ kind: 'rollback' }));
    play.see(0, stop('a', 0));
    publish(play, 0);
    expect(play.see(7 * 24 * 60 - 1, tick)?.status).toBe('open');
    expect(play.see(7 * 24 * 60, tick)).toMatchObject({
      status: 'resolved',
      resolution: 'expired',
    });
  });

  it('tells once what opened and ended before anyone was told', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, { type: 'superseded', atMs: at(3) });
    expect(publish(play, 3)).toEqual(['resolve#2 warn']);
    expect(publish(play, 60)).toEqual([]);
  });

  it('closes the page under its own name, also when it was told lately', () => {
    const play = openPlay();
    play.see(12, worsened(9), worsened(12));
    expect(publish(play, 13)).toEqual(['escalate#2 critical']);
    play.see(30, well(14), well(30));
    expect(publish(play, 30)).toEqual(['resolve#3 critical']);
  });

  it('closes no page where the escalation was still to be sent', () => {
    const play = openPlay();
    play.see(12, worsened(9), worsened(12));
    play.see(12, { type: 'superseded', atMs: at(12) });
    expect(publish(play, 13)).toEqual(['resolve#3 warn']);
  });

  it('closes no page where a grave opening was still to be sent', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(4, worsened(1), worsened(4));
    play.see(4, { type: 'superseded', atMs: at(4) });
    expect(publish(play, 5)).toEqual(['resolve#3 warn']);
  });

  it('closes a page that somebody had in hand: it may be out', () => {
    const play = openPlay();
    play.see(12, worsened(9), worsened(12));
    play.change((current) => claimed(current, 2, at(13)));
    play.see(30, well(14), well(30));
    expect(publish(play, 30)).toEqual(['resolve#3 critical']);
  });

  it('closes it also after it was opened again before its end was sent', () => {
    const play = openPlay();
    play.see(12, worsened(9), worsened(12));
    play.change((current) => claimed(current, 2, at(13)));
    play.see(30, well(14), well(30));
    expect(play.see(34, stop('d', 31), stop('e', 32), stop('f', 33))?.status).toBe('open');
    play.see(34, { type: 'superseded', atMs: at(34) });
    expect(publish(play, 34)).toEqual(['resolve#5 critical']);
  });
});

describe('reopening', () => {
  const resolvedPlay = () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    publish(play, 7);
    play.see(25, well(10), well(25));
    publish(play, 25);
    return play;
  };
  const again = (minutes: number) => ['x', 'y', 'z'].map((id, index) => stop(id, minutes + index));

  it('within 24 hours stays in the thread, and counts on', () => {
    const play = resolvedPlay();
    const before = play.now().id;
    expect(play.see(100, ...again(98))).toMatchObject({
      id: before,
      status: 'open',
      count: 6,
      firstAtMs: at(98),
      resolution: undefined,
    });
    expect(publish(play, 105)).toEqual(['open#3 warn']);
  });

  it('after 24 hours is another incident, and counts from one', () => {
    const play = resolvedPlay();
    const before = play.now().id;
    const later = play.see(25 + 24 * 60 + 4, ...again(25 + 24 * 60));
    expect(later?.id).not.toBe(before);
    expect(later).toMatchObject({ status: 'open', count: 3 });
    const ids = due(play.now(), Number.POSITIVE_INFINITY).map((one) =>
      messageIdOf(play.now(), one),
    );
    expect(ids).toEqual([`${later?.id}#3`]);
  });

  it('needs its threshold again, and nothing from before its end helps', () => {
    const play = resolvedPlay();
    expect(play.see(27, stop('late', 24), stop('x', 26), stop('y', 27))).toMatchObject({
      status: 'resolved',
      count: 6,
    });
  });

  it('what is delivered again after that changes nothing', () => {
    const play = resolvedPlay();
    play.see(100, ...again(98));
    const before = play.now();
    expect(play.see(101, ...threeStops, ...again(98))).toBe(before);
  });

  it('an end that nobody was told of has not happened: severity and page stay', () => {
    const play = createPlay();
    play.see(2, ...threeStops, worsened(2), worsened(5));
    publish(play, 6);
    play.see(40, well(20), well(40));
    play.see(44, ...again(41));
    expect(play.now()).toMatchObject({ severity: 'critical', told: { severity: 'critical' } });
    expect(publish(play, 50)).toEqual(['open#4 critical']);
  });
});

describe('looking again', () => {
  const facts = { running: 1, desired: 4 };
  const looks: readonly ((minutes: number) => Observation)[] = [
    (minutes) => ({ ...worsened(minutes), facts }) as Observation,
    (minutes) => ({ type: 'eased', atMs: at(minutes), facts }),
    (minutes) => ({ ...well(minutes), facts }) as Observation,
  ];

  it.each(looks.map((look) => [look(0).type, look] as const))(
    '%s, and finding the same: the same incident, not one to be written',
    (_, look) => {
      const play = createPlay();
      play.see(2, ...threeStops);
      const first = play.see(3, look(3));
      expect(play.see(4, look(4))).toBe(first);
      expect(play.see(5, look(5))).toBe(first);
      expect(first?.factTimes.running).toBe(at(3));
    },
  );

  it('finds what is new among what is not', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, { type: 'eased', atMs: at(3), facts });
    const next = play.see(5, { type: 'eased', atMs: at(5), facts: { running: 2, desired: 4 } });
    expect(next).toMatchObject({ facts: { running: 2 }, version: 5 });
    expect(next?.factTimes).toMatchObject({ running: at(5), desired: at(5) });
  });

  it('does not outlast what happened since, and is heard of late', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, { type: 'eased', atMs: at(3), facts });
    play.see(6, { type: 'eased', atMs: at(6), facts });
    play.see(6.5, stop('d', 5, 'warn', { running: 0 }));
    expect(play.now().facts.running).toBe(0);
    play.see(7, { type: 'eased', atMs: at(7), facts });
    expect(play.now().facts.running).toBe(1);
  });

  it('notes what people are shown with its time, though it is the same', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    play.see(3, { type: 'noted', atMs: at(3), facts: { logLines: 'a' } });
    play.see(4, { type: 'noted', atMs: at(4), facts: { logLines: 'a' } });
    expect(play.now().factTimes.logLines).toBe(at(4));
  });
});

describe('updates and reminders', () => {
  const rollback = () => {
    const play = createPlay(keyOf({ kind: 'rollback' }));
    play.see(0, stop('a', 0, 'warn', { reason: 'latency', tasks: 3 }));
    publish(play, 0);
    return play;
  };

  it('a retry with nothing new is counted, not told', () => {
    const play = rollback();
    const incident = play.see(90, stop('b', 90, 'warn', { reason: 'latency', tasks: 4 }));
    expect(incident).toMatchObject({ count: 2, facts: { tasks: 4 }, outbox: [] });
  });

  it('a material change is told, an hour after the last message at the earliest', () => {
    const play = rollback();
    play.see(10, stop('b', 10, 'warn', { reason: 'errors', tasks: 3 }));
    expect(publish(play, 59)).toEqual([]);
    expect(publish(play, 60)).toEqual(['update#2 warn']);
  });

  it('a reminder comes once a day, four times in all', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    publish(play, 7);
    const told: string[] = [];
    for (let minutes = 60; minutes < 6.9 * 24 * 60; minutes += 60) {
      play.see(minutes, tick);
      told.push(...publish(play, minutes));
    }
    expect(told).toEqual([2, 3, 4, 5].map((sequence) => `update#${sequence} warn`));
  });

  it('a rollback is never told again by mere time: blue serves, and the digest names it', () => {
    const play = rollback();
    for (let minutes = 60; minutes < 6.9 * 24 * 60; minutes += 60) {
      play.see(minutes, tick);
      expect(publish(play, minutes)).toEqual([]);
    }
    play.see(6.9 * 24 * 60, stop('b', 6.9 * 24 * 60, 'warn', { reason: 'errors', tasks: 3 }));
    expect(publish(play, 6.9 * 24 * 60)).toEqual(['update#2 warn']);
  });

  it('an acknowledgement ends them, but neither escalation nor end', () => {
    const play = rollback();
    play.see(5, { type: 'acknowledged', atMs: at(5), by: 'ada' });
    play.see(24 * 60 * 2, tick, stop('b', 24 * 60, 'warn', { reason: 'errors' }));
    expect(publish(play, 24 * 60 * 2)).toEqual([]);
    play.see(24 * 60 * 2, stop('c', 24 * 60 * 2, 'critical'));
    expect(publish(play, 24 * 60 * 2)).toEqual(['escalate#2 critical']);
    expect(play.now().acknowledged).toBeUndefined();
  });
});

describe('the outbox', () => {
  it('a mark of what was replaced meanwhile keeps what replaced it', () => {
    const play = createPlay();
    const before = play.see(2, ...threeStops);
    const [opening] = before?.outbox ?? [];
    play.see(6, worsened(3), worsened(6));
    if (before === undefined || opening === undefined) throw new Error('it is open');
    play.change((current) => sent(current, opening, before, at(6)));
    expect(play.now()).toMatchObject({
      told: { sequence: 1, severity: 'warn' },
      outbox: [{ transition: 'escalate', sequence: 2 }],
    });
  });

  it('a second mark of one message changes nothing', () => {
    const play = createPlay();
    const before = play.see(2, ...threeStops);
    const [opening] = before?.outbox ?? [];
    if (before === undefined || opening === undefined) throw new Error('it is open');
    const marked = play.change((current) => sent(current, opening, before, at(7)));
    expect(sent(marked, opening, before, at(8))).toBe(marked);
  });

  it('a late mark of an earlier opening does not make the new one told', () => {
    const play = createPlay();
    const before = play.see(2, ...threeStops);
    const [opening] = before?.outbox ?? [];
    if (before === undefined || opening === undefined) throw new Error('it is open');
    play.see(18, well(3), well(18));
    publish(play, 18);
    const reopened = play.see(21, stop('x', 19), stop('y', 20), stop('z', 21));
    if (reopened?.status !== 'open') throw new Error('it is open again');
    expect(sent(reopened, opening, before, at(21))).toBe(reopened);
  });

  it('a message is in one hand at a time, and let go after a minute', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    const held = play.change((current) => claimed(current, 1, at(7)));
    expect(held.outbox).toMatchObject([{ sequence: 1, claimedAtMs: at(7) }]);
    expect(claimed(held, 1, at(7.9))).toBe(held);
    expect(claimed(held, 1, at(8)).outbox).toMatchObject([{ claimedAtMs: at(8) }]);
    expect(claimed(held, 2, at(8))).toBe(held);
  });

  it('remembers that nothing but a digest has told it, until a message of its own does', () => {
    const play = createPlay();
    const open = play.see(2, ...threeStops);
    const held = play.change((current) => claimed(current, 1, at(7), 'first-run#1'));
    const [listed] = held.outbox;
    if (open === undefined || listed === undefined) throw new Error('it is open');
    const digest = play.change((current) => sent(current, listed, held, at(7)));
    expect(digest.told).toMatchObject({ sequence: 1, onlyInDigest: true });

    play.see(8, worsened(8));
    const [grave] = play.see(11, worsened(11))?.outbox ?? [];
    if (grave === undefined) throw new Error('it escalates');
    const paged = play.change((current) => sent(current, grave, current, at(12)));
    expect(paged.told).toMatchObject({ sequence: 2, severity: 'critical' });
    expect(paged.told).not.toHaveProperty('onlyInDigest');
  });

  it('a mute holds a message until it ends, or until someone ends it', () => {
    const play = createPlay();
    play.see(2, ...threeStops);
    const held = play.change((current) => postponed(current, 1, 'mute#x', at(100), at(7)));
    expect(due(held, at(99))).toEqual([]);
    expect(due(held, at(100))).toHaveLength(1);
    expect(due(released(held, at(50)), at(50))).toHaveLength(1);
  });
});

describe('occurrences', () => {
  it('beyond the bound an older one cannot be told from a repeat, and is not counted', () => {
    const many = Array.from({ length: occurrencesMax + 10 }, (_, n) => ({ id: `t${n}`, atMs: n }));
    const all = many.reduce(addOccurrence, { occurrences: [], count: 0 });
    expect(all.count).toBe(occurrencesMax + 10);
    expect(all.occurrences).toHaveLength(occurrencesMax);
    expect(all.occurrences[0]?.id).toBe('t10');
    expect(many.reduce(addOccurrence, all)).toBe(all);
  });

  it('keep long ids apart', () => {
    const long = 'x'.repeat(500);
    const both = [`${long}a`, `${long}b`].map((id) => ({ id, atMs: 1 }));
    const all = both.reduce(addOccurrence, { occurrences: [], count: 0 });
    expect(all.count).toBe(2);
    expect(all.occurrences[0]?.id.length).toBeLessThanOrEqual(160);
  });
});

describe('policies', () => {
  it('hold to the table of defaults', () => {
    const figures = (kind: IncidentKind) => {
      const { opensAt, wellMs, expiresMs } = incidentPolicies[kind];
      return [opensAt.occurrences, opensAt.windowMs, wellMs, expiresMs];
    };
    expect(figures('crash-loop')).toEqual([3, 10 * minuteMs, 15 * minuteMs, 7 * dayMs]);
    expect(figures('slow-loop')).toEqual([5, 6 * hourMs, 6 * hourMs, 7 * dayMs]);
    expect(figures('rollback')).toEqual([1, 0, 0, 7 * dayMs]);
    expect(figures('storm')).toEqual([5, 5 * minuteMs, 5 * minuteMs, 7 * dayMs]);
    expect(figures('bad-instance')).toEqual([3, 5 * minuteMs, 5 * minuteMs, 7 * dayMs]);
    expect(figures('bad-zone')).toEqual([5, 5 * minuteMs, 5 * minuteMs, 7 * dayMs]);
    expect(incidentPolicies['bad-zone']).toMatchObject({ cardHoldMs: minuteMs, pageHoldMs: 0 });
    expect(incidentPolicies['crash-loop'].escalatesAfterMs).toBe(3 * minuteMs);
  });

  it('are all sound', () => {
    for (const policy of Object.values(incidentPolicies)) assertPolicy(policy);
  });

  it.each([
    ['opens at nothing', { opensAt: { occurrences: 0, windowMs: 0 } }, 'one occurrence'],
    ['never ends', { expiresMs: 0 }, 'longer way'],
    ['lets a page wait', { pageHoldMs: 2 * minuteMs }, 'a minute at most'],
    ['folds without waiting', { cardHoldMs: 0, pageHoldMs: 0 }, 'waits for the storm'],
    ['forgets before it opens', { staleMs: minuteMs }, 'opening window'],
  ])('one that %s is refused', (_, changes, message) => {
    const policy = { ...incidentPolicies['crash-loop'], ...changes };
    const context = { key: keyOf(), policy, nowMs: at(0) };
    expect(() => applyObservation(undefined, stop('a', 0), context)).toThrow(message);
  });
});
