import { describe, expect, it } from 'vitest';
import { createReadLimiter } from '../../../shared/aws/read-limiter.ts';
import type { SnapshotReader } from '../../../shared/aws/snapshot-reader.ts';
import { createSnapshotReader } from '../../../shared/aws/snapshot-take.ts';
import { everyWant, type SnapshotWants } from '../../../shared/aws/snapshot-wants.ts';
import type { Snapshot } from '../../../shared/domain/snapshot.ts';
import { type Account, createAccount } from '../../../simulator/account.ts';
import { createFastReads } from '../../../simulator/fast/reads.ts';
import { createRememberedMaking } from '../../../simulator/fast/remembered-making.ts';
import { createFastSnapshotReader } from '../../../simulator/fast/snapshots.ts';
import { type Factories, play, type Watched } from '../../../simulator/play.ts';
import type { Scenario } from '../../../simulator/scenario.ts';
import { createHealthyMonth } from '../../../simulator/scenarios/healthy-month.ts';
import { scaleIn } from '../../../simulator/scenarios/scale-in.ts';
import { spot } from '../../../simulator/scenarios/spot.ts';
import { storm } from '../../../simulator/scenarios/storm.ts';
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
    ? createFastSnapshotReader(createFastReads(account), clock, createRememberedMaking())
    : createSnapshotReader(sourcesOf(account), { limiter: createReadLimiter(clock), clock });
  const snapshot = await reader.read(clusterArn, wants);
  return { snapshot, text: JSON.stringify(snapshot), calls: calls.sort() };
}

/** Seldom at the same moment of anything that happens regularly. */
const everyMs = 53 * minuteMs + 31_000;

/** All that the account holds now, for itself: what the world changes afterwards does not show in it. */
function copyOf({ region, accountId, nowMs, ...held }: Account): Account {
  const atMs = nowMs();
  const { intercept: _, admits: __, calls: ___, tables: ____, ...state } = held;
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

/** No pauses: two reads begun one after the other see the same moment. */
const timeless = ({ nowMs }: Account) => ({ nowMs, sleep: () => Promise.resolve() });

/** Snapshots by one reader from beginning to end, and by one that makes every one anew, in pairs. */
async function pairsOf(scenario: Scenario, seed: number, days: number) {
  const pairs: { readonly remembered: Snapshot; readonly anew: Snapshot }[] = [];
  const watched: { account?: Account; reader?: SnapshotReader } = {};
  const look = async (): Promise<void> => {
    const { account, reader } = watched;
    if (account === undefined || reader === undefined) return;
    const [clusterArn = ''] = account.clusters.keys();
    const { intercept } = account;
    account.intercept = undefined;
    for (const wants of Object.values(wishes)) {
      const clock = timeless(account);
      const plain = createSnapshotReader(createFastReads(account), {
        limiter: createReadLimiter(clock),
        clock,
      });
      const anew = await plain.read(clusterArn, wants);
      const remembered = await reader.read(clusterArn, wants);
      pairs.push({ remembered, anew });
    }
    account.intercept = intercept;
  };
  const watch = ({ world: { account } }: Watched): void => {
    const making = createRememberedMaking();
    const reader = createFastSnapshotReader(createFastReads(account), timeless(account), making);
    Object.assign(watched, { account, reader });
  };
  const replace = (real: Factories): Factories => ({ ...real, density: () => look });
  await play(scenario, {
    seed,
    days,
    mode: 'fast',
    withBallast: true,
    withWatchers: true,
    watch,
    replace,
  });
  return pairs;
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

  it.each<readonly [Scenario, number, number]>([
    [pocket, 4, pocket.days],
    [scaleIn, 1, 0.4],
    [zoneOutage, 1, 0.4],
    [spot, 3, 0.4],
    [storm, 2, storm.days],
    [createHealthyMonth(12), 1, 0.5],
  ])('remembers nothing that has changed since: %o, seed %i', async (...of) => {
    const pairs = await pairsOf(...of);
    expect(pairs.length).toBeGreaterThan(30);
    for (const { remembered, anew } of pairs) expect(remembered).toEqual(anew);
    const lists = new Set(pairs.map(({ remembered }) => remembered.tasks));
    expect(lists.size).toBeLessThan((2 / 3) * pairs.length);
  });
});
