import { experiments } from '../simulator/behaviour-experiments.ts';
import { type Behaviour, behaviours } from '../simulator/behaviours.ts';
import { Misuse } from './misuse.ts';

/** What the code depends on and AWS does not document: a row of `docs/unconfirmed.json`. */
export type UnconfirmedRow = {
  /** Kebab-case, for ever. */
  readonly id: string;
  readonly theme: keyof typeof themes;
  readonly claim: string;
  /** What the code does if the claim holds, and if not. */
  readonly branch: string;
  /** Where it does so. */
  readonly files: readonly string[];
  readonly experiment: string;
  /** Rules of the simulated ECS that the same experiment settles. */
  readonly rules?: readonly string[];
};

/** Headings, in their order. */
const themes = {
  hook: 'Calls of the hook, and what it remembers',
  deployment: 'Deployments and their traffic',
  permissions: 'Permissions',
  stops: 'Stopped tasks and events',
  restarts: 'Restarts in place',
  logs: 'Logs',
  alerts: 'Messages',
  prices: 'Prices',
  snapshot: 'What a cluster says of itself',
  lifetime: 'Lives of instances',
  placement: 'Where tasks may go',
  balance: 'Balance between zones',
} as const;

const texts = ['id', 'theme', 'claim', 'branch', 'experiment'] as const;
const lists = ['files', 'rules'] as const;
const idPattern = /^[a-z0-9]+(-[a-z0-9]+)+$/;

/** Reads the rows; throws Misuse that names the row and what is wrong with it. */
export function readUnconfirmed(json: string): readonly UnconfirmedRow[] {
  const rows: unknown = JSON.parse(json);
  if (!Array.isArray(rows)) throw new Misuse('unconfirmed: expected a list of rows');
  const ids = new Set<string>();
  return rows.map((value: unknown, at) => {
    const row = readRow(value, `unconfirmed: row ${at + 1}`);
    if (ids.has(row.id)) throw new Misuse(`unconfirmed: two rows have the id ${row.id}`);
    ids.add(row.id);
    return row;
  });
}

function readRow(value: unknown, where: string): UnconfirmedRow {
  const row = new Map<string, unknown>(Object.entries(Object(value)));
  for (const name of texts) {
    const text = row.get(name);
    if (typeof text !== 'string' || text === '' || /[|\n]/.test(text)) {
      throw new Misuse(`${where}: ${name} must be a line of text without "|"`);
    }
  }
  for (const name of lists) {
    const list = row.get(name) ?? [];
    const isList = Array.isArray(list) && list.every((one) => typeof one === 'string');
    if (!isList) throw new Misuse(`${where}: ${name} must be a list of texts`);
  }
  const unknown = [...row.keys()].find((name) => ![...texts, ...lists].some((one) => one === name));
  if (unknown !== undefined) throw new Misuse(`${where}: "${unknown}" is no field`);
  const { id, theme, files, rules = [] } = value as UnconfirmedRow;
  if (!idPattern.test(id))
    throw new Misuse(`${where}: id must be words in kebab-case, got "${id}"`);
  if (!Object.hasOwn(themes, theme)) throw new Misuse(`${where}: there is no theme "${theme}"`);
  if (files === undefined || files.length === 0) throw new Misuse(`${where}: files are missing`);
  const strange = rules.find((rule) => !Object.hasOwn(experiments, rule));
  if (strange !== undefined) throw new Misuse(`${where}: "${strange}" is no unconfirmed rule`);
  return value as UnconfirmedRow;
}

const intro = `# Unconfirmed

<!-- Written by \`npm run -s unconfirmed\` from docs/unconfirmed.json, simulator/behaviours.ts and
simulator/behaviour-experiments.ts: change those. -->

What AWS does not document, in two lists. First, what the code depends on: for each claim there is a branch
for either answer, so a wrong guess costs a detour and not a deployment. Then, by which rules the simulated
ECS works that nobody at AWS has written down. The experiment settles a row on a live account; then the row
goes, with a line in the changelog.
`;

const simulatorIntro = `## The simulated ECS

A rule that is **assumed** has variants, of which each seed draws one: what holds over many seeds does not
rest on the guess. A rule that was **observed** is somebody's published observation.

| rule | statement | status | experiment |
|---|---|---|---|
`;

/** The document, as it is committed. */
export function unconfirmedText(rows: readonly UnconfirmedRow[]): string {
  const byTheme = Map.groupBy(rows, ({ theme }) => theme);
  const sections = Object.entries(themes).flatMap(([theme, title]) => {
    const own = byTheme.get(theme as UnconfirmedRow['theme']) ?? [];
    return own.length === 0 ? [] : [sectionText(title, own)];
  });
  const entries = Object.entries<Behaviour>(behaviours);
  const rules = entries.filter(([, { status }]) => status !== 'documented').map(ruleText);
  return `${intro}\n${sections.join('\n')}\n${simulatorIntro}${rules.join('')}`;
}

const sectionText = (title: string, rows: readonly UnconfirmedRow[]): string =>
  `## ${title}\n\n| id | claim | if so · if not (file) | experiment |\n|---|---|---|---|\n${rows
    .map(rowText)
    .join('')}`;

function rowText({ id, claim, branch, files, experiment, rules = [] }: UnconfirmedRow): string {
  const settles = rules.length === 0 ? '' : `; settles ${quoted(rules)} below`;
  return `| \`${id}\` | ${claim} | ${branch} (${quoted(files)}) | ${experiment}${settles} |\n`;
}

const quoted = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

function ruleText([id, { statement, source, status, variants }]: readonly [
  string,
  Behaviour,
]): string {
  const drawn = status === 'assumed' ? `: ${variants.join(' · ')}` : '';
  const { [id]: experiment = '' }: Readonly<Record<string, string>> = experiments;
  return `| \`${id}\` | ${statement} | [${status}](${source})${drawn} | ${experiment} |\n`;
}
