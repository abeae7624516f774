import { promptClientSettings } from '../../shared/aws/clients.ts';
import { createTaskStateGateways } from '../../shared/aws/task-state-gateways.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { defineFunction } from '../../shared/runtime/define-function.ts';
import { onFirstCall } from '../../shared/runtime/lazy.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

export const handler = defineFunction('task-state', (log) =>
  onFirstCall(() => {
    const config = readConfig(process.env);
    const gateways = createTaskStateGateways(promptClientSettings, config);
    return createHandler({ ...gateways, config, clock: systemClock, log });
  }),
);
