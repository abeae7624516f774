import { describe, expect, it } from 'vitest';
import type { MemoryStore } from '../../shared/aws/memory-store.ts';
import { createMemoryParser } from '../../shared/aws/parsed-memories.ts';

const store = {} as MemoryStore;
const memory = (json: string, version = 1) => ({ name: 'web', json, version });

function arrange() {
  const parsed: string[] = [];
  const read = createMemoryParser((json) => {
    parsed.push(json);
    return JSON.parse(json) as unknown;
  });
  return { parsed, read };
}

describe('createMemoryParser', () => {
  it('parses a text once, whatever its version', () => {
    const { parsed, read } = arrange();
    const first = read(store, 'ZONES#prod', memory('{"a":1}'));
    expect(first).toEqual({ a: 1 });
    expect(read(store, 'ZONES#prod', memory('{"a":1}', 2))).toBe(first);
    expect(parsed).toEqual(['{"a":1}']);
  });

  it('parses what has changed, and what is of another partition, name or store', () => {
    const { parsed, read } = arrange();
    read(store, 'ZONES#prod', memory('1'));
    expect(read(store, 'ZONES#prod', memory('2'))).toBe(2);
    expect(read(store, 'ZONES#test', memory('3'))).toBe(3);
    expect(read(store, 'ZONES#prod', { ...memory('4'), name: 'api' })).toBe(4);
    expect(read({} as MemoryStore, 'ZONES#prod', memory('2'))).toBe(2);
    expect(parsed).toEqual(['1', '2', '3', '4', '2']);
  });

  it('throws each time what cannot be parsed, and then reads what can', () => {
    const { read } = arrange();
    expect(() => read(store, 'ZONES#prod', memory('{'))).toThrow(SyntaxError);
    expect(() => read(store, 'ZONES#prod', memory('{'))).toThrow(SyntaxError);
    expect(read(store, 'ZONES#prod', memory('{}'))).toEqual({});
  });
});
