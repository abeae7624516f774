import type { Facts, Incident, IncidentKey, Occurrence, Severity } from './incident.ts';
import { mergeFacts } from './incident-facts.ts';
import { incidentIdOf } from './incident-key.ts';
import { addOccurrence, reachedAtMs } from './incident-occurrences.ts';
import { graver, isGraver, notify } from './incident-outbox.ts';
import {
  assertPolicy,
  type IncidentPolicy,
  reminderMs,
  reopenMs,
  skewMsMax,
  updateMsMin,
  updatesMax,
} from './incident-policy.ts';

/** What someone saw of the subject of an incident. */
export type Observation =
  /** One more of what the incident is about; the only one that opens it. */
  | {
      readonly type: 'occurred';
      readonly occurrence: Occurrence;
      readonly severity: Severity;
      /** About the subject as a whole; facts of this one occurrence lie in it. */
      readonly facts?: Facts;
    }
  /** Worse than its severity says; escalates once that has lasted. */
  | {
      readonly type: 'worsened';
      readonly atMs: number;
      readonly severity: Severity;
      readonly facts?: Facts;
    }
  /** No longer worse. What has escalated stays so until it ends: a page that comes and goes is noise. */
  | { readonly type: 'eased'; readonly atMs: number; readonly facts?: Facts }
  /** Steady, succeeded, empty: the word is what the end will be told with. */
  | {
      readonly type: 'well';
      readonly atMs: number;
      readonly reason: string;
      readonly facts?: Facts;
    }
  | { readonly type: 'unwell'; readonly atMs: number }
  /** Learnt about it, and neither better nor worse. */
  | { readonly type: 'noted'; readonly atMs: number; readonly facts: Facts }
  /** A newer deployment has taken the place of the one that this incident is about: final. */
  | { readonly type: 'superseded'; readonly atMs: number }
  | { readonly type: 'acknowledged'; readonly atMs: number; readonly by: string }
  /** Nothing but the time: reminders, updates that waited, expiry. */
  | { readonly type: 'tick' };

export type LifecycleContext = {
  readonly key: IncidentKey;
  readonly policy: IncidentPolicy;
  readonly nowMs: number;
};

/** Longest word for the end of an incident, and for who acknowledged one, in characters. */
export const wordCharsMax = 100;

/**
 * The incident after one observation; the same object when that changed nothing, and undefined when
 * there is none and none begins. Occurrences are a set, so what is delivered twice, late or in another
 * order leaves the same incident, as long as it arrives before the incident has ended.
 */
export function applyObservation(
  incident: Incident | undefined,
  observation: Observation,
  context: LifecycleContext,
): Incident | undefined {
  assertPolicy(context.policy);
  const before = incident ?? begin(observation, context);
  if (before === undefined) return undefined;
  const after = settle(observe(before, observation, context), context);
  if (after.occurrences.length === 0) return incident;
  const known = isLook(observation) ? { ...after, factTimes: before.factTimes } : after;
  if (incident !== undefined && isSame(known, incident)) return incident;
  return { ...after, changedAtMs: context.nowMs, version: before.version + 1 };
}

/** Several observations of one incident, in the order given. */
export const applyObservations = (
  incident: Incident | undefined,
  observations: readonly Observation[],
  context: LifecycleContext,
): Incident | undefined =>
  observations.reduce<Incident | undefined>(
    (current, observation) => applyObservation(current, observation, context),
    incident,
  );

/**
 * Looks are repeated for as long as the incident is open. That facts are still true is no news: the
 * times of those facts stay, so what happened since and is heard of late still stands over them.
 */
const isLook = ({ type }: Observation): boolean =>
  type === 'worsened' || type === 'eased' || type === 'well';

const isSame = (a: Incident, b: Incident): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

function begin(observation: Observation, { key, nowMs }: LifecycleContext): Incident | undefined {
  if (observation.type !== 'occurred') return undefined;
  const { cluster, subject, kind, cause, deploymentId } = key;
  const firstAtMs = believable(observation.occurrence.atMs, nowMs);
  return {
    ...{ cluster, subject, kind, cause, deploymentId },
    id: incidentIdOf(key, firstAtMs),
    status: 'watching',
    severity: observation.severity,
    firstAtMs,
    openedAtMs: undefined,
    changedAtMs: nowMs,
    resolvedAtMs: undefined,
    resolution: undefined,
    boundaryMs: undefined,
    wellSinceMs: undefined,
    worseSinceMs: undefined,
    count: 0,
    occurrences: [],
    facts: {},
    factTimes: {},
    foldedInto: undefined,
    acknowledged: undefined,
    told: undefined,
    digestedAtMs: undefined,
    outbox: [],
    sequence: 0,
    version: 0,
  };
}

/** A clock far ahead would keep an incident open until it catches up. */
const believable = (atMs: number, nowMs: number): number =>
  atMs > nowMs + skewMsMax ? nowMs : atMs;

function observe(
  incident: Incident,
  observation: Observation,
  context: LifecycleContext,
): Incident {
  if (observation.type === 'occurred') return occur(incident, observation, context);
  if (incident.status !== 'open' || observation.type === 'tick') return incident;
  const atMs = believable(observation.atMs, context.nowMs);
  switch (observation.type) {
    case 'worsened':
      return worsen(withFacts(incident, observation.facts, atMs), observation, context);
    case 'eased':
      return { ...withFacts(incident, observation.facts, atMs), worseSinceMs: undefined };
    case 'well':
      return recover(
        withFacts(incident, observation.facts, atMs),
        observation.reason,
        context,
        atMs,
      );
    case 'unwell':
      return atMs < (incident.wellSinceMs ?? atMs)
        ? incident
        : { ...incident, wellSinceMs: undefined };
    case 'noted':
      return withFacts(incident, observation.facts, atMs);
    case 'superseded':
      // A straggler of the old deployment came after it: whoever still sees it over says so again.
      return atMs < newestAtMs(incident) ? incident : end(incident, 'superseded', context, atMs);
    case 'acknowledged':
      return acknowledge(incident, observation.by, atMs);
  }
}

const acknowledge = (incident: Incident, by: string, atMs: number): Incident =>
  incident.acknowledged === undefined
    ? { ...incident, acknowledged: { by: by.slice(0, wordCharsMax), atMs } }
    : incident;

const newestAtMs = ({ occurrences, firstAtMs }: Incident): number =>
  occurrences.at(-1)?.atMs ?? firstAtMs;

function withFacts(incident: Incident, facts: Facts | undefined, atMs: number): Incident {
  if (facts === undefined) return incident;
  const merged = mergeFacts({ facts: incident.facts, times: incident.factTimes }, facts, atMs);
  return { ...incident, facts: merged.facts, factTimes: merged.times };
}

type Occurred = Extract<Observation, { readonly type: 'occurred' }>;

function occur(incident: Incident, observation: Occurred, context: LifecycleContext): Incident {
  const { policy, nowMs } = context;
  const atMs = believable(observation.occurrence.atMs, nowMs);
  if (nowMs - atMs > policy.staleMs) return incident;
  if (incident.boundaryMs !== undefined && atMs <= incident.boundaryMs) return incident;
  const counted = addOccurrence(incident, { ...observation.occurrence, atMs });
  const added = withFacts({ ...incident, ...counted }, observation.facts, atMs);
  switch (incident.status) {
    case 'open':
      return raise(stillOpen(added, incident, context), observation.severity, context);
    case 'watching': {
      const severity = graver(incident.severity, observation.severity);
      return opened({ ...added, severity, firstAtMs: earliestAtMs(added) }, severity, context);
    }
    case 'resolved':
      // No deployment comes back: what still stops of this one is history, and no new trouble.
      return incident.resolution === 'superseded'
        ? incident
        : opened(added, observation.severity, context);
  }
}

const earliestAtMs = (incident: Incident): number =>
  Math.min(incident.firstAtMs, incident.occurrences[0]?.atMs ?? incident.firstAtMs);

/** What one more occurrence means for an open incident, wherever in time it belongs. */
function stillOpen(added: Incident, before: Incident, { policy }: LifecycleContext): Incident {
  const openedAtMs = before.openedAtMs ?? before.firstAtMs;
  const isAfter = newestAtMs(added) > (before.wellSinceMs ?? Number.POSITIVE_INFINITY);
  return {
    ...added,
    firstAtMs: earliestAtMs(added),
    openedAtMs: Math.min(openedAtMs, thresholdAtMs(added.occurrences, policy) ?? openedAtMs),
    wellSinceMs: isAfter ? undefined : before.wellSinceMs,
  };
}

/** When the first of the thresholds was reached. */
function thresholdAtMs(
  occurrences: readonly Occurrence[],
  { opensAt, opensSlowlyAt }: IncidentPolicy,
): number | undefined {
  const times = [opensAt, ...(opensSlowlyAt === undefined ? [] : [opensSlowlyAt])].flatMap(
    (threshold) => reachedAtMs(occurrences, threshold) ?? [],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Opens what has reached its threshold since it last ended; a reopened one keeps its thread. */
function opened(incident: Incident, severity: Severity, context: LifecycleContext): Incident {
  const { resolvedAtMs } = incident;
  const occurrences = incident.occurrences.filter(
    ({ atMs }) => atMs > (resolvedAtMs ?? Number.NEGATIVE_INFINITY),
  );
  const openedAtMs = thresholdAtMs(occurrences, context.policy);
  if (openedAtMs === undefined) return incident;
  // An end that nobody was told of has not happened: what was said before still stands.
  const wasOpen = resolvedAtMs !== undefined && incident.outbox.length > 0;
  const isSameThread =
    wasOpen || (resolvedAtMs !== undefined && openedAtMs - resolvedAtMs <= reopenMs);
  return tell(
    {
      ...incident,
      id: isSameThread ? incident.id : incidentIdOf(context.key, openedAtMs),
      status: 'open',
      severity: wasOpen ? graver(incident.severity, severity) : severity,
      firstAtMs: occurrences[0]?.atMs ?? openedAtMs,
      openedAtMs,
      resolvedAtMs: undefined,
      resolution: undefined,
      boundaryMs: resolvedAtMs,
      wellSinceMs: undefined,
      worseSinceMs: undefined,
      count: isSameThread ? incident.count : occurrences.length,
      occurrences,
      foldedInto: undefined,
      acknowledged: undefined,
      told: wasOpen ? incident.told : undefined,
      digestedAtMs: undefined,
    },
    'open',
    context,
  );
}

function worsen(
  incident: Incident,
  { atMs, severity }: { readonly atMs: number; readonly severity: Severity },
  context: LifecycleContext,
): Incident {
  const worseSinceMs = Math.min(incident.worseSinceMs ?? atMs, atMs);
  const lasted = { ...incident, worseSinceMs };
  return atMs - worseSinceMs >= context.policy.escalatesAfterMs
    ? raise(lasted, severity, context)
    : lasted;
}

/** Escalates what turned out graver than it was told; whoever acknowledged it did not know. */
function raise(incident: Incident, severity: Severity, context: LifecycleContext): Incident {
  if (!isGraver(severity, incident.severity)) return incident;
  return tell({ ...incident, severity, acknowledged: undefined }, 'escalate', context);
}

function recover(
  incident: Incident,
  reason: string,
  context: LifecycleContext,
  atMs: number,
): Incident {
  // Seen before the latest of what happened: it says nothing about now.
  if (atMs < newestAtMs(incident)) return incident;
  const wellSinceMs = incident.wellSinceMs ?? atMs;
  const well = { ...incident, wellSinceMs, worseSinceMs: undefined };
  const quietSinceMs = Math.max(wellSinceMs, newestAtMs(incident));
  return atMs - quietSinceMs >= context.policy.wellMs ? end(well, reason, context, atMs) : well;
}

function end(
  incident: Incident,
  reason: string,
  context: LifecycleContext,
  resolvedAtMs: number,
): Incident {
  const resolution = reason.slice(0, wordCharsMax);
  return tell({ ...incident, status: 'resolved', resolvedAtMs, resolution }, 'resolve', context);
}

/** Puts the message of a transition on the incident, unless others speak for it. */
function tell(
  incident: Incident,
  transition: 'open' | 'escalate' | 'resolve',
  { policy, nowMs }: LifecycleContext,
): Incident {
  if (transition === 'resolve') {
    // A storm tells the end of its members; a thread or a page of one's own is closed by its own name.
    const isOwn = incident.foldedInto === undefined || hasThread(incident);
    const isKnown = incident.told !== undefined || incident.outbox.length > 0;
    return isOwn && isKnown ? notify(incident, 'resolve', nowMs, nowMs) : incident;
  }
  // `info` goes to the daily digest, which lists what is open.
  if (incident.foldedInto !== undefined || incident.severity === 'info') return incident;
  const holdMs = incident.severity === 'critical' ? policy.pageHoldMs : policy.cardHoldMs;
  return notify(incident, transition, nowMs + holdMs, nowMs);
}

const hasThread = ({ told }: Incident): boolean => told !== undefined && told.onlyInDigest !== true;

/** What time alone does to an open incident. */
function settle(incident: Incident, context: LifecycleContext): Incident {
  if (incident.status !== 'open') return incident;
  const { nowMs, policy } = context;
  const quietSinceMs = Math.max(newestAtMs(incident), incident.openedAtMs ?? 0);
  if (nowMs - quietSinceMs >= policy.expiresMs) return end(incident, 'expired', context, nowMs);
  return remind(incident, context);
}

/** An update for facts that changed, or a reminder after long silence; few, and far between. */
function remind(incident: Incident, { nowMs, policy }: LifecycleContext): Incident {
  const { told, facts, outbox } = incident;
  if (told === undefined || outbox.length > 0 || told.updates >= updatesMax) return incident;
  if (incident.acknowledged !== undefined || incident.foldedInto !== undefined) return incident;
  const isChanged = policy.materialFacts.some((name) => facts[name] !== told.facts[name]);
  if (isChanged) {
    return notify(incident, 'update', Math.max(nowMs, told.atMs + updateMsMin), nowMs);
  }
  const isLongAgo = nowMs - told.atMs >= reminderMs && policy.reminds !== false;
  return isLongAgo ? notify(incident, 'update', nowMs, nowMs) : incident;
}
