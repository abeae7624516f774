import { describe, expect, it } from 'vitest';
import { recordRun } from '../../cli/bench/corpus/record.ts';
import { graceMs, type RunOpenings, scoreCorpus } from '../../cli/bench/corpus/score.ts';
import {
  evaluationSeeds,
  harmfulCauses,
  type Label,
  tuningSeeds,
} from '../../simulator/density-corpus/labels.ts';
import { createCorpusRun } from '../../simulator/density-corpus/run.ts';

const hourMs = 3_600_000;
const label = (cause: Label['cause'], from: number, until: number): Label => ({
  ...{ cause, subject: 'x', moves: [] },
  ...{ fromMs: from * hourMs, untilMs: until * hourMs },
});
const labels = [label('lost-zone', 100, 110), label('drain', 200, 202)];
/** One service for thirty days: one service-month. */
const run = (hours: readonly number[]): RunOpenings => ({
  ...{ services: 1, startMs: 0, endMs: 720 * hourMs, labels },
  openedAtMs: hours.map((hour) => hour * hourMs),
});

describe('scoreCorpus', () => {
  const late = 110 + graceMs / hourMs;
  it.each([
    ['at its beginning', [100], { found: 1, falseCards: 0, repeats: 0, precision: 1 }],
    ['in its grace', [late], { found: 1, falseCards: 0, repeats: 0, precision: 1 }],
    ['too late', [late + 0.01], { found: 0, falseCards: 1, repeats: 0, precision: 0 }],
    ['before it', [99.99], { found: 0, falseCards: 1, repeats: 0, precision: 0 }],
    ['never: all is missed', [], { found: 0, falseCards: 0, repeats: 0, precision: 1 }],
    ['three times', [101, 104, 107], { found: 1, falseCards: 0, repeats: 2, precision: 1 / 3 }],
    ['and at a drain', [101, 201], { found: 1, falseCards: 1, repeats: 0, precision: 1 / 2 }],
  ])('counts a card %s', (_, hours, { found, ...others }) => {
    expect(scoreCorpus([run(hours)])).toMatchObject({ all: { found, labels: 1 }, ...others });
  });

  it('says what was under way at a false card, and how many there are a service-month', () => {
    const { blamed, serviceMonths } = scoreCorpus([run([201, 300])]);
    expect(blamed).toMatchObject({ drain: 1, nothing: 1, rolling: 0 });
    expect(serviceMonths).toBe(1);
  });

  it('sees that one that always fires is bad, though it misses nothing', () => {
    const always = scoreCorpus([run(Array.from({ length: 720 }, (_, hour) => hour))]);
    expect(always.all.found).toBe(1);
    expect(always.precision).toBeLessThan(0.01);
    expect(always.falseCards).toBeGreaterThan(700);
  });
});

describe('the corpus', () => {
  it('is the same for the same seed: labels, figures and changes', async () => {
    const [one, again, other] = [
      await recordRun(1, 2),
      await recordRun(1, 2),
      await recordRun(2, 2),
    ];
    expect(again).toEqual(one);
    expect(other.looks).not.toEqual(one.looks);
    expect(one.looks).toHaveLength(2 * 288);
  });

  it('tunes and evaluates on different seeds', () => {
    expect(tuningSeeds.filter((seed) => evaluationSeeds.includes(seed))).toEqual([]);
  });

  it('labels what it does: a run of 9 days has its first harm with its window', () => {
    const { world, labels: found, startMs, endMs } = createCorpusRun(1, 9);
    world.runUntil(endMs);
    const harms = found.filter(({ cause }) => harmfulCauses.some((one) => one === cause));
    expect(harms).toHaveLength(1);
    expect(harms[0]?.fromMs).toBeGreaterThan(startMs + 5 * 24 * hourMs);
    expect(harms[0]?.untilMs).toBeGreaterThan(harms[0]?.fromMs ?? 0);
    expect(harms[0]?.moves).not.toEqual([]);
  });
});
