import type { RegionPrices } from '../../shared/domain/prices/region-prices.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import {
  type PriceListProduct,
  parsePriceListProduct,
} from '../../shared/events/price-list-product.ts';

/** What the price list said, and what of it could not be used. */
export type Collected = {
  readonly prices: RegionPrices;
  /** Products that are not what the price list promises, and prices that contradict each other. */
  readonly problems: readonly string[];
};

type Found = {
  readonly ec2: Map<string, number>;
  readonly management: Map<string, number>;
  /** Of Fargate, by usage type without the prefix of the Region. */
  readonly fargate: Map<string, number>;
};

/** Usage types begin with a short name of the Region, as `EUC1-`; some leave it out in us-east-1. */
const managementUsage = /^(?:[A-Z0-9]+-)?ECS-Managed-Instances:([a-z0-9.-]+)-management-hours$/;
const fargateUsage = /^(?:[A-Z0-9]+-)?(Fargate-(?:ARM-)?(?:vCPU-Hours:perCPU|GB-Hours))$/;

/** Takes products in as they come, page by page, and makes the prices of one Region of them. */
export function createCollector(region: string) {
  const found: Found = { ec2: new Map(), management: new Map(), fargate: new Map() };
  const problems: string[] = [];

  /** Of two prices for one thing neither can be trusted. */
  const contradicted = new Set<string>();
  const keep = (map: Map<string, number>, key: string, usdPerHour: number): void => {
    const before = map.get(key);
    if (before === undefined && !contradicted.has(key)) map.set(key, usdPerHour);
    if (before === undefined || before === usdPerHour) return;
    map.delete(key);
    contradicted.add(key);
    problems.push(`${key}: two prices, ${before} and ${usdPerHour}`);
  };

  const take = (product: PriceListProduct): void => {
    const { usageType, instanceType, marketOption = 'OnDemand', usdPerHour } = product;
    if (product.region !== region || marketOption !== 'OnDemand' || usdPerHour === undefined)
      return;
    const managed = managementUsage.exec(usageType)?.[1];
    const onFargate = fargateUsage.exec(usageType)?.[1];
    if (managed !== undefined) keep(found.management, managed, usdPerHour);
    else if (onFargate !== undefined) keep(found.fargate, onFargate, usdPerHour);
    else if (instanceType !== undefined && /(^|-)BoxUsage:/.test(usageType)) {
      keep(found.ec2, instanceType, usdPerHour);
    }
  };

  return {
    add(products: readonly string[]): void {
      for (const text of products) {
        try {
          take(parsePriceListProduct(text));
        } catch (error) {
          if (!(error instanceof MalformedInput)) throw error;
          problems.push(error.message);
        }
      }
    },
    collected(source: string): Collected {
      return {
        prices: {
          region,
          source,
          ec2UsdPerHour: found.ec2,
          managementUsdPerHour: found.management,
          fargate: new Map([
            ...rateOf('x86_64', 'Fargate-', found.fargate),
            ...rateOf('arm64', 'Fargate-ARM-', found.fargate),
          ]),
        },
        problems,
      };
    },
  };
}

/** A rate is one when both of its prices are known. */
function rateOf(architecture: string, prefix: string, prices: Found['fargate']) {
  const vcpuUsdPerHour = prices.get(`${prefix}vCPU-Hours:perCPU`);
  const gbUsdPerHour = prices.get(`${prefix}GB-Hours`);
  return vcpuUsdPerHour === undefined || gbUsdPerHour === undefined
    ? []
    : [[architecture, { vcpuUsdPerHour, gbUsdPerHour }] as const];
}
