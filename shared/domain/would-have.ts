import type { Incident, IncidentKind, Subject } from './incident.ts';

/** What Ballast would have done had it been allowed to: the case for enforce, or against it. */
export type WouldHave = {
  readonly cluster: string;
  /** As one reads it after "would have": `rolled back`. */
  readonly action: string;
  readonly subject: Subject;
  readonly reason: string;
  /** Times in the period. */
  readonly count: number;
};

/** Kinds whose occurrences, watched only, are rollbacks that did not happen. */
const rollbackKinds: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'rollback',
  'gate-misconfigured',
]);

/**
 * What would have happened from `fromMs` to before `toMs` if nothing had only been watched, most often
 * first: read from the occurrences that incidents remember, so their number per incident is bounded.
 */
export function wouldHaveOf(
  incidents: readonly Incident[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly WouldHave[] {
  const found = new Map<string, WouldHave>();
  for (const { cluster, subject, kind, occurrences } of incidents) {
    if (!rollbackKinds.has(kind)) continue;
    for (const { atMs, facts } of occurrences) {
      if (facts?.mode !== 'observe' || atMs < fromMs || atMs >= toMs) continue;
      const reason = String(facts.reason ?? 'unknown');
      const id = JSON.stringify([cluster, subject.name, reason]);
      const count = (found.get(id)?.count ?? 0) + 1;
      found.set(id, { cluster, action: 'rolled back', subject, reason, count });
    }
  }
  return [...found].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1)).map(second);
}

const second = <T>([, value]: readonly [unknown, T]): T => value;

/** Whether it tells of rollbacks that did not happen, and of nothing else: no trouble of anybody. */
export const isWatchedOnly = ({ kind, severity, occurrences }: Incident): boolean =>
  kind === 'rollback' &&
  severity === 'info' &&
  occurrences.every(({ facts }) => facts?.mode === 'observe');
