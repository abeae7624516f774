import type { ClusterMemory } from './cluster-change.ts';
import { type DensitySample, figureSentence, type SeriesVerdict } from './density-series.ts';
import type { Facts, IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';
import { standingOccurrence } from './standing.ts';

export type DensityObservation = {
  readonly key: IncidentKey;
  readonly observation: Observation;
};

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
    const occurrence = standingOccurrence(cluster, sinceMs, nowMs);
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
