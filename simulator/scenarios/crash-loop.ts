import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  type Build,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
} from './builders.ts';
import { hourMs, minuteMs, secondMs } from './time.ts';

/** Ends with exit code 1 within two minutes, again and again. */
const crashing: Build = {
  health: 'broken',
  app: { exit: { afterMs: [40 * secondMs, 95 * secondMs], exitCode: 1 } },
};
/** Runs into its limit of 512 MiB in about a minute and a half. */
const leaking: Build = {
  health: 'broken',
  app: { memory: { startMiB: 200, growthMiBPerHour: 12_000 } },
};
/** Nobody has pushed its image. */
const withoutImage: Build = { health: 'broken', image: 'registry.example.com/mailer:missing' };

function arrange(stage: Stage): Arranged {
  const { world, startMs } = stage;
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets });
  const common = { subnets, provider: 'general' };
  const worker = createWorker(stage, {
    ...common,
    name: 'worker',
    desired: 4,
    minimumHealthyPercent: 50,
  });
  const importer = createWorker(stage, { ...common, name: 'importer', desired: 3 });
  const mailer = createWorker(stage, { ...common, name: 'mailer', desired: 2 });
  createWeb(stage, { ...common, name: 'web', desired: 3, strategy: 'ROLLING' });
  world.nature.imageMissing('registry.example.com/mailer:missing');
  const at = (afterMs: number, run: () => void): void =>
    void world.schedule(startMs + afterMs, run);
  at(hourMs, () => worker.deploy(leaking));
  at(hourMs + 50 * minuteMs, () => worker.deploy(goodBuild));
  at(3 * hourMs, () => importer.deploy(crashing));
  at(3 * hourMs + 10 * minuteMs, () => mailer.deploy(withoutImage));
  at(4 * hourMs, () => importer.deploy(goodBuild));
  at(4 * hourMs + 10 * minuteMs, () => mailer.deploy(goodBuild));
  return { zones: subnets.map(({ zone }) => zone) };
}

export const crashLoop: Scenario = {
  name: 'crash-loop',
  sentence: 'Builds leak memory, crash and lack their image until somebody mends them.',
  days: 0.5,
  daysMax: 7,
  mode: 'wire',
  stackMode: () => 'observe',
  faults: [
    ...(['duplicate-events', 'late-events', 'reordered-events', 'lost-events'] as const),
    ...(['overlapping-invocations', 'crashes', 'throttling', 'network-errors'] as const),
    ...(['hanging-calls', 'stale-reads'] as const),
  ],
  convergesWithinMs: 7 * hourMs,
  arrange,
};
