import { createHandler, type Deps } from '../functions/task-state/handler.ts';
import { createTaskStateGateways } from '../shared/aws/task-state-gateways.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Fields, Log } from '../shared/runtime/log.ts';
import type { Account } from './account.ts';
import { createRequestHandler } from './aws/request-handler.ts';
import { tableDefinition } from './hook-session.ts';

export type TaskStateOptions = {
  readonly account: Account;
  readonly nowMs: () => number;
  readonly clusterArns: readonly string[];
  /** Empty unless it is given: no log is read. */
  readonly taskLogGroupPrefix?: string;
  readonly onLog?: (message: string, fields: Fields) => void;
  readonly overrides?: Partial<Deps>;
};

const topic = ({ region, accountId }: Account, name: string): string =>
  `arn:aws:sns:${region}:${accountId}:${name}`;

/** Topics of the simulated stack. */
export const topicArns = (account: Account) => ({
  alertsTopicArn: topic(account, 'ballast-alerts'),
  pagesTopicArn: topic(account, 'ballast-pages'),
});

/** A clock that stands still while the function runs: nothing takes too long by itself. */
export const standingClock = (nowMs: () => number): Clock => ({
  nowMs,
  sleep: (_, signal) =>
    new Promise((__, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
});

/** The real task-state function, its SDK clients ending in the simulated account. */
export function createSimulatedTaskState(options: TaskStateOptions) {
  const { account, nowMs, clusterArns, taskLogGroupPrefix = '', onLog, overrides } = options;
  const note = (message: string, fields: Fields = {}): void => onLog?.(message, fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const topics = topicArns(account);
  const gateways = createTaskStateGateways(
    {
      region: account.region,
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      maxAttempts: 3,
      requestHandler: createRequestHandler(account),
    },
    { tableName: tableDefinition.TableName, ...topics },
  );
  const handle = createHandler({
    ...gateways,
    clock: standingClock(nowMs),
    log,
    config: {
      stackMode: 'observe',
      clusterArns,
      tableName: tableDefinition.TableName,
      ...topics,
      runbookBase: 'docs/operations.md',
      timeZone: 'UTC',
      digestHour: 9,
      crashLoopStops: 3,
      crashLoopMinutes: 10,
      taskLogGroupPrefix,
    },
    ...overrides,
  });
  let messages = 0;
  return {
    store: gateways.store,
    /** Delivers events as one batch of the queue; returns what went back to it. */
    deliver: (events: readonly unknown[]) =>
      handle({
        Records: events.map((event) => {
          messages += 1;
          return { messageId: `message-${messages}`, body: JSON.stringify(event) };
        }),
      }),
    sweep: () => handle({ source: 'ballast.schedule', 'detail-type': 'sweep' }),
  };
}
