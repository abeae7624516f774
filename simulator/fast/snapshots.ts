import { createInstanceReader, type InstanceReader } from '../../shared/aws/instance-reads.ts';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import type { SnapshotMaking } from '../../shared/aws/snapshot-making.ts';
import type { SnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { createSnapshotReader } from '../../shared/aws/snapshot-take.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { FastReads } from './reads.ts';

/**
 * The real reader of snapshots over calls that end in the account itself. Many calls take longer than
 * few: a function that makes one or two, in the same moment, is done before this has read.
 */
export function createFastSnapshotReader(
  reads: FastReads,
  clock: Clock,
  making: SnapshotMaking,
): SnapshotReader {
  const reader = createSnapshotReader(reads, { limiter: createReadLimiter(clock), clock, making });
  return {
    async read(clusterArn, wants, signal) {
      await clock.sleep(0, signal);
      return await reader.read(clusterArn, wants, signal);
    },
  };
}

/** The real reader of container instances over the same calls; it takes longer than one or two as well. */
export function createFastInstanceReader(reads: FastReads, clock: Clock): InstanceReader {
  const reader = createInstanceReader(reads.ecs, createReadLimiter(clock));
  return {
    async byEc2Id(clusterArn, signal) {
      await clock.sleep(0, signal);
      return await reader.byEc2Id(clusterArn, signal);
    },
  };
}
