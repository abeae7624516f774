import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from './misuse.ts';
import { readUnconfirmed, unconfirmedText } from './unconfirmed-text.ts';

const docs = path.join(import.meta.dirname, '../docs');

/** Writes `docs/unconfirmed.md` from the rows of the code and the ledger of the simulator. */
async function main(): Promise<number> {
  parseArgs({ options: {} });
  const rows = readUnconfirmed(await readFile(path.join(docs, 'unconfirmed.json'), 'utf8'));
  await writeFile(path.join(docs, 'unconfirmed.md'), unconfirmedText(rows));
  return 0;
}

await runCommand('usage: npm run -s unconfirmed', main);
