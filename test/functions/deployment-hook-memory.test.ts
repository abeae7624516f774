import { describe, expect, it } from 'vitest';
import { hashOf, recall } from '../../functions/deployment-hook/memory.ts';
import type { GateItem } from '../../shared/aws/gate-store.ts';
import { emptyState, encodeState } from '../../shared/domain/gate-state.ts';
import { readRawDetails } from '../../shared/events/hook-details.ts';

const nowMs = Date.UTC(2026, 10, 20, 3);

/** A gate in the table, by its configuration. */
const item = (config: object, changes: Partial<GateItem> = {}): GateItem => ({
  deploymentArn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/1',
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  configHash: hashOf(config),
  executionId: 'another',
  config: JSON.stringify(config),
  state: encodeState(emptyState(hashOf(config), nowMs)),
  calls: 1,
  expiresAtSeconds: nowMs / 1000 + 3_600,
  ...changes,
});
const [strict, other] = [{ samples: 0 }, { samples: 20 }];

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
      { executionId: 'this' },
      readRawDetails(undefined),
      items,
      [],
      nowMs,
    );
    if (expected === 'loss') expect(loss).toContain('no hookDetails came');
    else expect({ config, loss }).toEqual({ config: expected, loss: undefined });
  });
});
