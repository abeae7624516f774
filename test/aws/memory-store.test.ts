import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../shared/aws/memory-store.ts';
import { memoryCharsMax } from '../../shared/domain/memory-size.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { accountOf, clientsOf } from '../simulator/clients.ts';

const key = { partition: 'SERIES#prod/general', name: 'fill' };
const expiresAtMs = Date.UTC(2026, 11, 24);

function arrange(clock?: { readonly nowMs: () => number }) {
  const account = accountOf({ tables: [tableDefinition] });
  const { dynamoDb } = clientsOf(account);
  const store = createMemoryStore(dynamoDb, tableDefinition.TableName, clock);
  return { account, store };
}

describe('memory store', () => {
  it('gives back what was saved, with a version that grows', async () => {
    const { account, store } = arrange();
    expect(await store.list(key.partition)).toEqual([]);
    expect(await store.save(key, '{"a":1}', 0, expiresAtMs)).toBe(true);
    expect(await store.save(key, '{"a":2}', 1, expiresAtMs)).toBe(true);
    expect(await store.list(key.partition)).toEqual([
      { name: 'fill', json: '{"a":2}', version: 2 },
    ]);
    expect(account.problems).toEqual([]);
  });

  it.each([
    ['a first write where there is one already', 0],
    ['a write over a version that is no longer there', 7],
  ])('loses %s, and changes nothing', async (_, version) => {
    const { store } = arrange();
    await store.save(key, '{"a":1}', 0, expiresAtMs);
    expect(await store.save(key, '{"a":2}', version, expiresAtMs)).toBe(false);
    expect(await store.list(key.partition)).toMatchObject([{ json: '{"a":1}', version: 1 }]);
  });

  it('lists one partition alone, by name', async () => {
    const { store } = arrange();
    for (const name of ['c', 'a', 'b']) await store.save({ ...key, name }, '{}', 0, expiresAtMs);
    await store.save({ partition: 'SERIES#prod/other', name: 'x' }, '{}', 0, expiresAtMs);
    expect((await store.list(key.partition)).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('refuses what is too long, and passes on what is no conflict', async () => {
    const { account, store } = arrange();
    const long = 'x'.repeat(memoryCharsMax + 1);
    await expect(store.save(key, long, 0, expiresAtMs)).rejects.toThrow('characters');
    account.faults.push({ service: 'dynamodb', kind: 'access-denied' });
    await expect(store.save(key, '{}', 0, expiresAtMs)).rejects.toThrow('not authorized');
  });

  describe('of memories that have expired, which DynamoDB deletes days later', () => {
    it.each([
      ['a second before', -1_000, ['fill']],
      ['at that moment', 0, []],
    ])('lists none: %s', async (_, afterMs, expected) => {
      const { account, store } = arrange({ nowMs: () => expiresAtMs + afterMs });
      await store.save(key, '{}', 0, expiresAtMs);
      expect((await store.list(key.partition)).map(({ name }) => name)).toEqual(expected);
      expect(account.problems).toEqual([]);
    });

    it('writes over one as if it was not there, and over no other', async () => {
      const { store } = arrange({ nowMs: () => expiresAtMs });
      await store.save(key, '{"a":1}', 0, expiresAtMs);
      expect(await store.save(key, '{"a":2}', 0, expiresAtMs + 1_000)).toBe(true);
      expect(await store.save(key, '{"a":3}', 0, expiresAtMs + 1_000)).toBe(false);
      expect(await store.list(key.partition)).toMatchObject([{ json: '{"a":2}', version: 1 }]);
    });

    it('lists them where it has no clock: whoever reads compares the times', async () => {
      const { store } = arrange();
      await store.save(key, '{}', 0, 0);
      expect(await store.list(key.partition)).toHaveLength(1);
    });
  });
});
