import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import type { Config } from '../../functions/task-state/config.ts';
import { createHandler, type Deps } from '../../functions/task-state/handler.ts';
import { createIncidentStore } from '../../shared/aws/incident-store.ts';
import { createLogGateway } from '../../shared/aws/log-gateway.ts';
import { createMemoryStore } from '../../shared/aws/memory-store.ts';
import { createMetricReader } from '../../shared/aws/metric-reader.ts';
import type { Alert } from '../../shared/domain/alert.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import type { TaskPlace } from '../../shared/domain/incident-place.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { createAccount } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { standingClock } from '../../simulator/task-state.ts';

export const startMs = Date.parse('2026-11-20T03:00:00Z');
export const minuteMs = 60_000;
const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
export const clusterArn = `${prefix}:cluster/prod`;

export type Stop = {
  readonly id: string;
  readonly service?: string;
  readonly deployment?: string;
  readonly atMs: number;
  readonly reason?: string;
  readonly exitCode?: number;
  readonly instance?: string;
  readonly zone?: string;
  /** More of the event's detail, in place of what stands there. */
  readonly detail?: Readonly<Record<string, unknown>>;
};

/** A task that ran out of memory, as its event. */
export const stopEvent = (stop: Stop) => ({
  id: `event-${stop.id}`,
  'detail-type': 'ECS Task State Change',
  source: 'aws.ecs',
  time: new Date(stop.atMs).toISOString(),
  region: 'eu-central-1',
  resources: [`${prefix}:task/prod/${stop.id}`],
  detail: {
    taskArn: `${prefix}:task/prod/${stop.id}`,
    clusterArn,
    version: 5,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    group: `service:${stop.service ?? 'worker'}`,
    startedBy: `ecs-svc/${stop.deployment ?? '88'}`,
    launchType: 'MANAGED_INSTANCES',
    availabilityZone: stop.zone ?? 'eu-central-1a',
    ...(stop.instance === undefined
      ? {}
      : { containerInstanceArn: `${prefix}:container-instance/prod/${stop.instance}` }),
    taskDefinitionArn: `${prefix}:task-definition/${stop.service ?? 'worker'}:88`,
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedAt: new Date(stop.atMs - 60_000).toISOString(),
    stoppedAt: new Date(stop.atMs).toISOString(),
    memory: '512',
    containers: [
      {
        name: 'app',
        exitCode: stop.exitCode ?? 137,
        reason: stop.reason ?? 'OutOfMemoryError: Container killed due to memory usage',
      },
    ],
    ...stop.detail,
  },
});

/** An event about a service; `detail` is what the kind of event adds. */
export const serviceEvent = (
  detailType: string,
  service: string,
  atMs: number,
  detail: Readonly<Record<string, unknown>>,
) => ({
  id: `event-${service}-${atMs}-${String(detail.eventName)}`,
  'detail-type': detailType,
  source: 'aws.ecs',
  time: new Date(atMs).toISOString(),
  region: 'eu-central-1',
  resources: [`${prefix}:service/prod/${service}`],
  detail: {
    clusterArn,
    createdAt: new Date(atMs).toISOString(),
    updatedAt: new Date(atMs).toISOString(),
    ...detail,
  },
});

export const steady = (service: string, overrides: Partial<ServiceState> = {}): ServiceState => ({
  service,
  running: 4,
  desired: 4,
  pending: 0,
  minimumHealthyPercent: 50,
  rollouts: [
    {
      id: 'ecs-svc/88',
      status: 'PRIMARY',
      rolloutState: 'COMPLETED',
      taskDefinitionArn: `${prefix}:task-definition/${service}:88`,
      createdAtMs: startMs - 60 * minuteMs,
    },
  ],
  circuitBreaker: 'off',
  tags: {},
  ...overrides,
});

/** A task-state function over the simulated table, with a clock that stands until it is moved. */
export async function createLab(overrides: Partial<Deps> = {}, settings: Partial<Config> = {}) {
  let nowMs = startMs;
  const account = createAccount({ nowMs: () => nowMs, tables: [tableDefinition] });
  const client = {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler: createRequestHandler(account),
  };
  const store = createIncidentStore(new DynamoDBClient(client), tableDefinition.TableName);
  const first = await store.firstRun(nowMs - 60 * minuteMs);
  await store.endFirstRun(first, nowMs - 50 * minuteMs);
  const alerts: Alert[] = [];
  const logs: { message: string; fields: unknown }[] = [];
  const states = new Map<string, ServiceState>();
  const running: TaskPlace[] = [];
  const note = (message: string, fields: unknown = {}): void => {
    logs.push({ message, fields });
  };
  const handle = createHandler({
    config: {
      stackMode: 'observe',
      clusterArns: [clusterArn],
      tableName: tableDefinition.TableName,
      alertsTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alerts',
      pagesTopicArn: 'arn:aws:sns:eu-central-1:123456789012:pages',
      runbookBase: 'docs/operations.md',
      timeZone: 'UTC',
      digestHour: 9,
      crashLoopStops: 3,
      crashLoopMinutes: 10,
      taskLogGroupPrefix: '',
      ...settings,
    },
    store,
    services: {
      describeServices: async (_, names) => ({
        services: names.flatMap((name) => states.get(name) ?? []),
        missing: names.filter((name) => !states.has(name)),
        failed: [],
      }),
    },
    metrics: createMetricReader(new CloudWatchClient(client)),
    tasks: { runningPlaces: async () => running },
    memories: createMemoryStore(new DynamoDBClient(client), tableDefinition.TableName),
    logs: createLogGateway(new ECSClient(client), new CloudWatchLogsClient(client)),
    publisher: {
      publish: async (alert) => {
        alerts.push(alert);
      },
    },
    clock: standingClock(() => nowMs),
    log: { debug: note, info: note, warn: note, error: note },
    ...overrides,
  });
  let messages = 0;
  return {
    account,
    alerts,
    logs,
    states,
    /** Where other tasks run: nothing is known of any until a test says so. */
    running,
    store,
    nowMs: () => nowMs,
    wait: (durationMs: number): void => {
      nowMs += durationMs;
    },
    /** Delivers events as one batch of the queue. */
    deliver: async (...events: readonly unknown[]) =>
      await handle({
        Records: events.map((event) => {
          messages += 1;
          return {
            messageId: `m${messages}`,
            body: typeof event === 'string' ? event : JSON.stringify(event),
          };
        }),
      }),
    invoke: handle,
    sweep: async () => await handle({ source: 'ballast.schedule', 'detail-type': 'sweep' }),
    incidents: async (): Promise<readonly Incident[]> => (await store.list()).incidents,
    subjects: (): readonly string[] => alerts.map(({ subject }) => subject),
  };
}
