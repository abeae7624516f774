import { assert } from '../assert.ts';

/** An ascending copy. Asserts that every value is finite: NaN would sort last and go unnoticed. */
export function sortAscending(values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  assert(
    sorted.length === 0 || (Number.isFinite(sorted[0]) && Number.isFinite(sorted.at(-1))),
    'a sample holds finite numbers only',
  );
  return sorted;
}

/**
 * The value below which `share` (0 to 1) of the sample lies, in the sample's own unit.
 *
 * Hyndman and Fan's definition 7, "Sample quantiles in statistical packages" (1996): linear between
 * order statistics, as R, NumPy and spreadsheets do. Asserts a sample that is not empty.
 */
export function quantile(values: readonly number[], share: number): number {
  assert(share >= 0 && share <= 1, 'a quantile is asked for a share between 0 and 1');
  assert(values.length > 0, 'a quantile needs at least one value');
  const sorted = sortAscending(values);
  const position = (sorted.length - 1) * share;
  const below = at(sorted, Math.floor(position));
  const above = at(sorted, Math.ceil(position));
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle value, or the mean of the two middle ones. Asserts a sample that is not empty. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The median of an ascending sample without one of its values, as if they had been sorted without it.
 * Asserts that the value is one of them, and that there are others.
 */
export function medianWithout(sorted: Float64Array, value: number): number {
  const left = sorted.indexOf(value);
  assert(left >= 0 && sorted.length > 1, 'a value is left out of a sample that has it and others');
  const atRest = (index: number): number => at(sorted, index < left ? index : index + 1);
  const position = (sorted.length - 2) * 0.5;
  const below = atRest(Math.floor(position));
  return below + (atRest(Math.ceil(position)) - below) * (position - Math.floor(position));
}

/** The value at an index known to be inside the array. */
export function at(values: Float64Array, index: number): number {
  const value = values[index];
  assert(value !== undefined, `index ${index} lies inside an array of ${values.length}`);
  return value;
}
