import { describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/deployment-hook/handler.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { createGateWorld, gatedEvent } from '../support/gate-world.ts';

const invocation = { functionArn: undefined, remainingMs: () => 60_000 };
const calm = {
  green: 'good',
  slowdown: 1,
  traffic: 'green',
  targets: ['healthy'],
  alarm: 'OK',
  metric: 1,
  isFirst: false,
  moods: [],
  draws: [0],
} as const;
const answerTo = async (event: unknown, stackMode: 'observe' | 'opt-in' | 'enforce') =>
  (await createGateWorld(calm, { stackMode }).call(event)).answer.hookStatus;

/** An event that lacks nearly everything but, sometimes, its stage. */
const broken = (lifecycleStage?: string) => ({ lifecycleStage, executionDetails: {} });

describe('an event that cannot be read', () => {
  it.each([
    ['at the gated stage, in enforce', broken('POST_TEST_TRAFFIC_SHIFT'), 'enforce', 'FAILED'],
    ['at the gated stage, in opt-in', broken('POST_TEST_TRAFFIC_SHIFT'), 'opt-in', 'FAILED'],
    ['at the gated stage, in observe', broken('POST_TEST_TRAFFIC_SHIFT'), 'observe', 'SUCCEEDED'],
    ['of no stage, in enforce', broken(), 'enforce', 'FAILED'],
    ['nothing at all, in enforce', undefined, 'enforce', 'FAILED'],
    // ECS calls these while it rolls back: FAILED there ends in ROLLBACK_FAILED.
    ['while production shifts', broken('PRODUCTION_TRAFFIC_SHIFT'), 'enforce', 'SUCCEEDED'],
    ['while test traffic shifts', broken('TEST_TRAFFIC_SHIFT'), 'enforce', 'SUCCEEDED'],
    ['before anything runs', broken('PRE_SCALE_UP'), 'enforce', 'SUCCEEDED'],
  ] as const)('%s', async (_, event, mode, expected) =>
    expect(await answerTo(event, mode)).toBe(expected),
  );

  it('says in the log what kept a mistake from being told', async () => {
    const { deps } = createGateWorld(calm);
    const logged: string[] = [];
    const note = (message: string, { error }: Fields = {}): void => {
      logged.push(`${message}: ${error instanceof Error ? error.message : 'nothing'}`);
    };
    const fail = (): never => {
      throw new Error('broken');
    };
    const handle = createHandler({
      ...deps,
      log: { debug: note, info: note, warn: note, error: note },
      clock: { nowMs: fail, sleep: fail },
    });
    expect((await handle(gatedEvent(), invocation)).hookStatus).toBe('FAILED');
    expect(logged).toEqual(['report-failed: broken', 'decision: broken']);
  });

  it('is answered though the log, the clock and the prober throw', async () => {
    const { deps } = createGateWorld(calm);
    const fail = (): never => {
      throw new Error('broken');
    };
    const handle = createHandler({
      ...deps,
      log: { debug: fail, info: fail, warn: fail, error: fail },
      clock: { nowMs: fail, sleep: fail },
      prober: { send: fail, close: fail },
    });
    expect((await handle(gatedEvent(), invocation)).hookStatus).toBe('FAILED');
  });
});
