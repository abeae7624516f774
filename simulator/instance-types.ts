import type { Architecture } from './ecs/state.ts';

/** An EC2 instance type, as far as placement and cost depend on it. */
export type InstanceType = {
  readonly name: string;
  readonly architecture: Architecture;
  readonly manufacturer: 'intel' | 'amd' | 'amazon-web-services';
  readonly isBurstable: boolean;
  readonly vCpus: number;
  readonly memoryMiB: number;
  /** Network interfaces that it can hold; one is its own. */
  readonly interfaces: number;
  /** Tasks in `awsvpc` mode with trunking; types without it hold one a spare interface. */
  readonly trunkedTasks: number | undefined;
  /** On-Demand Linux in us-east-1, USD an hour. */
  readonly pricePerHour: number;
};

type Size = 'small' | 'medium' | 'large' | 'xlarge' | '2xlarge' | '4xlarge';

/**
 * Interfaces and tasks with trunking by size:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/eni-trunking-supported-instance-types.html
 */
const sizes: Readonly<Record<Size, { factor: number; interfaces: number; trunked: number }>> = {
  small: { factor: 0.25, interfaces: 2, trunked: 4 },
  medium: { factor: 0.5, interfaces: 2, trunked: 4 },
  large: { factor: 1, interfaces: 3, trunked: 10 },
  xlarge: { factor: 2, interfaces: 4, trunked: 20 },
  '2xlarge': { factor: 4, interfaces: 4, trunked: 40 },
  '4xlarge': { factor: 8, interfaces: 8, trunked: 60 },
};

type Family = {
  readonly family: string;
  readonly manufacturer: InstanceType['manufacturer'];
  /** Of the size `large`; within a family, price and memory grow with the size. */
  readonly gib: number;
  readonly pricePerHour: number;
  readonly sizes: readonly Size[];
  readonly isBurstable?: true;
};

const standard: readonly Size[] = ['large', 'xlarge', '2xlarge', '4xlarge'];
const fromMedium: readonly Size[] = ['medium', ...standard];

/** Prices of `large`: AWS Price List as in AWS's sample calculator, generated 2026-02-07. */
const families: readonly Family[] = [
  { family: 'c6a', manufacturer: 'amd', gib: 4, pricePerHour: 0.0765, sizes: standard },
  {
    family: 'c6g',
    manufacturer: 'amazon-web-services',
    gib: 4,
    pricePerHour: 0.068,
    sizes: fromMedium,
  },
  {
    family: 'c7g',
    manufacturer: 'amazon-web-services',
    gib: 4,
    pricePerHour: 0.0725,
    sizes: fromMedium,
  },
  { family: 'm6a', manufacturer: 'amd', gib: 8, pricePerHour: 0.0864, sizes: standard },
  {
    family: 'm6g',
    manufacturer: 'amazon-web-services',
    gib: 8,
    pricePerHour: 0.077,
    sizes: fromMedium,
  },
  {
    family: 'm7g',
    manufacturer: 'amazon-web-services',
    gib: 8,
    pricePerHour: 0.0816,
    sizes: fromMedium,
  },
  { family: 'm6i', manufacturer: 'intel', gib: 8, pricePerHour: 0.096, sizes: standard },
  { family: 'r5a', manufacturer: 'amd', gib: 16, pricePerHour: 0.113, sizes: standard },
  {
    family: 'r6g',
    manufacturer: 'amazon-web-services',
    gib: 16,
    pricePerHour: 0.1008,
    sizes: fromMedium,
  },
  { family: 'r7a', manufacturer: 'amd', gib: 16, pricePerHour: 0.15216, sizes: fromMedium },
  {
    family: 't3',
    manufacturer: 'intel',
    gib: 8,
    pricePerHour: 0.0832,
    sizes: ['small', 'medium', 'large', 'xlarge'],
    isBurstable: true,
  },
  {
    family: 't4g',
    manufacturer: 'amazon-web-services',
    gib: 8,
    pricePerHour: 0.0672,
    sizes: ['small', 'medium', 'large', 'xlarge'],
    isBurstable: true,
  },
];

const typeOf = (family: Family, size: Size): InstanceType => {
  const { factor, interfaces, trunked } = sizes[size];
  const isBurstable = family.isBurstable === true;
  return {
    name: `${family.family}.${size}`,
    architecture: family.manufacturer === 'amazon-web-services' ? 'arm64' : 'x86_64',
    manufacturer: family.manufacturer,
    isBurstable,
    // Small and medium burstable types have the two vCPUs of the large one, and less memory.
    vCpus: isBurstable ? Math.max(2, 2 * factor) : 2 * factor,
    memoryMiB: family.gib * 1_024 * factor,
    interfaces: isBurstable ? Math.max(3, interfaces) : interfaces,
    trunkedTasks: isBurstable ? undefined : trunked,
    pricePerHour: family.pricePerHour * factor,
  };
};

/** The types that the simulated Region offers, by name. */
export const instanceTypes: ReadonlyMap<string, InstanceType> = new Map(
  families
    .flatMap((family) => family.sizes.map((size) => typeOf(family, size)))
    .map((type) => [type.name, type]),
);
