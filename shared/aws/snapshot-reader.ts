import { lazy } from '../runtime/lazy.ts';
import type { AutoScalingReads } from './auto-scaling-reads.ts';
import type { ClientSettings } from './clients.ts';
import {
  createSnapshotReader,
  type SnapshotReader,
  type SnapshotReaderDeps,
} from './create-snapshot-reader.ts';
import type { Ec2Reads } from './ec2-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { SnapshotSources } from './snapshot-wants.ts';
import type { TargetHealthReads } from './target-health-reads.ts';

// Apart from what opens clients: a function that reads less than all should not be able to call all.
export { createSnapshotReader, type SnapshotReader, type SnapshotReaderDeps };

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
