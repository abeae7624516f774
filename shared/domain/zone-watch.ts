import type { Facts, IncidentKey, Severity } from './incident.ts';
import { hashOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { stormServicesMin } from './incident-policy.ts';
import type { Service } from './snapshot.ts';
import { zoneFactsOf, zoneSeverityOf } from './zone-facts.ts';
import type { ZoneReason } from './zone-rules.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

const minuteMs = 60_000;

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
const jitterMs = 30_000;

/**
 * What a verdict says about the imbalance itself. `held`: tasks are on the move, or what was seen is
 * not to be trusted, so it is neither there nor gone. `ecs`: it is there, and ECS should end it.
 * `left`: it is there, and ECS leaves it.
 */
type Sight = 'well' | 'held' | 'ecs' | 'left';

const sights: Readonly<Record<ZoneReason, Sight>> = {
  balanced: 'well',
  // Nothing to balance, or nobody wants it balanced.
  'service-not-active': 'well',
  'opted-out': 'well',
  'nothing-desired': 'well',
  'external-launch-type': 'well',
  'one-task': 'well',
  'daemon-service': 'well',
  'snapshot-incomplete': 'held',
  'services-unhealthy': 'held',
  'compute-unknown': 'held',
  'zones-unknown': 'held',
  'deployment-in-progress': 'held',
  'recent-deployment': 'held',
  'instance-draining': 'held',
  'not-steady': 'held',
  'zone-shifted': 'held',
  'recent-desired-count': 'held',
  // All tasks run and none moves: if ECS goes on trying in vain, its hour goes on as well.
  'recent-rebalancing': 'ecs',
  'recent-placement-failure': 'ecs',
  'ecs-will-rebalance': 'ecs',
  'enable-native-rebalancing': 'left',
  'one-zone': 'left',
  'deployment-controller': 'left',
  'maximum-percent': 'left',
  'several-capacity-providers': 'left',
  'placement-strategy': 'left',
  // These forbid a surge alone: the imbalance is there, and ECS leaves it.
  'guard-unknown': 'left',
  'scaling-active': 'left',
  'task-protected': 'left',
  'surge-move': 'left',
  'zone-instance-missing': 'left',
  'zone-room-missing': 'left',
  'zone-room-unknown': 'left',
};

/** Whether a verdict says that the service is unevenly spread now, or all in one zone. */
export const isImbalanced = ({ reason }: ZoneVerdict): boolean =>
  sights[reason] === 'ecs' || sights[reason] === 'left';

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
  /** Since when its incident is open. */
  readonly openedAtMs?: number | undefined;
  /** One of many that opened at once: for the digest, and no card. */
  readonly isOneOfMany?: boolean | undefined;
  readonly wouldAct?: WouldAct | undefined;
  /** Hash of the facts that the incident has. */
  readonly said?: string | undefined;
};

/** What is remembered of a service from one run to the next. */
export type ZoneServiceMemory = {
  readonly desired: number;
  /** When its desired count was first seen changed. */
  readonly desiredChangedAtMs?: number | undefined;
  /** Undefined once it has been seen balanced for long enough: then there is nothing to end. */
  readonly stretch?: ZoneStretch | undefined;
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

const newStretch = (last: ZoneStretch['last'], lastAtMs: number): ZoneStretch => ({
  imbalancedMs: 0,
  balancedMs: 0,
  last,
  lastAtMs,
});

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
  const steps = looks.map((look) => {
    const after = advance(look, nowMs, policy);
    return { look, after, opens: isOpening(after, look.verdict, policy) };
  });
  const warnings = steps.filter(
    ({ opens, look }) => opens && zoneSeverityOf(look.verdict) === 'warn',
  );
  const isOneOfMany = warnings.length >= stormServicesMin;
  return steps.map(({ look, after, opens }) => {
    const stretch =
      opens && after !== undefined ? { ...after, openedAtMs: nowMs, isOneOfMany } : after;
    return stepOf(look, stretch, nowMs, policy);
  });
}

/** The stretch after one more look, before anything is told. */
function advance(
  { memory: { stretch }, verdict }: ZoneLook,
  nowMs: number,
  { gapMs }: ZoneWatchPolicy,
): ZoneStretch | undefined {
  const sight = sights[verdict.reason];
  const seen = sight === 'well' || sight === 'held' ? sight : 'imbalanced';
  if (stretch === undefined && seen !== 'imbalanced') return undefined;
  const before = stretch ?? newStretch('held', nowMs);
  // What is open needs no clock, and what is held has none: nothing to write.
  if (
    before.last === seen &&
    (seen === 'held' || (before.openedAtMs !== undefined && seen !== 'well'))
  )
    return before;
  const elapsedMs = nowMs - before.lastAtMs;
  const isSeen = before.last === seen && elapsedMs > 0 && elapsedMs <= gapMs + jitterMs;
  const passedMs = isSeen ? elapsedMs : 0;
  return {
    ...before,
    ...(seen === 'imbalanced' ? { sinceMs: before.sinceMs ?? nowMs } : {}),
    imbalancedMs: before.imbalancedMs + (seen === 'imbalanced' ? passedMs : 0),
    balancedMs: seen === 'well' ? before.balancedMs + passedMs : 0,
    last: seen,
    lastAtMs: nowMs,
  };
}

function isOpening(
  stretch: ZoneStretch | undefined,
  { reason }: ZoneVerdict,
  { holdMs, ecsHoldMs }: ZoneWatchPolicy,
): boolean {
  if (stretch === undefined || stretch.openedAtMs !== undefined) return false;
  if (stretch.last !== 'imbalanced') return false;
  const waitMs = sights[reason] === 'ecs' ? ecsHoldMs : holdMs;
  return stretch.imbalancedMs + jitterMs >= waitMs;
}

function stepOf(
  look: ZoneLook,
  stretch: ZoneStretch | undefined,
  nowMs: number,
  { balancedMs }: ZoneWatchPolicy,
): ZoneStep {
  const { verdict, service, memory } = look;
  const name = service.name;
  if (stretch === undefined) return { service: name, memory, observations: [] };
  if (stretch.last === 'well' && stretch.balancedMs + jitterMs >= balancedMs) {
    // Also where no incident is known to be open: the memory of one may have been lost.
    const facts = zoneFactsOf(service, verdict);
    const well: Observation = { type: 'well', atMs: nowMs, reason: verdict.reason, facts };
    return { service: name, memory: { ...memory, stretch: undefined }, observations: [well] };
  }
  if (stretch.openedAtMs === undefined || stretch.last !== 'imbalanced') {
    return { service: name, memory: { ...memory, stretch }, observations: [] };
  }
  const facts = { ...zoneFactsOf(service, verdict), sinceMs: stretch.sinceMs ?? nowMs };
  const said = hashOf(JSON.stringify(facts));
  const told = { ...stretch, said, wouldAct: stretch.wouldAct ?? wouldActOf(verdict, nowMs) };
  const severity = stretch.isOneOfMany === true ? 'info' : zoneSeverityOf(verdict);
  return {
    service: name,
    memory: { ...memory, stretch: told },
    observations: [
      ...occurrencesOf(told, severity),
      ...(said === stretch.said ? [] : [{ type: 'noted', atMs: nowMs, facts } as const]),
    ],
  };
}

const wouldActOf = ({ verdict, reason, moves }: ZoneVerdict, atMs: number): WouldAct | undefined =>
  verdict === 'would-act' ? { atMs, reason, moves: moves.length } : undefined;

/** The opening, and what would have been done about it: at once, or later when it could be. */
function occurrencesOf(
  { sinceMs = 0, openedAtMs = 0, wouldAct }: ZoneStretch,
  severity: Severity,
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
  return [
    occurred(`imbalanced/${sinceMs}`, openedAtMs, isAtOnce ? would : {}),
    ...(wouldAct === undefined || isAtOnce
      ? []
      : [occurred(`would-act/${sinceMs}`, wouldAct.atMs, would)]),
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
