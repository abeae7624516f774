import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** What Node makes of the sources once is kept for the next of many processes. */
const compileCache = { NODE_COMPILE_CACHE: 'node_modules/.cache/compiled' };

/** Runs a command of `cli/` as `npm run` does: a process of its own, on the Node of the tests. */
export const runCommand = (command: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, ...compileCache };
    execFile(process.execPath, [`cli/${command}.ts`, ...args], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });

/** Writes a file into a folder of its own and returns its path. */
export async function temporaryFile(name: string, content: unknown): Promise<string> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'ballast-')), name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
