import { type Memory, type MemoryStore, memoriesMax } from './memory-store.ts';

type Parsed<Value> = { readonly json: string; readonly value: Value };

/**
 * A parser of the memories of a store. A text that a warm function has parsed before is not parsed
 * again: the value that is kept is the same, and nobody may change it. What cannot be parsed is not
 * kept, and throws each time what `parse` throws. Keeps as many values as a partition has memories at
 * most, and lets go of them with their store.
 */
export function createMemoryParser<Value>(
  parse: (json: string) => Value,
): (store: MemoryStore, partition: string, memory: Memory) => Value {
  const byStore = new WeakMap<MemoryStore, Map<string, Map<string, Parsed<Value>>>>();
  return (store, partition, { name, json }) => {
    const partitions = byStore.get(store) ?? new Map<string, Map<string, Parsed<Value>>>();
    const kept = partitions.get(partition) ?? new Map<string, Parsed<Value>>();
    const known = kept.get(name);
    if (known?.json === json) return known.value;
    const value = parse(json);
    if (kept.size >= memoriesMax) kept.clear();
    byStore.set(store, partitions.set(partition, kept.set(name, { json, value })));
    return value;
  };
}
