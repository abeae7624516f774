import { describe, expect, it } from 'vitest';
import { afterTransfers, deschedulerTransfers } from '../../cli/bench/descheduler.ts';
import type { BenchRow } from '../../cli/bench/row.ts';
import { simulatedEventRows, simulationRows } from '../../cli/bench/simulation.ts';
import { snapshotReadRows } from '../../cli/bench/snapshot-reads.ts';
import { zoneMoveRows } from '../../cli/bench/zone-moves.ts';
import { allCheckers } from '../../simulator/checkers/index.ts';

const byName = (rows: Iterable<BenchRow>): ReadonlyMap<string, BenchRow> =>
  new Map([...rows].map((row) => [row.name, row]));

describe('the descheduler that plans are set beside', () => {
  it('moves as its documentation says: 2/5/3/8/5/7 becomes 5/5/5/5/5/5', () => {
    const counts = [2, 5, 3, 8, 5, 7];
    const transfers = deschedulerTransfers(counts, 1);
    expect(afterTransfers(counts, transfers)).toEqual([5, 5, 5, 5, 5, 5]);
  });

  it.each([
    ['[3, 1] with a skew of 1: one goes over, [2, 2]', [3, 1], 1, [2, 2]],
    ['[2, 1] is within a skew of 1', [2, 1], 1, [2, 1]],
    ['[5, 1, 0]: the emptiest first, then no zone is above the average', [5, 1, 0], 1, [2, 2, 2]],
    ['[8, 0] with a skew of 4: half of the 4 beyond it', [8, 0], 4, [6, 2]],
  ])('%s', (_, counts, skewMax, after) => {
    expect(afterTransfers(counts, deschedulerTransfers(counts, skewMax))).toEqual(after);
  });
});

describe('the bench', () => {
  it('finds the planner at the optimum, told another way than by its own formula', () => {
    const rows = byName(zoneMoveRows(500));
    expect(rows.get('zone-moves.optimum')).toMatchObject({ ratio: 1 });
    expect(rows.get('zone-moves.optimum-missed')).toMatchObject({ value: 0 });
    expect(rows.get('zone-moves.left-skewed')).toMatchObject({ value: 0 });
    expect(rows.get('zone-moves.force-new-deployment')?.ratio).toBeLessThan(1);
  });

  it('counts calls, and measures the longest chain of those that wait for one another', async () => {
    const rows = byName(await snapshotReadRows({ tasks: 250, instances: 30, services: 12 }));
    // Three pages and batches of tasks, one of instances, one page and two batches of services.
    expect(rows.get('snapshot-reads.calls')?.value).toBe(3 + 3 + 1 + 1 + 1 + 2);
    // The last batch of tasks waits for the third page.
    expect(rows.get('snapshot-reads.depth')?.value).toBe(4);
    // One page; of each service itself, a page and a batch of tasks; of six the instances they are on.
    expect(rows.get('snapshot-reads.calls.per-service.at-once')?.peer).toMatch(/: 43$/);
    // A page, DescribeServices, ListTasks, DescribeTasks, DescribeContainerInstances.
    expect(rows.get('snapshot-reads.depth.per-service.at-once')?.peer).toMatch(/: 5$/);
    const oneByOne = rows.get('snapshot-reads.depth.per-task.one-by-one')?.peer;
    expect(oneByOne).toBe(rows.get('snapshot-reads.calls.per-task.one-by-one')?.peer);
    // Three pages, a task, then its instance or its service: others have asked for the one or the other.
    expect(rows.get('snapshot-reads.depth.per-task.at-once')?.peer).toMatch(/: 5$/);
  });

  it('counts what goes on in a second, in both modes', async () => {
    const rows = byName(await simulatedEventRows({ tasks: 25, days: 0.1 }));
    expect(rows.get('simulation.events.wire')?.value).toBeGreaterThan(0);
    expect(rows.get('simulation.events.fast')?.value).toBeGreaterThan(0);
  });

  it('plays a fortnight in which nothing is broken, only smaller', async () => {
    const rows = byName(await simulationRows({ tasks: 50, days: 0.5 }));
    expect(rows.get('simulation.broken')).toMatchObject({
      value: 0,
      unit: `of ${allCheckers.length} invariants`,
    });
    expect(rows.get('simulation.cpu')?.peer).toMatch(/: [\d.]+$/);
  });
});
