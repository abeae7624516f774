import { play } from '../../simulator/play.ts';
import { runScenario } from '../../simulator/run.ts';
import type { RunMode, Scenario } from '../../simulator/scenario.ts';
import { createHealthyMonth } from '../../simulator/scenarios/healthy-month.ts';
import type { World } from '../../simulator/world.ts';
import type { BenchRow } from './row.ts';

const tasksAService = 5;
/** A fortnight of 1,000 tasks in a minute; docs/adr/0013 says why it is not met. */
const targetSecondsATaskDay = 60 / (14 * 1_000);

type Size = { readonly tasks: number; readonly days: number };

/** How much goes on in a second of computing where calls to AWS are made for real, and where not. */
export async function simulatedEventRows(
  { tasks, days }: Size = { tasks: 300, days: 1 },
): Promise<readonly BenchRow[]> {
  const scenario = createHealthyMonth(tasks / tasksAService);
  const fast = await eventsASecond(scenario, 'fast', days);
  const wire = await eventsASecond(scenario, 'wire', days);
  const unit = `events of virtual time a CPU s, over ${days} days of ${tasks} tasks with all functions`;
  return [
    { name: 'simulation.events.wire', value: wire, unit },
    {
      name: 'simulation.events.fast',
      value: fast,
      unit,
      peer: `the same in wire mode: ${wire}`,
      ratio: Math.round((fast / wire) * 100) / 100,
    },
  ];
}

async function eventsASecond(scenario: Scenario, mode: RunMode, days: number): Promise<number> {
  const worlds: World[] = [];
  const { cpuSeconds } = await measure(() =>
    play(scenario, {
      ...{ seed: 1, days, mode, withBallast: true },
      watch: ({ world }) => worlds.push(world),
    }),
  );
  const steps = worlds.reduce((sum, world) => sum + world.steps(), 0);
  return Math.round(steps / cpuSeconds);
}

/** What a simulated fortnight takes: the world, the deployed functions in fast mode, every checker. */
export async function simulationRows(
  { tasks, days }: Size = { tasks: 1_000, days: 14 },
): Promise<readonly BenchRow[]> {
  const scenario = createHealthyMonth(tasks / tasksAService);
  const measured = await measure(() => runScenario(scenario, { seed: 1, days }));
  const alone = await measure(() => runScenario(scenario, { seed: 1, days, withBallast: false }));
  const few = await measure(() => runScenario(scenario, { seed: 1, days, withWatchers: false }));
  const { invariants } = measured.result;
  const broken = invariants.filter(({ isHeld }) => !isHeld);
  const of = `for ${days} days of ${tasks} tasks`;
  const targetSeconds = days * tasks * targetSecondsATaskDay;
  return [
    {
      name: 'simulation.took',
      value: rounded(measured.tookSeconds),
      unit: `s ${of}`,
      peer: `the target: ${rounded(targetSeconds)}`,
      ratio: Math.round((measured.tookSeconds / targetSeconds) * 100) / 100,
    },
    {
      name: 'simulation.cpu',
      value: rounded(measured.cpuSeconds),
      unit: `CPU s ${of}`,
      peer: `the same world without Ballast and checkers: ${rounded(alone.cpuSeconds)}`,
      ratio: Math.round((measured.cpuSeconds / alone.cpuSeconds) * 100) / 100,
    },
    {
      name: 'simulation.cpu without watchers',
      value: rounded(few.cpuSeconds),
      unit: `CPU s ${of}, without the functions that look at whole clusters every few minutes`,
    },
    { name: 'simulation.broken', value: broken.length, unit: `of ${invariants.length} invariants` },
  ];
}

async function measure<Result>(run: () => Promise<Result>) {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  return { result, tookSeconds, cpuSeconds: (user + system) / 1_000_000 };
}

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;
