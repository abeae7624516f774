import { counted, joined } from '../../shared/domain/alert-text/words.ts';
import type { ClusterPlan } from '../../shared/domain/cluster-plan.ts';
import type { ReplacementEntry } from '../../shared/domain/replacement-calendar.ts';
import type { Harm, TaskAtRisk } from '../../shared/domain/replacement-harm.ts';
import { block, bounded, labelled, zoneName } from './layout.ts';

/** When managed instances are replaced, and what that hurts. */
export function calendarLines(
  { calendar, region }: ClusterPlan,
  formatTime: (atMs: number) => string,
): readonly string[] {
  const entries = bounded(
    runsOf(calendar.entries).flatMap((run) =>
      run.length === 1
        ? run.flatMap((entry) => entryLines(entry, region, formatTime))
        : [runLine(run, formatTime)],
    ),
  );
  const unknown = calendar.withoutLaunchArns.length;
  const more = [
    ...(calendar.laterArns.length > 0
      ? [`later: ${counted(calendar.laterArns.length, 'instance')}`]
      : []),
    ...(unknown > 0 ? [`${counted(unknown, 'instance')} without a known launch`] : []),
    ...(calendar.unreadableWindowIds.length > 0
      ? [`event windows that cannot be read: ${calendar.unreadableWindowIds.join(', ')}`]
      : []),
  ];
  const lines = [...entries, ...more];
  if (lines.length === 0) return [labelled('calendar', 'no managed instances: nothing is due')];
  return block('calendar', [...lines, 'estimates: a drain may come earlier']);
}

const isCalm = ({ isHerd, harms }: ReplacementEntry): boolean => !isHerd && harms.length === 0;

/** Entries as they come; those of one provider that hurt nobody are told together. */
function runsOf(entries: readonly ReplacementEntry[]): readonly (readonly ReplacementEntry[])[] {
  const runs: ReplacementEntry[][] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    const joins =
      last?.every(isCalm) && isCalm(entry) && last[0]?.capacityProvider === entry.capacityProvider;
    if (joins) last?.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

/** `Thu 26 Nov 16:00Z to Fri 27 Nov 20:40Z  9 of 29 general, one after the other, hurting nobody` */
function runLine(run: readonly ReplacementEntry[], formatTime: (atMs: number) => string): string {
  const count = run.reduce((sum, { instances }) => sum + instances.length, 0);
  const [first] = run;
  const from = formatTime(first?.fromMs ?? 0);
  const to = formatTime(run.at(-1)?.toMs ?? 0);
  const of = `${count} of ${first?.ofInstances} ${first?.capacityProvider ?? ''}`.trimEnd();
  return `${from} to ${to}  ${of}, one after the other, within min/max of their services`;
}

function entryLines(
  entry: ReplacementEntry,
  region: string,
  formatTime: (atMs: number) => string,
): readonly string[] {
  const { instances, ofInstances, capacityProvider, isHerd, harms, notes } = entry;
  const zones = entry.zones.map(
    ({ zone, instances: own, ofInstances: of }) =>
      `${zone === undefined ? '?' : zoneName(zone, region)}: ${own} of ${of}`,
  );
  const head = joined(
    [
      whenText(entry, formatTime),
      `${instances.length} of ${ofInstances} ${capacityProvider ?? ''}`.trimEnd(),
      isHerd ? `HERD (${zones.join(', ')})` : undefined,
      harms.length === 0
        ? `${counted(entry.fineServices, 'service moves', 'services move')} within min/max`
        : undefined,
    ],
    '  ',
  );
  return [
    head,
    ...harms.map((harm) => `  hurts ${harmText(harm, formatTime)}`),
    ...notes.flatMap((note) =>
      note.reason === 'new-instances-needed'
        ? [`  ${counted(note.tasks, 'task')} will need new instances, which ECS launches`]
        : [],
    ),
  ];
}

/** `draining now`, `Thu 26 Nov 02:10-02:50Z` or the two times in full where they are of two days. */
function whenText(
  { instances, fromMs, toMs, deadlineMs }: ReplacementEntry,
  formatTime: (atMs: number) => string,
): string {
  const until = deadlineMs === undefined ? '' : `, ends by ${formatTime(deadlineMs)}`;
  if (instances.every(({ status }) => status === 'draining')) return `draining now${until}`;
  if (instances.every(({ status }) => status === 'overdue')) return `overdue${until}`;
  const [from, to] = [formatTime(fromMs), formatTime(toMs)];
  if (from === to) return from;
  const [day, time] = [from.slice(0, -6), to.slice(-6)];
  return to.startsWith(day) ? `${from.slice(0, -1)}-${time}` : `${from} to ${to}`;
}

function harmText(harm: Harm, formatTime: (atMs: number) => string): string {
  switch (harm.reason) {
    case 'nothing-can-move': {
      const { move, change } = harm;
      const percents = [
        `maximumPercent >= ${change.maximumPercentMin}`,
        ...(change.minimumHealthyPercentMax === undefined
          ? []
          : [`minimumHealthyPercent <= ${change.minimumHealthyPercentMax}`]),
      ];
      return `${move.service}: nothing can start or stop; needs ${percents.join(' or ')}`;
    }
    case 'single-point-of-failure':
      return `${harm.move.service}: its only task may stop before another starts`;
    case 'whole-service':
      return `${harm.move.service}: all of its tasks are here, and may all stop at once`;
    case 'protected-past-deadline':
      return `${taskText(harm.task)}: still protected when ECS kills it${atText(harm.task, formatTime)}`;
    case 'standalone-task':
      return `${taskText(harm.task)}: standalone, killed${atText(harm.task, formatTime)}, nobody starts it again`;
  }
}

const taskText = ({ name }: TaskAtRisk): string => name;

const atText = ({ deadlineMs }: TaskAtRisk, formatTime: (atMs: number) => string): string =>
  deadlineMs === undefined ? '' : ` by ${formatTime(deadlineMs)}`;
