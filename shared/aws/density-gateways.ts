import { ECSClient } from '@aws-sdk/client-ecs';
import type { Clock } from '../runtime/clock.ts';
import { lazy } from '../runtime/lazy.ts';
import type { ClientSettings } from './clients.ts';
import { createClusterReads } from './cluster-reads.ts';
import type { Ec2SubnetReads } from './ec2-subnet-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { IncidentRecords } from './incident-record.ts';
import type { MemoryStore } from './memory-store.ts';
import { createReadLimiter } from './read-limiter.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { createSnapshotReader } from './snapshot-take.ts';

export type DensityGateways = {
  readonly snapshots: SnapshotReader;
  readonly memories: MemoryStore;
  readonly incidents: IncidentRecords;
};

const notAllowed = (operation: string) => (): Promise<never> =>
  Promise.reject(new Error(`density does not ask for ${operation}`));

/** The gateways of density: what it reads of ECS is all that its role allows. */
export const createDensityGateways = (
  settings: ClientSettings,
  { tableName, clock }: { readonly tableName: string; readonly clock: Clock },
): DensityGateways => {
  // The limiter is the one that tries again.
  const ecs: EcsReads = {
    ...createClusterReads(new ECSClient({ ...settings, maxAttempts: 1 })),
    describeServiceDeployments: notAllowed('ecs:DescribeServiceDeployments'),
    getTaskProtection: notAllowed('ecs:GetTaskProtection'),
  };
  const ec2 = lazy<Ec2SubnetReads>(['describeSubnets'], async () =>
    (await import('./ec2-subnet-reads.ts')).openEc2SubnetReads({ ...settings, maxAttempts: 1 }),
  );
  return {
    snapshots: createSnapshotReader({ ecs, ec2 }, { limiter: createReadLimiter(clock), clock }),
    memories: lazy<MemoryStore>(['list', 'save'], async () =>
      (await import('./memory-store.ts')).openMemoryStore(settings, tableName),
    ),
    incidents: lazy<IncidentRecords>(['get', 'save'], async () =>
      (await import('./incident-record.ts')).openIncidentRecords(settings, tableName),
    ),
  };
};
