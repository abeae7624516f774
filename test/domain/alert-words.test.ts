import { describe, expect, it } from 'vitest';
import {
  capitalised,
  cutAtWord,
  durationText,
  shellWord,
  spoken,
  toAscii,
  wrapped,
  wrappedCommand,
} from '../../shared/domain/alert-text/words.ts';

describe('durationText', () => {
  it.each([
    [-5, '0 min'],
    [41_900, '41 s'],
    [60_000, '1 min'],
    [81_000, '81 s'],
    [9 * 60_000, '9 min'],
    [3_600_000, '1 h'],
    [5 * 3_600_000 + 10 * 60_000, '5 h 10 min'],
    [(6 * 24 + 2) * 3_600_000, '6 d 2 h'],
    [7 * 24 * 3_600_000, '7 d'],
  ])('%i ms is %s', (durationMs, text) => expect(durationText(durationMs)).toBe(text));
});

describe('cutAtWord', () => {
  it.each([
    ['short enough', 12, 'short enough'],
    ['one two three', 12, 'one two...'],
    ['one two, three', 12, 'one two...'],
    ['one two three', 10, 'one two...'],
    ['abcdefghijkl', 8, 'abcde...'],
    ['🚀🚀🚀🚀🚀', 4, '🚀...'],
  ])('%s within %i: %s', (text, charsMax, cut) => {
    expect(cutAtWord(text, charsMax)).toBe(cut);
    expect([...cut].length).toBeLessThanOrEqual(charsMax);
  });
});

describe('toAscii', () => {
  it.each([
    ['Straße – “Zürich”…', 'Strasse - "Zurich"...'],
    ['≥ 5 × ½ → ok', '>= 5 x 12 -> ok'],
    ['a\tb\r\nc  d', 'a b c d'],
    ['日本', ''],
  ])('%s', (text, ascii) => expect(toAscii(text)).toBe(ascii));
});

describe('wrapped', () => {
  it('breaks behind a comma near the end rather than at the last space', () => {
    expect(wrapped('aaaa bbbb cccc, dd eeee', 20)).toEqual(['aaaa bbbb cccc,', 'dd eeee']);
  });

  it('breaks at a space where the comma is far from the end', () => {
    expect(wrapped('aa, bbbb cccc dddd eeee', 20)).toEqual(['aa, bbbb cccc dddd', 'eeee']);
  });

  it('leaves a word whole that is longer than a line', () => {
    expect(wrapped('see https://example.com/a/b/c now', 10)).toEqual([
      'see',
      'https://example.com/a/b/c',
      'now',
    ]);
    expect(wrapped('https://example.com/a/b/c', 10)).toEqual(['https://example.com/a/b/c']);
  });
});

describe('wrappedCommand', () => {
  it('can be pasted: every line but the last goes on', () => {
    const command =
      'aws ecs update-service --cluster prod --service worker --task-definition worker:87';
    const lines = wrappedCommand(command, 50);
    expect(lines.every((line) => line.length <= 50)).toBe(true);
    expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true);
    expect(lines.map((line) => line.replace(/ \\$/, '').trim()).join(' ')).toBe(command);
  });

  it('parts an option from a value that fills a line', () => {
    expect(wrappedCommand(`do --arn ${'a'.repeat(20)}`, 24)).toEqual([
      'do --arn \\',
      `  ${'a'.repeat(20)}`,
    ]);
  });
});

describe('small words', () => {
  it.each([
    ['worker:87', 'worker:87'],
    ['', "''"],
    ["it's", `'it'\\''s'`],
    ['$(x)', `'$(x)'`],
  ])('a shell takes %s as one word', (text, word) => expect(shellWord(text)).toBe(word));

  it('begins a step with a large letter, unless it begins with a name', () => {
    expect(capitalised('roll back')).toBe('Roll back');
    expect(capitalised('worker:87 serves')).toBe('worker:87 serves');
  });

  it('speaks reasons as people do', () => {
    expect(spoken('out-of-memory')).toBe('out of memory');
    expect(spoken('transport')).toBe('no connection');
  });
});
