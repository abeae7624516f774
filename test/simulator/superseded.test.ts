import { describe, expect, it } from 'vitest';
import { behaviours } from '../../simulator/behaviours.ts';
import { deploy, hookAt, type StagedOptions } from './staged-lab.ts';

const linear = { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 30 } };
const canary = { canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 30 } };
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };
const unhealthy = { healthyAfterMs: 'never' } as const;
const slow = { startMs: [30_000, 30_000] } as const;
const failsToStart = { startFailure: { reason: 'CannotStartContainerError: no' } };

/** The share of the newest revision, looked at until it is let into production. */
async function sharesBeforeProduction(staged: Awaited<ReturnType<typeof deploy>>) {
  const shares = new Set<number>();
  const own = staged.run();
  for (let look = 0; look < 40; look += 1) {
    if (own.status !== 'IN_PROGRESS' || /PRODUCTION|BAKE|CLEAN/.test(own.lifecycleStage ?? ''))
      break;
    shares.add(staged.newestPercent());
    await staged.minutes(0.25);
  }
  return [...shares];
}

/** Follows a service for two hours: the fewest that ran, and what it has come to. */
async function settle({ lab, minutes, run, newestPercent }: Awaited<ReturnType<typeof deploy>>) {
  let fewest = lab.service().runningCount;
  for (let look = 0; look < 120 * 12; look += 1) {
    await minutes(1 / 12);
    fewest = Math.min(fewest, lab.service().runningCount);
  }
  const { taskDefinition, deployments = [] } = lab.service();
  return {
    fewest,
    revisions: deployments.map(({ status, rolloutState }) => `${status} ${rolloutState}`),
    isNewest: lab.tasks().every(({ taskDefinitionArn }) => taskDefinitionArn === taskDefinition),
    traffic: newestPercent(),
    status: run().status,
    unended: [...lab.world.account.serviceDeployments.values()].filter(
      ({ finishedAt }) => finishedAt === undefined,
    ).length,
  };
}

const settled = {
  fewest: 2,
  revisions: ['PRIMARY COMPLETED'],
  isNewest: true,
  traffic: 100,
  status: 'SUCCESSFUL',
  unended: 0,
};

const variants = behaviours['superseded-shift'].variants;

describe('a deployment that supersedes another one', () => {
  const cases: readonly [string, StagedOptions, again: boolean][] = [
    ['a linear one between its steps', { strategy: 'LINEAR', deployment: linear }, true],
    ['a canary', { strategy: 'CANARY', deployment: canary }, true],
    ['a blue/green one in its bake time', { bakeTimeInMinutes: 30 }, true],
    ['one whose green is never healthy', { green: unhealthy }, true],
    [
      'the first of its service, between its steps',
      { strategy: 'LINEAR', deployment: linear, secondAfterMinutes: 10 },
      false,
    ],
    [
      'the first of its service, which is never healthy',
      { first: unhealthy, secondAfterMinutes: 10 },
      false,
    ],
    [
      'the first of its service, which was rolled back',
      { first: failsToStart, deployment: breaker },
      false,
    ],
  ];
  it.each(cases.flatMap((one) => variants.map((variant) => [...one, variant] as const)))(
    'of %s gets no production traffic before its turn (%#)',
    async (_, options, isThird, variant) => {
      const staged = await deploy({ ...options, variants: { 'superseded-shift': variant } });
      if (isThird) {
        await staged.minutes(10);
        staged.again();
      }
      expect(await sharesBeforeProduction(staged)).toEqual([0]);
      await staged.minutes(120);
      expect([staged.run().status, staged.newestPercent()]).toEqual(['SUCCESSFUL', 100]);
    },
  );
});

describe('a deployment whose service has another strategy now', () => {
  const forward: readonly [string, StagedOptions, minutes: number][] = [
    ['in its bake time', { bakeTimeInMinutes: 30 }, 5],
    ['between its steps', { strategy: 'LINEAR', deployment: linear }, 10],
    ['that waits for its tasks', { green: unhealthy }, 5],
    ['that cleans up', {}, 1],
  ];
  it.each(forward.flatMap((one) => variants.map((variant) => [...one, variant] as const)))(
    'rolls over one in stages %s (%#)',
    async (_, options, after, variant) => {
      const staged = await deploy({ ...options, variants: { 'superseded-shift': variant } });
      await staged.minutes(after);
      staged.again({}, 'ROLLING');
      expect(await settle(staged)).toEqual(settled);
    },
  );

  const rolling: readonly [string, StagedOptions, minutes: number][] = [
    ['whose tasks do not start', { green: failsToStart }, 5],
    ['whose tasks are not healthy', { green: unhealthy }, 5],
    ['that has failed', { green: failsToStart, deployment: breaker }, 60],
    ['half way', { deployment: { maximumPercent: 150 }, green: slow }, 1.2],
    ['that is complete', {}, 60],
  ];
  it.each(rolling.flatMap((one) => variants.map((variant) => [...one, variant] as const)))(
    'goes in stages from a rolling one %s (%#)',
    async (_, options, after, variant) => {
      const staged = await deploy({
        ...options,
        strategy: 'ROLLING',
        variants: { 'superseded-shift': variant },
      });
      await staged.minutes(after);
      staged.again({}, 'BLUE_GREEN');
      expect(await settle(staged)).toEqual(settled);
    },
  );

  it.each(variants)('goes in stages from a rolling one that began in stages (%s)', async (v) => {
    const staged = await deploy({ bakeTimeInMinutes: 30, variants: { 'superseded-shift': v } });
    await staged.minutes(5);
    staged.again(unhealthy, 'ROLLING');
    await staged.minutes(5);
    staged.again({}, 'BLUE_GREEN');
    expect(staged.production()).toBe('alternate 100, primary 0');
    expect(await settle(staged)).toEqual(settled);
  });

  it.each(variants)(
    'goes back from stages to what the rolling one had completed (%s)',
    async (v) => {
      const staged = await deploy({
        green: failsToStart,
        strategy: 'ROLLING',
        variants: { 'superseded-shift': v },
        answer: () => ({ hookStatus: 'FAILED' }),
      });
      const before = staged.lab.tasks()[0]?.taskDefinitionArn;
      await staged.minutes(5);
      staged.again({}, 'BLUE_GREEN', [hookAt(['POST_PRODUCTION_TRAFFIC_SHIFT'])]);
      const { fewest, revisions, status } = await settle(staged);
      expect([fewest, revisions, status]).toEqual([
        2,
        ['PRIMARY COMPLETED'],
        'ROLLBACK_SUCCESSFUL',
      ]);
      expect(staged.lab.service().taskDefinition).toBe(before);
      expect(staged.newestPercent()).toBe(0);
    },
  );

  it.each(variants)('goes back from a rolling one to where its traffic is (%s)', async (v) => {
    const staged = await deploy({
      bakeTimeInMinutes: 30,
      deployment: breaker,
      variants: { 'superseded-shift': v },
    });
    await staged.minutes(5);
    staged.again(failsToStart, 'ROLLING');
    const { fewest, revisions, status, unended } = await settle(staged);
    expect([fewest, revisions, status, unended]).toEqual([
      2,
      ['PRIMARY COMPLETED'],
      'ROLLBACK_SUCCESSFUL',
      0,
    ]);
    expect(staged.newestPercent()).toBe(100);
    expect(staged.production()).toBe('alternate 100, primary 0');
    expect(staged.healthyTargets()).toEqual({ primary: 0, alternate: 2 });
  });
});
