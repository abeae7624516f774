import { describe, expect, it } from 'vitest';
import type { ServiceRollout } from '../../shared/domain/service-state.ts';
import { stateFacts } from '../../shared/domain/task-reaction.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 20);

const rollout = (version: number, changes: Partial<ServiceRollout>): ServiceRollout => ({
  id: `ecs-svc/${version}`,
  status: 'ACTIVE',
  rolloutState: 'COMPLETED',
  taskDefinitionArn: `arn:aws:ecs:eu-central-1:123456789012:task-definition/worker:${version}`,
  createdAtMs: startMs + version * hourMs,
  ...changes,
});

const factsOf = (...older: readonly ServiceRollout[]) =>
  stateFacts({
    ...{ service: 'worker', running: 3, desired: 4, pending: 1, minimumHealthyPercent: 100 },
    rollouts: [rollout(9, { status: 'PRIMARY', rolloutState: 'IN_PROGRESS' }), ...older],
    circuitBreaker: 'off',
    tags: {},
  });

describe('the last good revision', () => {
  it('is the one that had come to its end before, with how long it served', () => {
    expect(factsOf(rollout(3, {}))).toMatchObject({
      lastGoodRevision: 'worker:3',
      lastGoodRanMs: 6 * hourMs,
    });
  });

  it.each([
    ['one that failed', rollout(8, { rolloutState: 'FAILED' })],
    ['one that never came to its end', rollout(8, { rolloutState: 'IN_PROGRESS' })],
    ['one of which ECS does not say', rollout(8, { rolloutState: undefined })],
    [
      'the same revision, deployed again',
      rollout(8, { taskDefinitionArn: rollout(9, {}).taskDefinitionArn }),
    ],
  ])('is not %s', (_, older) => {
    const facts = factsOf(older);
    expect(facts.lastGoodRevision).toBeUndefined();
    expect(facts.lastGoodRanMs).toBeUndefined();
  });

  it('is looked for past one that failed', () => {
    const facts = factsOf(rollout(8, { rolloutState: 'FAILED' }), rollout(3, {}));
    expect(facts.lastGoodRevision).toBe('worker:3');
  });
});
