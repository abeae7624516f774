import type { Facts, Incident, IncidentKey, Subject } from './incident.ts';
import { fingerprintOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { isGraver, notify } from './incident-outbox.ts';
import { incidentPolicies, stormServicesMin, stormWindowMs } from './incident-policy.ts';
import { stormFacts } from './storm-facts.ts';

/** One storm, and what its members say about it now. */
export type StormPlan = {
  readonly key: IncidentKey;
  /** Services that are part of it, oldest first: at least those that the storm has to hear of. */
  readonly joining: readonly Incident[];
  /** To be applied to the storm, in this order, before anyone is folded into it. */
  readonly observations: readonly Observation[];
};

export type FoldPlan = {
  readonly storms: readonly StormPlan[];
  /** Folded into an incident that is not listed as open: they speak for themselves again. */
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
 * What has to be folded among the open incidents of an account: at least {@link stormServicesMin}
 * services that one cause hit within {@link stormWindowMs} become one storm, and what that cause hits
 * while the storm is open joins it. `isWhole` is false where the list was cut short: then nothing is
 * taken to be over, because a member may be missing from it.
 */
export function planFolds(
  incidents: readonly Incident[],
  isWhole: boolean,
  nowMs: number,
): FoldPlan {
  const open = incidents.filter(({ status }) => status === 'open');
  const openIds = new Set(open.map(({ id }) => id));
  const storms = new Map(
    open.filter(({ kind }) => kind === 'storm').map((storm) => [fingerprintOf(storm), storm]),
  );
  const groups = new Map<string, Incident[]>([...storms.keys()].map((text) => [text, []]));
  for (const incident of open.filter(isFoldable)) {
    const text = fingerprintOf(stormKeyOf(incident.cluster, incident.cause));
    groups.set(text, [...(groups.get(text) ?? []), incident]);
  }
  const plans = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    storms: plans.flatMap(([text, members]) =>
      planStorm(storms.get(text), members.sort(byOpening), isWhole, nowMs),
    ),
    strays: isWhole
      ? open.filter(({ foldedInto }) => foldedInto !== undefined && !openIds.has(foldedInto))
      : [],
  };
}

const isFoldable = ({ kind, subject }: Incident): boolean =>
  incidentPolicies[kind].folds && (subject.type === 'service' || subject.type === 'family');

const openedAtMsOf = ({ openedAtMs, firstAtMs }: Incident): number => openedAtMs ?? firstAtMs;

const byOpening = (a: Incident, b: Incident): number =>
  openedAtMsOf(a) - openedAtMsOf(b) || (fingerprintOf(a) < fingerprintOf(b) ? -1 : 1);

const nameOf = ({ type, name }: Subject): string => `${type}/${name}`;

function planStorm(
  storm: Incident | undefined,
  members: readonly Incident[],
  isWhole: boolean,
  nowMs: number,
): readonly StormPlan[] {
  const free = members.filter(({ foldedInto }) => foldedInto === undefined);
  const joining = storm === undefined ? burstOf(free) : free.filter(hitSince(storm));
  const [first] = storm === undefined ? joining : [storm];
  if (first === undefined) return [];
  const key = stormKeyOf(first.cluster, first.cause);
  const within =
    storm === undefined ? [] : members.filter(({ foldedInto }) => foldedInto === storm.id);
  const graverOnes = within.filter(({ severity }) => isGraver(severity, first.severity));
  const observations: Observation[] = [...joining, ...graverOnes].map((member) => ({
    type: 'occurred',
    occurrence: { id: nameOf(member.subject), atMs: openedAtMsOf(member) },
    severity: member.severity,
  }));
  if (joining.length > 0) observations.push({ type: 'unwell', atMs: nowMs });
  if (storm !== undefined && isWhole && joining.length + within.length === 0) {
    observations.push({ type: 'well', atMs: nowMs, reason: 'members-resolved' });
  } else {
    const isListed = joining.length + within.length > 0;
    const facts = isListed ? newsOf(storm, factsOf(storm, joining, within)) : undefined;
    if (facts !== undefined) observations.push({ type: 'eased', atMs: nowMs, facts });
    observations.push({ type: 'tick' });
  }
  return [{ key, joining, observations }];
}

/** What began a window before the storm or later: an older incident keeps its own thread. */
const hitSince =
  (storm: Incident) =>
  (member: Incident): boolean =>
    openedAtMsOf(member) >= storm.firstAtMs - stormWindowMs;

/** Members of any window in which enough different services were hit; oldest first. */
function burstOf(members: readonly Incident[]): readonly Incident[] {
  const burst = new Set<Incident>();
  for (const first of members) {
    const fromMs = openedAtMsOf(first);
    const window = members.filter(
      (member) => openedAtMsOf(member) >= fromMs && openedAtMsOf(member) - fromMs <= stormWindowMs,
    );
    const services = new Set(window.map(({ subject }) => nameOf(subject)));
    if (services.size >= stormServicesMin) for (const member of window) burst.add(member);
  }
  return members.filter((member) => burst.has(member));
}

/** With the services that it has not heard of yet. */
function factsOf(
  storm: Incident | undefined,
  joining: readonly Incident[],
  within: readonly Incident[],
): Facts {
  const known = new Set(storm?.occurrences.map(({ id }) => id));
  const names = new Set(joining.map(({ subject }) => nameOf(subject)));
  const added = [...names].filter((name) => !known.has(name)).length;
  return stormFacts((storm?.count ?? 0) + added, [...joining, ...within]);
}

/** The facts if the storm does not know them yet: saying the same again would be a write a minute. */
function newsOf(storm: Incident | undefined, facts: Facts): Facts | undefined {
  const isKnown = Object.entries(facts).every(
    ([name, value]) => (storm?.facts[name] ?? '') === value,
  );
  return isKnown ? undefined : facts;
}

/**
 * Lets the storm speak for a member: its own message is dropped, which is safe only once the storm
 * itself stands in the table. A page that may be out already is taken as told, so that its end is.
 */
export function folded(incident: Incident, stormId: string, nowMs: number): Incident {
  if (incident.status !== 'open' || incident.foldedInto !== undefined) return incident;
  const page = incident.outbox.find(
    ({ severity, claimedAtMs }) => severity === 'critical' && claimedAtMs !== undefined,
  );
  const { told, facts } = incident;
  return {
    ...incident,
    foldedInto: stormId,
    outbox: [],
    told:
      page === undefined
        ? told
        : {
            sequence: page.sequence,
            atMs: nowMs,
            severity: 'critical',
            facts,
            updates: told?.updates ?? 0,
          },
    changedAtMs: nowMs,
    version: incident.version + 1,
  };
}

/** Undoes {@link folded} where the storm is over and this one is not: nobody else would tell it. */
export function unfolded(incident: Incident, nowMs: number): Incident {
  if (incident.status !== 'open' || incident.foldedInto === undefined) return incident;
  const own = { ...incident, foldedInto: undefined };
  const isSilent = own.told !== undefined || own.severity === 'info';
  return {
    ...(isSilent ? own : notify(own, 'open', nowMs, nowMs)),
    changedAtMs: nowMs,
    version: incident.version + 1,
  };
}
