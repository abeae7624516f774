import type { RunRecord } from '../record.ts';
import { type Checker, clock } from './checker.ts';
import { cardsOf, digestMs, isBlind, isTold, pagedFor, stillOpen } from './standing.ts';
import { lengthOf, type Span, without } from './stretches.ts';
import { historiesOf, isUneven, lossOf, type ZoneHistory } from './zone-history.ts';

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const kind = 'zone-imbalance';
/** Documented: uneven for so long, where ECS will not act, and where it should. */
const holdMs = 20 * minuteMs;
const ecsHoldMs = 60 * minuteMs;
/** To be seen first and last, five minutes each, and to be published. */
const slackMs = 12 * minuteMs;
/** Runs are not on the second. */
const jitterMs = minuteMs;
/** Balanced for so long: it is over, and what comes then is another imbalance. */
const balancedMs = 10 * minuteMs;
/** Documented: a service is told of by card once in so long, while nothing else has changed. */
const againMs = 30 * dayMs;
/** Documented: so many cards a cluster and day; more at once are one card of the cluster. */
const cardsADayMax = 4;
/** Documented: grave for so long, it has a card, or its cluster has one that speaks for it. */
const cardedWithinMs = dayMs + 60 * minuteMs;
/** What a card about the cluster as a whole has for a service. */
const noService = '-';
const isWatched = ({ functions, withBallast }: RunRecord): boolean =>
  withBallast && functions.includes('az-balance');

/** Spans in which a service was uneven for as long as it takes, and when it has to have been told. */
function duesOf(run: RunRecord, { service, quietlyUneven, at }: ZoneHistory) {
  return quietlyUneven.flatMap(({ fromMs, untilMs }) => {
    const count = at(fromMs);
    const afterMs = count?.isRebalanced === true ? ecsHoldMs : holdMs;
    const byMs = fromMs + afterMs + slackMs;
    if (count === undefined || byMs > untilMs) return [];
    return isBlind(run, fromMs, byMs)
      ? []
      : [{ kind, service, count, fromMs, afterMs, byMs, untilMs }];
  });
}

export const zonesTold: Checker = {
  name: 'zones-told',
  sentence:
    'A service that stays uneven beyond the documented time is told, or in the next digest.',
  broken: ({ run }) =>
    isWatched(run)
      ? historiesOf(run)
          .flatMap((history) => duesOf(run, history))
          .filter(({ byMs }) => byMs + digestMs <= run.endMs)
          .filter((due) => !isTold(run, due))
          .map(
            ({ service, fromMs, count }) =>
              `${service}: ${Object.values(count.zones).join('/')} from ${clock(fromMs)}, never told`,
          )
      : [],
};

export const graveZonesCarded: Checker = {
  name: 'grave-zones-carded',
  sentence:
    'Where a zone takes more than half of what would be left, there is a card: one in 30 days, four a day, one for a flood.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const dues = historiesOf(run)
      .flatMap((history) => duesOf(run, history))
      .filter(({ count }) => {
        const { left, evenly } = lossOf(count);
        return left * 2 < evenly && left < count.floor;
      });
    const isCarded = (service: string, byMs: number): boolean =>
      cardsOf(run, kind, service).some(
        ({ atMs }) => atMs <= byMs && byMs - atMs < againMs + slackMs,
      );
    return dues
      .filter(({ service, byMs, untilMs }) => {
        if (byMs > run.endMs || isCarded(service, byMs)) return false;
        const today = cardsOf(run, kind).filter(
          (card) => card.service !== noService && card.atMs <= byMs && byMs - card.atMs < dayMs,
        );
        const near = dues.filter((other) => Math.abs(other.byMs - byMs) < 10 * minuteMs);
        if (today.length < cardsADayMax && near.length <= cardsADayMax) return true;
        // It waits for the next day, or the card of its cluster speaks for it.
        const latestMs = byMs + cardedWithinMs;
        const isWaiting = latestMs > Math.min(untilMs, run.endMs) || isBlind(run, byMs, latestMs);
        return !isWaiting && !isCarded(service, latestMs) && !isCarded(noService, latestMs);
      })
      .map(({ service, byMs }) => `${service}: no card by ${clock(byMs)}`);
  },
};

export const zoneCardsTrue: Checker = {
  name: 'zone-cards-true',
  sentence: 'No card says of a service that it is uneven before it was for the documented time.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const histories = new Map(historiesOf(run).map((history) => [history.service, history]));
    const isTrue = (history: ZoneHistory, atMs: number): boolean =>
      lengthOf(unevenBefore(history, atMs)) + jitterMs >= neededMsOf(history, atMs);
    return cardsOf(run, kind).flatMap(({ service, atMs, subject }) => {
      if (service === noService) {
        const those = [...histories.values()].filter((one) => isTrue(one, atMs)).length;
        return those > cardsADayMax ? [] : [`${clock(atMs)} ${subject}: it is true of ${those}`];
      }
      const history = histories.get(service);
      if (history === undefined) return [`${subject}: nobody may be told of it`];
      const seenMs = lengthOf(unevenBefore(history, atMs));
      return isTrue(history, atMs)
        ? []
        : [`${clock(atMs)} ${subject}: uneven for ${Math.round(seenMs / minuteMs)} min`];
    });
  },
};

const neededMsOf = ({ at }: ZoneHistory, atMs: number): number =>
  at(atMs)?.isRebalanced === true ? ecsHoldMs : holdMs;

/** How long a service had been uneven since it was last over. */
function unevenBefore({ uneven, even }: ZoneHistory, atMs: number): readonly Span[] {
  const before = { fromMs: Number.NEGATIVE_INFINITY, untilMs: atMs };
  const over = even
    .map((span) => ({ ...span, untilMs: Math.min(span.untilMs, atMs) }))
    // Two looks more may have missed it.
    .findLast(({ fromMs, untilMs }) => untilMs - fromMs > balancedMs + 10 * minuteMs);
  const fromMs = over?.untilMs ?? before.fromMs;
  return without(uneven, [
    { fromMs: Number.NEGATIVE_INFINITY, untilMs: fromMs },
    { fromMs: atMs, untilMs: Number.POSITIVE_INFINITY },
  ]);
}

export const zoneIncidentsEnd: Checker = {
  name: 'zone-incidents-end',
  sentence: 'What was told of a service that is uneven ends once it is even again.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const histories = new Map(historiesOf(run).map((history) => [history.service, history]));
    const wellOf = (service: string) => histories.get(service)?.even ?? [];
    const endsWithinMs = balancedMs + slackMs + 10 * minuteMs;
    return stillOpen(run, kind, { wellOf, endsWithinMs }).map(
      ({ incidentId, service, wellMs }) =>
        `${incidentId} of ${service}: even from ${clock(wellMs)}, and still open`,
    );
  },
};

export const zonesToldOnce: Checker = {
  name: 'zones-told-once',
  sentence: 'No service is told of twice in 30 days for its zones, unless it has become worse.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    return historiesOf(run).flatMap(({ service, at }) => {
      const cards = cardsOf(run, kind, service);
      const isGraveAt = (atMs: number): boolean => {
        const count = at(atMs);
        if (count === undefined || !isUneven(count)) return false;
        const { left, evenly } = lossOf(count);
        return left * 2 < evenly;
      };
      return cards.slice(1).flatMap(({ atMs, messageId }, index) => {
        const before = cards[index];
        if (before === undefined || before.messageId === messageId) return [];
        const isOther = at(before.atMs)?.isRebalanced !== at(atMs)?.isRebalanced;
        const isWorse = isGraveAt(atMs) && !isGraveAt(before.atMs);
        return atMs - before.atMs >= againMs - slackMs || isOther || isWorse
          ? []
          : [`${service}: ${clock(before.atMs)}, and again ${clock(atMs)}`];
      });
    });
  },
};

export const zonesNeverPage: Checker = {
  name: 'zones-never-page',
  sentence: 'Nobody is paged for zones.',
  broken: ({ run }) => pagedFor(run, new Set([kind])),
};

export const zonesOnlyWatched: Checker = {
  name: 'zones-only-watched',
  sentence: 'While az-balance only watches, nothing in ECS is changed, whatever the mode.',
  broken: ({ run }) =>
    isWatched(run)
      ? run.writes.map(
          ({ atMs, operation, service = '-' }) => `${operation} of ${service} at ${clock(atMs)}`,
        )
      : [],
};

export const zoneCheckers: readonly Checker[] = [
  zonesTold,
  graveZonesCarded,
  zoneCardsTrue,
  zoneIncidentsEnd,
  zonesToldOnce,
  zonesNeverPage,
  zonesOnlyWatched,
];
