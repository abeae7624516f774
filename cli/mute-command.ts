import { parseArgs } from 'node:util';
import { awsProblemOf, isRegionMissing } from '../shared/aws/errors.ts';
import type { IncidentStore } from '../shared/aws/incident-store.ts';
import type { MuteStore } from '../shared/aws/mute-store.ts';
import { endMute } from '../shared/aws/outbox.ts';
import { durationText } from '../shared/domain/alert-text/words.ts';
import { type Mute, problemOfMute } from '../shared/domain/mute.ts';
import { createTimeFormatter } from '../shared/runtime/time-format.ts';
import { Misuse } from './misuse.ts';

export const usage =
  'usage: npm run -s mute -- add|list|end --cluster NAME [--service NAME] [--hours N] [--reason TEXT] ' +
  '[--table NAME]';

const actions = ['add', 'list', 'end'] as const;
type Action = (typeof actions)[number];

/** As long as alerts propose. */
const hoursDefault = 4;
const hoursMax = 168;
const hourMs = 3_600_000;

export type MuteOptions = {
  readonly action: Action;
  readonly cluster: string;
  readonly service: string | undefined;
  readonly hours: number;
  readonly reason: string;
  readonly table: string;
};

/** Reads the command line; throws Misuse that names what is wrong. */
export function readMuteOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): MuteOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cluster: { type: 'string' },
      service: { type: 'string' },
      hours: { type: 'string' },
      reason: { type: 'string' },
      table: { type: 'string' },
      stack: { type: 'string' },
    },
  });
  const action = actions.find((name) => name === positionals[0]);
  if (action === undefined || positionals.length !== 1) {
    throw new Misuse(`expected one of ${actions.join(', ')}, got "${positionals.join(' ')}"`);
  }
  if (values.stack !== undefined) throw new Misuse(howToFindTable(values.stack));
  const table = values.table ?? env.BALLAST_TABLE ?? '';
  if (table === '') {
    throw new Misuse(
      '--table: expected the name of the table (or set BALLAST_TABLE): the output TableName of the stack',
    );
  }
  const unread = (['hours', 'reason'] as const).find((name) => values[name] !== undefined);
  if (action !== 'add' && unread !== undefined) {
    throw new Misuse(`--${unread}: expected with add only`);
  }
  return {
    action,
    cluster: nameOf('--cluster', values.cluster),
    service: values.service === undefined ? undefined : nameOf('--service', values.service),
    hours: readHours(values.hours),
    reason: values.reason?.trim() || 'no reason given',
    table,
  };
}

const howToFindTable = (stack: string): string =>
  `--stack is not read yet; take --table "$(aws cloudformation describe-stacks --stack-name ${stack} ` +
  `--query "Stacks[0].Outputs[?OutputKey=='TableName'].OutputValue" --output text)"`;

/** A name, or an ARN that ends with it, as people copy it from the console. */
function nameOf(option: string, value: string | undefined): string {
  const name = value?.split('/').at(-1)?.trim() ?? '';
  if (!/^[\w-]{1,255}$/.test(name)) {
    throw new Misuse(
      `${option}: expected a name of letters, digits, - and _, got "${value ?? ''}"`,
    );
  }
  return name;
}

function readHours(text: string | undefined): number {
  if (text === undefined) return hoursDefault;
  const hours = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(hours > 0 && hours <= hoursMax)) {
    throw new Misuse(`--hours: expected a number up to ${hoursMax}, got "${text}"`);
  }
  return hours;
}

export type MuteDeps = {
  readonly store: IncidentStore & MuteStore;
  readonly nowMs: number;
  /** Who mutes. */
  readonly by: string;
  readonly print: (line: string) => void;
  /** Apart from what `list` prints. */
  readonly printError: (line: string) => void;
};

/** Carries the command out; the result is the exit code. */
export async function runMute(options: MuteOptions, deps: MuteDeps): Promise<number> {
  try {
    await carryOut(options, deps);
    return 0;
  } catch (error) {
    if (error instanceof Misuse) throw error;
    if (isRegionMissing(error)) {
      throw new Misuse('AWS_REGION: expected the Region of the table, got nothing', {
        cause: error,
      });
    }
    const { reason, detail } = awsProblemOf(error);
    deps.printError(`${reason}: ${detail}`);
    return 1;
  }
}

async function carryOut(options: MuteOptions, deps: MuteDeps): Promise<void> {
  switch (options.action) {
    case 'add':
      return add(options, deps);
    case 'list':
      return list(options, deps);
    case 'end':
      return end(options, deps);
  }
}

async function add(options: MuteOptions, { store, nowMs, by, print }: MuteDeps): Promise<void> {
  const { cluster, service, hours, reason } = options;
  const untilMs = nowMs + Math.round(hours * hourMs);
  const mute: Mute = { cluster, service, fromMs: nowMs, untilMs, by, reason };
  const problem = problemOfMute(mute);
  if (problem !== undefined) throw new Misuse(problem);
  await store.putMute(mute);
  print(`muted ${whatOf(mute)} until ${formatTime(untilMs)}`);
  print('incidents go on; what is still open then is told then, and every end that was told of');
}

async function list(options: MuteOptions, { store, nowMs, print }: MuteDeps): Promise<void> {
  const mutes = await matching(options, store, nowMs);
  if (mutes.length === 0) print(`nothing is muted in ${options.cluster}`);
  for (const mute of mutes) {
    const left = durationText(mute.untilMs - nowMs);
    print(
      `${whatOf(mute)}  until ${formatTime(mute.untilMs)} (${left})  ${mute.by}: ${mute.reason}`,
    );
  }
}

async function end(options: MuteOptions, { store, nowMs, print }: MuteDeps): Promise<void> {
  const mutes = await store.listMutes(options.cluster, nowMs);
  const mute = mutes.find(({ service }) => service === options.service);
  if (mute === undefined) {
    print(`${whatOf(options)} is not muted`);
    return;
  }
  await endMute(store, mute, nowMs);
  print(`ended: ${whatOf(mute)}; what was held back is told with the next sweep`);
}

async function matching(
  { cluster, service }: MuteOptions,
  store: IncidentStore,
  nowMs: number,
): Promise<readonly Mute[]> {
  const mutes = await store.listMutes(cluster, nowMs);
  return mutes
    .filter((mute) => service === undefined || mute.service === service)
    .sort((a, b) => a.untilMs - b.untilMs || (whatOf(a) < whatOf(b) ? -1 : 1));
}

const formatTime = createTimeFormatter('UTC');

const whatOf = ({ cluster, service }: Pick<Mute, 'cluster' | 'service'>): string =>
  service === undefined ? `all of ${cluster}` : `${service} in ${cluster}`;
