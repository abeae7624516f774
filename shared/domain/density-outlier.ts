import type { GroupedInstances } from './instance-group.ts';
import { labelOf } from './instance-group.ts';
import { remembered } from './remembered.ts';
import { median, medianWithout, sortAscending } from './statistics/quantile.ts';

/** An instance that holds far more tasks than its peers do at the same moment. */
export type DensityOutlier = {
  readonly instance: string;
  readonly tasks: number;
  /** Median of its peers, to one decimal. */
  readonly peers: number;
};

/** Fewer peers than this have no median worth the name. */
const peersMin = 4;
/** Robust deviations beyond which one stands out; 1.4826 MAD is a standard deviation of a normal. */
const deviationsMin = 3.5;
const madToDeviation = 1.4826;
/** And by so much more than its peers, and so many tasks, because counts of a few tie often. */
const excessShareMin = 0.5;
const excessTasksMin = 3;

/**
 * Instances of a provider that hold more tasks than its others, by tasks a vCPU where sizes differ.
 * One moment is enough: an instance younger than its cycle has peers, and no history. Only too many
 * are told: Managed Instances fill one instance first, so a nearly empty one is ordinary.
 */
export const densityOutliersOf = remembered((group: GroupedInstances) => [group], compare);

function compare({ staying }: GroupedInstances): readonly DensityOutlier[] {
  if (staying.length <= peersMin) return [];
  const all = staying.map(({ instance, tasks }) => {
    const vCpus = Math.max(instance.registered.cpuUnits, 1) / 1024;
    return {
      instance: labelOf(instance),
      tasks: tasks.length,
      vCpus,
      perVCpu: tasks.length / vCpus,
    };
  });
  const sorted = sortAscending(all.map(({ perVCpu }) => perVCpu));
  return all
    .flatMap((one) => {
      const center = medianWithout(sorted, one.perVCpu);
      const expected = center * one.vCpus;
      const excess = one.tasks - expected;
      // Few have so many more than expected: only for these it is asked how much the others differ.
      const stands =
        excess >= excessTasksMin &&
        excess >= excessShareMin * expected &&
        one.perVCpu - center > deviationsMin * spreadOf(all, one, center);
      return stands
        ? [{ instance: one.instance, tasks: one.tasks, peers: Math.round(10 * expected) / 10 }]
        : [];
    })
    .sort((a, b) => b.tasks - a.tasks);
}

/** Robust deviation of an instance's peers from their center. */
const spreadOf = <Peer extends { readonly perVCpu: number }>(
  all: readonly Peer[],
  one: Peer,
  center: number,
): number =>
  madToDeviation *
  median(all.filter((other) => other !== one).map(({ perVCpu }) => Math.abs(perVCpu - center)));
