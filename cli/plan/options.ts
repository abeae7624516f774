import { parseArgs } from 'node:util';
import { Misuse } from '../misuse.ts';

export const usage =
  'usage: npm run -s plan -- (--cluster NAME [--region R] [--profile P] [--save FILE] | --snapshot FILE)\n' +
  '       [--discount PERCENT] [--prices FILE] [--json]';

/** Where the cluster's picture comes from. */
export type PlanSource =
  | {
      readonly type: 'live';
      /** A name or an ARN. */
      readonly cluster: string;
      readonly region: string | undefined;
      readonly profile: string | undefined;
      /** File that the snapshot is written to. */
      readonly save: string | undefined;
    }
  | { readonly type: 'saved'; readonly file: string };

export type PlanOptions = {
  readonly source: PlanSource;
  /** What a Savings Plan takes off EC2's price, in percent. */
  readonly ec2DiscountPercent: number;
  /** File with prices that take the place of the table. */
  readonly prices: string | undefined;
  readonly json: boolean;
};

/** Reads the command line; throws Misuse that names the option that is wrong. */
export function readPlanOptions(args: readonly string[]): PlanOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cluster: { type: 'string' },
      region: { type: 'string' },
      profile: { type: 'string' },
      save: { type: 'string' },
      snapshot: { type: 'string' },
      discount: { type: 'string' },
      prices: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  return {
    source: sourceOf(values),
    ec2DiscountPercent: discountOf(values.discount),
    prices: given('--prices', values.prices, 'a file'),
    json: values.json ?? false,
  };
}

type Values = Readonly<
  Record<'cluster' | 'region' | 'profile' | 'save' | 'snapshot', string | undefined>
>;

function sourceOf(values: Partial<Values>): PlanSource {
  const file = given('--snapshot', values.snapshot, 'a file');
  const cluster = given('--cluster', values.cluster, 'a name or an ARN');
  if (file !== undefined) {
    for (const name of ['cluster', 'region', 'profile', 'save'] as const) {
      if (values[name] !== undefined) {
        throw new Misuse(`--${name}: expected nothing beside --snapshot, which reads no account`);
      }
    }
    return { type: 'saved', file };
  }
  if (cluster === undefined) {
    throw new Misuse('expected --cluster NAME for a live cluster, or --snapshot FILE');
  }
  const region = given('--region', values.region, 'a Region');
  const own = regionIn(cluster);
  if (region !== undefined && own !== undefined && region !== own) {
    throw new Misuse(`--region: expected ${own}, as in the ARN of --cluster, got "${region}"`);
  }
  return {
    type: 'live',
    cluster: clusterOf(cluster),
    region: region ?? own,
    profile: given('--profile', values.profile, 'a profile'),
    save: given('--save', values.save, 'a file'),
  };
}

function given(option: string, value: string | undefined, wish: string): string | undefined {
  if (value?.trim() === '') throw new Misuse(`${option}: expected ${wish}, got nothing`);
  return value;
}

function clusterOf(value: string): string {
  if (/^(arn:[^:]+:ecs:[^:]+:\d{12}:cluster\/)?[\w-]{1,255}$/.test(value)) return value;
  throw new Misuse(
    `--cluster: expected a name of letters, digits, - and _, or a cluster's ARN, got "${value}"`,
  );
}

const regionIn = (cluster: string): string | undefined =>
  cluster.startsWith('arn:') ? cluster.split(':')[3] : undefined;

function discountOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent >= 0 && percent < 100)) {
    throw new Misuse(`--discount: expected a percentage from 0 to less than 100, got "${text}"`);
  }
  return percent;
}
