/** A command was called in a way it cannot be: says what is wrong, and ends it with exit code 2. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}

/** Runs a command; its result is the exit code. Misuse is one line on stderr and exit code 2. */
export async function runCommand(usage: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Misuse) && !isArgumentError(error)) throw error;
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exitCode = 2;
  }
}

/** What `parseArgs` of node:util throws for options it does not know. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && String(Reflect.get(error, 'code') ?? '').startsWith('ERR_PARSE_ARGS');
