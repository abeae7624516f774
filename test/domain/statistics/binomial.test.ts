import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binomialLowerTail,
  binomialUpperTail,
} from '../../../shared/domain/statistics/binomial.ts';
import { logChoose, logFactorial } from '../../../shared/domain/statistics/factorial.ts';

describe('binomial tails', () => {
  it.each([
    ['at least 0 is certain', binomialUpperTail(5, 0.3, 0), 1],
    ['at least 2 of 3 coins: (3 + 1) / 8', binomialUpperTail(3, 0.5, 2), 0.5],
    ['at most 0 of 50 at 10 %: 0.9⁵⁰', binomialLowerTail(50, 0.1, 0), 0.9 ** 50],
    ['at most −1 is impossible', binomialLowerTail(5, 0.3, -1), 0],
    ['more than all is impossible', binomialUpperTail(5, 0.3, 6), 0],
    ['no trial, at least 0', binomialUpperTail(0, 0.3, 0), 1],
    ['at least 3 of 20 at 2 %', binomialUpperTail(20, 0.02, 3), 0.007068693403814],
  ])('%s', (_, actual, expected) => expect(actual).toBeCloseTo(expected, 12));

  it('leave nothing out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (trials, successes, share) => {
          const sum =
            binomialUpperTail(trials, share, successes) +
            binomialLowerTail(trials, share, successes - 1);
          expect(sum).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it('refuse broken counts and shares', () => {
    expect(() => binomialUpperTail(2.5, 0.1, 1)).toThrow('whole');
    expect(() => binomialUpperTail(2, 0.1, 0.5)).toThrow('whole');
    expect(() => binomialUpperTail(2, Number.NaN, 1)).toThrow('inside (0, 1)');
  });
});

describe('logFactorial', () => {
  it('agrees with the product, where it changes method too', () => {
    let sum = 0;
    for (let n = 1; n <= 400; n += 1) {
      sum += Math.log(n);
      expect(logFactorial(n)).toBeCloseTo(sum, 9);
    }
    expect(logFactorial(0)).toBe(0);
  });

  it('refuses what cannot be counted', () => {
    expect(() => logFactorial(-1)).toThrow('whole number');
    expect(() => logChoose(2, 3)).toThrow('no more');
  });
});
