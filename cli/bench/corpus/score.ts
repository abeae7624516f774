import {
  type HarmfulCause,
  type HarmlessCause,
  harmfulCauses,
  harmlessCauses,
  type Label,
} from '../../../simulator/density-corpus/labels.ts';

/** When incidents opened in one run. */
export type RunOpenings = {
  readonly services: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly labels: readonly Label[];
  readonly openedAtMs: readonly number[];
};

export type Tally = { readonly found: number; readonly labels: number };

export type CorpusScore = {
  readonly byCause: Readonly<Record<HarmfulCause, Tally>>;
  readonly all: Tally;
  /** Cards within the window of a label after the one that found it. */
  readonly repeats: number;
  /** Cards outside of the windows of all labels. */
  readonly falseCards: number;
  /** The harmless change that was under way at a false card, the latest; `nothing` where none was. */
  readonly blamed: Readonly<Record<HarmlessCause | 'nothing', number>>;
  /** Of all cards, those that found a label, 0 to 1; 1 without a card. */
  readonly precision: number;
  readonly serviceMonths: number;
  /** From the beginning of a label to its card, the median; undefined where none was found. */
  readonly delayMs: number | undefined;
};

/** What is told so long after a harm was repaired is still about it. */
export const graceMs = 3_600_000;
const monthMs = 30 * 86_400_000;

const isHarm = (label: Label): label is Label & { readonly cause: HarmfulCause } =>
  harmfulCauses.some((cause) => cause === label.cause);
const isHarmless = (label: Label): label is Label & { readonly cause: HarmlessCause } =>
  harmlessCauses.some((cause) => cause === label.cause);

/**
 * A label is found if a card comes from its beginning on and no later than its grace. One card finds
 * one label, the one that began last; more cards in its window are repeats, which find nothing and
 * count against precision; a card in no window is false.
 */
export function scoreCorpus(runs: readonly RunOpenings[]): CorpusScore {
  const found = new Map<Label, number>();
  const falses: (HarmlessCause | 'nothing')[] = [];
  let repeats = 0;
  for (const { labels, openedAtMs } of runs) {
    const harms = labels.filter(isHarm);
    for (const atMs of openedAtMs.toSorted((a, b) => a - b)) {
      const harm = harms.findLast(
        ({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs + graceMs,
      );
      if (harm === undefined) falses.push(blameOf(labels, atMs));
      else if (found.has(harm)) repeats += 1;
      else found.set(harm, atMs - harm.fromMs);
    }
  }
  const harms = runs.flatMap(({ labels }) => labels.filter(isHarm));
  const tally = (of: readonly Label[]): Tally => ({
    found: of.filter((label) => found.has(label)).length,
    labels: of.length,
  });
  const cards = found.size + repeats + falses.length;
  return {
    byCause: recordOf(harmfulCauses, (cause) => tally(harms.filter((one) => one.cause === cause))),
    all: tally(harms),
    repeats,
    falseCards: falses.length,
    blamed: recordOf(
      [...harmlessCauses, 'nothing'] as const,
      (cause) => falses.filter((one) => one === cause).length,
    ),
    precision: cards === 0 ? 1 : found.size / cards,
    serviceMonths: runs.reduce(
      (sum, { services, startMs, endMs }) => sum + (services * (endMs - startMs)) / monthMs,
      0,
    ),
    delayMs: [...found.values()].sort((a, b) => a - b)[Math.floor((found.size - 1) / 2)],
  };
}

function blameOf(labels: readonly Label[], atMs: number): HarmlessCause | 'nothing' {
  const under = labels.findLast(
    (label) => isHarmless(label) && atMs >= label.fromMs && atMs <= label.untilMs,
  );
  return under === undefined || !isHarmless(under) ? 'nothing' : under.cause;
}

const recordOf = <Key extends string, Value>(
  keys: readonly Key[],
  of: (key: Key) => Value,
): Readonly<Record<Key, Value>> =>
  Object.fromEntries(keys.map((key) => [key, of(key)])) as Readonly<Record<Key, Value>>;
