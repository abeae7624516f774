import { parentPort } from 'node:worker_threads';
import type { SimJob, SimResult } from './sim-command.ts';
import { playSimJob } from './sim-play.ts';

/** One thread of many: plays what it is sent, one run after the other. */
parentPort?.on('message', (job: SimJob) => {
  void playJob(job).then((result) => parentPort?.postMessage(result));
});

async function playJob(job: SimJob): Promise<SimResult> {
  const { seed } = job;
  try {
    const report = await playSimJob(job);
    // Of many runs nobody reads every line: what is sent is what a summary needs.
    return { seed, report: { ...report, timeline: [], alerts: [], actions: [] } };
  } catch (error) {
    return { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
