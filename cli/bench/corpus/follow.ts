import {
  type ClusterMemory,
  emptyClusterMemory,
  rememberCluster,
} from '../../../shared/domain/cluster-change.ts';
import { type FollowedSample, observeAnomalies } from '../../../shared/domain/density-finding.ts';
import {
  type DensitySample,
  defaultSeriesPolicy,
  emptySeriesState,
  followSeries,
  type SeriesState,
  type SeriesVerdict,
} from '../../../shared/domain/density-series.ts';
import type { RecordedRun } from './record.ts';

/** Follows all series of one cluster; made anew for each run. */
export type Follower = (
  sample: DensitySample,
  context: { readonly nowMs: number; readonly memory: ClusterMemory },
) => SeriesVerdict;

/** The detector as the density function uses it. */
export const followOurs = (): Follower =>
  perSeries<SeriesState>(emptySeriesState, (state, sample, { nowMs, memory }) =>
    followSeries(state, sample, { nowMs, cluster: memory, policy: defaultSeriesPolicy }),
  );

/** Keeps a state for each series. */
export function perSeries<State>(
  empty: State,
  step: (
    state: State,
    ...seen: Parameters<Follower>
  ) => { readonly state: State; readonly verdict: SeriesVerdict },
): Follower {
  const states = new Map<string, State>();
  return (sample, context) => {
    const name = `${sample.group ?? ''}/${sample.figure}`;
    const { state, verdict } = step(states.get(name) ?? empty, sample, context);
    states.set(name, state);
    return verdict;
  };
}

/** When the one incident of a run's cluster opens, with what it says. */
export function openingsOf(
  { looks }: RecordedRun,
  follower: Follower,
): readonly { readonly atMs: number; readonly figure: string }[] {
  let memory = emptyClusterMemory;
  let toldSinceMs: number | undefined;
  const openings: { readonly atMs: number; readonly figure: string }[] = [];
  for (const { atMs, samples, seen } of looks) {
    memory = rememberCluster(memory, seen);
    const context = { nowMs: atMs, memory };
    const followed = samples.map(
      (sample): FollowedSample => ({ sample, verdict: follower(sample, context) }),
    );
    const wasTold = toldSinceMs;
    const place = { cluster: 'corpus', nowMs: atMs, memory, said: undefined };
    const told = observeAnomalies(wasTold, followed, place);
    toldSinceMs = told.toldSinceMs;
    if (wasTold !== undefined || toldSinceMs === undefined) continue;
    for (const { observation } of told.observations) {
      if (observation.type !== 'noted') continue;
      openings.push({ atMs, figure: String(observation.facts.figure) });
    }
  }
  return openings;
}
