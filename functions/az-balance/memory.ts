import type { Memory } from '../../shared/aws/memory-store.ts';
import { createMemoryParser } from '../../shared/aws/parsed-memories.ts';
import { assert } from '../../shared/domain/assert.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { recordOf } from '../../shared/domain/record.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { servicesLeaving } from '../../shared/domain/zone-drain.ts';
import type { ZoneFloodMemory } from '../../shared/domain/zone-flood.ts';
import type { ZoneMemory } from '../../shared/domain/zone-rules.ts';
import {
  rememberDesired,
  rememberLeaving,
  type ZoneServiceMemory,
} from '../../shared/domain/zone-watch.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parseZoneFlood, parseZoneMemory } from '../../shared/events/zone-memory.ts';
import type { Deps } from './handler.ts';

/** A memory as it lies in the table. */
export type Stored<Kept = ZoneServiceMemory> = {
  /** Undefined where what lies there cannot be read: it is written over. */
  readonly memory: Kept | undefined;
  readonly json: string;
  readonly version: number;
};

/** What is remembered of a cluster. */
export type StoredCluster = {
  /** Of its services, by name. */
  readonly services: ReadonlyMap<string, Stored>;
  readonly flood: Stored<ZoneFloodMemory> | undefined;
};

/** Where the flood's memory lies: no service has such a name. */
const floodName = '#flood';
/** What lies there where there is none. */
const noFlood = '{}';

/** What a settled memory is kept for. What stands is written again each week, see `zone-stretch.ts`. */
const keptMs = 30 * 24 * 3_600_000;
/** The same of a flood, which is written at least every 30 days while it stands. */
const floodKeptMs = 2 * keptMs;

const zoneMemoryIn = createMemoryParser(parseZoneMemory);

const partitionOf = (cluster: string): string => `ZONES#${cluster}`;

/** What is remembered of a cluster: one read. */
export async function readMemories(
  cluster: string,
  { memories, log }: Pick<Deps, 'memories' | 'log'>,
): Promise<StoredCluster> {
  const partition = partitionOf(cluster);
  const found = await memories.list(partition);
  const read = <Kept>(one: Memory, parse: () => Kept | undefined): Stored<Kept> => {
    const { name, json, version } = one;
    try {
      return { memory: parse(), json, version };
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
      log.warn('memory-unreadable', { cluster, service: name, detail: error.message });
      return { memory: undefined, json, version };
    }
  };
  const flood = found.find(({ name }) => name === floodName);
  const services = found.filter(({ name }) => name !== floodName);
  return {
    services: new Map(
      services.map((one) => [one.name, read(one, () => zoneMemoryIn(memories, partition, one))]),
    ),
    flood:
      flood && read(flood, () => (flood.json === noFlood ? undefined : parseZoneFlood(flood.json))),
  };
}

/** The same of the flood of a cluster; undefined where there is none any more. */
export const saveFlood = (
  cluster: string,
  memory: ZoneFloodMemory | undefined,
  stored: Stored<ZoneFloodMemory> | undefined,
  deps: Pick<Deps, 'memories' | 'clock' | 'log'>,
): Promise<void> =>
  memory === undefined && stored === undefined
    ? Promise.resolve()
    : save(
        cluster,
        floodName,
        memory === undefined ? noFlood : JSON.stringify(memory),
        stored,
        deps,
      );

/** Writes what has changed; where another run was faster, that one's word stands. */
export const saveMemory = (
  cluster: string,
  service: string,
  memory: ZoneServiceMemory,
  stored: Stored | undefined,
  deps: Pick<Deps, 'memories' | 'clock' | 'log'>,
): Promise<void> => save(cluster, service, JSON.stringify(memory), stored, deps);

async function save(
  cluster: string,
  name: string,
  json: string,
  stored: Pick<Stored, 'json' | 'version'> | undefined,
  { memories, clock, log }: Pick<Deps, 'memories' | 'clock' | 'log'>,
): Promise<void> {
  if (json === stored?.json) return;
  const key = { partition: partitionOf(cluster), name };
  const expiresAtMs = clock.nowMs() + (name === floodName ? floodKeptMs : keptMs);
  const isSaved = await memories.save(key, json, stored?.version ?? 0, expiresAtMs);
  if (!isSaved) log.info('memory-contended', { cluster, service: name });
}

/** The memory of each service of a snapshot, with its desired count and its drains of now. */
export function memoriesIn(
  snapshot: Snapshot,
  stored: ReadonlyMap<string, Stored>,
): ReadonlyMap<string, ZoneServiceMemory> {
  const { services, takenAtMs } = snapshot;
  const leaving = servicesLeaving(indexOf(snapshot));
  return new Map(
    services.map(({ name, desired }) => {
      const memory = rememberDesired(stored.get(name)?.memory, desired, takenAtMs);
      return [name, rememberLeaving(memory, leaving.has(name), takenAtMs)];
    }),
  );
}

/** What the verdicts ask of the memories. */
export function zoneMemoryOf(memories: ReadonlyMap<string, ZoneServiceMemory>): ZoneMemory {
  const timesOf = (name: 'desiredChangedAtMs' | 'leftInstanceAtMs') =>
    recordOf(
      [...memories].flatMap(([service, { [name]: atMs }]): readonly [string, number][] =>
        atMs === undefined ? [] : [[service, atMs]],
      ),
    );
  return {
    desiredChangedAtMs: timesOf('desiredChangedAtMs'),
    leftInstanceAtMs: timesOf('leftInstanceAtMs'),
  };
}

/** The memory of a service that the run has one of. */
export function memoryOf(
  service: string,
  memories: ReadonlyMap<string, ZoneServiceMemory>,
): ZoneServiceMemory {
  const memory = memories.get(service);
  assert(memory !== undefined, 'every service of a snapshot is remembered');
  return memory;
}
