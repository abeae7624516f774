import { describe, expect, it } from 'vitest';
import {
  type ClusterMemory,
  emptyClusterMemory,
  rememberCluster,
} from '../../shared/domain/cluster-change.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { defaultDensityPolicy, densityOf } from '../../shared/domain/density.ts';
import { densityOutliersOf } from '../../shared/domain/density-outlier.ts';
import {
  defaultSeriesPolicy,
  densitySamplesOf,
  emptySeriesState,
  figureSentence,
  followSeries,
  type SeriesState,
  type SeriesVerdict,
  withoutUnseen,
} from '../../shared/domain/density-series.ts';
import { groupInstances } from '../../shared/domain/instance-group.ts';
import { createRandom } from '../../shared/domain/statistics/random.ts';
import { densityWorld } from '../support/density-worlds.ts';
import { rolloutOf, serviceOf, snapshotOf } from '../support/snapshots.ts';

const stepMs = 300_000;
const startMs = Date.UTC(2026, 10, 2);
const daySamples = 288;

type Look = { readonly value: number; readonly desired?: number; readonly isDeploying?: boolean };
type Told = { readonly at: number; readonly verdict: SeriesVerdict };

/** Follows tasks per instance of a cluster with one service; what was told, and the last state. */
function follow(looks: readonly Look[]): {
  readonly verdicts: readonly SeriesVerdict[];
  readonly told: readonly Told[];
  readonly state: SeriesState;
} {
  let state: SeriesState = emptySeriesState;
  let cluster: ClusterMemory = emptyClusterMemory;
  const verdicts = looks.map(({ value, desired = 20, isDeploying = false }, at) => {
    const nowMs = startMs + at * stepMs;
    const rollouts = [rolloutOf(isDeploying ? { rolloutState: 'IN_PROGRESS' } : {})];
    const services = [serviceOf('web', { desired, rollouts })];
    cluster = rememberCluster(cluster, snapshotOf({ takenAtMs: nowMs, services }));
    const sample = { figure: 'tasks-per-instance', group: undefined, value } as const;
    const step = followSeries(state, sample, { nowMs, cluster, policy: defaultSeriesPolicy });
    state = JSON.parse(JSON.stringify(step.state)) as SeriesState;
    return step.verdict;
  });
  const told = verdicts.flatMap((verdict, at) => (verdict.kind === 'act' ? [{ at, verdict }] : []));
  return { verdicts, told, state };
}

/** Six by night, twelve by day, as its one service is scaled. */
function scaledDaily(days: number, seed = 7): Look[] {
  const random = createRandom(seed);
  return Array.from({ length: days * daySamples }, (_, at) => {
    const hour = ((at % daySamples) / daySamples) * 24;
    const isDay = hour >= 8 && hour < 20;
    const value = (isDay ? 12 : 6) + random.integer(-1, 1);
    return { value, desired: isDay ? 40 : 20 };
  });
}

const changed = (looks: Look[], from: number, to: number, change: Partial<Look>): Look[] =>
  looks.map((look, at) => (at >= from && at < to ? { ...look, ...change } : look));

describe('followSeries', () => {
  it('says nothing in nine days that scale daily, with two deployments that double the tasks', () => {
    let looks = scaledDaily(9);
    for (const from of [4 * daySamples + 130, 7 * daySamples + 30]) {
      looks = changed(looks, from, from + 9, { value: 24, isDeploying: true });
    }
    const { told, verdicts } = follow(looks);
    expect(told).toEqual([]);
    const explained = verdicts.filter(({ reason }) => reason === 'explained');
    expect(explained.length).toBeGreaterThan(0);
    expect(explained[0]).toMatchObject({ by: { cause: 'deployment-in-progress', subject: 'web' } });
  });

  it('tells the same doubling where nothing explains it, after a quarter of an hour', () => {
    const from = 7 * daySamples + 30;
    const { told, verdicts } = follow(changed(scaledDaily(9), from, from + 9, { value: 24 }));
    expect(told[0]?.at).toBe(from + 3);
    expect(verdicts[from]).toEqual({ kind: 'hold', reason: 'not-long-enough' });
    expect(told[0]?.verdict).toMatchObject({ sinceMs: startMs + from * stepMs });
  });

  it('tells a shift by half though a load test of weeks ago went to ten times as much', () => {
    const calm = (days: number): Look[] =>
      Array.from({ length: days * daySamples }, () => ({ value: 4 }));
    const tested = Array.from({ length: 24 }, () => ({ value: 40 }));
    const before = [...calm(10), ...tested, ...calm(14)];
    const { told } = follow([...before, ...Array.from({ length: 24 }, () => ({ value: 6 }))]);
    const late = told.filter(({ at }) => at >= before.length);
    expect(late[0]?.at).toBe(before.length + 18);
    expect(late[0]?.verdict).toMatchObject({ usual: { low: 4, high: expect.closeTo(4, 0) } });
  });

  describe('what happens each week', () => {
    const weekSamples = 7 * daySamples;
    type Job = { readonly shift?: number; readonly length?: number; readonly value?: number };
    /** Ten to eleven, and from day 10 on a job of two hours a week; `last` is how it goes in week four. */
    const weekly = (last: Job): { readonly at: number; readonly told: readonly Told[] } => {
      let looks: Look[] = Array.from({ length: 10 * daySamples + 4 * weekSamples }, (_, at) => ({
        value: 10 + (at % 2),
      }));
      const begins = [0, 1, 2, 3].map((week) => 10 * daySamples + 100 + week * weekSamples);
      for (const [week, begin] of begins.entries()) {
        const { shift = 0, length = 24, value = 30 } = week === 3 ? last : {};
        looks = changed(looks, begin + shift, begin + shift + length, { value });
      }
      const at = begins[3] ?? 0;
      return { at, told: follow(looks).told };
    };

    it.each<readonly [string, Job]>([
      ['as it was', {}],
      ['an hour later', { shift: 12 }],
      ['an hour longer', { length: 36 }],
      ['not as far', { value: 24 }],
    ])('is told once, in its first week: then %s', (_, last) => {
      const { told } = weekly(last);
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter(({ at }) => at >= 10 * daySamples + weekSamples)).toEqual([]);
    });

    it.each<readonly [string, Job, number]>([
      ['on another day', { shift: daySamples }, daySamples],
      ['much farther', { value: 60 }, 0],
      ['for half a day', { length: 144 }, 0],
    ])('is told again where it comes %s', (_, last, shift) => {
      const { at, told } = weekly(last);
      expect(told.filter((one) => one.at >= at + shift).length).toBeGreaterThan(0);
    });

    it('is a decision with a reason, and remembers four at most', () => {
      const looks = Array.from({ length: 10 * daySamples + 8 * weekSamples }, (_, at): Look => {
        const isJob = at >= 10 * daySamples && at % weekSamples < 24;
        return { value: isJob ? 30 : 10 };
      });
      const { verdicts, state } = follow(looks);
      expect(verdicts).toContainEqual({ kind: 'hold', reason: 'seen-last-week' });
      expect(state.episodes).toHaveLength(4);
    });
  });

  it('says nothing of an hour each night that is far from the rest, once it knows a few', () => {
    const looks = scaledDaily(9).map((look, at) =>
      at % daySamples >= 24 && at % daySamples < 36 ? { ...look, value: 24 } : look,
    );
    const { told, verdicts } = follow(looks);
    expect(told.filter(({ at }) => at > 5 * daySamples)).toEqual([]);
    // An hour is no shift of level, and no anomaly any more.
    expect(verdicts[8 * daySamples + 35]).toEqual({ kind: 'hold', reason: 'not-long-enough' });
  });

  it('waits an hour with a scale-out beyond what was usual, and then tells it', () => {
    const from = 7 * daySamples + 30;
    const looks = changed(scaledDaily(8), from, 8 * daySamples, { value: 30, desired: 100 });
    const { told, verdicts } = follow(looks);
    expect(verdicts[from]).toMatchObject({ by: { detail: '20 to 100' } });
    expect(told[0]?.at).toBe(from + 12);
  });

  it('tells a climb so gentle that no step of it is anomalous, after an hour and a half', () => {
    const from = 7 * daySamples;
    const climb = scaledDaily(8).map((look, at) =>
      at < from ? look : { ...look, value: 12 + Math.min((at - from) / 12, 8) },
    );
    const { told, verdicts } = follow(climb);
    const far = verdicts.findIndex((verdict, at) => at >= from && verdict.reason !== 'usual');
    expect(told[0]?.at).toBe(far + defaultSeriesPolicy.shiftMs / stepMs);
  });

  it('is not silenced by a deployment that began after the figure moved', () => {
    const from = 7 * daySamples + 30;
    const looks = changed(scaledDaily(8), from, from + 60, { value: 24 });
    const { told } = follow(changed(looks, from + 3, from + 60, { isDeploying: true }));
    expect(told[0]?.at).toBe(from + 3);
  });

  it('is not silenced by a deployment that has hung for a day', () => {
    const from = 7 * daySamples + 30;
    const looks = changed(scaledDaily(8), from, from + 60, { value: 24 });
    const { told } = follow(changed(looks, 6 * daySamples, from + 60, { isDeploying: true }));
    expect(told[0]?.at).toBe(from + 3);
    expect(told[0]?.verdict).not.toHaveProperty('outlasts');
  });

  it('tells what a deployment has explained for six hours, and names it', () => {
    const from = 7 * daySamples + 30;
    const { told } = follow(
      changed(scaledDaily(8), from, from + 90, { value: 24, isDeploying: true }),
    );
    expect(told[0]?.at).toBe(from + 72);
    expect(told[0]?.verdict).toMatchObject({
      sinceMs: startMs + from * stepMs,
      outlasts: { cause: 'deployment-in-progress', subject: 'web' },
    });
  });

  it('asks anew what explains a figure that was back for a moment', () => {
    const from = 7 * daySamples + 30;
    const first = { value: 24, isDeploying: true };
    const looks = changed(scaledDaily(8), from, from + 2, first);
    const { told } = follow(changed(looks, from + 7, from + 11, first));
    expect(told).toEqual([]);
  });

  it('ends when the figure is back for half an hour', () => {
    const from = 7 * daySamples + 30;
    const { verdicts } = follow(changed(scaledDaily(8), from, from + 9, { value: 24 }));
    expect(verdicts.findIndex(({ reason }) => reason === 'usual-again')).toBe(from + 9 + 6);
  });

  it('ends when the figure stays: after a day or two it is the usual one', () => {
    const from = 7 * daySamples;
    const { verdicts } = follow(
      changed(scaledDaily(12), from, 12 * daySamples, { value: 30, desired: 100 }),
    );
    const end = verdicts.findIndex(({ reason }) => reason === 'usual-again');
    expect(end).toBeGreaterThan(from);
    expect(end).toBeLessThan(from + 2 * daySamples);
    expect(verdicts.at(-1)).toEqual({ kind: 'ignore', reason: 'usual' });
  });

  it('only learns for two days', () => {
    const looks = changed(scaledDaily(2), daySamples + 100, daySamples + 200, { value: 50 });
    const { verdicts } = follow(looks);
    expect(new Set(verdicts.map(({ reason }) => reason))).toEqual(new Set(['still-learning']));
  });
});

describe('a figure that is not there all the time', () => {
  /** The idle share that a look finds; none where there is no instance; a look may not happen at all. */
  type Found = number | 'none' | 'no-look';
  const context = { cluster: emptyClusterMemory, policy: defaultSeriesPolicy };

  function stepOf(state: SeriesState, found: Found, nowMs: number) {
    if (found === 'no-look') return { state };
    if (found === 'none') {
      return { state: withoutUnseen({ 'idle-share': state }, [])['idle-share'] ?? state };
    }
    const sample = { figure: 'idle-share', group: 'batch', value: found } as const;
    return followSeries(state, sample, { ...context, nowMs });
  }

  /** The looks at which it is told. */
  function toldAt(found: readonly Found[]): readonly number[] {
    let state: SeriesState = emptySeriesState;
    return found.flatMap((one, at) => {
      const step = stepOf(state, one, startMs + at * stepMs);
      state = JSON.parse(JSON.stringify(step.state)) as SeriesState;
      return 'verdict' in step && step.verdict.kind === 'act' ? [at] : [];
    });
  }

  it.each<readonly [string, Found]>([
    ['the cluster is seen without it', 'none'],
    ['nobody looks', 'no-look'],
  ])('is not unusual since yesterday, where meanwhile %s', (_, off) => {
    // At work from 8 to 16, with nothing to do in the first look and in the last two.
    const day = Array.from({ length: daySamples }, (_, at): Found => {
      if (at < 96 || at >= 194) return off;
      return at === 96 || at >= 192 ? 1 : 0;
    });
    expect(toldAt(Array.from({ length: 8 }, () => day).flat())).toEqual([]);
  });

  const usual = Array.from({ length: 6 * daySamples }, (_, at) => (at % 2 === 0 ? 0 : 0.05));
  const far = (looks: number): readonly Found[] => Array.from({ length: looks }, () => 1);
  const blind = (looks: number): readonly Found[] => Array.from({ length: looks }, () => 'no-look');

  it.each<readonly [string, readonly Found[], number]>([
    ['a quarter of an hour after it began', far(10), 3],
    ['no later where some looks failed', [...far(1), ...blind(4), ...far(5)], 5],
    ['anew, as a shift, where nobody knew for long', [...far(1), ...blind(6), ...far(30)], 25],
    ['the same where one look found no instance', [...far(2), 'none', ...far(30)], 21],
  ])('is told %s', (_, found, expected) => {
    expect(toldAt([...usual, ...found])[0]).toBe(usual.length + expected);
  });

  it('keeps what it has learnt, and what the look did find', () => {
    const far = { ...emptySeriesState, firstAtMs: 1, farSinceMs: 2, isStriking: true };
    const after = withoutUnseen({ 'idle-share': far, instances: far }, [
      { figure: 'instances', group: 'batch', value: 0 },
    ]);
    expect(after).toEqual({
      'idle-share': { ...emptySeriesState, firstAtMs: 1 },
      instances: far,
    });
  });
});

describe('figureSentence', () => {
  it.each([
    ['tasks-per-instance', 14, { low: 6, high: 9 }, 'tasks per instance 14, usually 6-9'],
    ['tasks-per-instance', 4.25, { low: 6.04, high: 9 }, 'tasks per instance 4.3, usually 6-9'],
    ['instances', 30, { low: 3.96, high: 7.02 }, 'instances 30, usually 4-7'],
    ['idle-share', 0.5, { low: 0, high: 0.004 }, 'idle share 50%, usually 0%'],
    ['idle-share', 1, { low: -0.021, high: -0.008 }, 'idle share 100%, usually 0%'],
    ['reserved-share', 0.4, { low: 0.9, high: 1.02 }, 'reserved share 40%, usually 90-100%'],
    ['tasks', 40, { low: -1.4, high: 9.3 }, 'tasks 40, usually 0-9'],
    ['zones', 2, { low: 2.98, high: 3.02 }, 'zones with instances 2, usually 3'],
    ['reserved-share', 0.97, { low: 0.6, high: 0.753 }, 'reserved share 97%, usually 60-75%'],
  ] as const)('says %s %d', (figure, value, usual, expected) => {
    expect(figureSentence(figure, value, usual)).toBe(expected);
  });
});

describe('densitySamplesOf', () => {
  it('follows providers and the cluster, never an instance', () => {
    const world = densityWorld({
      instances: { general: [{ tasks: [{ service: 'web', times: 4 }] }, {}] },
    });
    const samples = densitySamplesOf(densityOf(world, defaultDensityPolicy));
    expect(samples.map(({ group, figure, value }) => [group, figure, value])).toEqual([
      ['general', 'instances', 2],
      ['general', 'tasks-per-instance', 2],
      ['general', 'reserved-share', expect.closeTo(2048 / 7534, 3)],
      ['general', 'idle-share', 0.5],
      ['general', 'tasks', 4],
      ['general', 'task-size', 0.25],
      [undefined, 'instances', 2],
      [undefined, 'tasks-per-instance', 2],
      [undefined, 'reserved-share', expect.closeTo(2048 / 7534, 3)],
      [undefined, 'idle-share', 0.5],
      [undefined, 'tasks', 4],
      [undefined, 'task-size', 0.25],
      [undefined, 'zones', 1],
    ]);
  });
});

describe('task size', () => {
  const sizeOn = (instances: number): number | undefined => {
    const tasks = [
      { service: 'web', times: 16 / instances, size: [512, 512] as const },
      { service: 'agent', size: [512, 256] as const },
    ];
    const world = densityWorld({
      instances: {
        general: Array.from({ length: instances }, () => ({ size: [8192, 8192], tasks })),
      },
      services: { agent: { schedulingStrategy: 'DAEMON' } },
    });
    return densitySamplesOf(densityOf(world, defaultDensityPolicy)).find(
      ({ figure }) => figure === 'task-size',
    )?.value;
  };

  it('is moved neither by packing nor by daemons: 16 tasks of half a vCPU', () => {
    expect([sizeOn(8), sizeOn(4), sizeOn(1)]).toEqual([0.5, 0.5, 0.5]);
  });

  it('is told to a hundredth: its margin is a twentieth', () => {
    expect(figureSentence('task-size', 0.34, { low: 0.25, high: 0.25 })).toBe(
      'task size 0.34, usually 0.25',
    );
  });
});

describe('densityOutliersOf', () => {
  const outliersIn = (counts: readonly number[]): readonly number[] => {
    const world = densityWorld({
      instances: { general: counts.map((times) => ({ tasks: [{ service: 'web', times }] })) },
    });
    return groupInstances(indexOf(world)).flatMap((group) =>
      densityOutliersOf(group).map(({ tasks }) => tasks),
    );
  };

  it.each([
    ['one far above its peers', [5, 6, 5, 6, 5, 14], [14]],
    ['peers that are all alike', [6, 6, 6, 6, 6, 6], []],
    ['one more than the others', [6, 6, 6, 6, 6, 7], []],
    ['one that is nearly empty', [6, 6, 6, 6, 6, 0], []],
    ['too few to compare', [2, 2, 2, 14], []],
    ['many that differ widely', [1, 4, 7, 10, 13, 16], []],
  ])('judges %s', (_, counts, expected) => expect(outliersIn(counts)).toEqual(expected));

  it('compares tasks a vCPU, so that a larger instance may hold more', () => {
    const world = densityWorld({
      instances: {
        general: [5, 5, 6, 5, 20].map((times, at) => ({
          size: at === 4 ? ([8192, 15000] as const) : ([2048, 3767] as const),
          tasks: [{ service: 'web', times }],
        })),
      },
    });
    expect(groupInstances(indexOf(world)).flatMap(densityOutliersOf)).toEqual([]);
  });
});
