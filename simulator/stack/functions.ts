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
import { createInstanceReplacementGateways } from '../../shared/aws/instance-replacement-gateways.ts';
import { createTaskStateGateways } from '../../shared/aws/task-state-gateways.ts';
import type { Prober } from '../../shared/http/port.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { FunctionFactory } from './deploy.ts';

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
  ...watchingFactories({}),
});

/** What takes the place of a gateway of the functions that only watch. */
type Watched = { readonly incidents?: IncidentRecords; readonly subjects?: SubjectIncidents };

/** The functions that look at whole clusters; where incidents are kept elsewhere, `instead` says so. */
export const watchingFactories = (instead: Watched): Readonly<Record<string, FunctionFactory>> => ({
  'instance-replacement': (env, { clientSettings, clock, log }) => {
    const config = readReplacementConfig(env);
    const gateways = createInstanceReplacementGateways(clientSettings, config.tableName, clock);
    return createReplacementHandler({ ...gateways, ...instead, config, clock, log });
  },
  'az-balance': (env, { clientSettings, clock, log }) => {
    const config = readAzBalanceConfig(env);
    const gateways = createAzBalanceGateways(clientSettings, config, clock);
    return createAzBalanceHandler({ ...gateways, ...instead, config, clock, log });
  },
  density: (env, { clientSettings, clock, log }) => {
    const config = readDensityConfig(env);
    const gateways = createDensityGateways(clientSettings, { tableName: config.tableName, clock });
    return createDensityHandler({ ...gateways, ...instead, config, clock, log });
  },
});
