import { describe, expect, it, vi } from 'vitest';
import type { Json } from '../../simulator/account.ts';
import type { DetailsTravel } from '../../simulator/hook-session.ts';
import { type Deployed, type GateOptions, gatedStage, inLab } from './hook-lab.ts';
import { denyTable, holding, patience, strict, survivors } from './hook-memory.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

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
