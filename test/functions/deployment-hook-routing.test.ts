import { describe, expect, it, vi } from 'vitest';
import type { RuleCondition } from '../../simulator/account.ts';
import { answering, type HttpService, routedByHeader } from '../../simulator/http-service.ts';
import { selfSigned } from '../http/harness.ts';
import { expectHeld, inLab, plain, requestsOf, well, whileHeld } from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

const pathsOf = ({ requests }: HttpService) => requests.last.map(({ path }) => path);
const byPath = (...Values: string[]): RuleCondition => ({
  Field: 'path-pattern',
  PathPatternConfig: { Values },
});
const byHeader: RuleCondition = {
  Field: 'http-header',
  HttpHeaderConfig: { HttpHeaderName: 'X-Env', Values: ['green'] },
};
const byHost = (...Values: string[]): RuleCondition => ({
  Field: 'host-header',
  HostHeaderConfig: { Values },
});

describe.concurrent('the way to green, found from the deployment', () => {
  it(
    'one listener at which a header chooses green',
    inLab(async (lab) => {
      const colours = { green: well, blue: answering(200, 'blue') };
      const both = await lab.serve(routedByHeader({ name: 'x-env', value: 'green' }, colours));
      const hook = await lab.deploy({ green: both, blue: both, testConditions: [byHeader] });
      const checks = [{ expect: { contains: 'well' } }];
      const result = await hook.gate({ samples: 20, warmUp: 1, checks });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      const values = both.requests.last.map(({ headers }) => headers['x-env']);
      expect(values.filter((value) => value === 'green')).toHaveLength(25);
      expect(values.filter((value) => value === undefined)).toHaveLength(24);
    }),
  );

  it.each([
    ['its own header', [byHeader], { headers: { 'X-ENV': 'green' } }],
    ['a path below that of the test', [byPath('/test/*')], { path: '/test/me' }],
  ])(
    'a check that meets the test rule by %s is not compared with itself',
    (_, testConditions, check) =>
      inLab(async (lab) => {
        const both = await lab.serve(well);
        const hook = await lab.deploy({ green: both, blue: both, testConditions });
        const result = await hook.gate({ samples: 20, warmUp: 0, checks: [check] });
        expect([result.verdict, result.reason]).toEqual(['SUCCEEDED', 'blue-absent']);
        expect(result.last.decision.requests).toMatchObject({ blue: 0 });
        expect(result.last.decision.notes).toContainEqual(
          expect.stringContaining("the test rule would take blue's calls too"),
        );
      })(),
  );

  it(
    'a production rule that comes first would answer in the place of green: held, nothing sent',
    inLab(async (lab) => {
      const both = await lab.serve(well);
      const hook = await lab.deploy({
        ...{ green: both, blue: both, testConditions: [byHeader] },
        productionConditions: [byPath('/*')],
      });
      for (const rule of hook.account.rules.values()) {
        if (rule.RuleArn === hook.service.testRuleArn) rule.Priority = '50';
        else if (!rule.IsDefault) rule.Priority = '10';
      }
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reasons[0]).toBe('check-not-routed');
      expect(both.requests.count).toBe(0);
    }),
  );

  it(
    'a host that only the test rule takes is not asked of blue',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({
        ...{ green, blue, testConditions: [byHost('*-test.example.com')] },
        productionConditions: [byHost('shop.example.com')],
      });
      const endpoint = { host: 'shop-test.example.com' };
      const result = await hook.gate({ samples: 20, warmUp: 0, endpoint });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      const hosts = [green, blue].map(({ requests }) => requests.last[0]?.headers.host);
      expect(hosts).toEqual([
        expect.stringMatching(/^shop-test\.example\.com(:|$)/),
        expect.stringMatching(/^shop\.example\.com(:|$)/),
      ]);
    }),
  );

  it(
    "a check's own header does not leave the rule",
    inLab(async (lab) => {
      const colours = { green: well, blue: answering(500) };
      const both = await lab.serve(routedByHeader({ name: 'x-env', value: 'green' }, colours));
      const hook = await lab.deploy({ green: both, blue: both, testConditions: [byHeader] });
      const result = await hook.gate(plain({ headers: { 'X-ENV': 'blue' } }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
    }),
  );

  it(
    'a path pattern: checks go below it',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue, testConditions: [byPath('/test', '/test/*')] });
      const checks = [{ path: '/health?full=1' }, { path: '/test/me' }, { path: '/' }];
      const result = await hook.gate(plain(...checks));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(pathsOf(green).sort()).toEqual(['/test', '/test/health?full=1', '/test/me']);
    }),
  );

  it(
    'a query condition',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const testConditions: RuleCondition[] = [
        {
          Field: 'query-string',
          QueryStringConfig: {
            Values: [{ Key: 'colour', Value: 'gre?n' }, { Value: 'not this one' }],
          },
        },
        { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'a b', Value: '*' }] } },
      ];
      const hook = await lab.deploy({ green, testConditions });
      const result = await hook.gate(plain({}, { path: '/x?colour=grexn&y=1' }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(pathsOf(green).sort()).toEqual([
        '/?colour=grexn&a%20b=x',
        '/x?colour=grexn&y=1&a%20b=x',
      ]);
    }),
  );

  it(
    'a host condition over TLS: Host and server name are the rule’s',
    inLab(async (lab) => {
      const green = await lab.serve(well, { tls: selfSigned });
      const testConditions: RuleCondition[] = [
        { Field: 'host-header', HostHeaderConfig: { Values: ['*.test.example.org'] } },
      ];
      const hook = await lab.deploy({ green, protocol: 'HTTPS', testConditions });
      const result = await hook.gate({ ...plain(), endpoint: { verifyCertificate: false } });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.last).toMatchObject([
        {
          serverName: 'x.test.example.org',
          headers: { host: `x.test.example.org:${green.port}` },
        },
      ]);
    }),
  );

  it(
    'a Network Load Balancer: a connection a call',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green, protocol: 'TCP', service: { kind: 'nlb' } });
      const result = await hook.gate({ samples: 20, warmUp: 1 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.connections.opened).toBe(green.requests.count);
    }),
  );

  it(
    'a Network Load Balancer that speaks UDP is not reachable',
    inLab(async (lab) => {
      const hook = await lab.deploy({ protocol: 'UDP', service: { kind: 'nlb' } });
      const result = await hook.gate(plain());
      expect(result.reasons[0]).toBe('not-reachable-protocol');
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it(
    'a gateway service',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue, service: { kind: 'gateway' } });
      const result = await hook.gate({ samples: 20, warmUp: 0 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect([green.requests.count, blue.requests.count]).toEqual([21, 20]);
    }),
  );

  it.each(['primary', 'alternate'] as const)('green in the %s target group', (greenTargetGroup) =>
    inLab(async (lab) => {
      const hook = await lab.deploy({ service: { greenTargetGroup } });
      expect((await hook.gate(plain())).statuses).toEqual(['SUCCEEDED']);
    })(),
  );
});

describe.concurrent('a check that the rule does not route', () => {
  const cases: [string, RuleCondition, string][] = [
    ['by its path', byPath('/only-this'), 'the listener rule routes /only-this, not /health'],
    [
      'by its method',
      { Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['POST'] } },
      'the listener rule routes POST, not GET',
    ],
  ];
  it.each(cases)('%s: held, nothing sent', (_, condition, detail) =>
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green, testConditions: [condition] });
      const result = await hook.gate(plain({ path: '/health' }));
      expectHeld(result);
      expect(result.reasons[0]).toBe('check-not-routed');
      expect(result.last.answer.reason).toContain(detail);
      expect(green.requests.count).toBe(0);
    })(),
  );
});

describe.concurrent('no way to green', () => {
  it.each([
    ['service-connect', 'not-reachable-service-connect'],
    ['headless', 'not-reachable-headless'],
  ] as const)('%s: %s, held, then could-not-measure', (kind, reason) =>
    inLab(async (lab) => {
      const hook = await lab.deploy({ service: { kind } });
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reasons).toEqual([...whileHeld(reason), 'could-not-measure']);
      expect(result.last.answer.reason).toContain(reason);
      expect(requestsOf(result.last)).toEqual({ green: 0, blue: 0 });
    })(),
  );

  it(
    'no test listener rule',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const productionEndpoint = {
        protocol: 'HTTP',
        dnsName: '127.0.0.1',
        port: green.port,
      } as const;
      const hook = await lab.deploy({
        service: { testEndpoint: undefined, productionEndpoint } as object,
      });
      const result = await hook.gate(plain());
      expect(result.reasons[0]).toBe('no-test-listener-rule');
      expect(result.reason).toBe('could-not-measure');
      expect(green.requests.count).toBe(0);
    }),
  );

  it(
    'a headless service passes by alarms alone',
    inLab(async (lab) => {
      const hook = await lab.deploy({ service: { kind: 'headless' } });
      hook.account.alarms.set('errors', { AlarmName: 'errors', StateValue: 'OK' });
      const result = await hook.gate({ checks: [], alarms: ['errors'] });
      expect(result.statuses).toEqual(['SUCCEEDED']);
    }),
  );

  it(
    'Service Connect through a front that says who answers',
    inLab(async (lab) => {
      const config = { allowedHosts: ['127.0.0.1'] };
      const service = { kind: 'service-connect', green: { revisionId: '2222' } } as const;
      const says = async (revision: string) =>
        lab.serve(answering(200, JSON.stringify({ revision })));
      const gate = async (front: HttpService, details: object) =>
        (await lab.deploy({ service, config })).gate({
          ...plain(),
          targets: false,
          endpoint: { url: front.url },
          ...details,
        });
      const identity = { json: 'revision', equals: 'revision-id' };
      const [green, blue] = [await says('2222'), await says('1111')];
      expect((await gate(green, { identity })).statuses).toEqual(['SUCCEEDED']);
      expect((await gate(blue, { identity })).reason).toBe('identity-mismatch');
      const unproven = await gate(green, {});
      expect(unproven.statuses).toEqual(['FAILED']);
      expect(unproven.last.answer.reason).toContain('hookDetails.identity');
    }),
  );
});

describe.concurrent('a test rule that does not lead to green alone', () => {
  it.each([0, 50, 99.9])('%s percent at green: held, then could-not-measure', (test) =>
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTraffic({ test });
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reasons).toEqual([...whileHeld('test-rule-not-green'), 'could-not-measure']);
    })(),
  );

  it(
    'the rule of another service',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      for (const rule of hook.account.rules.values()) {
        if (rule.RuleArn !== hook.service.testRuleArn) continue;
        const other = hook.service.greenTargetGroupArn?.replace('shop', 'cart');
        rule.Actions = [{ Type: 'forward', ...(other ? { TargetGroupArn: other } : {}) }];
      }
      const result = await hook.gate(plain());
      expect(result.reasons[0]).toBe('test-rule-not-green');
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it(
    'both rules on the same target group, where ECS does not say which is green',
    inLab(async (lab) => {
      const hook = await lab.deploy({ service: { kind: 'gateway' } });
      hook.service.setTraffic({ production: 100 });
      const result = await hook.gate(plain());
      expect(result.reasons[0]).toBe('test-rule-not-green');
    }),
  );

  it(
    'weights that come right after two polls',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTraffic({ test: 0 });
      const result = await hook.gate(plain(), {
        after: (call) => call === 2 && hook.service.setTraffic({ test: 100 }),
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED']);
    }),
  );

  it(
    'what answers there is not green: its errors do not fail the build',
    inLab(async (lab) => {
      let isGreen = false;
      const green = await lab.serve(() => ({ status: isGreen ? 200 : 500 }));
      const hook = await lab.deploy({ green });
      hook.service.setTraffic({ test: 0 });
      const result = await hook.gate(plain(), {
        after: () => {
          isGreen = true;
          hook.service.setTraffic({ test: 100 });
        },
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
    }),
  );
});

const byRevision = { header: 'x-revision', equals: 'revision-id' };
const sayingRevision = (revision: string) => () => ({
  status: 200,
  headers: { 'x-revision': revision },
});

describe.concurrent('an address in hookDetails', () => {
  it(
    'is believed by what answers there alone, with a test rule too',
    inLab(async (lab) => {
      const front = await lab.serve(sayingRevision('1111'));
      const service = { green: { revisionId: '2222' } };
      const hook = await lab.deploy({ service, config: { allowedHosts: ['127.0.0.1'] } });
      const endpoint = { url: front.url };
      const unsaid = await hook.gate({ ...plain(), endpoint });
      expect(unsaid.reason).toBe('invalid-hook-details');
      expect(unsaid.last.answer.reason).toContain('hookDetails.identity');
      const said = await hook.gate({ ...plain(), endpoint, identity: byRevision });
      expect(said.reason).toBe('identity-mismatch');
    }),
  );

  it(
    'is called where HookAllowedHosts lists its host',
    inLab(async (lab) => {
      const [green, front, blue] = [
        await lab.serve(well),
        await lab.serve(sayingRevision('2222')),
        await lab.serve(well),
      ];
      const service = { green: { revisionId: '2222' } };
      const hook = await lab.deploy({ green, service, config: { allowedHosts: ['127.0.0.1'] } });
      const endpoint = { url: front.url, blueUrl: blue.url, host: 'shop.example.test' };
      const result = await hook.gate({ samples: 20, warmUp: 0, endpoint, identity: byRevision });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect([green, front, blue].map(({ requests }) => requests.count)).toEqual([0, 21, 20]);
      expect(front.requests.last[0]?.headers.host).toBe('shop.example.test');
    }),
  );

  it(
    'does not stand in for traffic at green',
    inLab(async (lab) => {
      const hook = await lab.deploy({ config: { allowedHosts: ['127.0.0.1'] } });
      hook.service.setTraffic({ test: 0 });
      const front = await lab.serve(well);
      const endpoint = { url: front.url };
      const result = await hook.gate({ ...plain(), endpoint, identity: byRevision });
      expect(result.reasons[0]).toBe('test-rule-not-green');
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it.each([
    ['none', 'url', []],
    ['another host', 'url', ['example.org']],
    ['another port', 'url', ['127.0.0.1:1']],
    ["blue's", 'blueUrl', ['localhost']],
  ])('is refused where HookAllowedHosts lists %s: %s', (_, key, allowedHosts) =>
    inLab(async (lab) => {
      const front = await lab.serve(well);
      const hook = await lab.deploy({ config: { allowedHosts } });
      const endpoint = { url: front.url.replace('127.0.0.1', 'localhost'), [key]: front.url };
      const result = await hook.gate({ ...plain(), endpoint, identity: byRevision });
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe('invalid-hook-details');
      expect(result.last.answer.reason).toContain(`hookDetails.endpoint.${key}`);
      expect(front.requests.count).toBe(0);
    })(),
  );
});
