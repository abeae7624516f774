import type { Memory, MemoryKey } from '../../shared/aws/memory-store.ts';
import { createMemoryParser } from '../../shared/aws/parsed-memories.ts';
import {
  type InstanceRecord,
  isFollowed,
  newRecord,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import type { CalendarRecord, TurnRecord } from '../../shared/domain/replacement-memory.ts';
import {
  parseCalendarRecord,
  parseInstanceRecord,
  parseTurnRecord,
} from '../../shared/events/instance-record.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import type { Deps } from './handler.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Long enough for every late event, and for a warning to see each of its instances done. */
const keptMs = 30 * dayMs;
/**
 * Of an instance that is gone, while somebody waits for it. A warning ends with the last of its instances,
 * whose drain lasts a week at most; a service that did not come back is watched for as long.
 */
const goneKeptMs = 10 * dayMs;
/**
 * And when its outcome is on record, two hours after its end, and nobody waits: for events that come late.
 * One that comes later yet is looked at anew, and says `not-observed` in the log. 5,000 a day are 2,500
 * records, a quarter of what a list may have.
 */
const doneKeptMs = 12 * hourMs;
/** Tries of one write: each that fails means that another one succeeded. */
const attemptsMax = 5;

const instancePrefix = 'instance#';
const calendarName = 'calendar';
const turnName = 'turn';

export const clusterName = (clusterArn: string): string =>
  clusterArn.split('/').at(-1) ?? clusterArn;

/** Other writers of the same record were faster every time. */
class Contended extends Error {
  override readonly name = 'Contended';
}

/** What is remembered of one cluster, as it was read, and writes over it. */
export type Records = {
  readonly cluster: string;
  /** By the id of the instance. */
  all(): ReadonlyMap<string, InstanceRecord>;
  /** Of one instance; undefined where there is none, or none that can be read. */
  of(id: string): InstanceRecord | undefined;
  calendar(): CalendarRecord | undefined;
  turn(): TurnRecord | undefined;
  /** `change` is pure and may be called again: it returns what it was given when nothing is new. */
  update(id: string, change: (record: InstanceRecord) => InstanceRecord): Promise<InstanceRecord>;
  saveCalendar(calendar: CalendarRecord): Promise<void>;
  saveTurn(turn: TurnRecord): Promise<void>;
};

const instanceRecordIn = createMemoryParser(parseInstanceRecord);
const calendarRecordIn = createMemoryParser(parseCalendarRecord);
const turnRecordIn = createMemoryParser(parseTurnRecord);

type Kept<T> = { readonly value: T | undefined; readonly version: number };
const none: Kept<never> = { value: undefined, version: 0 };

/** Reads what is remembered of a cluster. Rejects with what the store throws. */
export async function openRecords(
  clusterArn: string,
  { memories, clock, log }: Pick<Deps, 'memories' | 'clock' | 'log'>,
): Promise<Records> {
  const cluster = clusterName(clusterArn);
  const partition = `DRAIN#${cluster}`;
  let kept = new Map<string, Kept<InstanceRecord>>();
  let calendar: Kept<CalendarRecord> = none;
  let turn: Kept<TurnRecord> = none;
  const valueIn: ValueIn = (memory, recordIn) =>
    readable(memory, cluster, { log, parse: (one) => recordIn(memories, partition, one) });
  let records: ReadonlyMap<string, InstanceRecord> | undefined;
  const read = async (): Promise<void> => {
    // Other instances are followed meanwhile: what was known stands until all of it is read.
    const before = new Map(kept);
    const next = keptIn(await memories.list(partition), valueIn);
    calendar = next.calendar;
    turn = next.turn;
    kept = new Map([...next.instances, ...writtenSince(before, kept, next.instances)]);
    records = undefined;
  };
  await read();
  return {
    cluster,
    all: () => {
      records ??= readableOf(kept);
      return records;
    },
    of: (id) => kept.get(id)?.value,
    calendar: () => calendar.value,
    turn: () => turn.value,
    async update(id, change) {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        const { value, version } = kept.get(id) ?? none;
        const current = value ?? newRecord(id);
        const next = change(current);
        if (next === current) return current;
        const key = { partition, name: `${instancePrefix}${id}` };
        const untilMs = clock.nowMs() + keptMsOf(next, calendar.value);
        if (await memories.save(key, JSON.stringify(next), version, untilMs)) {
          kept.set(id, { value: next, version: version + 1 });
          records = undefined;
          return next;
        }
        await read();
      }
      throw new Contended(`${cluster}/${id}`);
    },
    saveCalendar: async (next) => {
      calendar = await saved(
        next,
        calendar,
        { partition, name: calendarName },
        { memories, clock },
      );
    },
    saveTurn: async (next) => {
      turn = await saved(next, turn, { partition, name: turnName }, { memories, clock });
    },
  };
}

type ValueIn = <T>(memory: Memory, recordIn: RecordIn<T>) => T | undefined;

/** All that is remembered of a cluster, by what it is of. */
function keptIn(memories: readonly Memory[], valueIn: ValueIn) {
  const instances = new Map<string, Kept<InstanceRecord>>();
  let calendar: Kept<CalendarRecord> = none;
  let turn: Kept<TurnRecord> = none;
  for (const memory of memories) {
    const { name, version } = memory;
    if (name === calendarName) {
      calendar = { value: valueIn(memory, calendarRecordIn), version };
    } else if (name === turnName) {
      turn = { value: valueIn(memory, turnRecordIn), version };
    } else if (name.startsWith(instancePrefix)) {
      const id = name.slice(instancePrefix.length);
      instances.set(id, { value: valueIn(memory, instanceRecordIn), version });
    }
  }
  return { instances, calendar, turn };
}

/** How long an instance is remembered after the last write. */
function keptMsOf(record: InstanceRecord, calendar: CalendarRecord | undefined): number {
  if (phaseOf(record) !== 'gone') return keptMs;
  const isWarnedOf = calendar?.warnings.some(({ instanceIds }) => instanceIds.includes(record.id));
  return isFollowed(record) || isWarnedOf ? goneKeptMs : doneKeptMs;
}

/** What was written while a list was read, and is newer than what is in it. */
const writtenSince = <T>(
  before: ReadonlyMap<string, Kept<T>>,
  now: ReadonlyMap<string, Kept<T>>,
  listed: ReadonlyMap<string, Kept<T>>,
): readonly (readonly [string, Kept<T>])[] =>
  [...now].filter(
    ([id, one]) => before.get(id) !== one && one.version > (listed.get(id)?.version ?? 0),
  );

/** Whoever was faster wrote the same a moment before: theirs stands. */
async function saved<T>(
  next: T,
  kept: Kept<T>,
  key: MemoryKey,
  { memories, clock }: Pick<Deps, 'memories' | 'clock'>,
): Promise<Kept<T>> {
  const untilMs = clock.nowMs() + keptMs;
  const isSaved = await memories.save(key, JSON.stringify(next), kept.version, untilMs);
  return isSaved ? { value: next, version: kept.version + 1 } : kept;
}

const readableOf = (
  kept: ReadonlyMap<string, Kept<InstanceRecord>>,
): ReadonlyMap<string, InstanceRecord> =>
  new Map(
    [...kept].flatMap(([id, { value }]) => (value === undefined ? [] : [[id, value] as const])),
  );

type RecordIn<T> = ReturnType<typeof createMemoryParser<T>>;

/** Undefined where a memory cannot be read: it is written over. */
function readable<T>(
  memory: Memory,
  cluster: string,
  { log, parse }: Pick<Deps, 'log'> & { readonly parse: (memory: Memory) => T },
): T | undefined {
  try {
    return parse(memory);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    log.warn('record-unreadable', { cluster, name: memory.name, detail: error.message });
    return undefined;
  }
}
