import type { EvidenceStore } from '../../shared/aws/evidence-store.ts';
import type { GateItem, GateStore } from '../../shared/aws/gate-store.ts';
import type { Memory, MemoryStore } from '../../shared/aws/memory-store.ts';
import type { CountCall } from './incident-store.ts';

/** Gates by deployment, stage and configuration; a write is one only if its call is a later one. */
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
      if (before !== undefined && before.calls >= item.calls) return false;
      items.set(key, { ...before, ...item });
      return true;
    },
  };
}

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

/** Memories by partition, then by name. */
export type Memories = Map<string, Map<string, Memory>>;

/** Letters of an answer of DynamoDB; more of them take another page. */
const pageCharsMax = 1_000_000;

/** Memories with the condition of the real store: a write is one on the version that was read. */
export const createFastMemoryStore = (kept: Memories, count: CountCall): MemoryStore => ({
  async list(partition) {
    const found = [...(kept.get(partition)?.values() ?? [])];
    const chars = found.reduce((sum, { json }) => sum + json.length, 0);
    for (let read = 0; read <= chars; read += pageCharsMax) count('Query');
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  async save({ partition, name }, json, version) {
    count('PutItem');
    const memories = kept.get(partition) ?? new Map<string, Memory>();
    if ((memories.get(name)?.version ?? 0) !== version) return false;
    kept.set(partition, memories.set(name, { name, json, version: version + 1 }));
    return true;
  },
});
