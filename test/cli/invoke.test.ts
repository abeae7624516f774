import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCommand, temporaryFile } from './run-command.ts';

const functionNames = 'density, deployment-hook, instance-replacement, task-state, az-balance';

const timeoutMs = 60_000;
const event = (name: string): string => `events/deployment-hook/${name}.json`;

type Report = {
  readonly result: { readonly hookStatus: string; readonly reason?: string };
  readonly decision: Readonly<Record<string, unknown>>;
  readonly awsCalls: readonly { service: string; operation: string; count: number }[];
  readonly alerts: readonly unknown[];
  readonly requests: { readonly green: number; readonly blue: number };
};

const invoke = (...args: readonly string[]) => runCommand('invoke', ['deployment-hook', ...args]);

/** Runs a sample payload, in a world that differs from the built-in one. */
async function report(file: string, world?: object): Promise<Report> {
  const option = world === undefined ? [] : ['--world', await temporaryFile('world.json', world)];
  const { code, stdout, stderr } = await invoke(file, ...option);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** A sample payload with other details. */
const eventWith = (name: string, hookDetails: object): Promise<string> => {
  const payload = JSON.parse(readFileSync(event(name), 'utf8'));
  return temporaryFile('event.json', { ...payload, hookDetails });
};

/** The gated call without sampling, which is what takes time. */
const quickEvent = (): Promise<string> => eventWith('post-test-traffic-shift', { samples: 0 });

describe.concurrent('the invoke command', { timeout: timeoutMs }, () => {
  it(
    'prints what the real handler said, logged and called, as one object',
    async () => {
      const { result, decision, awsCalls, alerts, requests } = await report(
        event('post-test-traffic-shift'),
      );
      expect(result.hookStatus).toBe('SUCCEEDED');
      expect(decision).toMatchObject({
        function: 'deployment-hook',
        mode: 'enforce',
        decision: 'proceed',
        stage: 'POST_TEST_TRAFFIC_SHIFT',
        requests,
        notes: [],
      });
      expect(decision.findings).toMatchObject([
        { step: 'routing', verdict: 'pass', reason: 'test-rule-on-green' },
        { step: 'check:cart', verdict: 'pass', reason: 'answered-well' },
        { step: 'targets', verdict: 'pass', reason: 'targets-healthy' },
        { step: 'alarms', verdict: 'pass', reason: 'alarms-quiet' },
        { step: 'comparison:cart', verdict: 'pass' },
      ]);
      expect(awsCalls).toContainEqual({
        service: 'elasticloadbalancing',
        operation: 'DescribeTargetHealth',
        count: 1,
      });
      expect(alerts).toEqual([]);
      expect(requests.green).toBeGreaterThan(20);
      expect(requests.blue).toBeGreaterThan(20);
    },
    timeoutMs,
  );

  it(
    'goes on with the samples that a second poll brings back',
    async () => {
      const { decision, requests } = await report(event('second-poll'));
      expect(decision).toMatchObject({ decision: 'proceed', calls: 2 });
      const total = decision.requests as Report['requests'];
      expect(total.green - requests.green).toBe(26);
    },
    timeoutMs,
  );

  it('asks AWS nothing for a rollback call', async () => {
    const { result, decision, awsCalls, requests } = await report(event('rollback-production'));
    expect(result.hookStatus).toBe('SUCCEEDED');
    expect(decision.reason).toBe('rollback-call');
    expect(awsCalls).toEqual([]);
    expect(requests).toEqual({ green: 0, blue: 0 });
  });

  it.each<readonly [string, string, object, string, string]>([
    ['an event that is none', 'malformed-empty', {}, 'FAILED', 'malformed-event'],
    ['wrong details', 'details-invalid', {}, 'FAILED', 'invalid-hook-details'],
    [
      'wrong details while the stack only observes',
      'details-invalid',
      { mode: 'observe' },
      'SUCCEEDED',
      'invalid-hook-details',
    ],
    ['a quiet alarm', 'canary-step', {}, 'SUCCEEDED', 'checks-passed'],
    [
      'an alarm that fires',
      'canary-step',
      { alarms: { 'checkout-5xx': 'ALARM' } },
      'FAILED',
      'alarm-firing',
    ],
    ['an alarm that is not there', 'canary-step', { alarms: {} }, 'IN_PROGRESS', 'alarm-missing'],
    [
      'a tag that switches the hook off',
      'canary-step',
      { tags: { 'ballast:deployment-hook': 'off' } },
      'SUCCEEDED',
      'off',
    ],
    [
      'a stack that waits for a tag',
      'canary-step',
      { mode: 'opt-in', alarms: { 'checkout-5xx': 'ALARM' } },
      'SUCCEEDED',
      'alarm-firing',
    ],
    [
      'an open break-glass',
      'post-test-traffic-shift',
      {
        parameters: {
          '/ballast/break-glass/prod/checkout':
            'until=2026-11-20T15:00:00Z; by=anna; reason=hotfix 4711',
        },
      },
      'SUCCEEDED',
      'break-glass',
    ],
    [
      'a deployment that rolls back already',
      'post-test-traffic-shift',
      { status: 'ROLLBACK_IN_PROGRESS' },
      'SUCCEEDED',
      'rollback-in-progress',
    ],
    [
      'a service without a load balancer',
      'post-test-traffic-shift',
      { kind: 'headless' },
      'IN_PROGRESS',
      'not-reachable-headless',
    ],
    [
      'a service behind Service Connect',
      'post-test-traffic-shift',
      { kind: 'service-connect' },
      'IN_PROGRESS',
      'not-reachable-service-connect',
    ],
  ])('shows what comes of %s', async (_, file, world, hookStatus, reason) => {
    const { result, decision } = await report(event(file), world);
    expect({ hookStatus: result.hookStatus, reason: decision.reason }).toEqual({
      hookStatus,
      reason,
    });
  });

  it.each<readonly [string, object, string, string]>([
    ['a Network Load Balancer', { kind: 'nlb' }, 'SUCCEEDED', 'checks-passed'],
    ['a gateway', { kind: 'gateway' }, 'SUCCEEDED', 'checks-passed'],
    ['a first deployment', { blue: null }, 'SUCCEEDED', 'checks-passed'],
    ['a broken green', { green: { status: 500, delayMs: 0 } }, 'FAILED', 'unexpected-status'],
    [
      'a green that fails at times',
      { green: { errorShare: 1, body: 'up' } },
      'FAILED',
      'unexpected-status',
    ],
    ['test traffic that is split', { traffic: { test: 50 } }, 'IN_PROGRESS', 'test-rule-not-green'],
  ])(
    'shows what comes of %s',
    async (_, world, hookStatus, reason) => {
      const { result, decision } = await report(await quickEvent(), world);
      expect({ hookStatus: result.hookStatus, reason: decision.reason }).toEqual({
        hookStatus,
        reason,
      });
    },
    timeoutMs,
  );

  it.each<readonly [string, string, object, object, string, string]>([
    [
      'a watched stage without anything to watch',
      'canary-step',
      {},
      {},
      'SUCCEEDED',
      'nothing-watched',
    ],
    [
      'a metric of a green that is not known',
      'canary-step',
      {
        metrics: [
          {
            namespace: 'AWS/ApplicationELB',
            metricName: 'HTTPCode_Target_5XX_Count',
            dimensions: { TargetGroup: '$greenTargetGroup' },
            max: 0,
          },
        ],
      },
      { kind: 'headless' },
      'IN_PROGRESS',
      'green-unknown',
    ],
    [
      'a digest of a container that is not there',
      'post-test-traffic-shift',
      { identity: { header: 'x-image', equals: 'image-digest', container: 'side' }, samples: 0 },
      {},
      'IN_PROGRESS',
      'identity-unknown',
    ],
    [
      'a state that belongs to other details',
      'post-test-traffic-shift',
      {
        samples: 0,
        ballastState: JSON.parse(readFileSync(event('second-poll'), 'utf8')).hookDetails
          .ballastState,
      },
      {},
      'IN_PROGRESS',
      'configuration-lost',
    ],
  ])('shows what comes of %s', async (_, name, details, world, hookStatus, reason) => {
    const { result, decision } = await report(await eventWith(name, details), world);
    expect({ hookStatus: result.hookStatus, reason: decision.reason }).toEqual({
      hookStatus,
      reason,
    });
  });

  it("shows that a cluster which is not the stack's is refused", async () => {
    const elsewhere = readFileSync(event('canary-step'), 'utf8').replaceAll('/prod/', '/staging/');
    const { result, decision } = await report(await temporaryFile('event.json', elsewhere));
    expect(result.hookStatus).toBe('FAILED');
    expect(decision.reason).toBe('cluster-not-configured');
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ['nothing', [], new RegExp(`^FUNCTION: expected one of ${functionNames}, got nothing$`)],
    [
      'an unknown function',
      ['task-stat', 'x.json'],
      new RegExp(`^FUNCTION: expected one of ${functionNames}, got task-stat$`),
    ],
    ['no event', ['deployment-hook'], /^EVENT.json: expected a file with JSON, got nothing$/],
    [
      'an event that is not there',
      ['deployment-hook', 'nowhere.json'],
      /^EVENT.json: expected a file with JSON, ENOENT/,
    ],
    [
      'two events',
      ['deployment-hook', event('flat'), 'b.json'],
      /^expected one event, got "b.json" as well$/,
    ],
    [
      'a world that is not there',
      ['deployment-hook', event('flat'), '--world', 'nowhere.json'],
      /^--world: expected a file with JSON, ENOENT/,
    ],
    ['an unknown option', ['deployment-hook', event('flat'), '--wrld', 'x'], /--wrld/],
  ])('ends with 2 and a line on stderr when called with %s', async (_, args, line) => {
    const { code, stdout, stderr } = await runCommand('invoke', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [first, usage] = stderr.split('\n');
    expect(first).toMatch(line);
    expect(usage).toMatch(/^usage: npm run -s invoke -- FUNCTION EVENT.json/);
  });

  it('tells in one line that a file is not JSON', async () => {
    const { code, stderr } = await invoke(await temporaryFile('event.json', 'hello\nworld\n'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^EVENT.json: expected a file with JSON, .*is not valid JSON\nusage: /);
  });

  it.each<readonly [object, string]>([
    [{ modus: 'observe' }, 'world: unknown key "modus"; did you mean "mode"?'],
    [{ mode: 'off' }, 'world.mode: expected one of observe, opt-in, enforce, got "off"'],
    [{ green: { stat: 1 } }, 'world.green: unknown key "stat"; did you mean "status"?'],
    [{ green: { status: 99 } }, 'world.green.status: expected a number from 200 to 599, got 99'],
    [{ green: null }, 'world.green: expected an object, got null'],
    [{ blue: { errorShare: 2 } }, 'world.blue.errorShare: expected a number from 0 to 1, got 2'],
    [
      { alarms: { a: 'FIRING' } },
      'world.alarms.a: expected one of OK, ALARM, INSUFFICIENT_DATA, got "FIRING"',
    ],
    [{ traffic: { test: 101 } }, 'world.traffic.test: expected a number from 0 to 100, got 101'],
    [{ tags: { a: 1 } }, 'world.tags.a: expected text, got 1'],
    [{ now: 'today' }, 'world.now: expected an ISO time with a zone, got "today"'],
  ])('names the field of a world that is wrong: %j', async (world, sentence) => {
    const file = await temporaryFile('world.json', world);
    const { code, stderr } = await invoke(event('flat'), '--world', file);
    expect(code).toBe(2);
    expect(stderr.split('\n')[0]).toBe(sentence);
  });
});

describe('the invoke command for instance-replacement', { timeout: timeoutMs }, () => {
  it('puts the event on record, looks for an hour and a half, and shows what people are told', async () => {
    const file = 'events/instance-replacement/state-draining-managed.json';
    const { code, stdout, stderr } = await runCommand('invoke', ['instance-replacement', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.result).toEqual({ batchItemFailures: [] });
    expect(new Set(report.awsCalls.map(({ service }: { service: string }) => service))).toEqual(
      new Set(['dynamodb']),
    );
    expect(report.decision.incidents).toMatchObject([{ kind: 'drain-stuck', status: 'open' }]);
    expect(report.alerts).toHaveLength(1);
    expect(stdout).toContain('cart: maximumPercent 134 or more');
  });
});

describe.concurrent('the invoke command with az-balance', { timeout: timeoutMs }, () => {
  const run = async (world?: object) => {
    const option = world === undefined ? [] : ['--world', await temporaryFile('world.json', world)];
    return runCommand('invoke', ['az-balance', 'events/az-balance/schedule.json', ...option]);
  };

  it('shows what a watched cluster came to, and what was told of it', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    const { result, decision, alerts } = JSON.parse(stdout);
    expect(result).toMatchObject([
      { cluster: 'prod', services: 2, balanced: 1, imbalanced: 1, open: 1, wouldMove: 1 },
    ]);
    expect(decision.incidents).toMatchObject([
      { kind: 'zone-imbalance', subject: { name: 'search' }, facts: { spread: '5/1/0' } },
    ]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0].subject).toBe(
      '[WARN] search in prod: 5 of 6 tasks in eu-central-1a; ECS will not rebalance (maximumPercent 100)',
    );
  });

  it('tells nothing of what it has not watched for long enough', async () => {
    const { stdout } = await run({ watchedMinutes: 10 });
    expect(JSON.parse(stdout)).toMatchObject({ result: [{ imbalanced: 1, open: 0 }], alerts: [] });
  });

  it.each<readonly [object, string]>([
    [{ zone: {} }, 'world: unknown key "zone"; did you mean "zones"?'],
    [
      { services: { web: { tasks: { z: 1 } } } },
      'world.services.web.tasks: expected zones of a, b, c, got z',
    ],
    [
      { watchedMinutes: -1 },
      'world.watchedMinutes: expected a whole number from 0 to 1440, got -1',
    ],
  ])('names the field of a world that is wrong: %j', async (world, sentence) => {
    const { code, stderr } = await run(world);
    expect(code).toBe(2);
    expect(stderr.split('\n')[0]).toBe(sentence);
  });
});
