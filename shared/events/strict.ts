import * as v from 'valibot';
import { nearestOf } from './problem.ts';

const plainObject = v.custom<Record<string, unknown>>(
  (input) => typeof input === 'object' && input !== null && !Array.isArray(input),
  'expected an object',
);

/** An object whose unknown keys are refused, each with the nearest known one. A list is no object. */
export const strict = <T extends v.ObjectEntries>(entries: T) =>
  v.pipe(
    plainObject,
    v.check(
      (input) => unknownKey(input, entries) === undefined,
      ({ input }) => unknownKeyProblem(unknownKey(input, entries) ?? '', Object.keys(entries)),
    ),
    v.object(entries),
  );

/** An object with any keys of one kind. valibot's own `record` takes a list for one, too. */
export const dictionary = <
  Key extends v.GenericSchema<string, string>,
  Value extends v.GenericSchema,
>(
  key: Key,
  value: Value,
) => v.pipe(plainObject, v.record(key, value));

const unknownKey = (input: object, entries: object): string | undefined =>
  Object.keys(input).find((key) => !Object.hasOwn(entries, key));

function unknownKeyProblem(key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  const hint =
    nearest === undefined ? `known keys: ${known.join(', ')}` : `did you mean "${nearest}"?`;
  return `unknown key "${key}"; ${hint}`;
}
