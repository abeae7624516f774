import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchedCharsMax, patternCharsMax, readPattern } from '../../shared/domain/pattern.ts';
import { seedOf } from '../support/incidents.ts';

const ask = (pattern: string, text: string): string =>
  readPattern(pattern)?.(text) ?? 'cannot read';

describe('readPattern', () => {
  it.each([
    ['t3.*', 't3.large', 'yes'],
    ['t3.*', 'm5.large', 'no'],
    ['t3.*', 't3', 'yes'],
    // ECS does not say whether a part is enough.
    ['t3', 't3.large', 'unknown'],
    ['t3', 'at3', 'unknown'],
    ['^t3', 't3.large', 'unknown'],
    ['^t3', 'at3', 'no'],
    ['large$', 't3.large', 'unknown'],
    ['large$', 't3.larger', 'no'],
    ['^t3\\.large$', 't3.large', 'yes'],
    ['^t3\\.large$', 't3xlarge', 'no'],
    ['(m5|c5).*', 'c5.xlarge', 'yes'],
    ['(?:m5|c5)d?\\.large', 'm5d.large', 'yes'],
    ['(?:m5|c5)d?\\.large', 'r5d.large', 'no'],
    ['m[56]g?\\.(large|xlarge)', 'm6g.xlarge', 'yes'],
    ['p[^34].*', 'p4d.24xlarge', 'no'],
    ['p[^34].*', 'p5.48xlarge', 'yes'],
    ['i-[0-9a-f]+', 'i-0a71', 'yes'],
    ['i-\\d+', 'i-0a71', 'unknown'],
    ['\\w+-\\w+', 'a_1-b', 'yes'],
    ['a|b', 'b', 'yes'],
    ['a||b', '', 'yes'],
    ['', '', 'yes'],
    ['', 'x', 'unknown'],
    ['cost\\$', 'cost$', 'yes'],
    ['[a-]', '-', 'yes'],
    ['[a\\-z]', 'q', 'no'],
  ])('%s on %s: %s', (pattern, text, expected) => expect(ask(pattern, text)).toBe(expected));

  it.each([
    'a{2}',
    '(a+)+',
    '(a*b)*',
    'a*?',
    'a++',
    'a**',
    '(?=a)',
    '(?i)a',
    '(?<n>a)',
    '\\1',
    '\\bt3',
    '\\p{L}',
    '[a-z&&[^b]]',
    '[z-a]',
    '[]',
    '(a',
    'a)',
    '*a',
    '^a|b$',
    'a^b',
    'a$b',
    '('.repeat(20) + ')'.repeat(20),
    'a'.repeat(patternCharsMax + 1),
  ])('does not pretend to read %s', (pattern) => expect(readPattern(pattern)).toBeUndefined());

  it('does not look at a text beyond any attribute', () => {
    expect(ask('a+', 'a'.repeat(matchedCharsMax))).toBe('yes');
    expect(ask('a+', 'a'.repeat(matchedCharsMax + 1))).toBe('unknown');
  });

  it('says the same as a backtracking matcher', () => {
    const letter = fc.constantFrom('a', 'b', 'c', '.', '\\.', '[ab]', '[^a]', '\\d');
    const { pattern: drawn } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      part: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.tuple(letter, fc.constantFrom('', '', '?', '*', '+')).map(([a, b]) => a + b),
        tie('pattern').map((inner) => `(${inner})?`),
        fc.tuple(tie('part'), tie('part')).map(([a, b]) => `(?:${a}|${b})`),
        fc.array(letter, { maxLength: 3 }).map((letters) => `(${letters.join('')})*`),
      ),
      pattern: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
    }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1'), maxLength: 8 });
    const ends = fc.tuple(fc.constantFrom('', '^'), fc.constantFrom('', '$'));
    fc.assert(
      fc.property(drawn, text, ends, (inner, given, [start, end]) => {
        const pattern = start + inner + end;
        const answer = ask(pattern, given);
        if (answer === 'cannot read') return;
        const isWhole = new RegExp(`^(?:${pattern})$`).test(given);
        const isFound = new RegExp(pattern).test(given);
        expect(answer).toBe(isWhole ? 'yes' : isFound ? 'unknown' : 'no');
      }),
      { numRuns: 2_000, ...seedOf() },
    );
  });

  it('never goes back: what would take others for ever is answered', () => {
    const text = 'a'.repeat(matchedCharsMax - 1);
    expect(ask('(a|aa)*b', text)).toBe('no');
    expect(ask(`${'a?'.repeat(100)}${'a'.repeat(50)}b`, text)).toBe('no');
    expect(ask(`${'.*'.repeat(100)}b`, text)).toBe('no');
    expect(ask(`(${'a|'.repeat(120)}a)*b`, text)).toBe('no');
  });
});
