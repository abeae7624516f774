import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherMidP } from '../../../shared/domain/statistics/fisher.ts';

describe('fisherMidP', () => {
  it.each([
    ['3 of 4 against 1 of 4: 16/70 ÷ 2 + 1/70', [3, 4, 1, 4], 9 / 70],
    ['4 of 4 against 0 of 4: 1/70 ÷ 2', [4, 4, 0, 4], 0.5 / 70],
    ['alike, 1 of 2 each: 4/6 ÷ 2 + 1/6', [1, 2, 1, 2], 0.5],
    ['no error anywhere', [0, 9, 0, 5], 0.5],
    ['errors only', [9, 9, 5, 5], 0.5],
    ['an empty side', [0, 0, 2, 5], 0.5],
  ])('%s', (_, [errors = 0, attempts = 0, otherErrors = 0, otherAttempts = 0], expected) => {
    const p = fisherMidP({ errors, attempts }, { errors: otherErrors, attempts: otherAttempts });
    expect(p).toBeCloseTo(expected, 12);
  });

  it('equals the count over every way to place the errors', () => {
    for (let attempts = 1; attempts <= 5; attempts += 1) {
      for (let errors = 0; errors <= attempts; errors += 1) {
        for (let otherErrors = 0; otherErrors <= 4; otherErrors += 1) {
          const p = fisherMidP({ errors, attempts }, { errors: otherErrors, attempts: 4 });
          expect(p).toBeCloseTo(midPByEnumeration(errors, attempts, otherErrors, 4), 10);
        }
      }
    }
  });

  it('swapping the sides mirrors it', () => {
    fc.assert(
      fc.property(counts, counts, (suspect, reference) => {
        expect(fisherMidP(suspect, reference) + fisherMidP(reference, suspect)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('one more error on the suspect is never less surprising', () => {
    fc.assert(
      fc.property(counts, counts, (suspect, reference) => {
        fc.pre(suspect.errors < suspect.attempts);
        const more = { ...suspect, errors: suspect.errors + 1 };
        expect(fisherMidP(more, reference)).toBeLessThanOrEqual(
          fisherMidP(suspect, reference) + 1e-12,
        );
      }),
    );
  });

  it('refuses broken counts', () => {
    const fine = { errors: 0, attempts: 1 };
    expect(() => fisherMidP({ errors: 2, attempts: 1 }, fine)).toThrow('some of the attempts');
    expect(() => fisherMidP(fine, { errors: Number.NaN, attempts: 1 })).toThrow('whole numbers');
  });
});

const counts = fc
  .integer({ min: 0, max: 200 })
  .chain((attempts) =>
    fc.record({ attempts: fc.constant(attempts), errors: fc.integer({ min: 0, max: attempts }) }),
  );

/** Walks all placements of the errors on the attempts of both sides, as bits. */
function midPByEnumeration(errors: number, attempts: number, others: number, rest: number): number {
  let all = 0;
  let greater = 0;
  let equal = 0;
  for (let placement = 0; placement < 2 ** (attempts + rest); placement += 1) {
    const bits = [...placement.toString(2).padStart(attempts + rest, '0')].map(Number);
    const sum = (list: number[]) => list.reduce((total, bit) => total + bit, 0);
    if (sum(bits) !== errors + others) continue;
    const onSuspect = sum(bits.slice(0, attempts));
    all += 1;
    if (onSuspect > errors) greater += 1;
    if (onSuspect === errors) equal += 1;
  }
  return (greater + equal / 2) / all;
}
