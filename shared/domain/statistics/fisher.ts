import { assert } from '../assert.ts';
import { logChoose } from './factorial.ts';

/** Outcomes of one side: `errors` out of `attempts`. */
export type ErrorCount = { readonly errors: number; readonly attempts: number };

/**
 * Fisher's exact test, one-sided with the mid-p correction: how surprising it is that so many of
 * the errors fell on `suspect` if both sides err alike.
 *
 * P(X > x) + P(X = x) / 2 for the hypergeometric X given the margins (Lancaster 1961; Agresti,
 * "Categorical Data Analysis", 3.5). The plain p is needlessly shy at the small counts of an early
 * look. Nothing to tell apart (an empty side, no errors, errors only) gives 0.5.
 */
export function fisherMidP(suspect: ErrorCount, reference: ErrorCount): number {
  assertCount(suspect);
  assertCount(reference);
  const errors = suspect.errors + reference.errors;
  const logTables = logChoose(suspect.attempts + reference.attempts, errors);
  const massOf = (x: number): number =>
    Math.exp(
      logChoose(suspect.attempts, x) + logChoose(reference.attempts, errors - x) - logTables,
    );

  let p = massOf(suspect.errors) / 2;
  const most = Math.min(errors, suspect.attempts);
  for (let x = suspect.errors + 1; x <= most; x += 1) p += massOf(x);
  return Math.min(1, p);
}

function assertCount({ errors, attempts }: ErrorCount): void {
  assert(
    Number.isInteger(errors) && Number.isInteger(attempts),
    'errors are counted in whole numbers',
  );
  assert(errors >= 0 && errors <= attempts, 'errors are some of the attempts');
}
