import type { Config } from '../functions/az-balance/config.ts';
import { createHandler, type Deps } from '../functions/az-balance/handler.ts';
import { createAzBalanceGateways } from '../shared/aws/az-balance-gateways.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Fields, Log } from '../shared/runtime/log.ts';
import type { Account } from './account.ts';
import { createRequestHandler } from './aws/request-handler.ts';
import { tableDefinition } from './hook-session.ts';

export type AzBalanceOptions = {
  readonly account: Account;
  /** One on which the read limiter's pauses pass. */
  readonly clock: Clock;
  readonly clusterArns: readonly string[];
  readonly config?: Partial<Config>;
  readonly onLog?: (message: string, fields: Fields) => void;
  readonly overrides?: Partial<Deps>;
};

/** The real az-balance function, its SDK clients ending in the simulated account. */
export function createSimulatedAzBalance(options: AzBalanceOptions) {
  const { account, clock, clusterArns, onLog, overrides } = options;
  const note = (message: string, fields: Fields = {}): void => onLog?.(message, fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const config: Config = {
    stackMode: 'observe',
    clusterArns,
    tableName: tableDefinition.TableName,
    zoneSkewMax: 1,
    zoneHoldMinutes: 20,
    ...options.config,
  };
  const gateways = createAzBalanceGateways(
    {
      region: account.region,
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      maxAttempts: 3,
      requestHandler: createRequestHandler(account),
    },
    config,
    clock,
  );
  const handle = createHandler({ ...gateways, config, clock, log, ...overrides });
  return {
    handle,
    memories: gateways.memories,
    run: () => handle({ source: 'ballast.schedule', 'detail-type': 'run' }),
  };
}
