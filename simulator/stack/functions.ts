import { readConfig as readHookConfig } from '../../functions/deployment-hook/config.ts';
import { createHandler as createHookHandler } from '../../functions/deployment-hook/handler.ts';
import { readConfig as readTaskStateConfig } from '../../functions/task-state/config.ts';
import { createHandler as createTaskStateHandler } from '../../functions/task-state/handler.ts';
import { createDeploymentHookGateways } from '../../shared/aws/deployment-hook-gateways.ts';
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
});
