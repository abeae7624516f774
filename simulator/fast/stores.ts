import type { EvidenceStore } from '../../shared/aws/evidence-store.ts';
import type { GateItem, GateStore } from '../../shared/aws/gate-store.ts';
import type { Memory, MemoryStore } from '../../shared/aws/memory-store.ts';
import type { CountCall } from './incident-store.ts';

/** Gates by deployment, stage and configuration; a write is one only if its call or its gate is a later one. */
export function createFastGateStore(items: Map<string, GateItem>, count: CountCall): GateStore {
  return {
    async load(deploymentArn, stage) {
      count('Query');
      return [...items.values()]
        .filter((item) => item.deploymentArn === deploymentArn && item.stage === stage)
        .sort((a, b) => (a.configHash < b.configHash ? -1 : 1));
    },
    async save(item) {
      count('UpdateItem');
      const key = JSON.stringify([item.deploymentArn, item.stage, item.configHash]);
      const before = items.get(key);
      if (before !== undefined && !isLater(item, before)) return false;
      const { answer: _, ...kept } = before ?? item;
      items.set(key, { ...kept, ...item });
      return true;
    },
  };
}

/** A gate that has answered is over: what comes after it began later. */
const isLater = (item: GateItem, before: GateItem): boolean =>
  before.answer === undefined ? item.calls > before.calls : item.startedAtMs > before.startedAtMs;

export type Evidence = Parameters<EvidenceStore['putEvidence']>[0];

export const createFastEvidenceStore = (
  kept: Map<string, Evidence>,
  count: CountCall,
): EvidenceStore => ({
  async putEvidence(evidence) {
    count('PutItem');
    const { cluster, service, atMs, deploymentId, stage } = evidence;
    kept.set(JSON.stringify([cluster, service, atMs, deploymentId, stage]), evidence);
  },
});

/** Memories of a partition by name, and as they are listed until one is written. */
type Partition = {
  readonly byName: Map<string, Memory>;
  listed: { readonly memories: readonly Memory[]; readonly pages: number } | undefined;
};

/** By the key of the partition. */
export type Memories = Map<string, Partition>;

/** Letters of an answer of DynamoDB; more of them take another page. */
const pageCharsMax = 1_000_000;

/** Memories with the condition of the real store: a write is one on the version that was read. */
export const createFastMemoryStore = (kept: Memories, count: CountCall): MemoryStore => ({
  async list(partition) {
    const found = partitionOf(kept, partition);
    found.listed ??= listed([...found.byName.values()]);
    const { memories, pages } = found.listed;
    for (let read = 0; read < pages; read += 1) count('Query');
    return memories;
  },
  async save({ partition, name }, json, version) {
    count('PutItem');
    const found = partitionOf(kept, partition);
    if ((found.byName.get(name)?.version ?? 0) !== version) return false;
    found.byName.set(name, { name, json, version: version + 1 });
    found.listed = undefined;
    return true;
  },
});

function partitionOf(kept: Memories, key: string): Partition {
  const found = kept.get(key) ?? { byName: new Map<string, Memory>(), listed: undefined };
  kept.set(key, found);
  return found;
}

function listed(memories: readonly Memory[]): NonNullable<Partition['listed']> {
  const chars = memories.reduce((sum, { json }) => sum + json.length, 0);
  return {
    memories: memories.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    pages: Math.floor(chars / pageCharsMax) + 1,
  };
}
