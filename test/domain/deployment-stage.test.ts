import { describe, expect, it } from 'vitest';
import {
  isRollbackByWeights,
  isRollbackStatus,
  stageRole,
} from '../../shared/domain/deployment-stage.ts';

describe('stageRole', () => {
  it.each([
    ['RECONCILE_SERVICE', 'open'],
    ['PRE_SCALE_UP', 'open'],
    ['POST_SCALE_UP', 'open'],
    ['TEST_TRAFFIC_SHIFT', 'shifting'],
    ['POST_TEST_TRAFFIC_SHIFT', 'gated'],
    ['PRE_PRODUCTION_TRAFFIC_SHIFT', 'watched'],
    ['PRODUCTION_TRAFFIC_SHIFT', 'shifting'],
    ['POST_PRODUCTION_TRAFFIC_SHIFT', 'watched'],
    ['A_STAGE_OF_NEXT_YEAR', 'open'],
    ['toString', 'open'],
    ['', 'open'],
  ])('%s is %s', (stage, role) => expect(stageRole(stage)).toBe(role));
});

describe('isRollbackByWeights', () => {
  const green = 'green';
  it.each([
    ['production back on blue', 'PRODUCTION_TRAFFIC_SHIFT', {}, { green: 0, blue: 100 }, true],
    ['production on green', 'PRODUCTION_TRAFFIC_SHIFT', {}, { green: 100, blue: 0 }, false],
    ['a canary step forward', 'PRODUCTION_TRAFFIC_SHIFT', {}, { green: 5, blue: 95 }, false],
    [
      'a step of a tenth forward',
      'PRODUCTION_TRAFFIC_SHIFT',
      {},
      { green: 0.1, blue: 99.9 },
      false,
    ],
    [
      'floating-point dust is no traffic',
      'PRODUCTION_TRAFFIC_SHIFT',
      {},
      { green: 1e-9, blue: 99.9999999 },
      true,
    ],
    ['test traffic back on blue', 'TEST_TRAFFIC_SHIFT', { green: 0, blue: 100 }, {}, true],
    ['test traffic on green', 'TEST_TRAFFIC_SHIFT', { green: 100, blue: 0 }, {}, false],
    [
      'before production shifts the same weights mean forward',
      'PRE_PRODUCTION_TRAFFIC_SHIFT',
      {},
      { green: 0, blue: 100 },
      false,
    ],
    ['no weights say nothing', 'PRODUCTION_TRAFFIC_SHIFT', {}, {}, false],
    ['blue alone says nothing of green', 'PRODUCTION_TRAFFIC_SHIFT', {}, { blue: 100 }, false],
    ['a first deployment has no blue', 'PRODUCTION_TRAFFIC_SHIFT', {}, { green: 100 }, false],
    [
      'green at 0 with nobody at 100',
      'PRODUCTION_TRAFFIC_SHIFT',
      {},
      { green: 0, blue: 50 },
      false,
    ],
    ['the gated stage carries none', 'POST_TEST_TRAFFIC_SHIFT', {}, {}, false],
  ])('%s', (_, stage, test, production, expected) =>
    expect(isRollbackByWeights(stage, green, test, production)).toBe(expected),
  );
});

describe('isRollbackStatus', () => {
  it.each([
    ['ROLLBACK_REQUESTED', true],
    ['ROLLBACK_IN_PROGRESS', true],
    ['ROLLBACK_SUCCESSFUL', true],
    ['ROLLBACK_FAILED', true],
    ['IN_PROGRESS', false],
    ['PENDING', false],
    ['SUCCESSFUL', false],
    ['STOP_REQUESTED', false],
    ['SOMETHING_NEW', false],
    [undefined, false],
  ])('%s: %s', (status, expected) => expect(isRollbackStatus(status)).toBe(expected));
});
