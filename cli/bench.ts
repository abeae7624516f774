import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bundleRows } from './bench/bundle.ts';
import { renderCostTable } from './bench/cost/cost-table.ts';
import { parseUsage, renderUsage, usageFile } from './bench/cost/usage-file.ts';
import { costRows, costsOf, measureUsage } from './bench/cost.ts';
import { detectorRows } from './bench/detector.ts';
import type { BenchRow } from './bench/row.ts';
import { simulationRows } from './bench/simulation.ts';
import { snapshotReadRows } from './bench/snapshot-reads.ts';
import { statisticsRows } from './bench/statistics.ts';
import { taskStateRows } from './bench/task-state.ts';
import { zoneMoveRows } from './bench/zone-moves.ts';
import { zonePlanRows } from './bench/zone-plan.ts';

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
  for (const row of costRows(await measureUsage())) print(row);
  for (const row of await simulationRows()) print(row);
}

const { values } = parseArgs({
  options: {
    cost: { type: 'boolean' },
    save: { type: 'boolean' },
    'cost-table': { type: 'boolean' },
  },
});
if (values['cost-table'] === true) {
  // The table of the README: what was measured last, at the prices and with the template of now.
  const usage = parseUsage(readFileSync(usageFile, 'utf8'));
  process.stdout.write(`${renderCostTable(costsOf(usage))}\n`);
} else if (values.cost === true) {
  const usage = await measureUsage();
  for (const row of costRows(usage)) print(row);
  if (values.save === true) writeFileSync(usageFile, renderUsage(usage));
} else {
  await printAll();
}
