import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyDeploymentChange,
  classifyHookChange,
  type DeploymentStateChange,
  followsDeploymentChange,
  followsHookChange,
  type HookStateChange,
} from '../../shared/domain/deployment-event.ts';
import {
  classifyServiceAction,
  followsServiceAction,
  type ServiceAction,
} from '../../shared/domain/service-action.ts';

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
const common = {
  eventId: '5f0c8a52-9e0f-4b7e-9a52-6f3f2a1c7d10',
  clusterArn: `${prefix}:cluster/prod`,
  serviceArn: `${prefix}:service/prod/worker`,
  service: 'worker',
  eventType: 'INFO',
  atMs: 1_795_402_870_000,
};

const action = (eventName: string, given: Partial<ServiceAction> = {}): ServiceAction => ({
  ...common,
  eventName,
  reason: undefined,
  capacityProviderArns: [],
  containerInstanceArns: [],
  ...given,
});

const deployment = (
  eventName: string,
  reason: string | undefined,
  given: Partial<DeploymentStateChange> = {},
): DeploymentStateChange => ({
  ...common,
  eventName,
  reason,
  deploymentId: 'ecs-svc/88',
  ...given,
});

const hook = (eventName: string, given: Partial<HookStateChange> = {}): HookStateChange => ({
  ...common,
  eventName,
  hookId: 'ecs-pause-1',
  hookType: 'PAUSE',
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  expiresAtMs: undefined,
  serviceDeploymentArn: undefined,
  ...given,
});

describe('a deployment', () => {
  const failed = 'SERVICE_DEPLOYMENT_FAILED';
  const progress = 'SERVICE_DEPLOYMENT_IN_PROGRESS';

  it.each<readonly [string, string | undefined, string, string, string | undefined]>([
    [failed, 'ECS deployment circuit breaker: x', 'circuit-breaker', 'warn', undefined],
    [failed, 'CloudWatch alarm detected: x', 'deployment-alarm', 'warn', undefined],
    [failed, 'A lifecycle hook said no', 'lifecycle-hook', 'warn', undefined],
    [failed, 'Words of tomorrow', 'deployment-failed', 'warn', undefined],
    [failed, undefined, 'deployment-failed', 'warn', undefined],
    [failed, 'circuit breaker: rollback failed', 'rollback-failed', 'critical', undefined],
    [failed, 'Status is ROLLBACK_FAILED', 'rollback-failed', 'critical', undefined],
    [
      progress,
      'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/87.',
      'circuit-breaker',
      'warn',
      'ecs-svc/87',
    ],
    [progress, 'alarm x: rolling back to ecs-svc/87', 'deployment-alarm', 'warn', 'ecs-svc/87'],
    [progress, 'The deployment is rolled back.', 'deployment-failed', 'warn', undefined],
  ])('%s because "%s" is %s', (eventName, reason, cause, severity, rollbackTo) => {
    const change = deployment(eventName, reason);
    expect(followsDeploymentChange(change)).toBe(true);
    expect(classifyDeploymentChange(change)).toMatchObject({
      rule: eventName,
      cause,
      kind: 'rollback',
      severity,
      isTrouble: true,
      isRecovery: false,
      detail: reason ?? eventName,
      rollbackTo,
    });
  });

  it('that completes is a recovery', () => {
    const change = deployment('SERVICE_DEPLOYMENT_COMPLETED', 'ECS deployment x completed.');
    expect(classifyDeploymentChange(change)).toMatchObject({ isTrouble: false, isRecovery: true });
  });

  it('that goes on is no news', () => {
    const change = deployment(progress, 'ECS deployment ecs-svc/88 in progress.');
    expect(followsDeploymentChange(change)).toBe(false);
    expect(classifyDeploymentChange(change)).toMatchObject({
      cause: 'unknown-event',
      isTrouble: false,
      isRecovery: false,
    });
  });
});

describe('a service action', () => {
  it('tells its name and its reason', () => {
    const placement = action('SERVICE_TASK_PLACEMENT_FAILURE', { reason: 'RESOURCE:CPU' });
    expect(classifyServiceAction(placement)).toEqual({
      rule: 'SERVICE_TASK_PLACEMENT_FAILURE',
      cause: 'no-capacity',
      kind: 'placement-failure',
      severity: 'warn',
      isTrouble: true,
      isRecovery: false,
      detail: 'SERVICE_TASK_PLACEMENT_FAILURE, RESOURCE:CPU',
    });
  });

  it.each([
    ['WARN', true],
    ['WARNING', true],
    ['ERROR', true],
    ['INFO', false],
    [undefined, false],
  ])('by an unknown name and of type %s is trouble: %s', (eventType, isTrouble) => {
    expect(followsServiceAction(eventType, 'SERVICE_FELL_OVER')).toBe(isTrouble);
    expect(classifyServiceAction(action('SERVICE_FELL_OVER', { eventType }))).toMatchObject({
      rule: 'unknown',
      cause: 'unknown-event',
      kind: undefined,
      isTrouble,
    });
  });

  it('means the same whatever its type says', () => {
    const names = [
      'SERVICE_TASK_START_IMPAIRED',
      'SERVICE_STEADY_STATE',
      'SERVICE_REBALANCING_STOPPED',
    ];
    for (const eventName of names) {
      const [info, error] = ['INFO', 'ERROR'].map((eventType) =>
        classifyServiceAction(action(eventName, { eventType })),
      );
      expect(info).toEqual(error);
    }
  });
});

describe('a hook', () => {
  it.each([
    ['HOOK_FAILED', 'hook-failed', 'rollback'],
    ['HOOK_TIMED_OUT', 'hook-timed-out', 'hook-timed-out'],
    ['HOOK_AWAITING_ACTION', 'hook-awaiting-action', 'hook-awaiting-action'],
  ])('that says %s is trouble, of whatever type the event is', (eventName, cause, kind) => {
    for (const eventType of ['INFO', 'ERROR', undefined]) {
      const change = hook(eventName, { eventType });
      expect(followsHookChange(change)).toBe(true);
      expect(classifyHookChange(change)).toMatchObject({ cause, kind, isTrouble: true });
    }
  });

  it('tells which hook, and where', () => {
    expect(classifyHookChange(hook('HOOK_FAILED')).detail).toBe(
      'HOOK_FAILED, PAUSE, POST_TEST_TRAFFIC_SHIFT, ecs-pause-1',
    );
  });

  it.each(['HOOK_IN_PROGRESS', 'HOOK_SUCCEEDED'])('that says %s is no news', (eventName) => {
    expect(followsHookChange(hook(eventName))).toBe(false);
    expect(classifyHookChange(hook(eventName))).toMatchObject({ isTrouble: false });
  });
});

it('is never trouble and recovery at once, and critical only where a rollback failed', () => {
  const names = fc.oneof(
    fc.constantFrom(
      'SERVICE_DEPLOYMENT_FAILED',
      'SERVICE_STEADY_STATE',
      'HOOK_FAILED',
      '__proto__',
    ),
    fc.string(),
  );
  const types = fc.constantFrom('INFO', 'WARN', 'ERROR', undefined);
  fc.assert(
    fc.property(names, types, fc.string(), (eventName, eventType, reason) => {
      const meanings = [
        classifyServiceAction(action(eventName, { eventType, reason })),
        classifyDeploymentChange(deployment(eventName, reason, { eventType })),
        classifyHookChange(hook(eventName, { eventType })),
      ];
      for (const { isTrouble, isRecovery, kind, cause, severity } of meanings) {
        expect(isTrouble && isRecovery).toBe(false);
        if (kind !== undefined) expect(isTrouble).toBe(true);
        if (severity === 'critical') expect(cause).toBe('rollback-failed');
      }
    }),
  );
});
