import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bundleRows } from './bench/bundle.ts';
import { renderCostTable } from './bench/cost/cost-table.ts';
import { parseUsage, renderUsage, usageFile } from './bench/cost/usage-file.ts';
import { costRows, costsOf, measureUsage } from './bench/cost.ts';
import { densityCorpusRows } from './bench/density-corpus.ts';
import { detectorRows } from './bench/detector.ts';
import type { BenchRow } from './bench/row.ts';
import { simulatedEventRows, simulationRows } from './bench/simulation.ts';
import { snapshotReadRows } from './bench/snapshot-reads.ts';
import { statisticsRows } from './bench/statistics.ts';
import { taskStateRows } from './bench/task-state.ts';
import { zoneMoveRows } from './bench/zone-moves.ts';
import { zonePlanRows } from './bench/zone-plan.ts';
import { Misuse, runCommand, Unavailable } from './misuse.ts';

/** One JSON object a line: figures are printed, never judged. */
const print = (row: BenchRow): void => {
  process.stdout.write(`${JSON.stringify(row)}\n`);
};

async function printAll(): Promise<void> {
  for (const row of statisticsRows()) print(row);
  for (const row of await bundleRows()) print(row);
  for (const row of await taskStateRows()) print(row);
  for (const row of zonePlanRows()) print(row);
  for (const row of zoneMoveRows()) print(row);
  for (const row of await snapshotReadRows()) print(row);
  for (const row of detectorRows()) print(row);
  for (const row of await densityCorpusRows()) print(row);
  for (const row of costRows(await measureUsage())) print(row);
  for (const row of await simulatedEventRows()) print(row);
  for (const row of await simulationRows()) print(row);
}

function readUsage(): ReturnType<typeof parseUsage> {
  try {
    return parseUsage(readFileSync(usageFile, 'utf8'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    throw new Unavailable(`docs/cost.json: expected what --cost --save writes, ${detail}`, {
      cause,
    });
  }
}

const usage = 'usage: npm run -s bench [-- --cost [--save] | --cost-table]';

await runCommand(usage, async () => {
  const { values } = parseArgs({
    options: {
      cost: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      'cost-table': { type: 'boolean', default: false },
    },
  });
  if (values.save && !values.cost) throw new Misuse('--save goes with --cost');
  if (values.cost && values['cost-table']) throw new Misuse('expected --cost or --cost-table');
  if (values['cost-table']) {
    // The table of the README: what was measured last, at the prices and with the template of now.
    process.stdout.write(`${renderCostTable(costsOf(readUsage()))}\n`);
  } else if (values.cost) {
    const measured = await measureUsage();
    for (const row of costRows(measured)) print(row);
    if (values.save) writeFileSync(usageFile, renderUsage(measured));
  } else {
    await printAll();
  }
  return 0;
});
