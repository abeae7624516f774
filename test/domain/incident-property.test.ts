import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIncident, incidentBytesMax } from '../../shared/aws/incident-item.ts';
import type { Facts, Incident, IncidentKind, Severity } from '../../shared/domain/incident.ts';
import { factsMax } from '../../shared/domain/incident-facts.ts';
import { folded, unfolded } from '../../shared/domain/incident-fold.ts';
import { applyObservation, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { occurrencesMax } from '../../shared/domain/incident-occurrences.ts';
import { due, postponed, released, sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { at, createPlay, keyOf, minuteMs, seedOf, startMs } from '../support/incidents.ts';

const kinds: readonly IncidentKind[] = [
  'crash-loop',
  'slow-loop',
  'unknown-stop',
  'rollback',
  'storm',
  'bad-instance',
];
const kind = fc.constantFrom(...kinds);
const severity = fc.constantFrom<Severity>('info', 'warn', 'critical');
const fact = fc.oneof(fc.string({ maxLength: 400 }), fc.integer(), fc.boolean());
const facts: fc.Arbitrary<Facts> = fc.dictionary(
  fc.oneof(fc.constantFrom('reason', 'status', 'services', 'image'), fc.string({ maxLength: 50 })),
  fact,
  { maxKeys: 40 },
);

/** Minutes after the start, in steps that let equal times and window edges happen. */
const minutes = (max: number) => fc.integer({ min: 0, max: max * 2 }).map((half) => half / 2);

/** A few ids that mostly have a time of their own, as events have. */
const delivery = fc.record({
  id: fc.integer({ min: 0, max: 12 }),
  severity,
  facts: fc.option(facts, { nil: undefined }),
});
const occurredOf = (
  id: string,
  atMs: number,
  drawn: { readonly severity: Severity; readonly facts: Facts | undefined },
): Observation => ({
  type: 'occurred',
  occurrence: { id, atMs, facts: drawn.facts ?? {} },
  severity: drawn.severity,
  ...(drawn.facts === undefined ? {} : { facts: drawn.facts }),
});

describe('deliveries of the same occurrences', () => {
  /** What must not depend on the order; when things were noticed, and the messages, may. */
  const essenceOf = (incident: Incident | undefined) =>
    incident === undefined
      ? undefined
      : {
          status: incident.status,
          severity: incident.severity,
          cause: incident.cause,
          count: incident.count,
          firstAtMs: incident.firstAtMs,
          openedAtMs: incident.openedAtMs,
          occurrences: incident.occurrences,
          facts: incident.facts,
          factTimes: incident.factTimes,
        };

  const thing = fc.record({
    minutes: minutes(14),
    severity,
    facts: fc.option(facts, { nil: undefined }),
  });
  const things = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), thing }), {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 20,
  });

  it('in any order, any of them repeated, leave the same incident', () => {
    fc.assert(
      fc.property(kind, things, fc.infiniteStream(fc.nat()), (drawnKind, drawn, draws) => {
        const key = keyOf({ kind: drawnKind });
        const all = drawn.map(({ id, thing: one }) => occurredOf(id, at(one.minutes), one));
        const next = (max: number): number => draws.next().value % max;
        const shuffled = [...all, ...all.filter(() => next(2) === 0)]
          .map((observation) => ({ observation, rank: next(1_000) }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ observation }) => observation);
        const inOrder = createPlay(key).see(14, ...all);
        const play = createPlay(key);
        for (const observation of shuffled) play.see(14 + next(10) / 10, observation);
        expect(essenceOf(play.now())).toEqual(essenceOf(inOrder));
      }),
      { numRuns: 500, ...seedOf() },
    );
  });

  it('open once and end once, however often they are repeated in between', () => {
    fc.assert(
      fc.property(things, fc.array(fc.nat(), { maxLength: 30 }), (drawn, repeats) => {
        const all = drawn.map(({ id, thing: one }) => occurredOf(id, at(one.minutes), one));
        const play = createPlay();
        const told: string[] = [];
        const publish = (minute: number): void => {
          for (const notice of due(play.now(), at(minute))) {
            told.push(notice.transition);
            play.change((current) => sent(current, notice, current, at(minute)));
          }
        };
        play.see(14, ...all);
        for (let minute = 15; minute < 60; minute += 1) {
          const repeat = all[(repeats[minute - 15] ?? 0) % all.length];
          if (repeat !== undefined) play.see(minute, repeat);
          play.see(minute, { type: 'well', atMs: at(minute), reason: 'steady' });
          publish(minute);
        }
        expect(told.filter((one) => one === 'open').length).toBeLessThanOrEqual(1);
        expect(told.filter((one) => one === 'resolve').length).toBeLessThanOrEqual(1);
        expect(play.now().status).not.toBe('open');
      }),
      { numRuns: 200, ...seedOf() },
    );
  });

  it('of more occurrences than are remembered keep the newest, and never count too many', () => {
    const sequence = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 60, maxLength: 400 });
    fc.assert(
      fc.property(sequence, (ids) => {
        const play = createPlay();
        for (const id of ids) {
          play.see(10, occurredOf(`t${id}`, at(id / 100), { severity: 'warn', facts: undefined }));
        }
        const distinct = [...new Set(ids)].sort((a, b) => a - b);
        const { occurrences, count } = play.now();
        expect(occurrences.map(({ id }) => id)).toEqual(
          distinct.slice(-occurrencesMax).map((id) => `t${id}`),
        );
        expect(count).toBeLessThanOrEqual(distinct.length);
        expect(count).toBeGreaterThanOrEqual(Math.min(distinct.length, occurrencesMax));
      }),
      { numRuns: 100, ...seedOf() },
    );
  });
});

describe('any history', () => {
  type Step = {
    readonly gap: number;
    readonly deed:
      | 'occurred'
      | 'worsened'
      | 'eased'
      | 'well'
      | 'unwell'
      | 'noted'
      | 'superseded'
      | 'acknowledged'
      | 'tick'
      | 'publish'
      | 'publish-unmarked'
      | 'mute'
      | 'release'
      | 'fold'
      | 'unfold';
    readonly drawn: {
      readonly id: number;
      readonly severity: Severity;
      readonly facts: Facts | undefined;
    };
    readonly lateness: number;
  };
  const step: fc.Arbitrary<Step> = fc.record({
    gap: fc.oneof(
      { weight: 6, arbitrary: minutes(6) },
      { weight: 1, arbitrary: fc.constantFrom(60, 24 * 60, 8 * 24 * 60) },
    ),
    deed: fc.oneof(
      { weight: 5, arbitrary: fc.constant('occurred' as const) },
      { weight: 3, arbitrary: fc.constantFrom('well' as const, 'publish' as const) },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'worsened' as const,
          'eased' as const,
          'unwell' as const,
          'noted' as const,
          'superseded' as const,
          'acknowledged' as const,
          'tick' as const,
          'publish-unmarked' as const,
          'mute' as const,
          'release' as const,
          'fold' as const,
          'unfold' as const,
        ),
      },
    ),
    drawn: delivery,
    lateness: fc.oneof(fc.constant(0), minutes(30), fc.constant(-600)),
  });

  const observationOf = (
    { deed, drawn, lateness }: Step,
    nowMs: number,
  ): Observation | undefined => {
    const atMs = nowMs - lateness * minuteMs;
    const more = drawn.facts === undefined ? {} : { facts: drawn.facts };
    switch (deed) {
      case 'occurred':
        return occurredOf(`t${drawn.id}-${Math.floor(nowMs / minuteMs / 5)}`, atMs, drawn);
      case 'worsened':
        return { type: deed, atMs, severity: drawn.severity, ...more };
      case 'eased':
        return { type: deed, atMs, ...more };
      case 'well':
        return { type: deed, atMs, reason: 'steady', ...more };
      case 'noted':
        return { type: deed, atMs, facts: drawn.facts ?? {} };
      case 'unwell':
      case 'superseded':
        return { type: deed, atMs };
      case 'acknowledged':
        return { type: deed, atMs, by: 'ada' };
      case 'tick':
        return { type: deed };
      default:
        return undefined;
    }
  };

  /** Plays a history and shows every step; what was published is collected as a receiver gets it. */
  function play(
    drawnKind: IncidentKind,
    steps: readonly Step[],
    look: (after: Incident, before: Incident | undefined) => void,
  ) {
    const key = keyOf({ kind: drawnKind });
    const published: {
      readonly sequence: number;
      readonly text: string;
      /** Tells the openings of one incident apart. */
      readonly opening: number | undefined;
    }[] = [];
    let incident: Incident | undefined;
    let nowMs = startMs;
    const deeds: Partial<Record<Step['deed'], (current: Incident) => Incident>> = {
      publish: (current) =>
        due(current, nowMs).reduce((marked, notice) => {
          published.push({
            sequence: notice.sequence,
            text: JSON.stringify(notice.transition),
            opening: current.boundaryMs,
          });
          return sent(marked, notice, current, nowMs);
        }, current),
      'publish-unmarked': (current) => {
        for (const { sequence, transition } of due(current, nowMs)) {
          published.push({
            sequence,
            text: JSON.stringify(transition),
            opening: current.boundaryMs,
          });
        }
        return current;
      },
      mute: (current) =>
        postponed(current, current.sequence, 'mute#1', nowMs + 60 * minuteMs, nowMs),
      release: (current) => released(current, nowMs),
      fold: (current) => folded(current, 'storm-1', nowMs),
      unfold: (current) => unfolded(current, nowMs),
    };
    for (const one of steps) {
      nowMs += one.gap * minuteMs;
      const before: Incident | undefined = incident;
      const observation = observationOf(one, nowMs);
      const context = { key, policy: incidentPolicies[drawnKind], nowMs };
      incident =
        observation === undefined
          ? incident && (deeds[one.deed]?.(incident) ?? incident)
          : applyObservation(incident, observation, context);
      if (incident !== undefined) look(incident, before);
    }
    return { incident, published, nowMs };
  }
  const history = fc.array(step, { maxLength: 60 });

  it('never throws; versions, numbers and bounds hold', () => {
    fc.assert(
      fc.property(kind, history, (drawnKind, steps) => {
        play(drawnKind, steps, (after, before) => {
          if (after !== before) {
            expect(after.version).toBeGreaterThan(before?.version ?? 0);
            expect(after.sequence).toBeGreaterThanOrEqual(before?.sequence ?? 0);
          }
          expect(after.outbox.length).toBeLessThanOrEqual(1);
          expect(after.occurrences.length).toBeLessThanOrEqual(occurrencesMax);
          expect(after.count).toBeGreaterThanOrEqual(after.occurrences.length);
          expect(Object.keys(after.facts).length).toBeLessThanOrEqual(factsMax);
          expect(after.status === 'resolved').toBe(after.resolvedAtMs !== undefined);
          expect(Buffer.byteLength(JSON.stringify(encodeIncident(after)))).toBeLessThan(
            incidentBytesMax,
          );
        });
      }),
      { numRuns: 400, ...seedOf() },
    );
  });

  it('loses no opening: what is open is told, waits to be told, or has someone speak for it', () => {
    fc.assert(
      fc.property(kind, history, (drawnKind, steps) => {
        play(drawnKind, steps, (after) => {
          if (after.status !== 'open' || after.severity === 'info') return;
          const isSpokenFor = after.foldedInto !== undefined;
          expect(after.told !== undefined || after.outbox.length > 0 || isSpokenFor).toBe(true);
          const latest = after.told?.severity ?? after.outbox[0]?.severity;
          if (!isSpokenFor && after.outbox.length === 0) expect(latest).toBe(after.severity);
        });
      }),
      { numRuns: 400, ...seedOf() },
    );
  });

  it('gives one number to one message, in the order of what happened', () => {
    fc.assert(
      fc.property(kind, history, (drawnKind, steps) => {
        const { published } = play(drawnKind, steps, () => undefined);
        const texts = new Map<number, string>();
        for (const { sequence, text } of published) {
          expect(texts.get(sequence) ?? text).toBe(text);
          texts.set(sequence, text);
        }
        const messages = new Map(published.map((one) => [one.sequence, one]));
        const inOrder = [...messages.values()].sort((a, b) => a.sequence - b.sequence);
        // Two ends in a row of one opening would close what is closed. Those of two openings may
        // follow each other: an end that overtook its opening tells of both.
        const isSecondEnd = inOrder.map(({ text, opening }, index) => {
          const before = inOrder[index - 1];
          return text === '"resolve"' && before?.text === text && before.opening === opening;
        });
        expect(isSecondEnd).not.toContain(true);
      }),
      { numRuns: 3_000, ...seedOf() },
    );
  });

  it('has told everything once mutes and time are over', () => {
    fc.assert(
      fc.property(kind, history, (drawnKind, steps) => {
        const { incident, nowMs } = play(drawnKind, steps, () => undefined);
        if (incident === undefined) return;
        const afterMs = nowMs + 8 * 24 * 60 * minuteMs;
        expect(due(incident, afterMs)).toEqual(incident.outbox);
      }),
      { numRuns: 200, ...seedOf() },
    );
  });
});
