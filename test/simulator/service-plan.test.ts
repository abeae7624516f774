import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  maxTasks,
  minHealthy,
  type PlanLimits,
  type PlanTask,
  planService,
} from '../../simulator/ecs/service-plan.ts';

/**
 * Tasks as letters. New: `h` healthy, `s` starting, `r` running and not yet healthy, `f` failing its
 * checks, `d` healthy on a draining instance, `p` pending on one. Old ones are capitals: `H`, `S`, `R`,
 * `F`. `x` is stopping; `!` after a letter: protected.
 */
const tasksOf = (letters: string): PlanTask<string>[] =>
  [...letters.matchAll(/([a-zA-Z])(!?)/g)].map(([item, letter = '', mark], at) => {
    const kind = letter.toLowerCase();
    return {
      item: `${item}${at}`,
      isPrimary: letter === kind,
      phase: kind === 'x' ? 'stopping' : 'sp'.includes(kind) ? 'starting' : 'running',
      isHealthy: 'hd'.includes(kind),
      isFailing: kind === 'f',
      isDraining: 'dp'.includes(kind),
      isProtected: mark === '!',
      isHeld: mark === '!',
    };
  });

const limitsOf = (
  desired: number,
  minPercent: number,
  maxPercent: number,
  more: Partial<PlanLimits<string>> = {},
): PlanLimits<string> => ({
  desired,
  surge: 0,
  min: minHealthy(desired, minPercent),
  max: maxTasks(desired, maxPercent),
  isStalled: false,
  canRestoreOld: true,
  replacesUnhealthyFirst: true,
  stopsPendingOnDraining: true,
  pick: ([first]) => first,
  ...more,
});

describe('minimum and maximum', () => {
  it.each([
    ['50 % of 4 is 2', 4, 50, 2],
    ['75 % of 2 is 2, rounded up', 2, 75, 2],
    ['50 % of 3 is 2, rounded up', 3, 50, 2],
    ['100 % of 7 is 7', 7, 100, 7],
    ['0 % of 7 is 0', 7, 0, 0],
  ])('a minimum of %s', (_, desired, percent, min) => {
    expect(minHealthy(desired, percent)).toBe(min);
  });

  it.each([
    ['200 % of 4 is 8', 4, 200, 8],
    ['125 % of 3 is 3, rounded down', 3, 125, 3],
    ['150 % of 3 is 4, rounded down', 3, 150, 4],
    ['134 % of 3 is 4, rounded down', 3, 134, 4],
  ])('a maximum of %s', (_, desired, percent, max) => {
    expect(maxTasks(desired, percent)).toBe(max);
  });
});

describe('a plan', () => {
  const cases: readonly (readonly [string, string, readonly [number, number, number], object])[] = [
    ['nothing for 3 healthy of 3', 'hhh', [3, 100, 200], { start: 0, stop: [] }],
    ['starts 2 for 1 healthy of 3', 'h', [3, 100, 200], { start: 2, stop: [] }],
    ['counts what is starting', 'hss', [3, 100, 200], { start: 0, stop: [] }],
    ['waits for a stop at a maximum of 100 %', 'hhx', [3, 100, 100], { start: 0, stop: [] }],
    ['starts beside a stop at 200 %', 'hhx', [3, 100, 200], { start: 1, stop: [] }],
    ['scales 4 in to 2', 'hhhh', [2, 100, 200], { start: 0, stop: ['h0', 'h1'] }],
    ['scales in what starts before what is needed', 'hsh', [2, 100, 200], { stop: ['s1'] }],
    ['passes over the protected', 'h!hh', [2, 100, 200], { stop: ['h1'] }],
    ['starts 4 beside 4 old at 200 %', 'HHHH', [4, 100, 200], { start: 4, stop: [] }],
    ['stops 2 of 4 old at 50 to 100 %', 'HHHH', [4, 50, 100], { start: 0, stop: ['H0', 'H1'] }],
    ['starts 1 beside 3 old at 134 %', 'HHH', [3, 100, 134], { start: 1, stop: [] }],
    ['can do nothing for 3 at 125 %', 'HHH', [3, 100, 125], { start: 0, stop: [], blocked: true }],
    ['stops 1 old for 1 new', 'HHHh', [3, 100, 134], { start: 0, stop: ['H0'] }],
    ['stops all old for all new', 'HHhh', [2, 100, 200], { start: 0, stop: ['H0', 'H1'] }],
    ['keeps the protected old', 'H!Hhh', [2, 100, 200], { stop: ['H1'] }],
    ['restores an old one below the minimum', 'Hss', [2, 100, 200], { start: 0, old: 1 }],
    ['keeps an old one that is about to count', 'HRss', [2, 100, 200], { old: 0, stop: [] }],
    ['drops an old one that only starts', 'HSh', [2, 100, 200], { start: 1, stop: ['S1'] }],
    ['starts a replacement for a failing one', 'hf', [2, 100, 200], { start: 1, stop: [] }],
    ['stops a failing one that is replaced', 'hhf', [2, 100, 200], { start: 0, stop: ['f2'] }],
    ['stops one failing at a time at 100 %', 'ff', [2, 100, 100], { start: 0, stop: ['f0'] }],
    ['moves a draining one start-first', 'hd', [2, 100, 200], { start: 1, stop: [] }],
    ['stops a draining one that is replaced', 'hhd', [2, 100, 200], { start: 0, stop: ['d2'] }],
    ['stops draining ones down to 50 %', 'dd', [2, 50, 200], { start: 2, stop: ['d0'] }],
    ['cannot drain at 100 to 100 %', 'dd', [2, 100, 100], { start: 0, stop: [], blocked: true }],
    ['stops pending ones on draining at once', 'hp', [2, 100, 200], { start: 1, stop: ['p1'] }],
    ['leaves a held one on draining', 'hhd!', [2, 100, 200], { stop: [] }],
  ];
  it.each(cases)('%s', (_, letters, [desired, min, max], expected) => {
    const { startPrimary, startOld, stop, isBlocked } = planService(
      tasksOf(letters),
      limitsOf(desired, min, max),
    );
    expect({
      start: startPrimary,
      old: startOld,
      stop: stop.map(({ item }) => item),
      blocked: isBlocked,
    }).toMatchObject(expected);
  });

  it('starts nothing for a deployment that has failed', () => {
    const limits = limitsOf(3, 100, 200, { isStalled: true, canRestoreOld: false });
    expect(planService(tasksOf('h'), limits)).toMatchObject({ startPrimary: 0, isBlocked: false });
  });

  it('leaves what rebalancing has started beyond the desired count', () => {
    const limits = limitsOf(3, 100, 200, { surge: 1 });
    expect(planService(tasksOf('hhhs'), limits).stop).toEqual([]);
  });

  it('never starts above the maximum nor stops healthy tasks below the minimum', () => {
    const letters = fc
      .array(fc.constantFrom(...'hhsrfdpHHSRFx'), { maxLength: 14 })
      .map((list) => list.join(''));
    const percent = fc.record({
      desired: fc.nat(6),
      min: fc.integer({ min: 0, max: 100 }),
      max: fc.integer({ min: 100, max: 250 }),
    });
    fc.assert(
      fc.property(letters, percent, (text, { desired, min, max }) => {
        const tasks = tasksOf(text);
        const limits = limitsOf(desired, min, max);
        const { startPrimary, startOld, stop } = planService(tasks, limits);
        const started = startPrimary + startOld;
        if (started > 0) expect(tasks.length + started).toBeLessThanOrEqual(limits.max);
        const stopped = new Set(stop.map(({ item }) => item));
        expect(stopped.size).toBe(stop.length);
        const live = tasks.filter(({ phase }) => phase !== 'stopping');
        const healthy = live.filter(({ isHealthy }) => isHealthy);
        const left = healthy.filter(({ item }) => !stopped.has(item)).length;
        if (left < healthy.length) expect(left).toBeGreaterThanOrEqual(limits.min);
      }),
    );
  });
});
