import type { DrainStuckFacts, ReplacementAheadFacts } from './alert-facts.ts';
import { byUrgency, type Stay, type StayingTask } from './drain-diagnosis.ts';
import type { Facts, IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';
import {
  causeOf,
  drainedSinceMs,
  forecastErrorMs,
  type InstanceRecord,
  newestOf,
  phaseOf,
  type ReplacementPhase,
} from './instance-replacement.ts';
import { compareTexts } from './order.ts';
import type { ReplacementCalendar, ReplacementEntry } from './replacement-calendar.ts';
import type { Harm } from './replacement-harm.ts';
import { type DrainLook, idOf, isOptedOut } from './replacement-look.ts';
import type { CalendarRecord, CalendarWarning } from './replacement-memory.ts';
import type { Service } from './snapshot.ts';

const hourMs = 3_600_000;
/** A warning is told again so long ahead, if nothing was done. */
const secondNoticeHours = 24;
/** Lines of one text; the rest is counted. */
const linesMax = 3;
/** Warnings of one cluster that are kept: more than anybody reads. */
export const warningsMax = 50;
/** Instances of one warning that are remembered: more than one provider drains within a fortnight. */
export const warnedInstancesMax = 500;

export type ReplacementReaction = {
  readonly key: IncidentKey;
  readonly observations: readonly Observation[];
};

/** One incident a stuck drain: it lasts until the instance is empty. */
export const drainKey = (cluster: string, id: string): IncidentKey => ({
  cluster,
  subject: { type: 'instance', name: id },
  kind: 'drain-stuck',
  cause: 'no-departure',
  deploymentId: undefined,
});

/** What a look at a drain opens, makes worse or ends. */
export function reactToDrain(
  cluster: string,
  record: InstanceRecord,
  drain: DrainLook | undefined,
  nowMs: number,
): ReplacementReaction | undefined {
  const key = drainKey(cluster, record.id);
  const phase = phaseOf(record);
  // A status that is not known here says nothing about a drain.
  if (phase === 'forecast') return undefined;
  if (phase !== 'draining') {
    const reason = phase === 'cancelled' ? 'the drain was cancelled' : `the instance is ${phase}`;
    const facts = endFacts(record, phase);
    return { key, observations: [{ type: 'well', atMs: nowMs, reason, facts }] };
  }
  if (drain === undefined) return undefined;
  const facts = drainFacts(record, drain);
  if (!drain.isStuck) {
    return { key, observations: [{ type: 'noted', atMs: nowMs, facts }] };
  }
  return {
    key,
    observations: [
      {
        type: 'occurred',
        occurrence: { id: `drain-${drain.sinceMs}`, atMs: nowMs },
        severity: drain.isCritical ? 'critical' : 'warn',
        facts,
      },
    ],
  };
}

/** Whom the end of an instance has hit, as far as the last look before it tells. */
function endFacts({ progress }: InstanceRecord, phase: ReplacementPhase): Facts {
  const isGone = phase === 'gone';
  const facts: DrainStuckFacts = {
    endedBy: phase,
    leftAtEnd: isGone ? (progress?.count ?? 0) : 0,
    lost: isGone ? (progress?.standalone.length ?? 0) : 0,
  };
  return facts;
}

function drainFacts(record: InstanceRecord, drain: DrainLook): Facts {
  const { blocking, diagnosis, sinceMs, quietSinceMs, deadlineMs } = drain;
  const sorted = byUrgency(blocking);
  const facts: DrainStuckFacts = {
    ...defined({ ec2InstanceId: record.ec2InstanceId, provider: record.capacityProvider }),
    ...defined({ deadlineMs, zone: diagnosis.instance.zone, keeper: record.progress?.keeper }),
    why: causeOf(record),
    stuck: blocking.length,
    keptBy: keptByText(blocking),
    drainSinceMs: sinceMs,
    quietSinceMs,
    stays: sorted.slice(0, linesMax).map(stayText).join('\n'),
    changes: [...new Set(sorted.map(changeText))].slice(0, linesMax).join('\n'),
  };
  return facts;
}

const defined = <T extends Readonly<Record<string, string | number | undefined>>>(
  values: T,
): { readonly [Name in keyof T]?: NonNullable<T[Name]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof T]?: NonNullable<T[Name]>;
  };

/** Why a task stays, as far as it calls for another deed: a replacement that starts, fails and starts is one. */
function deedOf({ reason }: Stay): string {
  switch (reason) {
    case 'nothing-can-move':
    case 'protected':
    case 'no-room':
    case 'standalone-task':
      return reason;
    default:
      return 'replacement';
  }
}

/** How many tasks of whom stay for what: `1 report standalone-task, 2 search nothing-can-move`. */
const keptByText = (blocking: readonly StayingTask[]): string =>
  [...Map.groupBy(blocking, ({ name, stay }) => `${shortName(name)} ${deedOf(stay)}`)]
    .map(([what, tasks]) => `${tasks.length} ${what}`)
    .sort(compareTexts)
    .join(', ');

/** Longest name in a line: three lines are one fact. */
const nameCharsMax = 24;
const shortName = (name: string): string =>
  name.length <= nameCharsMax ? name : `${name.slice(0, nameCharsMax - 2)}..`;
const taskName = ({ name, arn }: StayingTask): string =>
  `${shortName(name)}/${idOf(arn).slice(0, 4)}`;

/** `cart/9c77: desired 3, at most 3 may run and at least 3 must` */
function stayText(task: StayingTask): string {
  const who = taskName(task);
  const { stay } = task;
  switch (stay.reason) {
    case 'nothing-can-move':
      return `${who}: desired ${stay.desired}, at least ${stay.limits.minimum} and at most ${stay.limits.maximum} may run`;
    case 'protected':
      return `${who}: protected${stay.isPastDeadline ? ' past the deadline' : ''}`;
    case 'no-room':
      return `${who}: no room for ${stay.needs.cpuUnits} CPU units, ${stay.needs.memoryMiB} MiB`;
    case 'standalone-task':
      return `${who}: standalone, nobody moves it`;
    case 'replacement-unhealthy':
    case 'replacement-starting':
      return `${who}: its replacement is ${stay.reason === 'replacement-unhealthy' ? 'ill' : 'starting'}`;
    default:
      return `${who}: ${stay.reason.replaceAll('-', ' ')}`;
  }
}

/** The one change that frees a task. */
function changeText(task: StayingTask): string {
  const name = shortName(task.name);
  const { stay } = task;
  switch (stay.reason) {
    case 'nothing-can-move': {
      const { maximumPercentMin, minimumHealthyPercentMax } = stay.change;
      return `${name}: maximumPercent ${maximumPercentMin} or more, or minimumHealthyPercent ${minimumHealthyPercentMax} or less`;
    }
    case 'protected':
      return `${name}: leaves when its protection ends; end it if it may go`;
    case 'no-room':
      return `${name}: add capacity that has room for it`;
    case 'standalone-task':
      return `${name}: let it finish, or run it elsewhere and stop it`;
    case 'replacement-unhealthy':
      return `${name}: repair the tasks that are ill`;
    default:
      return `${name}: read the service's events`;
  }
}

/** One thread a coming replacement: the warning's id names it from first to last. */
export const warningKey = (cluster: string, { id }: CalendarWarning): IncidentKey => ({
  cluster,
  subject: { type: 'cluster', name: cluster },
  kind: 'replacement-ahead',
  cause: 'day-14',
  deploymentId: id,
});

export type CalendarTurn = {
  readonly record: CalendarRecord;
  readonly reactions: readonly ReplacementReaction[];
};

export type CalendarInput = {
  readonly cluster: string;
  readonly calendar: ReplacementCalendar;
  readonly services: readonly Service[];
  readonly last: CalendarRecord | undefined;
  readonly noticeMs: number;
  readonly nowMs: number;
};

/**
 * Whom to warn of what, and which warnings are over. Only what will hurt someone is told. An entry that
 * shares an instance with an open warning is that warning, whatever else joined or left it; those that
 * hurt come first, because a herd may fall apart.
 */
export function turnCalendar(input: CalendarInput): CalendarTurn {
  const { calendar, services, last, noticeMs, nowMs, cluster } = input;
  const quiet = new Set(services.filter(isOptedOut).map(({ name }) => name));
  const judged = calendar.entries.map((entry) => ({
    entry,
    ids: entry.instances.map(({ instance }) => idOf(instance.arn)),
    harms: entry.harms.filter((harm) => !quiet.has(whomOf(harm))),
  }));
  const open = last?.warnings ?? [];
  const claim = createClaim(open);
  const warned: { readonly warning: CalendarWarning; readonly ids: readonly string[] }[] = [];
  const reactions: ReplacementReaction[] = [];
  for (const { entry, ids, harms } of judged.filter((one) => one.harms.length > 0)) {
    const known = claim.by(ids);
    if (known === undefined && !isWorthAWarning(entry, noticeMs, nowMs)) continue;
    const warning = known ?? begun(ids, [...open, ...warned.map((one) => one.warning)], nowMs);
    if (warning === undefined || warned.length >= warningsMax) continue;
    warned.push({ warning, ids });
    const key = warningKey(cluster, warning);
    reactions.push({ key, observations: [warningOf(warning, entry, harms, nowMs)] });
  }
  // A protection that could not be read looks like none: then nothing is taken back.
  const isSure = calendar.gaps.every(({ reason }) => reason === 'missing');
  for (const { ids } of judged.filter((one) => one.harms.length === 0)) {
    const known = isSure ? claim.by(ids) : undefined;
    if (known === undefined) continue;
    const key = warningKey(cluster, known);
    reactions.push({ key, observations: [wellOf('nothing is at risk any more', nowMs)] });
  }
  return {
    record: { ranAtMs: nowMs, warnings: [...grownBy(warned), ...waiting(open, claim.taken)] },
    reactions,
  };
}

/** Gives each open warning to the first entry that shares an instance with it. */
function createClaim(open: readonly CalendarWarning[]) {
  const taken = new Set<string>();
  return {
    /** Ids of the warnings that an entry has. */
    taken,
    by(ids: readonly string[]): CalendarWarning | undefined {
      const known = open.find(
        (one) => !taken.has(one.id) && one.instanceIds.some((id) => ids.includes(id)),
      );
      if (known !== undefined) taken.add(known.id);
      return known;
    },
  };
}

/** A new warning; undefined where each of its instances has given its name to another one. */
function begun(
  ids: readonly string[],
  others: readonly CalendarWarning[],
  sinceMs: number,
): CalendarWarning | undefined {
  const id = ids.find((one) => others.every((other) => other.id !== one));
  return id === undefined ? undefined : { id, sinceMs, instanceIds: ids };
}

/**
 * The warnings with the instances that joined them. Those that left an entry are gone, mostly: they stay
 * a part of what was warned of, unless another warning has them now.
 */
function grownBy(
  warned: readonly { readonly warning: CalendarWarning; readonly ids: readonly string[] }[],
): readonly CalendarWarning[] {
  const all = new Set(warned.flatMap(({ ids }) => ids));
  return warned.map(({ warning, ids }) => {
    const left = warning.instanceIds.filter((id) => !all.has(id));
    return { ...warning, instanceIds: [...ids, ...left].slice(0, warnedInstancesMax) };
  });
}

/** Near enough, and still ahead: what drains already is followed by itself. */
const isWorthAWarning = (
  { fromMs, instances }: ReplacementEntry,
  noticeMs: number,
  nowMs: number,
): boolean => fromMs - nowMs <= noticeMs && instances.some(({ status }) => status !== 'draining');

/** Those whose instances are all gone: their end is told when each outcome is on record. */
const waiting = (
  open: readonly CalendarWarning[],
  taken: ReadonlySet<string>,
): readonly CalendarWarning[] => open.filter(({ id }) => !taken.has(id)).slice(0, warningsMax);

const wellOf = (reason: string, atMs: number, facts?: Facts): Observation => ({
  type: 'well',
  atMs,
  reason,
  ...(facts === undefined ? {} : { facts }),
});

/** The warnings that are over, because what they are about is done, and those that go on. */
export function endWarnings(
  cluster: string,
  record: CalendarRecord,
  records: ReadonlyMap<string, InstanceRecord>,
  nowMs: number,
): CalendarTurn {
  const isDone = (id: string): boolean => {
    const one = records.get(id);
    return one === undefined || (one.isDone && phaseOf(one) === 'gone');
  };
  const over = record.warnings.filter(({ instanceIds }) => instanceIds.every(isDone));
  return {
    record: { ...record, warnings: record.warnings.filter((one) => !over.includes(one)) },
    reactions: over.map((warning) => ({
      key: warningKey(cluster, warning),
      observations: [wellOf('replaced and on record', nowMs, verificationFacts(warning, records))],
    })),
  };
}

/** What became of all instances of a warning together. */
function verificationFacts(
  { instanceIds }: CalendarWarning,
  records: ReadonlyMap<string, InstanceRecord>,
): Facts {
  const gone = instanceIds.flatMap((id) => records.get(id) ?? []);
  const outcomes = gone.flatMap(({ outcome }) => outcome ?? []);
  const lost = outcomes.flatMap((outcome) => outcome.lost);
  const notBack = [...new Set(outcomes.flatMap((outcome) => outcome.below))].sort(compareTexts);
  const starts = gone.flatMap((record) => drainedSinceMs(record) ?? []);
  const ends = gone.flatMap((record) => newestOf(record)?.atMs ?? []);
  const errors = gone.flatMap((record) => forecastErrorMs(record) ?? []);
  const facts: ReplacementAheadFacts = {
    replaced: gone.length,
    ofReplaced: instanceIds.length,
    tasksLost: lost.length,
    ...(lost.length === 0 ? {} : { lostNames: lost.slice(0, linesMax).join('\n') }),
    ...(notBack.length === 0 ? {} : { notBack: notBack.slice(0, linesMax).join('\n') }),
    ...(starts.length === 0 || ends.length === 0
      ? {}
      : { tookMs: Math.max(...ends) - Math.min(...starts) }),
    ...(errors.length === 0 ? {} : { forecastErrorMs: Math.max(...errors.map(Math.abs)) }),
  };
  return facts;
}

const whomOf = (harm: Harm): string => ('move' in harm ? harm.move.service : harm.task.name);

function warningOf(
  warning: CalendarWarning,
  entry: ReplacementEntry,
  harms: readonly Harm[],
  nowMs: number,
): Observation {
  const { fromMs, toMs, deadlineMs, capacityProvider, zones, notes } = entry;
  const homeless = notes.find(({ reason }) => reason === 'new-instances-needed');
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
    harmLines: harms.slice(0, linesMax).map(harmText).join('\n'),
    changes: [...new Set(harms.map(remedyText))].slice(0, linesMax).join('\n'),
    fineServices: entry.fineServices,
    ...(homeless === undefined || !('tasks' in homeless) ? {} : { homelessTasks: homeless.tasks }),
    notice: fromMs - nowMs <= secondNoticeHours * hourMs ? 'second' : 'first',
  };
  return {
    type: 'occurred',
    occurrence: { id: `warning-${warning.sinceMs}`, atMs: nowMs },
    severity: 'warn',
    facts,
  };
}

const namesMax = 8;

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
