import { describe, expect, it } from 'vitest';
import { openRecords } from '../../functions/instance-replacement/records.ts';
import type { Memory, MemoryStore } from '../../shared/aws/memory-store.ts';
import { type InstanceRecord, newRecord } from '../../shared/domain/instance-replacement.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { clusterArn } from '../support/accounts.ts';
import { day14Ms, dayMs, hourMs } from './instance-replacement-lab.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A table with a record of each of these, whose lists and writes wait for what a test says. */
function createTable(ids: readonly string[]) {
  const rows = new Map<string, Memory>();
  const put = (id: string, version: number, changes: Partial<InstanceRecord> = {}): void => {
    const name = `instance#${id}`;
    rows.set(name, { name, version, json: JSON.stringify({ ...newRecord(id), ...changes }) });
  };
  for (const id of ids) put(id, 1);
  const keptMs = new Map<string, number>();
  const waits: { list?: Promise<void> } = {};
  const memories: MemoryStore = {
    list: async () => {
      const listed = [...rows.values()];
      await waits.list;
      return listed;
    },
    save: async ({ name }, json, version, expiresAtMs) => {
      if ((rows.get(name)?.version ?? 0) !== version) return false;
      keptMs.set(name, expiresAtMs - day14Ms);
      rows.set(name, { name, json, version: version + 1 });
      return true;
    },
  };
  const open = () =>
    openRecords(clusterArn, { memories, clock: createVirtualClock(day14Ms), log: quiet });
  return { memories, put, waits, open, keptMs };
}

const done = (record: InstanceRecord): InstanceRecord => ({ ...record, isDone: true });

describe('records that are read again because somebody else was faster', () => {
  it('are all there meanwhile, and what was written meanwhile is not forgotten', async () => {
    const table = createTable(['a', 'b']);
    const records = await table.open();
    table.put('a', 2, { ec2InstanceId: 'i-1' });
    const { promise, resolve } = Promise.withResolvers<void>();
    table.waits.list = promise;
    const update = records.update('a', done);
    await new Promise(setImmediate);
    expect([...records.all().keys()]).toEqual(['a', 'b']);
    expect(records.of('b')).toMatchObject({ id: 'b' });
    await records.update('b', done);
    resolve();
    expect(await update).toMatchObject({ ec2InstanceId: 'i-1', isDone: true });
    expect([...records.all().values()].map(({ isDone }) => isDone)).toEqual([true, true]);
  });
});

describe('how long an instance is remembered', () => {
  const gone: Partial<InstanceRecord> = { seen: { status: 'GONE', atMs: day14Ms } };
  const outcome = { reason: 'not-recovered', below: ['web'], missing: ['web'], lost: [] };
  it.each<readonly [string, Partial<InstanceRecord>, readonly string[], number]>([
    ['30 days while it is there', {}, [], 30 * dayMs],
    ['ten while its outcome is not on record', gone, [], 10 * dayMs],
    ['ten while a service is not back', { ...gone, isDone: true, outcome }, [], 10 * dayMs],
    ['ten while a warning has it', { ...gone, isDone: true }, ['a'], 10 * dayMs],
    ['half a day when nobody waits for it', { ...gone, isDone: true }, ['b'], 12 * hourMs],
  ])('%s', async (_, changes, instanceIds, expected) => {
    const table = createTable([]);
    const records = await table.open();
    const warning = { id: 'a', sinceMs: day14Ms, instanceIds, unnamed: 0 };
    await records.saveCalendar({ ranAtMs: day14Ms, warnings: [warning] });
    await records.update('a', (record) => ({ ...record, ...changes }));
    expect(table.keptMs.get('instance#a')).toBe(expected);
  });
});
