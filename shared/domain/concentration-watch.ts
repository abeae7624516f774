import type { Concentration } from './concentration.ts';
import { outlierAt } from './concentration.ts';
import type { DensityObservation } from './density-finding.ts';
import type { DensityOutlier } from './density-outlier.ts';
import { sampleGapMsMax } from './density-series.ts';
import type { Facts, IncidentKey, Severity } from './incident.ts';
import { hashOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { stormServicesMin } from './incident-policy.ts';
import { recordOf, valueIn } from './record.ts';
import type { PlacementStrategy } from './snapshot.ts';
import { standingOccurrence } from './standing.ts';

/** A service that hangs on one instance, for as long as it does. Plain JSON. */
export type ConcentrationState = {
  readonly sinceMs: number;
  /** Of the last look that found it so; missing in what an earlier release wrote. */
  readonly seenAtMs?: number;
  /** Whether an incident was opened for it. */
  readonly isTold: boolean;
  /** One of many that came to it in one look: `info`, for the digest. */
  readonly isOneOfMany?: boolean;
  /** Hash of the facts that the incident has. */
  readonly said?: string;
};
export type ConcentrationStates = Readonly<Record<string, ConcentrationState>>;

export type ConcentrationWatchPolicy = {
  /** Concentrated for so long before anybody is told. */
  readonly holdMs: number;
  /** Below this share it is over, whatever its zones; between the two nothing changes. */
  readonly clearShare: number;
};
export const defaultConcentrationWatchPolicy: ConcentrationWatchPolicy = {
  holdMs: 30 * 60_000,
  clearShare: 0.4,
};

/** Services remembered at most, the worst first: names of 255 characters stay within 32 KB. */
export const concentrationsMax = 80;

export type ConcentrationContext = {
  readonly cluster: string;
  readonly nowMs: number;
  readonly policy: ConcentrationWatchPolicy;
  /** The stack's limit, in percent, for the text. */
  readonly limitPercent: number;
  readonly isWatched: (service: string) => boolean;
  /** Whether uneven zones of the service are told by az-balance: then one card is enough. */
  readonly areZonesTold: (service: string) => boolean;
  /** Instances that hold far more than their peers. */
  readonly outliers: readonly DensityOutlier[];
};

/**
 * What one look says of services that hang on one instance. An instance that leaves is left out: its
 * tasks are on their way. A service that is gone, tagged off, or has too few tasks now, is no longer
 * concentrated. Where {@link stormServicesMin} of them come to be told in one look, as after a first
 * deployment of Ballast, they go to the digest; so does one that comes of uneven zones, until they are
 * even and it still hangs.
 */
export function observeConcentrations(
  before: ConcentrationStates,
  concentrations: readonly Concentration[],
  context: ConcentrationContext,
): { readonly states: ConcentrationStates; readonly observations: readonly DensityObservation[] } {
  const { nowMs, policy } = context;
  const byService = new Map(concentrations.map((one) => [one.service, one]));
  const concentrated = concentrations.filter(({ reason, isLeaving, service }) => {
    return reason === 'concentrated' && !isLeaving && context.isWatched(service);
  });
  const found = followable(before, concentrated).map((one) => {
    const state = { ...followed(valueIn(before, one.service), nowMs), seenAtMs: nowMs };
    return { one, state, isDue: !state.isTold && nowMs - state.sinceMs >= policy.holdMs };
  });
  const isOneOfMany = found.filter(({ isDue }) => isDue).length >= stormServicesMin;
  const opening = { isTold: true, ...(isOneOfMany ? { isOneOfMany } : {}) };
  const steps = found.map(({ one, state, isDue }) =>
    stepOf(one, isDue ? { ...state, ...opening } : state, context),
  );
  const seen = new Set(found.map(({ one }) => one.service));
  const others = Object.entries(before)
    .filter(([service, { isTold }]) => isTold && !seen.has(service))
    .map(([service, state]): Step => {
      const observations = [endOf(service, byService.get(service), context)];
      return { service, state, observations };
    });
  const all = [...steps, ...others];
  return {
    states: recordOf(all.map(({ service, state }) => [service, state] as const)),
    observations: all.flatMap(({ service, observations }) => {
      const key = concentrationKey(context.cluster, service);
      return observations.map((observation) => ({ key, observation }));
    }),
  };
}

/** Since when it is concentrated: what is not told yet begins anew where nobody knows of half an hour. */
const followed = (state: ConcentrationState | undefined, nowMs: number): ConcentrationState =>
  state === undefined ||
  (!state.isTold && state.seenAtMs !== undefined && nowMs - state.seenAtMs > sampleGapMsMax)
    ? { sinceMs: nowMs, isTold: false }
    : state;

type Step = {
  readonly service: string;
  readonly state: ConcentrationState;
  readonly observations: readonly Observation[];
};

/** What is said of one that is concentrated now. */
function stepOf(
  one: Concentration,
  state: ConcentrationState,
  context: ConcentrationContext,
): Step {
  const { service } = one;
  if (!state.isTold) return { service, state, observations: [] };
  const { nowMs: atMs } = context;
  const facts = factsOf(one, context);
  const said = hashOf(JSON.stringify(facts));
  const isToldOtherwise =
    state.isOneOfMany === true || (one.isZoneUneven && context.areZonesTold(service));
  const severity: Severity = isToldOtherwise ? 'info' : 'warn';
  const occurrence = standingOccurrence(service, state.sinceMs, atMs);
  return {
    service,
    state: { ...state, said },
    observations: [
      { type: 'occurred', severity, occurrence },
      ...(said === state.said ? [] : [{ type: 'noted', atMs, facts } as const]),
    ],
  };
}

/** Those that are told come before those that are not: what is remembered stays within its bound. */
function followable(
  before: ConcentrationStates,
  concentrated: readonly Concentration[],
): readonly Concentration[] {
  const isTold = (service: string): boolean => valueIn(before, service)?.isTold === true;
  const services = new Set(concentrated.map(({ service }) => service));
  const others = Object.keys(before).filter((name) => isTold(name) && !services.has(name)).length;
  const told = concentrated.filter(({ service }) => isTold(service));
  const fresh = concentrated.filter(({ service }) => !isTold(service));
  return [...told, ...fresh].slice(0, Math.max(concentrationsMax - others, 0));
}

/** Well, or between the two shares, where nothing changes; `now` is undefined where it is gone. */
function endOf(
  service: string,
  now: Concentration | undefined,
  context: ConcentrationContext,
): Observation {
  const { nowMs: atMs, policy } = context;
  if (!context.isWatched(service)) return { type: 'well', atMs, reason: 'tagged-off' };
  if (now === undefined) return { type: 'well', atMs, reason: 'spread' };
  const isOver =
    now.reason === 'even-over-zones' ||
    now.reason === 'too-few-tasks' ||
    (now.reason !== 'concentrated' && now.share < policy.clearShare);
  return isOver
    ? { type: 'well', atMs, reason: now.reason, facts: factsOf(now, context) }
    : { type: 'unwell', atMs };
}

const concentrationKey = (cluster: string, service: string): IncidentKey => ({
  cluster,
  subject: { type: 'service', name: service },
  kind: 'concentration',
  cause: 'concentrated',
  deploymentId: undefined,
});

/** As the CLI of AWS takes it: `type=spread,field=instanceId`. */
const strategyText = ({ type, field }: PlacementStrategy): string =>
  field === undefined ? `type=${type}` : `type=${type},field=${field}`;

function factsOf(one: Concentration, { limitPercent, outliers }: ConcentrationContext): Facts {
  const { desired, running, instance, onInstance, remaining, even, remedy, strategy } = one;
  const outlier = outlierAt(one, outliers);
  return {
    ...{ desired, running, instance, onInstance, remaining, limitPercent },
    ...(one.capacityProvider === undefined ? {} : { provider: one.capacityProvider }),
    ...(even === undefined ? {} : { zones: even.zones, evenTasks: even.tasksMax }),
    ...(remedy === undefined ? {} : { remedy }),
    // Empty where there is no such thing, as below.
    strategy: (strategy ?? []).map(strategyText).join(' '),
    controller: one.otherController ?? '',
    // 0 where it does not stand out: facts are merged, and what it was before would stay.
    instanceTasks: outlier?.tasks ?? 0,
    peerTasks: outlier?.peers ?? 0,
  };
}
