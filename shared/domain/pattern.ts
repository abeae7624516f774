import { type Truth, truthOf } from './truth.ts';

/** Longest pattern, and longest text, that is looked at; the value of an attribute has 128 characters. */
export const patternCharsMax = 256;
export const matchedCharsMax = 256;

/** From the positions where a part may begin to those where it may end: no way is tried twice. */
type Part = (text: string, starts: ReadonlySet<number>) => ReadonlySet<number>;
type Read = { readonly part: Part; readonly repeats: boolean };
type Cursor = { readonly text: string; at: number };

/** Deepest nesting of groups. */
const nestingMax = 8;

/**
 * Reads a regular expression of the kind that placement constraints hold (Java's syntax): literals,
 * `.`, classes, groups, `|`, `? * +`, `^` and `$` at its ends. `undefined` for anything beyond, such
 * as `{2}`, back-references, lookaround or a repeat within a repeat.
 *
 * It matches sets of positions and never goes back, so its time is the length of the pattern times
 * that of the text, whatever both are. ECS does not say whether a pattern has to match a whole value:
 * `yes` is a match of the whole, `no` is no match anywhere, and what lies between is `unknown`.
 */
export function readPattern(pattern: string): ((text: string) => Truth) | undefined {
  if (pattern.length > patternCharsMax) return undefined;
  const isAnchoredAtStart = pattern.startsWith('^');
  const isAnchoredAtEnd = /(^|[^\\])(\\\\)*\$$/.test(pattern);
  const cursor = { text: pattern.slice(isAnchoredAtStart ? 1 : 0), at: 0 };
  if (isAnchoredAtEnd) cursor.text = cursor.text.slice(0, -1);
  // An anchor binds closer than `|`: `^a|b$` is `(^a)|(b$)`, which is not worth reading.
  const isAnchored = isAnchoredAtStart || isAnchoredAtEnd;
  const read = readChoice(cursor, 0);
  if (read === undefined || cursor.at < cursor.text.length) return undefined;
  if (isAnchored && read.isChoice) return undefined;
  return (text) => {
    if (text.length > matchedCharsMax) return 'unknown';
    if (read.part(text, new Set([0])).has(text.length)) return 'yes';
    const starts = isAnchoredAtStart ? [0] : Array.from({ length: text.length + 1 }, (_, at) => at);
    const ends = read.part(text, new Set(starts));
    const isFound = isAnchoredAtEnd ? ends.has(text.length) : ends.size > 0;
    return isFound ? 'unknown' : truthOf(false);
  };
}

function readChoice(
  cursor: Cursor,
  nesting: number,
): (Read & { readonly isChoice: boolean }) | undefined {
  const options: Read[] = [];
  do {
    const option = readSequence(cursor, nesting);
    if (option === undefined) return undefined;
    options.push(option);
  } while (isTaken(cursor, '|'));
  return {
    part: (text, starts) => new Set(options.flatMap(({ part }) => [...part(text, starts)])),
    repeats: options.some(({ repeats }) => repeats),
    isChoice: options.length > 1,
  };
}

function readSequence(cursor: Cursor, nesting: number): Read | undefined {
  const parts: Read[] = [];
  while (cursor.at < cursor.text.length && !/[|)]/.test(cursor.text[cursor.at] ?? '')) {
    const atom = readAtom(cursor, nesting);
    const repeated = atom === undefined ? undefined : readRepeat(cursor, atom);
    if (repeated === undefined) return undefined;
    parts.push(repeated);
  }
  return {
    part: (text, starts) => parts.reduce((from, { part }) => part(text, from), starts),
    repeats: parts.some(({ repeats }) => repeats),
  };
}

function readRepeat(cursor: Cursor, atom: Read): Read | undefined {
  const [sign = ''] = /^[?*+{]*/.exec(cursor.text.slice(cursor.at)) ?? [];
  cursor.at += sign.length;
  if (sign === '') return atom;
  if (sign === '?') return { ...atom, part: (text, from) => union(from, atom.part(text, from)) };
  if ((sign !== '*' && sign !== '+') || atom.repeats) return undefined;
  const many: Part = (text, from) => closure(atom.part, text, from);
  return {
    part: sign === '*' ? many : (text, from) => many(text, atom.part(text, from)),
    repeats: true,
  };
}

/** Where any number of repeats may end: each position is gone on from once. */
function closure(part: Part, text: string, from: ReadonlySet<number>): ReadonlySet<number> {
  const reached = new Set(from);
  for (let fresh = from; fresh.size > 0; ) {
    fresh = new Set([...part(text, fresh)].filter((at) => !reached.has(at)));
    for (const at of fresh) reached.add(at);
  }
  return reached;
}

function readAtom(cursor: Cursor, nesting: number): Read | undefined {
  const rest = cursor.text.slice(cursor.at);
  const group = /^\((\?:)?(?!\?)/.exec(rest);
  if (group !== null) return readGroup(cursor, group[0].length, nesting);
  // One character: any, one of a class, an escaped one, or itself.
  const [atom = ''] =
    /^(?:\.|\\[dw]|\\[^A-Za-z0-9]|\[\^?(?:[\w .:/@-]|\\[^A-Za-z0-9])+\]|[^\\[\](){}?*+|^$])/.exec(
      rest,
    ) ?? [];
  if (atom === '') return undefined;
  cursor.at += atom.length;
  const accepts = acceptsOf(atom);
  return accepts === undefined ? undefined : { part: character(accepts), repeats: false };
}

function readGroup(cursor: Cursor, opening: number, nesting: number): Read | undefined {
  if (nesting >= nestingMax) return undefined;
  cursor.at += opening;
  const inner = readChoice(cursor, nesting + 1);
  return isTaken(cursor, ')') ? inner : undefined;
}

const isTaken = (cursor: Cursor, sign: string): boolean => {
  if (cursor.text[cursor.at] !== sign) return false;
  cursor.at += 1;
  return true;
};

type Accepts = (character: string) => boolean;

const isDigit: Accepts = (one) => one >= '0' && one <= '9';
const isWord: Accepts = (one) => /\w/.test(one);

function acceptsOf(atom: string): Accepts | undefined {
  if (atom === '.') return () => true;
  if (atom === '\\d') return isDigit;
  if (atom === '\\w') return isWord;
  if (atom.startsWith('\\')) return (one) => one === atom[1];
  return atom.startsWith('[') && atom.length > 1 ? classOf(atom) : (one) => one === atom;
}

/** One character, or the ends of a range; a backslash takes the next one for itself. */
const classMember = /(\\.|[^\\])(?:-(\\.|[^\\]))?/g;

/** `[a-z0-9_]` or `[^abc]`: ranges, and characters that stand for themselves. */
function classOf(atom: string): Accepts | undefined {
  const isNegated = atom.startsWith('[^');
  const members = atom.slice(isNegated ? 2 : 1, -1).matchAll(classMember);
  const ranges = [...members].map(
    ([, low = '', high = low]) => [low.slice(-1), high.slice(-1)] as const,
  );
  if (ranges.some(([low, high]) => low > high)) return undefined;
  return (one) => ranges.some(([low, high]) => one >= low && one <= high) !== isNegated;
}

const character =
  (accepts: Accepts): Part =>
  (text, starts) =>
    new Set(
      [...starts].filter((at) => at < text.length && accepts(text[at] ?? '')).map((at) => at + 1),
    );

const union = (a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...a, ...b]);
