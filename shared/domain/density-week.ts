import type { GroupCost } from './cost.ts';
import { defaultDensityPolicy, type GroupDensity } from './density.ts';
import { densityOutliersOf } from './density-outlier.ts';
import { type GroupedInstances, labelOf } from './instance-group.ts';
import { sortedBy } from './order.ts';
import { remembered } from './remembered.ts';
import type { CostDay, LastingInstance, Unpriced, WeekState } from './week-findings.ts';

const dayMs = 24 * 3_600_000;

const daysKept = 8;
/** Instances of one kind that are remembered of a provider. */
const instancesMax = 10;
const servicesMax = 3;
const servicesCharsMax = 120;

export type WeekLook = {
  readonly density: GroupDensity;
  readonly grouped: GroupedInstances | undefined;
  readonly cost: GroupCost | undefined;
  readonly ec2DiscountPercent: number;
  /** Of the provider, -1: ECS ends no idle instance. */
  readonly scaleInAfterSeconds: number | null | undefined;
  readonly nowMs: number;
};

/** Unseen for longer than this, nobody knows how an instance was meanwhile. */
export const weekGapMsMax = 3 * 3_600_000;

/** The week after one more look at a provider. */
export function rememberWeek(last: WeekState | undefined, look: WeekLook): WeekState {
  const { density, grouped, cost, ec2DiscountPercent, nowMs } = look;
  const before = last !== undefined && nowMs - last.atMs <= weekGapMsMax ? last : undefined;
  const services = grouped === undefined ? new Map<string, string>() : servicesOn(grouped);
  const since = (known: readonly LastingInstance[] | undefined, instance: string): number =>
    known?.find((one) => one.instance === instance)?.sinceMs ?? nowMs;
  return {
    group: density.group.name,
    atMs: nowMs,
    instances: density.fill.instances,
    tasks: density.fill.tasks,
    ec2DiscountPercent,
    compute: density.group.compute,
    isScaleInOff: look.scaleInAfterSeconds === -1,
    unpriced: cost === undefined ? undefined : unpricedOf(cost),
    days: withLook(last?.days ?? [], cost, nowMs),
    idle: longest(
      density.idle.map((instance) => ({ instance, sinceMs: since(before?.idle, instance) })),
    ),
    full: longest(
      density.overfull.map(({ instance, dominantShare: share }) => ({
        ...{ instance, share, sinceMs: since(before?.full, instance) },
        limitShare: defaultDensityPolicy.overfullShare,
        services: services.get(instance) ?? '',
      })),
    ),
    allFullSinceMs:
      density.fill.instances > 0 && density.overfull.length === density.fill.instances
        ? (before?.allFullSinceMs ?? nowMs)
        : undefined,
    outliers: longest(
      (grouped === undefined ? [] : densityOutliersOf(grouped)).map((one) => ({
        ...{ ...one, sinceMs: since(before?.outliers, one.instance) },
        services: services.get(one.instance) ?? '',
      })),
    ),
  };
}

/** Those that have lasted longest; of equals the order stands. */
const longest = <One extends LastingInstance>(all: readonly One[]): readonly One[] =>
  all.toSorted((a, b) => a.sinceMs - b.sinceMs).slice(0, instancesMax);

function withLook(
  days: readonly CostDay[],
  cost: GroupCost | undefined,
  nowMs: number,
): readonly CostDay[] {
  const day = Math.floor(nowMs / dayMs);
  const kept = days.filter((one) => one.day > day - daysKept && one.day <= day);
  const [here, fargate] = [cost?.here?.usdPerMonth, cost?.fargate?.usdPerMonth];
  if (cost?.comparison === undefined || here === undefined || fargate === undefined) return kept;
  const today = kept.find((one) => one.day === day);
  const looks = (today?.looks ?? 0) + 1;
  const mean = (before: number | undefined, value: number): number =>
    before === undefined ? value : before + (value - before) / looks;
  const { breakEvenTasks, tasksFit } = cost.comparison;
  const next: CostDay = {
    ...{ day, looks },
    hereUsdPerMonth: mean(today?.hereUsdPerMonth, here),
    fargateUsdPerMonth: mean(today?.fargateUsdPerMonth, fargate),
    tasks: mean(today?.tasks, cost.tasks),
    breakEvenTasks: mean(today?.breakEvenTasks, breakEvenTasks),
    tasksFit: tasksFit === undefined ? today?.tasksFit : mean(today?.tasksFit, tasksFit),
  };
  return [...kept.filter((one) => one !== today), next];
}

/** Undefined where the price holds everything. */
function unpricedOf({ changes }: GroupCost): Unpriced | undefined {
  const daemons = changes.filter(({ reason }) => reason === 'daemon-goes-with-its-instance').length;
  const networkTasks = changes
    .filter(({ reason }) => reason === 'network-mode-must-change')
    .reduce((sum, { tasks }) => sum + tasks, 0);
  return daemons + networkTasks === 0 ? undefined : { daemons, networkTasks };
}

/** By label: `web 5, api 3`, the most first. */
const servicesOn = remembered((grouped: GroupedInstances) => [grouped], countServices);

function countServices({ staying }: GroupedInstances): ReadonlyMap<string, string> {
  return new Map(
    staying.map(({ instance, tasks }) => {
      const byOwner = Map.groupBy(tasks, ({ service, group }) => service ?? group ?? 'standalone');
      const counts = sortedBy([...byOwner], ([name]) => name)
        .map(([name, own]) => ({ name, count: own.length }))
        .toSorted((a, b) => b.count - a.count);
      const shown = counts.slice(0, servicesMax).map(({ name, count }) => `${name} ${count}`);
      const more = counts.length - shown.length;
      const text = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
      return [labelOf(instance), text.slice(0, servicesCharsMax)] as const;
    }),
  );
}
