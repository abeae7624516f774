import { describe, expect, it } from 'vitest';
import { shippedPrices } from '../../shared/domain/prices/region-prices.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parseSavedPrices, toSavedPrices } from '../../shared/events/saved-prices.ts';

const saved = {
  version: 1,
  region: 'eu-west-3',
  source: 'price list of 2026-11-26',
  ec2UsdPerHour: { 'm7g.large': 0.0952 },
  managementUsdPerHour: { 'm7g.large': 0.011424 },
  fargate: { arm64: { vcpuUsdPerHour: 0.03888, gbUsdPerHour: 0.00424 } },
};

describe('saved prices', () => {
  it('become prices of a Region', () => {
    expect(parseSavedPrices(saved)).toEqual({
      region: 'eu-west-3',
      source: 'price list of 2026-11-26',
      ec2UsdPerHour: new Map([['m7g.large', 0.0952]]),
      managementUsdPerHour: new Map([['m7g.large', 0.011424]]),
      fargate: new Map([['arm64', { vcpuUsdPerHour: 0.03888, gbUsdPerHour: 0.00424 }]]),
    });
  });

  it('may know only some', () => {
    const { version, region, source } = saved;
    expect(parseSavedPrices({ version, region, source })).toMatchObject({
      ec2UsdPerHour: new Map(),
      managementUsdPerHour: new Map(),
      fargate: new Map(),
    });
  });

  it('come back as they were saved, through JSON, in the order of names', () => {
    const prices = shippedPrices('ap-northeast-1');
    if (prices === undefined) throw new Error('no prices');
    const text = JSON.stringify(toSavedPrices(prices));
    const again = parseSavedPrices(JSON.parse(text));
    expect(again).toEqual(prices);
    expect([...again.fargate.keys()]).toEqual(['arm64', 'x86_64']);
    expect(JSON.stringify(toSavedPrices(again))).toBe(text);
  });

  it.each<[string, object, string]>([
    ['no version', { version: undefined }, 'prices.version: expected 1'],
    ['a later version', { version: 2 }, 'prices.version: expected 1, got 2'],
    ['no Region', { region: 'Paris' }, 'prices.region: expected a Region as "eu-west-1"'],
    ['no source', { source: '' }, 'prices.source: expected text'],
    ['a long source', { source: 'x'.repeat(201) }, 'prices.source: expected at most 200'],
    ['an unknown key', { ec2: {} }, 'prices: unknown key "ec2"; did you mean "ec2UsdPerHour"?'],
    ['a list of prices', { ec2UsdPerHour: [] }, 'prices.ec2UsdPerHour: expected an object'],
    [
      'no type',
      { ec2UsdPerHour: { m7g: 1 } },
      'prices.ec2UsdPerHour.m7g: expected an instance type',
    ],
    [
      'a free instance',
      { ec2UsdPerHour: { 'm7g.large': 0 } },
      'prices.ec2UsdPerHour.m7g.large: expected a price in USD an hour',
    ],
    [
      'a price for a month',
      { managementUsdPerHour: { 'm7g.large': 10_001 } },
      'prices.managementUsdPerHour.m7g.large: expected a price in USD an hour',
    ],
    ['a price as text', { ec2UsdPerHour: { 'm7g.large': '0.1' } }, 'expected a number, got "0.1"'],
    ['another architecture', { fargate: { arm: {} } }, 'expected "x86_64" or "arm64", got "arm"'],
    [
      'half a rate',
      { fargate: { arm64: { vcpuUsdPerHour: 0.1 } } },
      'prices.fargate.arm64.gbUsdPerHour: expected',
    ],
    [
      'too many prices',
      {
        ec2UsdPerHour: Object.fromEntries(
          Array.from({ length: 5_001 }, (_, at) => [`m${at}.x`, 1]),
        ),
      },
      'prices.ec2UsdPerHour: expected at most 5000 prices',
    ],
  ])('are refused with %s', (_, wrong, sentence) => {
    const read = () => parseSavedPrices({ ...saved, ...wrong });
    expect(read).toThrow(MalformedInput);
    expect(read).toThrow(sentence);
  });

  it.each([null, [], 'text', 7])('are refused as %j', (value) => {
    expect(() => parseSavedPrices(value)).toThrow('prices: expected an object');
  });
});
