import type { Facts, Incident, Occurrence } from './incident.ts';
import { boundedFacts, occurrenceFactCharsMax, occurrenceFactsMax } from './incident-facts.ts';
import { hashOf } from './incident-key.ts';

/**
 * Occurrences that an incident remembers by id, the newest. Within so many, a repeat is always
 * recognised; beyond them an older one can no longer be told from a repeat and is not counted.
 */
export const occurrencesMax = 64;
/** Longest id kept as it is, in characters: ARNs of tasks have up to 150. */
export const occurrenceIdCharsMax = 160;

export type Threshold = { readonly occurrences: number; readonly windowMs: number };

export type Counted = { readonly occurrences: readonly Occurrence[]; readonly count: number };

/** Time, then id: a total order, so that which ones are the newest never depends on arrival. */
export const compareOccurrences = (a: Occurrence, b: Occurrence): number =>
  a.atMs - b.atMs || (a.id < b.id ? -1 : Number(a.id > b.id));

/** The occurrence as it is kept: what is too long is cut, an id in a way that keeps it unique. */
export function boundedOccurrence({ id, atMs, facts }: Occurrence): Occurrence {
  const kept =
    id.length <= occurrenceIdCharsMax
      ? id
      : `${id.slice(0, occurrenceIdCharsMax - 12)}~${hashOf(id)}`;
  const own = boundedFacts(facts ?? {}, occurrenceFactsMax, occurrenceFactCharsMax);
  return { id: kept, atMs, ...(Object.keys(own).length === 0 ? {} : { facts: own }) };
}

/** Of two accounts of one occurrence the earlier stands; of one moment, the greater text. */
const stands = (a: Occurrence, b: Occurrence): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && textOf(a.facts) > textOf(b.facts));

const textOf = (facts: Facts | undefined): string => JSON.stringify(facts ?? {});

/**
 * Adds one occurrence to the newest that are kept, and to the count unless it is known. A union of
 * bounded sets: the same deliveries in any order, any of them repeated, leave the same set, and up to
 * {@link occurrencesMax} of them the same count. Beyond, the count never exceeds the truth.
 */
export function addOccurrence(counted: Counted, given: Occurrence): Counted {
  const occurrence = boundedOccurrence(given);
  const { occurrences, count } = counted;
  const known = occurrences.find(({ id }) => id === occurrence.id);
  if (known !== undefined) {
    if (!stands(occurrence, known)) return counted;
    const others = occurrences.filter((other) => other !== known);
    return { occurrences: [...others, occurrence].sort(compareOccurrences), count };
  }
  const [oldest] = occurrences;
  const isFull = occurrences.length >= occurrencesMax;
  if (isFull && oldest && compareOccurrences(occurrence, oldest) < 0) return counted;
  const all = [...occurrences, occurrence].sort(compareOccurrences);
  return { occurrences: all.slice(-occurrencesMax), count: count + 1 };
}

/** When it happened last. */
export const lastAtMs = ({
  occurrences,
  firstAtMs,
}: Pick<Incident, 'occurrences' | 'firstAtMs'>): number =>
  Math.max(firstAtMs, ...occurrences.map(({ atMs }) => atMs));

/** When the threshold was first reached: the last of the first so many within the window. */
export function reachedAtMs(
  occurrences: readonly Occurrence[],
  { occurrences: needed, windowMs }: Threshold,
): number | undefined {
  for (let at = needed - 1; at < occurrences.length; at += 1) {
    const [first, last] = [occurrences[at - needed + 1], occurrences[at]];
    if (first && last && last.atMs - first.atMs <= windowMs) return last.atMs;
  }
  return undefined;
}
