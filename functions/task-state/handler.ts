import type { IncidentStore } from '../../shared/aws/incident-store.ts';
import type { LogGateway } from '../../shared/aws/log-gateway.ts';
import type { MemoryStore } from '../../shared/aws/memory-store.ts';
import type { MetricReader } from '../../shared/aws/metric-reader.ts';
import type { AlertPublisher } from '../../shared/aws/outbox.ts';
import type { ServiceGateway } from '../../shared/aws/service-gateway.ts';
import type { TaskPlaceGateway } from '../../shared/aws/task-place-gateway.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { type BatchAnswer, isBatch, reactToBatch } from './batch.ts';
import type { Config } from './config.ts';
import { rememberPlaces } from './places.ts';
import { type SweepReport, sweep } from './sweep.ts';

export type Deps = {
  readonly config: Config;
  readonly store: IncidentStore;
  readonly services: ServiceGateway;
  readonly metrics: MetricReader;
  readonly tasks: TaskPlaceGateway;
  readonly logs: LogGateway;
  /** What density remembers, for its weekly digest. */
  readonly memories: Pick<MemoryStore, 'list'>;
  readonly publisher: AlertPublisher;
  readonly clock: Clock;
  readonly log: Log;
};

/** `source` of the schedule's own event; see `template.yaml`. */
const scheduleSource = 'ballast.schedule';

/**
 * Called with events from its queue, and by a schedule. What cannot be read is counted, logged and
 * dropped; what fails goes back to the queue alone, and the rest of its batch stands.
 */
export const createHandler = (given: Deps) => {
  const deps: Deps = { ...given, tasks: rememberPlaces(given.tasks, given.clock) };
  return async (event: unknown): Promise<BatchAnswer | SweepReport | undefined> => {
    if (isBatch(event)) return await reactToBatch(event, deps);
    if (isSchedule(event)) return await sweep(deps);
    deps.log.warn('event-ignored', { reason: 'neither-batch-nor-schedule' });
    return undefined;
  };
};

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && Reflect.get(event, 'source') === scheduleSource;
