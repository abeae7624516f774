import { promptClientSettings } from '../../shared/aws/clients.ts';
import { createDensityGateways } from '../../shared/aws/density-gateways.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { defineFunction } from '../../shared/runtime/define-function.ts';
import { onFirstCall } from '../../shared/runtime/lazy.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

export const handler = defineFunction('density', (log) =>
  onFirstCall(() => {
    const config = readConfig(process.env);
    const gateways = createDensityGateways(promptClientSettings, {
      tableName: config.tableName,
      clock: systemClock,
    });
    return createHandler({ ...gateways, config, clock: systemClock, log });
  }),
);
