import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClusterState, fittingState, memoryForm } from '../../functions/density/memory.ts';
import {
  type ClusterChange,
  type ClusterMemory,
  emptyClusterMemory,
  explainedMsMax,
  explanationOf,
  rememberCluster,
} from '../../shared/domain/cluster-change.ts';
import { clusterWithin } from '../../shared/domain/cluster-memory.ts';
import { concentrationsMax } from '../../shared/domain/concentration-watch.ts';
import { memoryCharsMax } from '../../shared/domain/memory-size.ts';
import type { Service } from '../../shared/domain/snapshot.ts';
import { seedOf } from '../support/incidents.ts';
import { rolloutOf, serviceOf, snapshotOf } from '../support/snapshots.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 10, 23, 9);
const charsOf = (memory: ClusterMemory): number => JSON.stringify(memory).length;

const changeOf = (
  subject: string,
  minutesAgo: number,
  groups?: readonly string[],
): ClusterChange => ({
  cause: 'deployment-in-progress',
  subject,
  sinceMs: nowMs - minutesAgo * minuteMs,
  atMs: nowMs - minutesAgo * minuteMs,
  detail: '',
  ...(groups === undefined ? {} : { groups }),
});

describe('clusterWithin', () => {
  const latest = changeOf('latest', 0, ['general']);
  const onFargate = changeOf('fargate', 1, []);
  const other = changeOf('other', 2, ['general', 'other']);
  const past = changeOf('past', explainedMsMax / minuteMs, ['general']);
  const until = 'b'.repeat(40);
  const first = { ['a'.repeat(40)]: 2, [until]: 1 };
  const desired = { ...first, ['c'.repeat(40)]: 40, ['d'.repeat(40)]: 7 };
  const memory: ClusterMemory = { desired, changes: [latest, onFargate, other, past] };
  const { groups: _, ...broadOther } = other;
  const { groups: __, ...broadLatest } = latest;
  const recent = { desired, changes: [latest, onFargate, other] };
  const broad = { desired, changes: [broadLatest, onFargate, broadOther] };

  it.each<readonly [string, number, ClusterMemory]>([
    ['nothing where there is room', charsOf(memory), memory],
    ['what explains nothing any more', charsOf(memory) - 1, recent],
    [
      'the groups of the oldest',
      charsOf(recent) - 1,
      { desired, changes: [latest, onFargate, broadOther] },
    ],
    ['the groups of all, but not that one moves none', charsOf(broad), broad],
    [
      'the last counts by name',
      charsOf(broad) - 1,
      { ...broad, desired: first, desiredUntil: until },
    ],
    [
      'all counts',
      charsOf({ ...broad, desired: {}, desiredUntil: '' }),
      { ...broad, desired: {}, desiredUntil: '' },
    ],
    [
      'the oldest changes at last',
      charsOf({ ...broad, desired: {}, desiredUntil: '' }) - 1,
      { desired: {}, desiredUntil: '', changes: [broadLatest, onFargate] },
    ],
  ])('lets go of %s', (_what, charsMax, expected) => {
    expect(clusterWithin(memory, charsMax, nowMs)).toEqual(expected);
    expect(charsOf(expected)).toBeLessThanOrEqual(charsMax);
  });
});

const longName = 255;
/** A name of so many characters, in an order of its own. */
const nameOf = (at: number, chars: number): string =>
  `${String((at * 7) % 1000).padStart(3, '0')}-${at}`.padEnd(chars, 'n').slice(0, longName);

type Size = {
  readonly services: number;
  readonly chars: number;
  readonly deploying: number;
  readonly providers: number;
  readonly concentrations: number;
};
const size: fc.Arbitrary<Size> = fc.record({
  services: fc.integer({ min: 0, max: 900 }),
  chars: fc.integer({ min: 8, max: longName }),
  deploying: fc.integer({ min: 0, max: 80 }),
  providers: fc.integer({ min: 0, max: 9 }),
  concentrations: fc.integer({ min: 0, max: concentrationsMax }),
});

describe('what density remembers of a cluster', () => {
  /** Looks five minutes apart, each with what was saved by the one before. */
  function createPlay({ services, chars, deploying, providers, concentrations }: Size) {
    const names = Array.from({ length: services }, (_, at) => nameOf(at, chars));
    const capacityProviders = Array.from({ length: providers }, (_, at) => nameOf(at, chars));
    const one = { sinceMs: nowMs, isTold: true, isOneOfMany: true, said: '0123456789abcdef' };
    const told = Array.from({ length: concentrations }, (_, at) => [nameOf(at, chars), one]);
    let state: ClusterState = {
      form: memoryForm,
      cluster: emptyClusterMemory,
      concentrations: Object.fromEntries(told),
      anomalySinceMs: nowMs,
      anomalySaid: one.said,
    };
    let atMs = nowMs;
    const servicesAs = (isBusy: boolean): readonly Service[] =>
      names.map((name, at) => {
        const isDeploying = isBusy && at < deploying;
        const rolloutState = isDeploying ? 'IN_PROGRESS' : 'COMPLETED';
        const rollouts = [rolloutOf({ rolloutState })];
        return serviceOf(name, { capacityProviders, rollouts, desired: isDeploying ? 12_345 : 2 });
      });
    return {
      look: (isBusy: boolean): ClusterMemory => {
        atMs += 5 * minuteMs;
        const snapshot = snapshotOf({ takenAtMs: atMs, services: servicesAs(isBusy) });
        const cluster = rememberCluster(state.cluster, snapshot);
        state = JSON.parse(JSON.stringify(fittingState({ ...state, cluster }, atMs)));
        return cluster;
      },
      saved: (): ClusterState => state,
      now: (): number => atMs,
    };
  }

  it('can be saved, whatever the cluster, and lets nothing seem to change', () => {
    fc.assert(
      fc.property(size, (drawn) => {
        const play = createPlay(drawn);
        for (const isBusy of [false, true, true, false, false]) {
          play.look(isBusy);
          expect(JSON.stringify(play.saved()).length).toBeLessThanOrEqual(memoryCharsMax);
        }
        const before = play.saved().cluster.desired;
        const { changes } = play.look(false);
        expect(changes.filter(({ atMs }) => atMs === play.now())).toEqual([]);
        expect(play.saved().cluster.desired).toEqual(before);
      }),
      { numRuns: 60, ...seedOf() },
    );
  });

  it('still explains, where 40 of 500 services with long names are deployed and scaled at once', () => {
    const long = { services: 500, chars: 70, deploying: 40, providers: 8, concentrations: 0 };
    const play = createPlay(long);
    play.look(false);
    play.look(true);
    const movedMs = play.now();
    play.look(true);
    const asked = { figure: 'instances', farSinceMs: movedMs, awaySinceMs: movedMs };
    for (const group of [undefined, nameOf(0, long.chars)]) {
      const explanation = explanationOf(play.saved().cluster, {
        ...asked,
        group,
        nowMs: play.now(),
      });
      expect(explanation?.kind).toBe('explained');
    }
  });
});
