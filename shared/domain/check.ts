import { matchesPattern } from './listener-rule.ts';
import type { ProbeOutcome } from './probe.ts';

/** Statuses from `from` to `to`, both included. */
export type StatusRange = { readonly from: number; readonly to: number };

/** What is asked of one value that a JMESPath expression finds in the answer's body. */
export type JsonExpectation = {
  readonly path: string;
  /** Compared as JSON. Undefined: the value only has to be there and not null. */
  readonly equals?: unknown;
};

/** A header value that stands in the configuration, or a reference to where it is kept. */
export type HeaderValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly secretArn: string; readonly key?: string }
  | { readonly kind: 'parameter'; readonly name: string };

/** One test call and what a good answer to it looks like. */
export type Check = {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** A check that is not critical is reported, and never decides. */
  readonly isCritical: boolean;
  readonly expect: {
    readonly status: readonly StatusRange[];
    /** Patterns with `*` and `?`, by lower-case header name. */
    readonly headers: Readonly<Record<string, string>>;
    readonly contains: readonly string[];
    readonly omits: readonly string[];
    readonly json: readonly JsonExpectation[];
    readonly latencyMsMax?: number;
    /** What the answer must say about who answered. */
    readonly identity?: IdentityExpectation;
  };
};

/** Where green says which build it is, and what it has to say. */
export type IdentityExpectation = {
  readonly from: { readonly header: string } | { readonly json: string };
  readonly equals: string;
};

/** What a JMESPath expression found in a body: nothing can be found in what is not JSON. */
export type JsonValue =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'truncated' };

/** Looks a JMESPath expression up in the answer at hand. */
export type ReadJson = (path: string) => JsonValue;

export type AnswerFault =
  | 'unexpected-status'
  | 'unexpected-header'
  | 'body-assertion'
  | 'json-assertion'
  | 'latency-limit'
  | 'identity-mismatch'
  | 'no-answer'
  | 'malformed-answer';

/** What one outcome says of the application: good, bad and why, or nothing (`transport`). */
export type AnswerVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'bad'; readonly reason: AnswerFault; readonly detail: string }
  | { readonly kind: 'transport'; readonly detail: string };

/** Longest piece of a body or header that a detail quotes: details go to logs and alerts. */
const quoteCharsMax = 60;

/** A text with what must not be told taken out. */
export type Conceal = (text: string) => string;

const asItIs: Conceal = (text) => text;

const quote = (value: unknown, conceal: Conceal = asItIs): string => {
  const text = conceal(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
  return text.length > quoteCharsMax ? `${text.slice(0, quoteCharsMax)}…` : text;
};

const bad = (reason: AnswerFault, detail: string): AnswerVerdict => ({
  kind: 'bad',
  reason,
  detail,
});

/** Whether a status is among the expected ones. Redirects are answers like any other. */
export const isExpectedStatus = (check: Check, status: number): boolean =>
  check.expect.status.some(({ from, to }) => status >= from && status <= to);

/**
 * Judges one outcome against everything the check expects; the first thing that is wrong is named.
 * What the answer says is quoted through `conceal`: a service may echo a secret that it was sent.
 */
export function judgeAnswer(
  check: Check,
  outcome: ProbeOutcome,
  readJson: ReadJson,
  conceal: Conceal = asItIs,
): AnswerVerdict {
  switch (outcome.kind) {
    case 'transport':
      return { kind: 'transport', detail: `${outcome.phase} ${outcome.code}` };
    case 'no-answer':
      return bad('no-answer', `no complete answer within ${check.timeoutMs} ms`);
    case 'malformed':
      return bad('malformed-answer', `the answer is not HTTP: ${quote(outcome.detail, conceal)}`);
    case 'answer':
      return (
        statusFault(check, outcome.status) ??
        headerFault(check, outcome.headers, conceal) ??
        bodyFault(check, outcome.body) ??
        jsonFault(check, readJson, conceal) ??
        identityFault(check, outcome.headers, readJson, conceal) ??
        latencyFault(check, outcome.elapsedMs) ?? { kind: 'good' }
      );
  }
}

const statusFault = (check: Check, status: number): AnswerVerdict | undefined =>
  isExpectedStatus(check, status)
    ? undefined
    : bad('unexpected-status', `status ${status}, expected ${describeStatus(check.expect.status)}`);

/** Status ranges as people write them: `200-299, 304`. */
export const describeStatus = (ranges: readonly StatusRange[]): string =>
  ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');

function headerFault(
  check: Check,
  headers: Readonly<Record<string, string>>,
  conceal: Conceal,
): AnswerVerdict | undefined {
  for (const [name, pattern] of Object.entries(check.expect.headers)) {
    const value = headers[name];
    if (value === undefined) return bad('unexpected-header', `header ${name} is missing`);
    if (!matchesPattern(pattern, value)) {
      return bad(
        'unexpected-header',
        `header ${name} is ${quote(value, conceal)}, expected ${quote(pattern)}`,
      );
    }
  }
  return undefined;
}

function bodyFault(check: Check, body: string): AnswerVerdict | undefined {
  const missing = check.expect.contains.find((text) => !body.includes(text));
  if (missing !== undefined) return bad('body-assertion', `the body lacks ${quote(missing)}`);
  const unwanted = check.expect.omits.find((text) => body.includes(text));
  return unwanted === undefined
    ? undefined
    : bad('body-assertion', `the body contains ${quote(unwanted)}`);
}

function jsonFault(check: Check, readJson: ReadJson, conceal: Conceal): AnswerVerdict | undefined {
  for (const { path, equals } of check.expect.json) {
    const found = readJson(path);
    if (found.kind !== 'value') return bad('json-assertion', jsonProblem(found.kind));
    const isThere = found.value !== null && found.value !== undefined;
    if (equals === undefined ? !isThere : !sameJson(found.value, equals)) {
      const wish = equals === undefined ? 'a value' : quote(equals);
      return bad('json-assertion', `${path} is ${quote(found.value, conceal)}, expected ${wish}`);
    }
  }
  return undefined;
}

const jsonProblem = (kind: 'not-json' | 'truncated'): string =>
  kind === 'not-json' ? 'the body is not JSON' : 'the body is longer than Ballast reads';

function identityFault(
  check: Check,
  headers: Readonly<Record<string, string>>,
  readJson: ReadJson,
  conceal: Conceal,
): AnswerVerdict | undefined {
  const { identity } = check.expect;
  if (identity === undefined) return undefined;
  const { from, equals } = identity;
  const found = 'header' in from ? headers[from.header] : textOf(readJson(from.json));
  if (found === equals) return undefined;
  const said =
    found === undefined ? 'does not say who it is' : `says it is ${quote(found, conceal)}`;
  return bad('identity-mismatch', `the answer ${said}, expected ${quote(equals)}`);
}

const textOf = (found: JsonValue): string | undefined =>
  found.kind === 'value' && (typeof found.value === 'string' || typeof found.value === 'number')
    ? String(found.value)
    : undefined;

const latencyFault = (check: Check, elapsedMs: number): AnswerVerdict | undefined => {
  const { latencyMsMax } = check.expect;
  return latencyMsMax !== undefined && elapsedMs > latencyMsMax
    ? bad('latency-limit', `${Math.round(elapsedMs)} ms, limit ${latencyMsMax} ms`)
    : undefined;
};

/** Whether two JSON values are equal; the order of keys does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  return (
    keysA.length === keysB.length &&
    keysA.every(
      (key) => Object.hasOwn(b, key) && sameJson(Reflect.get(a, key), Reflect.get(b, key)),
    )
  );
}
