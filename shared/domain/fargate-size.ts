import type { Resources } from './snapshot.ts';

type Tier = { readonly cpuUnits: number; readonly memoriesMiB: readonly number[] };

const gib = 1_024;

/** `from` to `to` GB in equal steps, in MiB. */
const gigabytes = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, at) => (from + at * step) * gib);

/**
 * The sizes that a Fargate task can have. From row to row CPU grows and the steps of memory never get
 * finer, so the first that fits is also the cheapest.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
 */
const tiers: readonly Tier[] = [
  { cpuUnits: 256, memoriesMiB: [512, 1 * gib, 2 * gib] },
  { cpuUnits: 512, memoriesMiB: gigabytes(1, 4, 1) },
  { cpuUnits: 1_024, memoriesMiB: gigabytes(2, 8, 1) },
  { cpuUnits: 2_048, memoriesMiB: gigabytes(4, 16, 1) },
  { cpuUnits: 4_096, memoriesMiB: gigabytes(8, 30, 1) },
  { cpuUnits: 8_192, memoriesMiB: gigabytes(16, 60, 4) },
  { cpuUnits: 16_384, memoriesMiB: gigabytes(32, 120, 8) },
];

/** The smallest size that holds what a task reserves; undefined where none does. */
export function fargateSizeOf({ cpuUnits, memoryMiB }: Resources): Resources | undefined {
  for (const tier of tiers) {
    const memory = tier.memoriesMiB.find((size) => size >= memoryMiB);
    if (tier.cpuUnits >= cpuUnits && memory !== undefined) {
      return { cpuUnits: tier.cpuUnits, memoryMiB: memory };
    }
  }
  return undefined;
}
