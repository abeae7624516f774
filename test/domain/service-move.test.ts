import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeThatFrees, isStuck, moveOf } from '../../shared/domain/service-move.ts';
import { taskLimitsOf } from '../../shared/domain/task-limits.ts';
import { service } from '../support/calendar-worlds.ts';

describe('moveOf', () => {
  const cases: readonly (readonly [
    name: string,
    desired: number,
    minimum: number | undefined,
    maximum: number | undefined,
    tasks: number,
    tasksInAll: number,
    keeps: number,
  ])[] = [
    ['1 at min 0 max 100: stopped before another starts', 1, 0, 100, 1, 1, 0],
    ['1 at min 0 max 200: may be stopped first as well', 1, 0, 200, 1, 1, 0],
    ['1 at min 100 max 200: another starts first', 1, 100, 200, 1, 1, 1],
    ['1 at min 50: ceil(0.5) = 1 stays', 1, 50, 100, 1, 1, 1],
    ['4 at min 50, all leave: ceil(2) = 2 stay', 4, 50, 200, 4, 4, 2],
    ['4 at min 50, one leaves: 3 are elsewhere', 4, 50, 200, 1, 4, 3],
    ['4 at min 0, all leave', 4, 0, 200, 4, 4, 0],
    ['4 at min 0, three leave', 4, 0, 200, 3, 4, 1],
    ['3 at min 34: ceil(1.02) = 2 stay', 3, 34, 100, 3, 3, 2],
    ['percents that ECS does not tell are 100 and 200', 2, undefined, undefined, 2, 2, 2],
    ['8 tasks of 4 during a deployment: never more than it wants', 4, 0, 200, 2, 8, 4],
    ['nothing is wanted any more', 0, 100, 200, 1, 1, 0],
    ['fewer tasks than the minimum: what they will be is the minimum', 4, 100, 200, 1, 1, 4],
  ];
  it.each(cases)('%s', (_, desired, minimum, maximum, tasks, tasksInAll, keeps) =>
    expect(moveOf(service('web', desired, minimum, maximum), tasks, tasksInAll)).toMatchObject({
      service: 'web',
      desired,
      tasks,
      tasksElsewhere: tasksInAll - tasks,
      keeps,
    }),
  );

  it.each([
    ['no task', 0, 1],
    ['more tasks than there are', 2, 1],
  ])('refuses %s', (_, tasks, tasksInAll) =>
    expect(() => moveOf(service('web', 1, 100, 200), tasks, tasksInAll)).toThrow('leave'),
  );
});

describe('changeThatFrees', () => {
  it.each([
    [3, 134, 66],
    [1, 200, undefined],
    [2, 150, 50],
    [4, 125, 75],
    [7, 115, 85],
    [100, 101, 99],
    [101, 101, 99],
    [1_000, 101, 99],
  ])('%i tasks: maximumPercent %i or minimumHealthyPercent %s', (desired, maximum, minimum) =>
    expect(changeThatFrees(desired)).toEqual({
      maximumPercentMin: maximum,
      minimumHealthyPercentMax: minimum,
    }),
  );

  it.each([0, -1, 1.5])('refuses %d tasks', (desired) =>
    expect(() => changeThatFrees(desired)).toThrow('stuck'),
  );

  it('frees a stuck service, either way, and not one percent less does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), (desired) => {
        const { maximumPercentMin, minimumHealthyPercentMax } = changeThatFrees(desired);
        const isStuckAt = (minimumHealthyPercent: number, maximumPercent: number): boolean =>
          isStuck(desired, taskLimitsOf({ desired, minimumHealthyPercent, maximumPercent }));
        expect(isStuckAt(100, maximumPercentMin)).toBe(false);
        expect(isStuckAt(100, maximumPercentMin - 1)).toBe(true);
        // The only task of a service must not stop before another runs.
        expect(minimumHealthyPercentMax === undefined).toBe(desired === 1);
        if (minimumHealthyPercentMax === undefined) return;
        expect(isStuckAt(minimumHealthyPercentMax, 100)).toBe(false);
        expect(isStuckAt(minimumHealthyPercentMax + 1, 100)).toBe(true);
      }),
    );
  });

  it('is not needed where nothing is wanted', () =>
    expect(isStuck(0, taskLimitsOf(service('web', 0, 100, 100)))).toBe(false));
});
