/** A reproducible stream of random numbers: the same seed and concern draw the same on any machine. */
export type Random = {
  /** Uniform in [0, 1), in steps of 2⁻³². */
  next(): number;
  /** Uniform whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** Whether something of this probability happens; it draws even when the answer is certain. */
  chance(probability: number): boolean;
  /** One of the list, each equally likely. */
  pick<Item>(list: readonly Item[]): Item;
  /** That many hexadecimal digits. */
  hex(digits: number): string;
};

/**
 * Creates streams by concern. A stream is independent of every other, so that a new draw in one
 * concern leaves the draws of all others as they were.
 */
export function createStreams(seed: number): (concern: string) => Random {
  if (!Number.isSafeInteger(seed)) throw new Error(`a seed is a whole number, got ${seed}`);
  const streams = new Map<string, Random>();
  return (concern) => {
    const known = streams.get(concern);
    if (known !== undefined) return known;
    const stream = createStream(mix(seed, concern));
    streams.set(concern, stream);
    return stream;
  };
}

/** One of the choices by seed and name alone, whatever has been drawn before. */
export function drawOnce<Choice>(seed: number, name: string, choices: readonly Choice[]): Choice {
  return createStream(mix(seed, `once:${name}`)).pick(choices);
}

function createStream(words: readonly [number, number, number, number]): Random {
  const nextWord = createXoshiro(words);
  const next = (): number => nextWord() / 4_294_967_296;
  const integer = (low: number, high: number): number =>
    low + Math.floor(next() * (high - low + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => {
      const item = list[integer(0, list.length - 1)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    hex: (digits) => {
      let text = '';
      while (text.length < digits) text += nextWord().toString(16).padStart(8, '0');
      return text.slice(0, digits);
    },
  };
}

/** Blackman and Vigna's xoshiro128**: https://prng.di.unimi.it/xoshiro128starstar.c */
function createXoshiro(words: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = words;
  const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/** Four words of state from a seed and a name: splitmix32 over their FNV-1a hash. */
function mix(seed: number, name: string): readonly [number, number, number, number] {
  let hash = 2_166_136_261;
  for (const char of `${seed}:${name}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  }
  const nextWord = (): number => {
    hash = (hash + 0x9e37_79b9) | 0;
    let word = Math.imul(hash ^ (hash >>> 16), 0x21f0_aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a_2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  // A state of nothing but zeros would stay so.
  return [nextWord(), nextWord(), nextWord(), nextWord() | 1];
}
