import { parentPort } from 'node:worker_threads';
import { runScenario } from '../simulator/run.ts';
import { scenarios } from '../simulator/scenarios/index.ts';
import type { SimJob, SimResult } from './sim-command.ts';

/** One thread of many: plays what it is sent, one run after the other. */
parentPort?.on('message', (job: SimJob) => {
  void playJob(job).then((result) => parentPort?.postMessage(result));
});

async function playJob({ scenario: name, seed, days, withBallast }: SimJob): Promise<SimResult> {
  try {
    const scenario = scenarios.get(name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const report = await runScenario(scenario, { seed, days, withBallast });
    // Of many runs nobody reads every line: what is sent is what a summary needs.
    return { seed, report: { ...report, timeline: [], alerts: [], actions: [] } };
  } catch (error) {
    return { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
