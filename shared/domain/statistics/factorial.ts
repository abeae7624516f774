import { assert } from '../assert.ts';

/**
 * ln(n!) for a whole n ≥ 0.
 *
 * Up to 20 the factorial itself is exact in a double or correctly rounded; above, Stirling's series
 * (Abramowitz and Stegun 6.1.41) to the 1/n⁵ term, whose remainder is below 1e-12.
 */
export function logFactorial(n: number): number {
  assert(Number.isInteger(n) && n >= 0, 'a factorial is asked of a whole number');
  if (n <= 20) {
    let product = 1;
    for (let factor = 2; factor <= n; factor += 1) product *= factor;
    return Math.log(product);
  }
  const square = n * n;
  const correction = (1 - (1 - 2 / (7 * square)) / (30 * square)) / (12 * n);
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + correction;
}

/** ln of the number of ways to choose `k` of `n`, for 0 ≤ k ≤ n. */
export function logChoose(n: number, k: number): number {
  assert(k >= 0 && k <= n, 'no more can be chosen than there is');
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}
