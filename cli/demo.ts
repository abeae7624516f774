import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DemoShow, playDemo } from '../simulator/demo.ts';
import { Misuse, runCommand } from './misuse.ts';
import { reportPage, type Unconfirmed } from './report/page.ts';

const usage = 'usage: npm run -s demo [-- --seed N]';

/** Plays the main job with no AWS account, and tells it line by line. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '42' } } });
  const seed = /^\d{1,15}$/.test(values.seed) ? Number(values.seed) : undefined;
  if (seed === undefined) {
    throw new Misuse(`--seed: expected a whole number from 0, got "${values.seed}"`);
  }
  const { report, weeks } = await playDemo({
    seed,
    write: (line) => process.stdout.write(`${line}\n`),
    keep: writeReport,
  });
  const invariants = [...report.invariants, ...weeks.report.invariants];
  return invariants.every(({ isHeld }) => isHeld) ? 0 : 1;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** One file that needs no network; returns where it lies, seen from the repository. */
function writeReport(show: DemoShow): string {
  const path = 'out/report.html';
  const guesses = readFileSync(`${root}docs/unconfirmed.json`, 'utf8');
  const unconfirmed: readonly Unconfirmed[] = JSON.parse(guesses);
  mkdirSync(`${root}out`, { recursive: true });
  writeFileSync(`${root}${path}`, reportPage({ ...show, unconfirmed }));
  return path;
}

await runCommand(usage, main);
