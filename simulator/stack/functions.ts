import { readConfig as readAzBalanceConfig } from '../../functions/az-balance/config.ts';
import { createHandler as createAzBalanceHandler } from '../../functions/az-balance/handler.ts';
import { readConfig as readDensityConfig } from '../../functions/density/config.ts';
import { createHandler as createDensityHandler } from '../../functions/density/handler.ts';
import { readConfig as readHookConfig } from '../../functions/deployment-hook/config.ts';
import { createHandler as createHookHandler } from '../../functions/deployment-hook/handler.ts';
import { readConfig as readReplacementConfig } from '../../functions/instance-replacement/config.ts';
import { createHandler as createReplacementHandler } from '../../functions/instance-replacement/handler.ts';
import { readConfig as readTaskStateConfig } from '../../functions/task-state/config.ts';
import { createHandler as createTaskStateHandler } from '../../functions/task-state/handler.ts';
import { createAzBalanceGateways } from '../../shared/aws/az-balance-gateways.ts';
import { createDensityGateways } from '../../shared/aws/density-gateways.ts';
import { createDeploymentHookGateways } from '../../shared/aws/deployment-hook-gateways.ts';
import type { IncidentRecords, SubjectIncidents } from '../../shared/aws/incident-record.ts';
import type { InstanceReader } from '../../shared/aws/instance-reads.ts';
import { createInstanceReplacementGateways } from '../../shared/aws/instance-replacement-gateways.ts';
import type { MemoryStore } from '../../shared/aws/memory-store.ts';
import type { SnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { createTaskStateGateways } from '../../shared/aws/task-state-gateways.ts';
import type { Prober } from '../../shared/http/port.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { FunctionFactory } from './deploy.ts';
import type { Sandbox } from './sandbox.ts';

export type FunctionOptions = {
  /** Answers the hook's test calls, in the time of the sandbox that sends them. */
  readonly prober: (clock: Clock) => Prober;
  /** Order and warm-up of the hook's test calls are drawn from it. */
  readonly seed: () => number;
};

/**
 * The real functions, put together as their `index.ts` does it: configuration from the environment of
 * the template, gateways over the SDK's own clients. Only time, chance and the network are simulated.
 * A new function is an entry here and in `fast/functions.ts`, its gateways a line each in `warm-up.ts`,
 * and a checker for what it must never do.
 */
export const functionFactories = ({
  prober,
  seed,
}: FunctionOptions): Readonly<Record<string, FunctionFactory>> => ({
  'deployment-hook': (env, { clientSettings, clock, log }) =>
    createHookHandler({
      ...createDeploymentHookGateways(clientSettings),
      prober: prober(clock),
      clock,
      log,
      readConfig: () => readHookConfig(env),
      seed,
    }),
  'task-state': (env, { clientSettings, clock, log }) => {
    const config = readTaskStateConfig(env);
    return createTaskStateHandler({
      ...createTaskStateGateways(clientSettings, config),
      config,
      clock,
      log,
    });
  },
  ...watchingFactories({
    'instance-replacement': (tableName, { clientSettings, clock }) =>
      createInstanceReplacementGateways(clientSettings, tableName, clock),
    'az-balance': (tableName, { clientSettings, clock }) =>
      createAzBalanceGateways(clientSettings, { tableName }, clock),
    density: (tableName, { clientSettings, clock }) =>
      createDensityGateways(clientSettings, { tableName, clock }),
  }),
});

/** Ports of a function that watches. */
export type WatchingGateways = {
  readonly incidents: IncidentRecords;
  readonly memories: MemoryStore;
  readonly snapshots: SnapshotReader;
};

type Open<Gateways> = (tableName: string, sandbox: Sandbox) => Gateways;

/** Opens the ports of each of them. */
type Opened = {
  readonly 'instance-replacement': Open<
    WatchingGateways & { readonly subjects: SubjectIncidents; readonly instances: InstanceReader }
  >;
  readonly 'az-balance': Open<WatchingGateways>;
  readonly density: Open<WatchingGateways>;
};

/** The functions that look at whole clusters, over the ports that are opened for each. */
export const watchingFactories = (open: Opened): Readonly<Record<string, FunctionFactory>> => ({
  'instance-replacement': (env, sandbox) => {
    const config = readReplacementConfig(env);
    const gateways = open['instance-replacement'](config.tableName, sandbox);
    return createReplacementHandler({ ...gateways, ...ofSandbox(sandbox), config });
  },
  'az-balance': (env, sandbox) => {
    const config = readAzBalanceConfig(env);
    const gateways = open['az-balance'](config.tableName, sandbox);
    return createAzBalanceHandler({ ...gateways, ...ofSandbox(sandbox), config });
  },
  density: (env, sandbox) => {
    const config = readDensityConfig(env);
    const gateways = open.density(config.tableName, sandbox);
    return createDensityHandler({ ...gateways, ...ofSandbox(sandbox), config });
  },
});

const ofSandbox = ({ clock, log }: Sandbox): Pick<Sandbox, 'clock' | 'log'> => ({ clock, log });
