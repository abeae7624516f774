import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../shared/domain/statistics/random.ts';

const seeds = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });

describe('createRandom', () => {
  it('draws the same from the same seed, today and next year', () => {
    const words = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 3 }, () => random.next() * 2 ** 32);
    };
    expect(words(1)).toEqual(words(1));
    expect(words(1)).toMatchInlineSnapshot(`
      [
        1299785925,
        4001059704,
        2906380172,
      ]
    `);
  });

  it('neighbouring seeds, and seeds 2³² apart, draw different numbers', () => {
    const first = [0, 1, 2, 2 ** 32, 2 ** 32 + 1].map((seed) => createRandom(seed).next());
    expect(new Set(first).size).toBe(5);
  });

  it('stays in range', () => {
    fc.assert(
      fc.property(seeds, fc.integer(), fc.nat(1000), (seed, low, span) => {
        const random = createRandom(seed);
        const uniform = random.next();
        expect(uniform).toBeGreaterThanOrEqual(0);
        expect(uniform).toBeLessThan(1);
        const drawn = random.integer(low, low + span);
        expect(Number.isInteger(drawn) && drawn >= low && drawn <= low + span).toBe(true);
      }),
    );
  });

  it('shuffles a copy that holds the same items', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer()), (seed, list) => {
        const before = [...list];
        const ascending = (a: number, b: number) => a - b;
        expect(createRandom(seed).shuffle(list).sort(ascending)).toEqual(before.sort(ascending));
      }),
    );
  });

  it('shuffles three items into each of the six orders about as often', () => {
    const random = createRandom(11);
    const times = new Map<string, number>();
    for (let run = 0; run < 6000; run += 1) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      times.set(order, (times.get(order) ?? 0) + 1);
    }
    expect(times.size).toBe(6);
    // The standard deviation is 29.
    for (const count of times.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('uniform and normal numbers have their mean, variance and tails', () => {
    const random = createRandom(12);
    const uniforms = Array.from({ length: 40_000 }, () => random.next());
    const normals = Array.from({ length: 40_000 }, () => random.normal());
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(uniforms)).toBeCloseTo(0.5, 1.8);
    expect(mean(uniforms.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(mean(normals))).toBeLessThan(0.025);
    expect(Math.abs(mean(normals.map((value) => value ** 2)) - 1)).toBeLessThan(0.04);
    const beyond = normals.filter((value) => value > 1.959964).length / normals.length;
    expect(Math.abs(beyond - 0.025)).toBeLessThan(0.004);
  });

  it('refuses what is no seed and no range', () => {
    expect(() => createRandom(0.5)).toThrow('whole number');
    expect(() => createRandom(1).integer(2, 1)).toThrow('something to draw');
    expect(() => createRandom(1).integer(0, 1.5)).toThrow('whole ends');
  });
});
