import { beforeAll, describe, expect, it, vi } from 'vitest';
import { hashOf } from '../../functions/deployment-hook/memory.ts';
import {
  decodeState,
  emptyState,
  encodeState,
  type SideState,
  stateCharsMax,
} from '../../shared/domain/gate-state.ts';
import { detailsCharsMax } from '../../shared/events/hook-details.ts';
import { expectHeld, gatedStage, inLab, well } from './hook-lab.ts';
import { holding, items, patience, strict, survivors } from './hook-memory.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

/** Leaves about a second for samples: a few calls are needed for twenty answers a side. */
const shortLambda = { lambdaTimeoutMs: 14_700 };
const sampling = { samples: 20, warmUp: 0, checks: [{ name: 'home', timeoutMs: 500 }] };

// The first call of a process loads the SDK, which would take the time that samples need.
beforeAll(
  inLab(async (lab) => {
    await (await lab.deploy()).gate({ samples: 0 });
  }),
);

describe.concurrent('sampling goes on over several calls', () => {
  it.each(survivors)('hookDetails %s, table %s', (_, _table, travel, options) =>
    inLab(async (lab) => {
      const blue = await lab.serve(well);
      const hook = await lab.deploy({ blue });
      const result = await hook.gate(sampling, {
        ...options?.(hook),
        ...shortLambda,
        travel: travel(),
      });
      // Samples that started over with every call would never be enough.
      expect(result.verdict).toBe('SUCCEEDED');
      expect(result.statuses.length).toBeGreaterThan(1);
      expect(result.reasons).toContain('more-samples-needed');
      expect(result.last.decision.calls).toBe(result.statuses.length);
      expect(blue.requests.count).toBeGreaterThanOrEqual(20);
      expect(blue.requests.count).toBeLessThan(40);
      const sent = result.last.decision.requests as { green: number; blue: number };
      expect(sent.green).toBeGreaterThan(20);
      expect(sent.blue).toBeGreaterThanOrEqual(20);
    })(),
  );

  it(
    'a call without time for a single answer is none the worse',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const options = { lambdaTimeoutMs: 9_000 };
      const result = await hook.gate({ ...sampling, deadlineMinutes: 1 }, options);
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.statuses).not.toContain('SUCCEEDED');
      expect(result.verdict).toBe('FAILED');
    }),
  );
});

describe.concurrent('the clock of the gate goes on', () => {
  it.each(survivors)('hookDetails %s, table %s', (_, _table, travel, options) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      const result = await hook.gate(strict, {
        ...options?.(hook),
        ...patience,
        travel: travel(),
      });
      expect(result.reason).toBe('could-not-measure');
      const delays = result.invocations.map(({ answer }) => answer.callBackDelay);
      expect(delays.slice(0, 3)).toEqual([15, 30, 60]);
      // The last poll falls on the deadline, or five seconds after it.
      expect(Math.abs(result.elapsedMs - 122_500)).toBeLessThan(10_000);
    })(),
  );

  it(
    'delays double to two minutes, and the last one ends at the deadline',
    inLab(async (lab) => {
      const hook = await holding(lab);
      const result = await hook.gate({ ...strict, deadlineMinutes: 15 });
      const delays = result.invocations.map(({ answer }) => answer.callBackDelay ?? 0);
      expect(delays.slice(0, 9)).toEqual([15, 30, 60, 120, 120, 120, 120, 120, 120]);
      expect(delays.reduce((a, b) => a + b)).toBeGreaterThan(890);
      expect(delays.reduce((a, b) => a + b)).toBeLessThan(910);
    }),
  );

  it(
    "ends before ECS's own time-out, where that comes first",
    inLab(async (lab) => {
      const hook = await holding(lab);
      const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:hook';
      hook.deployment.lifecycleHookDetails = [
        {
          hookId: '1',
          targetType: 'AWS_LAMBDA',
          targetArn: functionArn,
          status: 'IN_PROGRESS',
          expiresAt: new Date(hook.account.nowMs() + 5 * 60_000),
          timeoutAction: 'CONTINUE',
        },
        {
          hookId: '2',
          targetType: 'AWS_LAMBDA',
          targetArn: `${functionArn}-of-others`,
          status: 'IN_PROGRESS',
          expiresAt: new Date(hook.account.nowMs() + 60_000),
        },
      ];
      const result = await hook.gate(
        { ...strict, deadlineMinutes: 60 },
        { functionArn: `${functionArn}:live`, timeout: { minutes: 5, action: 'CONTINUE' } },
      );
      expect(result.statuses.length).toBeGreaterThan(3);
      expect(result.verdict).toBe('FAILED');
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it(
    'a hook of ours that has ended is no time-out of this one',
    inLab(async (lab) => {
      const hook = await holding(lab);
      hook.deployment.lifecycleHookDetails = [
        {
          hookId: '1',
          targetType: 'AWS_LAMBDA',
          targetArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hook',
          status: 'SUCCEEDED',
          expiresAt: new Date(hook.account.nowMs() - 60_000),
        },
      ];
      const result = await hook.gate(strict);
      expect(result.statuses[0]).toBe('IN_PROGRESS');
    }),
  );
});

describe.concurrent('what goes back to ECS', () => {
  const everything = {
    mode: 'enforce',
    checks: [
      {
        name: 'order "1"',
        method: 'POST',
        path: '/orders',
        headers: { 'X-Tenant': 'a', Key: { parameter: '/shop/key' } },
        body: { list: [1, { deep: null }], text: 'Zoë' },
        timeoutMs: 700,
        critical: true,
        expect: { status: ['2xx', 301], json: [{ path: 'a.b', equals: [1] }], latencyMs: 900 },
      },
    ],
    samples: 50,
    warmUp: 3,
    requestsPerSecond: 5,
    concurrency: 2,
    comparison: { marginRatio: 1.2, floorMs: 7 },
    identity: { header: 'X-Revision', equals: { text: 'v1' } },
    targets: { healthyMin: 2 },
    alarms: ['errors'],
    metrics: [{ namespace: 'n', metricName: 'm', max: 1.5, missing: 'wait' }],
    endpoint: { host: 'shop.example.test', verifyCertificate: false },
    deadlineMinutes: 3,
  };

  it.each([
    ['an object', everything],
    ['JSON text', JSON.stringify(everything)],
  ])('every key of the configuration, given as %s', (_, details) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      const result = await hook.gate(details);
      expectHeld(result);
      for (const { answer } of result.invocations.slice(0, -1)) {
        expect(answer.hookDetails).toEqual({
          ...everything,
          ballastState: answer.hookDetails?.ballastState,
        });
      }
    })(),
  );

  it(
    'stays within a bound, with the longest configuration and all the samples',
    inLab(async (lab) => {
      const names = ['a', 'b', 'c', 'd'].map((name) => `${name}${'"'.repeat(59)}`);
      const checks = names.map((name) => ({ name, path: `/${'p'.repeat(1_000)}` }));
      const filler = 'x'.repeat(512);
      const config = {
        checks,
        alarms: [] as string[],
        deadlineMinutes: 1,
        identity: { header: 'a', equals: { text: filler } },
      };
      for (
        let left = 0;
        left < 50 && JSON.stringify(config).length < detailsCharsMax - 300;
        left += 1
      ) {
        config.alarms.push(`${left}${'y'.repeat(200)}`);
      }
      // Far apart, so that each takes as many characters as it can.
      const side: SideState = {
        latencies: Array.from({ length: 200 }, (_, at) => at * 3_000 + 1_296),
        errors: 200,
      };
      const samples = Object.fromEntries(names.map((name) => [name, { green: side, blue: side }]));
      const hook = await holding(lab);
      const state = { ...emptyState(gatedStage, hashOf(config), hook.account.nowMs()), samples };
      const result = await hook.gate({ ...config, ballastState: encodeState(state) });
      const { hookDetails } = result.invocations[0]?.answer ?? {};
      expect(decodeState(hookDetails?.ballastState)).toMatchObject({ samples });
      expect(String(hookDetails?.ballastState).length).toBeLessThanOrEqual(stateCharsMax);
      const length = JSON.stringify(hookDetails).length;
      expect(length).toBeGreaterThan(12_000);
      expect(length).toBeLessThan(detailsCharsMax + stateCharsMax + 2_000);
    }),
  );

  it(
    'one item a configuration in the table, which ends by itself',
    inLab(async (lab) => {
      const hook = await holding(lab);
      await hook.gate(strict);
      const gates = [...items(hook).values()].filter(({ pk }) =>
        JSON.stringify(pk).includes('GATE#'),
      );
      expect(gates).toHaveLength(1);
      const [gate] = gates;
      expect(gate).toMatchObject({
        config: { S: JSON.stringify(strict) },
        answer: { S: 'could-not-measure' },
      });
      const ttl = gate?.ttl && 'N' in gate.ttl ? Number(gate.ttl.N) : 0;
      const hours = (ttl * 1_000 - hook.account.nowMs()) / 3_600_000;
      expect(Math.round(hours)).toBe(48);
    }),
  );

  it(
    'nothing is kept of a gate that only observes',
    inLab(async (lab) => {
      const hook = await lab.deploy({ config: { stackMode: 'observe' } });
      hook.service.setTraffic({ test: 0 });
      await hook.gate(strict);
      expect(JSON.stringify([...items(hook).keys()])).not.toContain('GATE#');
    }),
  );
});
