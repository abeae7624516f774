import { describe, expect, it } from 'vitest';
import { renderWeekly } from '../../shared/domain/alert-text/weekly.ts';
import { subjectCharsMax } from '../../shared/domain/alert-text/words.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import type { GroupCost } from '../../shared/domain/cost.ts';
import { defaultDensityPolicy, densityOf } from '../../shared/domain/density.ts';
import { rememberWeek } from '../../shared/domain/density-week.ts';
import { groupInstances } from '../../shared/domain/instance-group.ts';
import {
  isEmptyWeek,
  type WeekFindings,
  type WeekState,
  weekFindingsOf,
} from '../../shared/domain/week-findings.ts';
import { parseWeekMemory } from '../../shared/events/week-memory.ts';
import { mondayOf } from '../../shared/runtime/time-format.ts';
import { densityWorld, type InstanceSpec } from '../support/density-worlds.ts';
import { context } from './alert-samples.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 2);

const costOfUsd = (here: number, fargate: number): GroupCost =>
  ({
    here: { usdPerMonth: here },
    fargate: { usdPerMonth: fargate },
    ...{ comparison: { breakEvenTasks: 28, tasksFit: 42 }, tasks: 19, changes: [] },
  }) as unknown as GroupCost;

/** One look at a provider of such instances. */
function look(
  before: WeekState | undefined,
  atMs: number,
  instances: readonly InstanceSpec[],
  cost: GroupCost | undefined = undefined,
): WeekState {
  const world = densityWorld({ instances: { general: instances } });
  const density = densityOf(world, defaultDensityPolicy).groups[0];
  if (density === undefined) throw new Error('the world has no provider');
  const grouped = groupInstances(indexOf(world))[0];
  const scaleInAfterSeconds = 300;
  const rest = { ec2DiscountPercent: 0, scaleInAfterSeconds, nowMs: atMs };
  return rememberWeek(before, { density, grouped, cost, ...rest });
}

const busy: InstanceSpec = { tasks: [{ times: 2 }] };
const idle: InstanceSpec = {};
const full: InstanceSpec = {
  tasks: [{ times: 6 }, { service: 'web', times: 2, size: [256, 300] }],
};

/** A look an hour for so many days, each with the price that its day has. */
function weekOf(days: number, usdOf: (day: number) => readonly [number, number] | undefined) {
  let state: WeekState | undefined;
  for (let hour = 0; hour < days * 24; hour += 1) {
    const usd = usdOf(Math.floor(hour / 24));
    const cost = usd === undefined ? undefined : costOfUsd(...usd);
    state = look(state, startMs + hour * hourMs, [busy], cost);
  }
  if (state === undefined) throw new Error('no look');
  return state;
}
const findingsAfter = (state: WeekState, days: number): WeekFindings =>
  weekFindingsOf([state], startMs + days * dayMs);

describe('what Fargate would save over a week', () => {
  it.each<
    readonly [string, number, (day: number) => readonly [number, number] | undefined, boolean]
  >([
    ['30 % and 148 USD, every day', 7, () => [494, 346], true],
    ['30 %, for five days only', 5, () => [494, 346], false],
    [
      '30 %, with a day without a comparison',
      7,
      (day) => (day === 3 ? undefined : [494, 346]),
      true,
    ],
    ['30 %, with two such days', 7, (day) => (day > 4 ? undefined : [494, 346]), false],
    ['15 % exactly, and 60 USD', 7, () => [400, 340], true],
    ['14 %', 7, () => [400, 344], false],
    ['30 %, but 45 USD', 7, () => [150, 105], false],
    ['one cheap day in seven', 7, (day) => (day === 6 ? [494, 100] : [494, 490]), false],
    ['dearer', 7, () => [100, 300], false],
  ])('%s', (_, days, usdOf, isFound) => {
    expect(findingsAfter(weekOf(days, usdOf), days).cheaper).toHaveLength(isFound ? 1 : 0);
  });

  it('is the mean of the days, however many looks each had, and never of today', () => {
    let state = weekOf(7, (day) => (day === 0 ? [700, 350] : [490, 350]));
    const today = startMs + 7 * dayMs;
    for (let at = 0; at < 100; at += 1) {
      state = look(state, today + at * minuteMs, [busy], costOfUsd(9_999, 1));
    }
    const [found] = weekFindingsOf([state], today + 2 * hourMs).cheaper;
    expect(found?.hereUsdPerMonth).toBeCloseTo((700 + 6 * 490) / 7, 6);
    expect(found?.fargateUsdPerMonth).toBeCloseTo(350, 6);
    expect(state.days).toHaveLength(8);
  });
});

it('keeps the mean of the looks of a day', () => {
  let state: WeekState | undefined;
  for (const [at, usd] of [100, 200, 600].entries()) {
    state = look(state, startMs + at * hourMs, [busy], costOfUsd(usd, usd / 2));
  }
  const [day] = state?.days ?? [];
  expect(day?.hereUsdPerMonth).toBeCloseTo(300, 9);
  expect(day?.fargateUsdPerMonth).toBeCloseTo(150, 9);
});

it('compares tasks and break-even of the same days as the prices', () => {
  const at = (tasks: number, breakEvenTasks: number): GroupCost => {
    const cost = costOfUsd(494, 346);
    return { ...cost, tasks, comparison: { ...cost.comparison, breakEvenTasks } } as GroupCost;
  };
  let state: WeekState | undefined;
  for (let hour = 0; hour < 7 * 24; hour += 1) {
    // Full by day, nearly empty by night, when it is the last look's turn.
    const cost = hour % 24 < 12 ? at(48, 40) : at(6, 20);
    state = look(state, startMs + hour * hourMs, [busy], cost);
  }
  const [found] = state === undefined ? [] : findingsAfter(state, 7).cheaper;
  expect(found?.tasks).toBeCloseTo(27, 9);
  expect(found?.breakEvenTasks).toBeCloseTo(30, 9);
  expect(found?.tasksFit).toBeCloseTo(42, 9);
});

it('keeps what the price of Fargate leaves out', () => {
  const changes = [
    { reason: 'daemon-goes-with-its-instance', subject: 'agent', tasks: 6 },
    { reason: 'network-mode-must-change', subject: 'api', tasks: 20 },
    { reason: 'network-mode-must-change', subject: 'web', tasks: 4 },
  ];
  const cost = { ...costOfUsd(494, 346), changes } as unknown as GroupCost;
  let state: WeekState | undefined;
  for (let hour = 0; hour < 7 * 24; hour += 1)
    state = look(state, startMs + hour * hourMs, [busy], cost);
  expect(state === undefined ? [] : findingsAfter(state, 7).cheaper).toMatchObject([
    { unpriced: { daemons: 1, networkTasks: 24 } },
  ]);
});

describe('instances that last in a state', () => {
  const foundAfter = (hours: number, instances: readonly InstanceSpec[]) => {
    let state: WeekState | undefined;
    for (let hour = 0; hour <= hours; hour += 1) {
      state = look(state, startMs + hour * hourMs, instances);
    }
    return weekFindingsOf(state === undefined ? [] : [state], startMs + hours * hourMs);
  };
  it.each<
    readonly [string, number, readonly InstanceSpec[], Partial<Record<keyof WeekFindings, unknown>>]
  >([
    [
      'idle for a day',
      24,
      [busy, idle],
      { idle: [{ group: 'general', ofInstances: 2 }], full: [] },
    ],
    ['idle for 23 hours', 23, [busy, idle], { idle: [] }],
    ['idle and draining', 24, [busy, { status: 'DRAINING' }], { idle: [] }],
    [
      'full for a day, with whose tasks it holds',
      24,
      [busy, full],
      { full: [{ instances: [{ instance: 'i-general1', services: 'api 6, web 2' }] }] },
    ],
    [
      'far more tasks than its peers',
      24,
      [busy, busy, busy, busy, { tasks: [{ times: 7, size: [16, 16] }] }],
      { outliers: [{ instances: [{ instance: 'i-general4', tasks: 7, peers: 2 }] }] },
    ],
  ])('%s', (_, hours, instances, expected) => {
    expect(foundAfter(hours, instances)).toMatchObject(expected);
  });

  it.each<readonly [string, readonly InstanceSpec[], boolean]>([
    ['one of two is full: told beside something else, never alone', [busy, full], true],
    ['both are full: nothing is left for a deployment', [full, full], false],
    ['the other one drains', [full, { status: 'DRAINING' }], false],
    ['one is full, one idle', [full, idle], false],
    ['nothing is there', [], true],
  ])('%s', (_, instances, isEmpty) => {
    expect(isEmptyWeek(foundAfter(24, instances))).toBe(isEmpty);
  });

  it('begins anew after a look that found it otherwise', () => {
    let state = look(undefined, startMs, [busy, idle]);
    state = look(state, startMs + 23 * hourMs, [busy, busy]);
    state = look(state, startMs + 24 * hourMs, [busy, idle]);
    expect(weekFindingsOf([state], startMs + 25 * hourMs).idle).toEqual([]);
  });

  it('does not count time in which nobody looked', () => {
    const state = look(look(undefined, startMs, [idle]), startMs + 42 * hourMs, [idle]);
    expect(state.idle).toMatchObject([{ sinceMs: startMs + 42 * hourMs }]);
    expect(weekFindingsOf([state], startMs + 43 * hourMs).idle).toEqual([]);
  });

  it('says nothing of a provider that was not seen for a day', () => {
    let state = look(undefined, startMs, [idle]);
    for (let hour = 1; hour <= 30; hour += 1) state = look(state, startMs + hour * hourMs, [idle]);
    expect(isEmptyWeek(weekFindingsOf([state], startMs + 31 * hourMs))).toBe(false);
    expect(isEmptyWeek(weekFindingsOf([state], startMs + 54 * hourMs))).toBe(true);
  });

  it('stays small, whatever the cluster', () => {
    const services = Array.from({ length: 40 }, (_, at) => ({
      service: `${at}`.padEnd(255, 'x'),
      size: [50, 90] as const,
    }));
    const crowded = Array.from({ length: 60 }, (_, at) =>
      at % 2 === 0 ? idle : { tasks: services },
    );
    let state = weekOf(9, () => [494, 346]);
    state = look(state, startMs + 9 * dayMs, crowded, costOfUsd(494, 346));
    expect(state.idle).toHaveLength(10);
    expect(JSON.stringify(state).length).toBeLessThan(8_000);
    expect(parseWeekMemory(JSON.stringify({ form: 1, series: {}, week: state }))).toEqual(state);
  });
});

describe('the memory of a week', () => {
  it('may be missing, and names what is wrong with it', () => {
    expect(parseWeekMemory('{"form":1,"series":{}}')).toBeUndefined();
    expect(() => parseWeekMemory('{"week":{"group":7}}')).toThrow('week.group');
    expect(() => parseWeekMemory('x')).toThrow('JSON');
  });
});

it.each([
  ['2026-11-16', '2026-11-16'],
  ['2026-11-22', '2026-11-16'],
  ['2026-11-23', '2026-11-23'],
  ['2027-01-01', '2026-12-28'],
])('the Monday of %s is %s', (day, monday) => {
  expect(mondayOf(day)).toBe(monday);
});

const cheaper = {
  ...{ group: 'general', hereUsdPerMonth: 494, fargateUsdPerMonth: 342, savingShare: 0.308 },
  ...{ days: 7, tasks: 19.4, breakEvenTasks: 27.2, tasksFit: 42, ec2DiscountPercent: 0 },
  unpriced: undefined,
} as const;
const sinceMs = startMs - 75 * hourMs;
const none: WeekFindings = { cheaper: [], idle: [], full: [], packed: [], outliers: [] };
const weeks: Readonly<Record<string, WeekFindings>> = {
  cost: { ...none, cheaper: [cheaper] },
  'never-pays': { ...none, cheaper: [{ ...cheaper, breakEvenTasks: 66, tasksFit: 56, tasks: 40 }] },
  all: {
    cheaper: [
      cheaper,
      {
        ...{ ...cheaper, group: 'batch', ec2DiscountPercent: 20, breakEvenTasks: undefined },
        unpriced: { daemons: 1, networkTasks: 24 },
      },
    ],
    idle: [
      {
        ...{ group: 'general', ofInstances: 7 },
        instances: ['i-0a71', 'i-0b12'].map((instance) => ({ instance, sinceMs })),
        ...{ compute: 'managed-instances', isScaleInOff: true },
      },
    ],
    full: [
      {
        ...{ group: 'batch', ofInstances: 2 },
        instances: [
          {
            instance: 'i-0c41',
            sinceMs,
            share: 0.97,
            limitShare: 0.95,
            services: 'report 5, api 3',
          },
        ],
      },
    ],
    packed: [{ group: 'spot', ofInstances: 2, sinceMs }],
    outliers: [
      {
        ...{ group: 'general', ofInstances: 7 },
        instances: [
          { instance: 'i-0d05', sinceMs, tasks: 22, peers: 6, services: 'web 15, api 7' },
        ],
      },
    ],
  },
};

it.each<readonly [WeekState['compute'], boolean, string]>([
  ['managed-instances', true, 'scaleInAfter of general is -1'],
  ['managed-instances', false, 'what keeps those of general'],
  ['ec2', false, 'the minimum of the Auto Scaling group of general'],
  ['external', false, 'deregister the machines'],
])('what ends an idle instance of %s (scale-in off: %s)', (compute, isScaleInOff, step) => {
  const instances = [{ instance: 'i-0a71', sinceMs }];
  const idleOnes = [{ group: 'general', ofInstances: 2, instances, compute, isScaleInOff }];
  const { card } = renderWeekly(
    {
      ...{ cluster: 'prod', id: 'weekly', atMs: startMs },
      findings: { ...none, idle: idleOnes },
    },
    context,
  );
  expect(card.nextSteps).toHaveLength(1);
  expect(card.nextSteps[0]).toContain(step);
});

describe('the weekly digest', () => {
  it.each(Object.entries(weeks))('%s', async (name, findings) => {
    const { subject, text, card, page, attributes } = renderWeekly(
      { cluster: 'prod', id: 'weekly#prod#2026-11-16', atMs: startMs, findings },
      context,
    );
    expect(subject.length).toBeLessThanOrEqual(subjectCharsMax);
    expect(text).toMatch(/^[ -~\n]*$/);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(page).toBeUndefined();
    expect(attributes).toMatchObject({ severity: 'info', kind: 'digest-weekly', service: '-' });
    const shown = ['== subject', subject, '== mail', text, '== card', card.title];
    const rest = [card.description, ...card.nextSteps, `keywords: ${card.keywords.join(' ')}`, ''];
    await expect([...shown, ...rest].join('\n')).toMatchFileSnapshot(
      `../golden/weekly/${name}.txt`,
    );
  });
});
