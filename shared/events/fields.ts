import * as v from 'valibot';
import { parseIsoTime } from '../runtime/time.ts';

/** Text that must be there. */
export const text = v.pipe(v.string(), v.nonEmpty('expected text'));

/** Text that may be missing; ECS writes nothing, `null` or an empty text for it. */
export const optionalText = v.pipe(
  v.nullish(v.string()),
  v.transform((value) => value || undefined),
);

const time = v.pipe(
  v.string(),
  v.check((value) => parseIsoTime(value) !== undefined, 'expected an ISO time'),
);

/** An ISO time in milliseconds since the epoch; ECS writes up to nine decimals of a second. */
export const timeMs = v.pipe(
  time,
  v.transform((value) => parseIsoTime(value) ?? 0),
);

export const optionalTimeMs = v.pipe(
  v.nullish(time),
  v.transform((value) => (value ? parseIsoTime(value) : undefined)),
);

const wholeNumber = /^-?\d{1,15}$/;
const number = v.pipe(
  v.union([v.number(), v.string()], 'expected a number'),
  v.check(
    (value) => (typeof value === 'number' ? Number.isInteger(value) : wholeNumber.test(value)),
    'expected a whole number',
  ),
);

/** A whole number, also when it is written as text. */
export const count = v.pipe(number, v.transform(Number));

/** ECS writes `"null"`, as text, for some numbers that it does not know. */
export const optionalCount = v.pipe(
  v.union([v.null(), v.undefined(), v.literal('null'), v.literal(''), number]),
  v.transform((value) => (value === 'null' || value === '' ? undefined : value)),
  v.transform((value) => (value === null || value === undefined ? undefined : Number(value))),
);

/** A number that only serves as evidence: whatever is none, is left out. */
export const evidenceCount = v.pipe(
  v.unknown(),
  v.transform((value) =>
    typeof value === 'number' || (typeof value === 'string' && wholeNumber.test(value))
      ? Number(value)
      : undefined,
  ),
);

export const texts = v.pipe(
  v.nullish(v.array(v.string())),
  v.transform((value) => value ?? []),
);

/** ECS cuts reasons here; longer ones are not ECS's. */
const reasonCharsMax = 1_024;

/**
 * A reason in the words of ECS, an agent or a person. A failed pull quotes signed URLs, a failed
 * start the command line: what may be a secret in them goes no further.
 */
export const reason = v.pipe(
  optionalText,
  v.transform((value) => value && redact(value.slice(0, reasonCharsMax)).trim()),
  v.transform((value) => value || undefined),
);

const redact = (value: string): string =>
  value
    .replace(/(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]+/gi, '$1?[...]')
    .replace(/:\/\/[^\s/:@]+:[^\s/@]+@/g, '://[...]@')
    .replace(/((?:password|passwd|secret|token|api[-_]?key|credentials?)=)[^\s"',]+/gi, '$1[...]')
    .replace(
      /("[^"]{0,40}(?:password|secret|token|api[-_]?key)[^"]{0,40}"\s*:\s*)"[^"]*"?/gi,
      '$1"[...]"',
    );
