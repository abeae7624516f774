import type { DensityAnomalyFacts } from './alert-facts.ts';
import type { ClusterChange, ClusterMemory } from './cluster-change.ts';
import { type DensitySample, figureSentence, type SeriesVerdict } from './density-series.ts';
import type { Facts, IncidentKey } from './incident.ts';
import { hashOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { standingOccurrence } from './standing.ts';

export type DensityObservation = {
  readonly key: IncidentKey;
  readonly observation: Observation;
};

/** One series of one look, and what was made of it. */
export type FollowedSample = { readonly sample: DensitySample; readonly verdict: SeriesVerdict };

type Unusual = Extract<SeriesVerdict, { readonly kind: 'act' }> & {
  readonly sample: DensitySample;
};

/** What a look knows of the cluster, and of what was told of it before. */
export type AnomalyContext = {
  readonly cluster: string;
  readonly nowMs: number;
  readonly memory: ClusterMemory;
  /** What the incident has been told last, see {@link AnomalyStep}. */
  readonly said: string | undefined;
};

export type AnomalyStep = {
  /** Since when an incident is open. */
  readonly toldSinceMs: number | undefined;
  /** Hash of the facts that the incident has, and of how often it has occurred. */
  readonly said: string | undefined;
  readonly observations: readonly DensityObservation[];
  /** What is unusual and opened nothing: fewer instances. */
  readonly untold: readonly DensitySample[];
};

/**
 * What one look says of the cluster's series: one incident a cluster, because figures move together.
 * It tells a lost zone first, else the figure of concern that is unusual for longest, and names what
 * changed before, and what would explain it but has lasted for too long; what is of no concern by itself
 * opens none. `wasTold`: since when an incident is open. It ends when no series is unusual any more.
 */
export function observeAnomalies(
  wasTold: number | undefined,
  followed: readonly FollowedSample[],
  context: AnomalyContext,
): AnomalyStep {
  const { cluster, nowMs } = context;
  const key: IncidentKey = {
    cluster,
    subject: { type: 'cluster', name: cluster },
    kind: 'density-anomaly',
    cause: 'density-unusual',
    deploymentId: undefined,
  };
  const unusual = followed
    .flatMap(({ sample, verdict }): readonly Unusual[] =>
      verdict.kind === 'act' ? [{ sample, ...verdict }] : [],
    )
    .sort((a, b) => rankOf(a) - rankOf(b) || a.sinceMs - b.sinceMs);
  const [first] = unusual;
  if (first !== undefined && (wasTold !== undefined || isOfConcern(first))) {
    const sinceMs = wasTold ?? Math.min(...unusual.filter(isOfConcern).map((one) => one.sinceMs));
    const { said, observations } = toldOf(first, unusual, sinceMs, context);
    return {
      toldSinceMs: sinceMs,
      said,
      observations: observations.map((observation) => ({ key, observation })),
      untold: [],
    };
  }
  if (wasTold === undefined) {
    const untold = unusual.map(({ sample }) => sample);
    return { toldSinceMs: undefined, said: undefined, observations: [], untold };
  }
  // A figure that something explains now, or that just came back, keeps the incident open.
  const isOver = followed.every(({ verdict }) => verdict.kind === 'ignore');
  return {
    toldSinceMs: isOver ? undefined : wasTold,
    said: isOver ? undefined : context.said,
    observations: isOver
      ? [{ key, observation: { type: 'well', atMs: nowMs, reason: 'density-usual' } }]
      : [],
    untold: [],
  };
}

/** It stands, and its facts where they are others than before: those of now, not those of its day. */
function toldOf(
  first: Unusual,
  unusual: readonly Unusual[],
  sinceMs: number,
  { cluster, nowMs: atMs, memory, said: before }: AnomalyContext,
): { readonly said: string; readonly observations: readonly Observation[] } {
  const facts = factsOf(first, unusual, memory);
  const occurrence = standingOccurrence(cluster, sinceMs, atMs);
  // Another one each time that it occurs again: that may open it anew, without any facts.
  const said = hashOf(JSON.stringify([facts, occurrence.id]));
  return {
    said,
    observations: [
      { type: 'occurred', severity: 'warn', occurrence },
      ...(said === before ? [] : [{ type: 'noted', atMs, facts } as const]),
    ],
  };
}

/** Empty where there is no such thing: facts are merged, and what was so before would stay. */
function factsOf(first: Unusual, unusual: readonly Unusual[], memory: ClusterMemory): Facts {
  const { figure, group, value } = first.sample;
  const others = unusual
    .filter((one) => one !== first)
    .map(({ sample: one, usual }) =>
      inGroup(figureSentence(one.figure, one.value, usual), one.group, group),
    );
  const outlasts = first.outlasts ?? unusual.find((one) => one.outlasts !== undefined)?.outlasts;
  const changes = memory.changes.filter((change) => change !== outlasts).map(wordsOf);
  const facts: Required<DensityAnomalyFacts> = {
    figure: figureSentence(figure, value, first.usual),
    group: group ?? '',
    others: others.slice(0, namedMax).join('; '),
    outlasts: outlasts === undefined ? '' : wordsOf(outlasts),
    changed: changes.slice(0, namedMax).join('; '),
  };
  return facts;
}

/**
 * Whether a figure is worth opening an incident for. Fewer instances than usual are not, by themselves:
 * what they may do harm to is followed too, as tasks per instance, reserved share, zones and
 * concentrations. A provider that a wave of replacements has packed closer costs less and hurts nobody.
 */
const isOfConcern = ({ sample: { figure, value }, usual }: Unusual): boolean =>
  figure !== 'instances' || value === 0 || value > usual.high;

/** What is told first: a lost zone is why other figures moved, and fewer instances tell the least. */
const rankOf = (one: Unusual): number =>
  one.sample.figure === 'zones' ? 0 : isOfConcern(one) ? 1 : 2;

const wordsOf = ({ cause, subject, detail }: ClusterChange): string =>
  [subject, cause.replaceAll('-', ' '), detail].filter((word) => word !== '').join(' ');

/** Further figures and changes that a text names. */
const namedMax = 3;

const inGroup = (text: string, group: string | undefined, told: string | undefined): string =>
  group === told ? text : `${group ?? 'cluster'} ${text}`;
