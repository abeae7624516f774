import * as v from 'valibot';
import type { RegionPrices } from '../domain/prices/region-prices.ts';
import { sortedRecordOf } from '../domain/record.ts';
import { MalformedInput } from './malformed.ts';
import { firstProblem } from './problem.ts';
import { dictionary, strict } from './strict.ts';

/** Grows when a file of before can no longer be read. */
const savedPricesVersion = 1;

/** More than the price list has of anything. */
const pricesMax = 5_000;
/** In USD an hour: dearer than any instance. */
const usdPerHourMax = 10_000;

const wish = `expected a price in USD an hour, above 0 and up to ${usdPerHourMax}`;
const usdPerHour = v.pipe(v.number(), v.gtValue(0, wish), v.maxValue(usdPerHourMax, wish));
const instanceType = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}$/, 'expected an instance type as "m7g.large"'),
);
const pricesByType = v.pipe(
  dictionary(instanceType, usdPerHour),
  v.check(
    (prices) => Object.keys(prices).length <= pricesMax,
    `expected at most ${pricesMax} prices`,
  ),
);

const savedSchema = strict({
  version: v.literal(savedPricesVersion, `expected ${savedPricesVersion}`),
  region: v.pipe(
    v.string(),
    v.regex(/^[a-z]{2}(-[a-z]+){1,3}-\d$/, 'expected a Region as "eu-west-1"'),
  ),
  source: v.pipe(
    v.string(),
    v.nonEmpty('expected text'),
    v.maxLength(200, 'expected at most 200 characters'),
  ),
  ec2UsdPerHour: v.optional(pricesByType, {}),
  managementUsdPerHour: v.optional(pricesByType, {}),
  fargate: v.optional(
    dictionary(
      v.picklist(['x86_64', 'arm64'], 'expected "x86_64" or "arm64"'),
      strict({ vcpuUsdPerHour: usdPerHour, gbUsdPerHour: usdPerHour }),
    ),
    {},
  ),
});

/** Prices of one Region as a file holds them. */
export type SavedPrices = v.InferInput<typeof savedSchema>;

/** Reads saved prices; throws {@link MalformedInput} that names the first field that is wrong. */
export function parseSavedPrices(value: unknown): RegionPrices {
  const parsed = v.safeParse(savedSchema, value);
  if (!parsed.success) throw new MalformedInput(firstProblem('prices', parsed.issues));
  const { region, source, ec2UsdPerHour, managementUsdPerHour, fargate } = parsed.output;
  return {
    region,
    source,
    ec2UsdPerHour: new Map(Object.entries(ec2UsdPerHour)),
    managementUsdPerHour: new Map(Object.entries(managementUsdPerHour)),
    fargate: new Map(Object.entries(fargate)),
  };
}

/** Prices as they are saved, in the order of names. */
export function toSavedPrices(prices: RegionPrices): SavedPrices {
  return {
    version: savedPricesVersion,
    region: prices.region,
    source: prices.source,
    ec2UsdPerHour: sortedRecordOf(prices.ec2UsdPerHour),
    managementUsdPerHour: sortedRecordOf(prices.managementUsdPerHour),
    fargate: sortedRecordOf(prices.fargate),
  };
}
