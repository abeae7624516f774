import { assert } from './assert.ts';
import { compareTexts } from './order.ts';

export type HerdPolicy = {
  /** Drains that begin within so long come together. */
  readonly herdWindowMs: number;
  /** Fewer instances than this, or a smaller share of their capacity provider, are no herd. */
  readonly herdInstancesMin: number;
  readonly herdPercentMin: number;
};

/** Something that happens to one instance at a time. */
export type Timed = { readonly arn: string; readonly atMs: number };

export type Group<Item extends Timed> = {
  /** By time, then by ARN. */
  readonly items: readonly Item[];
  readonly isHerd: boolean;
};

/**
 * Divides the instances of one capacity provider into herds and single ones, by time. A window slides
 * over them: the first in which enough of them fall is a herd, with all that fall in it, and the search
 * goes on behind it. So herds do not overlap, and none can take one more of those left outside.
 *
 * Example, window 2 h, at least 3 and 30 % of 7: drains at 02:10, 02:20, 02:35, 02:40, 02:50 and 14:00
 * give a herd of five and one alone.
 *
 * @param ofInstances the instances of the provider, those included that nothing is known of
 */
export function groupsOf<Item extends Timed>(
  items: readonly Item[],
  ofInstances: number,
  policy: HerdPolicy,
): readonly Group<Item>[] {
  assertHerdPolicy(policy);
  assert(items.length <= ofInstances, 'a part is not larger than the whole');
  const sorted = [...items].sort((a, b) => a.atMs - b.atMs || compareTexts(a.arn, b.arn));
  const groups: Group<Item>[] = [];
  let end = 0;
  for (let start = 0; start < sorted.length; ) {
    const first = sorted[start];
    assert(first, 'start is below the length');
    const untilMs = first.atMs + policy.herdWindowMs;
    while ((sorted[end]?.atMs ?? Infinity) <= untilMs) end += 1;
    const isHerd = isHerdOf(end - start, ofInstances, policy);
    const next = isHerd ? end : start + 1;
    groups.push({ items: sorted.slice(start, next), isHerd });
    start = next;
  }
  return groups;
}

const isHerdOf = (instances: number, ofInstances: number, policy: HerdPolicy): boolean =>
  instances >= policy.herdInstancesMin && instances * 100 >= policy.herdPercentMin * ofInstances;

export function assertHerdPolicy(policy: HerdPolicy): void {
  const { herdWindowMs, herdInstancesMin, herdPercentMin } = policy;
  assert(herdWindowMs >= 0 && Number.isFinite(herdWindowMs), 'herdWindowMs is a duration');
  assert(Number.isInteger(herdInstancesMin) && herdInstancesMin >= 2, 'one instance is no herd');
  assert(herdPercentMin >= 0 && herdPercentMin <= 100, 'herdPercentMin is a percentage');
}
