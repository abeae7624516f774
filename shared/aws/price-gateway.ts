import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { type ClientSettings, sendOptions } from './clients.ts';

/** Which products of the price list: all that match every filter, as `regionCode` = `eu-west-1`. */
export type PriceQuery = {
  readonly serviceCode: 'AmazonEC2' | 'AmazonECS';
  readonly filters: Readonly<Record<string, string>>;
};

/** Reads of the price list. */
export type PriceGateway = {
  /**
   * Products page by page, each as the JSON text that the price list writes. Throws what the SDK throws,
   * and where there are more pages than it reads: half a price list is none.
   */
  readProducts(query: PriceQuery, signal?: AbortSignal): AsyncIterable<readonly string[]>;
};

/** Products that one call answers with: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html */
const pageSize = 100;
/** A Region has about a thousand instance types. */
export const pagesMax = 40;

export function createPriceGateway(pricing: PricingClient): PriceGateway {
  return {
    async *readProducts({ serviceCode, filters }, signal) {
      const Filters = Object.entries(filters).map(([Field, Value]) => ({
        Type: 'TERM_MATCH' as const,
        Field,
        Value,
      }));
      let token: string | undefined;
      for (let page = 0; page < pagesMax; page += 1) {
        const output = await pricing.send(
          new GetProductsCommand({
            ServiceCode: serviceCode,
            Filters,
            FormatVersion: 'aws_v1',
            MaxResults: pageSize,
            ...(token === undefined ? {} : { NextToken: token }),
          }),
          sendOptions(signal),
        );
        // The SDK wraps the texts in objects that only look like strings.
        yield Array.from(output.PriceList ?? [], String);
        token = output.NextToken;
        if (token === undefined || token === '') return;
      }
      throw new Error(`the price list of ${serviceCode} has more than ${pagesMax} pages`);
    },
  };
}

/** A page of EC2 is several megabytes, and there is nobody who waits for an answer. */
export const pricingSettings: ClientSettings = {
  // The price list has few endpoints, and each knows every Region.
  region: 'us-east-1',
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
};

/** The gateway over a client of its own. */
export const openPriceGateway = (settings: ClientSettings): PriceGateway =>
  createPriceGateway(new PricingClient(settings));
