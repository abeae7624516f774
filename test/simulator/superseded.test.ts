import { describe, expect, it } from 'vitest';
import { behaviours } from '../../simulator/behaviours.ts';
import { deploy, type StagedOptions } from './staged-lab.ts';

const linear = { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 30 } };
const canary = { canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 30 } };
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };
const unhealthy = { healthyAfterMs: 'never' } as const;
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
