import * as v from 'valibot';
import { MalformedInput, parseJson } from './malformed.ts';
import { firstProblem } from './problem.ts';
import { dictionary } from './strict.ts';

/** What the price list says of one product, as far as prices of instances and tasks need it. */
export type PriceListProduct = {
  readonly region: string | undefined;
  readonly usageType: string;
  readonly instanceType: string | undefined;
  /** `OnDemand`, `CapacityBlock`; undefined where the product is sold in one way only. */
  readonly marketOption: string | undefined;
  /** On demand; undefined where the product has no single price an hour. */
  readonly usdPerHour: number | undefined;
};

const optional = v.optional(v.string());

const dimension = v.object({
  unit: optional,
  pricePerUnit: v.optional(dictionary(v.string(), v.string()), {}),
});
const term = v.object({ priceDimensions: v.optional(dictionary(v.string(), dimension), {}) });
const productSchema = v.object({
  product: v.object({
    attributes: v.object({
      usagetype: v.string(),
      regionCode: optional,
      instanceType: optional,
      marketoption: optional,
    }),
  }),
  terms: v.optional(v.object({ OnDemand: v.optional(dictionary(v.string(), term), {}) }), {}),
});

type Dimension = v.InferOutput<typeof dimension>;

/** Reads one product; throws {@link MalformedInput} that names the first field that is wrong. */
export function parsePriceListProduct(text: string): PriceListProduct {
  const parsed = v.safeParse(productSchema, parseJson(text, 'product'));
  if (!parsed.success) throw new MalformedInput(firstProblem('product', parsed.issues));
  const { product, terms } = parsed.output;
  const { usagetype, regionCode, instanceType, marketoption } = product.attributes;
  const dimensions = Object.values(terms.OnDemand ?? {}).flatMap(({ priceDimensions }) =>
    Object.values(priceDimensions),
  );
  return {
    region: regionCode,
    usageType: usagetype,
    instanceType,
    marketOption: marketoption,
    usdPerHour: hourlyOf(dimensions),
  };
}

/** Decimals as the price list writes them: `0.0404800000`. */
const decimal = /^\d{1,7}(\.\d{1,12})?$/;

/** More than one dimension is a price by tiers; a price of 0 stands where there is none. */
function hourlyOf([first, ...others]: readonly Dimension[]): number | undefined {
  const text = first?.pricePerUnit.USD ?? '';
  if (others.length > 0 || !/^(hrs?|hours?)$/i.test(first?.unit ?? '')) return undefined;
  const usd = decimal.test(text) ? Number(text) : 0;
  return usd > 0 ? usd : undefined;
}
