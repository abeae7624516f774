import { describe, expect, it } from 'vitest';
import { emptyClusterMemory } from '../../shared/domain/cluster-change.ts';
import { type FollowedSample, observeAnomalies } from '../../shared/domain/density-finding.ts';
import type { DensityFigure, SeriesVerdict } from '../../shared/domain/density-series.ts';

const nowMs = Date.UTC(2026, 10, 23, 9);
const context = {
  cluster: 'prod',
  nowMs,
  memory: {
    ...emptyClusterMemory,
    changes: [
      {
        cause: 'desired-count-changed',
        subject: 'feed',
        sinceMs: nowMs - 60_000,
        atMs: nowMs - 60_000,
        detail: '12 to 90',
      },
    ],
  },
} as const;
const unusual = (sinceMs: number): Extract<SeriesVerdict, { readonly kind: 'act' }> => ({
  kind: 'act',
  reason: 'density-unusual',
  usual: { low: 6, high: 9 },
  sinceMs,
});
const usual: SeriesVerdict = { kind: 'ignore', reason: 'usual' };
const back: SeriesVerdict = { kind: 'hold', reason: 'not-long-enough' };
const of = (
  figure: DensityFigure,
  verdict: SeriesVerdict,
  group?: string,
  value = 14,
): FollowedSample => ({ sample: { figure, group, value }, verdict });
const fewer = (group?: string): FollowedSample => of('instances', unusual(1), group, 4);
const closer = of('tasks-per-instance', unusual(2), 'general');

describe('observeAnomalies', () => {
  it.each<[string, readonly FollowedSample[], boolean]>([
    ['fewer instances alone', [fewer('general'), fewer()], false],
    ['fewer instances, and tasks closer', [fewer('general'), closer], true],
    ['more instances', [of('instances', unusual(0), 'general')], true],
    ['no instance at all', [of('instances', unusual(0), 'general', 0)], true],
  ])('%s', (_, followed, isTold) => {
    const { toldSinceMs, observations } = observeAnomalies(undefined, followed, context);
    expect([observations.length > 0, toldSinceMs !== undefined]).toEqual([isTold, isTold]);
  });

  it('names fewer instances beside what is of concern, and stays open while they last', () => {
    const told = observeAnomalies(undefined, [fewer('general'), closer], context);
    expect(told.observations[0]?.observation).toMatchObject({
      facts: {
        figure: 'tasks per instance 14, usually 6-9',
        others: 'instances 4, usually 6-9',
      },
    });
    const later = observeAnomalies(told.toldSinceMs, [fewer('general')], context);
    expect(later.toldSinceMs).toBe(told.toldSinceMs);
    expect(later.observations.map(({ observation: { type } }) => type)).toEqual(['occurred']);
  });

  it('makes one incident of all figures, told by the one that is unusual for longest', () => {
    const { observations, toldSinceMs } = observeAnomalies(
      undefined,
      [
        of('instances', unusual(nowMs - 900_000)),
        of('tasks-per-instance', unusual(nowMs - 1_800_000), 'general'),
        of('idle-share', usual, 'general'),
      ],
      context,
    );
    expect(toldSinceMs).toBe(nowMs - 1_800_000);
    expect(observations).toHaveLength(1);
    expect(observations[0]).toMatchObject({
      key: { kind: 'density-anomaly', subject: { type: 'cluster', name: 'prod' } },
      observation: {
        type: 'occurred',
        facts: {
          figure: 'tasks per instance 14, usually 6-9',
          group: 'general',
          others: 'cluster instances 14, usually 6-9',
          changed: 'feed desired count changed 12 to 90',
        },
      },
    });
  });

  it('names what goes on and explained a figure for too long, apart from what changed', () => {
    const [outlasts] = context.memory.changes;
    const followed = [closer, of('tasks', { ...unusual(3), outlasts }, 'general')];
    const { observations } = observeAnomalies(undefined, followed, context);
    expect(observations[0]?.observation).toMatchObject({
      facts: { outlasts: 'feed desired count changed 12 to 90' },
    });
    expect(observations[0]?.observation).not.toHaveProperty('facts.changed');
  });

  it('is the same occurrence in every look of a day', () => {
    const at = (minutes: number) =>
      observeAnomalies(nowMs - 900_000, [of('instances', unusual(nowMs))], {
        ...context,
        nowMs: nowMs + minutes * 60_000,
      }).observations[0]?.observation;
    const idOf = (minutes: number) => {
      const observation = at(minutes);
      return observation?.type === 'occurred' ? observation.occurrence.id : undefined;
    };
    expect(idOf(5)).toBe(idOf(0));
    expect(idOf(24 * 60)).not.toBe(idOf(0));
  });

  it.each<readonly [string, number | undefined, readonly SeriesVerdict[], readonly string[]]>([
    ['nothing was told and nothing is unusual', undefined, [usual, usual], []],
    ['one figure is back for too short a time', 1, [usual, back], []],
    ['every figure is usual again', 1, [usual, usual], ['well density-usual']],
  ])('ends an incident only when all are usual: %s', (_, wasTold, verdicts, expected) => {
    const followed = verdicts.map((verdict) => of('instances', verdict));
    const { observations, toldSinceMs } = observeAnomalies(wasTold, followed, context);
    expect(
      observations.map(({ observation }) =>
        observation.type === 'well' ? `well ${observation.reason}` : observation.type,
      ),
    ).toEqual(expected);
    expect(toldSinceMs).toBe(expected.length > 0 ? undefined : wasTold);
  });
});
