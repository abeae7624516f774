import { ec2OnDemand } from './ec2-on-demand.ts';
import { fargateRatesIn } from './fargate.ts';
import { pricesIn } from './price-table.ts';

/** What one vCPU and one GB of a Fargate task cost, in USD an hour: Linux, on demand. */
export type FargateRate = { readonly vcpuUsdPerHour: number; readonly gbUsdPerHour: number };

/** What is known of the prices in one Region. What is not in a map is not known. */
export type RegionPrices = {
  readonly region: string;
  /** Where the prices come from and when, for people. */
  readonly source: string;
  /** EC2 on demand by instance type: Linux, shared tenancy. */
  readonly ec2UsdPerHour: ReadonlyMap<string, number>;
  /** What Managed Instances adds by instance type, where it was read and need not be estimated. */
  readonly managementUsdPerHour: ReadonlyMap<string, number>;
  /** By CPU architecture, as `arm64`. */
  readonly fargate: ReadonlyMap<string, FargateRate>;
};

const shipped = new Map<string, RegionPrices | undefined>();

/**
 * The prices that come with this version; undefined for a Region that it knows nothing of. Worked out
 * once for each Region: they are the same every time, and some thousand types take longer than a look.
 */
export function shippedPrices(region: string): RegionPrices | undefined {
  if (!shipped.has(region)) shipped.set(region, workOut(region));
  return shipped.get(region);
}

function workOut(region: string): RegionPrices | undefined {
  const ec2 = pricesIn(ec2OnDemand, region);
  const fargate = fargateRatesIn(region);
  if (ec2 === undefined && fargate.size === 0) return undefined;
  return {
    region,
    source: sourceOf(fargate.size > 0),
    ec2UsdPerHour: ec2 ?? new Map(),
    managementUsdPerHour: new Map(),
    fargate,
  };
}

/** Fargate's figures are quotations of one year, see `fargate.ts`; EC2's were read from AWS on one day. */
const sourceOf = (hasFargate: boolean): string =>
  `EC2's list prices of ${ec2OnDemand.asOf}${hasFargate ? ", Fargate's as quoted in 2026" : ''}`;

/** Prices of one Region over others: what the newer ones lack is taken from the older ones. */
export function withNewer(older: RegionPrices | undefined, newer: RegionPrices): RegionPrices {
  if (older === undefined || older.region !== newer.region) return newer;
  return {
    region: newer.region,
    source: `${newer.source}; else ${older.source}`,
    ec2UsdPerHour: new Map([...older.ec2UsdPerHour, ...newer.ec2UsdPerHour]),
    managementUsdPerHour: new Map([...older.managementUsdPerHour, ...newer.managementUsdPerHour]),
    fargate: new Map([...older.fargate, ...newer.fargate]),
  };
}

/** The share of the on-demand price that Managed Instances adds, by the first letters of the type. */
const managementShares: readonly (readonly [types: RegExp, share: number])[] = [
  [/^gr?\d/, 0.078],
  [/^(p|trn)\d/, 0.048],
  [/^/, 0.12],
];

/**
 * The management fee of Managed Instances in USD an hour. It goes by the instance type and on-demand
 * price, whatever is paid for the instance itself: neither Spot nor a Savings Plan lowers it. The
 * shares are estimates, measured on published fees; GPU and Trainium types were lowered in July 2026.
 * Sources: https://aws.amazon.com/ecs/managed-instances/pricing/,
 * https://aws.amazon.com/about-aws/whats-new/2026/07/amazon-ecs-managed-instances-gpu-price/
 */
export function managementFee(type: string, onDemandUsdPerHour: number): number {
  const share = managementShares.find(([types]) => types.test(type))?.[1] ?? 0;
  return onDemandUsdPerHour * share;
}
