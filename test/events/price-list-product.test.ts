import { describe, expect, it } from 'vitest';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parsePriceListProduct } from '../../shared/events/price-list-product.ts';
import { instanceText, productText } from '../support/price-list.ts';

describe('a product of the price list', () => {
  it('says what it is and what it costs on demand, whatever else it says', () => {
    expect(parsePriceListProduct(instanceText('m7g.large', '0.0952000000'))).toEqual({
      region: 'eu-west-3',
      usageType: 'EUW3-BoxUsage:m7g.large',
      instanceType: 'm7g.large',
      marketOption: 'OnDemand',
      usdPerHour: 0.0952,
    });
  });

  it('is one of Fargate, whose hours are written out', () => {
    const text = productText({
      usagetype: 'EUW3-Fargate-GB-Hours',
      usd: '0.0053000000',
      unit: 'hours',
    });
    expect(parsePriceListProduct(text)).toMatchObject({
      usageType: 'EUW3-Fargate-GB-Hours',
      instanceType: undefined,
      marketOption: undefined,
      usdPerHour: 0.0053,
    });
  });

  it.each<[string, string]>([
    ['a price of 0', instanceText('m7g.large', '0.0000000000')],
    ['a price that is no decimal', instanceText('m7g.large', '1e-3')],
    ['another unit', instanceText('m7g.large', '0.1', { unit: 'GB-Mo' })],
    ['tiers', instanceText('m7g.large', '0.1', { tiers: ['0.05'] })],
    ['another currency', instanceText('m7g.large', '0.1').replaceAll('"USD"', '"CNY"')],
    ['no terms', JSON.stringify({ product: { attributes: { usagetype: 'x' } } })],
    [
      'terms without any',
      JSON.stringify({ product: { attributes: { usagetype: 'x' } }, terms: {} }),
    ],
  ])('has no price an hour with %s', (_, text) => {
    expect(parsePriceListProduct(text).usdPerHour).toBeUndefined();
  });

  it.each<[string, string]>([
    ['{', 'product: expected JSON'],
    ['null', 'product: expected an object, got null'],
    ['{}', 'product.product: expected'],
    ['{"product":{"attributes":{}}}', 'product.product.attributes.usagetype: expected'],
    ['{"product":{"attributes":{"usagetype":7}}}', 'attributes.usagetype: expected text, got 7'],
    [
      '{"product":{"attributes":{"usagetype":"x"}},"terms":{"OnDemand":{"a":{"priceDimensions":[]}}}}',
      'product.terms.OnDemand.a.priceDimensions: expected an object',
    ],
  ])('%s is refused: %s', (text, sentence) => {
    expect(() => parsePriceListProduct(text)).toThrow(MalformedInput);
    expect(() => parsePriceListProduct(text)).toThrow(sentence);
  });
});
