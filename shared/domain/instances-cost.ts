import { type GroupedInstances, labelOf } from './instance-group.ts';
import { managementFee, type RegionPrices } from './prices/region-prices.ts';
import type { Instance } from './snapshot.ts';

/** What the instances of a group cost. */
export type InstancesCost = {
  /** After the discount. */
  readonly ec2UsdPerHour: number;
  /** Of Managed Instances, on the undiscounted price; 0 for instances of your own. */
  readonly feeUsdPerHour: number;
  /** The fee is a share of the on-demand price, not read from the price list. */
  readonly isFeeEstimated: boolean;
  /** 0: left out. */
  readonly volumesUsdPerHour: number;
  readonly usdPerHour: number;
  readonly usdPerMonth: number;
};

export type PriceGapReason =
  | 'region-price-unknown'
  | 'ec2-price-unknown'
  | 'instance-type-unknown'
  /** Spot's price changes from hour to hour, and by zone. */
  | 'spot-price-unknown'
  /** Whether an instance of your own is Spot only EC2 says, and it was not asked. */
  | 'purchase-option-unknown'
  /** Windows pays for a licence, on EC2 as on Fargate. */
  | 'windows-price-unknown'
  | 'fargate-price-unknown'
  | 'architecture-unknown'
  /** A task that reserves no CPU or no memory does not say what it would need of Fargate. */
  | 'task-size-unknown';

/** A price that is missing, and of what. */
export type PriceGap = { readonly reason: PriceGapReason; readonly subject: string };

export type InstancesPolicy = {
  /** What a Savings Plan or a contract takes off EC2's price, 0 to 1. */
  readonly ec2DiscountShare: number;
  /** What the volumes of one instance cost in a month; 0 leaves them out. */
  readonly volumesUsdPerMonth: number;
};

/** A month, as AWS counts it: 365 days of 24 hours, through 12. */
export const hoursPerMonth = 730;

export type InstancesOutcome = {
  /** Undefined where a price is missing. */
  readonly cost: InstancesCost | undefined;
  readonly gaps: readonly PriceGap[];
};

/** What the instances that stay cost, at the prices of their Region. */
export function priceInstances(
  group: GroupedInstances,
  prices: RegionPrices,
  policy: InstancesPolicy,
): InstancesOutcome {
  const instances = group.staying.map(({ instance }) => instance);
  const gaps = instances.flatMap((instance) => gapsOf(instance, group, prices));
  if (gaps.length > 0) return { cost: undefined, gaps };
  const lines = instances.map(({ type = '' }) => {
    const onDemand = prices.ec2UsdPerHour.get(type) ?? 0;
    const fee = prices.managementUsdPerHour.get(type);
    return {
      ec2UsdPerHour: onDemand,
      feeUsdPerHour: fee ?? managementFee(type, onDemand),
      isFeeEstimated: fee === undefined,
    };
  });
  const hasFee = group.compute === 'managed-instances';
  const ec2UsdPerHour =
    lines.reduce((sum, line) => sum + line.ec2UsdPerHour, 0) * (1 - policy.ec2DiscountShare);
  const feeUsdPerHour = hasFee ? lines.reduce((sum, line) => sum + line.feeUsdPerHour, 0) : 0;
  const volumesUsdPerHour = (instances.length * policy.volumesUsdPerMonth) / hoursPerMonth;
  const usdPerHour = ec2UsdPerHour + feeUsdPerHour + volumesUsdPerHour;
  return {
    cost: {
      ec2UsdPerHour,
      feeUsdPerHour,
      isFeeEstimated: hasFee && lines.some((line) => line.isFeeEstimated),
      volumesUsdPerHour,
      usdPerHour,
      usdPerMonth: usdPerHour * hoursPerMonth,
    },
    gaps,
  };
}

function gapsOf(
  instance: Instance,
  { name, isSpot }: GroupedInstances,
  { region, ec2UsdPerHour }: RegionPrices,
): readonly PriceGap[] {
  const { type } = instance;
  if (isSpot) return [{ reason: 'spot-price-unknown', subject: name }];
  if (instance.compute === 'ec2' && instance.isSpot === undefined) {
    return [{ reason: 'purchase-option-unknown', subject: name }];
  }
  if (isWindows(instance)) return [{ reason: 'windows-price-unknown', subject: region }];
  if (type === undefined) return [{ reason: 'instance-type-unknown', subject: labelOf(instance) }];
  return ec2UsdPerHour.has(type)
    ? []
    : [{ reason: 'ec2-price-unknown', subject: `${type} in ${region}` }];
}

export const isWindows = ({ attributes }: Instance): boolean =>
  attributes['ecs.os-type']?.toLowerCase() === 'windows';
