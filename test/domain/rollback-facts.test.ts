import { describe, expect, it } from 'vitest';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { classifyDeploymentChange } from '../../shared/domain/deployment-event.ts';
import { rollbackFactsOf } from '../../shared/domain/rollback-facts.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { context, momentOf, samples } from './alert-samples.ts';

const rollout = (id: string, number: number, status: string, running: number) => ({
  id,
  status,
  rolloutState: undefined,
  taskDefinitionArn: `arn:aws:ecs:eu-central-1:123456789012:task-definition/worker:${number}`,
  createdAtMs: number * 1_000,
  running,
});
const state = (changes: Partial<ServiceState>): ServiceState => ({
  service: 'worker',
  running: 3,
  desired: 4,
  pending: 0,
  minimumHealthyPercent: 100,
  rollouts: [rollout('ecs-svc/7', 7, 'PRIMARY', 0), rollout('ecs-svc/6', 6, 'ACTIVE', 3)],
  circuitBreaker: undefined,
  tags: {},
  ...changes,
});
const back = [rollout('ecs-svc/6', 6, 'PRIMARY', 3), rollout('ecs-svc/7', 7, 'ACTIVE', 0)];
const breaker = 'ECS deployment circuit breaker: task failed to start.';
const factsOf = (reason: string, now: ServiceState | undefined, eventName = 'FAILED') => {
  const change = {
    eventId: 'e',
    clusterArn: 'c',
    serviceArn: 's',
    service: 'worker',
    eventType: 'ERROR',
    eventName: `SERVICE_DEPLOYMENT_${eventName}`,
    deploymentId: 'ecs-svc/7',
    reason,
    atMs: 0,
  };
  return rollbackFactsOf(change, classifyDeploymentChange(change), now);
};

describe('what ECS says of a failed deployment', () => {
  it.each([
    ['breaker without rollback', breaker, state({ circuitBreaker: 'on' }), 'no'],
    [
      'breaker, way back not begun',
      breaker,
      state({ circuitBreaker: 'on, with rollback' }),
      'maybe',
    ],
    ['breaker, older one wanted again', breaker, state({ rollouts: back }), 'yes'],
    ['alarm without rollback', 'alarm x detected', state({ deploymentAlarms: 'on' }), 'no'],
    ['alarm, breaker without rollback', 'alarm x', state({ circuitBreaker: 'on' }), 'maybe'],
    ['hook', 'Lifecycle hook returned FAILED.', undefined, 'yes'],
    ['no state to be read', breaker, undefined, 'maybe'],
  ])('%s: claims no more than is known', (_, reason, now, rolledBack) => {
    expect(factsOf(reason, now).rolledBack).toBe(rolledBack);
  });

  it('names both revisions and what runs, and blanks what it cannot know', () => {
    expect(factsOf(breaker, state({ circuitBreaker: 'on' }))).toMatchObject({
      ecsRevision: 'worker:7',
      ecsSource: 'worker:6',
      ecsRunning: '3 of 4 running on worker:6',
    });
    expect(factsOf(breaker, undefined)).toMatchObject({ ecsRevision: '', ecsSource: '' });
    const started = factsOf(`${breaker} rolling back to ecs-svc/6`, undefined, 'IN_PROGRESS');
    expect(started).toMatchObject({ ecsCause: 'circuit-breaker', rolledBack: 'yes' });
    expect(started).not.toHaveProperty('ecsRevision');
  });
});

describe('who ended it, where the gate has answered an earlier try', () => {
  const ecs = { ecsRevision: 'checkout:413', rolledBack: 'yes' };
  const minuteMs = 60_000;
  it.each([
    ['enforce', 'circuit-breaker', 1, 'deployment of checkout:413 failed'],
    ['enforce', 'lifecycle-hook', 1, 'green rolled back'],
    ['enforce', 'lifecycle-hook', 61, 'deployment of checkout:413 failed'],
    ['observe', 'lifecycle-hook', 1, 'deployment of checkout:413 failed'],
    ['enforce', 'circuit-breaker', -1, 'green rolled back'],
    ['enforce', 'rollback-failed', 1, 'rollback failed'],
    ['enforce', 'rollback-failed', -1, 'green rolled back'],
  ])('%s, ECS says %s %d min after it: %s', (mode, ecsCause, minutes, text) => {
    const sample = samples.rollback;
    if (sample === undefined) throw new Error('there is a sample');
    const { incident, notice } = momentOf(
      { ...sample, facts: { ...sample.facts, ...ecs, mode, ecsCause } },
      'open',
      { factTimes: { reason: 0, ecsCause: minutes * minuteMs } },
    );
    expect(JSON.stringify(renderAlert(incident, notice, context))).toContain(text);
  });
});
