/** A product of AWS's price list in the shape that GetProducts answers with: JSON in a text. */
export type ProductSpec = {
  readonly usagetype: string;
  readonly usd: string;
  readonly region?: string;
  readonly unit?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Prices by further dimensions, as tiers have them. */
  readonly tiers?: readonly string[];
};

export function productText({
  usagetype,
  usd,
  region = 'eu-west-3',
  unit = 'Hrs',
  attributes = {},
  tiers = [],
}: ProductSpec): string {
  const sku = `SKU${usagetype.length}${usd.length}`;
  const term = `${sku}.JRTCKXETXF`;
  return JSON.stringify({
    product: {
      productFamily: 'Compute Instance',
      attributes: {
        servicecode: 'AmazonEC2',
        regionCode: region,
        locationType: 'AWS Region',
        usagetype,
        operation: 'RunInstances',
        ...attributes,
      },
      sku,
    },
    serviceCode: 'AmazonEC2',
    terms: {
      OnDemand: {
        [term]: {
          priceDimensions: Object.fromEntries(
            [usd, ...tiers].map((price, at) => [
              `${term}.${at}`,
              {
                unit,
                beginRange: String(at * 2_200),
                endRange: 'Inf',
                description: `$${price} per hour`,
                appliesTo: [],
                rateCode: `${term}.${at}`,
                pricePerUnit: { USD: price },
              },
            ]),
          ),
          sku,
          effectiveDate: '2026-11-01T00:00:00Z',
          offerTermCode: 'JRTCKXETXF',
          termAttributes: {},
        },
      },
      Reserved: {
        [`${sku}.RI1`]: {
          termAttributes: { LeaseContractLength: '1yr', PurchaseOption: 'No Upfront' },
          priceDimensions: {
            [`${sku}.RI1.1`]: { unit: 'Hrs', pricePerUnit: { USD: '0.0010000000' } },
          },
        },
      },
    },
    version: '20261120000000',
    publicationDate: '2026-11-20T00:00:00Z',
  });
}

/** An instance, as it is sold on demand. */
export const instanceText = (type: string, usd: string, said: Partial<ProductSpec> = {}): string =>
  productText({
    usagetype: `EUW3-BoxUsage:${type}`,
    usd,
    ...said,
    attributes: {
      instanceType: type,
      operatingSystem: 'Linux',
      tenancy: 'Shared',
      marketoption: 'OnDemand',
      ...said.attributes,
    },
  });
