import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CostPolicy,
  costOf,
  defaultCostPolicy,
  type GroupCost,
} from '../../shared/domain/cost.ts';
import { shippedPrices } from '../../shared/domain/prices/region-prices.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { densityWorld, type WorldSpec } from '../support/density-worlds.ts';
import { seedOf } from '../support/incidents.ts';

const prices = shippedPrices('us-east-1');
const judge = (snapshot: Snapshot, policy: Partial<CostPolicy> = {}): readonly GroupCost[] =>
  costOf(snapshot, prices, { ...defaultCostPolicy, ...policy });
const first = (spec: WorldSpec, policy: Partial<CostPolicy> = {}): GroupCost => {
  const [group] = judge(densityWorld(spec), policy);
  if (group === undefined) throw new Error('the world has no group');
  return group;
};

const task = fc.record({
  size: fc.tuple(fc.integer({ min: 1, max: 4_096 }), fc.integer({ min: 1, max: 16_384 })),
  service: fc.constantFrom('api', 'web', 'logs'),
  hasEni: fc.boolean(),
  architecture: fc.constantFrom('x86_64', 'arm64'),
});
const instance = fc.record({
  size: fc.constantFrom([2_048, 3_767] as const, [4_096, 15_700] as const),
  type: fc.constantFrom('c6a.large', 'm7g.xlarge', 'r7a.medium'),
  tasks: fc.array(task, { maxLength: 6 }),
});
const world = fc.record({
  providers: fc.constantFrom([{ name: 'general' }], [{ name: 'general', compute: 'ec2' as const }]),
  instances: fc.record({
    general: fc.array(instance, { minLength: 1, maxLength: 6 }),
    '': fc.array(instance, { maxLength: 3 }),
  }),
  services: fc.constant({ logs: { schedulingStrategy: 'DAEMON' } }),
});
const discount = fc.double({ min: 0, max: 0.99, noNaN: true });
const runs = { numRuns: 300, ...seedOf() };

describe('for any cluster', () => {
  it('one task more on the same instances never makes Fargate look cheaper', () => {
    const property = fc.property(world, task, (spec, more) => {
      const before = first(spec);
      const [one, ...others] = spec.instances.general;
      if (one === undefined) return;
      const general = [{ ...one, tasks: [...one.tasks, more] }, ...others];
      const after = first({ ...spec, instances: { ...spec.instances, general } });
      expect(after.here?.usdPerHour).toBe(before.here?.usdPerHour);
      expect(after.fargate?.usdPerHour ?? 0).toBeGreaterThanOrEqual(
        (before.fargate?.usdPerHour ?? 0) - 1e-12,
      );
      if (before.comparison === undefined || after.comparison === undefined) return;
      expect(after.comparison.ratio).toBeGreaterThanOrEqual(before.comparison.ratio - 1e-12);
    });
    fc.assert(property, runs);
  });

  it('a larger discount never makes Fargate look cheaper, and never touches fee or Fargate', () => {
    const property = fc.property(world, discount, discount, (spec, a, b) => {
      const less = first(spec, { ec2DiscountShare: Math.min(a, b) });
      const more = first(spec, { ec2DiscountShare: Math.max(a, b) });
      expect(more.here?.feeUsdPerHour).toBe(less.here?.feeUsdPerHour);
      expect(more.fargate).toEqual(less.fargate);
      expect(more.here?.usdPerHour ?? 0).toBeLessThanOrEqual(less.here?.usdPerHour ?? 0);
      if (less.comparison === undefined || more.comparison === undefined) return;
      expect(more.comparison.ratio).toBeGreaterThanOrEqual(less.comparison.ratio);
      expect(more.comparison.breakEvenTasks).toBeLessThanOrEqual(less.comparison.breakEvenTasks);
    });
    fc.assert(property, runs);
  });

  it('the order of tasks, instances, services and providers does not change a digit', () => {
    const property = fc.property(world, (spec) => {
      const snapshot = densityWorld(spec);
      const turned: Snapshot = {
        ...snapshot,
        tasks: snapshot.tasks.toReversed(),
        instances: snapshot.instances.toReversed(),
        services: snapshot.services.toReversed(),
        capacityProviders: snapshot.capacityProviders.toReversed(),
      };
      expect(judge(turned)).toEqual(judge(snapshot));
    });
    fc.assert(property, runs);
  });

  it('the verdict, the saving, the tasks to break even and the fill tell the same', () => {
    const property = fc.property(world, (spec) => judge(densityWorld(spec)).forEach(expectOneTale));
    fc.assert(property, runs);
  });

  it('no figure is not a number, and none is there without its price', () => {
    const types = fc.constantFrom('c6a.large', 'c9x.large', 'g5.xlarge', undefined);
    const architectures = fc.constantFrom('x86_64', 'arm64', 'riscv64', undefined);
    const odd = fc.record({
      size: fc.tuple(fc.integer({ min: -1, max: 2_048 }), fc.integer({ min: -1, max: 4_096 })),
      type: types,
      architecture: architectures,
      status: fc.constantFrom('ACTIVE', 'DRAINING', 'NEW'),
      compute: fc.constantFrom(
        'managed-instances' as const,
        'ec2' as const,
        'external' as const,
        undefined,
      ),
      isSpot: fc.constantFrom(true, false, undefined),
      tasks: fc.array(
        fc.record({
          size: fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 200_000 })),
          architecture: architectures,
        }),
        { maxLength: 4 },
      ),
    });
    const region = fc.constantFrom('us-east-1', 'eu-west-9');
    const property = fc.property(fc.array(odd, { maxLength: 5 }), region, (instances, where) => {
      const snapshot = densityWorld({
        region: where,
        instances: { general: instances, '': instances },
      });
      for (const group of judge(snapshot)) {
        expectFigures(group);
        if (where === 'eu-west-9') {
          expect([group.here, group.fargate]).toEqual([undefined, undefined]);
        }
      }
    });
    fc.assert(property, runs);
  });
});

function expectFigures({ here, fargate, comparison, gaps, reason }: GroupCost): void {
  const figures = [here, fargate, comparison].flatMap((part) => Object.values(part ?? {}));
  for (const figure of figures) {
    if (typeof figure === 'number') expect(Number.isFinite(figure)).toBe(true);
  }
  if (gaps.length > 0) expect(comparison).toBeUndefined();
  if (reason === 'price-unknown') expect(gaps).not.toEqual([]);
}

function expectOneTale({ reason, here, fargate, comparison, tasks }: GroupCost): void {
  if (comparison === undefined || here === undefined || fargate === undefined) return;
  const { ratio, savingUsdPerMonth, breakEvenTasks, fillShare, breakEvenFillShare } = comparison;
  if (Math.abs(savingUsdPerMonth) < 1e-6) return;
  const isCheaperThere = savingUsdPerMonth > 0;
  expect(reason === 'cheaper-here').toBe(!isCheaperThere);
  expect(ratio < 1).toBe(isCheaperThere);
  expect(breakEvenTasks > tasks).toBe(isCheaperThere);
  expect((fillShare ?? 0) < (breakEvenFillShare ?? 0)).toBe(isCheaperThere);
  expect(fargate.exactUsdPerHour).toBeLessThanOrEqual(fargate.usdPerHour + 1e-12);
  // So many tasks of the average size cost more than the instances do; one less does not.
  const each = fargate.usdPerHour / tasks;
  expect(each * breakEvenTasks).toBeGreaterThan(here.usdPerHour - 1e-6);
  expect(each * (breakEvenTasks - 1)).toBeLessThanOrEqual(here.usdPerHour + 1e-6);
}
