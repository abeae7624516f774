import { promptClientSettings } from '../../shared/aws/clients.ts';
import { createInstanceReplacementGateways } from '../../shared/aws/instance-replacement-gateways.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { defineFunction } from '../../shared/runtime/define-function.ts';
import { onFirstCall } from '../../shared/runtime/lazy.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

export const handler = defineFunction('instance-replacement', (log) =>
  onFirstCall(() => {
    const config = readConfig(process.env);
    const gateways = createInstanceReplacementGateways(
      promptClientSettings,
      config.tableName,
      systemClock,
    );
    return createHandler({ ...gateways, config, clock: systemClock, log });
  }),
);
