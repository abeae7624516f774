import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../shared/domain/allowed-host.ts';
import {
  chooseRoute,
  hookExpiry,
  type Revision,
  type Route,
} from '../../shared/domain/deployment.ts';
import { endpointOfUrl } from '../../shared/domain/endpoint.ts';
import { locateRule } from '../../shared/domain/load-balancer-arn.ts';

const route = (containerName: string, testRuleArn?: string): Route => ({
  containerName,
  targetGroupArns: [],
  ownTargetGroupArn: undefined,
  productionRuleArn: undefined,
  testRuleArn,
});
const revision = (routes: readonly Route[], hasServiceConnect = false): Revision => ({
  arn: 'r',
  taskDefinitionArn: undefined,
  containers: [],
  routes,
  hasServiceConnect,
});

describe('chooseRoute', () => {
  it.each([
    ['the only one', [route('a', 'rule')], undefined, 'rule'],
    ['the only one with a test rule', [route('a'), route('b', 'rule')], undefined, 'rule'],
    ["the named container's", [route('a', 'x'), route('b', 'rule')], 'b', 'rule'],
    ['two are ambiguous', [route('a', 'x'), route('b', 'y')], undefined, 'endpoint-ambiguous'],
    ['none has a test rule', [route('a')], undefined, 'no-test-listener-rule'],
    ['the named one has none', [route('a', 'x'), route('b')], 'b', 'no-test-listener-rule'],
    ['no way in at all', [], undefined, 'not-reachable-headless'],
  ])('%s', (_, routes, container, expected) => {
    const choice = chooseRoute(revision(routes), container);
    expect(choice.kind === 'route' ? choice.route.testRuleArn : choice.reason).toBe(expected);
  });

  it('Service Connect alone is not reachable, and says what to do', () => {
    const choice = chooseRoute(revision([], true), undefined);
    expect(choice).toMatchObject({ reason: 'not-reachable-service-connect' });
    expect(choice.kind === 'not-reachable' && choice.detail).toContain('endpoint.url');
  });
});

describe('hookExpiry', () => {
  const hook = (targetArn: string | undefined, expiresAtMs: number | undefined) => ({
    targetArn,
    status: 'IN_PROGRESS',
    expiresAtMs,
  });
  const own = 'arn:aws:lambda:us-east-1:1:function:hook';
  it.each([
    ['no hooks', [], undefined],
    ["another function's", [hook(`${own}-2`, 5)], undefined],
    ['our own', [hook(own, 5)], 5],
    ['the earliest of our own', [hook(own, 9), hook(own, 5)], 5],
    ['ours by alias', [hook(`${own}:live`, 5)], 5],
    ['a pause hook has no target', [hook(undefined, 5)], undefined],
    ['no time is no limit', [hook(own, undefined)], undefined],
  ])('%s', (_, hooks, expected) => expect(hookExpiry(hooks, own)).toBe(expected));
});

describe('locateRule', () => {
  const prefix = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:';
  it.each([
    [
      'a rule of an Application Load Balancer',
      'listener-rule/app/web/0a/1b/2c',
      {
        kind: 'application',
        listenerArn: `${prefix}listener/app/web/0a/1b`,
        loadBalancerArn: `${prefix}loadbalancer/app/web/0a`,
        ruleArn: `${prefix}listener-rule/app/web/0a/1b/2c`,
      },
    ],
    [
      'a listener of a Network Load Balancer',
      'listener/net/web/0a/1b',
      {
        kind: 'network',
        listenerArn: `${prefix}listener/net/web/0a/1b`,
        loadBalancerArn: `${prefix}loadbalancer/net/web/0a`,
        ruleArn: undefined,
      },
    ],
    [
      'a listener given for a rule',
      'listener/app/web/0a/1b',
      { kind: 'application', ruleArn: undefined },
    ],
  ])('%s', (_, tail, expected) => expect(locateRule(prefix + tail)).toMatchObject(expected));

  it.each(['targetgroup/web/0a', 'listener-rule/app/web/0a/1b', 'listener/app/web/0a/1b/2c', ''])(
    '%s is neither',
    (tail) => expect(locateRule(prefix + tail)).toBeUndefined(),
  );
});

describe('isAllowedHost', () => {
  it.each([
    ['https://a.example', ['a.example'], true],
    ['https://A.example:8443', ['a.example'], true],
    ['https://a.example:8443', ['a.example:8443'], true],
    ['https://a.example', ['a.example:8443'], false],
    ['https://b.a.example', ['*.a.example'], true],
    ['https://a.example', ['*.a.example'], false],
    ['https://evil-a.example', ['*.a.example'], false],
    ['https://a.example.evil', ['a.example'], false],
    ['https://a.example', [], false],
  ])('%s in %o: %s', (url, allowed, expected) =>
    expect(isAllowedHost(url, allowed)).toBe(expected),
  );
});

describe('endpointOfUrl', () => {
  it.each([
    ['http://a.example', { protocol: 'http', address: 'a.example', port: 80, host: 'a.example' }],
    ['https://a.example/', { protocol: 'https', port: 443, host: 'a.example' }],
    ['https://a.example:8443', { address: 'a.example', port: 8443, host: 'a.example:8443' }],
    ['http://[::1]:9000', { address: '::1', port: 9000, host: '[::1]:9000' }],
    ['http://127.0.0.1', { address: '127.0.0.1', port: 80 }],
  ])('%s', (url, expected) =>
    expect(endpointOfUrl(url, { verifiesCertificate: true })).toMatchObject(expected),
  );

  it('takes the configured host', () =>
    expect(
      endpointOfUrl('http://10.0.0.1', { host: 'h', verifiesCertificate: false }),
    ).toMatchObject({
      host: 'h',
      verifiesCertificate: false,
    }));
});
