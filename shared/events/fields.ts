import * as v from 'valibot';
import { parseIsoTime } from '../runtime/time.ts';

/** Text that must be there. */
export const text = v.pipe(v.string(), v.nonEmpty('expected text'));

/** Text that may be missing; ECS writes nothing, `null` or an empty text for it. */
export const optionalText = v.pipe(
  v.nullish(v.string(), ''),
  v.transform((value) => value || undefined),
);

/** The ARN of a cluster, if it is there: its name becomes part of keys. */
export const optionalClusterArn = v.pipe(
  v.nullish(v.string(), ''),
  v.check(
    (value) => value === '' || /^arn:[^:]+:ecs:[^:]*:[^:]*:cluster\/[\w-]{1,255}$/.test(value),
    'expected a cluster ARN',
  ),
  v.transform((value) => value || undefined),
);

const isTime = (value: string): boolean => parseIsoTime(value) !== undefined;

/** An ISO time in milliseconds since the epoch; ECS writes up to nine decimals of a second. */
export const timeMs = v.pipe(
  v.string(),
  v.check(isTime, 'expected an ISO time'),
  v.transform((value) => parseIsoTime(value) ?? 0),
);

export const optionalTimeMs = v.pipe(
  v.nullish(v.string(), ''),
  v.check((value) => value === '' || isTime(value), 'expected an ISO time'),
  v.transform(parseIsoTime),
);

const wholeNumber = /^-?\d{1,15}$/;
const numberOrText = v.union([v.number(), v.string()], 'expected a number');

const isWhole = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value)
    : typeof value === 'string' && wholeNumber.test(value);

/** A whole number, also when it is written as text. */
export const count = v.pipe(
  numberOrText,
  v.check((value) => isWhole(value), 'expected a whole number'),
  v.transform(Number),
);

/** ECS writes `"null"`, as text, for some numbers that it does not know. */
export const optionalCount = v.pipe(
  v.nullish(numberOrText, 'null'),
  v.check((value) => value === 'null' || isWhole(value), 'expected a whole number'),
  v.transform((value) => (value === 'null' ? undefined : Number(value))),
);

/** A number that only serves as evidence: whatever is none, is left out. */
export const evidenceCount = v.pipe(
  v.nullish(v.unknown(), ''),
  v.transform((value) => (isWhole(value) ? Number(value) : undefined)),
);

export const texts = v.nullish(v.array(v.string()), []);

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
