import { sortedBy } from './order.ts';

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
): Readonly<Record<string, Value>> => recordOf(sortedBy([...entries], ([key]) => key));

/** The value that a record holds of its own under a name: one from elsewhere may have a prototype. */
export const valueIn = <Value>(
  record: Readonly<Record<string, Value>>,
  name: string,
): Value | undefined => (Object.hasOwn(record, name) ? record[name] : undefined);
