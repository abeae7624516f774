import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  at,
  median,
  medianWithout,
  quantile,
  sortAscending,
} from '../../../shared/domain/statistics/quantile.ts';

describe('quantile', () => {
  it.each([
    ['one value is every quantile', [7], 0.9, 7],
    ['the middle of three', [3, 1, 2], 0.5, 2],
    ['between the two middle ones of four', [4, 1, 3, 2], 0.5, 2.5],
    ['position 0.9 × 4 = 3.6 of 0 10 20 30 40', [40, 10, 0, 30, 20], 0.9, 36],
    ['numbers, not words: 9 before 10', [10, 9], 0, 9],
  ])('%s', (_, values, share, expected) => {
    expect(quantile(values, share)).toBeCloseTo(expected, 12);
  });

  it('lies between two values of the sample, whatever their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const value = quantile(values, share);
          expect(value).toBeGreaterThanOrEqual(Math.min(...values));
          expect(value).toBeLessThanOrEqual(Math.max(...values));
          expect(quantile(values.toReversed(), share)).toBe(value);
        },
      ),
    );
  });

  it('is the same without a value of a sorted sample as of the others', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    // Adding nothing makes a zero of a negative one: the two are equal, and yet told apart.
    const numbers = fc.array(
      number.map((value) => value + 0),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(numbers, fc.nat(), (values, chosen) => {
        const left = chosen % values.length;
        const rest = values.filter((_, place) => place !== left);
        expect(medianWithout(sortAscending(values), values[left] ?? 0)).toBe(median(rest));
      }),
    );
    expect(() => medianWithout(sortAscending([1, 2]), 3)).toThrow('left out');
    expect(() => medianWithout(sortAscending([1]), 1)).toThrow('left out');
  });

  it('refuses what has no quantile', () => {
    expect(() => median([])).toThrow('at least one value');
    expect(() => median([1, Number.NaN])).toThrow('finite');
    expect(() => median([1, Number.NEGATIVE_INFINITY])).toThrow('finite');
    expect(() => quantile([1], 1.1)).toThrow('between 0 and 1');
    expect(() => at(sortAscending([1]), 1)).toThrow('index 1');
  });

  it('leaves the sample as it was', () => {
    const values = [3, 1, 2];
    sortAscending(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
