import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ec2OnDemand } from '../../../shared/domain/prices/ec2-on-demand.ts';
import {
  microsOf,
  type PriceTable,
  priceBySize,
  priceLines,
  pricesIn,
  weightOf,
} from '../../../shared/domain/prices/price-table.ts';

const regions = ec2OnDemand.regions.split(' ');

describe('the table of EC2 prices', () => {
  it('holds every price of its source to the last digit, as the checksum of the source shows', () => {
    const lines = regions.flatMap((region) =>
      priceLines(region, pricesIn(ec2OnDemand, region) ?? new Map()),
    );
    expect(lines).toHaveLength(12_081);
    expect(createHash('sha256').update(lines.sort().join('\n')).digest('hex')).toBe(
      ec2OnDemand.sha256,
    );
    // The checksum of the source, written down here as well: a table made anew must be looked at.
    expect(ec2OnDemand.sha256).toBe(
      '944be196f81ff2fd88a5d81b782b004558ab40cdae2b02409707833f54152631',
    );
  });

  const cases: readonly (readonly [name: string, region: string, type: string, price: number])[] = [
    ['the size that the row names', 'us-east-1', 'c5.24xlarge', 4.08],
    ['a quarter of a hundredth part', 'us-east-1', 'm6g.medium', 0.0385],
    ['r7a.medium at five decimals', 'us-east-1', 'r7a.medium', 0.07608],
    ['the smallest burstable', 'us-east-1', 't4g.nano', 0.0042],
    ['half a unit rounds up: 3.1008 / 64 is .04845', 'af-south-1', 'c7g.medium', 0.0485],
    ['an exception: by the rule r7gd.12xlarge were 3.266', 'us-east-1', 'r7gd.12xlarge', 3.2659],
    ['the first and the last column', 'il-central-1', 'c5.24xlarge', 4.838],
    ['Tokyo', 'ap-northeast-1', 'c6a.large', 0.0963],
  ];
  it.each(cases)('%s: %s %s costs %f', (_, region, type, price) => {
    expect(pricesIn(ec2OnDemand, region)?.get(type)).toBe(price);
  });

  it('knows nothing of a Region without a column, of a family not offered, of words of JavaScript', () => {
    expect(pricesIn(ec2OnDemand, 'eu-west-9')).toBeUndefined();
    expect(pricesIn(ec2OnDemand, '')).toBeUndefined();
    expect(pricesIn(ec2OnDemand, 'eu-west-3')?.get('c6a.large')).toBeUndefined();
    expect(pricesIn(ec2OnDemand, 'us-east-1')?.get('constructor')).toBeUndefined();
    expect(pricesIn(ec2OnDemand, 'us-east-1')?.get('g5.xlarge')).toBeUndefined();
  });

  it('says where its prices come from', () => {
    expect(ec2OnDemand).toMatchObject({ licence: 'MIT-0', asOf: '2026-02-07' });
    expect(regions).toHaveLength(28);
  });
});

describe('pricesIn', () => {
  const table: PriceTable = {
    source: 'test',
    licence: 'MIT-0',
    asOf: '2026-01-01',
    sha256: '',
    regions: 'here there',
    sizes: ['large 4xlarge', 'medium'],
    families: ['x1 large 2 0 .1 -', 'y1 medium 3 1 - .005'],
    exceptions: ['x1.4xlarge here .79', 'x1.large there .2', 'y1.medium there -'],
  };

  it('takes exceptions over rows: another price, one that rows lack, and none', () => {
    expect([...(pricesIn(table, 'here') ?? [])]).toEqual([
      ['x1.large', 0.1],
      ['x1.4xlarge', 0.79],
    ]);
    expect([...(pricesIn(table, 'there') ?? [])]).toEqual([['x1.large', 0.2]]);
  });
});

describe('priceBySize', () => {
  const cases: readonly (readonly [string, number, string, number, string, number])[] = [
    ['.0425 at 3 decimals rounds up', 85_000, 'large', 3, 'medium', 0.043],
    ['.0424 at 3 decimals rounds down', 84_800, 'large', 3, 'medium', 0.042],
    ['twice the size, twice the price', 85_000, 'large', 3, 'xlarge', 0.17],
    ['48xlarge is 96 large', 76_500, 'large', 5, '48xlarge', 7.344],
    ['nano is a 16th of large', 83_200, 'large', 4, 'nano', 0.0052],
    ['nothing is lost on the way down and up', 612_000, '4xlarge', 5, '4xlarge', 0.612],
  ];
  it.each(cases)('%s', (_, baseMicros, baseSize, decimals, size, price) => {
    expect(priceBySize({ baseMicros, baseSize, decimals }, size)).toBe(price);
  });

  it('refuses sizes without an order', () => {
    const rule = { baseMicros: 1, baseSize: 'large', decimals: 3 };
    expect(() => priceBySize(rule, 'metal')).toThrow('metal and large are sizes');
    expect([weightOf('metal'), weightOf('0xlarge'), weightOf('12xlarge')]).toEqual([
      undefined,
      undefined,
      384,
    ]);
  });
});

describe('microsOf', () => {
  it('takes what has six decimals at most, and refuses the rest', () => {
    expect(microsOf(0.004445)).toBe(4_445);
    expect(() => microsOf(0.0000001)).toThrow('six decimals');
    expect(() => microsOf(0)).toThrow('six decimals');
    expect(() => microsOf(Number.NaN)).toThrow('six decimals');
  });
});
