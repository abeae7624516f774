import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anomalousScore,
  type DetectorState,
  emptyDetectorState,
  type Judgement,
  judgeSample,
  type Sample,
} from '../../../shared/domain/anomaly/detector.ts';
import { totalMax } from '../../../shared/domain/anomaly/level-grid.ts';
import { createRandom } from '../../../shared/domain/statistics/random.ts';

const stepMs = 300_000;
const startMs = Date.UTC(2026, 10, 2);
const dayOfSamples = 288;

const seriesOf = (values: readonly number[]): readonly Sample[] =>
  values.map((value, index) => ({ value, atMs: startMs + index * stepMs }));

function judgeAll(
  samples: readonly Sample[],
  from: DetectorState = emptyDetectorState,
): { readonly judgements: readonly Judgement[]; readonly state: DetectorState } {
  let state = from;
  const judgements = samples.map((sample) => {
    const step = judgeSample(state, sample);
    state = step.state;
    return step.judgement;
  });
  return { judgements, state };
}

const scoresOf = (values: readonly number[]): readonly number[] =>
  judgeAll(seriesOf(values)).judgements.map(({ score }) => score);
/** Where a series was anomalous. */
const foundIn = (values: readonly number[]): readonly number[] =>
  scoresOf(values).flatMap((score, at) => (score >= anomalousScore ? [at] : []));

/** Six to nine, moving by one at a time, as tasks per instance do. */
function tasksPerInstance(length: number, seed = 1): number[] {
  const random = createRandom(seed);
  let value = 7;
  return Array.from({ length }, () => {
    value = Math.min(Math.max(value + random.integer(-1, 1), 6), 9);
    return value;
  });
}
const noise = (length: number, seed = 1): number[] => {
  const random = createRandom(seed);
  return Array.from({ length }, () => 50 + 4 * random.normal());
};
/** 20 at night, 60 by day, a little noise. */
const daily = (days: number, seed = 1): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: days * dayOfSamples }, (_, index) => {
    const hour = ((index % dayOfSamples) / dayOfSamples) * 24;
    return 40 - 20 * Math.cos((2 * Math.PI * hour) / 24) + random.normal();
  });
};

describe('judgeSample', () => {
  it('finds a value that was never seen, and says what is usual and since when', () => {
    const values = [...tasksPerInstance(2_000), 14, 14, 14];
    const { judgements } = judgeAll(seriesOf(values));
    const [first, second] = judgements.slice(2_000);
    expect(first?.score).toBeGreaterThanOrEqual(anomalousScore);
    expect(first?.sign).toBe('level');
    expect(first?.usual?.low).toBeCloseTo(6, 0);
    expect(first?.usual?.high).toBeCloseTo(9, 0);
    expect(first?.outsideSinceMs).toBe(startMs + 2_000 * stepMs);
    expect(second?.outsideSinceMs).toBe(startMs + 2_000 * stepMs);
  });

  it('tells one spike once', () => {
    const values = noise(2_000);
    values[1_800] = 200;
    expect(foundIn(values).filter((at) => at >= 1_790)).toEqual([1_800]);
  });

  it('finds a shift within two samples, and soon takes it for normal', () => {
    const values = [...noise(1_500), ...noise(1_500, 2).map((value) => value + 40)];
    const found = foundIn(values);
    expect(found.some((at) => at >= 1_500 && at <= 1_502)).toBe(true);
    expect(found.filter((at) => at > 1_600).length).toBeLessThanOrEqual(3);
  });

  it('finds a line that goes flat', () => {
    const values = [...noise(2_000), ...Array.from({ length: 100 }, () => 50)];
    const found = foundIn(values).filter((at) => at >= 2_000);
    expect(found.length).toBeGreaterThan(0);
    expect(judgeAll(seriesOf(values)).judgements[found[0] ?? 0]?.sign).toBe('flutter');
  });

  it('finds the afternoon level at three at night, though the level is common', () => {
    const values = daily(14);
    const night = 13 * dayOfSamples + 36;
    const odd = [...values.slice(0, night), ...Array.from({ length: 12 }, () => 58)];
    const { judgements } = judgeAll(seriesOf(odd));
    const found = judgements.slice(night).filter(({ score }) => score >= anomalousScore);
    expect(found.length).toBeGreaterThan(0);
  });

  it('finds a level at an hour that never had it, by the hour alone, given weeks of history', () => {
    const values = Array.from({ length: 42 * dayOfSamples }, (_, at): number =>
      at % dayOfSamples < 144 ? 10 : at % dayOfSamples < 150 ? 20 : 30,
    );
    // The known way up, six hours early.
    const early = 41 * dayOfSamples + 72;
    for (const [step, value] of [20, 20, 20, 20, 20, 20, 30, 30, 30].entries()) {
      values[early + step] = value;
    }
    const { judgements } = judgeAll(seriesOf(values));
    const signs = judgements
      .slice(early, early + 9)
      .flatMap(({ score, sign }) => (score >= anomalousScore ? [sign] : []));
    expect(signs).toContain('hour');
  });

  it('finds a drop from a plateau that crept up, by its distance from the recent mean', () => {
    const creep = Array.from({ length: 2_000 }, (_, at) => at / 10 + (at % 2));
    const { judgements } = judgeAll(seriesOf([...creep, 160, 160, 160]));
    const found = judgements.slice(2_000).filter(({ score }) => score >= anomalousScore);
    expect(found.map(({ sign }) => sign)).toContain('shift');
  });

  it.each([1, 2, 3, 4, 5])('is nearly quiet in four ordinary weeks, seed %i', (seed) => {
    const afterTwoDays = (at: number): boolean => at > 2 * dayOfSamples;
    const steps = foundIn(tasksPerInstance(28 * dayOfSamples, seed));
    expect(steps.filter(afterTwoDays).length).toBeLessThanOrEqual(2);
    expect(foundIn(daily(28, seed)).filter(afterTwoDays).length).toBeLessThanOrEqual(8);
  });

  it('scores nothing in a constant series, from the first sample on', () => {
    expect(foundIn(Array.from({ length: 3_000 }, () => 45))).toEqual([]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'takes %d for a missing sample',
    (value) => {
      const { state } = judgeAll(seriesOf(tasksPerInstance(50)));
      const step = judgeSample(state, { atMs: startMs, value });
      expect(step.judgement.score).toBe(0);
      expect(step.state).toBe(state);
    },
  );

  it('does not depend on the unit, nor on where zero lies', () => {
    const values = noise(1_500);
    values[1_200] = 300;
    const scores = scoresOf(values);
    expect(scoresOf(values.map((value) => value * 1_024))).toEqual(scores);
    const shifted = scoresOf(values.map((value) => value - 1_000));
    for (const [at, score] of scores.entries()) expect(shifted[at]).toBeCloseTo(score, 9);
  });

  it('fades the past: counts stay bounded however long a series is', () => {
    const { state } = judgeAll(seriesOf(tasksPerInstance(totalMax + 500)));
    expect(state.value.total).toBeLessThan(totalMax);
    expect(state.samples).toBe(totalMax + 500);
  });

  const anyValue = fc.oneof(
    fc.double(),
    fc.integer({ min: -3, max: 20 }),
    fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 0, -0),
  );
  const anySample = fc.record({
    value: anyValue,
    atMs: fc.oneof(fc.integer(), fc.constantFrom(0, startMs, Number.NaN, -1)),
  });
  const anySamples = fc.array(anySample, { maxLength: 120 });

  it('holds for any series: a score from 0 to 1, and a state of bounded size that JSON keeps', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        const { judgements, state } = judgeAll(samples);
        for (const { score, usual } of judgements) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          if (usual !== undefined) expect(usual.low).toBeLessThanOrEqual(usual.high);
        }
        expect(JSON.stringify(state).length).toBeLessThan(4_000);
      }),
    );
  });

  it('never looks ahead, and goes on from its state as if it had never stopped', () => {
    fc.assert(
      fc.property(anySamples, fc.nat({ max: 120 }), (samples, at) => {
        const whole = judgeAll(samples);
        const start = judgeAll(samples.slice(0, at));
        expect(start.judgements).toEqual(whole.judgements.slice(0, at));
        const kept = JSON.parse(JSON.stringify(start.state)) as DetectorState;
        const rest = judgeAll(samples.slice(at), kept);
        expect(rest.judgements.map(({ score }) => score)).toEqual(
          whole.judgements.slice(at).map(({ score }) => score),
        );
      }),
    );
  });
});
