import type { ClusterMemory } from './cluster-change.ts';
import type { Concentration } from './density.ts';
import { type DensitySample, figureSentence, type SeriesVerdict } from './density-series.ts';
import type { Facts, IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';

export type DensityObservation = {
  readonly key: IncidentKey;
  readonly observation: Observation;
};

/** A finding that lasts: since when, and whether an incident was opened for it. Plain JSON. */
export type FindingState = { readonly sinceMs: number; readonly isTold: boolean };
export type FindingStates = Readonly<Record<string, FindingState>>;

export type ConcentrationPolicy = {
  /** Concentrated for so long before anybody is told. */
  readonly holdMs: number;
  /** Below this share it is over; between the two nothing changes. */
  readonly clearShare: number;
};
export const defaultConcentrationPolicy: ConcentrationPolicy = {
  holdMs: 30 * 60_000,
  clearShare: 0.4,
};

/** Findings remembered at most; the worst come first. */
export const findingsMax = 200;

const dayMs = 24 * 3_600_000;
/** One occurrence a day: an incident that lasts does not expire, and a repeated run changes nothing. */
const occurrenceIdOf = (subject: string, sinceMs: number, nowMs: number): string =>
  `${subject}/${sinceMs}/${Math.floor((nowMs - sinceMs) / dayMs)}`;

/**
 * What one look says of services that hang on one instance. An instance that leaves is left out: its
 * tasks are on their way. A service that is gone, or has too few tasks now, is no longer concentrated.
 */
export function observeConcentrations(
  before: FindingStates,
  concentrations: readonly Concentration[],
  context: {
    readonly cluster: string;
    readonly nowMs: number;
    readonly policy: ConcentrationPolicy;
    readonly isWatched: (service: string) => boolean;
  },
): { readonly states: FindingStates; readonly observations: readonly DensityObservation[] } {
  const { nowMs, policy } = context;
  const byService = new Map(concentrations.map((one) => [one.service, one]));
  const found = concentrations
    .filter(({ reason, isLeaving, service }) => {
      return reason === 'concentrated' && !isLeaving && context.isWatched(service);
    })
    .slice(0, findingsMax);
  const states = new Map<string, FindingState>();
  const observations: DensityObservation[] = [];
  const observe = (service: string, observation: Observation): void => {
    observations.push({ key: concentrationKey(context.cluster, service), observation });
  };
  for (const one of found) {
    const sinceMs = before[one.service]?.sinceMs ?? nowMs;
    const isLong = nowMs - sinceMs >= policy.holdMs;
    const isTold = isLong || before[one.service]?.isTold === true;
    states.set(one.service, { sinceMs, isTold });
    if (isTold) observe(one.service, occurred(one, sinceMs, nowMs));
  }
  for (const [service, state] of Object.entries(before)) {
    if (!state.isTold || states.has(service)) continue;
    states.set(service, state);
    observe(service, endOf(byService.get(service), nowMs, policy));
  }
  return { states: Object.fromEntries(states), observations };
}

/** Well, or between the two shares, where nothing changes; `now` is undefined where it is gone. */
function endOf(
  now: Concentration | undefined,
  atMs: number,
  { clearShare }: ConcentrationPolicy,
): Observation {
  if (now === undefined) return { type: 'well', atMs, reason: 'spread' };
  const isWell = now.reason !== 'concentrated' && now.share < clearShare;
  return isWell
    ? { type: 'well', atMs, reason: 'spread', facts: factsOf(now) }
    : { type: 'unwell', atMs };
}

const concentrationKey = (cluster: string, service: string): IncidentKey => ({
  cluster,
  subject: { type: 'service', name: service },
  kind: 'concentration',
  cause: 'concentrated',
  deploymentId: undefined,
});

const occurred = (one: Concentration, sinceMs: number, nowMs: number): Observation => ({
  type: 'occurred',
  severity: 'warn',
  occurrence: { id: occurrenceIdOf(one.service, sinceMs, nowMs), atMs: sinceMs },
  facts: factsOf(one),
});

const factsOf = ({ desired, running, instance, onInstance, remaining }: Concentration): Facts => ({
  desired,
  running,
  instance,
  onInstance,
  remaining,
});

/** One series of one look, and what was made of it. */
export type FollowedSample = { readonly sample: DensitySample; readonly verdict: SeriesVerdict };

/**
 * What one look says of the cluster's series: one incident a cluster, because figures move together.
 * It tells the figure that is unusual for longest and names what changed before. `wasTold`: since when
 * an incident is open. It ends when no series is unusual any more.
 */
export function observeAnomalies(
  wasTold: number | undefined,
  followed: readonly FollowedSample[],
  {
    cluster,
    nowMs,
    memory,
  }: { readonly cluster: string; readonly nowMs: number; readonly memory: ClusterMemory },
): {
  readonly toldSinceMs: number | undefined;
  readonly observations: readonly DensityObservation[];
} {
  const key: IncidentKey = {
    cluster,
    subject: { type: 'cluster', name: cluster },
    kind: 'density-anomaly',
    cause: 'density-unusual',
    deploymentId: undefined,
  };
  const unusual = followed
    .flatMap(({ sample, verdict }) => (verdict.kind === 'act' ? [{ sample, ...verdict }] : []))
    .sort((a, b) => a.sinceMs - b.sinceMs);
  const [first] = unusual;
  if (first !== undefined) {
    const sinceMs = wasTold ?? first.sinceMs;
    const { figure, group, value } = first.sample;
    const others = unusual
      .slice(1)
      .map(({ sample: one, usual }) =>
        inGroup(figureSentence(one.figure, one.value, usual), one.group, group),
      );
    const changes = memory.changes.map(({ cause, subject, detail }) =>
      [subject, cause.replaceAll('-', ' '), detail].filter((word) => word !== '').join(' '),
    );
    const facts: Facts = {
      figure: figureSentence(figure, value, first.usual),
      ...(group === undefined ? {} : { group }),
      ...(others.length === 0 ? {} : { others: others.slice(0, namedMax).join('; ') }),
      ...(changes.length === 0 ? {} : { changed: changes.slice(0, namedMax).join('; ') }),
    };
    const occurrence = { id: occurrenceIdOf(cluster, sinceMs, nowMs), atMs: sinceMs };
    return {
      toldSinceMs: sinceMs,
      observations: [
        { key, observation: { type: 'occurred', severity: 'warn', occurrence, facts } },
      ],
    };
  }
  if (wasTold === undefined) return { toldSinceMs: undefined, observations: [] };
  // A figure that something explains now, or that just came back, keeps the incident open.
  const isOver = followed.every(({ verdict }) => verdict.kind === 'ignore');
  return {
    toldSinceMs: isOver ? undefined : wasTold,
    observations: isOver
      ? [{ key, observation: { type: 'well', atMs: nowMs, reason: 'density-usual' } }]
      : [],
  };
}

/** Further figures and changes that a text names. */
const namedMax = 3;

const inGroup = (text: string, group: string | undefined, told: string | undefined): string =>
  group === told ? text : `${group ?? 'cluster'} ${text}`;
