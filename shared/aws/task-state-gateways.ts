import { lazy } from '../runtime/lazy.ts';
import type { ClientSettings } from './clients.ts';
import type { IncidentStore } from './incident-store.ts';
import type { LogGateway } from './log-gateway.ts';
import type { MemoryStore } from './memory-store.ts';
import type { MetricReader } from './metric-reader.ts';
import type { AlertPublisher } from './outbox.ts';
import type { ServiceGateway } from './service-gateway.ts';
import type { TaskPlaceGateway } from './task-place-gateway.ts';

export type TaskStateGateways = {
  readonly store: IncidentStore;
  readonly services: ServiceGateway;
  readonly metrics: MetricReader;
  readonly tasks: TaskPlaceGateway;
  readonly logs: LogGateway;
  readonly memories: Pick<MemoryStore, 'list'>;
  readonly publisher: AlertPublisher;
};

/** The gateways of task-state: all but the table are loaded when there is something to tell or to ask. */
export const createTaskStateGateways = (
  settings: ClientSettings,
  places: {
    readonly tableName: string;
    readonly alertsTopicArn: string;
    readonly pagesTopicArn: string;
  },
): TaskStateGateways => ({
  store: lazy<IncidentStore>(
    [
      ...(['get', 'save', 'list', 'listMutes', 'firstRun', 'endFirstRun'] as const),
      ...(['isDigestTold', 'markDigestTold'] as const),
    ],
    async () => (await import('./incident-store.ts')).openIncidentStore(settings, places.tableName),
  ),
  services: lazy<ServiceGateway>(['describeServices'], async () =>
    (await import('./service-gateway.ts')).openServiceGateway(settings),
  ),
  metrics: lazy<MetricReader>(['readSamples'], async () =>
    (await import('./metric-reader.ts')).openMetricReader(settings),
  ),
  tasks: lazy<TaskPlaceGateway>(['runningPlaces'], async () =>
    (await import('./task-place-gateway.ts')).openTaskPlaceGateway(settings),
  ),
  logs: lazy<LogGateway>(['describeLogging', 'readMessages'], async () =>
    (await import('./log-gateway.ts')).openLogGateway(settings),
  ),
  memories: lazy<Pick<MemoryStore, 'list'>>(['list'], async () =>
    (await import('./memory-store.ts')).openMemoryStore(settings, places.tableName),
  ),
  publisher: lazy<AlertPublisher>(['publish'], async () =>
    (await import('./alert-gateway.ts')).openAlertPublisher(settings, places),
  ),
});
