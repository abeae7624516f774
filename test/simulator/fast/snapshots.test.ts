import { describe, expect, it } from 'vitest';
import { createReadLimiter } from '../../../shared/aws/read-limiter.ts';
import { createSnapshotReader } from '../../../shared/aws/snapshot-take.ts';
import { everyWant, type SnapshotWants } from '../../../shared/aws/snapshot-wants.ts';
import { type Account, createAccount } from '../../../simulator/account.ts';
import { createFastSnapshotReader } from '../../../simulator/fast/snapshots.ts';
import { play, type Watched } from '../../../simulator/play.ts';
import type { Scenario } from '../../../simulator/scenario.ts';
import { createHealthyMonth } from '../../../simulator/scenarios/healthy-month.ts';
import { scaleIn } from '../../../simulator/scenarios/scale-in.ts';
import { spot } from '../../../simulator/scenarios/spot.ts';
import { zoneOutage } from '../../../simulator/scenarios/zone-outage.ts';
import { createVirtualClock } from '../../../simulator/virtual-clock.ts';
import { sourcesOf } from '../../aws/snapshot-lab.ts';
import { pocket } from '../../support/pocket.ts';

const minuteMs = 60_000;

/** What each function that watches asks for, and everything. */
const wishes: Readonly<Record<string, SnapshotWants>> = {
  density: { capacityProviders: true },
  balance: { capacityProviders: true, subnetZones: true, onDemand: () => ({ deployments: true }) },
  all: everyWant,
};

/** A snapshot, its text with the order of everything in it, and the calls that it took. */
async function readBy(account: Account, clusterArn: string, wants: SnapshotWants, isFast: boolean) {
  const clock = createVirtualClock(account.nowMs());
  const calls: string[] = [];
  account.intercept = ({ service, operation }) => {
    calls.push(`${service}:${operation}`);
    return undefined;
  };
  const reader = isFast
    ? createFastSnapshotReader(account, clock)
    : createSnapshotReader(sourcesOf(account), { limiter: createReadLimiter(clock), clock });
  const snapshot = await reader.read(clusterArn, wants);
  return { snapshot, text: JSON.stringify(snapshot), calls: calls.sort() };
}

/** Seldom at the same moment of anything that happens regularly. */
const everyMs = 53 * minuteMs + 31_000;

/** All that the account holds now, for itself: what the world changes afterwards does not show in it. */
function copyOf({ region, accountId, nowMs, ...held }: Account): Account {
  const atMs = nowMs();
  const { intercept: _, calls: __, tables: ___, ...state } = held;
  const copy = createAccount({ region, accountId, nowMs: () => atMs });
  return Object.assign(copy, structuredClone(state));
}

/** The account every so often while a scenario is played in it. */
async function momentsOf(scenario: Scenario, seed: number, days: number) {
  const moments: Account[] = [];
  const watch = ({ world }: Watched): void => {
    const plan = (): void => {
      world.after(everyMs, () => {
        moments.push(copyOf(world.account));
        plan();
      });
    };
    plan();
  };
  await play(scenario, { seed, days, mode: 'fast', withBallast: false, watch });
  return moments;
}

describe('the fast reader of snapshots', { timeout: 240_000 }, () => {
  it.each<readonly [Scenario, number, number]>([
    [pocket, 4, pocket.days],
    [scaleIn, 1, 1],
    [scaleIn, 2, 1],
    [zoneOutage, 1, 0.5],
    [spot, 3, 0.5],
    [createHealthyMonth(12), 1, 1],
    [createHealthyMonth(60), 2, 0.2],
  ])('sees what the real one sees over the wire, by the same calls: %o, seed %i', async (...of) => {
    const moments = await momentsOf(...of);
    expect(moments.length).toBeGreaterThan(2);
    for (const account of moments) {
      const [clusterArn = ''] = account.clusters.keys();
      for (const wants of Object.values(wishes)) {
        const fast = await readBy(account, clusterArn, wants, true);
        const real = await readBy(account, clusterArn, wants, false);
        expect(fast).toEqual(real);
        expect(fast.snapshot.tasks.length).toBeGreaterThan(0);
        expect(fast.snapshot.gaps).toEqual([]);
      }
    }
  });
});
