import { bundleRows } from './bench/bundle.ts';
import { densityCorpusRows } from './bench/density-corpus.ts';
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

for (const row of statisticsRows()) print(row);
for (const row of await bundleRows()) print(row);
for (const row of await taskStateRows()) print(row);
for (const row of zonePlanRows()) print(row);
for (const row of zoneMoveRows()) print(row);
for (const row of await snapshotReadRows()) print(row);
for (const row of detectorRows()) print(row);
for (const row of await densityCorpusRows()) print(row);
for (const row of await simulationRows()) print(row);
