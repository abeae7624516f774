import type { Facts, IncidentKey } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';
import { type InstanceRecord, isOnRecord, phaseOf } from './instance-replacement.ts';
import type { ReplacementCalendar, ReplacementEntry } from './replacement-calendar.ts';
import type { Harm } from './replacement-harm.ts';
import { idOf, isOptedOut } from './replacement-look.ts';
import type { CalendarRecord, CalendarWarning } from './replacement-memory.ts';
import type { ReplacementReaction } from './replacement-reaction.ts';
import type { Service } from './snapshot.ts';
import { aheadFacts, verificationFacts, whomOf } from './warning-facts.ts';

/** Warnings of one cluster that are kept: more than anybody reads. */
export const warningsMax = 50;
/**
 * Ids of all warnings of a cluster together that are remembered. They lie in one item, whose length is
 * bounded: 39 characters an id of 36 with its quotes and comma, and some hundred for each warning.
 */
export const warnedIdsMax = 1_200;

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
 * hurt come first, because a herd may fall apart, and of them those that are still ahead. One whose
 * instances all drain keeps its warning as it was told: each drain is followed by itself.
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
  const warned: Omit<Draft, 'left'>[] = [];
  const reactions: ReplacementReaction[] = [];
  const harmful = judged.filter((one) => one.harms.length > 0);
  const ahead = harmful.filter(({ entry }) => isAhead(entry));
  const draining = harmful.filter(({ entry }) => !isAhead(entry));
  for (const { entry, ids, harms } of [...ahead, ...draining]) {
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
    record: {
      ranAtMs: nowMs,
      warnings: bounded([...grownBy(warned), ...waiting(open, claim.taken, judged)]),
    },
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
      const own = new Set(ids);
      const known = open.find(
        (one) => !taken.has(one.id) && one.instanceIds.some((id) => own.has(id)),
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
  return id === undefined ? undefined : { id, sinceMs, instanceIds: ids, unnamed: 0 };
}

const isAhead = ({ instances }: ReplacementEntry): boolean =>
  instances.some(({ status }) => status !== 'draining');

/** A warning before its ids are bounded: `ids` are those of its entry, `left` the others that it has. */
type Draft = {
  readonly warning: CalendarWarning;
  readonly ids: readonly string[];
  readonly left: readonly string[];
};

/**
 * The warnings with the instances that joined them. Those that left an entry are gone, mostly: they stay
 * a part of what was warned of, unless another warning has them now.
 */
function grownBy(warned: readonly Omit<Draft, 'left'>[]): readonly Draft[] {
  const all = new Set(warned.flatMap(({ ids }) => ids));
  return warned.map(({ warning, ids }) => ({
    warning: { ...warning, unnamed: 0 },
    ids,
    left: warning.instanceIds.filter((id) => !all.has(id)),
  }));
}

/**
 * The warnings with as many ids as there is place for. Those of an entry come first, the last to drain of
 * them: while one of it is ahead, one that has a name is, by which the next calendar knows the warning. The
 * others without a name keep it from ending until then; one that has left does not, and counts no more.
 */
function bounded(drafts: readonly Draft[]): readonly CalendarWarning[] {
  const shares = sharesOf(drafts.map(({ ids, left }) => ids.length + left.length));
  return drafts.map(({ warning, ids, left }, at) => {
    const share = shares[at] ?? 0;
    const from = Math.max(ids.length - share, 0);
    return {
      ...warning,
      instanceIds: [...ids.slice(from), ...left].slice(0, share),
      unnamed: warning.unnamed + from,
    };
  });
}

/** All that each wants where that is {@link warnedIdsMax} at most, else no more than those with most. */
function sharesOf(sizes: readonly number[]): readonly number[] {
  const shares = sizes.map(() => 0);
  let place = warnedIdsMax;
  const bySize = [...sizes.entries()].sort(([, a], [, b]) => a - b);
  for (const [rank, [at, size]] of bySize.entries()) {
    const share = Math.min(size, Math.floor(place / (sizes.length - rank)));
    shares[at] = share;
    place -= share;
  }
  return shares;
}

/** Near enough, and still ahead: what drains already is followed by itself. */
const isWorthAWarning = (entry: ReplacementEntry, noticeMs: number, nowMs: number): boolean =>
  entry.fromMs - nowMs <= noticeMs && isAhead(entry);

/**
 * Those whose instances are all gone: their end is told when each outcome is on record. An entry that was
 * not judged, because a protection could not be read, may still have instances of theirs.
 */
function waiting(
  open: readonly CalendarWarning[],
  taken: ReadonlySet<string>,
  entries: readonly { readonly ids: readonly string[] }[],
): readonly Draft[] {
  const ahead = new Set(entries.flatMap(({ ids }) => ids));
  return open
    .filter(({ id }) => !taken.has(id))
    .slice(0, warningsMax)
    .map((warning) => ({
      warning: {
        ...warning,
        unnamed: warning.instanceIds.some((id) => ahead.has(id)) ? warning.unnamed : 0,
      },
      ids: [],
      left: warning.instanceIds,
    }));
}

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
    ...(isAhead(entry) ? { facts: aheadFacts(entry, harms, nowMs) } : {}),
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
    return one === undefined ? !there.has(id) : isOnRecord(one) && phaseOf(one) === 'gone';
  };
  const over = record.warnings.filter(
    ({ instanceIds, unnamed }) => unnamed === 0 && instanceIds.every(isDone),
  );
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
