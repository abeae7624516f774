import { stormServicesMin } from './incident-policy.ts';
import { sortedBy } from './order.ts';
import { zoneSeverityOf } from './zone-facts.ts';
import { keptBy } from './zone-sight.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A lesser imbalance is worth a card once it has been open for so long: scaling ends most by then. */
export const standingMs = dayMs;
/** A service is told of again by card after this at the earliest, while the same keeps it uneven. */
export const tellAgainMs = 30 * dayMs;
/** So many that are due in one run are a flood: one card of the cluster tells of all of them. */
export const floodMin = stormServicesMin;
/** Cards of one cluster in a day, a flood's apart; whoever is over waits for the next day. */
export const cardsADayMax = floodMin - 1;

/** The last card about a service's zones, and what it was for. */
export type ZoneTold = {
  readonly atMs: number;
  readonly keptBy: string;
  readonly isGrave: boolean;
  /** It was the card of its cluster: this service was one of many. */
  readonly isOneOfMany?: boolean | undefined;
};

/** Whether the loss of a zone leaves less than half of what it would leave of an even spread. */
export const isGrave = ({ spread: { worst, best, desired } }: ZoneVerdict): boolean =>
  worst !== undefined && 2 * worst.left < desired - (best[0] ?? 0);

/** What a card about an open imbalance would be for; undefined where the daily digest is enough. */
export function cardFor(
  verdict: ZoneVerdict,
  openMs: number,
  told: ZoneTold | undefined,
  nowMs: number,
): ZoneTold | undefined {
  if (zoneSeverityOf(verdict) === 'info') return undefined;
  const card = { atMs: nowMs, keptBy: keptBy(verdict), isGrave: isGrave(verdict) };
  if (!card.isGrave && openMs < standingMs) return undefined;
  const isKnown =
    told !== undefined &&
    nowMs - told.atMs < tellAgainMs &&
    told.keptBy === card.keptBy &&
    (told.isGrave || !card.isGrave) &&
    !(card.isGrave && isDueAlone(told, openMs, nowMs));
  return isKnown ? undefined : card;
}

/** One of many was hardly told of: what has been there for a day since deserves a card of its own. */
const isDueAlone = ({ isOneOfMany, atMs }: ZoneTold, openMs: number, nowMs: number): boolean =>
  isOneOfMany === true && Math.min(openMs, nowMs - atMs) >= dayMs;

/** Whether a card of the cluster tells of all that are due, instead of one each. */
export const isFlood = (due: ReadonlyMap<string, ZoneTold>): boolean => due.size >= floodMin;

/**
 * Which of the services that a card is due for get theirs: none of a flood, and of the others, the
 * grave first, as many as the day has left.
 */
export function grantCards(
  due: ReadonlyMap<string, ZoneTold>,
  told: readonly (ZoneTold | undefined)[],
  nowMs: number,
): ReadonlySet<string> {
  if (isFlood(due)) return new Set();
  const today = told.filter(
    (one) => one !== undefined && one.isOneOfMany !== true && nowMs - one.atMs < dayMs,
  ).length;
  const byWeight = sortedBy([...due], ([name, card]) => `${card.isGrave ? 0 : 1} ${name}`);
  const granted = byWeight.slice(0, Math.max(cardsADayMax - today, 0));
  return new Set(granted.map(([name]) => name));
}
