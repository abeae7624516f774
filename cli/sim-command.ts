import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseSnapshot } from '../shared/events/saved-snapshot.ts';
import type { Report } from '../simulator/report.ts';
import type { Scenario } from '../simulator/scenario.ts';
import { scenarios } from '../simulator/scenarios/index.ts';
import type { SavedCluster } from '../simulator/scenarios/saved-cluster.ts';
import { Misuse, Unavailable } from './misuse.ts';
import { summarise } from './sim-runs.ts';
import { tellReport, tellRuns } from './sim-text.ts';
import { userPath } from './user-path.ts';

export const usage =
  'usage: npm run -s sim -- --scenario NAME [--seed N] [--runs N] [--days D] [--from SNAPSHOT] ' +
  '[--no-ballast] [--json]';

const seedDefault = '1';
const runsMax = 100_000;

export type SimOptions = {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly runs: number;
  readonly days: number;
  /** Days as given; undefined where the scenario decides. */
  readonly daysGiven: number | undefined;
  readonly withBallast: boolean;
  readonly json: boolean;
  /** File of a saved snapshot, whose cluster takes the place of the scenario's own. */
  readonly from: string | undefined;
};

/** Reads the command line; throws Misuse that names what is wrong. */
export function readSimOptions(args: readonly string[]): SimOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      scenario: { type: 'string' },
      seed: { type: 'string', default: seedDefault },
      runs: { type: 'string', default: '1' },
      days: { type: 'string' },
      from: { type: 'string' },
      'no-ballast': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (positionals.length > 0) throw new Misuse(`unexpected "${positionals.join(' ')}"`);
  const scenario = scenarioOf(values.scenario);
  const daysGiven = daysOf(values.days, scenario);
  return {
    scenario,
    seed: seedOf(values.seed),
    runs: runsOf(values.runs),
    days: daysGiven ?? scenario.days,
    daysGiven,
    withBallast: !values['no-ballast'],
    json: values.json,
    from: values.from,
  };
}

function scenarioOf(name: string | undefined): Scenario {
  const scenario = scenarios.get(name ?? '');
  if (scenario !== undefined) return scenario;
  const names = [...scenarios.keys()].sort().join(', ');
  throw new Misuse(`--scenario: expected one of ${names}; got "${name ?? ''}"`);
}

/** Seeds that a commit's hash can be reduced to. */
const hashSeeds = 2_147_483_647n;

/** A whole number, or the hash of a commit, reduced to one: a pipeline then plays other seeds each time. */
export function seedOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  // Digits alone are a hash only where they are as many as a whole one has.
  if (/^\d+$/.test(text) ? /^(\d{40}|\d{64})$/.test(text) : /^[0-9a-f]{7,64}$/i.test(text))
    return Number(BigInt(`0x${text}`) % hashSeeds);
  throw new Misuse(`--seed: expected a whole number or the hash of a commit, got "${text}"`);
}

function runsOf(text: string): number {
  const runs = /^\d+$/.test(text) ? Number(text) : 0;
  if (runs >= 1 && runs <= runsMax) return runs;
  throw new Misuse(`--runs: expected a whole number from 1 to ${runsMax}, got "${text}"`);
}

/** An hour at least: a cluster has to have started before anything can be seen. */
const daysMin = 1 / 24;

function daysOf(text: string | undefined, { name, daysMax }: Scenario): number | undefined {
  if (text === undefined) return undefined;
  const days = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (days >= daysMin && days <= daysMax) return days;
  throw new Misuse(
    `--days: expected a number from 0.042, an hour, up to ${daysMax} for ${name}, got "${text}"`,
  );
}

/** What is to be played, in a form that another thread understands. */
export type SimJob = {
  readonly scenario: string;
  readonly seed: number;
  readonly days: number;
  readonly withBallast: boolean;
  /** Read from a file already. */
  readonly cluster: SavedCluster | undefined;
};

/** A run that came to an end, or why it did not. */
export type SimResult =
  | { readonly seed: number; readonly report: Report }
  | { readonly seed: number; readonly error: string };

export type SimDeps = {
  readonly print: (line: string) => void;
  /** Plays one run. */
  readonly play: (job: SimJob) => Promise<Report>;
  /** Plays many runs on every core; tells each result when it is there. */
  readonly playAll: (
    jobs: readonly SimJob[],
    onResult: (result: SimResult) => void,
  ) => Promise<void>;
};

/** Carries the command out; the result is the exit code: 1 when an invariant broke. */
export async function runSim(options: SimOptions, deps: SimDeps): Promise<number> {
  const { scenario, seed, runs, days, withBallast, json, from } = options;
  const cluster = from === undefined ? undefined : readCluster(from);
  const jobOf = (one: number): SimJob => ({
    ...{ scenario: scenario.name, seed: one, days, withBallast, cluster },
  });
  if (runs > 1) return await runMany(options, deps, jobOf);
  const report = await deps.play(jobOf(seed));
  if (json) deps.print(JSON.stringify(report));
  else for (const line of tellReport(report, scenario, commandOf(options, seed))) deps.print(line);
  return report.invariants.every(({ isHeld }) => isHeld) ? 0 : 1;
}

async function runMany(
  options: SimOptions,
  deps: SimDeps,
  jobOf: (seed: number) => SimJob,
): Promise<number> {
  const { scenario, seed, runs, json } = options;
  const jobs = Array.from({ length: runs }, (_, at) => jobOf(seed + at));
  const results: SimResult[] = [];
  await deps.playAll(jobs, (result) => results.push(result));
  const summary = summarise(scenario.name, results);
  if (json) deps.print(JSON.stringify(summary));
  else {
    for (const line of tellRuns(summary, (one) => commandOf(options, one))) deps.print(line);
  }
  return summary.failures.length === 0 && summary.goodGreens.isWithinRate ? 0 : 1;
}

/** The cluster of a file that `plan --save` has written. */
function readCluster(file: string): SavedCluster {
  try {
    return bounded(parseSnapshot(JSON.parse(readFileSync(userPath(file), 'utf8'))));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    throw new Unavailable(`--from ${file}: expected a saved snapshot, ${detail}`, { cause });
  }
}

/** Tasks that a simulated cluster may want: more than any that is known, and not so many that it never ends. */
export const savedTasksMax = 20_000;

function bounded(cluster: SavedCluster): SavedCluster {
  const wanted = cluster.services.reduce((sum, { desired }) => sum + desired, 0);
  if (wanted > savedTasksMax) {
    throw new Error(`its services want ${wanted} tasks, ${savedTasksMax} at most can be played`);
  }
  return cluster;
}

/** The command that plays one seed again. */
export const commandOf = (options: SimOptions, seed: number): string =>
  [
    `npm run -s sim -- --scenario ${options.scenario.name} --seed ${seed}`,
    ...(options.daysGiven === undefined ? [] : [`--days ${options.daysGiven}`]),
    ...(options.from === undefined ? [] : [`--from ${options.from}`]),
    ...(options.withBallast ? [] : ['--no-ballast']),
  ].join(' ');
