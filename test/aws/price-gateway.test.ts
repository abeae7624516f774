import { Readable } from 'node:stream';
import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import {
  createPriceGateway,
  type PriceGateway,
  pagesMax,
  pricingSettings,
} from '../../shared/aws/price-gateway.ts';
import { instanceText } from '../support/price-list.ts';

const pricing = mockClient(PricingClient);
beforeEach(() => pricing.reset());

const query = {
  serviceCode: 'AmazonEC2',
  filters: { regionCode: 'eu-west-3', operatingSystem: 'Linux' },
} as const;

async function pagesOf(gateway: PriceGateway): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for await (const page of gateway.readProducts(query)) pages.push(page);
  return pages;
}

describe('the price gateway', () => {
  const gateway = createPriceGateway(new PricingClient({ region: 'us-east-1' }));

  it('asks for what matches every filter, and follows the token until there is none', async () => {
    pricing.on(GetProductsCommand).callsFake(({ NextToken, ...input }) => {
      expect(input).toEqual({
        ServiceCode: 'AmazonEC2',
        Filters: [
          { Type: 'TERM_MATCH', Field: 'regionCode', Value: 'eu-west-3' },
          { Type: 'TERM_MATCH', Field: 'operatingSystem', Value: 'Linux' },
        ],
        FormatVersion: 'aws_v1',
        MaxResults: 100,
      });
      return NextToken === undefined
        ? { PriceList: ['a', 'b'], NextToken: 'more' }
        : { PriceList: ['c'], NextToken: '' };
    });
    expect(await pagesOf(gateway)).toEqual([['a', 'b'], ['c']]);
    expect(pricing.calls()).toHaveLength(2);
  });

  it('takes an answer without products for one', async () => {
    pricing.on(GetProductsCommand).resolves({});
    expect(await pagesOf(gateway)).toEqual([[]]);
  });

  it('ends at a bound, with an error: half a price list is none', async () => {
    pricing.on(GetProductsCommand).resolves({ PriceList: ['a'], NextToken: 'again' });
    await expect(pagesOf(gateway)).rejects.toThrow(
      `the price list of AmazonEC2 has more than ${pagesMax} pages`,
    );
    expect(pricing.calls()).toHaveLength(pagesMax);
  });

  it('lets refusals through, so that they can be named', async () => {
    const denied = Object.assign(new Error('not authorized to perform: pricing:GetProducts'), {
      name: 'AccessDeniedException',
    });
    pricing.on(GetProductsCommand).rejects(denied);
    const error: unknown = await pagesOf(gateway).catch((thrown: unknown) => thrown);
    expect(awsProblemOf(error)).toEqual({
      reason: 'aws-denied',
      detail: 'AccessDeniedException: not authorized to perform: pricing:GetProducts',
    });
  });
});

it('reads texts off the wire as texts, though the SDK wraps them', async () => {
  pricing.restore();
  const text = instanceText('m7g.large', '0.0952000000');
  const bodies: unknown[] = [];
  const client = new PricingClient({
    ...pricingSettings,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    requestHandler: {
      handle: async (request: { hostname: string; headers: Record<string, string> }) => {
        bodies.push([request.hostname, request.headers['x-amz-target']]);
        return {
          response: {
            statusCode: 200,
            headers: { 'content-type': 'application/x-amz-json-1.1' },
            body: Readable.from([
              Buffer.from(JSON.stringify({ FormatVersion: 'aws_v1', PriceList: [text] })),
            ]),
          },
        };
      },
    },
  });
  const pages = await pagesOf(createPriceGateway(client));
  expect(pages).toStrictEqual([[text]]);
  expect(typeof pages[0]?.[0]).toBe('string');
  expect(bodies).toEqual([
    ['api.pricing.us-east-1.amazonaws.com', 'AWSPriceListService.GetProducts'],
  ]);
});
