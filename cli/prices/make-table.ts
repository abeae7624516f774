import { createHash } from 'node:crypto';
import {
  microsOf,
  noPrice,
  type PriceRule,
  type PriceTable,
  priceBySize,
  priceLines,
  pricesIn,
  weightOf,
} from '../../shared/domain/prices/price-table.ts';
import type { PriceSource } from './price-source.ts';

/**
 * Families that are kept: general, compute and memory purpose from the fifth generation on, burstable
 * from the third. Managed Instances picks none that is older, and Fargate could not take the rest.
 */
const isKept = (type: string): boolean => /^([cmr]([5-9]|\d\d)|t[3-9])/.test(type);

type Prices = ReadonlyMap<string, number>;

/** A family's prices: by Region, then by size. */
type Family = { readonly name: string; readonly prices: ReadonlyMap<string, Prices> };

export type MadeTable = {
  readonly table: PriceTable;
  readonly kept: number;
  readonly leftOut: number;
};

/** Makes the table, and proves that it holds every kept price of the source to the last digit. */
export function makePriceTable({ source, regions: sourceRegions }: PriceSource): MadeTable {
  const regions = Object.keys(sourceRegions);
  const all = new Map(
    regions.map((region) => [region, new Map(Object.entries(sourceRegions[region] ?? {}))]),
  );
  const kept = new Map(
    [...all].map(([region, prices]) => [
      region,
      new Map([...prices].filter(([type]) => isKept(type) && weightOf(sizeOf(type)) !== undefined)),
    ]),
  );
  const families = familiesOf(kept);
  const sizes = [...new Set(families.map((family) => sizesOf(family).join(' ')))].sort();
  const bare = {
    source: source.dataSource,
    licence: source.license,
    asOf: source.generatedAt,
    sha256: checksumOf(kept),
    regions: regions.join(' '),
    sizes,
    families: families.map((family) => rowOf(family, regions, sizes)),
    exceptions: [],
  };
  const table = { ...bare, exceptions: exceptionsOf(bare, kept) };
  const made = new Map(regions.map((region) => [region, pricesIn(table, region) ?? new Map()]));
  if (checksumOf(made) !== table.sha256) throw new Error('the table is not what its source says');
  return { table, kept: countOf(kept), leftOut: countOf(all) - countOf(kept) };
}

const sizeOf = (type: string): string => type.slice(type.indexOf('.') + 1);
const countOf = (all: ReadonlyMap<string, Prices>): number =>
  [...all.values()].reduce((sum, prices) => sum + prices.size, 0);

/** SHA-256 of all prices, whatever their order. */
export const checksumOf = (all: ReadonlyMap<string, Prices>): string =>
  createHash('sha256')
    .update(
      [...all]
        .flatMap(([region, prices]) => priceLines(region, prices))
        .sort()
        .join('\n'),
    )
    .digest('hex');

function familiesOf(all: ReadonlyMap<string, Prices>): readonly Family[] {
  const families = new Map<string, Map<string, Map<string, number>>>();
  for (const [region, prices] of all) {
    for (const [type, price] of prices) {
      const name = type.slice(0, type.indexOf('.'));
      const family = families.get(name) ?? new Map<string, Map<string, number>>();
      const sizes = family.get(region) ?? new Map<string, number>();
      families.set(name, family.set(region, sizes.set(sizeOf(type), price)));
    }
  }
  return [...families.keys()]
    .sort()
    .map((name) => ({ name, prices: families.get(name) ?? new Map() }));
}

/** Every size that some Region offers, small ones first. */
const sizesOf = ({ prices }: Family): readonly string[] =>
  [...new Set([...prices.values()].flatMap((bySize) => [...bySize.keys()]))].sort(
    (a, b) => (weightOf(a) ?? 0) - (weightOf(b) ?? 0),
  );

/** Few prices are written with fewer decimals than three, and none with more than five. */
const decimalsTried = [3, 4, 5];

/** The row of the base size and decimals that leave the fewest exceptions. */
function rowOf(family: Family, regions: readonly string[], sizes: readonly string[]): string {
  const names = sizesOf(family);
  const [best] = names
    .flatMap((baseSize) => decimalsTried.map((decimals) => ({ baseSize, decimals })))
    .map((rule) => ({ ...rule, misses: missesOf(family, rule) }))
    .sort((a, b) => a.misses - b.misses);
  const baseSize = best?.baseSize ?? '';
  const bases = regions.map((region) => textOf(family.prices.get(region)?.get(baseSize)));
  return [family.name, baseSize, best?.decimals, sizes.indexOf(names.join(' ')), ...bases].join(
    ' ',
  );
}

/** Prices that a rule would get wrong; a Region without the base size loses them all. */
function missesOf({ prices }: Family, rule: Omit<PriceRule, 'baseMicros'>): number {
  return [...prices.values()].reduce((misses, bySize) => {
    const base = bySize.get(rule.baseSize);
    if (base === undefined) return misses + bySize.size;
    const baseMicros = microsOf(base);
    const wrong = [...bySize].filter(
      ([size, price]) => priceBySize({ ...rule, baseMicros }, size) !== price,
    );
    return misses + wrong.length;
  }, 0);
}

/** A price as short as it can be written. */
const textOf = (price: number | undefined): string =>
  price === undefined ? noPrice : String(price).replace(/^0\./, '.');

/** Where rows alone say something else than the source. */
function exceptionsOf(bare: PriceTable, all: ReadonlyMap<string, Prices>): readonly string[] {
  return [...all]
    .flatMap(([region, prices]) => {
      const byRows = pricesIn(bare, region) ?? new Map<string, number>();
      const types = new Set([...prices.keys(), ...byRows.keys()]);
      return [...types]
        .filter((type) => prices.get(type) !== byRows.get(type))
        .map((type) => `${type} ${region} ${textOf(prices.get(type))}`);
    })
    .sort();
}

/** The table as a module, formatted as the linter wants it. */
export function moduleOf(table: PriceTable): string {
  const listOf = (lines: readonly string[]): string =>
    lines.length === 0 ? '[]' : `[\n${lines.map((line) => `    '${line}',\n`).join('')}  ]`;
  return `import type { PriceTable } from './price-table.ts';

/**
 * EC2 on demand in USD an hour: Linux, shared tenancy. Made by \`npm run prices -- --from FILE\`: do not
 * edit. ${table.source}, read on ${table.asOf}; licence ${table.licence}, see NOTICE.
 */
export const ec2OnDemand: PriceTable = {
  source: '${table.source}',
  licence: '${table.licence}',
  asOf: '${table.asOf}',
  sha256: '${table.sha256}',
  regions:
    '${table.regions}',
  sizes: ${listOf(table.sizes)},
  families: ${listOf(table.families)},
  exceptions: ${listOf(table.exceptions)},
};
`;
}
