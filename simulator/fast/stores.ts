import type { EvidenceStore } from '../../shared/aws/evidence-store.ts';
import type { GateItem, GateStore } from '../../shared/aws/gate-store.ts';
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
