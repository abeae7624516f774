import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../../shared/domain/statistics/normal.ts';

describe('normalCdf', () => {
  it.each([
    [0, 0.5],
    [-1, 0.158655253931457],
    [3, 0.99865010196837],
    [-2.807033768343811, 0.0025],
    [-5, 2.866515718791939e-7],
    [-8, 6.220960574271785e-16],
  ])('at %s is %s', (z, expected) => {
    expect(normalCdf(z) / expected).toBeCloseTo(1, 8);
  });

  it('is 0 and 1 at the ends', () => {
    expect([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(Number.POSITIVE_INFINITY)]).toEqual([
      0, 1,
    ]);
  });

  it('never falls, where its two approximations meet included', () => {
    let previous = 0;
    for (let z = -9; z <= 9; z += 0.001) {
      const p = normalCdf(z);
      expect(p).toBeGreaterThanOrEqual(previous);
      previous = p;
    }
  });

  it('refuses NaN', () => expect(() => normalCdf(Number.NaN)).toThrow('number'));
});

describe('normalQuantile', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.8, 0.841621233572914],
    [0.01, -2.326347874040841],
    [1e-10, -6.361340902404056],
  ])('of %s is %s', (probability, expected) => {
    expect(normalQuantile(probability)).toBeCloseTo(expected, 8);
  });

  it('undoes the distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.999, noNaN: true }), (probability) => {
        expect(normalCdf(normalQuantile(probability)) / probability).toBeCloseTo(1, 9);
      }),
    );
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses %s', (probability) => {
    expect(() => normalQuantile(probability)).toThrow('inside (0, 1)');
  });
});
