import { isImbalanced, type Sight, sightOf } from './zone-sight.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

const minuteMs = 60_000;
const weekMs = 7 * 24 * 60 * minuteMs;

/** How long zones are watched before anybody is told. */
export type ZoneWatchPolicy = {
  /** Imbalanced so long, where ECS will not act. */
  readonly holdMs: number;
  /** Imbalanced so long, where ECS should have acted by itself. */
  readonly ecsHoldMs: number;
  /** Balanced so long: it is over. */
  readonly balancedMs: number;
  /** Between two looks further apart than this, nobody knows what was: the time does not count. */
  readonly gapMs: number;
};

/** An hour for ECS, ten minutes to be over; two of the five-minute runs in a row may be missed. */
export const zoneWatchPolicyOf = (holdMs: number): ZoneWatchPolicy => ({
  holdMs,
  ecsHoldMs: Math.max(60 * minuteMs, holdMs),
  balancedMs: 10 * minuteMs,
  gapMs: 15 * minuteMs,
});

/** Runs are not on the second: so little short of a time counts as having reached it. */
export const jitterMs = 30_000;

/** What would be done if anything were, as it is counted for the digest. */
export type WouldAct = {
  readonly atMs: number;
  readonly reason: string;
  readonly moves: number;
};

/** An imbalance from its first sight to its end, or a service of which nothing is known yet. */
export type ZoneStretch = {
  /** First seen imbalanced; undefined as long as it never was. */
  readonly sinceMs?: number | undefined;
  /** How long it was seen imbalanced: time between two looks that both said so. */
  readonly imbalancedMs: number;
  /** How long it has been seen balanced, without a break. */
  readonly balancedMs: number;
  readonly last: 'imbalanced' | 'well' | 'held';
  readonly lastAtMs: number;
  /** Whose turn it is to end it, ECS's or people's, and since when. */
  readonly turn?: 'ecs' | 'left' | undefined;
  readonly turnAtMs?: number | undefined;
  /** Since when its incident is open. */
  readonly openedAtMs?: number | undefined;
  /** It has its card. */
  readonly isTold?: boolean | undefined;
  /** One of too many for cards: the card of its cluster tells of it, and the digest. */
  readonly isOneOfMany?: boolean | undefined;
  readonly wouldAct?: WouldAct | undefined;
  /** Hash of the facts that the incident has. */
  readonly said?: string | undefined;
  /** Weeks since `lastAtMs` in which nothing else changed: it is written again with each of them. */
  readonly stoodWeeks?: number | undefined;
};

export const newStretch = (last: ZoneStretch['last'], lastAtMs: number): ZoneStretch => ({
  imbalancedMs: 0,
  balancedMs: 0,
  last,
  lastAtMs,
});

/** The stretch after one more look, before anything is told. */
export function advance(
  stretch: ZoneStretch | undefined,
  verdict: ZoneVerdict,
  nowMs: number,
  { gapMs }: ZoneWatchPolicy,
): ZoneStretch | undefined {
  const sight = sightOf(verdict);
  const seen = seenAs(sight);
  if (stretch === undefined && seen !== 'imbalanced') return undefined;
  const before = stretch ?? newStretch('held', nowMs);
  const turn = sight === 'ecs' || sight === 'left' ? sight : before.turn;
  const elapsedMs = nowMs - before.lastAtMs;
  if (before.turn === turn && isSettled(before, seen)) return standing(before, elapsedMs);
  const isSeen = before.last === seen && elapsedMs > 0 && elapsedMs <= gapMs + jitterMs;
  const passedMs = isSeen ? elapsedMs : 0;
  return {
    ...before,
    ...(seen === 'imbalanced' ? { sinceMs: before.sinceMs ?? nowMs } : {}),
    ...(turn === before.turn ? {} : { turn, turnAtMs: nowMs }),
    imbalancedMs: before.imbalancedMs + (seen === 'imbalanced' ? passedMs : 0),
    balancedMs: seen === 'well' ? before.balancedMs + passedMs : 0,
    last: seen,
    lastAtMs: nowMs,
    stoodWeeks: undefined,
  };
}

/** What is never written again is forgotten in the end, however long it stands. */
function standing(stretch: ZoneStretch, stoodMs: number): ZoneStretch {
  const weeks = Math.max(Math.floor(stoodMs / weekMs), 0);
  return weeks === (stretch.stoodWeeks ?? 0) ? stretch : { ...stretch, stoodWeeks: weeks };
}

const seenAs = (sight: Sight): ZoneStretch['last'] =>
  sight === 'well' || sight === 'held' ? sight : 'imbalanced';

/** What is open needs no clock, and what is held has none: nothing to write but that it stands. */
const isSettled = ({ last, openedAtMs }: ZoneStretch, seen: ZoneStretch['last']): boolean =>
  last === seen && (seen === 'held' || (openedAtMs !== undefined && seen !== 'well'));

/** Whether it has been seen for long enough, by whose turn it is now. */
export function isOpening(
  stretch: ZoneStretch | undefined,
  verdict: ZoneVerdict,
  { holdMs, ecsHoldMs }: ZoneWatchPolicy,
): boolean {
  if (stretch === undefined || stretch.openedAtMs !== undefined) return false;
  if (stretch.last !== 'imbalanced' || !isImbalanced(verdict)) return false;
  const waitMs = sightOf(verdict) === 'ecs' ? ecsHoldMs : holdMs;
  return stretch.imbalancedMs + jitterMs >= waitMs;
}

/** Whether ECS could have ended it by now: where it became its turn only lately, it is given its hour. */
export const hadItsTurn = (
  { turnAtMs = 0, openedAtMs = 0 }: ZoneStretch,
  nowMs: number,
  { ecsHoldMs }: ZoneWatchPolicy,
): boolean => turnAtMs <= openedAtMs || nowMs - turnAtMs + jitterMs >= ecsHoldMs;
