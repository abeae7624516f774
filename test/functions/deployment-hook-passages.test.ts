import { describe, expect, it, vi } from 'vitest';
import { answering } from '../../simulator/http-service.ts';
import {
  breakGlassName,
  type Deployed,
  inLab,
  type Lab,
  nobody,
  plain,
  requestsOf,
} from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

const bad = answering(500);

describe.concurrent('calls that are not for the gate', () => {
  const silent = async (lab: Lab) => {
    const green = await lab.serve(bad);
    return { green, hook: await lab.deploy({ green }) };
  };

  it.each(['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'])(
    'a rollback by weights: %s',
    (stage) =>
      inLab(async (lab) => {
        const { green, hook } = await silent(lab);
        const result = await hook.gate(plain(), { stage, isRollback: true });
        expect(result.statuses).toEqual(['SUCCEEDED']);
        expect(result.reason).toBe('rollback-call');
        expect(green.requests.count).toBe(0);
        expect(hook.account.calls).toEqual([]);
      })(),
  );

  it.each(['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_FAILED'] as const)(
    'a rollback by status: %s',
    (status) =>
      inLab(async (lab) => {
        const { green, hook } = await silent(lab);
        hook.service.setStatus(status);
        const result = await hook.gate(plain());
        expect(result.statuses).toEqual(['SUCCEEDED']);
        expect(result.reason).toBe('rollback-in-progress');
        expect(green.requests.count).toBe(0);
      })(),
  );

  it(
    'a rollback that begins while ECS waits',
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: nobody });
      const result = await hook.gate(plain(), {
        after: () => hook.service.setStatus('ROLLBACK_IN_PROGRESS'),
      });
      expect(result.reasons).toEqual(['transport', 'rollback-in-progress']);
      expect(result.verdict).toBe('SUCCEEDED');
    }),
  );

  it.each([
    'RECONCILE_SERVICE',
    'PRE_SCALE_UP',
    'POST_SCALE_UP',
    'TEST_TRAFFIC_SHIFT',
    'PRODUCTION_TRAFFIC_SHIFT',
    'SOME_STAGE_TO_COME',
  ])('a stage that is not gated: %s', (stage) =>
    inLab(async (lab) => {
      const { green, hook } = await silent(lab);
      const result = await hook.gate({ sampels: 1 }, { stage });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('stage-not-gated');
      expect(green.requests.count).toBe(0);
    })(),
  );

  it(
    'a cluster that the stack does not know: FAILED',
    inLab(async (lab) => {
      const config = { clusterArns: ['arn:aws:ecs:eu-central-1:123456789012:cluster/other'] };
      const green = await lab.serve(bad);
      const hook = await lab.deploy({ green, config });
      const result = await hook.gate(plain());
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe('cluster-not-configured');
      expect(result.last.answer.reason).toContain('cluster/prod');
      expect(green.requests.count).toBe(0);
    }),
  );
});

describe.concurrent('break-glass', () => {
  const note = ({ account }: Deployed, hours: number, rest = 'by=ada; reason=release 42') => {
    const until = new Date(account.nowMs() + hours * 3_600_000).toISOString();
    account.parameters.set(breakGlassName, { Type: 'String', Value: `until=${until}; ${rest}` });
  };
  const badBuild = async (lab: Lab) => lab.deploy({ green: await lab.serve(bad) });

  it(
    'open: lets a bad build through, and says who opened it',
    inLab(async (lab) => {
      const hook = await badBuild(lab);
      note(hook, 1);
      const result = await hook.gate(plain());
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('break-glass');
      expect(result.last.answer.reason).toMatch(/opened by ada until .*: release 42/);
      expect(requestsOf(result.last)).toEqual({ green: 0, blue: 0 });
    }),
  );

  it.each([
    ['expired', -1, undefined],
    ['too far ahead', 25, undefined],
    ['without a name', 1, 'reason=x'],
    ['without a reason', 1, 'by=ada'],
  ])('%s: stays closed', (_, hours, rest) =>
    inLab(async (lab) => {
      const hook = await badBuild(lab);
      note(hook, hours, rest);
      const result = await hook.gate(plain());
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe('unexpected-status');
      expect(result.last.decision.notes).toContainEqual(
        expect.stringContaining('break-glass is not used'),
      );
    })(),
  );

  it(
    "another service's does not open this one",
    inLab(async (lab) => {
      const hook = await badBuild(lab);
      note(hook, 1);
      const parameter = hook.account.parameters.get(breakGlassName);
      hook.account.parameters.clear();
      if (parameter) hook.account.parameters.set('/ballast/break-glass/prod/cart', parameter);
      expect((await hook.gate(plain())).statuses).toEqual(['FAILED']);
    }),
  );

  it(
    'opened while ECS waits: the next poll lets it through',
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: nobody });
      const result = await hook.gate(plain(), { after: (call) => call === 2 && note(hook, 1) });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reason).toBe('break-glass');
    }),
  );

  it(
    'that ends while ECS waits is closed again',
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: nobody });
      note(hook, 1, 'by=ada');
      const result = await hook.gate(plain(), {
        after: () => {
          note(hook, 1);
          hook.clock.skip(2 * 3_600_000);
        },
        timeout: { minutes: 600, action: 'ROLLBACK' },
      });
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it(
    'opens for hookDetails with a mistake too',
    inLab(async (lab) => {
      const hook = await badBuild(lab);
      note(hook, 1);
      expect((await hook.gate({ sampels: 1 })).reason).toBe('break-glass');
    }),
  );
});
