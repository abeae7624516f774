import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
} from './builders.ts';
import { dayMs, hourMs } from './time.ts';

/** Instances that were launched together come to their end together. */
function arrange(stage: Stage): Arranged {
  const { world, startMs, clusterName } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general' };
  const web = createWeb(stage, { ...common, name: 'web', desired: 6, strategy: 'ROLLING' });
  createWeb(stage, { ...common, name: 'api', desired: 6, strategy: 'ROLLING' });
  // Nothing can start beside its three tasks: 125 % of three is three.
  createWorker(stage, { ...common, name: 'cart', desired: 3, maximumPercent: 125 });
  createWorker(stage, { ...common, name: 'ledger', desired: 1, minimumHealthyPercent: 0 });
  const search = createWorker(stage, {
    ...common,
    name: 'search',
    desired: 4,
    maximumPercent: 100,
  });
  world.schedule(startMs + 2 * hourMs, () =>
    world.ecs.runTask({
      cluster: clusterName,
      taskDefinition: search.latest(),
      count: 1,
      group: 'family:report-nightly',
      startedBy: 'somebody',
      capacityProviderStrategy: [{ capacityProvider: 'general', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: { subnets: subnets.map(({ subnetId }) => subnetId) },
      },
    }),
  );
  for (let day = 3; day < 14; day += 4) {
    world.schedule(startMs + day * dayMs + 10 * hourMs, () => web.deploy(goodBuild));
  }
  world.schedule(startMs + 14 * dayMs + 9 * hourMs, () => {
    stage.note('cart: maximumPercent 200');
    world.ecs.updateService({
      cluster: clusterName,
      service: 'cart',
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
    });
  });
  return { zones: subnets.map(({ zone }) => zone) };
}

export const day14: Scenario = {
  name: 'day-14',
  sentence: 'Instances that were born together are drained at day 14, and gone by day 21.',
  days: 22,
  daysMax: 60,
  mode: 'fast',
  stackMode: () => 'observe',
  hasWatchers: true,
  faults: ['duplicate-events', 'late-events', 'reordered-events', 'agent-flaps'],
  convergesWithinMs: 8 * hourMs,
  arrange,
};
