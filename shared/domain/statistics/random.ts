import { assert } from '../assert.ts';

/** A reproducible stream of random numbers: the same seed draws the same numbers on any machine. */
export type Random = {
  /** Uniform in [0, 1), in steps of 2⁻³². */
  readonly next: () => number;
  /** Uniform whole number from `low` to `high`, both included. */
  readonly integer: (low: number, high: number) => number;
  /** A shuffled copy, every order equally likely. */
  readonly shuffle: <Item>(list: readonly Item[]) => Item[];
  /** Standard normal. */
  readonly normal: () => number;
};

/**
 * Creates the stream of a whole-number `seed`. Chris Doty-Humphrey's sfc32 (PractRand): 128 bits of
 * state, a period of at least 2³²; not for secrets.
 */
export function createRandom(seed: number): Random {
  assert(Number.isSafeInteger(seed), 'a seed is a whole number');
  const nextWord = createSfc32(seed);
  const next = (): number => nextWord() / 4294967296;
  const integer = (low: number, high: number): number => {
    assert(Number.isInteger(low) && Number.isInteger(high), 'a range has whole ends');
    assert(low <= high, 'a range has something to draw');
    return low + Math.floor(next() * (high - low + 1));
  };
  return {
    next,
    integer,
    normal: createNormal(next),
    shuffle: (list) => shuffled(list, integer),
  };
}

function createSfc32(seed: number): () => number {
  let a = 0;
  let b = Math.floor(seed / 4294967296) | 0;
  let c = seed | 0;
  let counter = 1;
  const nextWord = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The generator's author mixes a seed with a dozen rounds, so that neighbouring seeds part ways.
  for (let round = 0; round < 12; round += 1) nextWord();
  return nextWord;
}

/** Box and Muller (1958), which makes normals in pairs; the second waits for the next call. */
function createNormal(next: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Fisher and Yates. */
function shuffled<Item>(
  list: readonly Item[],
  integer: (low: number, high: number) => number,
): Item[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const pick = integer(0, last);
    [copy[last], copy[pick]] = [copy[pick] as Item, copy[last] as Item];
  }
  return copy;
}
