import { describe, expect, it } from 'vitest';
import { hashOf, recall } from '../../functions/deployment-hook/memory.ts';
import type { GateItem } from '../../shared/aws/gate-store.ts';
import { emptyState, encodeState } from '../../shared/domain/gate-state.ts';
import { readRawDetails } from '../../shared/events/hook-details.ts';

const stage = 'POST_TEST_TRAFFIC_SHIFT';
const nowMs = Date.UTC(2026, 10, 20, 3);

/** A gate in the table, by its configuration. */
const item = (config: object, changes: Partial<GateItem> = {}): GateItem => ({
  deploymentArn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/1',
  stage,
  configHash: hashOf(config),
  executionId: 'another',
  config: JSON.stringify(config),
  state: encodeState(emptyState(stage, hashOf(config), nowMs)),
  calls: 1,
  startedAtMs: nowMs,
  expiresAtSeconds: nowMs / 1000 + 3_600,
  ...changes,
});
const [strict, other] = [{ samples: 0 }, { samples: 20 }];

describe('what came back', () => {
  const config = { samples: 0 };
  const early = nowMs - 20 * 60_000;
  const stateOf = (of: string, startedAtMs: number) =>
    encodeState({ ...emptyState(of, hashOf(config), startedAtMs), calls: 3 });
  const answered = item(config, { state: stateOf(stage, early), answer: 'checks-passed' });
  const next = 'PRE_PRODUCTION_TRAFFIC_SHIFT';
  it.each<readonly [string, string | undefined, readonly GateItem[], number, number]>([
    ['of this gate goes on', stateOf(stage, early), [], early, 3],
    ['of this gate, and the table too', stateOf(stage, early), [item(config)], early, 3],
    ['of another stage is none of this one', stateOf(next, early), [], nowMs, 0],
    ['of a gate that has answered is over', stateOf(stage, early), [answered], nowMs, 0],
    ['of the gate after it goes on', stateOf(stage, nowMs - 9), [answered], nowMs - 9, 3],
    ['is nothing, and the gate in the table has answered', undefined, [answered], nowMs, 0],
  ])('%s', (_, ballastState, items, startedAtMs, calls) => {
    const details = readRawDetails({ ...config, ...(ballastState && { ballastState }) });
    const { state, loss } = recall({ executionId: 'this', stage }, details, items, [], nowMs);
    expect([state.startedAtMs, state.calls, loss]).toEqual([startedAtMs, calls, undefined]);
  });
});

describe('a call without hookDetails, where ECS shows no configuration', () => {
  it.each<readonly [string, readonly GateItem[], object | 'loss']>([
    ['no gate is open: a hook without a configuration', [], {}],
    ['one gate is open: it is that one', [item(strict)], strict],
    ['two are open: it may be either, and nothing is proven', [item(strict), item(other)], 'loss'],
    [
      'two are open, one of this execution: it is that one',
      [item(strict), item(other, { executionId: 'this' })],
      other,
    ],
    ['a gate that has answered is not open', [item(strict, { answer: 'SUCCEEDED' })], {}],
    ['its configuration cannot be read', [item(strict, { config: '{' })], 'loss'],
  ])('%s', (_, items, expected) => {
    const { config, loss } = recall(
      { executionId: 'this', stage },
      readRawDetails(undefined),
      items,
      [],
      nowMs,
    );
    if (expected === 'loss') expect(loss).toContain('no hookDetails came');
    else expect({ config, loss }).toEqual({ config: expected, loss: undefined });
  });
});
