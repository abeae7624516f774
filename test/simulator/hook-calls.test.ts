import { describe, expect, it } from 'vitest';
import { play } from '../../simulator/play.ts';
import type { HookCall } from '../../simulator/record.ts';
import type { RunMode, Scenario, Stage } from '../../simulator/scenario.ts';
import { pocket } from '../support/pocket.ts';

/** Until the build that is blamed has been rolled back. */
const days = 1.5 / 24;

/** When hooks were begun, and ended, by their events. */
type Seen = { readonly begun: number[]; readonly ended: number[] };

const playSeen = async (scenario: Scenario, mode: RunMode) => {
  const seen: Seen = { begun: [], ended: [] };
  const { record } = await play(scenario, {
    ...{ seed: 6, days, mode, withBallast: true, faults: new Set<never>() },
    variants: { 'lambda-hook-events': 'sent' },
    watch: ({ world }) => {
      world.onEvent(({ detail }) => {
        if (detail.eventName === 'HOOK_IN_PROGRESS') seen.begun.push(world.nowMs());
        if (detail.eventName === 'HOOK_SUCCEEDED' || detail.eventName === 'HOOK_FAILED') {
          seen.ended.push(world.nowMs());
        }
      });
    },
  });
  return { ...seen, calls: record.hookCalls };
};

const isFirst = (call: HookCall, at: number, calls: readonly HookCall[]): boolean =>
  calls.findIndex(
    ({ stage, deploymentArn }) => stage === call.stage && deploymentArn === call.deploymentArn,
  ) === at;

describe('a hook call in a run', () => {
  it.each<RunMode>(['wire', 'fast'])('starts, and counts, when it is caused: %s', async (mode) => {
    const { begun, ended, calls } = await playSeen(pocket, mode);
    expect(calls.length).toBeGreaterThan(2);
    expect(calls.filter(isFirst).map(({ startedMs }) => startedMs)).toEqual(begun);
    const verdicts = calls.filter(({ hookStatus }) => hookStatus !== 'IN_PROGRESS');
    expect(verdicts.map(({ endedMs }) => endedMs)).toEqual(ended);
  });

  it('of a function that nobody has put up fails at once', async () => {
    const target = 'arn:aws:lambda:eu-central-1:123456789012:function:nobody';
    const arrange = (stage: Stage) =>
      pocket.arrange({
        ...stage,
        hook: { hookTargetArn: target, roleArn: 'arn:aws:iam::1:role/x' },
      });
    const { begun, ended, calls } = await playSeen({ ...pocket, arrange }, 'wire');
    expect(calls).toEqual([]);
    expect(begun.length).toBeGreaterThan(0);
    expect(ended).toEqual(begun);
  });
});
