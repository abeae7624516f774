import { assert } from './assert.ts';
import type { IncidentKind } from './incident.ts';
import type { Threshold } from './incident-occurrences.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** When incidents of one kind open, get worse, are told and end. */
export type IncidentPolicy = {
  readonly opensAt: Threshold;
  /** Or at so many over a longer time. */
  readonly opensSlowlyAt?: Threshold;
  /** Worse than its severity for so long: it escalates. */
  readonly escalatesAfterMs: number;
  /** Well, and nothing happened, for so long: it is resolved. */
  readonly wellMs: number;
  /** Nothing happened for so long: it is resolved, even if nobody saw the subject well. */
  readonly expiresMs: number;
  /** An occurrence that arrives so late is history: it changes nothing. */
  readonly staleMs: number;
  /** How long a card and a page wait for others of one cause, to be told as one. */
  readonly cardHoldMs: number;
  readonly pageHoldMs: number;
  /** Whether many of one cause, or in one place, are told as one. */
  readonly folds: boolean;
  /** A change in one of these is worth an update. */
  readonly materialFacts: readonly string[];
  /** False where long silence is no reason to tell it again. */
  readonly reminds?: boolean;
  /** It lasts and does not happen: that it occurs once a day is no number of times. */
  readonly stands?: boolean;
};

/** A storm is at least so many services with one cause within so long. */
export const stormServicesMin = 5;
export const stormWindowMs = 5 * minuteMs;
/** One instance, one zone: at least so many services that fail only there, within the same time. */
export const badInstanceServicesMin = 3;
export const badZoneServicesMin = 5;
/** One service: it keeps at least so many draining instances. */
export const stuckDrainsMin = 2;
/**
 * So long the card of a stuck drain waits for others that the same service keeps: each is seen every 15
 * minutes, and ends in days.
 */
export const drainCardHoldMs = 20 * minuteMs;
/** What chance alone does to a cluster more often than this says nothing about a place: 1 in 50. */
export const placeChanceMax = 0.02;
/** So long after the last of them opened a place is looked at: twice as long as their cards wait. */
export const placeLookMs = 2 * stormWindowMs;
/** Longest that a page waits for the fold. */
export const pageHoldMs = minuteMs;
/** Opened again within this after its end, it is the same incident and the same thread. */
export const reopenMs = dayMs;
/** After its first start Ballast only listens for so long, then tells what it found as one. */
export const firstRunMs = 10 * minuteMs;
/** Shortest time between a message and an update or a reminder after it. */
export const updateMsMin = hourMs;
export const reminderMs = dayMs;
/** Updates and reminders of one opening; the daily digest names it from then on. */
export const updatesMax = 4;
/**
 * Whoever takes a message in hand has it to itself for so long. Longer than one publication with its
 * retries takes, and short, because it delays a page whose publisher died.
 */
export const claimMs = minuteMs;
/** A time further ahead than this is wrong, and counts as now. */
export const skewMsMax = 5 * minuteMs;

/** Three stops of one cause in ten minutes; a card waits for the storm window. */
const loop: IncidentPolicy = {
  opensAt: { occurrences: 3, windowMs: 10 * minuteMs },
  escalatesAfterMs: 3 * minuteMs,
  wellMs: 15 * minuteMs,
  expiresMs: 7 * dayMs,
  staleMs: dayMs,
  cardHoldMs: stormWindowMs,
  pageHoldMs,
  folds: true,
  materialFacts: [],
};

/**
 * Tries to start may be far apart: ECS waits up to half an hour for capacity, and longer each time after
 * failures. Three of them are no chance then either, and nothing else would notice.
 */
const starting: IncidentPolicy = {
  ...loop,
  opensSlowlyAt: { occurrences: 3, windowMs: 90 * minuteMs },
};

/** In place of its members, which have waited already; over when two looks find none of them open. */
const fold: IncidentPolicy = {
  ...loop,
  escalatesAfterMs: 0,
  // Two looks, because the index may lag behind one.
  wellMs: stormWindowMs,
  cardHoldMs: 0,
  pageHoldMs: 0,
  folds: false,
  materialFacts: ['services'],
};
const foldOf = (services: number): IncidentPolicy => ({
  ...fold,
  opensAt: { occurrences: services, windowMs: stormWindowMs },
});
/** Few services are enough for a place, so its card waits a minute for the others. */
const placeOf = (services: number): IncidentPolicy => ({
  ...foldOf(services),
  cardHoldMs: pageHoldMs,
});

/** Told at once, by the first of them; ended by whoever sees the next success, or by time. */
const single: IncidentPolicy = {
  opensAt: { occurrences: 1, windowMs: 0 },
  escalatesAfterMs: 0,
  wellMs: 0,
  expiresMs: 7 * dayMs,
  staleMs: 7 * dayMs,
  cardHoldMs: 0,
  pageHoldMs: 0,
  folds: false,
  materialFacts: [],
};

const slowLoopWindowMs = 6 * hourMs;

/** The defaults of each kind, as the table in the README of `task-state` shows them to operators. */
export const incidentPolicies: Readonly<Record<IncidentKind, IncidentPolicy>> = {
  'crash-loop': loop,
  // Between two stops of a slow loop its service is steady for an hour: it needs its whole window.
  'slow-loop': {
    ...loop,
    opensAt: { occurrences: 5, windowMs: slowLoopWindowMs },
    wellMs: slowLoopWindowMs,
  },
  'start-failure': starting,
  'placement-failure': starting,
  'unknown-stop': { ...loop, opensAt: { occurrences: 1, windowMs: 0 } },
  storm: foldOf(stormServicesMin),
  'bad-instance': placeOf(badInstanceServicesMin),
  'bad-zone': placeOf(badZoneServicesMin),
  // Blue serves and whoever deployed knows: a retry or another reason is news, the next day is not.
  rollback: { ...single, materialFacts: ['reason', 'status'], reminds: false },
  'gate-could-not-measure': single,
  'gate-misconfigured': single,
  'stage-not-gated': single,
  // No note lasts longer than a day, see `break-glass.ts`.
  'break-glass': { ...single, expiresMs: dayMs },
  'hook-timed-out': single,
  'hook-awaiting-action': single,
  // From two weeks ahead, `ReplacementNoticeHours` at most, to the end of the last drain a week later.
  'replacement-ahead': {
    ...single,
    expiresMs: 22 * dayMs,
    materialFacts: ['notice'],
    reminds: false,
  },
  // The longest drain begins on the first day and ends on day 21. Told once, and again when what keeps
  // it is another thing, never by mere time: it escalates a day before the end.
  'drain-stuck': {
    ...single,
    expiresMs: 22 * dayMs,
    cardHoldMs: drainCardHoldMs,
    pageHoldMs,
    folds: true,
    materialFacts: ['keptBy'],
    reminds: false,
  },
  // Whenever each of them began to stand still: the longest lasts as long as one drain does.
  'drains-stuck': {
    ...fold,
    opensAt: { occurrences: stuckDrainsMin, windowMs: 21 * dayMs },
    expiresMs: 22 * dayMs,
    staleMs: 22 * dayMs,
    materialFacts: ['instances'],
    reminds: false,
  },
  // Two hours of looks come before it, so that it is told at once; the look that sees it back ends it.
  'not-recovered': single,
  // `zone-watch.ts` counts how long it lasts, and sees its end: only a watch that is lost lets it expire.
  'zone-imbalance': {
    ...single,
    expiresMs: 90 * dayMs,
    staleMs: 90 * dayMs,
    materialFacts: ['keptBy'],
    reminds: false,
  },
  // Density waits before it reports. What lasts occurs once a day, so that it does not expire; nobody is
  // hurt meanwhile, so it is not told again: the daily digest names what is open.
  concentration: { ...single, wellMs: 30 * minuteMs, reminds: false, stands: true },
  'density-anomaly': { ...single, reminds: false, stands: true },
};

/** Throws where a policy could never open, never end, or lose what it should keep. */
export function assertPolicy(policy: IncidentPolicy): void {
  const { opensAt, wellMs, expiresMs, staleMs } = policy;
  assert(
    Number.isInteger(opensAt.occurrences) && opensAt.occurrences >= 1,
    'an incident opens at one occurrence or more',
  );
  assert(
    opensAt.occurrences <= 32,
    'a threshold beyond half of what is remembered may not be seen',
  );
  assert(opensAt.windowMs >= 0 && opensAt.windowMs < staleMs, 'staleMs covers the opening window');
  const slowMs = policy.opensSlowlyAt?.windowMs ?? opensAt.windowMs;
  assert(
    slowMs >= opensAt.windowMs && slowMs < staleMs,
    'the slow threshold looks at more, not less',
  );
  assert(wellMs >= 0 && wellMs < expiresMs, 'expiresMs is the longer way to end');
  assert(wellMs === 0 || wellMs >= stormWindowMs, 'one look is not enough to be well');
  assert(policy.escalatesAfterMs >= 0, 'escalatesAfterMs is a duration');
  assert(
    policy.pageHoldMs >= 0 && policy.pageHoldMs <= pageHoldMs,
    'a page waits a minute at most',
  );
  assert(policy.cardHoldMs >= policy.pageHoldMs, 'a page does not wait longer than a card');
  assert(!policy.folds || policy.cardHoldMs >= stormWindowMs, 'what folds waits for the storm');
}
