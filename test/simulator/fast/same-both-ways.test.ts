import { describe, expect, it } from 'vitest';
import type { PlayOptions } from '../../../simulator/play.ts';
import type { Scenario } from '../../../simulator/scenario.ts';
import { badGreen } from '../../../simulator/scenarios/bad-green.ts';
import { scaleIn } from '../../../simulator/scenarios/scale-in.ts';
import { doneIn, playedIn } from '../../support/both-ways.ts';
import { pocket } from '../../support/pocket.ts';

const minuteMs = 60_000;

/** How long a minute begins without tokens: not at all, until a second attempt, beyond the last one. */
const busyMs = (minute: number): number => [0, 700, 2_300][minute % 3] ?? 0;

describe('fast mode', { timeout: 240_000 }, () => {
  it.each<readonly [string, Scenario, number, number]>([
    ['a loop, single stops and a gate', pocket, 4, pocket.days],
    ['another seed of it', pocket, 9, pocket.days],
    ['a third seed of it', pocket, 23, pocket.days],
    ['instances that come and go', scaleIn, 5, 0.3],
    ['a good and a slow build at the gate', badGreen, 2, 0.15],
  ])('decides, writes and tells the same as over the wire: %s', async (_, scenario, seed, days) => {
    const fast = doneIn(await playedIn(scenario, 'fast', [seed, days]));
    const wire = doneIn(await playedIn(scenario, 'wire', [seed, days]));
    expect(fast.alerts.length + fast.answers.length).toBeGreaterThan(0);
    expect(fast.decisions.length).toBeGreaterThan(10);
    expect(fast).toEqual(wire);
  });

  it('takes refusals as they are taken over the wire, where others have used up all tokens', async () => {
    const refused: string[] = [];
    // By time alone: within a millisecond, calls have an order of their own.
    const watch: PlayOptions['watch'] = ({ world: { account, nowMs } }) => {
      account.admits = (call) => {
        const isOver = nowMs() % minuteMs >= busyMs(Math.floor(nowMs() / minuteMs));
        if (!isOver && call.service === 'ecs') refused.push(`${call.operation} ${nowMs()}`);
        return isOver || call.service !== 'ecs';
      };
    };
    const run = [4, pocket.days] as const;
    // Those that watch pace their reads, and slow down by the order in which they are refused.
    const more = { watch, withWatchers: false };
    const fast = doneIn(await playedIn(pocket, 'fast', run, more));
    const seen = refused.splice(0).sort();
    const wire = doneIn(await playedIn(pocket, 'wire', run, more));
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual(refused.sort());
    expect(fast.decisions.length).toBeGreaterThan(10);
    expect(fast).toEqual(wire);
  });
});
