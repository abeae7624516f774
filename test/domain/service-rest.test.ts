import { describe, expect, it } from 'vitest';
import type { ServiceRollout, ServiceState } from '../../shared/domain/service-state.ts';
import { observeState } from '../../shared/domain/task-reaction.ts';
import { at, createPlay, stop } from '../support/incidents.ts';

const rollout = (status: string, rolloutState: string | undefined): ServiceRollout => ({
  id: `ecs-svc/${status}`,
  status,
  rolloutState,
  taskDefinitionArn: undefined,
  createdAtMs: undefined,
});
const failed = rollout('PRIMARY', 'FAILED');
const old = rollout('ACTIVE', 'COMPLETED');
const state = (changes: Partial<ServiceState>): ServiceState => ({
  service: 'worker',
  running: 4,
  desired: 4,
  pending: 0,
  minimumHealthyPercent: 100,
  rollouts: [rollout('PRIMARY', 'COMPLETED')],
  circuitBreaker: 'on',
  tags: {},
  ...changes,
});

/** An open crash loop, whose last stop was two minutes in. */
const openLoop = () => createPlay().see(2, stop('a', 0), stop('b', 1), stop('c', 2));

describe('what the state of a service says of its loop', () => {
  it.each<[string, Partial<ServiceState>, string]>([
    ['nothing under way', {}, 'steady'],
    ['no state of the rollout', { rollouts: [rollout('PRIMARY', undefined)] }, 'steady'],
    ['one under way', { rollouts: [rollout('PRIMARY', 'IN_PROGRESS')] }, 'unwell'],
    ['two, none failed', { rollouts: [rollout('PRIMARY', 'COMPLETED'), old] }, 'unwell'],
    ['given up, the old one stays', { rollouts: [failed, old] }, 'deployment-given-up'],
    ['given up, nothing else is left', { rollouts: [failed] }, 'deployment-given-up'],
    ['given up, the old one lacks a task', { rollouts: [failed, old], running: 3 }, 'unwell'],
    ['given up, something starts', { rollouts: [failed, old], pending: 1 }, 'unwell'],
    [
      'given up, while an older one was under way',
      { rollouts: [failed, rollout('ACTIVE', 'IN_PROGRESS')] },
      'deployment-given-up',
    ],
    [
      'an older one failed, this one is under way',
      { rollouts: [rollout('PRIMARY', 'IN_PROGRESS'), rollout('ACTIVE', 'FAILED')] },
      'unwell',
    ],
  ])('%s', (_, changes, said) => {
    const incident = openLoop();
    if (incident === undefined) throw new Error('three stops open a loop');
    const [, wellness] = observeState(incident, state(changes), at(20));
    const word = wellness?.type === 'well' ? wellness.reason : wellness?.type;
    expect(word).toBe(said);
  });
});
