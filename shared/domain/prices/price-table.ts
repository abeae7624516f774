import { assert } from '../assert.ts';

/**
 * Prices of many instance types in many Regions, in little space. In a family the price goes by size:
 * twice the size, twice the price, rounded. So a family has one row with the price of one size in each
 * Region, and what departs from the rule is listed one by one.
 */
export type PriceTable = {
  /** Where the prices come from, and under which licence. */
  readonly source: string;
  readonly licence: string;
  /** The day on which they were read, as `2026-02-07`. */
  readonly asOf: string;
  /** Of all lines `<region> <type> <price>` in the source's own figures, sorted: see `priceLines`. */
  readonly sha256: string;
  /** The columns of the rows. */
  readonly regions: string;
  /** Lists of sizes that rows name by their index. */
  readonly sizes: readonly string[];
  /** `<family> <size that is priced> <decimals> <index of sizes> <USD an hour in each Region, or ->`. */
  readonly families: readonly string[];
  /** `<type> <region> <USD an hour, or - where it is not offered>`. */
  readonly exceptions: readonly string[];
};

/** Stands for a price that there is none of. */
export const noPrice = '-';

/** Prices are whole numbers of a millionth of a USD: the source has five decimals at most. */
const microsPerUsd = 1_000_000;

/** A price as it is written, in millionths of a USD. Asserts that it has no finer part. */
export function microsOf(price: number): number {
  const micros = Math.round(price * microsPerUsd);
  assert(
    micros > 0 && micros / microsPerUsd === price,
    `a price of at most six decimals: ${price}`,
  );
  return micros;
}

const namedWeights = new Map([
  ['nano', 1],
  ['micro', 2],
  ['small', 4],
  ['medium', 8],
  ['large', 16],
  ['xlarge', 32],
]);

/** How much larger a size is than `nano`: `xlarge` is 32, `4xlarge` is 128. Undefined for `metal`. */
export function weightOf(size: string): number | undefined {
  const many = /^([1-9]\d{0,2})xlarge$/.exec(size)?.[1];
  return many === undefined ? namedWeights.get(size) : 32 * Number(many);
}

export type PriceRule = {
  /** Price of the size that the row names, in millionths of a USD. */
  readonly baseMicros: number;
  readonly baseSize: string;
  readonly decimals: number;
};

/**
 * The price of a size in USD an hour: the base price times the ratio of sizes, rounded half up to the
 * family's decimals. Whole numbers below 2^53 all the way, so the last division yields exactly the
 * number that the price is written as.
 */
export function priceBySize({ baseMicros, baseSize, decimals }: PriceRule, size: string): number {
  const [weight, baseWeight] = [weightOf(size), weightOf(baseSize)];
  assert(weight !== undefined && baseWeight !== undefined, `${size} and ${baseSize} are sizes`);
  const divisor = baseWeight * 10 ** (6 - decimals);
  const units = Math.floor((2 * baseMicros * weight + divisor) / (2 * divisor));
  return units / 10 ** decimals;
}

/** Prices of one Region by instance type, in USD an hour; undefined for a Region without a column. */
export function pricesIn(
  table: PriceTable,
  region: string,
): ReadonlyMap<string, number> | undefined {
  const column = table.regions.split(' ').indexOf(region);
  if (column < 0) return undefined;
  const prices = new Map(table.families.flatMap((row) => pricesOfFamily(table, row, column)));
  for (const exception of table.exceptions) {
    const [type = '', where, price = noPrice] = exception.split(' ');
    if (where !== region) continue;
    if (price === noPrice) prices.delete(type);
    else prices.set(type, Number(price));
  }
  return prices;
}

function pricesOfFamily(
  { sizes }: PriceTable,
  row: string,
  column: number,
): readonly (readonly [type: string, usdPerHour: number])[] {
  const [family, baseSize = '', decimals, sizesAt, ...prices] = row.split(' ');
  const base = prices[column] ?? noPrice;
  if (base === noPrice) return [];
  const rule = { baseMicros: microsOf(Number(base)), baseSize, decimals: Number(decimals) };
  const names = sizes[Number(sizesAt)]?.split(' ') ?? [];
  return names.map((size) => [`${family}.${size}`, priceBySize(rule, size)]);
}

/** `<region> <type> <price>`: what a table and its source are compared by. */
export const priceLines = (
  region: string,
  prices: ReadonlyMap<string, number>,
): readonly string[] => [...prices].map(([type, usdPerHour]) => `${region} ${type} ${usdPerHour}`);
