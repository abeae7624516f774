import { promptClientSettings } from '../../shared/aws/clients.ts';
import { createDeploymentHookGateways } from '../../shared/aws/deployment-hook-gateways.ts';
import { createProber } from '../../shared/http/prober.ts';
import { proberDefaults } from '../../shared/http/prober-defaults.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { defineFunction } from '../../shared/runtime/define-function.ts';
import { randomSeed } from '../../shared/runtime/random-seed.ts';
import { readConfig } from './config.ts';
import { createHandler } from './handler.ts';

export const handler = defineFunction('deployment-hook', (log) =>
  createHandler({
    ...createDeploymentHookGateways(promptClientSettings),
    prober: createProber(proberDefaults),
    readConfig: () => readConfig(process.env),
    clock: systemClock,
    seed: randomSeed,
    log,
  }),
);
