import type { Facts, IncidentKey, Severity } from './incident.ts';
import { hashOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { primaryOf } from './service-state.ts';
import type { Service } from './snapshot.ts';
import { zoneFactsOf } from './zone-facts.ts';
import { keptBy, sightOf } from './zone-sight.ts';
import {
  advance,
  hadItsTurn,
  isOpening,
  jitterMs,
  newStretch,
  type WouldAct,
  type ZoneStretch,
  type ZoneWatchPolicy,
} from './zone-stretch.ts';
import { cardFor, grantCards, isFlood, type ZoneTold } from './zone-telling.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

const dayMs = 86_400_000;
/** What stands occurs again this often: only a watch that is lost lets its incident expire. */
export const standsEveryMs = 30 * dayMs;

/** What is remembered of a service from one run to the next. */
export type ZoneServiceMemory = {
  readonly desired: number;
  /** When its desired count was first seen changed. */
  readonly desiredChangedAtMs?: number | undefined;
  /** It had a task on a leaving instance when it was last looked at. */
  readonly isOnLeaving?: boolean | undefined;
  /** When such tasks were first seen gone from there. */
  readonly leftInstanceAtMs?: number | undefined;
  /** Since when it could not be judged, look for look. */
  readonly heldSinceMs?: number | undefined;
  /** Undefined once it has been seen balanced for long enough: then there is nothing to end. */
  readonly stretch?: ZoneStretch | undefined;
  /** The last card about it. */
  readonly told?: ZoneTold | undefined;
};

/** Which incident it is: one a service, whatever is deployed and whatever the reason. */
export const zoneImbalanceKey = (cluster: string, service: string): IncidentKey => ({
  cluster,
  subject: { type: 'service', name: service },
  kind: 'zone-imbalance',
  cause: 'zone-imbalance',
  deploymentId: undefined,
});

/** The memory with the desired count of now, and when that changed. */
export function rememberDesired(
  memory: ZoneServiceMemory | undefined,
  desired: number,
  nowMs: number,
): ZoneServiceMemory {
  if (memory === undefined) return { desired, stretch: newStretch('held', nowMs) };
  return memory.desired === desired ? memory : { ...memory, desired, desiredChangedAtMs: nowMs };
}

/** The memory with whether it has a task on a leaving instance now, and when the last one was gone. */
export function rememberLeaving(
  memory: ZoneServiceMemory,
  isOnLeaving: boolean,
  nowMs: number,
): ZoneServiceMemory {
  if (isOnLeaving === (memory.isOnLeaving ?? false)) return memory;
  return isOnLeaving
    ? { ...memory, isOnLeaving }
    : { ...memory, isOnLeaving: undefined, leftInstanceAtMs: nowMs };
}

/** Held for so long in one go, somebody should know that it is not watched. */
export const longHeldMs = dayMs;

/** How long a service could not be judged up to now; 0 where it was. */
export const heldMsOf = ({ heldSinceMs }: ZoneServiceMemory, nowMs: number): number =>
  heldSinceMs === undefined ? 0 : Math.max(nowMs - heldSinceMs, 0);

/** One service in one run. */
export type ZoneLook = {
  readonly service: Service;
  readonly verdict: ZoneVerdict;
  readonly memory: ZoneServiceMemory;
};

export type ZoneStep = {
  readonly service: string;
  readonly memory: ZoneServiceMemory;
  /** For the service's incident, in this order; repeats of them change nothing. */
  readonly observations: readonly Observation[];
  /** The imbalance that ended with this look. */
  readonly ended?: ZoneEnd;
};

/** An imbalance that is over. */
export type ZoneEnd = {
  readonly sinceMs: number;
  readonly wasOpen: boolean;
  /** What moved its tasks last; undefined where nothing that Ballast knows of did. */
  readonly by: 'ecs' | 'deployment' | 'scaling' | undefined;
};

/**
 * What a run makes of the services of a cluster. An imbalance opens its incident once it was *seen* for
 * long enough: what was held, missed or unseen adds nothing, and takes nothing away, so that neither a
 * deployment nor a lost run tells too early, and a service that is deployed all day is told all the
 * same. A balanced look in between resets nothing until it has lasted.
 */
export function watchZones(
  looks: readonly ZoneLook[],
  nowMs: number,
  policy: ZoneWatchPolicy,
): readonly ZoneStep[] {
  const steps = looks.map((one) => {
    const look = { ...one, memory: rememberHeld(one, nowMs) };
    const after = advance(look.memory.stretch, look.verdict, nowMs, policy);
    const opens = isOpening(after, look.verdict, policy);
    const stretch = opens && after !== undefined ? { ...after, openedAtMs: nowMs } : after;
    return { look, stretch };
  });
  const due = new Map(
    steps.flatMap(({ look, stretch }): readonly [string, ZoneTold][] => {
      const card = cardDue(look, stretch, nowMs);
      return card === undefined ? [] : [[look.service.name, card]];
    }),
  );
  const told = looks.map(({ memory }) => memory.told);
  const isOneOfMany = isFlood(due);
  const granted = grantCards(due, told, nowMs);
  return steps.map(({ look, stretch }) => {
    const { name } = look.service;
    const card = due.get(name);
    const isTold = granted.has(name);
    // Whoever is due beyond the day's cards stays so.
    if (card === undefined || stretch === undefined || !(isTold || isOneOfMany)) {
      return stepOf(look, stretch, nowMs, policy);
    }
    const memory = { ...look.memory, told: isTold ? card : { ...card, isOneOfMany } };
    const marked = isTold
      ? { ...stretch, isTold, isOneOfMany: undefined }
      : { ...stretch, isOneOfMany };
    return stepOf({ ...look, memory }, marked, nowMs, policy);
  });
}

function rememberHeld({ verdict, memory }: ZoneLook, nowMs: number): ZoneServiceMemory {
  const isHeld = sightOf(verdict) === 'held';
  if (isHeld === (memory.heldSinceMs !== undefined)) return memory;
  return { ...memory, heldSinceMs: isHeld ? nowMs : undefined };
}

/** The card that is due for an open imbalance that has none yet. */
function cardDue(
  { verdict, memory }: ZoneLook,
  stretch: ZoneStretch | undefined,
  nowMs: number,
): ZoneTold | undefined {
  if (stretch?.openedAtMs === undefined || stretch.last !== 'imbalanced') return undefined;
  if (stretch.isTold === true) return undefined;
  const openMs = nowMs - stretch.openedAtMs;
  const card = cardFor(verdict, openMs, memory.told, nowMs);
  // The card of its cluster speaks for it, whatever changes, until it is grave and a day is over.
  const isSpokenFor =
    stretch.isOneOfMany === true &&
    (card?.isGrave !== true || nowMs - (memory.told?.atMs ?? stretch.openedAtMs) < dayMs);
  return isSpokenFor ? undefined : card;
}

function stepOf(
  look: ZoneLook,
  stretch: ZoneStretch | undefined,
  nowMs: number,
  policy: ZoneWatchPolicy,
): ZoneStep {
  const { service, memory } = look;
  const { name } = service;
  if (stretch === undefined) return { service: name, memory, observations: [] };
  if (stretch.last === 'well' && stretch.balancedMs + jitterMs >= policy.balancedMs) {
    return endedStep(look, stretch, nowMs);
  }
  if (stretch.openedAtMs === undefined || stretch.last !== 'imbalanced') {
    return { service: name, memory: { ...memory, stretch }, observations: [] };
  }
  return openStep(look, stretch, nowMs, policy);
}

/** Balanced for long enough; also where no incident is known to be open: its memory may be lost. */
function endedStep(
  { service, verdict, memory }: ZoneLook,
  stretch: ZoneStretch,
  nowMs: number,
): ZoneStep {
  const { reason } = verdict;
  const { sinceMs, openedAtMs } = stretch;
  const by = sinceMs === undefined ? undefined : lastMover(service, memory, sinceMs);
  const facts = { ...zoneFactsOf(service, verdict), ...(by === undefined ? {} : { endedBy: by }) };
  return {
    service: service.name,
    memory: { ...memory, stretch: undefined },
    observations: [{ type: 'well', atMs: nowMs, reason, facts }],
    ...(sinceMs === undefined ? {} : { ended: { sinceMs, wasOpen: openedAtMs !== undefined, by } }),
  };
}

/** What moved a service's tasks last, of what happened since a time. */
function lastMover(
  service: Service,
  { desiredChangedAtMs }: ZoneServiceMemory,
  sinceMs: number,
): ZoneEnd['by'] {
  const times = [
    ['ecs', service.lastRebalancingAtMs],
    ['deployment', primaryOf(service)?.createdAtMs],
    ['scaling', desiredChangedAtMs],
  ] as const;
  let last: { readonly by: ZoneEnd['by']; readonly atMs: number } = {
    by: undefined,
    atMs: sinceMs,
  };
  for (const [by, atMs] of times) if (atMs !== undefined && atMs > last.atMs) last = { by, atMs };
  return last.by;
}

function openStep(
  { service, verdict, memory }: ZoneLook,
  stretch: ZoneStretch,
  nowMs: number,
  policy: ZoneWatchPolicy,
): ZoneStep {
  const kept = keptBy(verdict);
  const isClear = kept !== 'ecs' || hadItsTurn(stretch, nowMs, policy);
  const facts = {
    ...zoneFactsOf(service, verdict),
    ...(isClear ? { keptBy: kept } : {}),
    sinceMs: stretch.sinceMs ?? nowMs,
  };
  const said = hashOf(JSON.stringify(facts));
  const open = { ...stretch, said, wouldAct: stretch.wouldAct ?? wouldActOf(verdict, nowMs) };
  const isOther = stretch.isTold === true && isClear && memory.told?.keptBy !== kept;
  const told = isOther && memory.told ? { ...memory.told, keptBy: kept } : memory.told;
  const severity = stretch.isTold === true ? 'warn' : 'info';
  return {
    service: service.name,
    memory: { ...memory, stretch: open, told },
    observations: [
      ...occurrencesOf(open, severity, nowMs),
      ...(said === stretch.said ? [] : [{ type: 'noted', atMs: nowMs, facts } as const]),
    ],
  };
}

const wouldActOf = ({ verdict, reason, moves }: ZoneVerdict, atMs: number): WouldAct | undefined =>
  verdict === 'would-act' ? { atMs, reason, moves: moves.length } : undefined;

/**
 * The opening, and what would have been done about it: at once, or later when it could be. What stands
 * for long occurs again, or time would end its incident.
 */
function occurrencesOf(
  { sinceMs = 0, openedAtMs = 0, wouldAct }: ZoneStretch,
  severity: Severity,
  nowMs: number,
): readonly Observation[] {
  const occurred = (id: string, atMs: number, facts: Facts): Observation => ({
    type: 'occurred',
    occurrence: { id, atMs, facts },
    severity,
  });
  const would: Facts =
    wouldAct === undefined
      ? {}
      : { mode: 'observe', reason: wouldAct.reason, moves: wouldAct.moves };
  const isAtOnce = wouldAct?.atMs === openedAtMs;
  const stood = Math.floor((nowMs - openedAtMs) / standsEveryMs);
  return [
    occurred(`imbalanced/${sinceMs}`, openedAtMs, isAtOnce ? would : {}),
    ...(wouldAct === undefined || isAtOnce
      ? []
      : [occurred(`would-act/${sinceMs}`, wouldAct.atMs, would)]),
    ...(stood < 1
      ? []
      : [occurred(`stands/${sinceMs}/${stood}`, openedAtMs + stood * standsEveryMs, {})]),
  ];
}

/** A service that a whole look no longer finds: what is open about it is over. */
export function forgetService(service: string, nowMs: number): ZoneStep {
  const well: Observation = { type: 'well', atMs: nowMs, reason: 'the service is gone' };
  return { service, memory: { desired: 0 }, observations: [well] };
}

/** The memory where the incident turned out to be closed already: it is watched from the start. */
export const restarted = (memory: ZoneServiceMemory, nowMs: number): ZoneServiceMemory => ({
  ...memory,
  stretch: newStretch('held', nowMs),
});
