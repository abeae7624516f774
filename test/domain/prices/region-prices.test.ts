import { describe, expect, it } from 'vitest';
import {
  managementFee,
  type RegionPrices,
  shippedPrices,
  withNewer,
} from '../../../shared/domain/prices/region-prices.ts';

describe('shippedPrices', () => {
  it('knows EC2 and Fargate in us-east-1', () => {
    const prices = shippedPrices('us-east-1');
    expect(prices?.ec2UsdPerHour.get('m7g.large')).toBe(0.0816);
    expect(prices?.fargate.get('arm64')).toEqual({
      vcpuUsdPerHour: 0.03238,
      gbUsdPerHour: 0.00356,
    });
    expect(prices?.managementUsdPerHour.size).toBe(0);
    expect(prices?.source).toBe("EC2's list prices of 2026-02-07, Fargate's as quoted in 2026");
    expect(shippedPrices('eu-north-1')?.source).toBe("EC2's list prices of 2026-02-07");
  });

  it('has no Fargate price where none could be found, rather than the price of a neighbour', () => {
    expect(shippedPrices('eu-west-3')?.fargate.size).toBe(0);
    expect(shippedPrices('eu-west-3')?.ec2UsdPerHour.get('m7g.large')).toBe(0.0952);
    expect([...(shippedPrices('eu-central-1')?.fargate.keys() ?? [])]).toEqual(['x86_64']);
  });

  it('knows nothing of a Region that it does not know', () => {
    expect(shippedPrices('eu-west-9')).toBeUndefined();
  });
});

describe('withNewer', () => {
  const of = (prices: Partial<RegionPrices>): RegionPrices => ({
    region: 'eu-west-3',
    source: 'new',
    ec2UsdPerHour: new Map(),
    managementUsdPerHour: new Map(),
    fargate: new Map(),
    ...prices,
  });
  const rate = { vcpuUsdPerHour: 0.05, gbUsdPerHour: 0.005 };

  it('takes the newer price of what both know, and the older one of the rest', () => {
    const older = of({
      source: 'old',
      ec2UsdPerHour: new Map([
        ['m7g.large', 1],
        ['m7g.xlarge', 2],
      ]),
    });
    const newer = of({
      ec2UsdPerHour: new Map([['m7g.large', 0.5]]),
      managementUsdPerHour: new Map([['m7g.large', 0.06]]),
      fargate: new Map([['arm64', rate]]),
    });
    expect(withNewer(older, newer)).toEqual({
      region: 'eu-west-3',
      source: 'new; else old',
      ec2UsdPerHour: new Map([
        ['m7g.large', 0.5],
        ['m7g.xlarge', 2],
      ]),
      managementUsdPerHour: new Map([['m7g.large', 0.06]]),
      fargate: new Map([['arm64', rate]]),
    });
  });

  it('mixes no two Regions', () => {
    const newer = of({});
    expect(
      withNewer(of({ region: 'us-east-1', ec2UsdPerHour: new Map([['a.b', 1]]) }), newer),
    ).toBe(newer);
    expect(withNewer(undefined, newer)).toBe(newer);
  });
});

describe('managementFee', () => {
  const cases: readonly (readonly [string, string, number, number])[] = [
    ['12 % of .0765', 'c6a.large', 0.0765, 0.00918],
    ['12 % of .0816, Graviton is no GPU', 'm7g.large', 0.0816, 0.009792],
    ['7.8 % of 1.006 for a GPU', 'g5.xlarge', 1.006, 0.078468],
    ['7.8 % of 10 for memory with a GPU', 'gr6.4xlarge', 10, 0.78],
    ['4.8 % of 98.32 for a large GPU', 'p5.48xlarge', 98.32, 4.71936],
    ['4.8 % of 1.34375 for Trainium', 'trn1.2xlarge', 1.34375, 0.0645],
    ['12 % of .7582 for Inferentia', 'inf2.xlarge', 0.7582, 0.090984],
    ['12 % of a type that nobody knows', 'gp9.large', 1, 0.12],
  ];
  it.each(cases)('%s: %s', (_, type, onDemand, fee) => {
    expect(managementFee(type, onDemand)).toBeCloseTo(fee, 10);
  });
});
