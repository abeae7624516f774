/**
 * What `JSON.parse(JSON.stringify(value))` would be, without the text: long bodies stay the texts that
 * they are. Values that JSON has no word for become null in a list, and are left out elsewhere.
 */
export function asJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') throw new TypeError('JSON has no word for a bigint');
  if (typeof value !== 'object') return undefined;
  const own: unknown = Reflect.get(value, 'toJSON');
  if (typeof own === 'function') return asJson(Reflect.apply(own, value, []));
  if (Array.isArray(value)) return value.map((entry: unknown) => asJson(entry) ?? null);
  const members = Object.entries(value).map(([name, member]) => [name, asJson(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}
