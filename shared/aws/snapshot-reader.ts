import type { Snapshot } from '../domain/snapshot.ts';
import type { Clock } from '../runtime/clock.ts';
import { lazy } from '../runtime/lazy.ts';
import type { AutoScalingReads } from './auto-scaling-reads.ts';
import type { ClientSettings } from './clients.ts';
import type { Ec2Reads } from './ec2-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { ReadLimiter } from './read-limiter.ts';
import type { SnapshotMaking } from './snapshot-making.ts';
import { createSnapshotReader } from './snapshot-take.ts';
import type { SnapshotSources, SnapshotWants } from './snapshot-wants.ts';
import type { TargetHealthReads } from './target-health-reads.ts';

/**
 * Reads what a cluster looks like now. What cannot be read is a gap in the snapshot. Rejects with
 * `ClusterNotFound` or `CredentialsUnusable` of `snapshot-reading.ts`, or the signal's reason.
 */
export type SnapshotReader = {
  read(clusterArn: string, wants: SnapshotWants, signal?: AbortSignal): Promise<Snapshot>;
};

export type SnapshotReaderDeps = {
  readonly limiter: ReadLimiter;
  readonly clock: Clock;
  /** Pages of one list that are read at most. */
  readonly pagesMax?: number;
  /** How answers become a snapshot; the simulated account's do so with less work. */
  readonly making?: SnapshotMaking;
};

/**
 * The reader over clients of its own, each loaded when a read first needs it. The limiter is the
 * one that tries again.
 */
export function openSnapshotReader(
  settings: ClientSettings,
  deps: SnapshotReaderDeps,
): SnapshotReader {
  const once: ClientSettings = { ...settings, maxAttempts: 1 };
  const sources: SnapshotSources = {
    ecs: lazy<EcsReads>(
      [
        ...(['listTasks', 'describeTasks', 'listServices', 'describeServices'] as const),
        ...(['listContainerInstances', 'describeContainerInstances'] as const),
        ...(['describeCapacityProviders', 'describeServiceDeployments'] as const),
        'getTaskProtection',
      ],
      async () => (await import('./ecs-reads.ts')).openEcsReads(once),
    ),
    ec2: lazy<Ec2Reads>(
      [
        ...(['describeInstances', 'describeSubnets'] as const),
        ...(['describeInstanceTypes', 'describeInstanceEventWindows'] as const),
      ],
      async () => (await import('./ec2-reads.ts')).openEc2Reads(once),
    ),
    autoScaling: lazy<AutoScalingReads>(['describeScalableTargets'], async () =>
      (await import('./auto-scaling-reads.ts')).openAutoScalingReads(once),
    ),
    targetHealth: lazy<TargetHealthReads>(['describeTargetHealth'], async () =>
      (await import('./target-health-reads.ts')).openTargetHealthReads(once),
    ),
  };
  return createSnapshotReader(sources, deps);
}
