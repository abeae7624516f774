import type { Arranged, Scenario, Stage } from '../scenario.ts';
import { createManagedProvider, createSubnets, createWeb, createWorker } from './builders.ts';
import { hourMs } from './time.ts';

function arrange(stage: Stage): Arranged {
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  createManagedProvider(stage, { name: 'spot', subnets, isSpot: true });
  createWeb(stage, { name: 'web', subnets, provider: 'general', desired: 4 });
  createWorker(stage, { name: 'worker', subnets, provider: 'spot', desired: 6 });
  createWorker(stage, { name: 'batch', subnets, provider: 'FARGATE_SPOT', desired: 6 });
  return { zones: subnets.map(({ zone }) => zone) };
}

export const spot: Scenario = {
  name: 'spot',
  sentence: 'Spot capacity is taken back, instances and Fargate tasks alike.',
  days: 1,
  daysMax: 14,
  mode: 'fast',
  stackMode: () => 'observe',
  hasWatchers: true,
  essentialFaults: ['spot'],
  faults: ['duplicate-events', 'late-events', 'reordered-events', 'no-placement'],
  convergesWithinMs: 8 * hourMs,
  arrange,
};
