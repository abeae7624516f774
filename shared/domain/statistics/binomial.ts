import { assert } from '../assert.ts';
import { logChoose } from './factorial.ts';

/** P(X ≥ `successes`) for X ~ Binomial(`trials`, `share`). */
export function binomialUpperTail(trials: number, share: number, successes: number): number {
  return sumOfMasses(trials, share, Math.max(0, successes), trials);
}

/** P(X ≤ `successes`) for X ~ Binomial(`trials`, `share`). */
export function binomialLowerTail(trials: number, share: number, successes: number): number {
  return sumOfMasses(trials, share, 0, Math.min(trials, successes));
}

/** Each tail is summed on its own side, so that a tiny tail keeps its relative precision. */
function sumOfMasses(trials: number, share: number, from: number, to: number): number {
  assert(Number.isInteger(trials) && trials >= 0, 'trials are counted in whole numbers');
  assert(Number.isInteger(from) && Number.isInteger(to), 'successes are counted in whole numbers');
  assert(share > 0 && share < 1, 'the share of a binomial lies inside (0, 1)');
  let sum = 0;
  for (let count = from; count <= to; count += 1) {
    sum += Math.exp(
      logChoose(trials, count) + count * Math.log(share) + (trials - count) * Math.log1p(-share),
    );
  }
  return Math.min(1, sum);
}
