import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalMax } from '../../../shared/domain/anomaly/level-grid.ts';
import {
  bucketsMax,
  emptySketch,
  quantilesOf,
  type ValueSketch,
  withValue,
} from '../../../shared/domain/anomaly/value-sketch.ts';
import { createRandom } from '../../../shared/domain/statistics/random.ts';
import { seedOf } from '../../support/incidents.ts';

const sketchOf = (values: readonly number[], from: ValueSketch = emptySketch): ValueSketch =>
  values.reduce((sketch, value) => withValue(sketch, value, totalMax), from);
const runs = { numRuns: 300, ...seedOf() };
const share = 0.05;

describe('quantilesOf', () => {
  it('is undefined before the first value', () => {
    expect(quantilesOf(emptySketch, share)).toBeUndefined();
  });

  it.each([0, 4, 100, -7, 1e-12, 1e99, -1e-12])('of a constant is the constant: %d', (value) => {
    const found = quantilesOf(sketchOf(Array.from({ length: 50 }, () => value)), share);
    expect(found).toEqual({ low: value, high: value });
  });

  it('lies within a fiftieth of the exact one, for any values that few buckets hold', () => {
    const value = fc.oneof(
      fc.integer({ min: -40, max: 40 }),
      fc.double({ min: 1, max: 4, noNaN: true }),
    );
    const property = fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
      const sketch = sketchOf(values);
      if (new Set(sketch.keys).size === bucketsMax) return;
      const sorted = values.toSorted((a, b) => a - b);
      const exact = {
        low: sorted[Math.floor(values.length * share)] ?? 0,
        high: sorted[Math.floor(values.length * (1 - share))] ?? 0,
      };
      const found = quantilesOf(sketch, share);
      expect(Math.abs((found?.low ?? 0) - exact.low)).toBeLessThanOrEqual(
        0.021 * Math.abs(exact.low) + 1e-12,
      );
      expect(Math.abs((found?.high ?? 0) - exact.high)).toBeLessThanOrEqual(
        0.021 * Math.abs(exact.high) + 1e-12,
      );
    });
    fc.assert(property, runs);
  });

  it('holds for any series: low is never above high, and both lie where values were', () => {
    const property = fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
      (values) => {
        const finite = values.map((value) => Math.min(Math.max(value, -1e100), 1e100));
        const sketch = sketchOf(finite);
        const { low, high } = quantilesOf(sketch, share) ?? { low: Number.NaN, high: Number.NaN };
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...finite));
        expect(high).toBeLessThanOrEqual(Math.max(...finite));
        expect(JSON.parse(JSON.stringify(sketch))).toEqual(sketch);
        expect(sketch.keys).toEqual(sketch.keys.toSorted((a, b) => a - b));
      },
    );
    fc.assert(property, runs);
  });
});

describe('withValue', () => {
  it('is not made coarse by two hours of a load test', () => {
    const calm = Array.from({ length: 2_880 }, (_, at) => 10 + (at % 2));
    const sketch = sketchOf([...calm, ...Array.from({ length: 24 }, () => 500), ...calm]);
    const { low, high } = quantilesOf(sketch, share) ?? { low: 0, high: 0 };
    expect(low).toBeCloseTo(10, 0);
    expect(high).toBeCloseTo(11, 0);
  });

  it('stays bounded however wide and long a series is, and still knows where most of it lay', () => {
    const random = createRandom(3);
    let sketch = emptySketch;
    for (let at = 0; at < 2 * totalMax; at += 1) {
      sketch = withValue(sketch, 10 ** (12 * random.next() - 6), totalMax);
      expect(sketch.keys.length).toBeLessThanOrEqual(bucketsMax);
    }
    expect(sketch.total).toBeLessThanOrEqual(totalMax);
    expect(sketch.total).toBe(sketch.counts.reduce((sum, count) => sum + count, 0));
    expect(JSON.stringify(sketch).length).toBeLessThan(1_400);
    const { low, high } = quantilesOf(sketch, share) ?? { low: 0, high: 0 };
    // Of six powers of ten on each side the outer twentieth: 10^-5.4 and 10^5.4.
    expect(Math.log10(low)).toBeCloseTo(-5.4, 0);
    expect(Math.log10(high)).toBeCloseTo(5.4, 0);
  });

  it('fades the past: what has not been seen for as long as all that is remembered, is forgotten', () => {
    const old = sketchOf(Array.from({ length: totalMax }, () => 100));
    const { low, high } = quantilesOf(
      sketchOf(
        Array.from({ length: 6 * totalMax }, () => 7),
        old,
      ),
      share,
    ) ?? {
      ...{ low: 0, high: 0 },
    };
    expect([low, high]).toEqual([7, expect.closeTo(7, 0)]);
  });
});
