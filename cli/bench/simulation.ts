import { runScenario } from '../../simulator/run.ts';
import { createHealthyMonth } from '../../simulator/scenarios/healthy-month.ts';
import type { BenchRow } from './row.ts';

const tasksAService = 5;

type Size = { readonly tasks: number; readonly days: number };

/** What a simulated fortnight takes: the world, the deployed functions in fast mode, every checker. */
export async function simulationRows(
  { tasks, days }: Size = { tasks: 1_000, days: 14 },
): Promise<readonly BenchRow[]> {
  const scenario = createHealthyMonth(tasks / tasksAService);
  const measured = await measure(() => runScenario(scenario, { seed: 1, days }));
  const alone = await measure(() => runScenario(scenario, { seed: 1, days, withBallast: false }));
  const few = await measure(() => runScenario(scenario, { seed: 1, days, withWatchers: false }));
  const { invariants } = measured.report;
  const broken = invariants.filter(({ isHeld }) => !isHeld);
  const of = `for ${days} days of ${tasks} tasks`;
  return [
    { name: 'simulation.took', value: measured.tookSeconds, unit: `s ${of}` },
    {
      name: 'simulation.cpu',
      value: measured.cpuSeconds,
      unit: `CPU s ${of}`,
      peer: `the same world without Ballast and checkers: ${alone.cpuSeconds}`,
      ratio: Math.round((measured.cpuSeconds / alone.cpuSeconds) * 100) / 100,
    },
    {
      name: 'simulation.cpu without watchers',
      value: few.cpuSeconds,
      unit: `CPU s ${of}, without the functions that look at whole clusters every few minutes`,
    },
    { name: 'simulation.broken', value: broken.length, unit: `of ${invariants.length} invariants` },
  ];
}

async function measure<Report>(run: () => Promise<Report>) {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const report = await run();
  const { user, system } = process.cpuUsage(before);
  const tookSeconds = rounded((performance.now() - startedMs) / 1_000);
  return { report, tookSeconds, cpuSeconds: rounded((user + system) / 1_000_000) };
}

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;
