import type { Facts } from './incident.ts';

/** Most facts of an incident, a few more than any kind has; the first by name are kept. */
export const factsMax = 28;
/** Most facts of one occurrence. */
export const occurrenceFactsMax = 8;
/** Longest name of a fact, and longest text of one, in characters; longer ones are cut. */
export const factNameCharsMax = 40;
export const factCharsMax = 300;
export const occurrenceFactCharsMax = 80;

type Value = Facts[string];
type Dated = { readonly facts: Facts; readonly times: Readonly<Record<string, number>> };

/** Orders of one moment need a winner that does not depend on who came first. */
const winsOver = (a: Value, b: Value): boolean => JSON.stringify(a) > JSON.stringify(b);

const cut = (value: Value, charsMax: number): Value =>
  typeof value === 'string' ? value.slice(0, charsMax) : value;

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : Number(a > b);

/** Facts in the order of their names, within the bounds given. */
export const boundedFacts = (facts: Facts, countMax: number, charsMax: number): Facts =>
  Object.fromEntries(
    Object.entries(facts)
      .filter(([name]) => name.length <= factNameCharsMax)
      .map(([name, value]) => [name, cut(value, charsMax)] as const)
      .sort(byName)
      .slice(0, countMax),
  );

/**
 * Facts after some of them were seen at `atMs`: for each name the latest stands. Any order of the
 * same merges gives the same facts, also where there are more than are kept: which names are kept
 * depends on the names alone.
 */
export function mergeFacts({ facts, times }: Dated, seen: Facts, atMs: number): Dated {
  const merged = new Map(Object.entries(facts));
  const dated = new Map(Object.entries(times));
  for (const [name, value] of Object.entries(boundedFacts(seen, factsMax, factCharsMax))) {
    const known = merged.get(name);
    const knownAtMs = dated.get(name) ?? Number.NEGATIVE_INFINITY;
    const isLater = atMs > knownAtMs || (atMs === knownAtMs && winsOver(value, known ?? ''));
    if (known !== undefined && !isLater) continue;
    merged.set(name, value);
    dated.set(name, atMs);
  }
  const kept = [...merged].sort(byName).slice(0, factsMax);
  return {
    facts: Object.fromEntries(kept),
    times: Object.fromEntries(kept.map(([name]) => [name, dated.get(name) ?? atMs])),
  };
}
