import type { Facts, Incident, IncidentKey, Severity } from './incident.ts';
import { burstOf, byOpening, nameOf, openedAtMsOf } from './incident-burst.ts';
import { drainsFacts, drainsKeyOf } from './incident-drains.ts';
import { fingerprintOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { graver, isGraver, notify, takenAsTold } from './incident-outbox.ts';
import {
  evidenceOf,
  type PlaceBurst,
  type PlaceType,
  placeBurstOf,
  placeKeyOf,
  placeServicesMin,
  placeTypes,
  type RunningPlaces,
} from './incident-place.ts';
import {
  incidentPolicies,
  stormServicesMin,
  stormWindowMs,
  stuckDrainsMin,
} from './incident-policy.ts';
import { badPlaceFacts, stormFacts } from './storm-facts.ts';

/** One incident that speaks for many, and what its members say about it now. */
export type Fold = {
  readonly key: IncidentKey;
  /** Those that become part of it now, oldest first. */
  readonly joining: readonly Incident[];
  /** To be applied to the fold, in this order, before anyone is folded into it. */
  readonly observations: readonly Observation[];
};

export type FoldPlan = {
  readonly folds: readonly Fold[];
  /** Folded into what is not listed as open, or does not fit them any more: they speak again. */
  readonly strays: readonly Incident[];
};

/** The storm of one cause in one cluster: the same key whoever belongs to it. */
export const stormKeyOf = (cluster: string, cause: string): IncidentKey => ({
  cluster,
  subject: { type: 'cluster', name: cluster },
  kind: 'storm',
  cause,
  deploymentId: undefined,
});

/**
 * What may speak for an incident, the narrowest first: the instance or the zone where all its stops
 * were, then its cause; for a stuck drain only whoever keeps it.
 */
export const foldKeysOf = (incident: Incident): readonly IncidentKey[] =>
  isDrain(incident)
    ? [drainsKeyOf(incident)].flatMap((key) => key ?? [])
    : [
        ...placeTypes.flatMap((type) => placeKeyOf(incident, type) ?? []),
        stormKeyOf(incident.cluster, incident.cause),
      ];

const isDrain = ({ kind }: Incident): boolean => kind === 'drain-stuck';

/**
 * What has to be folded among the open incidents of an account. Who belongs to an open fold joins it.
 * Of the others, services that failed within {@link stormWindowMs} in one place only become a bad
 * instance, or else a bad zone, where the running tasks make that place telling; then services that one
 * cause hit become a storm. Stuck drains that one service keeps are folded whenever they began.
 * `isWhole` is false where the list was cut short: then nothing is taken to be
 * over, because a member may be missing from it. Clusters that `running` lacks get no place told.
 */
export function planFolds(
  incidents: readonly Incident[],
  isWhole: boolean,
  nowMs: number,
  running: RunningPlaces = new Map(),
): FoldPlan {
  const sorted = sortOut(incidents);
  const begun = begin(sorted, running, nowMs);
  const within = Map.groupBy(sorted.atHome, ({ foldedInto }) => foldedInto);
  const ended = Map.groupBy(
    incidents.filter((one) => one.status === 'resolved' && isDrain(one)),
    ({ foldedInto }) => foldedInto,
  );
  const parts: readonly FoldParts[] = [
    ...[...sorted.folds.values()].map((fold) => ({
      key: fold,
      fold,
      joining: sorted.joining.get(fold) ?? [],
      within: within.get(fold.id) ?? [],
      ended: ended.get(fold.id) ?? [],
      facts: {},
    })),
    ...begun.map((one) => ({ ...one, fold: undefined, within: [], ended: [] })),
  ];
  return {
    folds: [...parts].sort(byKey).map((part) => planFold(part, isWhole, nowMs)),
    strays: isWhole ? sorted.strays : [],
  };
}

/**
 * Clusters with services that fail in one place only: whether that says anything depends on where else
 * tasks run, which somebody has to read for {@link planFolds}.
 */
export function clustersToLookAt(incidents: readonly Incident[], nowMs: number): readonly string[] {
  const sorted = sortOut(incidents);
  const suspects = placeTypes.flatMap((type) => suspectsIn(type, sorted, sorted.free, nowMs));
  return [...new Set(suspects.map(({ burst }) => burst.key.cluster))].sort();
}

type Sorted = {
  /** Open folds, by the text of their key. */
  readonly folds: ReadonlyMap<string, Incident>;
  /** Those that an open fold takes in now, oldest first. */
  readonly joining: ReadonlyMap<Incident, readonly Incident[]>;
  /** Members of an open fold that they still belong to. */
  readonly atHome: readonly Incident[];
  readonly strays: readonly Incident[];
  /** Those that nothing speaks for, oldest first. */
  readonly free: readonly Incident[];
  /** All that may be folded, oldest first; and of these what no instance explains. */
  readonly foldable: readonly Incident[];
  readonly unexplained: readonly Incident[];
};

const foldKinds: readonly Incident['kind'][] = [
  'storm',
  'bad-instance',
  'bad-zone',
  'drains-stuck',
];

function sortOut(incidents: readonly Incident[]): Sorted {
  const open = incidents.filter(({ status }) => status === 'open').sort(byOpening);
  const folds = new Map(
    open.filter(({ kind }) => foldKinds.includes(kind)).map((fold) => [fingerprintOf(fold), fold]),
  );
  const foldsOf = (incident: Incident): readonly Incident[] =>
    foldKeysOf(incident).flatMap((key) => folds.get(fingerprintOf(key)) ?? []);
  /** The fold that a member is in, or that a free incident belongs to. */
  const homeOf = (one: Incident): Incident | undefined =>
    foldsOf(one).find((fold) =>
      one.foldedInto === undefined ? isHitSince(fold, one) : fold.id === one.foldedInto,
    );
  const homes = new Map(open.filter(isFoldable).map((one) => [one, homeOf(one)]));
  const foldable = [...homes.keys()];
  const [alone, folded] = partition(foldable, ({ foldedInto }) => foldedInto === undefined);
  const [atHome, strays] = partition(folded, (one) => homes.get(one) !== undefined);
  const [joining, free] = partition(alone, (one) => homes.get(one) !== undefined);
  return {
    ...{ folds, atHome, strays, free, foldable },
    joining: new Map(
      [...folds.values()].map((fold) => [fold, joining.filter((one) => homes.get(one) === fold)]),
    ),
    unexplained: foldable.filter((one) => homes.get(one)?.kind !== 'bad-instance'),
  };
}

const partition = <T>(
  all: readonly T[],
  holds: (one: T) => boolean,
): readonly [those: readonly T[], others: readonly T[]] => [
  all.filter(holds),
  all.filter((one) => !holds(one)),
];

const isFoldable = (incident: Incident): boolean => {
  const { kind, subject } = incident;
  const isOfTasks = subject.type === 'service' || subject.type === 'family';
  return incidentPolicies[kind].folds && (isOfTasks || isDrain(incident));
};

/** What began a window before the fold or later, see {@link hitSince}; a drain whenever it began. */
const isHitSince = (fold: Incident, member: Incident): boolean =>
  isDrain(member) || openedAtMsOf(member) >= fold.firstAtMs - stormWindowMs;

/** A fold that begins; `facts` are known only at this time. */
type Begun = {
  readonly key: IncidentKey;
  readonly joining: readonly Incident[];
  readonly facts: Facts;
};

/** The narrowest first: what an instance explains is no evidence about its zone, nor for a cause. */
function begin(sorted: Sorted, running: RunningPlaces, nowMs: number): readonly Begun[] {
  const instances = suspectsIn('instance', sorted, sorted.free, nowMs).flatMap(tellingIn(running));
  const left = without(sorted.free, instances);
  const others = { ...sorted, unexplained: without(sorted.unexplained, instances) };
  const zones = suspectsIn('zone', others, left, nowMs).flatMap(tellingIn(running));
  const rest = without(left, zones).filter((one) => !isDrain(one));
  const keyOf = ({ cluster, cause }: Incident): IncidentKey => stormKeyOf(cluster, cause);
  const storms = groupsOf(rest, keyOf, sorted.folds).flatMap(
    ({ key, members }): readonly Begun[] => {
      const [first] = burstOf(members, stormServicesMin);
      if (first === undefined) return [];
      return [{ key, joining: hitSince(first, members), facts: {} }];
    },
  );
  return [...instances, ...zones, ...storms, ...stuckDrainsIn(sorted)];
}

/** Drains of other instances of one keeper each, whenever they began to stand still. */
const stuckDrainsIn = ({ free, folds }: Sorted): readonly Begun[] =>
  groupsOf(free, drainsKeyOf, folds).flatMap(({ key, members }) =>
    members.length < stuckDrainsMin ? [] : [{ key, joining: members, facts: {} }],
  );

const without = (incidents: readonly Incident[], begun: readonly Begun[]): readonly Incident[] => {
  const taken = new Set(begun.flatMap(({ joining }) => joining));
  return incidents.filter((one) => !taken.has(one));
};

/** A place that may explain what happened there, and whom it would speak for. */
type Suspect = {
  readonly burst: PlaceBurst;
  /** All that may be evidence, of every cluster. */
  readonly candidates: readonly Incident[];
  readonly joining: readonly Incident[];
};

/**
 * Judged by all that failed there, whoever speaks for it by now: a second look finds the same. For a
 * zone that is all but what an instance explains.
 */
function suspectsIn(
  type: PlaceType,
  { foldable, unexplained, folds }: Sorted,
  free: readonly Incident[],
  nowMs: number,
): readonly Suspect[] {
  const candidates = type === 'zone' ? unexplained : foldable;
  const isFree = new Set(free);
  const groups = groupsOf(candidates, (incident) => placeKeyOf(incident, type), folds);
  return groups.flatMap(({ key, members }) => {
    const burst = placeBurstOf(type, key, members, nowMs);
    const [first] = burst?.members ?? [];
    if (burst === undefined || first === undefined) return [];
    const joining = hitSince(first, members).filter((member) => isFree.has(member));
    const isEnough = burstOf(joining, placeServicesMin[type]).length > 0;
    return isEnough ? [{ burst, candidates, joining }] : [];
  });
}

/** What begins of a suspect, if its place says something. */
const tellingIn =
  (running: RunningPlaces) =>
  ({ burst, candidates, joining }: Suspect): readonly Begun[] => {
    const tasks = running.get(burst.key.cluster);
    const evidence = tasks === undefined ? undefined : evidenceOf(burst, candidates, tasks);
    return evidence === undefined ? [] : [{ key: burst.key, joining, facts: { ...evidence } }];
  };

/** Who belongs to a fold whose first member opened then: an older incident keeps its own thread. */
const hitSince = (first: Incident, members: readonly Incident[]): readonly Incident[] =>
  members.filter((member) => openedAtMsOf(member) >= openedAtMsOf(first) - stormWindowMs);

/** Incidents with one key each, which is not that of an open fold: what is too old for it stays out. */
function groupsOf(
  incidents: readonly Incident[],
  keyOf: (incident: Incident) => IncidentKey | undefined,
  folds: Sorted['folds'],
): readonly { readonly key: IncidentKey; readonly members: readonly Incident[] }[] {
  const groups = new Map<string, { readonly key: IncidentKey; readonly members: Incident[] }>();
  for (const incident of incidents) {
    const key = keyOf(incident);
    if (key === undefined) continue;
    const text = fingerprintOf(key);
    if (folds.has(text)) continue;
    const group = groups.get(text) ?? { key, members: [] };
    group.members.push(incident);
    groups.set(text, group);
  }
  return [...groups.values()];
}

type FoldParts = Begun & {
  /** Undefined where it begins. */
  readonly fold: Incident | undefined;
  readonly within: readonly Incident[];
  /** Stuck drains that have ended in it. */
  readonly ended: readonly Incident[];
};

const byKey = (a: FoldParts, b: FoldParts): number =>
  fingerprintOf(a.key) < fingerprintOf(b.key) ? -1 : 1;

function planFold(parts: FoldParts, isWhole: boolean, nowMs: number): Fold {
  const { key, fold, joining, within, facts } = parts;
  const graverOnes =
    fold === undefined ? [] : within.filter(({ severity }) => isGraver(severity, fold.severity));
  const observations: Observation[] = [...joining, ...graverOnes].map((member) => ({
    type: 'occurred',
    occurrence: { id: nameOf(member.subject), atMs: openedAtMsOf(member) },
    severity: foldSeverityOf(member),
  }));
  if (joining.length > 0) observations.push({ type: 'unwell', atMs: nowMs });
  const isEmpty = joining.length + within.length === 0;
  if (isEmpty && isWhole) {
    const known = key.kind === 'drains-stuck' ? { facts: factsOf(parts, nowMs) } : {};
    observations.push({ type: 'well', atMs: nowMs, reason: 'members-resolved', ...known });
  } else {
    const all = { ...facts, ...(isEmpty ? {} : factsOf(parts, nowMs)) };
    const news = newsOf(fold, all);
    if (news !== undefined) observations.push({ type: 'eased', atMs: nowMs, facts: news });
    observations.push({ type: 'tick' });
  }
  return { key, joining, observations };
}

/**
 * One member's place that goes away heals; where many lost theirs at once, somebody should look: an
 * instance or a zone is gone. Spot takes back by its nature.
 */
const foldSeverityOf = ({ severity, cause }: Incident): Severity =>
  cause === 'spot' ? severity : graver(severity, 'warn');

/** With the services, or the instances, that it has not heard of yet. */
function factsOf(parts: FoldParts, nowMs: number): Facts {
  const { fold, joining, within, ended } = parts;
  const { kind } = parts.key;
  const known = new Set(fold?.occurrences.map(({ id }) => id));
  const names = new Set(joining.map(({ subject }) => nameOf(subject)));
  const added = [...names].filter((name) => !known.has(name)).length;
  const count = (fold?.count ?? 0) + added;
  const members = [...joining, ...within];
  if (kind === 'drains-stuck') return drainsFacts(count, fold, members, ended, nowMs);
  return kind === 'storm' ? stormFacts(count, members) : badPlaceFacts(count, members);
}

/** The facts if the fold does not know them yet: saying the same again would be a write a minute. */
function newsOf(fold: Incident | undefined, facts: Facts): Facts | undefined {
  const isKnown = Object.entries(facts).every(
    ([name, value]) => (fold?.facts[name] ?? '') === value,
  );
  return isKnown ? undefined : facts;
}

/**
 * Lets a fold speak for a member: its own message is dropped, which is safe only once the fold itself
 * stands in the table. What may be out already is taken as told, so that its end is.
 */
export function folded(incident: Incident, foldId: string, nowMs: number): Incident {
  if (incident.status !== 'open' || incident.foldedInto !== undefined) return incident;
  return {
    ...incident,
    foldedInto: foldId,
    outbox: [],
    told: takenAsTold(incident, nowMs),
    changedAtMs: nowMs,
    version: incident.version + 1,
  };
}

/**
 * Undoes {@link folded} where the fold is over and this one is not: nobody else would tell it, nor that
 * it got worse meanwhile.
 */
export function unfolded(incident: Incident, nowMs: number): Incident {
  if (incident.status !== 'open' || incident.foldedInto === undefined) return incident;
  const own = { ...incident, foldedInto: undefined };
  const { told, severity } = own;
  const isKnown = told !== undefined && !isGraver(severity, told.severity);
  const isSilent = isKnown || severity === 'info';
  // Drains that one service has let go may all be kept by another one now: they wait for each other.
  const holdMs = isDrain(own) ? holdMsOf(own) : 0;
  return {
    ...(isSilent
      ? own
      : notify(own, told === undefined ? 'open' : 'escalate', nowMs + holdMs, nowMs)),
    changedAtMs: nowMs,
    version: incident.version + 1,
  };
}

const holdMsOf = ({ kind, severity }: Incident): number => {
  const { cardHoldMs, pageHoldMs } = incidentPolicies[kind];
  return severity === 'critical' ? pageHoldMs : cardHoldMs;
};
