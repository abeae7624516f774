import type { Facts, IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';
import { type InstanceRecord, phaseOf } from './instance-replacement.ts';
import type { ReplacementCalendar, ReplacementEntry } from './replacement-calendar.ts';
import type { Harm } from './replacement-harm.ts';
import { idOf, isOptedOut } from './replacement-look.ts';
import type { CalendarRecord, CalendarWarning } from './replacement-memory.ts';
import type { ReplacementReaction } from './replacement-reaction.ts';
import type { Service } from './snapshot.ts';
import { aheadFacts, verificationFacts, whomOf } from './warning-facts.ts';

/** Warnings of one cluster that are kept: more than anybody reads. */
export const warningsMax = 50;
/** Instances of one warning that are remembered: more than one provider drains within a fortnight. */
export const warnedInstancesMax = 500;

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

function warningOf(
  warning: CalendarWarning,
  entry: ReplacementEntry,
  harms: readonly Harm[],
  nowMs: number,
): Observation {
  return {
    type: 'occurred',
    occurrence: { id: `warning-${warning.sinceMs}`, atMs: nowMs },
    severity: 'warn',
    facts: aheadFacts(entry, harms, nowMs),
  };
}

const wellOf = (reason: string, atMs: number, facts?: Facts): Observation => ({
  type: 'well',
  atMs,
  reason,
  ...(facts === undefined ? {} : { facts }),
});

/**
 * The warnings that are over, because what they are about is done, and those that go on. Without a record,
 * because none could be written or read, only an instance that is not there any more is done; `there` has
 * the ids of a cluster that was read whole.
 */
export function endWarnings(
  cluster: string,
  record: CalendarRecord,
  { records, there }: Seen,
  nowMs: number,
): CalendarTurn {
  const isDone = (id: string): boolean => {
    const one = records.get(id);
    return one === undefined ? !there.has(id) : one.isDone && phaseOf(one) === 'gone';
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

/** What is known of a cluster's instances, and which of them are there, by their ids. */
type Seen = {
  readonly records: ReadonlyMap<string, InstanceRecord>;
  readonly there: ReadonlySet<string>;
};
