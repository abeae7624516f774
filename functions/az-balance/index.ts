import { createAzBalanceGateways } from '../../shared/aws/az-balance-gateways.ts';
import { promptClientSettings } from '../../shared/aws/clients.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { defineFunction } from '../../shared/runtime/define-function.ts';
import { onFirstCall } from '../../shared/runtime/lazy.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

export const handler = defineFunction('az-balance', (log) =>
  onFirstCall(() => {
    const config = readConfig(process.env);
    const gateways = createAzBalanceGateways(promptClientSettings, config, systemClock);
    return createHandler({ ...gateways, config, clock: systemClock, log });
  }),
);
