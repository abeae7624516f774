import { describe, expect, it, vi } from 'vitest';
import type { Call, Fault } from '../../simulator/account.ts';
import { secretArn } from '../../simulator/aws/secrets-manager.ts';
import { answering } from '../../simulator/http-service.ts';
import { breakGlassName, type Deployed, inLab, type Lab, modeTag, well } from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 24, testTimeout: 60_000 });

const kinds: readonly Fault[] = [
  'throttle',
  'server-error',
  'access-denied',
  'hang',
  'network-error',
  'empty-answer',
];

/** Reads without which nothing is proven, by operation or, where that is not enough, by input. */
const essential: [string, (call: Call) => boolean][] = [
  ['DescribeServices', ({ operation }) => operation === 'DescribeServices'],
  ['DescribeServiceDeployments', ({ operation }) => operation === 'DescribeServiceDeployments'],
  ['DescribeServiceRevisions', ({ operation }) => operation === 'DescribeServiceRevisions'],
  ['DescribeRules', ({ operation }) => operation === 'DescribeRules'],
  ['DescribeListeners', ({ operation }) => operation === 'DescribeListeners'],
  ['DescribeLoadBalancers', ({ operation }) => operation === 'DescribeLoadBalancers'],
  ['DescribeTargetHealth', ({ operation }) => operation === 'DescribeTargetHealth'],
  ['DescribeAlarms', ({ operation }) => operation === 'DescribeAlarms'],
  ['GetMetricData', ({ operation }) => operation === 'GetMetricData'],
  ['GetSecretValue', ({ operation }) => operation === 'GetSecretValue'],
  ["GetParameter of a check's header", ({ input }) => input.Name === '/shop/key'],
];

/** A service whose gate asks every dependency, and would pass. */
const askingAll = async (lab: Lab, green = well) => {
  const hook = await lab.deploy({
    green: await lab.serve(green),
    // In an opt-in stack not even the mode is known without the tags.
    config: { stackMode: 'opt-in' },
    service: { tags: modeTag('enforce') },
  });
  const { account } = hook;
  account.secrets.set('shop/token', { SecretString: 'token' });
  account.parameters.set('/shop/key', { Type: 'SecureString', Value: 'key' });
  account.alarms.set('errors', { AlarmName: 'errors', StateValue: 'OK' });
  account.metrics.push({
    Namespace: 'Shop',
    MetricName: 'Errors',
    Dimensions: {},
    samples: [{ atMs: account.nowMs() - 60_000, value: 0 }],
  });
  const details = {
    samples: 0,
    deadlineMinutes: 1,
    checks: [
      {
        headers: {
          Authorization: { secret: secretArn(account, 'shop/token') },
          'X-Key': { parameter: '/shop/key' },
        },
      },
    ],
    alarms: ['errors'],
    metrics: [{ namespace: 'Shop', metricName: 'Errors', windowMinutes: 60, max: 0 }],
  };
  return { hook, details };
};

const failing = ({ account }: Deployed, matches: (call: Call) => boolean, kind: Fault): void => {
  account.intercept = (call) => (matches(call) ? kind : undefined);
};

it(
  'the gate asks every dependency, and passes',
  inLab(async (lab) => {
    const { hook, details } = await askingAll(lab);
    const result = await hook.gate(details);
    expect(result.statuses).toEqual(['SUCCEEDED']);
    for (const [, matches] of essential) expect(hook.account.calls.some(matches)).toBe(true);
  }),
);

const faults = essential.flatMap(([name, matches]) =>
  kinds.map((kind) => [name, kind, matches] as const),
);

describe.concurrent('an essential read that fails for good', () => {
  it.each(faults)('%s: %s is held and never passes', (_, kind, matches) =>
    inLab(async (lab) => {
      const { hook, details } = await askingAll(lab);
      failing(hook, matches, kind);
      const result = await hook.gate(details);
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.statuses).not.toContain('SUCCEEDED');
      expect(result.verdict).toBe('FAILED');
      // A target group without targets was measured: it has too few of them.
      expect(result.reason).toMatch(
        matches === targetHealth && kind === 'empty-answer'
          ? /^inconclusive-at-deadline$/
          : /^could-not-measure$/,
      );
    })(),
  );

  it(
    'a reset after AWS did its work is retried within the call',
    inLab(async (lab) => {
      const { hook, details } = await askingAll(lab);
      hook.account.faults.push({ service: 'ecs', kind: 'answer-lost', times: 3 });
      expect((await hook.gate(details)).statuses).toEqual(['SUCCEEDED']);
    }),
  );

  it(
    'a call that never ends, by itself or by the client, is left behind',
    inLab(async (lab) => {
      const hook = await lab.deploy({ hook: { requestTimeoutMs: 0 } });
      hook.account.faults.push({ operation: 'DescribeServiceRevisions', kind: 'hang' });
      const options = { lambdaTimeoutMs: 10_500 };
      const result = await hook.gate({ samples: 0, deadlineMinutes: 1 }, options);
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.reason).toBe('could-not-measure');
      expect(hook.logs.map(({ message }) => message)).toContain('out-of-time');
    }),
  );
});

const targetHealth = essential.find(([name]) => name === 'DescribeTargetHealth')?.[1];

describe.concurrent('an essential read that recovers', () => {
  it.each(faults.filter(([, kind]) => kind === 'server-error' || kind === 'empty-answer'))(
    '%s after two polls of %s: SUCCEEDED',
    (_, kind, matches) =>
      inLab(async (lab) => {
        const { hook, details } = await askingAll(lab);
        failing(hook, matches, kind);
        const result = await hook.gate(details, {
          after: (call) => {
            if (call === 2) hook.account.intercept = undefined;
          },
        });
        expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED']);
      })(),
  );

  it.each(kinds.filter((kind) => kind !== 'access-denied' && kind !== 'empty-answer'))(
    'every operation by %s once: SUCCEEDED without a poll more',
    (kind) =>
      inLab(async (lab) => {
        const { hook, details } = await askingAll(lab);
        const hit = new Set<string>();
        hook.account.intercept = ({ operation }) => {
          if (hit.has(operation)) return undefined;
          hit.add(operation);
          return kind;
        };
        expect((await hook.gate(details)).statuses).toEqual(['SUCCEEDED']);
        expect(hit.size).toBeGreaterThan(10);
      })(),
  );
});

const isBreakGlass = ({ input }: Call): boolean => input.Name === breakGlassName;
const isTable = ({ service }: Call): boolean => service === 'dynamodb';

describe.concurrent('what stands beside the gate', () => {
  const cases = [
    ['break-glass', isBreakGlass],
    ['the table', isTable],
    ['both', (call: Call) => isBreakGlass(call) || isTable(call)],
  ] as const;
  const beside = cases.flatMap(([name, matches]) =>
    [...kinds, 'answer-lost' as const].map((kind) => [name, kind, matches] as const),
  );
  it.each(beside)('%s by %s: a good build passes', (_, kind, matches) =>
    inLab(async (lab) => {
      const { hook, details } = await askingAll(lab);
      failing(hook, matches, kind);
      const result = await hook.gate(details);
      expect(result.statuses).toEqual(['SUCCEEDED']);
    })(),
  );

  it.each(['access-denied', 'hang', 'empty-answer'] as const)(
    'both by %s: a bad build fails',
    (kind) =>
      inLab(async (lab) => {
        const { hook, details } = await askingAll(lab, answering(500));
        failing(hook, (call) => isBreakGlass(call) || isTable(call), kind);
        const result = await hook.gate(details);
        expect(result.statuses).toEqual(['FAILED']);
        expect(result.reason).toBe('unexpected-status');
      })(),
  );

  it(
    'the decision record says what could not be read',
    inLab(async (lab) => {
      const { hook, details } = await askingAll(lab);
      failing(hook, (call) => isBreakGlass(call) || isTable(call), 'access-denied');
      const { last } = await hook.gate(details);
      expect(last.decision.notes).toEqual([
        'break-glass could not be read: aws-denied',
        'gate state could not be read: aws-denied',
      ]);
    }),
  );

  it(
    'a break-glass note opened by hand is seen at the first poll that can read it',
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: await lab.serve(answering(500)) });
      hook.service.setTraffic({ test: 0 });
      failing(hook, isBreakGlass, 'access-denied');
      const until = new Date(hook.account.nowMs() + 3_600_000).toISOString();
      const Value = `until=${until}; by=ada; reason=x`;
      hook.account.parameters.set(breakGlassName, { Type: 'String', Value });
      const result = await hook.gate(undefined, {
        after: (call) => {
          if (call === 2) hook.account.intercept = undefined;
        },
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reason).toBe('break-glass');
    }),
  );
});

describe.concurrent('an account in which nothing answers', () => {
  it.each(kinds)('%s everywhere: held, FAILED, never a throw', (kind) =>
    inLab(async (lab) => {
      const { hook, details } = await askingAll(lab);
      failing(hook, () => true, kind);
      const result = await hook.gate(details);
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.verdict).toBe('FAILED');
      expect(result.reason).toBe('could-not-measure');
    })(),
  );

  it.each(kinds)('%s everywhere, in observe: SUCCEEDED in one call', (kind) =>
    inLab(async (lab) => {
      const hook = await lab.deploy({ config: { stackMode: 'observe' } });
      failing(hook, () => true, kind);
      const result = await hook.gate({ samples: 0 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.last.decision).toMatchObject({ mode: 'observe', decision: 'wait' });
    })(),
  );

  it(
    'resources that are gone: held, FAILED',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const { account } = hook;
      for (const map of [account.serviceRevisions, account.services, account.rules]) map.clear();
      const result = await hook.gate({ samples: 0, deadlineMinutes: 1 });
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.reason).toBe('could-not-measure');
    }),
  );
});
