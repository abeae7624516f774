import { compareTexts } from './order.ts';

/**
 * A record of entries that come from outside. It has no prototype, so that looking up a name that
 * is not there finds nothing: a service or a tag may well be called `constructor`.
 */
export function recordOf<Value>(
  entries: Iterable<readonly [string, Value]>,
): Readonly<Record<string, Value>> {
  const record: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}

/** The same in the order of the keys, whatever the order in which the entries came. */
export const sortedRecordOf = <Value>(
  entries: Iterable<readonly [string, Value]>,
): Readonly<Record<string, Value>> => recordOf([...entries].sort(([a], [b]) => compareTexts(a, b)));
