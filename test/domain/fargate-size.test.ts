import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fargateSizeOf } from '../../shared/domain/fargate-size.ts';
import { seedOf } from '../support/incidents.ts';

const gib = 1_024;
const sizeOf = (cpuUnits: number, memoryMiB: number) => {
  const size = fargateSizeOf({ cpuUnits, memoryMiB });
  return size === undefined ? undefined : [size.cpuUnits, size.memoryMiB];
};

/** Written down once more, as AWS's table has it: vCPU, then GB. */
const table: readonly (readonly [vcpu: number, gigabytes: readonly number[]])[] = [
  [0.25, [0.5, 1, 2]],
  [0.5, [1, 2, 3, 4]],
  [1, [2, 3, 4, 5, 6, 7, 8]],
  [2, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
  [4, Array.from({ length: 23 }, (_, at) => 8 + at)],
  [8, [16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]],
  [16, [32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120]],
];
const sizes = table.flatMap(([vcpu, memories]) =>
  memories.map((memory) => [vcpu * 1_024, memory * gib] as const),
);

describe('fargateSizeOf', () => {
  it.each(sizes)('%i units and %i MiB fit themselves', (cpuUnits, memoryMiB) => {
    expect(sizeOf(cpuUnits, memoryMiB)).toEqual([cpuUnits, memoryMiB]);
  });

  const cases: readonly (readonly [string, number, number, readonly number[] | undefined])[] = [
    ['nothing is a quarter and half a GB', 0, 0, [256, 512]],
    ['one unit more is the next row', 257, 512, [512, 1 * gib]],
    ['one MiB more is the next step', 256, 513, [256, 1 * gib]],
    ['3 GB need half a vCPU', 256, 3 * gib, [512, 3 * gib]],
    ['31 GB need 8 vCPU and become 32', 4_096, 31 * gib, [8_192, 32 * gib]],
    ['8 vCPU have 16 GB at least', 8_192, 1 * gib, [8_192, 16 * gib]],
    ['61 GB need 16 vCPU and become 64', 1_024, 61 * gib, [16_384, 64 * gib]],
    ['more than 120 GB fit nowhere', 256, 120 * gib + 1, undefined],
    ['more than 16 vCPU fit nowhere', 16_385, 512, undefined],
  ];
  it.each(cases)('%s', (_, cpuUnits, memoryMiB, expected) => {
    expect(sizeOf(cpuUnits, memoryMiB)).toEqual(expected);
  });

  it('takes the cheapest size that fits, whatever a vCPU and a GB cost', () => {
    const price = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 17_000 }),
        fc.integer({ min: 0, max: 130 * gib }),
        price,
        price,
        (cpuUnits, memoryMiB, vcpuUsd, gbUsd) => {
          const costOf = ([cpu, memory]: readonly number[]): number =>
            ((cpu ?? 0) / 1_024) * vcpuUsd + ((memory ?? 0) / gib) * gbUsd;
          const fitting = sizes.filter(([cpu, memory]) => cpu >= cpuUnits && memory >= memoryMiB);
          const found = sizeOf(cpuUnits, memoryMiB);
          if (fitting.length === 0) return found === undefined;
          return (
            found !== undefined &&
            Math.abs(costOf(found) - Math.min(...fitting.map(costOf))) < 1e-12
          );
        },
      ),
      seedOf(),
    );
  });
});
