import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksUpTo } from '../../functions/deployment-hook/measure.ts';
import { defaultComparisonPolicy, judgeComparison } from '../../shared/domain/comparison.ts';
import type { GateConfig } from '../../shared/domain/gate-config.ts';
import {
  detailsCharsMax,
  parseGateConfig,
  readRawDetails,
} from '../../shared/events/hook-details.ts';
import { checksMax } from '../../shared/events/hook-details-schema.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';

const parse = (value: unknown): GateConfig => parseGateConfig(readRawDetails(value).config);
const parseChecks = (...checks: readonly unknown[]) => parse({ checks }).checks;
const text = (chars: number): string => 'x'.repeat(chars);

const plainCheck = {
  name: 'GET /',
  method: 'GET',
  path: '/',
  headers: {},
  timeoutMs: 5_000,
  isCritical: true,
  expect: {
    status: [{ from: 200, to: 299 }],
    headers: {},
    contains: [],
    omits: [],
    json: [],
  },
};

/** What a service gets that says nothing. */
const defaults: GateConfig = {
  mode: undefined,
  checks: [plainCheck],
  samples: { max: 200, warmUp: 5, perSecond: 20, inFlight: 10 },
  comparison: { isEnabled: true, checks: [], marginRatio: 1.1, floorMs: 5, excludeRatio: 1.25 },
  targets: { mustBeHealthy: true, healthyMin: 1 },
  alarms: [],
  metrics: [],
  endpoint: { verifiesCertificate: true },
  identity: undefined,
  deadlineMinutes: 15,
};

describe('hookDetails that say nothing', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['an empty text', ''],
    ['blanks', ' \n'],
    ['an empty object as text', '{}'],
  ])('%s gives every default', (_, value) => {
    expect(parse(value)).toEqual(defaults);
  });
});

describe('good hookDetails', () => {
  it.each<readonly [string, unknown, Partial<GateConfig>]>([
    ['a mode', { mode: 'off' }, { mode: 'off' }],
    ['a text of JSON, as CloudFormation wants it', '{"mode":"observe"}', { mode: 'observe' }],
    ['no sampling', { samples: 0 }, { samples: { ...defaults.samples, max: 0 } }],
    [
      'sampling at its lower bounds',
      { samples: 20, warmUp: 0, requestsPerSecond: 1, concurrency: 1 },
      { samples: { max: 20, warmUp: 0, perSecond: 1, inFlight: 1 } },
    ],
    [
      'sampling at its upper bounds',
      { samples: 200, warmUp: 20, requestsPerSecond: 20, concurrency: 10 },
      { samples: { max: 200, warmUp: 20, perSecond: 20, inFlight: 10 } },
    ],
    [
      'no comparison',
      { comparison: false },
      { comparison: { ...defaults.comparison, isEnabled: false } },
    ],
    [
      'a comparison that is not enabled',
      { comparison: { enabled: false } },
      { comparison: { ...defaults.comparison, isEnabled: false } },
    ],
    [
      'a comparison at its bounds',
      { comparison: { checks: ['GET /'], marginRatio: 1, floorMs: 0, excludeRatio: 1.01 } },
      {
        comparison: {
          isEnabled: true,
          checks: ['GET /'],
          marginRatio: 1,
          floorMs: 0,
          excludeRatio: 1.01,
        },
      },
    ],
    [
      'targets that are not asked for',
      { targets: false },
      { targets: { mustBeHealthy: false, healthyMin: 1 } },
    ],
    [
      'more healthy targets',
      { targets: { healthyMin: 3 } },
      { targets: { mustBeHealthy: true, healthyMin: 3 } },
    ],
    [
      'alarms in place of checks',
      { checks: [], alarms: ['cart-5xx'] },
      { checks: [], alarms: ['cart-5xx'] },
    ],
    [
      'a metric with every default',
      { metrics: [{ namespace: 'Shop', metricName: 'Failures', max: 3 }] },
      {
        metrics: [
          {
            name: 'Failures',
            namespace: 'Shop',
            metricName: 'Failures',
            dimensions: {},
            stat: 'Sum',
            periodSeconds: 60,
            windowMinutes: 5,
            max: 3,
            missing: 'pass',
          },
        ],
      },
    ],
    [
      'a metric with everything',
      {
        metrics: [
          {
            name: 'answers',
            namespace: 'AWS/ApplicationELB',
            metricName: 'RequestCount',
            dimensions: { TargetGroup: '$greenTargetGroup' },
            stat: 'p99',
            periodSeconds: 300,
            windowMinutes: 180,
            min: 0,
            max: 10,
            missing: 'wait',
          },
        ],
      },
      {
        metrics: [
          {
            name: 'answers',
            namespace: 'AWS/ApplicationELB',
            metricName: 'RequestCount',
            dimensions: { TargetGroup: '$greenTargetGroup' },
            stat: 'p99',
            periodSeconds: 300,
            windowMinutes: 180,
            min: 0,
            max: 10,
            missing: 'wait',
          },
        ],
      },
    ],
    [
      'an endpoint of its own',
      {
        endpoint: {
          url: 'https://green.internal:8443/',
          blueUrl: 'http://blue.internal',
          host: 'shop.example.com:8443',
          container: 'web',
          verifyCertificate: false,
        },
        identity: { header: 'X-Revision', equals: 'revision-id' },
      },
      {
        endpoint: {
          url: 'https://green.internal:8443/',
          blueUrl: 'http://blue.internal',
          host: 'shop.example.com:8443',
          container: 'web',
          verifiesCertificate: false,
        },
        identity: { from: { header: 'x-revision' }, equals: { kind: 'revision-id' } },
      },
    ],
    [
      'what targets speak behind a TCP listener',
      { endpoint: { protocol: 'https' } },
      { endpoint: { protocol: 'https', verifiesCertificate: true } },
    ],
    ['the shortest deadline', { deadlineMinutes: 1 }, { deadlineMinutes: 1 }],
    ['the longest deadline', { deadlineMinutes: 1_380 }, { deadlineMinutes: 1_380 }],
    [
      'a digest in a header',
      { identity: { header: 'X-Image', equals: 'image-digest', container: 'web' } },
      {
        identity: {
          from: { header: 'x-image' },
          equals: { kind: 'image-digest', container: 'web' },
        },
      },
    ],
    [
      'a revision in the body',
      { identity: { json: 'build.revision', equals: 'revision-id' } },
      { identity: { from: { json: 'build.revision' }, equals: { kind: 'revision-id' } } },
    ],
    [
      'a text of its own',
      { identity: { json: 'commit', equals: { text: '3f2c1' } } },
      { identity: { from: { json: 'commit' }, equals: { kind: 'text', text: '3f2c1' } } },
    ],
  ])('with %s are read', (_, value, wanted) => {
    expect(parse(value)).toEqual({ ...defaults, ...wanted });
  });

  it('with an identity that has a path of its own get a check for it', () => {
    const config = parse({
      identity: { header: 'x-task', path: '/version', equals: 'task-definition' },
    });
    expect(config.checks.map(({ name, path }) => [name, path])).toEqual([
      ['GET /', '/'],
      ['identity', '/version'],
    ]);
    expect(config.identity).toEqual({
      check: 'identity',
      from: { header: 'x-task' },
      equals: { kind: 'task-definition' },
    });
  });

  it.each<readonly [string, object, object]>([
    ['nothing', {}, {}],
    ['a path', { path: '/cart?x=1' }, { name: 'GET /cart?x=1', path: '/cart?x=1' }],
    [
      'a path longer than a name may be',
      { path: `/${text(1_023)}` },
      { name: `GET /${text(55)}`, path: `/${text(1_023)}` },
    ],
    ['a method', { method: 'HEAD' }, { name: 'HEAD /', method: 'HEAD' }],
    ['the shortest timeout', { timeoutMs: 100 }, { timeoutMs: 100 }],
    ['the longest timeout', { timeoutMs: 20_000 }, { timeoutMs: 20_000 }],
    ['a text to send', { body: 'a=1' }, { body: 'a=1' }],
    [
      'JSON to send',
      { method: 'POST', body: { a: [1] } },
      {
        name: 'POST /',
        method: 'POST',
        body: '{"a":[1]}',
        headers: { 'content-type': { kind: 'text', text: 'application/json' } },
      },
    ],
    [
      'JSON to send, and its own content type',
      { method: 'PUT', body: null, headers: { 'Content-Type': 'application/x+json' } },
      {
        name: 'PUT /',
        method: 'PUT',
        body: 'null',
        headers: { 'content-type': { kind: 'text', text: 'application/x+json' } },
      },
    ],
    [
      'headers from everywhere',
      {
        headers: {
          Accept: 'text/html',
          Authorization: {
            secret: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:token',
          },
          'X-Key': {
            secret: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:k',
            key: 'a',
          },
          'X-User': { parameter: '/shop/test-user' },
        },
      },
      {
        headers: {
          accept: { kind: 'text', text: 'text/html' },
          authorization: {
            kind: 'secret',
            secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:token',
          },
          'x-key': {
            kind: 'secret',
            secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:k',
            key: 'a',
          },
          'x-user': { kind: 'parameter', name: '/shop/test-user' },
        },
      },
    ],
    [
      'every expectation',
      {
        expect: {
          status: [200, '3xx', '404-410'],
          headers: { 'Content-Type': 'text/*' },
          contains: 'cart',
          omits: ['error', 'stack'],
          json: [{ path: 'status', equals: 'up' }, { path: 'items[0]' }],
          latencyMs: 800,
        },
      },
      {
        expect: {
          status: [
            { from: 200, to: 200 },
            { from: 300, to: 399 },
            { from: 404, to: 410 },
          ],
          headers: { 'content-type': 'text/*' },
          contains: ['cart'],
          omits: ['error', 'stack'],
          json: [{ path: 'status', equals: 'up' }, { path: 'items[0]' }],
          latencyMsMax: 800,
        },
      },
    ],
  ])('with a check that has %s are read', (_, settings, wanted) => {
    expect(parseChecks(settings)).toEqual([{ ...plainCheck, ...wanted }]);
  });

  it('may have as many checks as the bound says, but for one that is not critical', () => {
    const checks = Array.from({ length: checksMax }, (__, at) => ({
      name: `${at}`,
      critical: at > 0,
    }));
    expect(parseChecks(...checks).map(({ isCritical }) => isCritical)).toEqual(
      checks.map(({ critical }) => critical),
    );
  });

  it('keep the state apart from what is echoed', () => {
    expect(readRawDetails({ mode: 'off', ballastState: 'x', checks: 1 })).toEqual({
      config: { mode: 'off', checks: 1 },
      state: 'x',
    });
  });
});

const at = (key: string, sentence: string): string => `hookDetails${key}: ${sentence}`;
const check = (settings: unknown) => ({ checks: [settings] });
const expecting = (settings: unknown) => check({ expect: settings });
const metric = (settings: object) => ({
  metrics: [{ namespace: 'Shop', metricName: 'Failures', max: 1, ...settings }],
});
const whole = (from: number, to: number): string => `expected a whole number from ${from} to ${to}`;

describe('hookDetails that cannot be taken apart', () => {
  it.each([
    [
      'a text that is not JSON',
      'checks=/',
      'expected a JSON object, got a string that is not JSON',
    ],
    ['a text that is a list', '[1]', 'expected a JSON object, got an array'],
    ['a text that is a text', '"a"', 'expected a JSON object, got a string'],
    ['a text that is null', 'null', 'expected a JSON object, got null'],
    ['a list', [], 'expected a JSON object, got an array'],
    ['a number', 7, 'expected a JSON object, got a number'],
    ['true', true, 'expected a JSON object, got a boolean'],
    [
      'more than fits',
      { note: text(detailsCharsMax) },
      `expected at most ${detailsCharsMax} characters of JSON, got ${detailsCharsMax + 11}`,
    ],
  ])('%s is refused', (_, value, sentence) => {
    expect(() => readRawDetails(value)).toThrow(new MalformedInput(`hookDetails: ${sentence}`));
  });

  it('are taken apart as long as they fit, whatever the state beside them needs', () => {
    const note = text(detailsCharsMax - 11);
    expect(readRawDetails({ note, ballastState: text(9_000) }).config).toEqual({ note });
  });
});

describe('a key that is not known is refused with the nearest known one', () => {
  it.each([
    ['at the top', { chekcs: [] }, at('', 'unknown key "chekcs"; did you mean "checks"?')],
    [
      'of a check',
      check({ expects: {} }),
      at('.checks[0]', 'unknown key "expects"; did you mean "expect"?'),
    ],
    [
      'of what a check expects',
      expecting({ statuses: 200 }),
      at('.checks[0].expect', 'unknown key "statuses"; did you mean "status"?'),
    ],
    [
      'of an assertion on JSON',
      expecting({ json: [{ path: 'a', equal: 1 }] }),
      at('.checks[0].expect.json[0]', 'unknown key "equal"; did you mean "equals"?'),
    ],
    [
      'of a secret',
      check({ headers: { a: { secrets: 'x' } } }),
      at('.checks[0].headers.a', 'unknown key "secrets"; did you mean "secret"?'),
    ],
    [
      'of a parameter',
      check({ headers: { a: { parameter: '/x', version: 1 } } }),
      at('.checks[0].headers.a', 'unknown key "version"; known keys: parameter'),
    ],
    [
      'of the comparison',
      { comparison: { margin: 1.2 } },
      at('.comparison', 'unknown key "margin"; did you mean "marginRatio"?'),
    ],
    [
      'of the identity',
      { identity: { heder: 'x' } },
      at('.identity', 'unknown key "heder"; did you mean "header"?'),
    ],
    [
      'of a text to compare with',
      { identity: { header: 'x', equals: { txt: 'a' } } },
      at('.identity.equals', 'unknown key "txt"; did you mean "text"?'),
    ],
    [
      'of the targets',
      { targets: { healthy: 2 } },
      at('.targets', 'unknown key "healthy"; did you mean "healthyMin"?'),
    ],
    [
      'of a metric',
      metric({ period: 60 }),
      at('.metrics[0]', 'unknown key "period"; did you mean "periodSeconds"?'),
    ],
    [
      'of the endpoint',
      { endpoint: { hostname: 'a' } },
      at('.endpoint', 'unknown key "hostname"; did you mean "host"?'),
    ],
    [
      'that is near none',
      { targets: { zzzzzzzzzzz: 1 } },
      at('.targets', 'unknown key "zzzzzzzzzzz"; known keys: healthyMin'),
    ],
  ])('%s', (_, value, sentence) => {
    expect(() => parse(value)).toThrow(new MalformedInput(sentence));
  });
});

describe('a wrong value is refused by name', () => {
  it.each<readonly [unknown, string]>([
    [{ mode: 'Enforce' }, at('.mode', 'expected "off", "observe" or "enforce", got "Enforce"')],
    [{ mode: 'opt-in' }, at('.mode', 'expected "off", "observe" or "enforce", got "opt-in"')],
    [{ checks: {} }, at('.checks', 'expected a list')],
    [{ checks: 'GET /' }, at('.checks', 'expected a list, got "GET /"')],
    [check('GET /'), at('.checks[0]', 'expected an object, got "GET /"')],
    [check([]), at('.checks[0]', 'expected an object')],
    [
      { checks: Array.from({ length: checksMax + 1 }, (_, name) => ({ name: `${name}` })) },
      at('.checks', `expected at most ${checksMax} items, got ${checksMax + 1}`),
    ],
    [{ samples: 19 }, at('.samples', `${samplesWish()}, got 19`)],
    [{ samples: 201 }, at('.samples', `${samplesWish()}, got 201`)],
    [{ samples: 20.5 }, at('.samples', `${samplesWish()}, got 20.5`)],
    [{ samples: '50' }, at('.samples', 'expected a number, got "50"')],
    [{ warmUp: -1 }, at('.warmUp', `${whole(0, 20)}, got -1`)],
    [{ warmUp: 21 }, at('.warmUp', `${whole(0, 20)}, got 21`)],
    [{ requestsPerSecond: 0 }, at('.requestsPerSecond', `${whole(1, 20)}, got 0`)],
    [{ requestsPerSecond: 21 }, at('.requestsPerSecond', `${whole(1, 20)}, got 21`)],
    [{ concurrency: 0 }, at('.concurrency', `${whole(1, 10)}, got 0`)],
    [{ concurrency: 11 }, at('.concurrency', `${whole(1, 10)}, got 11`)],
    [{ concurrency: 1.5 }, at('.concurrency', 'expected a whole number, got 1.5')],
    [{ comparison: true }, at('.comparison', 'expected an object, got true')],
    [{ comparison: null }, at('.comparison', 'expected an object, got null')],
    [{ comparison: { enabled: 1 } }, at('.comparison.enabled', 'expected true or false, got 1')],
    [
      { comparison: { marginRatio: 0.99 } },
      at('.comparison.marginRatio', 'expected a number from 1 to 10, got 0.99'),
    ],
    [
      { comparison: { marginRatio: 10.1 } },
      at('.comparison.marginRatio', 'expected a number from 1 to 10, got 10.1'),
    ],
    [
      { comparison: { floorMs: -1 } },
      at('.comparison.floorMs', 'expected a number from 0 to 10000, got -1'),
    ],
    [
      { comparison: { floorMs: 10_001 } },
      at('.comparison.floorMs', 'expected a number from 0 to 10000, got 10001'),
    ],
    [
      { comparison: { excludeRatio: 1 } },
      at('.comparison.excludeRatio', 'expected a number from 1.01 to 20, got 1'),
    ],
    [
      { comparison: { excludeRatio: 20.1 } },
      at('.comparison.excludeRatio', 'expected a number from 1.01 to 20, got 20.1'),
    ],
    [
      { comparison: { marginRatio: 1.25 } },
      at('.comparison.excludeRatio', 'expected more than marginRatio (1.25), got 1.25'),
    ],
    [
      { comparison: { checks: ['a', 'b', 'c', 'd', 'e'] } },
      at('.comparison.checks', 'expected at most 4 items, got 5'),
    ],
    [{ targets: true }, at('.targets', 'expected an object, got true')],
    [{ targets: [] }, at('.targets', 'expected an object')],
    [{ targets: { healthyMin: 0 } }, at('.targets.healthyMin', `${whole(1, 1000)}, got 0`)],
    [{ targets: { healthyMin: 1001 } }, at('.targets.healthyMin', `${whole(1, 1000)}, got 1001`)],
    [{ alarms: 'a' }, at('.alarms', 'expected a list, got "a"')],
    [{ alarms: [''] }, at('.alarms[0]', 'expected text, got ""')],
    [{ alarms: [text(256)] }, at('.alarms[0]', 'expected at most 255 characters, got 256')],
    [
      { alarms: Array.from({ length: 51 }, () => 'a') },
      at('.alarms', 'expected at most 50 items, got 51'),
    ],
    [{ metrics: [{}] }, at('.metrics[0].namespace', 'expected a value, got nothing')],
    [metric({ max: undefined }), at('.metrics[0]', 'expected max, min or both')],
    [metric({ max: '1' }), at('.metrics[0].max', 'expected a number, got "1"')],
    [
      metric({ missing: 'fail' }),
      at('.metrics[0].missing', 'expected "pass" or "wait", got "fail"'),
    ],
    [
      metric({ periodSeconds: 30 }),
      at('.metrics[0].periodSeconds', 'expected 60, 120, 180, 300, 600, 900 or 3600, got 30'),
    ],
    [
      metric({ periodSeconds: 600, windowMinutes: 9 }),
      at('.metrics[0]', 'expected windowMinutes as long as periodSeconds at least'),
    ],
    [
      metric({ dimensions: { TargetGroup: '$greenTargetgroup' } }),
      at(
        '.metrics[0].dimensions.TargetGroup',
        'expected $greenTargetGroup or a value without $, got "$greenTargetgroup"',
      ),
    ],
    [metric({ windowMinutes: 0 }), at('.metrics[0].windowMinutes', `${whole(1, 180)}, got 0`)],
    [metric({ windowMinutes: 181 }), at('.metrics[0].windowMinutes', `${whole(1, 180)}, got 181`)],
    [metric({ dimensions: [] }), at('.metrics[0].dimensions', 'expected an object')],
    [metric({ dimensions: { A: 1 } }), at('.metrics[0].dimensions.A', 'expected text, got 1')],
    [
      { endpoint: { url: 'http://green/health' } },
      at(
        '.endpoint.url',
        'expected http(s)://host[:port] without a path, got "http://green/health"',
      ),
    ],
    [
      { endpoint: { blueUrl: 'ftp://blue' } },
      at('.endpoint.blueUrl', 'expected http(s)://host[:port] without a path, got "ftp://blue"'),
    ],
    [
      { endpoint: { protocol: 'tls' } },
      at('.endpoint.protocol', 'expected "http" or "https", got "tls"'),
    ],
    [{ endpoint: { host: 'a b' } }, at('.endpoint.host', 'expected a host name, got "a b"')],
    [
      { endpoint: { verifyCertificate: 'no' } },
      at('.endpoint.verifyCertificate', 'expected true or false, got "no"'),
    ],
    [{ endpoint: [] }, at('.endpoint', 'expected an object')],
    [{ deadlineMinutes: 0 }, at('.deadlineMinutes', `${whole(1, 1380)}, got 0`)],
    [{ deadlineMinutes: 1_381 }, at('.deadlineMinutes', `${whole(1, 1380)}, got 1381`)],
  ])('%j', (value, sentence) => {
    expect(() => parse(value)).toThrow(new MalformedInput(sentence));
  });

  it.each<readonly [unknown, string]>([
    [{ name: '' }, at('.checks[0].name', 'expected text, got ""')],
    [
      { body: { parameter: '/shop/token' } },
      at('.checks[0].body', 'expected no reference: it can stand in headers'),
    ],
    [{ name: text(61) }, at('.checks[0].name', 'expected at most 60 characters, got 61')],
    [{ name: 'Wörter' }, at('.checks[0].name', 'expected printable ASCII, got "Wörter"')],
    [
      { method: 'get' },
      at('.checks[0].method', 'expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, got "get"'),
    ],
    [
      { path: 'cart' },
      at('.checks[0].path', 'expected a path that starts with / and has no spaces, got "cart"'),
    ],
    [
      { path: '/a b' },
      at('.checks[0].path', 'expected a path that starts with / and has no spaces, got "/a b"'),
    ],
    [
      { path: `/${text(1_024)}` },
      at('.checks[0].path', 'expected at most 1024 characters, got 1025'),
    ],
    [{ timeoutMs: 99 }, at('.checks[0].timeoutMs', `${whole(100, 20_000)}, got 99`)],
    [{ timeoutMs: 20_001 }, at('.checks[0].timeoutMs', `${whole(100, 20_000)}, got 20001`)],
    [{ critical: 'yes' }, at('.checks[0].critical', 'expected true or false, got "yes"')],
    [{ headers: [] }, at('.checks[0].headers', 'expected an object')],
    [
      { headers: { 'a b': '1' } },
      at('.checks[0].headers.a b', 'expected a header name, got "a b"'),
    ],
    [{ headers: { a: 1 } }, at('.checks[0].headers.a', 'expected text, got 1')],
    [
      { headers: { a: 'x\ny' } },
      at('.checks[0].headers.a', 'expected printable ASCII, got "x\ny"'),
    ],
    [
      { headers: { a: { secret: 'token' } } },
      at('.checks[0].headers.a.secret', 'expected the ARN of a secret, got "token"'),
    ],
    [{ headers: { a: {} } }, at('.checks[0].headers.a.secret', 'expected a value, got nothing')],
    [
      { headers: { a: { parameter: 'token' } } },
      at('.checks[0].headers.a.parameter', 'expected a parameter name or ARN, got "token"'),
    ],
  ])('of a check: %j', (settings, sentence) => {
    expect(() => parse(check(settings))).toThrow(new MalformedInput(sentence));
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'connection'])(
    'of a check: the header %s, which the connection sets',
    (name) => {
      const wish =
        'expected a header that is not set by the connection (for Host see endpoint.host)';
      expect(() => parse(check({ headers: { [name]: 'x' } }))).toThrow(
        new MalformedInput(at(`.checks[0].headers.${name}`, `${wish}, got "${name}"`)),
      );
    },
  );

  it.each<readonly [unknown, string]>([
    [{ status: 99 }, at('.status', `${whole(100, 599)}, got 99`)],
    [{ status: 600 }, at('.status', `${whole(100, 599)}, got 600`)],
    [{ status: [] }, at('.status', 'expected at least one status')],
    [
      { status: '6xx' },
      at('.status', 'expected a status such as 200, "2xx" or "200-299", got "6xx"'),
    ],
    [
      { status: [200, '20x'] },
      at('.status[1]', 'expected a status such as 200, "2xx" or "200-299", got "20x"'),
    ],
    [
      { status: '299-200' },
      at('.status', 'expected a status such as 200, "2xx" or "200-299", got "299-200"'),
    ],
    [{ headers: { 'a b': 'x' } }, at('.headers.a b', 'expected a header name, got "a b"')],
    [{ contains: [1] }, at('.contains[0]', 'expected text, got 1')],
    [{ omits: true }, at('.omits', 'expected text or a list, got true')],
    [{ contains: [text(513)] }, at('.contains[0]', 'expected at most 512 characters, got 513')],
    [
      { json: [{ path: 'items[' }] },
      at('.json[0].path', 'expected a JMESPath expression (it does not parse), got "items["'),
    ],
    [
      { json: [{ path: 'nosuch(@)' }] },
      at(
        '.json[0].path',
        'expected a JMESPath expression (unknown function nosuch()), got "nosuch(@)"',
      ),
    ],
    [
      { json: [{ path: 'items[?contains(name)]' }] },
      at(
        '.json[0].path',
        'expected a JMESPath expression (contains() with 1 arguments, it takes 2), got "items[?contains(name)]"',
      ),
    ],
    [{ json: [{ equals: 1 }] }, at('.json[0].path', 'expected a value, got nothing')],
    [{ latencyMs: 0 }, at('.latencyMs', `${whole(1, 60_000)}, got 0`)],
    [{ latencyMs: 60_001 }, at('.latencyMs', `${whole(1, 60_000)}, got 60001`)],
  ])('of what a check expects: %j', (settings, sentence) => {
    const placed = sentence.replace('hookDetails', 'hookDetails.checks[0].expect');
    expect(() => parse(expecting(settings))).toThrow(new MalformedInput(placed));
  });

  it.each<readonly [unknown, string]>([
    [
      { equals: 'revision-id' },
      at('.identity', 'expected either header or json: where the answer says who it is'),
    ],
    [
      { header: 'a', json: 'b', equals: 'revision-id' },
      at('.identity', 'expected either header or json: where the answer says who it is'),
    ],
    [{ header: 'a' }, at('.identity.equals', 'expected a value, got nothing')],
    [
      { header: 'a', equals: 'digest' },
      at(
        '.identity.equals',
        'expected "image-digest", "revision-id", "task-definition" or {"text": …}, got "digest"',
      ),
    ],
    [
      { json: 'a[', equals: 'revision-id' },
      at('.identity.json', 'expected a JMESPath expression (it does not parse), got "a["'),
    ],
  ])('of the identity: %j', (identity, sentence) => {
    expect(() => parse({ identity })).toThrow(new MalformedInput(sentence));
  });
});

function samplesWish(): string {
  return 'expected 0 (no sampling) or a whole number from 20 to 200';
}

describe('settings that do not go together are refused', () => {
  const noProof = at(
    '.checks',
    'expected at least one critical check, or alarms or metrics in its place',
  );
  it.each<readonly [string, unknown, string]>([
    ['no check and nothing in its place', { checks: [] }, noProof],
    [
      'an address of its own, and nothing that says who answers',
      { endpoint: { url: 'http://green' } },
      at('.identity', 'expected beside endpoint.url: nothing else shows that it leads to green'),
    ],
    [
      'an address for blue alone',
      { endpoint: { blueUrl: 'http://blue' } },
      at('.endpoint.blueUrl', 'expected only beside endpoint.url'),
    ],
    [
      'an address and a protocol beside it',
      { endpoint: { url: 'http://green', protocol: 'https' } },
      at('.endpoint.protocol', 'expected only without endpoint.url'),
    ],
    ['one check, which never decides', check({ critical: false }), noProof],
    [
      'checks of which none decides',
      {
        checks: [
          { path: '/a', critical: false },
          { path: '/b', critical: false },
        ],
        alarms: [],
      },
      noProof,
    ],
    [
      'two checks of one name',
      { checks: [{ name: 'cart' }, { name: 'cart', path: '/cart' }] },
      at('.checks', 'expected distinct names, got "cart" twice'),
    ],
    [
      'two checks of one method and path',
      { checks: [{}, {}] },
      at('.checks', 'expected distinct names, got "GET /" twice'),
    ],
    [
      'a check that has the name of the added one',
      {
        checks: [{ name: 'identity' }],
        identity: { header: 'a', equals: 'revision-id', path: '/version' },
      },
      at('.checks', 'expected distinct names, got "identity" twice'),
    ],
    [
      'a compared check that does not exist',
      { checks: [{ name: 'cart' }], comparison: { checks: ['carts'] } },
      at('.comparison.checks', 'expected the name of a check, got "carts"; did you mean "cart"?'),
    ],
    [
      'a compared check like no other',
      { checks: [{ name: 'cart' }], comparison: { checks: ['something else'] } },
      at('.comparison.checks', 'expected the name of a check, got "something else"'),
    ],
    [
      'a compared check that changes something',
      { checks: [{ name: 'buy', method: 'POST' }], comparison: { checks: ['buy'] } },
      at('.comparison.checks', 'expected a GET or HEAD check, got "buy" (POST)'),
    ],
    [
      'a comparison of the check that the identity adds',
      {
        identity: { header: 'a', equals: 'revision-id', path: '/version' },
        comparison: { checks: ['identity'] },
      },
      at('.comparison.checks', 'expected the name of a check, got "identity"'),
    ],
  ])('%s', (_, value, sentence) => {
    expect(() => parse(value)).toThrow(new MalformedInput(sentence));
  });

  it.each([
    ['alarms', { alarms: ['cart-5xx'] }],
    ['metrics', metric({})],
    [
      'an identity that is asked for',
      { identity: { json: 'a', equals: 'revision-id', path: '/' } },
    ],
  ])('but a check that never decides is fine beside %s', (_, beside) => {
    expect(parse({ ...check({ critical: false }), ...beside }).checks[0]?.isCritical).toBe(false);
  });
});

describe('whatever comes as hookDetails', () => {
  const keys = [
    ...['mode', 'checks', 'samples', 'warmUp', 'requestsPerSecond', 'concurrency', 'comparison'],
    ...['identity', 'targets', 'alarms', 'metrics', 'endpoint', 'deadlineMinutes', 'ballastState'],
    ...['name', 'method', 'path', 'headers', 'body', 'timeoutMs', 'critical', 'expect', 'status'],
    ...['contains', 'json', 'equals', 'header', 'secret', 'enabled', 'marginRatio', 'url', 'host'],
    ...['namespace', 'metricName', 'max', 'min', 'healthyMin', 'excludeRatio', '__proto__'],
  ];
  const words = ['off', 'GET', 'POST', '/', '/cart', '2xx', 'a.b', 'a[', 'revision-id', 'a', ''];
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      fc.constantFrom<unknown>(...words, null, true, false, 0, 1, 20, 1.2, 200),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
      fc.jsonValue(),
    ),
  }));
  const plausible = fc.record(
    {
      mode: fc.constantFrom<unknown>('off', 'observe', 'enforce'),
      checks: fc.array(
        fc.record(
          {
            name: fc.constantFrom('a', 'b', 'c'),
            path: fc.constantFrom('/', '/a'),
            critical: fc.boolean(),
            method: fc.constantFrom('GET', 'POST'),
            body: fc.jsonValue(),
            expect: fc.oneof(fc.constant({ status: '2xx', json: [{ path: 'a' }] }), value),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      samples: fc.constantFrom(0, 20, 50, 99, 200),
      comparison: fc.oneof(
        fc.constant(false),
        fc.record(
          {
            marginRatio: fc.double({ min: 1, max: 3 }),
            excludeRatio: fc.double({ min: 1, max: 4 }),
          },
          { requiredKeys: [] },
        ),
      ),
      targets: fc.oneof(fc.constant(false), fc.record({ healthyMin: fc.nat(5) })),
      alarms: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      identity: fc.oneof(fc.constant({ json: 'a', equals: 'revision-id', path: '/v' }), value),
      endpoint: value,
    },
    { requiredKeys: [] },
  );
  const anything = fc.oneof(
    value,
    plausible,
    value.map((one) => JSON.stringify(one)),
    fc.string(),
  );

  const attempt = (from: unknown): GateConfig | MalformedInput => {
    try {
      return parse(from);
    } catch (error) {
      if (error instanceof MalformedInput) return error;
      throw error;
    }
  };

  it('either is a complete configuration or is refused in one sentence', () =>
    fc.assert(
      fc.property(anything, (from) => {
        const result = attempt(from);
        if (result instanceof MalformedInput) {
          expect(result.message).toMatch(/^hookDetails[^:]*: /s);
          return;
        }
        expect(Object.keys(result).sort()).toEqual(Object.keys(defaults).sort());
        for (const part of ['samples', 'comparison', 'targets'] as const) {
          expect(Object.keys(result[part]).sort()).toEqual(Object.keys(defaults[part]).sort());
        }
        for (const one of result.checks) expect(one).toMatchObject(requiredOfCheck);
        const proves = result.checks.some(({ isCritical }) => isCritical);
        expect(proves || result.alarms.length + result.metrics.length > 0).toBe(true);
      }),
      { numRuns: 2_000 },
    ));

  const requiredOfCheck = {
    name: expect.any(String),
    method: expect.any(String),
    path: expect.stringMatching(/^\//),
    headers: expect.any(Object),
    timeoutMs: expect.any(Number),
    isCritical: expect.any(Boolean),
    expect: {
      status: expect.any(Array),
      headers: expect.any(Object),
      contains: expect.any(Array),
      omits: expect.any(Array),
      json: expect.any(Array),
    },
  };

  it('never becomes a policy that the comparison refuses', () =>
    fc.assert(
      fc.property(plausible, (from) => {
        const result = attempt(from);
        if (result instanceof MalformedInput || result.samples.max === 0) return;
        const side = { latenciesMs: [], errors: 0 };
        const policy = {
          ...defaultComparisonPolicy,
          ...result.comparison,
          looks: looksUpTo(result.samples.max),
        };
        expect(judgeComparison(side, side, policy).reason).toBe('more-samples-needed');
      }),
      { numRuns: 500 },
    ));
});
