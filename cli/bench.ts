import { bundleRows } from './bench/bundle.ts';
import type { BenchRow } from './bench/row.ts';
import { statisticsRows } from './bench/statistics.ts';

/** One JSON object a line: figures are printed, never judged. */
const print = (row: BenchRow): void => {
  process.stdout.write(`${JSON.stringify(row)}\n`);
};

for (const row of statisticsRows()) print(row);
for (const row of await bundleRows()) print(row);
