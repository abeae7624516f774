import type { ReplacementAheadFacts } from './alert-facts.ts';
import { defined, linesMax, shortName } from './fact-lines.ts';
import type { Facts } from './incident.ts';
import {
  drainedSinceMs,
  forecastErrorMs,
  goneAtMsOf,
  type InstanceRecord,
} from './instance-replacement.ts';
import { compareTexts } from './order.ts';
import type { ReplacementEntry } from './replacement-calendar.ts';
import type { Harm } from './replacement-harm.ts';
import { idOf } from './replacement-look.ts';
import type { CalendarWarning } from './replacement-memory.ts';

const hourMs = 3_600_000;
/** A warning is told again so long ahead, if nothing was done. */
const secondNoticeHours = 24;

/** Whom something happens to: a service, or the family of a standalone task. */
export const whomOf = (harm: Harm): string => ('move' in harm ? harm.move.service : harm.task.name);

/** What a warning says: who drains when, and whom that hurts how. */
export function aheadFacts(entry: ReplacementEntry, harms: readonly Harm[], nowMs: number): Facts {
  const { fromMs, toMs, deadlineMs, capacityProvider, zones, notes } = entry;
  const homeless = notes.find(({ reason }) => reason === 'new-instances-needed');
  const lines = harmLinesOf(harms);
  const shown = lines.slice(0, linesMax);
  const windowed = entry.instances.find((one) => one.eventWindowId !== undefined);
  const facts: ReplacementAheadFacts = {
    ...defined({ provider: capacityProvider, deadlineMs }),
    instances: entry.instances.length,
    ofInstances: entry.ofInstances,
    instanceNames: entry.instances
      .map(({ instance }) => instance.ec2InstanceId ?? idOf(instance.arn))
      .slice(0, namesMax)
      .join(', '),
    zones: zones
      .map(({ zone, instances, ofInstances }) => `${zone ?? '?'}: ${instances} of ${ofInstances}`)
      .slice(0, namesMax)
      .join(', '),
    isHerd: entry.isHerd,
    fromMs,
    toMs,
    harms: harms.length,
    harmLines: shown.map(({ text }) => text).join('\n'),
    moreHarms: harms.length - shown.reduce((sum, { harms: own }) => sum + own, 0),
    harmed: new Set(harms.map(whomOf)).size,
    changes: [...new Set(harms.map(remedyText))].slice(0, linesMax).join('\n'),
    fineServices: entry.fineServices,
    // Empty where no window sets the time: see `window-of-the-launch` in docs/unconfirmed.md.
    eventWindow: windowed?.eventWindowId ?? '',
    ...defined({ dueMs: windowed?.dueMs }),
    // Also where there are none: those of an earlier calendar would stay otherwise.
    homelessTasks: homeless !== undefined && 'tasks' in homeless ? homeless.tasks : 0,
    notice: fromMs - nowMs <= secondNoticeHours * hourMs ? 'second' : 'first',
  };
  return facts;
}

const namesMax = 8;

/** Services before standalone tasks, and what happens to many alike once: `5 x batch: standalone, ...`. */
function harmLinesOf(
  harms: readonly Harm[],
): readonly { readonly text: string; readonly harms: number }[] {
  const ofServices = harms.filter((harm) => 'move' in harm);
  const ofTasks = harms.filter((harm) => !('move' in harm));
  return [...Map.groupBy([...ofServices, ...ofTasks], harmText)].map(([text, own]) => ({
    text: own.length === 1 ? text : `${own.length} x ${text}`,
    harms: own.length,
  }));
}

/** What happens to whom: `ledger: desired 1, 0 run while it moves`. */
function harmText(harm: Harm): string {
  const who = shortName(whomOf(harm));
  switch (harm.reason) {
    case 'nothing-can-move':
      return `${who}: nothing can start or stop, so it is killed at the deadline`;
    case 'single-point-of-failure':
      return `${who}: desired 1, may be without a task while it moves`;
    case 'whole-service':
      return `${who}: all ${harm.move.tasks} of its tasks may stop at once`;
    case 'protected-past-deadline':
      return `${who}: still protected when ECS kills it`;
    case 'standalone-task':
      return `${who}: standalone, killed at the deadline, nobody restarts it`;
  }
}

function remedyText(harm: Harm): string {
  const who = shortName(whomOf(harm));
  switch (harm.reason) {
    case 'nothing-can-move':
      return `${who}: maximumPercent ${harm.change.maximumPercentMin} or more`;
    case 'single-point-of-failure':
      return `${who}: desired 2 for that night, or minimum 100 % and maximum 200 %`;
    case 'whole-service':
      return `${who}: minimumHealthyPercent above 0`;
    case 'protected-past-deadline':
    case 'standalone-task':
      return `${who}: let it finish before the deadline`;
  }
}

const distinct = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].sort(compareTexts);

/** What became of all instances of a warning together. */
export function verificationFacts(
  { instanceIds }: CalendarWarning,
  records: ReadonlyMap<string, InstanceRecord>,
): Facts {
  const gone = instanceIds.flatMap((id) => records.get(id) ?? []);
  const outcomes = gone.flatMap(({ outcome }) => outcome ?? []);
  const lost = outcomes.flatMap((outcome) => outcome.lost);
  const short = distinct(outcomes.flatMap(({ missing }) => missing));
  const late = distinct(outcomes.flatMap(({ below }) => below));
  const notBack = late.filter((name) => !short.includes(name));
  const starts = gone.flatMap((record) => drainedSinceMs(record) ?? []);
  const ends = gone.flatMap((record) => goneAtMsOf(record) ?? []);
  const errors = gone.flatMap((record) => forecastErrorMs(record) ?? []);
  const facts: ReplacementAheadFacts = {
    replaced: gone.length,
    ofReplaced: instanceIds.length,
    tasksLost: outcomes.reduce((sum, one) => sum + (one.lostCount ?? one.lost.length), 0),
    ...(lost.length === 0 ? {} : { lostNames: lost.slice(0, linesMax).join('\n') }),
    ...(notBack.length === 0 ? {} : { notBack: notBack.slice(0, linesMax).join('\n') }),
    ...(short.length === 0 ? {} : { stillShort: short.slice(0, linesMax).join('\n') }),
    ...(starts.length === 0 || ends.length === 0
      ? {}
      : { tookMs: Math.max(...ends) - Math.min(...starts) }),
    ...(errors.length === 0 ? {} : { forecastErrorMs: Math.max(...errors.map(Math.abs)) }),
  };
  return facts;
}
