import type { Snapshot } from './snapshot.ts';

/**
 * `compute` with a memory: asked again with the same keys, it gives the same answer without work. Keys
 * are what the answer depends on, compared with `===`: objects among them are never changed. The last
 * answer is kept for each first key, and goes with it.
 */
export function remembered<Args extends readonly unknown[], Value>(
  keysOf: (...args: Args) => readonly [object, ...(readonly unknown[])],
  compute: (...args: Args) => Value,
): (...args: Args) => Value {
  const known = new WeakMap<object, { readonly keys: readonly unknown[]; readonly value: Value }>();
  return (...args) => {
    const keys = keysOf(...args);
    const before = known.get(keys[0]);
    if (before !== undefined && isSame(before.keys, keys)) return before.value;
    const value = compute(...args);
    known.set(keys[0], { keys, value });
    return value;
  };
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((key, at) => key === b[at]);

/** What a snapshot says of how tasks, services and instances belong together. */
export const arrangementKeysOf = (snapshot: Snapshot) =>
  [
    snapshot.tasks,
    snapshot.services,
    snapshot.instances,
    snapshot.capacityProviders,
    snapshot.gaps,
  ] as const;

/** The same with all that is known of zones, types and prices; nothing of when it was taken. */
export const clusterKeysOf = (snapshot: Snapshot) =>
  [
    ...arrangementKeysOf(snapshot),
    snapshot.subnetZones,
    snapshot.instanceTypes,
    snapshot.region,
  ] as const;
