import type { Report } from '../simulator/report.ts';
import type { Scenario } from '../simulator/scenario.ts';
import type { SimSummary } from './sim-runs.ts';

/** Lines of the timeline that are shown again beside what broke. */
const lastEventsMax = 12;
/** Failed seeds that a summary shows. */
const failuresShownMax = 5;
const lineCharsMax = 160;
const labelChars = 11;

/** `20 Nov 03:04`. */
function timeOf(atMs: number): string {
  const [, day = '', month = '', time = ''] =
    /^\w+, (\d+) (\w+) \d+ (\d+:\d+)/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${day} ${month} ${time}`;
}

const cut = (text: string): string =>
  text.length > lineCharsMax ? `${text.slice(0, lineCharsMax - 1)}…` : text;

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Words after a label, on as many lines as they need. */
function labelled(label: string, words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = label.padEnd(labelChars);
  for (const word of words) {
    if (line.length + word.length + 2 > lineCharsMax - 40) {
      lines.push(line.trimEnd());
      line = ' '.repeat(labelChars);
    }
    line += `${word}  `;
  }
  return [...lines, line.trimEnd()];
}

const pairs = (record: Readonly<Record<string, string | number>>): readonly string[] =>
  Object.entries(record).map(([name, value]) => `${name}=${value}`);

const spoken = (days: number): string =>
  days >= 1 ? counted(Math.round(days * 100) / 100, 'day') : counted(Math.round(days * 24), 'hour');

/** A run for people: who played what, what happened, and what held. */
export function tellReport(
  report: Report,
  { sentence }: Scenario,
  command: string,
): readonly string[] {
  const { scenario, seed, days, mode, stackMode, withBallast, faults, variants } = report;
  const ballast = withBallast ? `Ballast in ${stackMode}` : 'without Ballast';
  return [
    `Ballast sim  ${scenario}  seed ${seed}  ${spoken(days)} from ${timeOf(report.fromMs)}Z  ${mode}  ${ballast}`,
    sentence,
    ...labelled(
      'faults',
      faults.length === 0 ? ['none'] : faults.map((name) => struckText(report, name)),
    ),
    ...labelled('variants', pairs(variants)),
    '',
    ...report.timeline.map(({ atMs, who, text }) =>
      cut(` ${timeOf(atMs)}  ${who.padEnd(6)} ${text}`),
    ),
    '',
    ...tellFigures(report),
    ...tellInvariants(report, command),
  ];
}

const struckText = ({ faultHits }: Report, name: string): string =>
  `${name} ${faultHits[name] ?? 0}`;

function tellFigures(report: Report): readonly string[] {
  const { counts, users, calls, figures, withBallast } = report;
  const { judged, blamed } = counts.goodGreens;
  const told = [
    counted(counts.pages, 'page'),
    counted(counts.cards, 'card'),
    counted(counts.digests, 'digest'),
    counted(counts.stops, 'stop'),
    `${judged} good builds judged, ${blamed} blamed`,
  ];
  return [
    ...labelled('told', withBallast ? told : [counted(counts.stops, 'stop')]),
    ...users.flatMap(({ service, sent, failed, byRevision }) =>
      labelled('users', [`${service}: ${sent} requests, ${failed} failed`, ...pairs(byRevision)]),
    ),
    ...(withBallast ? labelled('calls', pairs(calls)) : []),
    ...listOf(figures.assumptions).map((one) => `assumed    ${String(one)}`),
    ...listOf(figures.leftOut).map((one) => `left out   ${String(one)}`),
    ...tellReplay(figures.replay),
  ];
}

/** The steps of an experiment that somebody published, where the scenario replays one. */
function tellReplay(replay: unknown): readonly string[] {
  if (!Array.isArray(replay)) return [];
  return replay.flatMap((step: unknown) => {
    const fields = new Map<string, unknown>(Object.entries(Object(step)));
    const text = (name: string): string => String(fields.get(name) ?? '');
    const unexplained = fields.get('unexplained');
    return [
      '',
      `step       ${text('step')}  ${fields.get('matches') === true ? 'as observed' : 'DIFFERS'}`,
      `observed   ${text('observed')}`,
      `simulated  ${text('simulated')}`,
      ...(unexplained === undefined ? [] : [`unexplained  ${String(unexplained)}`]),
      ...labelled('rules', listOf(fields.get('rules')).map(String)),
    ];
  });
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function tellInvariants({ invariants, timeline }: Report, command: string): readonly string[] {
  if (invariants.length === 0) return [];
  const broken = invariants.filter(({ isHeld }) => !isHeld);
  const held = invariants.length - broken.length;
  const summary = `invariants ${held} of ${invariants.length} held    ${command}`;
  if (broken.length === 0) return [summary];
  return [
    ...broken.flatMap(({ name, sentence, evidence }) => [
      '',
      `BROKEN     ${name}: ${sentence}`,
      ...evidence.map((line) => cut(`           ${line}`)),
    ]),
    '',
    ...labelled('last', ['what happened before the end']),
    ...timeline
      .slice(-lastEventsMax)
      .map(({ atMs, who, text }) => cut(`           ${timeOf(atMs)}  ${who.padEnd(6)} ${text}`)),
    '',
    summary,
  ];
}

/** Many runs for people: how many held, the first that did not, and how to see each again. */
export function tellRuns(
  summary: SimSummary,
  commandOf: (seed: number) => string,
): readonly string[] {
  const { scenario, runs, held, failures, brokenBy, goodGreens, pages, cards } = summary;
  const { judged, blamed, isWithinRate } = goodGreens;
  const beyond = isWithinRate ? '' : ': BEYOND the stated rate of 1 %';
  return [
    `Ballast sim  ${scenario}  ${counted(runs, 'run')}  ${held} held, ${failures.length} did not`,
    `good builds judged ${judged}, blamed ${blamed}${beyond}    ${counted(pages, 'page')}, ${counted(cards, 'card')}`,
    ...Object.entries(brokenBy).map(([name, count]) => `${String(count).padStart(5)}  ${name}`),
    ...failures
      .slice(0, failuresShownMax)
      .flatMap(({ seed, broken, error }) => [
        '',
        `seed ${seed}    ${commandOf(seed)}`,
        ...(error === undefined ? [] : [cut(`  could not be played: ${error}`)]),
        ...broken.flatMap(({ name, sentence, evidence }) => [
          `  BROKEN ${name}: ${sentence}`,
          ...evidence.slice(0, 3).map((line) => cut(`         ${line}`)),
        ]),
      ]),
    ...(failures.length > failuresShownMax
      ? ['', `and ${failures.length - failuresShownMax} more: ${restOf(failures)}`]
      : []),
  ];
}

const restOf = (failures: SimSummary['failures']): string =>
  failures
    .slice(failuresShownMax)
    .map(({ seed }) => seed)
    .join(' ');
