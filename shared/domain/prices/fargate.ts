import type { FargateRate } from './region-prices.ts';

/**
 * `<Region> <architecture> <USD per vCPU and hour> <USD per GB and hour>`: Linux, on demand. AWS's page
 * shows Fargate's prices to a browser only, so these are figures of the price list (`AmazonECS`, usage
 * types `Fargate-vCPU-Hours:perCPU`, `Fargate-GB-Hours` and the same with `ARM`) as others quote them.
 * The latest quotation that shows Region, usage type and day: us-east-1 August 2026, ap-northeast-1
 * and eu-central-1 July 2026, eu-west-1 May 2026, ap-northeast-2 October 2026. Where none was found
 * there is no row, and no price. `npm run prices -- --refresh` reads AWS's own.
 * Source: https://aws.amazon.com/fargate/pricing/
 */
const rows = [
  'us-east-1 x86_64 0.04048 0.004445',
  'us-east-1 arm64 0.03238 0.00356',
  'eu-west-1 x86_64 0.04048 0.004445',
  'eu-west-1 arm64 0.03238 0.00356',
  'eu-central-1 x86_64 0.04656 0.00511',
  'ap-northeast-1 x86_64 0.05056 0.00553',
  'ap-northeast-1 arm64 0.04045 0.00442',
  'ap-northeast-2 x86_64 0.04656 0.00511',
  'ap-northeast-2 arm64 0.03725 0.00409',
];

/** What is known of Fargate's prices in a Region, by architecture. */
export const fargateRatesIn = (region: string): ReadonlyMap<string, FargateRate> =>
  new Map(
    rows
      .map((row) => row.split(' '))
      .filter(([where]) => where === region)
      .map(([, architecture = '', vcpu, gb]) => [
        architecture,
        { vcpuUsdPerHour: Number(vcpu), gbUsdPerHour: Number(gb) },
      ]),
  );
