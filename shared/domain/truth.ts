/** Kleene's three-valued logic: what is not known stays unknown until it no longer matters. */
export type Truth = 'yes' | 'no' | 'unknown';

export const truthOf = (holds: boolean): Truth => (holds ? 'yes' : 'no');

export const not = (truth: Truth): Truth =>
  truth === 'unknown' ? 'unknown' : truthOf(truth === 'no');

/** `no` if one is, else `unknown` if one is; `yes` of none at all. */
export const allOf = (truths: readonly Truth[]): Truth =>
  truths.includes('no') ? 'no' : truths.includes('unknown') ? 'unknown' : 'yes';

/** `yes` if one is, else `unknown` if one is; `no` of none at all. */
export const anyOf = (truths: readonly Truth[]): Truth => not(allOf(truths.map(not)));
