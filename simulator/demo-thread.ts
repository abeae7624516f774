import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { playWeeks, type Weeks } from './demo-weeks.ts';

/** Plays the weeks on a thread of their own, while the caller plays the first days. */
export function playWeeksOnThread(seed: number): Promise<Weeks> {
  const { promise, resolve, reject } = Promise.withResolvers<Weeks>();
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed } });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread of the weeks ended with ${code}`)));
  return promise;
}

if (!isMainThread && isJob(workerData)) parentPort?.postMessage(await playWeeks(workerData.seed));

function isJob(data: unknown): data is { readonly seed: number } {
  return typeof data === 'object' && data !== null && 'seed' in data;
}
