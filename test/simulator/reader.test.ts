import { describe, expect, it } from 'vitest';
import { play } from '../../simulator/play.ts';
import type { Arranged, Stage } from '../../simulator/scenario.ts';
import { whenTold } from '../../simulator/scenarios/reader.ts';
import { hourMs } from '../../simulator/scenarios/time.ts';
import { pocket } from '../support/pocket.ts';

/** The pocket scenario, with somebody who waits for any incident that opens. */
const watchedBy = (acted: number[], kind: string) => ({
  ...pocket,
  arrange: (stage: Stage): Arranged => {
    whenTold(stage, { kind, text: 'in prod' }, hourMs / 2, () => acted.push(stage.world.nowMs()));
    return pocket.arrange(stage);
  },
});

const options = { seed: 6, days: pocket.days, mode: 'fast' } as const;

describe('somebody who reads the alerts', () => {
  it('acts once, some time after the first of a kind; not where nobody tells; again where told to repeat', async () => {
    const acted: number[] = [];
    const quiet = await play(watchedBy(acted, 'rollback'), { ...options, withBallast: false });
    expect(acted).toEqual([]);
    expect([...quiet.reactions]).toEqual([]);

    const told = await play(watchedBy(acted, 'rollback'), { ...options, withBallast: true });
    const first = told.record.alerts.find(({ kind }) => kind === 'rollback');
    if (first === undefined) throw new Error('the pocket scenario tells no rollback');
    expect(acted).toHaveLength(1);
    const [atMs = 0] = acted;
    expect(atMs - first.atMs).toBeGreaterThanOrEqual(hourMs / 2);
    expect(atMs - first.atMs).toBeLessThanOrEqual(hourMs / 2 + 60_000);

    const { reactions } = told;
    const again: number[] = [];
    await play(watchedBy(again, 'rollback'), { ...options, withBallast: false, reactions });
    expect(again).toEqual([atMs]);
  });
});
