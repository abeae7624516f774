import { assert } from '../assert.ts';

/**
 * Standard normal distribution function: P(Z ≤ z).
 *
 * Hart's rational approximation 5666 as published by G. West, "Better approximations to cumulative
 * normal functions" (2005), up to seven standard deviations, then Laplace's continued fraction. The
 * error is below 1e-15, and below 1e-9 of the value in the far tails.
 */
export function normalCdf(z: number): number {
  assert(!Number.isNaN(z), 'the normal distribution is asked about a number');
  const distance = Math.abs(z);
  const tail = distance > 37 ? 0 : upperTail(distance);
  return z > 0 ? 1 - tail : tail;
}

/**
 * The z with P(Z ≤ z) = `probability`, for 0 < probability < 1.
 *
 * P. J. Acklam's rational approximation (relative error 1e-9), then one Halley step against
 * {@link normalCdf}, which takes it to the precision of the distribution function itself.
 */
export function normalQuantile(probability: number): number {
  assert(probability > 0 && probability < 1, 'a quantile is asked for a probability inside (0, 1)');
  if (probability > 0.5) return -normalQuantile(1 - probability);
  const z = roughQuantile(probability);
  const step = (normalCdf(z) - probability) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
  return z - step / (1 + (z * step) / 2);
}

function upperTail(distance: number): number {
  const density = Math.exp((-distance * distance) / 2);
  if (distance < 7.07106781186547) {
    return (density * polynomial(tailNumerator, distance)) / polynomial(tailDenominator, distance);
  }
  // Laplace's continued fraction; twenty terms are plenty beyond seven standard deviations.
  let fraction = distance;
  for (let term = 20; term >= 1; term -= 1) fraction = distance + term / fraction;
  return density / fraction / Math.sqrt(2 * Math.PI);
}

function roughQuantile(probability: number): number {
  if (probability < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return polynomial(outerNumerator, q) / polynomial(outerDenominator, q);
  }
  const q = probability - 0.5;
  const square = q * q;
  return (polynomial(innerNumerator, square) * q) / polynomial(innerDenominator, square);
}

/** Horner's scheme; the coefficient of the highest power comes first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

const tailNumerator = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const tailDenominator = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
  637.333633378831, 793.826512519948, 440.413735824752,
];
const innerNumerator = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
  -3.066479806614716e1, 2.506628277459239,
];
const innerDenominator = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
  -1.328068155288572e1, 1,
];
const outerNumerator = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
];
const outerDenominator = [
  7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1,
];
