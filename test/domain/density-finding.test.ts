import { describe, expect, it } from 'vitest';
import { type ClusterMemory, emptyClusterMemory } from '../../shared/domain/cluster-change.ts';
import {
  type AnomalyStep,
  type FollowedSample,
  observeAnomalies,
} from '../../shared/domain/density-finding.ts';
import type { DensityFigure, SeriesVerdict } from '../../shared/domain/density-series.ts';
import type { Facts, Incident } from '../../shared/domain/incident.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';

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
  said: undefined,
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
/** The facts that a look tells; undefined where they are as they were. */
const factsIn = ({ observations }: AnomalyStep): Facts | undefined =>
  observations.flatMap(({ observation }) =>
    observation.type === 'noted' ? [observation.facts] : [],
  )[0];
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
    expect(factsIn(told)).toMatchObject({
      figure: 'tasks per instance 14, usually 6-9',
      others: 'instances 4, usually 6-9',
    });
    const later = observeAnomalies(told.toldSinceMs, [fewer('general')], context);
    expect(later.toldSinceMs).toBe(told.toldSinceMs);
    expect(later.observations.map(({ observation: { type } }) => type)).toEqual([
      'occurred',
      'noted',
    ]);
  });

  it('makes one incident of all figures, told by the one that is unusual for longest', () => {
    const told = observeAnomalies(
      undefined,
      [
        of('instances', unusual(nowMs - 900_000)),
        of('tasks-per-instance', unusual(nowMs - 1_800_000), 'general'),
        of('idle-share', usual, 'general'),
      ],
      context,
    );
    expect(told.toldSinceMs).toBe(nowMs - 1_800_000);
    const key = { kind: 'density-anomaly', subject: { type: 'cluster', name: 'prod' } };
    expect(told.observations).toMatchObject([
      { key, observation: { type: 'occurred' } },
      { key, observation: { type: 'noted', atMs: nowMs } },
    ]);
    expect(factsIn(told)).toEqual({
      figure: 'tasks per instance 14, usually 6-9',
      group: 'general',
      others: 'cluster instances 14, usually 6-9',
      outlasts: '',
      changed: 'feed desired count changed 12 to 90',
    });
  });

  it.each([undefined, nowMs - 3_600_000])(
    'tells the lost zone first, in whatever order the figures come (told since %s)',
    (wasTold) => {
      const zones = of('zones', { ...unusual(3), usual: { low: 3, high: 3 } }, undefined, 2);
      for (const followed of [
        [fewer('general'), closer, zones],
        [zones, closer, fewer('general')],
      ]) {
        const told = observeAnomalies(wasTold, followed, context);
        expect(factsIn(told)).toMatchObject({ figure: 'zones with instances 2, usually 3' });
        // Since the first figure of concern moved: fewer instances are not of concern.
        expect(told.toldSinceMs).toBe(wasTold ?? 2);
      }
    },
  );

  it('leads with a figure of concern while there is one', () => {
    const told = observeAnomalies(nowMs - 3_600_000, [fewer('general'), closer], context);
    expect(factsIn(told)).toMatchObject({ figure: 'tasks per instance 14, usually 6-9' });
  });

  it('names what goes on and explained a figure for too long, apart from what changed', () => {
    const [outlasts] = context.memory.changes;
    const followed = [closer, of('tasks', { ...unusual(3), outlasts }, 'general')];
    expect(factsIn(observeAnomalies(undefined, followed, context))).toMatchObject({
      outlasts: 'feed desired count changed 12 to 90',
      changed: '',
    });
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

describe('the incident of a cluster’s figures', () => {
  /** Plays one: each look has what is unusual then, and is half an hour after the one before. */
  function createPlay() {
    let incident: Incident | undefined;
    let [toldSinceMs, said, atMs]: [number?, string?, number?] = [];
    return (followed: readonly FollowedSample[], memory: ClusterMemory = emptyClusterMemory) => {
      atMs = (atMs ?? nowMs) + 30 * 60_000;
      const look = { cluster: 'prod', nowMs: atMs, memory, said };
      const step = observeAnomalies(toldSinceMs, followed, look);
      ({ toldSinceMs, said } = step);
      const [first] = step.observations;
      if (first === undefined) throw new Error('nothing was said');
      const { key } = first;
      const lifecycle = { key, policy: incidentPolicies['density-anomaly'], nowMs: atMs };
      const observations = step.observations.map(({ observation }) => observation);
      incident = applyObservations(incident, observations, lifecycle);
      return incident;
    };
  }
  const idle = (group: string | undefined, value: number, sinceMs: number): FollowedSample => {
    const verdict = { ...unusual(sinceMs), usual: { low: 0.05, high: 0.2 } };
    return of('idle-share', verdict, group, value);
  };
  const full = (value: number): FollowedSample => {
    const verdict = { ...unusual(nowMs - 2), usual: { low: 0.5, high: 0.7 } };
    return of('reserved-share', verdict, 'web', value);
  };

  it('has the facts of now, and none that no longer hold', () => {
    const look = createPlay();
    const opened = look([idle('batch', 0.6, nowMs - 3), full(0.97)], context.memory);
    expect(opened?.outbox).toMatchObject([{ transition: 'open' }]);
    const atFirst = opened?.facts;
    expect(atFirst).toMatchObject({
      group: 'batch',
      others: expect.stringMatching(/^web /),
      changed: 'feed desired count changed 12 to 90',
    });
    expect(look([full(0.88)])?.facts).toEqual({
      figure: expect.stringContaining('88%'),
      ...{ group: 'web', others: '', outlasts: '', changed: '' },
    });
    expect(look([idle(undefined, 0.5, nowMs)])?.facts).toEqual({
      figure: expect.stringContaining('50%'),
      ...{ group: '', others: '', outlasts: '', changed: '' },
    });
    const back = look([idle('batch', 0.6, nowMs - 3), full(0.97)], context.memory);
    expect(back?.facts).toEqual(atFirst);
    expect(back?.outbox).toEqual(opened?.outbox);
  });

  it('is not written while its facts stay, but once a day', () => {
    const look = createPlay();
    look([full(0.97)]);
    const versions = Array.from({ length: 48 }, () => look([full(0.97)])?.version);
    expect(new Set(versions).size).toBe(2);
    expect(versions[45]).toBe(versions[0]);
  });
});
