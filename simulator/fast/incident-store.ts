import type { SubjectIncidents } from '../../shared/aws/incident-record.ts';
import type { IncidentStore } from '../../shared/aws/incident-store.ts';

type Key = Parameters<IncidentStore['get']>[0];
type Incident = Parameters<IncidentStore['save']>[0];
type FirstRun = Awaited<ReturnType<IncidentStore['firstRun']>>;

/** Notes a call that the real store would make, by operation. */
export type CountCall = (operation: 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem') => void;

/** The incidents of a run, with what else their store remembers. */
export type IncidentMemory = {
  readonly incidents: Map<string, Incident>;
  /** Those of them that a list shows, so that it need not look at the others. */
  readonly listed: Set<string>;
  /** They in the order of the list, until one is written. */
  places: readonly (readonly Incident[])[] | undefined;
  readonly daysTold: Set<string>;
  firstRun: FirstRun | undefined;
};

export const createIncidentMemory = (): IncidentMemory => ({
  incidents: new Map(),
  listed: new Set(),
  places: undefined,
  daysTold: new Set(),
  firstRun: undefined,
});

/** Most items that a list reads of each place in the index, as the real store does. */
const listedMax = 1_000;
const pageItemsMax = 100;

/**
 * A store of incidents in memory, with the conditions of the real one: a write is one on the version
 * that was read, and a list shows what has something to send first, by when it is due.
 */
export function createFastIncidentStore(memory: IncidentMemory, count: CountCall): IncidentStore {
  const { incidents, listed, daysTold } = memory;
  return {
    async get(key) {
      count('GetItem');
      return incidents.get(keyOf(key));
    },
    async save(incident, expectedVersion) {
      count('PutItem');
      const key = keyOf(incident);
      if ((incidents.get(key)?.version ?? 0) !== expectedVersion) return false;
      incidents.set(key, incident);
      memory.places = undefined;
      if (placeOf(incident) === undefined) listed.delete(key);
      else listed.add(key);
      return true;
    },
    async list() {
      memory.places ??= placesOf([...listed].flatMap((key) => incidents.get(key) ?? []));
      const { places } = memory;
      for (const { length } of places) {
        // A page that is full has another one after it, even if that is empty.
        for (let read = 0; read <= length && read < listedMax; read += pageItemsMax) count('Query');
      }
      const isWhole = places.every(({ length }) => length < listedMax);
      const shown = places.flatMap((place) => place.slice(0, listedMax));
      return { incidents: shown, isWhole, unreadable: [] };
    },
    async listMutes() {
      count('Query');
      return [];
    },
    async firstRun(nowMs) {
      count('GetItem');
      if (memory.firstRun === undefined) {
        count('PutItem');
        memory.firstRun = { startedAtMs: nowMs, endedAtMs: undefined };
      }
      return memory.firstRun;
    },
    async endFirstRun(run, nowMs) {
      count('PutItem');
      memory.firstRun = { ...run, endedAtMs: nowMs };
    },
    async isDigestTold(day) {
      count('GetItem');
      return daysTold.has(day);
    },
    async markDigestTold(day) {
      count('PutItem');
      daysTold.add(day);
    },
  };
}

/** All incidents of one subject. */
export const createFastSubjectIncidents = (
  { incidents }: IncidentMemory,
  count: CountCall,
): SubjectIncidents => ({
  async of(cluster, { type, name }) {
    count('Query');
    return [...incidents.values()].filter(
      ({ cluster: other, subject }) =>
        other === cluster && subject.type === type && subject.name === name,
    );
  },
});

const keyOf = ({ cluster, subject, kind, cause, deploymentId }: Key): string =>
  JSON.stringify([cluster, subject.type, subject.name, kind, cause, deploymentId ?? '-']);

/** Where the index of the real table has an incident; nowhere once a digest has named its end. */
function placeOf({ outbox, status, digestedAtMs }: Incident): 'outbox' | 'incident' | undefined {
  if (outbox.length > 0) return 'outbox';
  const isUndigested = status === 'resolved' && digestedAtMs === undefined;
  return status === 'open' || isUndigested ? 'incident' : undefined;
}

const placesOf = (listed: readonly Incident[]): readonly (readonly Incident[])[] =>
  (['outbox', 'incident'] as const).map((place) =>
    inIndexOrder(listed.filter((one) => placeOf(one) === place)),
  );

function indexKeyOf({ outbox, openedAtMs, firstAtMs, id }: Incident): string {
  const atMs = outbox[0]?.dueAtMs ?? openedAtMs ?? firstAtMs;
  return `${new Date(atMs).toISOString()}#${id}`;
}

const inIndexOrder = (incidents: readonly Incident[]): readonly Incident[] =>
  incidents
    .map((incident) => ({ incident, key: indexKeyOf(incident) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ incident }) => incident);
