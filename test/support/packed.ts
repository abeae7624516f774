import type { Arranged, Scenario, Stage } from '../../simulator/scenario.ts';
import {
  createManagedProvider,
  createSubnets,
  createWorker,
} from '../../simulator/scenarios/builders.ts';
import { hourMs } from '../../simulator/scenarios/time.ts';

/**
 * Two services of one zone whose tasks all find room on one large instance: `feed` from the beginning,
 * until it wants too few for anybody to judge, and `search` once it has been scaled out.
 */
function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage, 'a');
  const requirements = { vCpuCount: { min: 16, max: 16 } };
  createManagedProvider(stage, { name: 'general', subnets, requirements });
  const common = { subnets, provider: 'general', cpu: 512, memory: 512 };
  const feed = createWorker(stage, { ...common, name: 'feed', desired: 6 });
  const search = createWorker(stage, { ...common, name: 'search', desired: 3 });
  world.schedule(startMs + hourMs, () => search.scale(6));
  world.schedule(startMs + 4 * hourMs, () => feed.scale(3));
  return { zones: subnets.map(({ zone }) => zone) };
}

export const packed: Scenario = {
  name: 'packed',
  sentence: 'Two services hang on one instance, and one of them is taken back.',
  // The digest after the first day, too.
  days: 1.25,
  daysMax: 60,
  mode: 'fast',
  stackMode: () => 'observe',
  faults: [],
  convergesWithinMs: 2 * hourMs,
  arrange,
};
