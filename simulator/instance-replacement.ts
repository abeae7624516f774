import { createHandler } from '../functions/instance-replacement/handler.ts';
import { createInstanceReplacementGateways } from '../shared/aws/instance-replacement-gateways.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Fields, Log } from '../shared/runtime/log.ts';
import type { Account } from './account.ts';
import { createRequestHandler } from './aws/request-handler.ts';
import { tableDefinition } from './hook-session.ts';

export type InstanceReplacementOptions = {
  readonly account: Account;
  /** Moves while the function waits for its turn to read. */
  readonly clock: Clock;
  readonly clusterArns: readonly string[];
  readonly onLog?: (message: string, fields: Fields) => void;
};

/** The real instance-replacement function, its SDK clients ending in the simulated account. */
export function createSimulatedInstanceReplacement(options: InstanceReplacementOptions) {
  const { account, clock, clusterArns, onLog } = options;
  const note = (message: string, fields: Fields = {}): void => onLog?.(message, fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const gateways = createInstanceReplacementGateways(
    {
      region: account.region,
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      maxAttempts: 1,
      requestHandler: createRequestHandler(account),
    },
    tableDefinition.TableName,
    clock,
  );
  const config = {
    stackMode: 'observe' as const,
    clusterArns,
    tableName: tableDefinition.TableName,
    noticeHours: 72,
  };
  const handler = createHandler({ ...gateways, config, clock, log });
  // Its reads have a deadline: what it loads is loaded before time begins to pass.
  const handle: typeof handler = async (event) => {
    const { warmUp } = await import('./stack/warm-up.ts');
    await warmUp();
    return await handler(event);
  };
  let messages = 0;
  return {
    ...gateways,
    handle,
    /** Delivers events as one batch of the queue; returns what went back to it. */
    deliver: (events: readonly unknown[]) =>
      handle({
        Records: events.map((event) => {
          messages += 1;
          const body = typeof event === 'string' ? event : JSON.stringify(event);
          return { messageId: `message-${messages}`, body };
        }),
      }),
    run: () => handle({ source: 'ballast.schedule', 'detail-type': 'run' }),
  };
}
