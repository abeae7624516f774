import type { Clock } from '../runtime/clock.ts';
import { lazy } from '../runtime/lazy.ts';
import type { AutoScalingReads } from './auto-scaling-reads.ts';
import type { ClientSettings } from './clients.ts';
import type { Ec2ZoneReads } from './ec2-zone-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { IncidentRecords } from './incident-record.ts';
import type { MemoryStore } from './memory-store.ts';
import { createReadLimiter } from './read-limiter.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { createSnapshotReader } from './snapshot-take.ts';
import type { TargetHealthReads } from './target-health-reads.ts';

export type AzBalanceGateways = {
  readonly snapshots: SnapshotReader;
  readonly incidents: IncidentRecords;
  readonly memories: MemoryStore;
};

/**
 * The gateways of az-balance, each client loaded when it is first needed. What they name is all that
 * the function can call: of EC2, where a task may go, and nothing of single instances.
 */
export function createAzBalanceGateways(
  settings: ClientSettings,
  { tableName }: { readonly tableName: string },
  clock: Clock,
): AzBalanceGateways {
  const once: ClientSettings = { ...settings, maxAttempts: 1 };
  const sources = {
    ecs: lazy<EcsReads>(
      [
        ...(['listTasks', 'describeTasks', 'listServices', 'describeServices'] as const),
        ...(['listContainerInstances', 'describeContainerInstances'] as const),
        ...(['describeCapacityProviders', 'describeServiceDeployments'] as const),
        'getTaskProtection',
      ],
      async () => (await import('./ecs-reads.ts')).openEcsReads(once),
    ),
    ec2: lazy<Ec2ZoneReads>(['describeSubnets', 'describeInstanceTypes'], async () =>
      (await import('./ec2-zone-reads.ts')).openEc2ZoneReads(once),
    ),
    autoScaling: lazy<AutoScalingReads>(['describeScalableTargets'], async () =>
      (await import('./auto-scaling-reads.ts')).openAutoScalingReads(once),
    ),
    targetHealth: lazy<TargetHealthReads>(['describeTargetHealth'], async () =>
      (await import('./target-health-reads.ts')).openTargetHealthReads(once),
    ),
  };
  return {
    snapshots: createSnapshotReader(sources, { limiter: createReadLimiter(clock), clock }),
    incidents: lazy<IncidentRecords>(['get', 'save'], async () =>
      (await import('./incident-record.ts')).openIncidentRecords(settings, tableName),
    ),
    memories: lazy<MemoryStore>(['list', 'save'], async () =>
      (await import('./memory-store.ts')).openMemoryStore(settings, tableName),
    ),
  };
}
