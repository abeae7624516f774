import type { Report } from '../simulator/report.ts';
import { runScenario } from '../simulator/run.ts';
import { scenarios } from '../simulator/scenarios/index.ts';
import { withCluster } from '../simulator/scenarios/saved-cluster.ts';
import type { SimJob } from './sim-command.ts';

/** Plays one run, in whatever thread. */
export async function playSimJob(job: SimJob): Promise<Report> {
  const { scenario: name, seed, days, withBallast, cluster } = job;
  const own = scenarios.get(name);
  if (own === undefined) throw new Error(`there is no scenario ${name}`);
  const scenario = cluster === undefined ? own : withCluster(own, cluster);
  return await runScenario(scenario, { seed, days, withBallast });
}
