import type { IncidentRecords, SubjectIncidents } from '../../shared/aws/incident-record.ts';
import type { InstanceReader } from '../../shared/aws/instance-reads.ts';
import type { MemoryStore } from '../../shared/aws/memory-store.ts';
import type { SnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { type BatchAnswer, isBatch, noteBatch } from './batch.ts';
import type { Config } from './config.ts';
import { createFinder } from './finder.ts';
import { type RunReport, run } from './run.ts';

export type Deps = {
  readonly config: Config;
  readonly incidents: IncidentRecords;
  readonly subjects: SubjectIncidents;
  readonly memories: MemoryStore;
  readonly snapshots: SnapshotReader;
  readonly instances: InstanceReader;
  readonly clock: Clock;
  readonly log: Log;
};

/** `source` of the schedule's own event; see `template.yaml`. */
const scheduleSource = 'ballast.schedule';

/**
 * Called with events from its queue, which it puts on record, and by a schedule, which looks at the
 * clusters. What cannot be read is counted, logged and dropped; what fails goes back to the queue alone.
 */
export const createHandler = (deps: Deps) => {
  const find = createFinder(deps);
  return async (event: unknown): Promise<BatchAnswer | RunReport | undefined> => {
    if (isBatch(event)) return await noteBatch(event, find, deps);
    if (isSchedule(event)) return await run(deps);
    deps.log.warn('event-ignored', { reason: 'neither-batch-nor-schedule' });
    return undefined;
  };
};

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && Reflect.get(event, 'source') === scheduleSource;
