import type { ClientSettings } from '../shared/aws/clients.ts';
import { openClusterFinder } from '../shared/aws/cluster-finder.ts';
import { createReadLimiter } from '../shared/aws/read-limiter.ts';
import { openSnapshotReader } from '../shared/aws/snapshot-reader.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { runCommand } from './misuse.ts';
import { readPlanOptions, usage } from './plan/options.ts';
import { type LiveReads, type LiveSource, runPlan } from './plan-command.ts';

/** Reads with ordinary AWS credentials: those of the environment, or of a profile. */
function openReads({ region, profile }: LiveSource): LiveReads {
  const settings: ClientSettings = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000 },
  };
  return {
    clusters: openClusterFinder(settings),
    snapshots: openSnapshotReader(settings, {
      limiter: createReadLimiter(systemClock),
      clock: systemClock,
    }),
  };
}

/** Says what a cluster looks like and what Ballast would do, and writes nothing. */
await runCommand(usage, () =>
  runPlan(readPlanOptions(process.argv.slice(2)), {
    openReads,
    print: (line) => process.stdout.write(`${line}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
    },
  }),
);
