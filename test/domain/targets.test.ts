import { describe, expect, it } from 'vitest';
import { judgeTargets } from '../../shared/domain/targets.ts';

const targets = (...states: string[]) =>
  states.map((state, at) => ({ id: `10.0.0.${at}:80`, state, reason: undefined }));

describe('judgeTargets', () => {
  it.each([
    [
      'all healthy',
      targets('healthy', 'healthy'),
      1,
      'targets-healthy',
      '2 of 2 green targets healthy',
    ],
    [
      'one of four is not',
      targets('healthy', 'initial'),
      1,
      'targets-unhealthy',
      '1 of 2 green targets healthy; 10.0.0.1:80 is initial',
    ],
    [
      'leaving targets do not count',
      targets('healthy', 'draining', 'unused'),
      1,
      'targets-healthy',
      '1 of 1 green targets healthy',
    ],
    ['none at all', [], 1, 'targets-too-few', '0 green targets healthy, expected at least 1'],
    [
      'fewer than asked for',
      targets('healthy'),
      2,
      'targets-too-few',
      '1 green targets healthy, expected at least 2',
    ],
    [
      'a state of next year is not healthy',
      targets('sleepy'),
      1,
      'targets-unhealthy',
      '0 of 1 green targets healthy; 10.0.0.0:80 is sleepy',
    ],
  ])('%s', (_, list, healthyMin, reason, detail) =>
    expect(judgeTargets(list, healthyMin)).toMatchObject({ reason, detail }),
  );

  it("names ELB's reason", () =>
    expect(
      judgeTargets([{ id: 'a', state: 'unhealthy', reason: 'Target.Timeout' }], 1).detail,
    ).toContain('a is unhealthy (Target.Timeout)'));
});
