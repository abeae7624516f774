import { check } from './checkers/checker.ts';
import { allCheckers } from './checkers/index.ts';
import { createTeller } from './demo-teller.ts';
import { playWeeksOnThread } from './demo-thread.ts';
import type { Weeks, WeeksFigures } from './demo-weeks.ts';
import { followInstances, type InstanceLife } from './instance-lives.ts';
import { createLiveProber, type LiveProber } from './live-prober.ts';
import { type PlayOptions, play, type Watched } from './play.ts';
import type { RunRecord } from './record.ts';
import { type Report, reportOf } from './report.ts';
import { chapters, demo } from './scenarios/demo.ts';
import { type Story, storyOf } from './story.ts';
import { durationText } from './weeks-figures.ts';

export type DemoOptions = {
  readonly seed: number;
  /** Called with every line, without its end. */
  readonly write: (line: string) => void;
  /** Keeps what there is to show besides the lines; returns where. */
  readonly keep?: (show: DemoShow) => string;
};

/** A row of the comparison: what is counted, with Ballast and without. */
export type ComparisonRow = readonly [label: string, withBallast: string, without: string];

/** What a page can be made of. */
export type DemoShow = {
  readonly seed: number;
  readonly stories: readonly Story[];
  readonly rows: readonly ComparisonRow[];
};

/** What a demo came to; `report` is that of the scenario `demo`, but for latencies that were real. */
export type DemoResult = {
  readonly report: Report;
  readonly withoutBallast: Report;
  readonly weeks: Weeks;
};

/**
 * Plays the scenario `demo` and tells it line by line: the deployed stack in a world of virtual time,
 * with real HTTP servers as blue and green, and then the same seed without Ballast. The weeks after that
 * are a run of their own, played on another thread meanwhile.
 */
export async function playDemo({ seed, write, keep }: DemoOptions): Promise<DemoResult> {
  const startedMs = performance.now();
  write(
    `Ballast demo  seed ${seed}  simulated AWS account, virtual time; real handlers, real HTTP`,
  );
  const weeksToCome = playWeeksOnThread(seed);
  // It is awaited later: a failure until then is not an unhandled one.
  weeksToCome.catch(() => {});
  const options = { seed, days: demo.days, mode: demo.mode, withBallast: true } as const;
  const { played, watched, lives } = await playLive(options, write);
  const without = await play(demo, { ...options, withBallast: false });
  const baseline = async () => without.record;
  const invariants = await check(allCheckers, { run: played.record, scenario: demo, baseline });
  const weeks = await weeksToCome;
  for (const line of weeks.lines) write(line);
  const result = {
    ...{ report: reportOf(played, invariants), withoutBallast: reportOf(without, []), weeks },
  };
  const rows = comparisonRows(result, played.record);
  for (const line of tellComparison(result, rows)) write(line);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const days = Math.floor(weeks.report.days) + 1;
  write(`${firstDaysText()}, and the weeks after: ${days} days in ${seconds} s.`);
  const stories = [storyOf(played, watched, lives, invariants), weeks.story];
  if (keep !== undefined) write(`Report: ${keep({ seed, stories, rows })}`);
  for (const line of nextSteps) write(line);
  return result;
}

async function playLive(options: PlayOptions, write: DemoOptions['write']) {
  let live: LiveProber | undefined;
  let seen: Watched | undefined;
  let lives: () => readonly InstanceLife[] = () => [];
  try {
    const played = await play(demo, {
      ...options,
      createProber: (world, given) => {
        live = createLiveProber(world, given);
        return live.open;
      },
      watch: (watched) => {
        seen = watched;
        lives = followInstances(watched.world);
        write(tellCluster(watched));
        createTeller(watched, chapters, write);
      },
    });
    if (seen === undefined) throw new Error('a run that nobody could watch');
    return { played, watched: seen, lives: lives() };
  } finally {
    await live?.close();
  }
}

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** `six deployments and a crash loop`. */
function firstDaysText(): string {
  const count = chapters.filter(({ service }) => service === 'web').length;
  return `${numbers[count] ?? count} deployments and a crash loop`;
}

/** Whatever is compared, in the words of the terminal and of the report. */
function comparisonRows(result: DemoResult, record: RunRecord): readonly ComparisonRow[] {
  const { report, withoutBallast, weeks } = result;
  const badBuilds = record.truths
    .filter((truth) => truth.type === 'build')
    .filter(({ health }) => health !== 'good')
    .map(buildOf);
  const toBad = ({ users }: Report): number =>
    users
      .flatMap(({ byRevision }) => badBuilds.map((build) => byRevision[build] ?? 0))
      .reduce((sum, count) => sum + count, 0);
  const { withBallast: watched, withoutBallast: alone } = weeks;
  return [
    ['bad requests to users', figure(toBad(report)), figure(toBad(withoutBallast))],
    ['crash loop told after', toldAfter(record), 'never'],
    ['longest drain', drainText(watched), drainText(alone)],
    ['uneven service-days', watched.unevenDays.toFixed(1), alone.unevenDays.toFixed(1)],
    ['alerts / pages', noiseText([report, weeks.report]), '-'],
  ];
}

const tellComparison = (
  { report, weeks }: DemoResult,
  rows: readonly ComparisonRow[],
): readonly string[] => [
  '',
  row('', 'with Ballast', 'without (same seed)'),
  ...rows.map((cells) => row(...cells)),
  ...[report, weeks.report].flatMap(invariantLines),
];

const drainText = ({ longestDrain: drain }: WeeksFigures): string => {
  if (drain === undefined) return 'none';
  return `${durationText(drain.lastedMs)}${drain.isOver ? '' : ', goes on'}`;
};

/** Incidents that were opened, and paged for: reminders and ends are none of their own. */
const noiseText = (reports: readonly Report[]): string => {
  const incidentsOn = (of: string): number => {
    const own = reports.flatMap(({ alerts, scenario }) =>
      alerts
        .filter(({ kind, topic }) => topic === of && !kind.startsWith('digest-'))
        .map(({ incidentId }) => `${scenario} ${incidentId}`),
    );
    return new Set(own).size;
  };
  return `${incidentsOn('alerts')} / ${incidentsOn('pages')}`;
};

function invariantLines({ invariants, scenario, seed }: Report): readonly string[] {
  const held = invariants.filter(({ isHeld }) => isHeld).length;
  const broken = invariants.filter(({ isHeld }) => !isHeld);
  return [
    ...broken.flatMap(({ name, sentence, evidence }) => [
      `BROKEN  ${name}: ${sentence}`,
      ...evidence.map((line) => `        ${line}`),
    ]),
    `invariants ${held} of ${invariants.length} held    npm run -s sim -- --scenario ${scenario} --seed ${seed}`,
  ];
}

const row = (label: string, ...cells: readonly string[]): string =>
  `${label.padEnd(24)}${cells.map((cell) => cell.padEnd(16)).join('')}`.trimEnd();

const figure = (count: number): string => count.toLocaleString('en-GB');

const buildOf = ({ taskDefinitionArn }: { readonly taskDefinitionArn: string }): string =>
  taskDefinitionArn.split('/').at(-1) ?? '?';

/** From the first container that ran out of memory to the first word of it. */
function toldAfter({ alerts, stops }: RunRecord): string {
  const told = alerts.find(({ kind }) => kind === 'crash-loop');
  const first = stops.find(({ containers }) =>
    containers.some(({ reason }) => reason?.startsWith('OutOfMemoryError')),
  );
  if (told === undefined || first === undefined) return 'never';
  return `${Math.round((told.atMs - first.stoppedAtMs) / 60_000)} min`;
}

function tellCluster({ world: { account } }: Watched): string {
  const [cluster] = account.clusters.values();
  const services = [...account.services.values()];
  const tasks = services.reduce((sum, { desiredCount }) => sum + desiredCount, 0);
  const where = `${account.subnets.size} zones, managed instances`;
  return `${cluster?.clusterName}: ${services.length} services, ${tasks} tasks, ${where}   mode: enforce`;
}

const nextSteps = [
  'Next:  npm run -s gate -- --green URL [--blue URL]     your own endpoint',
  '       npm run -s plan -- --cluster NAME               your own cluster, read-only',
  '       npm run -s sim -- --scenario storm --seed 7     everything goes wrong at once',
  '       functions/deployment-hook/README.md             what it can prove, and how to attach it',
];
