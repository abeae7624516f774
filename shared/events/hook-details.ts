import * as v from 'valibot';
import type { Check, HeaderValue, JsonExpectation, StatusRange } from '../domain/check.ts';
import type { GateConfig, IdentityConfig, MetricCheck } from '../domain/gate-config.ts';
import {
  type CheckDetails,
  checkSchema,
  comparisonSchema,
  type Details,
  detailsSchema,
  type HeaderDetails,
  type MetricDetails,
} from './hook-details-schema.ts';
import { MalformedInput } from './malformed.ts';
import { firstProblem, nearestOf } from './problem.ts';

/** The key of `hookDetails` under which the gate keeps its own state between polls. */
export const stateKey = 'ballastState';

/** Longest configuration, as JSON: it is echoed in every answer, and ECS's limit is not documented. */
export const detailsCharsMax = 8_192;

/** What came with an event, taken apart; the configuration is not judged yet. */
export type RawDetails = {
  /** Every key but the state, to be echoed whole. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: unknown;
};

/**
 * Takes `hookDetails` apart: an object, a JSON string (as CloudFormation asks for), or nothing.
 * Throws {@link MalformedInput} for anything else.
 */
export function readRawDetails(value: unknown): RawDetails {
  const details = typeof value === 'string' ? parseText(value) : (value ?? {});
  if (typeof details !== 'object' || details === null || Array.isArray(details)) {
    throw new MalformedInput(`hookDetails: expected a JSON object, got ${typeName(details)}`);
  }
  const { [stateKey]: state, ...config } = details as Record<string, unknown>;
  const { length } = JSON.stringify(config);
  if (length > detailsCharsMax) {
    throw new MalformedInput(
      `hookDetails: expected at most ${detailsCharsMax} characters of JSON, got ${length}`,
    );
  }
  return { config, state };
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;

function parseText(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedInput('hookDetails: expected a JSON object, got a string that is not JSON', {
      cause,
    });
  }
}

/**
 * The gate's complete configuration out of what `hookDetails` says; every default is filled in.
 * Throws {@link MalformedInput} naming the key, what was expected, and for an unknown key the
 * nearest known one.
 */
export function parseGateConfig(config: Readonly<Record<string, unknown>>): GateConfig {
  const parsed = v.safeParse(detailsSchema, config);
  if (!parsed.success) {
    throw new MalformedInput(firstProblem('hookDetails', parsed.issues));
  }
  const details = parsed.output;
  const checks = checksOf(details);
  requireDistinctNames(checks);
  requireKnownNames(details, checks);
  requireProof(details, checks);
  requireOrderedRatios(details);
  requireOwnAddress(details);
  return { ...settingsOf(details), checks, identity: identityOf(details) };
}

/** The settings beside the checks, as the domain names them. */
function settingsOf(details: Details): Omit<GateConfig, 'checks' | 'identity'> {
  const { comparison, targets, endpoint } = details;
  const { enabled: isEnabled, ...settings } = v.parse(
    comparisonSchema,
    comparison === false ? {} : comparison,
  );
  return {
    mode: details.mode,
    samples: {
      max: details.samples,
      warmUp: details.warmUp,
      perSecond: details.requestsPerSecond,
      inFlight: details.concurrency,
    },
    comparison: { isEnabled: comparison !== false && isEnabled, ...settings },
    targets: {
      mustBeHealthy: targets !== false,
      healthyMin: targets === false ? 1 : targets.healthyMin,
    },
    alarms: details.alarms,
    metrics: details.metrics.map(metricOf),
    endpoint: {
      ...defined({ url: endpoint.url, blueUrl: endpoint.blueUrl }),
      ...defined({ host: endpoint.host, container: endpoint.container }),
      ...defined({ protocol: endpoint.protocol }),
      verifiesCertificate: endpoint.verifyCertificate,
    },
    deadlineMinutes: details.deadlineMinutes,
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined fields: an absent field and an undefined one are not the same. */
const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;

function checksOf(details: Details): readonly Check[] {
  const path = details.identity?.path;
  const own = path === undefined ? [] : [v.parse(checkSchema, { name: identityCheckName, path })];
  return [...details.checks, ...own].map(checkOf);
}

/** The check that `identity.path` adds. */
const identityCheckName = 'identity';

function checkOf(check: CheckDetails): Check {
  const { method, path, body, expect } = check;
  const isJson = body !== undefined && typeof body !== 'string';
  const headers = entriesOf(check.headers, (value) => headerValueOf(value));
  const ofJson: Check['headers'] = { 'content-type': { kind: 'text', text: 'application/json' } };
  return {
    name: check.name ?? `${method} ${path}`.slice(0, 60),
    method,
    path,
    headers: isJson ? { ...ofJson, ...headers } : headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    timeoutMs: check.timeoutMs,
    isCritical: check.critical,
    expect: {
      status: listOf(expect.status).map(rangeOf),
      headers: entriesOf(expect.headers, (pattern) => pattern),
      contains: listOf(expect.contains),
      omits: listOf(expect.omits),
      json: expect.json.map(
        (one): JsonExpectation => ({ path: one.path, ...defined({ equals: one.equals }) }),
      ),
      ...defined({ latencyMsMax: expect.latencyMs }),
    },
  };
}

/** Header fields with their names in lower case, as HTTP compares them. */
const entriesOf = <From, To>(fields: Readonly<Record<string, From>>, map: (value: From) => To) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), map(value)]),
  );

const listOf = <T extends string | number>(value: T | readonly T[]): readonly T[] =>
  typeof value === 'object' ? value : [value];

function headerValueOf(value: HeaderDetails): HeaderValue {
  if (typeof value === 'string') return { kind: 'text', text: value };
  return 'secret' in value
    ? { kind: 'secret', secretArn: value.secret, ...defined({ key: value.key }) }
    : { kind: 'parameter', name: value.parameter };
}

function rangeOf(value: number | string): StatusRange {
  if (typeof value === 'number') return { from: value, to: value };
  if (value.endsWith('xx'))
    return { from: Number(value[0]) * 100, to: Number(value[0]) * 100 + 99 };
  const [from = value, to = from] = value.split('-');
  return { from: Number(from), to: Number(to) };
}

const metricOf = ({ name, max, min, ...metric }: MetricDetails): MetricCheck => ({
  name: name ?? metric.metricName.slice(0, 60),
  ...metric,
  ...defined({ max, min }),
});

function identityOf(details: Details): IdentityConfig | undefined {
  const { identity } = details;
  if (identity === undefined) return undefined;
  const from =
    identity.header === undefined
      ? { json: identity.json ?? '' }
      : { header: identity.header.toLowerCase() };
  const { equals } = identity;
  const check = identity.path === undefined ? {} : { check: identityCheckName };
  if (typeof equals === 'object')
    return { ...check, from, equals: { kind: 'text', text: equals.text } };
  return {
    ...check,
    from,
    equals:
      equals === 'image-digest'
        ? { kind: equals, ...defined({ container: identity.container }) }
        : { kind: equals },
  };
}

/** A check that is not critical never decides: alone, it would let every build through. */
function requireProof({ alarms, metrics }: Details, checks: readonly Check[]): void {
  if (alarms.length > 0 || metrics.length > 0 || checks.some(({ isCritical }) => isCritical))
    return;
  throw new MalformedInput(
    'hookDetails.checks: expected at least one critical check, or alarms or metrics in its place',
  );
}

/** An early pass rules out a regression that is larger than the tolerated one. */
function requireOrderedRatios({ comparison }: Details): void {
  if (comparison === false || comparison.excludeRatio > comparison.marginRatio) return;
  const { excludeRatio, marginRatio } = comparison;
  throw new MalformedInput(
    `hookDetails.comparison.excludeRatio: expected more than marginRatio (${marginRatio}), got ${excludeRatio}`,
  );
}

/** Nothing but its answers shows that an address of one's own leads to green. */
function requireOwnAddress({ endpoint, identity }: Details): void {
  const { url, blueUrl, protocol } = endpoint;
  if (url === undefined) {
    if (blueUrl === undefined) return;
    throw new MalformedInput('hookDetails.endpoint.blueUrl: expected only beside endpoint.url');
  }
  if (protocol !== undefined) {
    throw new MalformedInput('hookDetails.endpoint.protocol: expected only without endpoint.url');
  }
  if (identity === undefined) {
    throw new MalformedInput(
      'hookDetails.identity: expected beside endpoint.url: nothing else shows that it leads to green',
    );
  }
}

function requireDistinctNames(checks: readonly Check[]): void {
  const names = checks.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new MalformedInput(`hookDetails.checks: expected distinct names, got "${twice}" twice`);
  }
}

/** Compared checks must exist, and must be safe to repeat. */
function requireKnownNames(details: Details, all: readonly Check[]): void {
  const names = details.comparison === false ? [] : details.comparison.checks;
  // The check that `identity.path` adds is never sampled.
  const checks = all.slice(0, details.checks.length);
  for (const name of names) {
    const check = checks.find((one) => one.name === name);
    const place = 'hookDetails.comparison.checks';
    if (check === undefined) {
      const nearest = nearestOf(
        name,
        checks.map((one) => one.name),
      );
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
      throw new MalformedInput(`${place}: expected the name of a check, got "${name}"${hint}`);
    }
    if (check.method !== 'GET' && check.method !== 'HEAD') {
      throw new MalformedInput(
        `${place}: expected a GET or HEAD check, got "${name}" (${check.method})`,
      );
    }
  }
}
