import { parseArgs } from 'node:util';
import { playDemo } from '../simulator/demo.ts';
import { Misuse, runCommand } from './misuse.ts';

const usage = 'usage: npm run -s demo [-- --seed N]';

/** Plays the main job with no AWS account, and tells it line by line. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '42' } } });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Misuse(`--seed: expected a whole number from 0, got "${values.seed}"`);
  }
  const { report, weeks } = await playDemo({
    seed,
    write: (line) => process.stdout.write(`${line}\n`),
  });
  const invariants = [...report.invariants, ...weeks.report.invariants];
  return invariants.every(({ isHeld }) => isHeld) ? 0 : 1;
}

await runCommand(usage, main);
