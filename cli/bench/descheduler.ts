import { type Counts, skewOf } from '../../shared/domain/zone-balance.ts';

/** What a row calls it. */
export const descheduler = 'two pointers, as the Kubernetes descheduler';

/** So many tasks from one zone to another, by their places among the counts. */
export type Transfer = { readonly from: number; readonly to: number; readonly count: number };

/**
 * What the Kubernetes descheduler takes from zone to zone: zones sorted by size, one pointer at the
 * emptiest and one at the fullest; half of what they differ by beyond the skew goes over, but never more
 * than brings either of them to the average, rounded up. What it takes counts as put there; where the
 * scheduler puts it in fact, it leaves open.
 * https://github.com/kubernetes-sigs/descheduler/blob/master/pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint/topologyspreadconstraint.go
 */
export function deschedulerTransfers(counts: Counts, skewMax: number): readonly Transfer[] {
  if (skewOf(counts) <= skewMax) return [];
  const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const zones = counts.map((count, at) => ({ at, count })).sort((a, b) => a.count - b.count);
  const transfers: Transfer[] = [];
  let [low, high] = [0, zones.length - 1];
  while (low < high) {
    if ((zones[high]?.count ?? 0) <= average) high -= 1;
    const [poor, rich] = [zones[low], zones[high]];
    if (poor === undefined || rich === undefined) break;
    const count = Math.min(
      Math.ceil(rich.count - average),
      Math.ceil(average - poor.count),
      Math.ceil((rich.count - poor.count - skewMax) / 2),
    );
    if (count > 0) {
      transfers.push({ from: rich.at, to: poor.at, count });
      rich.count -= count;
      poor.count += count;
    } else low += 1;
  }
  return transfers;
}

/** The counts when all of them are made. */
export function afterTransfers(counts: Counts, transfers: readonly Transfer[]): Counts {
  const after = [...counts];
  for (const { from, to, count } of transfers) {
    after[from] = (after[from] ?? 0) - count;
    after[to] = (after[to] ?? 0) + count;
  }
  return after;
}
