import type { BaseIssue } from 'valibot';

type Issue = BaseIssue<unknown>;
type Key = string | number;

/** One sentence for the first thing that is wrong: where, what was expected, what was found. */
export function firstProblem(root: string, issues: readonly [Issue, ...Issue[]]): string {
  const { issue, path } = innermost(issues[0]);
  const place = path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${key}`),
    root,
  );
  if (issue.message.startsWith('unknown key')) return `${place}: ${issue.message}`;
  const wish = issue.message.startsWith('expected ')
    ? issue.message
    : `expected ${wishOf(issue.expected ?? '')}`;
  // For an empty text valibot reports its length.
  const received = issue.type === 'non_empty' ? '""' : issue.received;
  return `${place}: ${wish}${gotOf(received)}`;
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
};

/** What valibot expects, in words: `(string | Array)` is text or a list, a missing key any value. */
const wishOf = (expected: string): string =>
  expected.startsWith('"')
    ? 'a value'
    : expected
        .replace(/^\((.*)\)$/, '$1')
        .split(' | ')
        .map((word) => words[word] ?? word)
        .join(' or ');

/** Longest piece of a wrong value that a sentence quotes: it goes to logs and alerts. */
const gotCharsMax = 80;

/** A whole object says nothing that the wish does not say better. */
function gotOf(received: string): string {
  if (/^(Object|Array)$/.test(received)) return '';
  if (received === 'undefined') return ', got nothing';
  const text = received.length > gotCharsMax ? `${received.slice(0, gotCharsMax)}…` : received;
  return `, got ${text}`;
}

/** Unions report their branches below them: the branch that got deepest is the one that nearly fitted. */
function innermost(issue: Issue): { readonly issue: Issue; readonly path: readonly Key[] } {
  const path = (issue.path ?? []).map(
    ({ key }): Key => (typeof key === 'number' ? key : String(key)),
  );
  const [deepest] = (issue.issues ?? [])
    .filter((branch) => (branch.path?.length ?? 0) > 0)
    .sort((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0));
  if (deepest === undefined) return { issue, path };
  const inner = innermost(deepest);
  return { issue: inner.issue, path: [...path, ...inner.path] };
}

/** The known word nearest to a wrong one, for a hint; undefined when none is near. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 2))
    ? best.name
    : undefined;
}

/** A word that begins another is near it, however much is missing. */
const distanceOf = (word: string, name: string): number =>
  word.length >= 3 && (name.startsWith(word) || word.startsWith(name))
    ? 1
    : editDistance(word, name);

/** Levenshtein distance: insertions, deletions and replacements of one character each. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
