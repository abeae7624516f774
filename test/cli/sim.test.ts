import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Misuse } from '../../cli/misuse.ts';
import {
  commandOf,
  readSimOptions,
  runSim,
  type SimDeps,
  type SimJob,
  type SimResult,
  seedOf,
} from '../../cli/sim-command.ts';
import type { Invariant } from '../../simulator/checkers/checker.ts';
import { play } from '../../simulator/play.ts';
import { type Report, reportOf } from '../../simulator/report.ts';
import type { SavedCluster } from '../../simulator/scenarios/saved-cluster.ts';
import { pocket } from '../support/pocket.ts';
import { runCommand, temporaryFile } from './run-command.ts';

const patienceMs = 120_000;
const read = (line: string) => readSimOptions(line.split(' '));

const held: Invariant = { name: 'problems', sentence: 'All is well.', isHeld: true, evidence: [] };
const broken: Invariant = {
  ...{ name: 'told-once', sentence: 'No message comes twice.', isHeld: false },
  evidence: ['crash-loop-1#1 came at 03:04 and again at 03:05'],
};

/** A short run, with these invariants in the place of its own. */
async function reportWith(invariants: readonly Invariant[]): Promise<Report> {
  const played = await play(pocket, { seed: 1, days: 1 / 24, mode: 'fast', withBallast: true });
  return reportOf(played, invariants);
}

/** Runs the command with runs that end as given, by seed. */
async function simulated(line: string, resultOf: (job: SimJob) => SimResult) {
  const lines: string[] = [];
  const jobs: SimJob[] = [];
  const deps: SimDeps = {
    print: (text) => lines.push(text),
    play: async (job) => {
      jobs.push(job);
      const result = resultOf(job);
      if ('error' in result) throw new Error(result.error);
      return result.report;
    },
    playAll: async (all, onResult) => {
      jobs.push(...all);
      // Threads end in any order.
      for (const job of [...all].reverse()) onResult(resultOf(job));
    },
  };
  return { code: await runSim(read(line), deps), lines, jobs };
}

describe('the options of sim', { timeout: patienceMs }, () => {
  it('are a scenario, seeds, runs, days and forms of output', () => {
    expect(read('--scenario storm')).toMatchObject({
      ...{ seed: 1, runs: 1, days: 0.25, withBallast: true, json: false },
    });
    expect(
      read('--scenario day-14 --seed 7 --runs 20 --days 15 --no-ballast --json'),
    ).toMatchObject({ seed: 7, runs: 20, days: 15, withBallast: false, json: true });
  });

  it('take a commit for a seed, the same each time', () => {
    expect(seedOf('42')).toBe(42);
    expect(seedOf('6ec1affe0d')).toBe(Number(0x6ec1affe0dn % 2_147_483_647n));
    expect(Number.isSafeInteger(seedOf('a'.repeat(40)))).toBe(true);
    expect(Number.isSafeInteger(seedOf('1'.repeat(40)))).toBe(true);
  });

  it.each([
    ['', '--scenario: expected one of bad-green, crash-loop'],
    ['--scenario nowhere', 'got "nowhere"'],
    ['--scenario storm --seed -1', '--seed'],
    ['--scenario storm --seed 1234567890123456', '--seed'],
    ['--scenario storm --seed x1', '--seed: expected a whole number or the hash'],
    ['--scenario storm --runs 0', '--runs: expected a whole number from 1'],
    [
      '--scenario storm --days 9',
      '--days: expected a number from 0.042, an hour, up to 1 for storm, got "9"',
    ],
    ['--scenario storm extra', 'unexpected "extra"'],
  ])('say what is wrong with %s', (line, message) => {
    const args = line === '' ? [] : line.split(' ');
    expect(() => readSimOptions(args)).toThrow(message);
  });

  it('end with one line and exit code 2 where they cannot be read', async () => {
    const { code, stdout, stderr } = await runCommand('sim', ['--scenario', 'nowhere']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^--scenario: expected one of .*\nusage: npm run -s sim/);
  });

  it('are misuse and nothing else', () => {
    expect(() => read('--scenario nowhere')).toThrow(Misuse);
  });
});

describe('one run', { timeout: patienceMs }, () => {
  it('is told with its seed, faults, variants, lines of time and invariants', async () => {
    const report = await reportWith([held]);
    const { code, lines } = await simulated('--scenario storm --seed 7', () => ({
      seed: 7,
      report,
    }));
    expect(code).toBe(0);
    const text = lines.join('\n');
    expect(lines[0]).toMatch(/^Ballast sim {2}pocket {2}seed 1 {2}1 hour from 20 Nov 00:00Z/);
    expect(text).toMatch(/^faults {5}none$/m);
    expect(text).toMatch(/^variants .*rebalancing-delay|scheduler-delay=/m);
    expect(text).toMatch(/^ 20 Nov 00:5\d {2}you {4}deploy worker:2 \(broken\)$/m);
    expect(text).toMatch(/^users .*web: \d+ requests/m);
    expect(text).toMatch(/^calls .*dynamodb:Query=\d+/m);
    expect(lines.at(-1)).toBe(
      'invariants 1 of 1 held    npm run -s sim -- --scenario storm --seed 7',
    );
  });

  it('that breaks an invariant says which, shows the last events, and how to see it again', async () => {
    const report = await reportWith([held, broken]);
    const { code, lines } = await simulated('--scenario storm --seed 7 --days 0.5', () => ({
      ...{ seed: 7, report },
    }));
    expect(code).toBe(1);
    const text = lines.join('\n');
    expect(text).toContain('BROKEN     told-once: No message comes twice.');
    expect(text).toContain(broken.evidence[0]);
    expect(lines.at(-1)).toBe(
      'invariants 1 of 2 held    npm run -s sim -- --scenario storm --seed 7 --days 0.5',
    );
  });

  it('is one object with --json', async () => {
    const report = await reportWith([held, broken]);
    const { code, lines } = await simulated('--scenario storm --json', () => ({ seed: 1, report }));
    expect([code, lines.length]).toEqual([1, 1]);
    const parsed: unknown = JSON.parse(lines[0] ?? '');
    expect(Object.keys(Object(parsed))).toEqual(
      expect.arrayContaining(['seed', 'invariants', 'actions', 'alerts', 'timeline', 'calls']),
    );
  });

  it('names every option in the command that repeats it', () => {
    const options = read('--scenario spot --seed 3 --days 2 --no-ballast');
    expect(commandOf(options, 9)).toBe(
      'npm run -s sim -- --scenario spot --seed 9 --days 2 --no-ballast',
    );
  });
});

describe('a saved cluster', { timeout: patienceMs }, () => {
  const file = 'test/fixtures/snapshots/mixed.json';

  it('takes the place of the scenario’s own, with its services, Region and name', async () => {
    const { code, stdout } = await runCommand('sim', [
      ...['--scenario', 'zone-outage', '--days', '0.12', '--from', file, '--json'],
    ]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    const saved = JSON.parse(readFileSync(file, 'utf8')) as SavedCluster;
    const active = saved.services.filter(({ status }) => status === 'ACTIVE');
    const started = report.timeline.filter(({ text }) => text.endsWith('IN_PROGRESS'));
    const { leftOut } = report.figures as { readonly leftOut: readonly string[] };
    expect(started.length).toBeGreaterThanOrEqual(active.length - leftOut.length);
    expect(report.timeline.some(({ text }) => /zone us-east-1\w is out/.test(text))).toBe(true);
  });

  it('is named in the command that repeats it, and its assumptions are told', async () => {
    const line = `--scenario storm --from ${file} --seed 3`;
    const report = await reportWith([held]);
    const figures = { assumptions: ['all is new'], leftOut: ['service x: too odd'] };
    const { lines, jobs } = await simulated(line, () => ({
      seed: 3,
      report: { ...report, figures },
    }));
    expect(lines.at(-1)).toContain(`--scenario storm --seed 3 --from ${file}`);
    expect(lines).toEqual(
      expect.arrayContaining(['assumed    all is new', 'left out   service x: too odd']),
    );
    expect(jobs[0]?.cluster?.services.length).toBeGreaterThan(10);
  });

  it('that wants more tasks than can be played is refused in one line', async () => {
    const saved = JSON.parse(readFileSync('test/fixtures/snapshots/seed-003.json', 'utf8'));
    saved.services[0].desired = 1_000_000;
    const file = await temporaryFile('many.json', saved);
    const { code, stderr } = await runCommand('sim', ['--scenario', 'storm', '--from', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('its services want 1000000 tasks, 20000 at most can be played');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['package.json', 'expected a saved snapshot, snapshot.version: expected a number'],
    ['nowhere.json', 'no such file'],
  ])('that is %s is refused in one line', async (path, message) => {
    const { code, stdout, stderr } = await runCommand('sim', [
      ...['--scenario', 'storm', '--from', path],
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('many runs', { timeout: patienceMs }, () => {
  it('are played for seeds in a row, and summed up with the first failures', async () => {
    const [good, bad] = [await reportWith([held]), await reportWith([held, broken])];
    const resultOf = ({ seed }: SimJob): SimResult => {
      if (seed === 12) return { seed, error: 'Error: nobody home' };
      return { seed, report: seed === 11 ? bad : good };
    };
    const { code, lines, jobs } = await simulated('--scenario storm --seed 10 --runs 4', resultOf);
    expect(code).toBe(1);
    expect(jobs.map(({ seed }) => seed)).toEqual([10, 11, 12, 13]);
    const text = lines.join('\n');
    expect(lines[0]).toBe('Ballast sim  storm  4 runs  2 held, 2 did not');
    expect(text).toContain('    1  told-once');
    expect(text).toContain('seed 11    npm run -s sim -- --scenario storm --seed 11');
    expect(text).toContain('could not be played: Error: nobody home');
    expect(text.indexOf('seed 11')).toBeLessThan(text.indexOf('seed 12'));
  });

  it('hold when all do, and judge the gate over all of them', async () => {
    const report = await reportWith([held]);
    const counted = (blamed: number): Report => ({
      ...report,
      counts: { ...report.counts, goodGreens: { judged: 50, blamed } },
    });
    const play20 = (blamed: number) =>
      simulated('--scenario storm --runs 20 --json', ({ seed }) => ({
        ...{ seed, report: counted(seed === 5 ? blamed : 0) },
      }));
    expect((await play20(9)).code).toBe(0);
    const beyond = await play20(40);
    expect(beyond.code).toBe(1);
    expect(JSON.parse(beyond.lines[0] ?? '')).toMatchObject({
      ...{ runs: 20, held: 20, failures: [] },
      goodGreens: { judged: 1_000, blamed: 40, isWithinRate: false },
    });
  });

  it('are played on threads of their own', async () => {
    const { code, stdout } = await runCommand('sim', [
      ...['--scenario', 'seed-000', '--runs', '3', '--json'],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ scenario: 'seed-000', runs: 3, held: 3 });
  });
});
