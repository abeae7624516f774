import type { Alert } from '../alert.ts';
import { costExclusions, usdText } from '../saving.ts';
import type {
  CostFinding,
  Finding,
  FullInstance,
  IdleInstances,
  LastingInstance,
  OutlyingInstance,
  PackedProvider,
  WeekFindings,
} from '../week-findings.ts';
import type { AlertContext } from './draft.ts';
import {
  counted,
  cutAtWord,
  durationText,
  joined,
  subjectCharsMax,
  toAscii,
  wrapped,
} from './words.ts';

/** What one cluster's week is told with. */
export type WeeklyDigest = {
  readonly cluster: string;
  /** Names the digest in all its repeats. */
  readonly id: string;
  readonly atMs: number;
  readonly findings: WeekFindings;
};

const labelChars = 12;
const lineChars = 108;
const lead =
  'Nobody is hurt and nothing is urgent: what stands idle, full, or costs more than it has to.';

/** Once a week and cluster, `info` in every form: a mail, and in chat one message with the same words. */
export function renderWeekly(digest: WeeklyDigest, context: AlertContext): Alert {
  const { cluster, id, findings } = digest;
  const title = titleOf(digest);
  const steps = stepsOf(findings);
  return {
    id,
    subject: cutAtWord(toAscii(`[INFO] ${title}`), subjectCharsMax),
    text: toAsciiLines([lead, '', ...bodyOf(digest, steps, context)]),
    card: {
      title: `📋 ${title}`,
      description: lead,
      nextSteps: steps,
      keywords: [cluster, 'weekly'],
      threadId: id,
      summary: title,
    },
    page: undefined,
    attributes: {
      severity: 'info',
      kind: 'digest-weekly',
      cluster,
      service: '-',
      incidentId: id,
      transition: 'open',
    },
  };
}

const toAsciiLines = (lines: readonly string[]): string =>
  lines.map((line) => line.replace(/[^ -~]/g, toAscii)).join('\n');

/** `prod/general: Fargate 31% cheaper at this week's fill ($342 vs $494 a month, list price)` */
function titleOf({ cluster, findings }: WeeklyDigest): string {
  const { cheaper, idle, full, outliers } = findings;
  const [first, ...others] = cheaper;
  if (first !== undefined && others.length === 0) {
    const money = `${usdText(first.fargateUsdPerMonth)} vs ${usdText(first.hereUsdPerMonth)} a month`;
    const share = `${percent(first.savingShare)} cheaper at this week's fill`;
    return `${cluster}/${first.group}: Fargate ${share} (${money}, ${priceWord(first)})`;
  }
  const sizeOf = (all: readonly Finding<LastingInstance>[]): number =>
    all.reduce((sum, { instances }) => sum + instances.length, 0);
  const part = (count: number, words: string): string | undefined =>
    count === 0 ? undefined : `${count} ${words}`;
  const parts = joined([
    part(cheaper.length, 'providers cheaper on Fargate'),
    part(sizeOf(idle), 'idle'),
    part(sizeOf(full), 'full'),
    part(sizeOf(outliers), 'unlike peers'),
  ]);
  return `${cluster}: week's density, ${parts}`;
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;
const priceWord = ({ ec2DiscountPercent }: CostFinding): string =>
  ec2DiscountPercent === 0 ? 'list price' : `EC2 less ${ec2DiscountPercent}%`;

function bodyOf(
  { findings, atMs }: WeeklyDigest,
  steps: readonly string[],
  { runbookBase }: AlertContext,
): readonly string[] {
  const { cheaper, idle, full, packed, outliers } = findings;
  return [
    ...section('Cost', [
      ...cheaper.flatMap((one) => [costText(one), ...unpricedText(one)]),
      ...(cheaper.length === 0
        ? []
        : [`in none: ${costExclusions({ volumesUsdPerMonth: 0 }).join(', ')}`]),
    ]),
    ...section(
      'Idle',
      idle.map((one) => idleText(one, atMs)),
    ),
    ...section('Full', [
      ...packed.map((one) => packedText(one, atMs)),
      ...full.flatMap((one) => fullTexts(one, atMs)),
    ]),
    ...section(
      'Stands out',
      outliers.flatMap((one) => outlierTexts(one, atMs)),
    ),
    ...section('Ballast', ['watched only; it tells this once a week']),
    ...section('Next', steps),
    '',
    ...section('Runbook', [`${runbookBase}#digest-weekly`]),
  ];
}

function costText(one: CostFinding): string {
  return joined(
    [
      `${one.group}: ${usdText(one.hereUsdPerMonth)} a month, on Fargate ${usdText(one.fargateUsdPerMonth)} ` +
        `for the same tasks (${percent(one.savingShare)} less; mean of ${one.days} days)`,
      fillText(one),
      priceWord(one),
    ],
    '; ',
  );
}

/** Even full, the instances cost more than Fargate. */
const neverPays = ({ breakEvenTasks, tasksFit }: CostFinding): boolean =>
  breakEvenTasks !== undefined && tasksFit !== undefined && breakEvenTasks > tasksFit;

/** `break-even 28 tasks, had 19`: means of the same days as the prices. */
function fillText(one: CostFinding): string | undefined {
  const { breakEvenTasks, tasks, tasksFit } = one;
  if (breakEvenTasks === undefined || tasks === undefined) return undefined;
  const breakEven = `break-even ${counted(Math.ceil(breakEvenTasks), 'task')}`;
  const had = `had ${Math.round(tasks)}`;
  return neverPays(one) && tasksFit !== undefined
    ? `${had}; ${breakEven}, and ${Math.floor(tasksFit)} fit: full, they still cost more`
    : `${breakEven}, ${had}`;
}

/** What its tasks would need on Fargate beyond the price. */
function unpricedText({ group, unpriced }: CostFinding): readonly string[] {
  if (unpriced === undefined) return [];
  const { daemons, networkTasks } = unpriced;
  const texts = [
    daemons === 0 ? undefined : `${counted(daemons, 'daemon')}, which would run in each task`,
    networkTasks === 0
      ? undefined
      : `the network mode of ${counted(networkTasks, 'task')}, which must become awsvpc`,
  ];
  return [`not priced for ${group}: ${joined(texts, '; ')}`];
}

const lastedText = ({ instance, sinceMs }: LastingInstance, atMs: number): string =>
  `${instance} (${durationText(atMs - sinceMs)})`;

const idleText = ({ group, ofInstances, instances }: Finding<LastingInstance>, atMs: number) =>
  `${group}: ${instances.length} of ${counted(ofInstances, 'instance')} without a task but daemons ` +
  `for a day and more: ${instances.map((one) => lastedText(one, atMs)).join(', ')}`;

const packedText = ({ group, ofInstances, sinceMs }: PackedProvider, atMs: number) =>
  `${group}: all of its ${counted(ofInstances, 'instance')} have been full for ${durationText(atMs - sinceMs)}: ` +
  'what a deployment starts has to wait for another one';

const fullTexts = ({ group, instances }: Finding<FullInstance>, atMs: number) =>
  instances.map(
    (one) =>
      `${group}: ${lastedText(one, atMs)} has ${percent(one.share)} reserved, ` +
      `limit ${percent(one.limitShare)}${onIt(one.services)}`,
  );

const outlierTexts = ({ group, instances }: Finding<OutlyingInstance>, atMs: number) =>
  instances.map(
    (one) =>
      `${group}: ${lastedText(one, atMs)} holds ${counted(one.tasks, 'task')}, ` +
      `its peers ${one.peers}${onIt(one.services)}`,
  );

const onIt = (services: string): string => (services === '' ? '' : `; on it: ${services}`);

/** One a kind of finding, in the order of what they save. */
function stepsOf({ cheaper, idle, full, outliers }: WeekFindings): readonly string[] {
  return [
    ...(cheaper.length === 0
      ? []
      : [
          cheaper.every(neverPays)
            ? 'cost: take instances of another type, or move the services'
            : 'cost: fill the instances to their break-even, take smaller ones, or move the services',
        ]),
    ...new Set(idle.map(idleStepOf)),
    ...(full.length + outliers.length === 0
      ? []
      : [
          'full: is there room elsewhere for what a deployment starts? Else more, smaller instances',
        ]),
  ];
}

/** What ends an idle instance, by what launched it. */
function idleStepOf({ group, compute, isScaleInOff }: IdleInstances): string {
  switch (compute) {
    case 'managed-instances':
      return isScaleInOff === true
        ? `idle: scaleInAfter of ${group} is -1, so ECS ends none of them: is that meant?`
        : `idle: ECS ends idle managed instances by itself: what keeps those of ${group}?`;
    case 'external':
      return 'idle: deregister the machines, or give them tasks';
    default:
      return `idle: lower the minimum of the Auto Scaling group of ${group}`;
  }
}

/** Each item wrapped, further lines below its first. */
function section(label: string, items: readonly string[]): readonly string[] {
  const lines = items.flatMap((item) =>
    wrapped(item, lineChars - labelChars).map((line, at) => (at === 0 ? line : `  ${line}`)),
  );
  return lines.map((line, at) => `${(at === 0 ? label : '').padEnd(labelChars)}${line}`);
}
