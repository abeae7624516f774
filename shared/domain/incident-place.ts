import type { Incident, IncidentKey } from './incident.ts';
import { burstOf, openedAtMsOf, servicesOf } from './incident-burst.ts';
import {
  badInstanceServicesMin,
  badZoneServicesMin,
  incidentPolicies,
  placeChanceMax,
  placeLookMs,
  stormWindowMs,
} from './incident-policy.ts';
import { binomialUpperTail } from './statistics/binomial.ts';

/** Kinds of places, the narrower first. */
export const placeTypes = ['instance', 'zone'] as const;
export type PlaceType = (typeof placeTypes)[number];

/** Where one task runs. Fargate shows no instance, ECS Anywhere no zone: undefined is no place. */
export type TaskPlace = {
  /** `service/web`, `family/report`: as members are named. */
  readonly owner: string | undefined;
  /** Id of the container instance, as stops have it. */
  readonly instance: string | undefined;
  readonly zone: string | undefined;
};

/** Running tasks by the name of their cluster; a cluster that could not be read is not in it. */
export type RunningPlaces = ReadonlyMap<string, readonly TaskPlace[]>;

/** What opened together in one place, oldest first. */
export type PlaceBurst = {
  readonly key: IncidentKey;
  readonly type: PlaceType;
  readonly name: string;
  readonly members: readonly Incident[];
};

/** Why a place is told: what else the cluster has, and what happened there. */
export type PlaceEvidence = {
  /** Instances or zones beside it that run tasks. */
  readonly otherPlaces: number;
  /** Services that failed elsewhere in the same minutes. */
  readonly servicesElsewhere: number;
  /** Services of the place that have a running task elsewhere as well. */
  readonly alsoElsewhere: number;
};

const kinds = { instance: 'bad-instance', zone: 'bad-zone' } as const;
/** Fewest services that say something about a place. */
export const placeServicesMin = {
  instance: badInstanceServicesMin,
  zone: badZoneServicesMin,
} as const;
/** What cannot stand in a key is no name of a place. */
const placeName = /^[\w.:-]+$/;

/**
 * Where an incident's stops were, of those with a known place: what counted towards its opening, and
 * everything since.
 */
export function placesOf(incident: Incident, type: PlaceType): ReadonlySet<string> {
  const { windowMs } = incidentPolicies[incident.kind].opensAt;
  const fromMs = openedAtMsOf(incident) - Math.max(windowMs, stormWindowMs);
  const names = new Set<string>();
  for (const { atMs, facts } of incident.occurrences) {
    const name = facts?.[type];
    if (atMs >= fromMs && typeof name === 'string') names.add(name);
  }
  return new Set([...names].filter((name) => placeName.test(name)));
}

/** The bad instance or zone that an incident belongs to: undefined unless all its stops were there. */
export function placeKeyOf(incident: Incident, type: PlaceType): IncidentKey | undefined {
  const [name, ...others] = placesOf(incident, type);
  if (name === undefined || others.length > 0) return undefined;
  const { cluster } = incident;
  const kind = kinds[type];
  return { cluster, subject: { type, name }, kind, cause: kind, deploymentId: undefined };
}

/**
 * The services that failed in one place only, if they are enough and did so lately; whether that says
 * anything about the place is for {@link evidenceOf}. Takes the members of one place, oldest first.
 */
export function placeBurstOf(
  type: PlaceType,
  key: IncidentKey,
  members: readonly Incident[],
  nowMs: number,
): PlaceBurst | undefined {
  const burst = burstOf(members, placeServicesMin[type]);
  const last = burst.at(-1);
  if (last === undefined || nowMs - openedAtMsOf(last) > placeLookMs) return undefined;
  // All on one instance is not for the zone to explain.
  if (type === 'zone' && instancesOf(burst).size === 1) return undefined;
  return { key, type, name: key.subject.name, members: burst };
}

/** Container instances that the members' stops were on. */
export const instancesOf = (members: readonly Incident[]): ReadonlySet<string> =>
  new Set(members.flatMap((member) => [...placesOf(member, 'instance')]));

/**
 * What makes the place of a burst telling, `candidates` being all that may be evidence, folded or not;
 * undefined where chance does as much, for instance because most of the cluster runs there.
 */
export function evidenceOf(
  burst: PlaceBurst,
  candidates: readonly Incident[],
  running: readonly TaskPlace[],
): PlaceEvidence | undefined {
  const { type, name, members } = burst;
  const elsewhere = servicesOf(elsewhereOf(burst, candidates));
  // A service that fails in other places too is no evidence for this one.
  const here = [...servicesOf(members)].filter((service) => !elsewhere.has(service)).length;
  if (here < placeServicesMin[type]) return undefined;
  const placed = running.flatMap((task) => (task[type] === undefined ? [] : [task]));
  const others = placed.filter((task) => task[type] !== name);
  const otherPlaces = new Set(others.map((task) => task[type])).size;
  const chance = chanceOf({
    servicesHere: here,
    services: here + elsewhere.size,
    tasksHere: placed.length - others.length,
    tasks: placed.length,
    places: otherPlaces + 1,
  });
  if (chance > placeChanceMax) return undefined;
  const owners = new Set(others.map(({ owner }) => owner));
  const alsoElsewhere = [...servicesOf(members)].filter((service) => owners.has(service)).length;
  return { otherPlaces, servicesElsewhere: elsewhere.size, alsoElsewhere };
}

/** Incidents of the same minutes with a stop in another place of the cluster. */
function elsewhereOf(
  { key, type, name, members }: PlaceBurst,
  candidates: readonly Incident[],
): readonly Incident[] {
  const times = members.map(openedAtMsOf);
  const fromMs = Math.min(...times) - stormWindowMs;
  const toMs = Math.max(...times) + stormWindowMs;
  return candidates.filter((incident) => {
    const atMs = openedAtMsOf(incident);
    if (incident.cluster !== key.cluster || atMs < fromMs || atMs > toMs) return false;
    return [...placesOf(incident, type)].some((place) => place !== name);
  });
}

/**
 * How many places of a cluster chance alone would make look like this one: the upper tail of a
 * binomial, times the places that it could have been. If the place did not matter, each service would
 * fail there with the share of the tasks that are there, those that just stopped counted in.
 */
export function chanceOf({
  servicesHere,
  services,
  tasksHere,
  tasks,
  places,
}: {
  readonly servicesHere: number;
  readonly services: number;
  readonly tasksHere: number;
  readonly tasks: number;
  readonly places: number;
}): number {
  const share = (tasksHere + servicesHere) / (tasks + services);
  return share < 1 ? places * binomialUpperTail(services, share, servicesHere) : places;
}
