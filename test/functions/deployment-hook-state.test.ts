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
import type { Item, Json } from '../../simulator/account.ts';
import type { DetailsTravel } from '../../simulator/hook-session.ts';
import { type Deployed, type GateOptions, gatedStage, inLab, type Lab, well } from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

type Returned = Parameters<DetailsTravel>[1];

const asObject = (configured: unknown) => ({ ...(configured as object) });

/** Hands out for ever what came back first. */
const stale = (): DetailsTravel => {
  let first: Returned | undefined;
  return (_, returned) => {
    first ??= returned;
    return first;
  };
};

/** What may become of `hookDetails` between two calls; each entry makes one of its own. */
const travels: [string, () => DetailsTravel][] = [
  ['replaced by what came back', () => (_, returned) => returned],
  [
    'merged with what came back',
    () => (configured, returned) => ({ ...asObject(configured), ...returned }),
  ],
  ['as JSON text', () => (_, returned) => JSON.stringify(returned)],
  [
    'with its keys in another order',
    () => (_, returned) => Object.fromEntries(Object.entries(returned).reverse()),
  ],
  ['gone', () => () => undefined],
  ['empty', () => () => ({})],
  ['as configured, without the state', () => (configured) => configured],
  [
    'with null for the state',
    () => (configured) => ({ ...asObject(configured), ballastState: null }),
  ],
  [
    'with a state that nobody wrote',
    () => (configured) => ({ ...asObject(configured), ballastState: '[1]' }),
  ],
  [
    'without the configuration',
    () =>
      (_, { ballastState }) => ({ ballastState }),
  ],
  ['as it was after the first call', stale],
];

const items = ({ account }: Deployed): Map<string, Item> =>
  account.tables.get('ballast')?.items ?? new Map();
const forgetTable = (hook: Deployed) => items(hook).clear();
const denyTable = ({ account }: Deployed) =>
  account.faults.push({ service: 'dynamodb', kind: 'access-denied' });

/** What may become of the table. */
const tables: [string, (hook: Deployed) => GateOptions][] = [
  ['there', () => ({})],
  ['emptied after every call', (hook) => ({ after: () => forgetTable(hook) })],
  [
    'denied',
    (hook) => {
      denyTable(hook);
      return {};
    },
  ],
  [
    'as it was after the first call',
    (hook) => {
      let first: [string, Item][] | undefined;
      return {
        after: () => {
          first ??= [...items(hook)];
          forgetTable(hook);
          for (const [key, item] of first) items(hook).set(key, item);
        },
      };
    },
  ],
];

const survivors = [
  ...travels.map(([name, travel]) => [name, 'there', travel, tables[0]?.[1]] as const),
  ...tables
    .slice(1)
    .flatMap(([table, options]) =>
      travels.slice(0, 4).map(([name, travel]) => [name, table, travel, options] as const),
    ),
];

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

/** Held for as long as test traffic is not at green. */
const holding = async (lab: Lab): Promise<Deployed> => {
  const green = await lab.serve(({ path }) => ({ status: path === '/strict' ? 500 : 200 }));
  const hook = await lab.deploy({ green });
  hook.service.setTraffic({ test: 0 });
  return hook;
};
const strict = { samples: 0, deadlineMinutes: 2, checks: [{ path: '/strict' }] };
/** Ends a session whose own clock never does. */
const patience = { timeout: { minutes: 20, action: 'ROLLBACK' } } as const;

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

/** Test traffic is right from the first answer on: from there on only the configuration matters. */
const releasing = (hook: Deployed, after?: (call: number) => void): GateOptions => ({
  after: (call) => {
    hook.service.setTraffic({ test: 100 });
    after?.(call);
  },
});

describe.concurrent('the configuration is never replaced by the defaults, which would pass', () => {
  it.each(survivors)('hookDetails %s, table %s', (_, _table, travel, options) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      const more = options?.(hook);
      const result = await hook.gate(strict, {
        ...releasing(hook, (call) => more?.after?.(call, {} as never)),
        travel: travel(),
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'FAILED']);
      expect(result.reason).toBe('unexpected-status');
    })(),
  );

  const showDetails = ({ deployment }: Deployed, ...details: Json[]) => {
    deployment.deploymentConfiguration = {
      lifecycleHooks: details.map((hookDetails) => ({
        hookTargetArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hook',
        lifecycleStages: [gatedStage],
        hookDetails,
      })),
    };
  };
  const lossy: [string, DetailsTravel][] = [
    ['gone', () => undefined],
    ['gone but for the state', (_, { ballastState }) => ({ ballastState })],
  ];

  it.each(lossy)('%s, and the table too: the deployment still shows it', (_, travel) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      showDetails(hook, JSON.stringify(strict));
      denyTable(hook);
      const result = await hook.gate(strict, { ...releasing(hook), travel });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'FAILED']);
      expect(result.reason).toBe('unexpected-status');
    })(),
  );

  it.each(lossy)('%s, the table too, and the deployment shows two: held, FAILED', (_, travel) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      showDetails(hook, strict, { ...strict, samples: 20 });
      denyTable(hook);
      const result = await hook.gate(strict, { ...releasing(hook), ...patience, travel });
      expect(result.statuses).not.toContain('SUCCEEDED');
      // A state that came back may still tell which of the two it was.
      expect(result.reasons[1]).toMatch(/^(configuration-lost|unexpected-status)$/);
    })(),
  );

  it(
    'gone but for the state, the table too, and nothing else shows it: held',
    inLab(async (lab) => {
      const hook = await holding(lab);
      denyTable(hook);
      const result = await hook.gate(strict, {
        ...releasing(hook),
        ...patience,
        travel: (_, { ballastState }) => ({ ballastState }),
      });
      expect(result.statuses[1]).toBe('IN_PROGRESS');
      expect(result.reasons[1]).toBe('configuration-lost');
    }),
  );

  it.each(lossy)(
    '%s, while the table cannot be read for one call: held for that call',
    (_, travel) =>
      inLab(async (lab) => {
        const hook = await holding(lab);
        const result = await hook.gate(strict, {
          ...releasing(hook, (call) => {
            const { faults } = hook.account;
            faults.length = 0;
            if (call === 1) faults.push({ operation: 'Query', kind: 'access-denied' });
          }),
          ...patience,
          travel,
        });
        expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'FAILED']);
        expect(result.reasons.slice(1)).toEqual(['configuration-lost', 'unexpected-status']);
      })(),
  );

  it(
    'a first call without hookDetails waits for the table, and then goes by the defaults',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.account.faults.push({ operation: 'Query', kind: 'access-denied', times: 1 });
      const result = await hook.gate();
      expect(result.statuses).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reasons[0]).toBe('configuration-lost');
    }),
  );

  it(
    'a second hook of the stage keeps to its own',
    inLab(async (lab) => {
      const hook = await holding(lab);
      const lenient = { samples: 0, checks: [{ path: '/lenient' }] };
      const [first, second] = await Promise.all([
        hook.gate(strict, releasing(hook)),
        hook.gate(lenient, releasing(hook)),
      ]);
      expect([first.reason, second.reason]).toEqual(['unexpected-status', 'checks-passed']);
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
    deadlineMinutes: 1,
  };

  it.each([
    ['an object', everything],
    ['JSON text', JSON.stringify(everything)],
  ])('every key of the configuration, given as %s', (_, details) =>
    inLab(async (lab) => {
      const hook = await holding(lab);
      const result = await hook.gate(details);
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS', 'FAILED']);
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
      const state = { ...emptyState(hashOf(config), hook.account.nowMs()), samples };
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
