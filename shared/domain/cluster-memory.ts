import {
  type ClusterChange,
  type ClusterMemory,
  desiredWithin,
  explainedMsMax,
} from './cluster-change.ts';

/**
 * The memory in so many characters of JSON at most. What is least useful gives way first, the oldest
 * before the latest: changes that explain nothing any more and are only named; the groups of changes,
 * so that these explain too much rather than too little; the desired counts, of which the last by name
 * are not compared then; and the other changes.
 */
export function clusterWithin(
  memory: ClusterMemory,
  charsMax: number,
  nowMs: number,
): ClusterMemory {
  const isPast = ({ atMs }: ClusterChange): boolean => nowMs - atMs >= explainedMsMax;
  const recent = shortened(memory, charsMax, (change) => (isPast(change) ? [] : [change]));
  const broad = shortened(recent, charsMax, (change) => [withoutGroups(change)]);
  return shortened(withLessDesired(broad, charsMax), charsMax, () => []);
}

/** What becomes of each change, from the oldest on, until the memory fits. */
function shortened(
  memory: ClusterMemory,
  charsMax: number,
  become: (change: ClusterChange) => readonly ClusterChange[],
): ClusterMemory {
  let fitting = memory;
  for (let at = memory.changes.length - 1; at >= 0 && charsOf(fitting) > charsMax; at -= 1) {
    const changes = fitting.changes.flatMap((change, index) =>
      index === at ? become(change) : [change],
    );
    fitting = { ...fitting, changes };
  }
  return fitting;
}

/** It may move any group then; one that moves none, as on Fargate, stays so. */
function withoutGroups(change: ClusterChange): ClusterChange {
  const { groups, ...rest } = change;
  return groups === undefined || groups.length === 0 ? change : rest;
}

function withLessDesired(memory: ClusterMemory, charsMax: number): ClusterMemory {
  const { desired, desiredUntil, changes } = memory;
  if (desired === undefined || charsOf(memory) <= charsMax) return memory;
  const others = charsOf({ desired: {}, changes });
  return { ...desiredWithin(desired, charsMax - others, desiredUntil), changes };
}

const charsOf = (memory: ClusterMemory): number => JSON.stringify(memory).length;
