import { createHandler } from '../functions/density/handler.ts';
import { createDensityGateways } from '../shared/aws/density-gateways.ts';
import type { Fields, Log } from '../shared/runtime/log.ts';
import type { Account } from './account.ts';
import { createRequestHandler } from './aws/request-handler.ts';
import { tableDefinition } from './hook-session.ts';

export type DensityOptions = {
  readonly account: Account;
  readonly nowMs: () => number;
  readonly clusterArns: readonly string[];
  readonly concentrationPercentMax?: number;
  readonly perServiceMetrics?: boolean;
  readonly onLog?: (message: string, fields: Fields) => void;
};

/** The real density function, its SDK clients ending in the simulated account. */
export function createSimulatedDensity(options: DensityOptions) {
  const {
    account,
    nowMs,
    clusterArns,
    concentrationPercentMax = 50,
    perServiceMetrics = false,
    onLog,
  } = options;
  const note = (message: string, fields: Fields = {}): void => onLog?.(message, fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const { TableName: tableName } = tableDefinition;
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    maxAttempts: 1,
    requestHandler: createRequestHandler(account),
  };
  // Only the limiter's pauses sleep: they take no time here.
  const clock = { nowMs, sleep: () => Promise.resolve() };
  return createHandler({
    ...createDensityGateways(settings, { tableName, clock }),
    clock,
    log,
    config: {
      stackMode: 'observe',
      clusterArns,
      tableName,
      concentrationPercentMax,
      zoneSkewMax: 1,
      ec2DiscountPercent: 0,
      perServiceMetrics,
    },
  });
}
