import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  endpointOf,
  judgeRouting,
  type Listener,
  type ListenerRule,
  literalOf,
  matchesPattern,
  mayIntercept,
  type RuleCondition,
  routedPath,
} from '../../shared/domain/listener-rule.ts';

const listener: Listener = {
  protocol: 'HTTP',
  port: 80,
  dnsName: 'lb.example',
  kind: 'application',
};
const rule = (...conditions: RuleCondition[]): ListenerRule => ({
  priority: 10,
  conditions,
  targetGroups: [],
});
const options = { verifiesCertificate: true };
const found = (one: ListenerRule, at: Partial<Listener> = {}, host?: string) => {
  const result = endpointOf(one, { ...listener, ...at }, { ...options, host });
  if (result.kind === 'none') throw new Error(result.detail);
  return result;
};

describe('literalOf', () => {
  it.each([
    ['/test/*', '/test/'],
    ['*.example.com', 'x.example.com'],
    ['shop-?.example.com', 'shop-x.example.com'],
    ['*', 'x'],
    ['exact', 'exact'],
  ])('%s becomes %s', (pattern, literal) => expect(literalOf(pattern)).toBe(literal));

  it('is matched by its own pattern', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('/', '*'),
        fc.string({ unit: fc.constantFrom('a', '*', '?', '.', '/') }),
        (start, rest) => matchesPattern(start + rest, literalOf(start + rest)),
      ),
    ));
});

describe('matchesPattern', () => {
  it.each([
    ['/img/*', '/img/', true],
    ['/img/*', '/img/a/b', true],
    ['/img/*', '/img', false],
    ['/img/*/pics', '/img/a/b/pics', true],
    ['*.html', '/a/b.html', true],
    ['/a?c', '/abc', true],
    ['/a?c', '/ac', false],
    ['', '', true],
    ['*', '', true],
    ['**', 'abc', true],
    ['a*b*c', 'aXXbYYc', true],
    ['a*b*c', 'aXXcYYb', false],
  ])('%s and %s: %s', (pattern, text, expected) =>
    expect(matchesPattern(pattern, text)).toBe(expected),
  );

  it('agrees with the regular expression of the same meaning', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }),
        (pattern, text) => {
          const source = pattern.replaceAll('*', '.*').replaceAll('?', '.');
          expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
        },
      ),
    ));
});

describe('routedPath', () => {
  it.each([
    ['no condition: as it is', [], '/health?x=1', '/health?x=1'],
    ['matched: as it is', ['/api/*'], '/api/health', '/api/health'],
    ['matched without its query', ['/api/health'], '/api/health?x=1', '/api/health?x=1'],
    ['under the fixed beginning', ['/test/*'], '/health?x=1', '/test/health?x=1'],
    ['root under the fixed beginning', ['/test/*'], '/', '/test/'],
    ['root on an exact path', ['/ping'], '/', '/ping'],
    ['root on a suffix', ['*.html'], '/', 'x.html'],
    ['another path on an exact one', ['/ping'], '/health', undefined],
    ['root on an exact path before a beginning', ['/a', '/a/*'], '/', '/a'],
    ['the second pattern may fit', ['/a', '/b/*'], '/health', '/b/health'],
  ])('%s', (_, patterns, path, expected) => expect(routedPath(patterns, path)).toBe(expected));
});

describe('endpointOf', () => {
  it('a default rule asks for nothing', () =>
    expect(found(rule()).endpoint).toEqual({
      protocol: 'http',
      address: 'lb.example',
      port: 80,
      host: 'lb.example',
      headers: {},
      query: [],
      pathPatterns: [],
      methods: [],
      reusesConnections: true,
      verifiesCertificate: true,
    }));

  it('every condition becomes something a request can carry', () => {
    const conditions: RuleCondition[] = [
      { kind: 'host', patterns: ['*.shop.example', 'other'] },
      { kind: 'path', patterns: ['/t/*'] },
      { kind: 'header', name: 'X-Environment', patterns: ['test*'] },
      { kind: 'query', pairs: [{ key: 'v', pattern: 'green' }, { pattern: 'y' }] },
      { kind: 'query', pairs: [{ pattern: 'z?' }] },
      { kind: 'method', methods: ['GET'] },
    ];
    expect(found(rule(...conditions), { protocol: 'HTTPS', port: 8443 }).endpoint).toMatchObject({
      protocol: 'https',
      host: 'x.shop.example:8443',
      headers: { 'x-environment': 'test' },
      query: [
        ['v', 'green'],
        ['x', 'zx'],
      ],
      pathPatterns: ['/t/*'],
      methods: ['GET'],
    });
  });

  it('of the hosts that a rule takes the configured one is called', () =>
    expect(
      found(rule({ kind: 'host', patterns: ['*.a', 'B'] }), { protocol: 'HTTPS', port: 443 }, 'b')
        .endpoint,
    ).toMatchObject({ host: 'b', address: 'lb.example' }));

  it('a host that the rule does not take leads elsewhere, and says so', () =>
    expect(
      endpointOf(rule({ kind: 'host', patterns: ['a', '*.a'] }), listener, {
        ...options,
        host: 'b',
      }),
    ).toEqual({
      kind: 'none',
      reason: 'check-not-routed',
      detail: 'the listener rule routes a, *.a, not endpoint.host b',
    }));

  it.each([
    [
      'TCP',
      443,
      undefined,
      'what targets speak behind TCP 443 is not known: set endpoint.protocol',
    ],
    ['TCP', 8443, 'https', 'https'],
    ['TCP', 443, 'http', 'http'],
    ['TCP', 80, undefined, 'http'],
    ['HTTPS', 443, undefined, 'https'],
  ] as const)('%s at %s, endpoint.protocol %s: %s', (protocol, port, asked, expected) => {
    const result = endpointOf(
      rule(),
      { ...listener, protocol, port, kind: 'network' },
      { ...options, protocol: asked },
    );
    expect(result.kind === 'found' ? result.endpoint.protocol : result.detail).toBe(expected);
  });

  it.each([
    ['HTTP', 'application', 'http'],
    ['HTTPS', 'application', 'https'],
    ['TCP', 'network', 'http'],
    ['TCP_UDP', 'network', 'http'],
    ['TLS', 'network', 'https'],
  ] as const)('%s on a %s load balancer is called over %s', (protocol, kind, expected) => {
    const { endpoint } = found(rule(), { protocol, kind });
    expect(endpoint.protocol).toBe(expected);
    expect(endpoint.reusesConnections).toBe(kind === 'application');
  });

  it.each(['UDP', 'QUIC', 'GENEVE'])('%s cannot be called, and says so', (protocol) =>
    expect(endpointOf(rule(), { ...listener, protocol }, options)).toEqual({
      kind: 'none',
      reason: 'not-reachable-protocol',
      detail: `the listener speaks ${protocol}, not HTTP or HTTPS`,
    }),
  );

  it('what no request can promise is noted', () =>
    expect(
      found(
        rule({ kind: 'source-ip', ranges: ['10.0.0.0/8'] }, { kind: 'other', field: 'path-regex' }),
      ).notes,
    ).toEqual([
      'the rule matches source addresses: calls may not fit',
      'the rule matches path-regex: calls may not fit',
    ]));
});

describe('mayIntercept', () => {
  const call = {
    method: 'GET',
    path: '/test/health?v=Green',
    host: 'shop.example:8080',
    headers: { 'x-environment': 'TEST' },
  };
  const first = (...conditions: RuleCondition[]): ListenerRule => ({
    ...rule(...conditions),
    priority: 1,
  });
  it.each<readonly [string, RuleCondition, boolean]>([
    ['a path that fits', { kind: 'path', patterns: ['/x', '/test/*'] }, true],
    ['a path in another case', { kind: 'path', patterns: ['/TEST/*'] }, false],
    ['a host, whatever its port and case', { kind: 'host', patterns: ['SHOP.*'] }, true],
    ['another host', { kind: 'host', patterns: ['cart.*'] }, false],
    ['a header', { kind: 'header', name: 'X-Environment', patterns: ['test'] }, true],
    [
      'a header of another value',
      { kind: 'header', name: 'X-Environment', patterns: ['no'] },
      false,
    ],
    ['a header that the call lacks', { kind: 'header', name: 'X-Other', patterns: ['*'] }, false],
    ['one that the client adds', { kind: 'header', name: 'User-Agent', patterns: ['x'] }, true],
    ['a query', { kind: 'query', pairs: [{ pattern: 'x' }, { key: 'V', pattern: 'gr*' }] }, true],
    ['another query', { kind: 'query', pairs: [{ key: 'w', pattern: '*' }] }, false],
    ['a method', { kind: 'method', methods: ['POST', 'GET'] }, true],
    ['another method', { kind: 'method', methods: ['POST'] }, false],
    ['where it comes from', { kind: 'source-ip', ranges: ['10.0.0.0/8'] }, true],
    ['what cannot be read', { kind: 'other', field: 'path-regex' }, true],
  ])('%s: %s', (_, condition, expected) => {
    expect(mayIntercept(first(condition), rule(), call)).toBe(expected);
    const never: RuleCondition = { kind: 'method', methods: ['PUT'] };
    expect(mayIntercept(first(condition, never), rule(), call)).toBe(false);
  });

  it.each([
    [1, 2, true],
    [2, 1, false],
    [2, undefined, true],
    [undefined, 2, false],
  ])('priority %s before %s: %s', (priority, other, expected) =>
    expect(mayIntercept({ ...rule(), priority }, { ...rule(), priority: other }, call)).toBe(
      expected,
    ),
  );
});

describe('judgeRouting', () => {
  const to = (...weights: (readonly [string, number])[]): ListenerRule => ({
    priority: undefined,
    conditions: [],
    targetGroups: weights.map(([targetGroupArn, weight]) => ({ targetGroupArn, weight })),
  });
  const onA = to(['a', 100], ['b', 0]);
  const onB = to(['a', 0], ['b', 100]);
  it.each([
    ['test on the resolved green', onB, onA, 'b', false, 'green'],
    ['test on the other target group', onA, onA, 'b', false, 'not-green'],
    ['test on both', to(['a', 1], ['b', 99]), onA, 'b', false, 'not-green'],
    ['a fraction of traffic is traffic', to(['a', 0.1], ['b', 99.9]), onA, 'b', false, 'not-green'],
    ['test on nothing', to(['a', 0]), onA, 'b', false, 'not-green'],
    ['green unresolved, production elsewhere', onB, onA, undefined, false, 'green'],
    ['green unresolved, production on the same', onB, onB, undefined, false, 'not-green'],
    [
      'green unresolved, production on both',
      onB,
      to(['a', 50], ['b', 50]),
      undefined,
      false,
      'not-green',
    ],
    ['green unresolved, no production rule', onB, undefined, undefined, false, 'unknown'],
    ['a first deployment has only one', onB, onB, undefined, true, 'green'],
  ])('%s', (_, test, production, green, isFirst, expected) =>
    expect(judgeRouting(test, production, green, isFirst).kind).toBe(expected),
  );
});
