import type { Facts, Incident, IncidentKind, Subject } from './incident.ts';

/** What Ballast would have done had it been allowed to: the case for enforce, or against it. */
export type WouldHave = {
  readonly cluster: string;
  /** As one reads it after "would have" and before the subject: `rolled back`, `moved 3 tasks of`. */
  readonly action: string;
  readonly subject: Subject;
  readonly reason: string;
  /** Times in the period. */
  readonly count: number;
};

/** What the occurrences of a kind, watched only, are: what did not happen, given their moves. */
const actions: Partial<Readonly<Record<IncidentKind, (moves: number) => string>>> = {
  rollback: () => 'rolled back',
  'gate-misconfigured': () => 'rolled back',
  'zone-imbalance': (moves) => zoneAction(moves),
};

/**
 * What would have happened from `fromMs` to before `toMs` if nothing had only been watched, most often
 * first: read from the occurrences that incidents remember, so their number per incident is bounded.
 */
export function wouldHaveOf(
  incidents: readonly Incident[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly WouldHave[] {
  const watched = incidents.flatMap(({ cluster, subject, kind, occurrences }) =>
    occurrences.flatMap(({ atMs, facts }) =>
      actions[kind] === undefined || facts?.mode !== 'observe' || atMs < fromMs || atMs >= toMs
        ? []
        : [{ cluster, subject, kind, reason: String(facts.reason ?? 'unknown'), facts }],
    ),
  );
  const groups = Map.groupBy(watched, ({ cluster, subject, reason }) =>
    JSON.stringify([cluster, subject.name, reason]),
  );
  const found = [...groups].flatMap(([id, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const { cluster, subject, kind, reason } = first;
    const moves = group.reduce((sum, { facts }) => sum + movesIn(facts), 0);
    const action = actions[kind]?.(moves) ?? '';
    return [{ id, one: { cluster, action, subject, reason, count: group.length } }];
  });
  return found
    .sort((a, b) => b.one.count - a.one.count || (a.id < b.id ? -1 : 1))
    .map(({ one }) => one);
}

const movesIn = ({ moves }: Facts): number => (typeof moves === 'number' ? moves : 0);

/** Without a move it is ECS that would have moved them, once it had been told to. */
const zoneAction = (moves: number): string =>
  moves === 0
    ? 'enabled the rebalancing of'
    : `moved ${moves} ${moves === 1 ? 'task' : 'tasks'} of`;

/** Whether it tells of rollbacks that did not happen, and of nothing else: no trouble of anybody. */
export const isWatchedOnly = ({ kind, severity, occurrences }: Incident): boolean =>
  kind === 'rollback' &&
  severity === 'info' &&
  occurrences.every(({ facts }) => facts?.mode === 'observe');
