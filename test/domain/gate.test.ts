import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deadlineOf,
  type Finding,
  type GateTiming,
  hookStatusOf,
  judgeGate,
  type Verdict,
} from '../../shared/domain/gate.ts';

const timing = (overrides: Partial<GateTiming> = {}): GateTiming => ({
  nowMs: 60_000,
  startedAtMs: 0,
  deadlineMs: 900_000,
  errorsInARow: 0,
  ...overrides,
});
const finding = (step: string, verdict: Verdict, isCritical = true): Finding => ({
  step,
  verdict,
  reason: `${step}-${verdict}`,
  detail: `${step} ${verdict}`,
  isCritical,
});
const decide = (findings: readonly Finding[], overrides: Partial<GateTiming> = {}): string => {
  const decision = judgeGate(['routing', 'check:a'], findings, timing(overrides));
  const delay = decision.kind === 'wait' ? ` ${decision.callBackDelaySeconds}s` : '';
  return `${decision.kind}:${decision.reason}${delay}`;
};
const routed = finding('routing', 'pass');

describe('judgeGate', () => {
  it.each([
    ['every required step passes', [routed, finding('check:a', 'pass')], 'proceed:checks-passed'],
    ['a failed step rolls back', [routed, finding('check:a', 'fail')], 'rollback:check:a-fail'],
    [
      'a failure weighs more than an error',
      [finding('routing', 'error'), finding('check:a', 'fail')],
      'rollback:check:a-fail',
    ],
    [
      'an error weighs more than doubt',
      [finding('routing', 'error'), finding('check:a', 'inconclusive')],
      'wait:routing-error 15s',
    ],
    ['a required step without a finding is not measured', [routed], 'wait:not-measured 15s'],
    ['no finding at all is no proof', [], 'wait:not-measured 15s'],
    [
      'doubt says what it waits for, not the step that was not come to for it',
      [routed, finding('targets', 'inconclusive')],
      'wait:targets-inconclusive 15s',
    ],
    [
      'a step is not measured, and a comparison needs more samples',
      [routed, finding('comparison:a', 'inconclusive')],
      'wait:comparison:a-inconclusive 5s',
    ],
    [
      'a required step found only as not critical is not proven',
      [routed, finding('check:a', 'pass', false)],
      'wait:not-measured 15s',
    ],
    [
      'a failed step that is not critical decides nothing',
      [routed, finding('check:a', 'pass'), finding('check:b', 'fail', false)],
      'proceed:checks-passed',
    ],
    [
      'a critical failure beyond the required steps rolls back as well',
      [routed, finding('check:a', 'pass'), finding('alarms', 'fail')],
      'rollback:alarms-fail',
    ],
    [
      'a comparison that needs more samples goes on at once',
      [routed, finding('check:a', 'pass'), finding('comparison:a', 'inconclusive')],
      'wait:comparison:a-inconclusive 5s',
    ],
    [
      "a passed comparison's reason is the reason to proceed",
      [routed, finding('check:a', 'pass'), finding('comparison:a', 'pass')],
      'proceed:comparison:a-pass',
    ],
  ])('%s', (_, findings, expected) => expect(decide(findings)).toBe(expected));

  it.each([
    [0, 15],
    [1, 30],
    [2, 60],
    [3, 120],
    [9, 120],
    [1_000_000, 120],
  ])('after %i polls that could not measure it comes back in %i s', (errorsInARow, seconds) =>
    expect(decide([finding('routing', 'error')], { errorsInARow })).toBe(
      `wait:routing-error ${seconds}s`,
    ),
  );

  it.each([
    ['an error', 'error', 'rollback:could-not-measure'],
    ['doubt', 'inconclusive', 'rollback:inconclusive-at-deadline'],
  ] as const)('at the deadline %s rolls back', (_, verdict, expected) =>
    expect(decide([routed, finding('check:a', verdict)], { nowMs: 900_000 })).toBe(expected),
  );

  it('one millisecond before the deadline it still waits, as short as it may', () =>
    expect(decide([finding('routing', 'error')], { nowMs: 899_999 })).toBe(
      'wait:routing-error 5s',
    ));

  it('the last poll falls on the deadline', () =>
    expect(decide([finding('routing', 'error')], { nowMs: 892_000 })).toBe(
      'wait:routing-error 8s',
    ));

  it('at the deadline what is proven still proceeds', () =>
    expect(decide([routed, finding('check:a', 'pass')], { nowMs: 2_000_000 })).toBe(
      'proceed:checks-passed',
    ));

  it('refuses to judge without anything to prove', () =>
    expect(() => judgeGate([], [], timing())).toThrow('proves nothing'));

  it('never proceeds unless every required step has a critical pass and nothing critical failed', () => {
    const verdict = fc.constantFrom<Verdict>('pass', 'fail', 'inconclusive', 'error');
    const step = fc.constantFrom('routing', 'check:a', 'check:b', 'comparison:a', 'alarms');
    fc.assert(
      fc.property(
        fc.uniqueArray(step, { minLength: 1 }),
        fc.array(fc.record({ step, verdict, isCritical: fc.boolean() }), { maxLength: 8 }),
        fc.nat(2_000_000),
        (required, drawn, nowMs) => {
          const findings = drawn.map((one) => finding(one.step, one.verdict, one.isCritical));
          const decision = judgeGate(required, findings, timing({ nowMs }));
          const critical = findings.filter(({ isCritical }) => isCritical);
          const proven =
            required.every((name) => critical.some((one) => one.step === name)) &&
            critical.every((one) => one.verdict === 'pass');
          expect(decision.kind === 'proceed').toBe(proven);
          if (nowMs >= 900_000) expect(decision.kind).not.toBe('wait');
        },
      ),
    );
  });
});

describe('hookStatusOf', () => {
  const rollback = { kind: 'rollback', reason: 'x', detail: '' } as const;
  const wait = {
    ...rollback,
    kind: 'wait',
    callBackDelaySeconds: 5,
    verdict: 'error',
    isSampling: false,
  } as const;
  it.each([
    ['enforce', { ...rollback, kind: 'proceed' }, 'SUCCEEDED'],
    ['enforce', wait, 'IN_PROGRESS'],
    ['enforce', rollback, 'FAILED'],
    ['observe', wait, 'SUCCEEDED'],
    ['observe', rollback, 'SUCCEEDED'],
    ['off', rollback, 'SUCCEEDED'],
  ] as const)('in %s %o is answered %s', (mode, decision, status) =>
    expect(hookStatusOf(decision, mode)).toBe(status),
  );
});

describe('deadlineOf', () => {
  it.each([
    ['its own minutes after the start', 15, undefined, 900_000],
    ["ECS's own time-out, with room for one poll, where that comes first", 15, 600_000, 510_000],
    ["its own minutes where ECS's time-out comes later", 15, 86_400_000, 900_000],
    ["the start where ECS's time-out is nearly over", 15, 30_000, 0],
  ])('is %s', (_, minutes, expiresAtMs, expected) =>
    expect(deadlineOf(0, minutes, expiresAtMs)).toBe(expected),
  );
});
