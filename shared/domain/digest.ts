import type { Incident, IncidentKind, Severity, Subject } from './incident.ts';
import { isGraver } from './incident-outbox.ts';
import { incidentPolicies } from './incident-policy.ts';
import type { Mute } from './mute.ts';
import { isWatchedOnly, type WouldHave } from './would-have.ts';

/**
 * Many things told as one: what the first run found, what a mute held back and is over, and what there
 * is to say once a day.
 */
export type DigestKind = 'first-run' | 'mute-ended' | 'daily';

export type DigestEntry = {
  readonly incidentId: string;
  readonly subject: Subject;
  readonly kind: IncidentKind;
  readonly cause: string;
  readonly severity: Severity;
  readonly sinceMs: number;
  /** Undefined while it is open. */
  readonly resolvedAtMs: number | undefined;
  readonly count: number;
};

/** As many as one can read, and how many more there are: nothing disappears without a number. */
export type Listed<T> = { readonly shown: readonly T[]; readonly more: number };

export type Digest = {
  readonly kind: DigestKind;
  readonly cluster: string;
  /** Names the digest in all its repeats. */
  readonly id: string;
  readonly atMs: number;
  readonly open: Listed<DigestEntry>;
  readonly resolved: Listed<DigestEntry>;
  readonly muted: Listed<Mute>;
  readonly wouldHave: Listed<WouldHave>;
};

/** Longest list in a digest: more is not read on a phone. */
export const digestEntriesMax = 20;

export type DigestParts = {
  readonly kind: DigestKind;
  readonly cluster: string;
  readonly id: string;
  readonly atMs: number;
  readonly incidents: readonly Incident[];
  readonly mutes?: readonly Mute[];
  readonly wouldHave?: readonly WouldHave[];
};

/**
 * One digest of a cluster: the gravest first, then the oldest. A storm stands for its members; what was
 * only watched stands under `wouldHave`.
 */
export function digestOf(parts: DigestParts): Digest {
  const { kind, cluster, id, atMs, incidents, mutes = [], wouldHave = [] } = parts;
  const own = incidents.filter(
    (incident) => incident.cluster === cluster && !isWatchedOnly(incident),
  );
  const entriesOf = (status: Incident['status']): Listed<DigestEntry> =>
    listed(
      own
        .filter((incident) => incident.status === status && incident.foldedInto === undefined)
        .map(entryOf)
        .sort(byWeight),
    );
  return {
    ...{ kind, cluster, id, atMs },
    open: entriesOf('open'),
    resolved: entriesOf('resolved'),
    muted: listed(mutes.filter((mute) => mute.cluster === cluster && mute.untilMs > atMs)),
    wouldHave: listed(wouldHave.filter((one) => one.cluster === cluster)),
  };
}

/** Whether there is nothing to tell. */
export const isEmptyDigest = ({ open, resolved, muted, wouldHave }: Digest): boolean =>
  [open, resolved, muted, wouldHave].every(({ shown }) => shown.length === 0);

const listed = <T>(all: readonly T[]): Listed<T> => ({
  shown: all.slice(0, digestEntriesMax),
  more: Math.max(all.length - digestEntriesMax, 0),
});

const entryOf = (incident: Incident): DigestEntry => ({
  incidentId: incident.id,
  subject: incident.subject,
  kind: incident.kind,
  cause: incident.cause,
  severity: incident.severity,
  sinceMs: incident.firstAtMs,
  resolvedAtMs: incident.resolvedAtMs,
  count: incidentPolicies[incident.kind].stands === true ? 1 : incident.count,
});

function byWeight(a: DigestEntry, b: DigestEntry): number {
  if (a.severity !== b.severity) return isGraver(a.severity, b.severity) ? -1 : 1;
  return a.sinceMs - b.sinceMs || (a.incidentId < b.incidentId ? -1 : 1);
}
