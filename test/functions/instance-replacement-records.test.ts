import { describe, expect, it } from 'vitest';
import { openRecords } from '../../functions/instance-replacement/records.ts';
import type { Memory, MemoryStore } from '../../shared/aws/memory-store.ts';
import { type InstanceRecord, newRecord } from '../../shared/domain/instance-replacement.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { clusterArn } from '../support/accounts.ts';
import { day14Ms } from './instance-replacement-lab.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A table with a record of each of these, whose lists and writes wait for what a test says. */
function createTable(ids: readonly string[]) {
  const rows = new Map<string, Memory>();
  const put = (id: string, version: number, changes: Partial<InstanceRecord> = {}): void => {
    const name = `instance#${id}`;
    rows.set(name, { name, version, json: JSON.stringify({ ...newRecord(id), ...changes }) });
  };
  for (const id of ids) put(id, 1);
  const waits: { list?: Promise<void> } = {};
  const memories: MemoryStore = {
    list: async () => {
      const listed = [...rows.values()];
      await waits.list;
      return listed;
    },
    save: async ({ name }, json, version) => {
      if ((rows.get(name)?.version ?? 0) !== version) return false;
      rows.set(name, { name, json, version: version + 1 });
      return true;
    },
  };
  const open = () =>
    openRecords(clusterArn, { memories, clock: createVirtualClock(day14Ms), log: quiet });
  return { memories, put, waits, open };
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
