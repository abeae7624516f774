import { createMemoryParser } from '../../shared/aws/parsed-memories.ts';
import { assert } from '../../shared/domain/assert.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { recordOf } from '../../shared/domain/record.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { servicesLeaving } from '../../shared/domain/zone-drain.ts';
import type { ZoneMemory } from '../../shared/domain/zone-rules.ts';
import {
  rememberDesired,
  rememberLeaving,
  type ZoneServiceMemory,
} from '../../shared/domain/zone-watch.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parseZoneMemory } from '../../shared/events/zone-memory.ts';
import type { Deps } from './handler.ts';

/** A memory as it lies in the table. */
export type Stored = {
  /** Undefined where what lies there cannot be read: it is written over. */
  readonly memory: ZoneServiceMemory | undefined;
  readonly json: string;
  readonly version: number;
};

/** What a settled memory is kept for: it is not written again while nothing changes. */
const keptMs = 30 * 24 * 3_600_000;

const zoneMemoryIn = createMemoryParser(parseZoneMemory);

const partitionOf = (cluster: string): string => `ZONES#${cluster}`;

/** What is remembered of a cluster's services, by name. */
export async function readMemories(
  cluster: string,
  { memories, log }: Pick<Deps, 'memories' | 'log'>,
): Promise<ReadonlyMap<string, Stored>> {
  const partition = partitionOf(cluster);
  const found = await memories.list(partition);
  return new Map(
    found.map((one): readonly [string, Stored] => {
      const { name, json, version } = one;
      try {
        return [name, { memory: zoneMemoryIn(memories, partition, one), json, version }];
      } catch (error) {
        if (!(error instanceof MalformedInput)) throw error;
        log.warn('memory-unreadable', { cluster, service: name, detail: error.message });
        return [name, { memory: undefined, json, version }];
      }
    }),
  );
}

/** Writes what has changed; where another run was faster, that one's word stands. */
export async function saveMemory(
  cluster: string,
  service: string,
  memory: ZoneServiceMemory,
  stored: Stored | undefined,
  { memories, clock, log }: Pick<Deps, 'memories' | 'clock' | 'log'>,
): Promise<void> {
  const json = JSON.stringify(memory);
  if (json === stored?.json) return;
  const key = { partition: partitionOf(cluster), name: service };
  const expiresAtMs = clock.nowMs() + keptMs;
  const isSaved = await memories.save(key, json, stored?.version ?? 0, expiresAtMs);
  if (!isSaved) log.info('memory-contended', { cluster, service });
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
