/** A command was called in a way it cannot be: says what is wrong, and ends it with exit code 2. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}

/** The command was called well, but what it needs cannot be had: one line, and exit code 2. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/**
 * Runs a command; its result is the exit code. Misuse is one line and the usage on stderr, what cannot
 * be had one line alone; both are exit code 2. Who asks for help gets the usage.
 */
export async function runCommand(usage: string, main: () => Promise<number>): Promise<void> {
  process.stdout.on('error', endWithReader);
  if (process.argv.slice(2).some((argument) => helpOptions.has(argument))) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!isExpected(error)) throw error;
    const hint = error instanceof Unavailable ? '' : `${usage}\n`;
    process.stderr.write(`${error.message}\n${hint}`);
    process.exitCode = 2;
  }
}

const helpOptions: ReadonlySet<string> = new Set(['--help', '-h']);

const isExpected = (error: unknown): error is Error =>
  error instanceof Misuse || error instanceof Unavailable || isArgumentError(error);

/** What `parseArgs` of node:util throws for options it does not know. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && String(Reflect.get(error, 'code') ?? '').startsWith('ERR_PARSE_ARGS');

/** Whoever reads the output may stop before its end, as `head` does: that is no failure of ours. */
function endWithReader(error: Error): void {
  if (String(Reflect.get(error, 'code')) === 'EPIPE') process.exit();
  process.stderr.write(`cannot write the output, ${error.message}\n`);
  process.exit(2);
}
