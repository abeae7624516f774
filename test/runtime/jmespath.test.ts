import { describe, expect, it } from 'vitest';
import { jmespathProblem, searchJson } from '../../shared/runtime/jmespath.ts';

describe('jmespathProblem', () => {
  it.each([
    "items[?contains(name, 'a(b,c)')]",
    "length(items[?type(@) == 'string'])",
    "[length(a), 'x,(y']",
    'merge(a, {b: c, d: e})',
    'not_null(a, b, c)',
    'a."foo("',
    '`[1, 2, "("]`',
    'sort_by(items, &to_number(x))[-1].y',
    "join(',', a[*].b)",
    'a[0:2:1]',
    "items[?name == 'it\\'s'].b",
    'abs ( a )',
    'keys( @ )',
  ])('%s: none', (expression) => expect(jmespathProblem(expression)).toBeUndefined());

  // A search of {} comes to none of these functions.
  it.each([
    ['items[?lenght(name) > `0`]', 'unknown function lenght()'],
    ['items[].lenght(@)', 'unknown function lenght()'],
    ['status && foo(status)', 'unknown function foo()'],
    ['a.b()', 'unknown function b()'],
    ['items[?contains(name)]', 'contains() with 1 arguments, it takes 2'],
    ['items[?contains(name, [a, b], c)]', 'contains() with 3 arguments, it takes 2'],
    ['items[].length()', 'length() with 0 arguments, it takes 1'],
    ['items[].merge()', 'merge() with 0 arguments, it takes 1 or more'],
    ['items[::0]', 'a slice with step 0'],
    ['items[', 'it does not parse'],
  ])('%s: %s', (expression, problem) => expect(jmespathProblem(expression)).toBe(problem));
});

describe('searchJson', () => {
  it('finds nothing where a function was given a value of the wrong type', () =>
    expect(searchJson('length(a)', { a: 5 })).toBeNull());
});
