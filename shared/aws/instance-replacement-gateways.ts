import type { Clock } from '../runtime/clock.ts';
import { lazy } from '../runtime/lazy.ts';
import type { ClientSettings } from './clients.ts';
import type { Ec2Reads } from './ec2-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { IncidentRecords, SubjectIncidents } from './incident-record.ts';
import { createInstanceReader, type InstanceReader } from './instance-reads.ts';
import type { MemoryStore } from './memory-store.ts';
import { createReadLimiter } from './read-limiter.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { createSnapshotReader } from './snapshot-take.ts';

export type InstanceReplacementGateways = {
  readonly incidents: IncidentRecords;
  readonly subjects: SubjectIncidents;
  readonly memories: MemoryStore;
  readonly snapshots: SnapshotReader;
  readonly instances: InstanceReader;
};

/**
 * The gateways of instance-replacement. Snapshots are read from ECS and EC2 alone, so that the role
 * needs nothing else; each client is loaded when it is first needed, and the limiter, one for both
 * readers, tries again.
 */
export function createInstanceReplacementGateways(
  settings: ClientSettings,
  tableName: string,
  clock: Clock,
): InstanceReplacementGateways {
  const once: ClientSettings = { ...settings, maxAttempts: 1 };
  const ecs = lazy<EcsReads>(
    [
      ...(['listTasks', 'describeTasks', 'listServices', 'describeServices'] as const),
      ...(['listContainerInstances', 'describeContainerInstances'] as const),
      ...(['describeCapacityProviders', 'describeServiceDeployments'] as const),
      'getTaskProtection',
    ],
    async () => (await import('./ecs-reads.ts')).openEcsReads(once),
  );
  const ec2 = lazy<Ec2Reads>(
    [
      ...(['describeInstances', 'describeSubnets'] as const),
      ...(['describeInstanceTypes', 'describeInstanceEventWindows'] as const),
    ],
    async () => (await import('./ec2-reads.ts')).openEc2Reads(once),
  );
  const limiter = createReadLimiter(clock);
  return {
    incidents: lazy<IncidentRecords>(['get', 'save'], async () =>
      (await import('./incident-record.ts')).openIncidentRecords(settings, tableName),
    ),
    subjects: lazy<SubjectIncidents>(['of'], async () =>
      (await import('./incident-record.ts')).openSubjectIncidents(settings, tableName),
    ),
    memories: lazy<MemoryStore>(['list', 'save'], async () =>
      (await import('./memory-store.ts')).openMemoryStore(settings, tableName, clock),
    ),
    snapshots: createSnapshotReader({ ecs, ec2 }, { limiter, clock }),
    instances: createInstanceReader(ecs, limiter),
  };
}
