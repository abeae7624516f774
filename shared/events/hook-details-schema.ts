import * as v from 'valibot';
import { greenTargetGroupToken } from '../domain/alarms.ts';
import { sampledChecksMax } from '../domain/gate-config.ts';
import { jmespathProblem } from '../runtime/jmespath.ts';
import { dictionary, strict } from './strict.ts';

/** Checks in one configuration at most. */
export const checksMax = 20;

const text = (charsMax: number) =>
  v.pipe(
    v.string(),
    v.nonEmpty('expected text'),
    v.maxLength(charsMax, `expected at most ${charsMax} characters`),
  );
const wholeNumber = (from: number, to: number) =>
  v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(from, `expected a whole number from ${from} to ${to}`),
    v.maxValue(to, `expected a whole number from ${from} to ${to}`),
  );
const numberFrom = (from: number, to: number) =>
  v.pipe(
    v.number(),
    v.minValue(from, `expected a number from ${from} to ${to}`),
    v.maxValue(to, `expected a number from ${from} to ${to}`),
  );

const headerName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name'),
);
const reservedHeaders = new Set(['host', 'content-length', 'transfer-encoding', 'connection']);
const requestHeaderName = v.pipe(
  headerName,
  v.check(
    (name) => !reservedHeaders.has(name.toLowerCase()),
    'expected a header that is not set by the connection (for Host see endpoint.host)',
  ),
);

const jmespath = v.pipe(
  text(512),
  v.check(
    (expression) => jmespathProblem(expression) === undefined,
    ({ input }) => `expected a JMESPath expression (${jmespathProblem(input)})`,
  ),
);
const path = v.pipe(
  text(1024),
  v.regex(/^\/[\x21-\x7e]*$/, 'expected a path that starts with / and has no spaces'),
);
const statusNumber = wholeNumber(100, 599);
const statusWish = 'expected a status such as 200, "2xx" or "200-299"';
const statusText = v.pipe(
  v.string(),
  v.regex(/^([1-5]xx|[1-5]\d\d(-[1-5]\d\d)?)$/, statusWish),
  v.check((range) => {
    const [from = range, to = from] = range.split('-');
    return from <= to;
  }, statusWish),
);
const status = v.union([statusNumber, statusText]);
const list = <T extends v.GenericSchema>(item: T, itemsMax: number) =>
  v.pipe(v.array(item), v.maxLength(itemsMax, `expected at most ${itemsMax} items`));
const oneOrMore = <T extends v.GenericSchema>(item: T, itemsMax: number) =>
  v.union([item, list(item, itemsMax)]);

/** `false` to switch something off, or its settings: told apart first, so that problems stay exact. */
const switchedOffOr = <T extends v.GenericSchema>(schema: T) =>
  v.lazy((input): v.LiteralSchema<false, undefined> | T =>
    input === false ? v.literal(false) : schema,
  );

const plainHeader = v.pipe(v.string(), v.regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII'));
const secretHeader = strict({
  secret: v.pipe(
    v.string('expected the ARN of a secret'),
    v.regex(/^arn:[^:]+:secretsmanager:/, 'expected the ARN of a secret'),
  ),
  key: v.optional(text(256)),
});
const parameterHeader = strict({
  parameter: v.pipe(
    v.string('expected a parameter name or ARN'),
    v.regex(/^(arn:[^:]+:ssm:.+|\/.+)$/, 'expected a parameter name or ARN'),
  ),
});
const headerValue = v.lazy(
  (input): typeof plainHeader | typeof secretHeader | typeof parameterHeader => {
    if (typeof input !== 'object' || input === null) return plainHeader;
    return 'parameter' in input ? parameterHeader : secretHeader;
  },
);

const expectSchema = strict({
  status: v.optional(
    v.pipe(
      oneOrMore(status, 20),
      v.check((one) => typeof one !== 'object' || one.length > 0, 'expected at least one status'),
    ),
    '2xx',
  ),
  headers: v.optional(dictionary(headerName, text(512)), {}),
  contains: v.optional(oneOrMore(text(512), 20), []),
  omits: v.optional(oneOrMore(text(512), 20), []),
  json: v.optional(list(strict({ path: jmespath, equals: v.optional(v.unknown()) }), 20), []),
  latencyMs: v.optional(wholeNumber(1, 60_000)),
});

/** Bodies are sent as they are: the ARN of a secret would go out in its place. */
const isPlain = (body: unknown): boolean =>
  !v.is(secretHeader, body) && !v.is(parameterHeader, body);

export const checkSchema = strict({
  name: v.optional(v.pipe(text(60), v.regex(/^[\x20-\x7e]+$/, 'expected printable ASCII'))),
  method: v.optional(
    v.picklist(
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      'expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS',
    ),
    'GET',
  ),
  path: v.optional(path, '/'),
  headers: v.optional(dictionary(requestHeaderName, headerValue), {}),
  body: v.optional(
    v.pipe(v.unknown(), v.check(isPlain, 'expected no reference: it can stand in headers')),
  ),
  timeoutMs: v.optional(wholeNumber(100, 20_000), 5_000),
  critical: v.optional(v.boolean(), true),
  expect: v.optional(expectSchema, {}),
});

export const comparisonSchema = strict({
  enabled: v.optional(v.boolean(), true),
  checks: v.optional(list(text(60), sampledChecksMax), []),
  marginRatio: v.optional(numberFrom(1, 10), 1.1),
  floorMs: v.optional(numberFrom(0, 10_000), 5),
  excludeRatio: v.optional(numberFrom(1.01, 20), 1.25),
});

const revisionFact = v.picklist(
  ['image-digest', 'revision-id', 'task-definition'],
  'expected "image-digest", "revision-id", "task-definition" or {"text": …}',
);
const literalText = strict({ text: text(512) });
const identityEquals = v.lazy((input): typeof revisionFact | typeof literalText =>
  typeof input === 'object' && input !== null ? literalText : revisionFact,
);
const identitySchema = v.pipe(
  strict({
    header: v.optional(headerName),
    json: v.optional(jmespath),
    path: v.optional(path),
    equals: identityEquals,
    container: v.optional(text(255)),
  }),
  v.check(
    ({ header, json }) => (header === undefined) !== (json === undefined),
    'expected either header or json: where the answer says who it is',
  ),
);

/** What begins like the one thing that can be filled in is that, or a mistake. */
const dimension = v.pipe(
  text(1024),
  v.check(
    (value) => !value.startsWith('$') || value === greenTargetGroupToken,
    `expected ${greenTargetGroupToken} or a value without $`,
  ),
);

const metricSchema = v.pipe(
  strict({
    name: v.optional(text(60)),
    namespace: text(255),
    metricName: text(255),
    dimensions: v.optional(dictionary(text(255), dimension), {}),
    stat: v.optional(text(20), 'Sum'),
    periodSeconds: v.optional(
      v.picklist(
        [60, 120, 180, 300, 600, 900, 3600],
        'expected 60, 120, 180, 300, 600, 900 or 3600',
      ),
      60,
    ),
    windowMinutes: v.optional(wholeNumber(1, 180), 5),
    max: v.optional(v.number()),
    min: v.optional(v.number()),
    missing: v.optional(v.picklist(['pass', 'wait'], 'expected "pass" or "wait"'), 'pass'),
  }),
  v.check(({ max, min }) => max !== undefined || min !== undefined, 'expected max, min or both'),
  v.check(
    ({ windowMinutes, periodSeconds }) => windowMinutes * 60 >= periodSeconds,
    'expected windowMinutes as long as periodSeconds at least',
  ),
);

const url = v.pipe(
  text(1024),
  v.regex(/^https?:\/\/[^/?#\s]+\/?$/, 'expected http(s)://host[:port] without a path'),
);

/** What `hookDetails` may say; every default stands here and in the function's README. */
export const detailsSchema = strict({
  mode: v.optional(
    v.picklist(['off', 'observe', 'enforce'], 'expected "off", "observe" or "enforce"'),
  ),
  checks: v.optional(list(checkSchema, checksMax), [{}]),
  samples: v.optional(
    v.pipe(
      v.number(),
      v.check(
        (count) => count === 0 || (Number.isInteger(count) && count >= 20 && count <= 200),
        'expected 0 (no sampling) or a whole number from 20 to 200',
      ),
    ),
    200,
  ),
  warmUp: v.optional(wholeNumber(0, 20), 5),
  requestsPerSecond: v.optional(wholeNumber(1, 20), 20),
  concurrency: v.optional(wholeNumber(1, 10), 10),
  comparison: v.optional(switchedOffOr(comparisonSchema), {}),
  identity: v.optional(identitySchema),
  targets: v.optional(
    switchedOffOr(strict({ healthyMin: v.optional(wholeNumber(1, 1000), 1) })),
    {},
  ),
  alarms: v.optional(list(text(255), 50), []),
  metrics: v.optional(list(metricSchema, 20), []),
  endpoint: v.optional(
    strict({
      url: v.optional(url),
      blueUrl: v.optional(url),
      host: v.optional(
        v.pipe(v.string(), v.regex(/^[A-Za-z0-9.-]+(:\d+)?$/, 'expected a host name')),
      ),
      protocol: v.optional(v.picklist(['http', 'https'], 'expected "http" or "https"')),
      container: v.optional(text(255)),
      verifyCertificate: v.optional(v.boolean(), true),
    }),
    {},
  ),
  deadlineMinutes: v.optional(wholeNumber(1, 1_380), 15),
});

export type Details = v.InferOutput<typeof detailsSchema>;
export type CheckDetails = v.InferOutput<typeof checkSchema>;
export type MetricDetails = v.InferOutput<typeof metricSchema>;
export type HeaderDetails = v.InferOutput<typeof headerValue>;
