import { parseArgs } from 'node:util';
import { awsProblemOf } from '../shared/aws/errors.ts';
import type { PriceGateway, PriceQuery } from '../shared/aws/price-gateway.ts';
import type { RegionPrices } from '../shared/domain/prices/region-prices.ts';
import { toSavedPrices } from '../shared/events/saved-prices.ts';
import { Misuse, Unavailable } from './misuse.ts';
import { createCollector } from './prices/collect.ts';
import { makePriceTable, moduleOf } from './prices/make-table.ts';
import { parsePriceSource } from './prices/price-source.ts';

export const usage =
  'usage: npm run -s prices -- --from FILE [--out FILE] | ' +
  '--refresh --region REGION [--types TYPE,TYPE] [--out FILE]';

/** Where the prices are that come with this version. */
export const tableFile = 'shared/domain/prices/ec2-on-demand.ts';
const savedFile = 'prices.json';

/** Each type is a call of its own; who wants more leaves the option out and gets all. */
export const typesMax = 50;

export type PricesOptions =
  | { readonly kind: 'from'; readonly file: string; readonly out: string }
  | {
      readonly kind: 'refresh';
      readonly region: string;
      /** Empty: every type of the Region. */
      readonly types: readonly string[];
      readonly out: string;
    };

/** Reads the command line; throws Misuse that names what is wrong. */
export function readPricesOptions(args: readonly string[]): PricesOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      from: { type: 'string' },
      refresh: { type: 'boolean' },
      region: { type: 'string' },
      types: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { from, refresh = false, region, types, out } = values;
  if (out !== undefined && out.trim() === '') throw new Misuse('--out: expected a file, got ""');
  if ((from !== undefined) === refresh) throw new Misuse('expected either --from or --refresh');
  if (from === undefined) {
    return {
      kind: 'refresh',
      region: regionOf(region),
      types: typesOf(types),
      out: out ?? savedFile,
    };
  }
  if (from.trim() === '') throw new Misuse('--from: expected a file with JSON, got ""');
  if (region !== undefined) throw new Misuse('--region: the file has its own');
  if (types !== undefined) throw new Misuse('--types: the table takes every type that it can hold');
  return { kind: 'from', file: from, out: out ?? tableFile };
}

function regionOf(text: string | undefined): string {
  if (text === undefined || !/^[a-z]{2}(-[a-z]+){1,3}-\d$/.test(text)) {
    throw new Misuse(`--region: expected a Region as eu-west-1, got "${text ?? ''}"`);
  }
  return text;
}

function typesOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const types = [...new Set(text.split(',').map((type) => type.trim()))];
  const wrong = types.find((type) => !/^[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}$/.test(type));
  if (wrong !== undefined) {
    throw new Misuse(`--types: expected instance types as m7g.large, got "${wrong}"`);
  }
  if (types.length > typesMax) {
    throw new Misuse(
      `--types: expected at most ${typesMax}, got ${types.length}; leave it out for all`,
    );
  }
  return types;
}

export type PricesDeps = {
  /** Opened only where it is needed: its client is a development dependency. */
  readonly openGateway: () => Promise<PriceGateway>;
  /** Throws what the file system throws. */
  readonly readText: (file: string) => string;
  readonly writeText: (file: string, text: string) => void;
  readonly print: (line: string) => void;
  /** What is under way, for who waits. */
  readonly progress: (line: string) => void;
  /** Today, as `2026-11-26`. */
  readonly today: string;
};

/** Carries the command out; the result is the exit code. */
export async function runPrices(options: PricesOptions, deps: PricesDeps): Promise<number> {
  return options.kind === 'from' ? makeTable(options, deps) : refresh(options, deps);
}

type From = Extract<PricesOptions, { kind: 'from' }>;
type Refresh = Extract<PricesOptions, { kind: 'refresh' }>;

function makeTable({ file, out }: From, deps: PricesDeps): number {
  const { table, kept, leftOut } = makePriceTable(parsePriceSource(readJson(file, deps)));
  const text = moduleOf(table);
  write(out, text, deps);
  deps.print(
    `${kept} prices in ${table.families.length} families and ${table.regions.split(' ').length} Regions, ` +
      `${table.exceptions.length} of them apart from the rule; ${leftOut} of other families left out`,
  );
  deps.print(
    `${out}: ${text.length} bytes, ${table.source} of ${table.asOf}, sha256 ${table.sha256}`,
  );
  return 0;
}

function readJson(file: string, { readText }: PricesDeps): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`--from: expected a file with JSON, ${detail.replace(/\s+/g, ' ')}`, {
      cause,
    });
  }
}

function write(file: string, text: string, { writeText }: PricesDeps): void {
  try {
    writeText(file, text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`--out: expected a file that can be written, ${detail}`, { cause });
  }
}

async function refresh(options: Refresh, deps: PricesDeps): Promise<number> {
  const { region, types, out } = options;
  const collector = createCollector(region);
  try {
    const gateway = await deps.openGateway();
    for (const query of queriesOf(options)) {
      let products = 0;
      for await (const page of gateway.readProducts(query)) {
        collector.add(page);
        products += page.length;
        deps.progress(
          `${query.serviceCode} ${query.filters.instanceType ?? region}: ${products} products`,
        );
      }
    }
  } catch (error) {
    const { reason, detail } = awsProblemOf(error);
    throw new Unavailable(`${reason}: ${detail}`, { cause: error });
  }
  const { prices, problems } = collector.collected(`price list of ${deps.today}`);
  for (const problem of problems.slice(0, problemsMax)) deps.print(`left out: ${problem}`);
  if (problems.length > problemsMax) deps.print(`left out: ${problems.length - problemsMax} more`);
  if (prices.ec2UsdPerHour.size === 0 && prices.fargate.size === 0) {
    deps.print(`the price list has nothing for ${region}; nothing is written`);
    return 1;
  }
  const missing = types.filter((type) => !prices.ec2UsdPerHour.has(type));
  if (missing.length > 0) deps.print(`no EC2 price in ${region} for ${missing.join(', ')}`);
  write(out, `${JSON.stringify(toSavedPrices(prices), undefined, 2)}\n`, deps);
  deps.print(summaryOf(prices, out));
  return missing.length > 0 ? 1 : 0;
}

/** Problems that are printed one by one. */
const problemsMax = 5;

/** Linux without extras, shared tenancy, paid on demand; and all that ECS itself bills. */
function queriesOf({ region, types }: Refresh): readonly PriceQuery[] {
  const ec2 = {
    regionCode: region,
    operatingSystem: 'Linux',
    tenancy: 'Shared',
    preInstalledSw: 'NA',
    capacitystatus: 'Used',
  };
  const ec2Queries =
    types.length === 0 ? [ec2] : types.map((instanceType) => ({ ...ec2, instanceType }));
  return [
    ...ec2Queries.map((filters) => ({ serviceCode: 'AmazonEC2' as const, filters })),
    { serviceCode: 'AmazonECS', filters: { regionCode: region } },
  ];
}

function summaryOf(
  { region, ec2UsdPerHour, managementUsdPerHour, fargate }: RegionPrices,
  out: string,
): string {
  const architectures = [...fargate.keys()].join(' and ') || 'none';
  return (
    `${out}: ${region}, ${ec2UsdPerHour.size} EC2 prices, ${managementUsdPerHour.size} management fees, ` +
    `Fargate: ${architectures}`
  );
}
