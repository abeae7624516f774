import { assert } from './assert.ts';
import { fargateSizeOf } from './fargate-size.ts';
import { hoursPerMonth, isWindows, type PriceGap } from './instances-cost.ts';
import type { FargateRate, RegionPrices } from './prices/region-prices.ts';
import type { Instance, Resources, Task } from './snapshot.ts';

/** A task and the instance it is on. */
export type Placed = { readonly task: Task; readonly on: Instance };

/** What tasks would cost on Fargate. */
export type FargateCost = {
  /** Of exactly what the tasks reserve: less than Fargate can bill. */
  readonly exactUsdPerHour: number;
  /** Of the next sizes that Fargate has: what it would bill, and what verdicts go by. */
  readonly usdPerHour: number;
  readonly usdPerMonth: number;
};

/** Why a task cannot run on Fargate. */
export type UnfitReason =
  /** It reserves more than 16 vCPU or 120 GB. */
  | 'too-large-for-fargate'
  /** It is on a machine with GPUs or the like, and Fargate has none. */
  | 'accelerated-instance'
  | 'architecture-not-on-fargate';

export type FargateOutcome = {
  /** Of the tasks that fit; undefined where a price is missing. */
  readonly cost: FargateCost | undefined;
  readonly gaps: readonly PriceGap[];
  readonly unfit: readonly { readonly reason: UnfitReason; readonly task: Task }[];
};

/** What Fargate would bill for tasks, whichever of them it can run. */
export function priceOnFargate(
  placed: readonly Placed[],
  prices: RegionPrices | undefined,
): FargateOutcome {
  const judged = placed.map((one) => ({ one, reason: unfitReasonOf(one) }));
  const unfit = judged.flatMap(({ one: { task }, reason }) =>
    reason === undefined ? [] : [{ reason, task }],
  );
  const fitting = judged.filter(({ reason }) => reason === undefined).map(({ one }) => one);
  if (prices === undefined) return { cost: undefined, gaps: [], unfit };
  const gaps = fitting.flatMap((one) => gapsOf(one, prices));
  return { cost: gaps.length > 0 ? undefined : costOf(fitting, prices), gaps, unfit };
}

/** The price of so much CPU and memory, in USD an hour: a GB is 1,024 MiB. */
export const atFargateRate = (
  { cpuUnits, memoryMiB }: Resources,
  { vcpuUsdPerHour, gbUsdPerHour }: FargateRate,
): number => (cpuUnits / 1_024) * vcpuUsdPerHour + (memoryMiB / 1_024) * gbUsdPerHour;

/** As ECS writes it in attributes: `x86_64` or `arm64`. */
const architectureOf = ({ task, on }: Placed): string | undefined =>
  (task.architecture ?? on.architecture)?.toLowerCase();

function costOf(placed: readonly Placed[], { fargate }: RegionPrices): FargateCost {
  let exactUsdPerHour = 0;
  let usdPerHour = 0;
  for (const one of placed) {
    const { reserved } = one.task;
    const rate = fargate.get(architectureOf(one) ?? '');
    const size = fargateSizeOf(reserved);
    assert(rate !== undefined && size !== undefined, 'gaps and unfit tasks were sorted out before');
    exactUsdPerHour += atFargateRate(reserved, rate);
    usdPerHour += atFargateRate(size, rate);
  }
  return { exactUsdPerHour, usdPerHour, usdPerMonth: usdPerHour * hoursPerMonth };
}

function unfitReasonOf({ task, on }: Placed): UnfitReason | undefined {
  const architecture = architectureOf({ task, on });
  if (isAccelerated(on)) return 'accelerated-instance';
  if (architecture !== undefined && !fargateArchitectures.has(architecture)) {
    return 'architecture-not-on-fargate';
  }
  return fargateSizeOf(task.reserved) === undefined ? 'too-large-for-fargate' : undefined;
}

const fargateArchitectures = new Set(['x86_64', 'arm64']);

/**
 * Types with GPUs, Trainium, Inferentia, FPGAs and the like. What a task uses of them a snapshot does
 * not say; whoever pays for such a machine needs it.
 */
const isAccelerated = ({ type = '' }: Instance): boolean => /^(gr?|p|trn|inf|dl|vt|f)\d/.test(type);

function gapsOf(placed: Placed, { region, fargate }: RegionPrices): readonly PriceGap[] {
  const { task, on } = placed;
  const architecture = architectureOf(placed);
  if (isWindows(on)) return [{ reason: 'windows-price-unknown', subject: region }];
  const subject = task.service ?? task.group ?? task.arn;
  if (architecture === undefined) return [{ reason: 'architecture-unknown', subject }];
  const { cpuUnits, memoryMiB } = task.reserved;
  if (!(cpuUnits > 0 && memoryMiB > 0)) return [{ reason: 'task-size-unknown', subject }];
  return fargate.has(architecture)
    ? []
    : [{ reason: 'fargate-price-unknown', subject: `${architecture} in ${region}` }];
}
