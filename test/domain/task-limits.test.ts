import { describe, expect, it } from 'vitest';
import { taskLimitsOf } from '../../shared/domain/task-limits.ts';

describe('taskLimitsOf', () => {
  const cases: readonly (readonly [
    name: string,
    desired: number,
    minimumHealthyPercent: number | undefined,
    maximumPercent: number | undefined,
    limits: readonly [minimum: number, maximum: number, canStart: number, canStop: number],
  ])[] = [
    ['defaults are 100 and 200', 4, undefined, undefined, [4, 8, 4, 0]],
    ['3 at 125 % is floor(3.75): nothing can start', 3, 100, 125, [3, 3, 0, 0]],
    ['4 at 125 % is 5: one can start', 4, 100, 125, [4, 5, 1, 0]],
    ['3 at 134 % is floor(4.02): one can start', 3, 100, 134, [3, 4, 1, 0]],
    ['3 at 50 % keeps ceil(1.5)', 3, 50, 100, [2, 3, 0, 1]],
    ['1 at 50 % keeps its only task', 1, 50, 200, [1, 2, 1, 0]],
    ['1 at 0 % may lose its only task', 1, 0, 100, [0, 1, 0, 1]],
    ['nothing desired, nothing to keep', 0, 100, 200, [0, 0, 0, 0]],
    ['7 at 29 % is 2.03, so 3 stay, though 7 x 0.29 is not exact', 7, 29, 100, [3, 7, 0, 4]],
    ['100 at 7 % is exactly 7', 100, 7, 107, [7, 107, 7, 93]],
  ];

  it.each(cases)(
    '%s',
    (_, desired, minimumHealthyPercent, maximumPercent, [minimum, maximum, canStart, canStop]) => {
      expect(taskLimitsOf({ desired, minimumHealthyPercent, maximumPercent })).toEqual({
        minimum,
        maximum,
        canStart,
        canStop,
      });
    },
  );

  it('refuses a desired count that is none', () => {
    const half = { desired: 1.5, minimumHealthyPercent: 100, maximumPercent: 200 };
    expect(() => taskLimitsOf(half)).toThrow('whole number');
  });
});
