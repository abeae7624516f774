import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SimJob, SimResult } from './sim-command.ts';

/** Threads at most: a run takes a core and some hundred megabytes. */
const threadsMax = 16;

/**
 * Plays jobs on as many threads as there are cores. A job that fails is a result; a thread that dies
 * takes the command with it.
 */
export async function playOnThreads(
  jobs: readonly SimJob[],
  onResult: (result: SimResult) => void,
): Promise<void> {
  const waiting = [...jobs];
  const count = Math.min(threadsMax, availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: count }, () => serve(waiting, onResult)));
}

function serve(waiting: SimJob[], onResult: (result: SimResult) => void): Promise<void> {
  const worker = new Worker(new URL('./sim-worker.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const job = waiting.shift();
      if (job === undefined) {
        resolve();
        void worker.terminate();
      } else worker.postMessage(job);
    };
    worker.on('message', (result: SimResult) => {
      onResult(result);
      next();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a thread of sim ended with code ${code}`)));
    next();
  });
}
