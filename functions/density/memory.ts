import type { Memory, MemoryStore } from '../../shared/aws/memory-store.ts';
import { type ClusterMemory, emptyClusterMemory } from '../../shared/domain/cluster-change.ts';
import { clusterWithin } from '../../shared/domain/cluster-memory.ts';
import type { ConcentrationStates } from '../../shared/domain/concentration-watch.ts';
import type { GroupSeries } from '../../shared/domain/density-series.ts';
import { memoryCharsMax } from '../../shared/domain/memory-size.ts';
import { densityPartitionOf, type WeekState } from '../../shared/domain/week-findings.ts';

/** What density remembers of a cluster as a whole. */
export type ClusterState = {
  readonly form: typeof memoryForm;
  readonly cluster: ClusterMemory;
  readonly concentrations: ConcentrationStates;
  /** Since when an anomaly is told. */
  readonly anomalySinceMs?: number | undefined;
  /** Hash of what its incident was told last. */
  readonly anomalySaid?: string | undefined;
};

/** What it remembers of the series of one provider, or of the cluster. */
export type GroupState = {
  readonly form: typeof memoryForm;
  readonly series: GroupSeries;
  /** For the weekly digest, which task-state tells; of a provider only. */
  readonly week?: WeekState;
};

/** Grows when what an earlier release wrote can no longer be read: then density learns anew. */
export const memoryForm = 3;

export const emptyClusterState: ClusterState = {
  form: memoryForm,
  cluster: emptyClusterMemory,
  concentrations: {},
};
export const emptyGroupState: GroupState = { form: memoryForm, series: {} };

/** The state as it can be saved: what it remembers of changes gives way where it is too long. */
export function fittingState(state: ClusterState, nowMs: number): ClusterState {
  const others = charsOf(state) - charsOf(state.cluster);
  return { ...state, cluster: clusterWithin(state.cluster, memoryCharsMax - others, nowMs) };
}

const charsOf = (kept: ClusterState | ClusterMemory): number => JSON.stringify(kept).length;

/** A provider that was not seen for so long is forgotten. */
const keptMs = 35 * 24 * 3_600_000;

export const clusterMemoryName = 'cluster';
export const groupMemoryName = (group: string | undefined): string =>
  group === undefined ? 'series' : `series#${group}`;

/** The memories of a cluster, read once; each is written back over the version that was read. */
export async function openMemories(store: MemoryStore, cluster: string, nowMs: number) {
  const partition = densityPartitionOf(cluster);
  const known = new Map((await store.list(partition)).map((one) => [one.name, one]));
  const groups = new Map<string, GroupState>();
  return {
    cluster: (): ClusterState => read(known.get(clusterMemoryName)) ?? emptyClusterState,
    group: (name: string): GroupState => {
      const state = groups.get(name) ?? read(known.get(name)) ?? emptyGroupState;
      groups.set(name, state);
      return state;
    },
    /** False where another run was faster: then this one leaves nothing behind. */
    save: (name: string, state: ClusterState | GroupState): Promise<boolean> =>
      store.save(
        { partition, name },
        JSON.stringify(state),
        known.get(name)?.version ?? 0,
        nowMs + keptMs,
      ),
  };
}

/** Undefined where there is none of this form. */
function read<State extends { readonly form: number }>(
  memory: Memory | undefined,
): State | undefined {
  if (memory === undefined) return undefined;
  const state: State = JSON.parse(memory.json);
  return state.form === memoryForm ? state : undefined;
}
