import { describe, expect, it } from 'vitest';
import { Misuse, Unavailable } from '../../cli/misuse.ts';
import { checksumOf, makePriceTable, moduleOf } from '../../cli/prices/make-table.ts';
import { parsePriceSource } from '../../cli/prices/price-source.ts';
import { type PricesDeps, readPricesOptions, runPrices } from '../../cli/prices-command.ts';
import type { PriceQuery } from '../../shared/aws/price-gateway.ts';
import { ec2OnDemand } from '../../shared/domain/prices/ec2-on-demand.ts';
import { pricesIn } from '../../shared/domain/prices/price-table.ts';
import { parseSavedPrices } from '../../shared/events/saved-prices.ts';
import { instanceText, productText } from '../support/price-list.ts';
import { runCommand, temporaryFile } from './run-command.ts';

type Pages = (query: PriceQuery) => readonly (readonly string[])[];

/** Runs the command over files and a price list in memory. */
async function run(line: string, given: { files?: Record<string, string>; pages?: Pages } = {}) {
  const lines: string[] = [];
  const files: Record<string, string> = { ...given.files };
  const queries: PriceQuery[] = [];
  const deps: PricesDeps = {
    openGateway: async () => ({
      async *readProducts(query) {
        queries.push(query);
        yield* given.pages?.(query) ?? [];
      },
    }),
    readText: (file) => {
      const text = files[file];
      if (text === undefined) throw new Error(`ENOENT: no such file, open '${file}'`);
      return text;
    },
    writeText: (file, text) => {
      if (file.startsWith('/nowhere')) throw new Error(`ENOENT: no such folder, open '${file}'`);
      files[file] = text;
    },
    print: (text) => lines.push(text),
    progress: () => undefined,
    today: '2026-11-26',
  };
  const code = await runPrices(readPricesOptions(line.split(' ')), deps);
  return { code, lines, files, queries };
}

const source = (regions: object, said: object = {}) => ({
  source: {
    generatedAt: '2026-02-07T17:17:28.354Z',
    dataSource: 'AWS Price List API',
    license: 'MIT-0',
    currency: 'USD',
    unit: 'per hour',
    ...said,
  },
  regions,
});

describe('prices --from', () => {
  const regions = {
    'us-east-1': {
      'm7g.medium': 0.0408,
      'm7g.large': 0.0816,
      'm7g.xlarge': 0.1632,
      // Not what the rule says.
      'm7g.2xlarge': 0.3265,
      'm4.large': 0.1,
      'g5.xlarge': 1.006,
      'm7g.metal': 2.6,
    },
    'eu-west-3': { 'm7g.medium': 0.0476, 'm7g.large': 0.0952, 't3.nano': 0.0059 },
  };

  it('makes a module that holds every kept price, and says what it left out', async () => {
    const { code, lines, files } = await run('--from in.json --out out.ts', {
      files: { 'in.json': JSON.stringify(source(regions)) },
    });
    expect(code).toBe(0);
    expect(lines[0]).toBe(
      '7 prices in 2 families and 2 Regions, 3 of them apart from the rule; 3 of other families left out',
    );
    expect(lines[1]).toMatch(
      /^out\.ts: \d+ bytes, AWS Price List API of 2026-02-07, sha256 [0-9a-f]{64}$/,
    );
    expect(files['out.ts']).toContain("asOf: '2026-02-07'");
    const { table } = makePriceTable(parsePriceSource(source(regions)));
    expect(files['out.ts']).toBe(moduleOf(table));
    expect(Object.fromEntries(pricesIn(table, 'us-east-1') ?? [])).toEqual({
      'm7g.medium': 0.0408,
      'm7g.large': 0.0816,
      'm7g.xlarge': 0.1632,
      'm7g.2xlarge': 0.3265,
    });
    expect(Object.fromEntries(pricesIn(table, 'eu-west-3') ?? [])).toEqual(regions['eu-west-3']);
  });

  it('makes the table that is here again out of its own prices, to the letter', () => {
    const all = Object.fromEntries(
      ec2OnDemand.regions
        .split(' ')
        .map((region) => [region, Object.fromEntries(pricesIn(ec2OnDemand, region) ?? [])]),
    );
    const said = { generatedAt: `${ec2OnDemand.asOf}T00:00:00Z` };
    expect(makePriceTable(parsePriceSource(source(all, said))).table).toEqual(ec2OnDemand);
  });

  it('the checksum sees a digit, a type and a Region, and no order', () => {
    const of = (region: string, ...prices: [string, number][]) =>
      new Map([[region, new Map(prices)]]);
    const one = checksumOf(of('a', ['x.large', 1], ['y.large', 2]));
    expect(checksumOf(of('a', ['y.large', 2], ['x.large', 1]))).toBe(one);
    expect(checksumOf(of('a', ['x.large', 1], ['y.large', 2.1]))).not.toBe(one);
    expect(checksumOf(of('a', ['x.large', 1], ['z.large', 2]))).not.toBe(one);
    expect(checksumOf(of('b', ['x.large', 1], ['y.large', 2]))).not.toBe(one);
  });

  it.each<[string, unknown, string]>([
    ['no object', null, '--from: expected an object, got null'],
    ['no source', { regions }, '--from.source: expected'],
    ['other money', source(regions, { currency: 'CNY' }), '--from.source.currency: expected "USD"'],
    ['no Region', source({}), '--from.regions: expected at least one Region'],
    ['a place', source({ Paris: {} }), '--from.regions.Paris: expected a Region, got "Paris"'],
    ['no type', source({ 'us-east-1': { m7g: 1 } }), 'us-east-1.m7g: expected an instance type'],
    [
      'nothing to pay',
      source({ 'us-east-1': { 'm7g.large': 0 } }),
      'expected a price above 0, got 0',
    ],
    ['code for a licence', source(regions, { license: "'+x+'" }), 'license: expected plain words'],
    ['no day', source(regions, { generatedAt: 'today' }), 'generatedAt: expected an ISO time'],
  ])('refuses a file with %s', async (_, content, sentence) => {
    const files = { 'in.json': JSON.stringify(content) };
    await expect(run('--from in.json --out out.ts', { files })).rejects.toThrow(Misuse);
    await expect(run('--from in.json --out out.ts', { files })).rejects.toThrow(sentence);
  });
});

describe('prices --refresh', () => {
  const fargate = (usage: string, usd: string) =>
    productText({ usagetype: `EUW3-Fargate-${usage}`, usd, unit: 'hours' });
  const management = productText({
    usagetype: 'EUW3-ECS-Managed-Instances:m7g.large-management-hours',
    usd: '0.0114240000',
    attributes: { operation: 'ECSManagedInstancesUsage' },
  });
  const ecs = [
    [fargate('vCPU-Hours:perCPU', '0.0486000000'), fargate('GB-Hours', '0.0053000000')],
    [
      fargate('ARM-vCPU-Hours:perCPU', '0.0388800000'),
      fargate('ARM-GB-Hours', '0.0042400000'),
      fargate('EphemeralStorage-GB-Hours', '0.0001330000'),
      fargate('Windows-vCPU-Hours:perCPU', '0.1000000000'),
      productText({ usagetype: 'EUW3-ECS-Anywhere-Instance-hours', usd: '0.0102500000' }),
      management,
    ],
  ];
  const ec2 = [
    [
      instanceText('m7g.large', '0.0952000000'),
      // What a Region sells besides.
      instanceText('p5.48xlarge', '0.0000000000'),
      instanceText('m7g.large', '0.0900000000', { attributes: { marketoption: 'CapacityBlock' } }),
      instanceText('m7g.large', '0.0816000000', { region: 'us-east-1' }),
      instanceText('m7g.large', '0.0100000000', { usagetype: 'EUW3-UnusedBox:m7g.large' }),
    ],
    [instanceText('c5.large', '0.1010000000', { usagetype: 'BoxUsage:c5.large' })],
  ];
  const pages: Pages = ({ serviceCode }) => (serviceCode === 'AmazonEC2' ? ec2 : ecs);

  it('saves EC2, fees and Fargate of the Region as plan takes them', async () => {
    const { code, lines, files, queries } = await run('--refresh --region eu-west-3', { pages });
    expect([code, lines]).toEqual([
      0,
      ['prices.json: eu-west-3, 2 EC2 prices, 1 management fees, Fargate: x86_64 and arm64'],
    ]);
    expect(parseSavedPrices(JSON.parse(files['prices.json'] ?? ''))).toEqual({
      region: 'eu-west-3',
      source: 'price list of 2026-11-26',
      ec2UsdPerHour: new Map([
        ['c5.large', 0.101],
        ['m7g.large', 0.0952],
      ]),
      managementUsdPerHour: new Map([['m7g.large', 0.011424]]),
      fargate: new Map([
        ['arm64', { vcpuUsdPerHour: 0.03888, gbUsdPerHour: 0.00424 }],
        ['x86_64', { vcpuUsdPerHour: 0.0486, gbUsdPerHour: 0.0053 }],
      ]),
    });
    expect(queries).toEqual([
      {
        serviceCode: 'AmazonEC2',
        filters: {
          regionCode: 'eu-west-3',
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
        },
      },
      { serviceCode: 'AmazonECS', filters: { regionCode: 'eu-west-3' } },
    ]);
  });

  it('asks for each type that is named, and says which has no price', async () => {
    const { code, lines, files, queries } = await run(
      '--refresh --region eu-west-3 --types m7g.large,c9x.large,m7g.large --out some.json',
      { pages },
    );
    expect(queries.map(({ filters }) => filters.instanceType)).toEqual([
      'm7g.large',
      'c9x.large',
      undefined,
    ]);
    expect(code).toBe(1);
    expect(lines[0]).toBe('no EC2 price in eu-west-3 for c9x.large');
    expect(files['some.json']).toBeDefined();
  });

  it('leaves out half a rate, two prices for one thing, and what is no product; it says so', async () => {
    const { lines, files } = await run('--refresh --region eu-west-3', {
      pages: ({ serviceCode }) =>
        serviceCode === 'AmazonEC2'
          ? [
              [
                instanceText('m7g.large', '0.0952000000'),
                instanceText('m7g.large', '0.0952000000'),
              ],
              [instanceText('c5.large', '0.1010000000'), instanceText('c5.large', '0.1020000000')],
              [instanceText('c5.large', '0.1010000000'), '{'],
            ]
          : [[fargate('vCPU-Hours:perCPU', '0.0486000000')]],
    });
    expect(lines).toEqual([
      'left out: c5.large: two prices, 0.101 and 0.102',
      'left out: product: expected JSON',
      'prices.json: eu-west-3, 1 EC2 prices, 0 management fees, Fargate: none',
    ]);
    expect(JSON.parse(files['prices.json'] ?? '').ec2UsdPerHour).toEqual({ 'm7g.large': 0.0952 });
  });

  it('names five problems and counts the others', async () => {
    const { lines } = await run('--refresh --region eu-west-3', {
      pages: () => [[...Array.from({ length: 4 }, () => '{'), ...ec2.flat()]],
    });
    expect(lines.slice(4, 7)).toEqual([
      'left out: product: expected JSON',
      'left out: 3 more',
      'prices.json: eu-west-3, 2 EC2 prices, 0 management fees, Fargate: none',
    ]);
  });

  it('writes nothing where there is nothing, or where AWS refuses', async () => {
    const nothing = await run('--refresh --region eu-west-9', { pages });
    expect([nothing.code, nothing.lines]).toEqual([
      1,
      ['the price list has nothing for eu-west-9; nothing is written'],
    ]);
    expect(nothing.files).toEqual({});
    const refused = run('--refresh --region eu-west-3', {
      pages: () => {
        throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      },
    });
    await expect(refused).rejects.toThrow(new Unavailable('aws-denied: AccessDeniedException: no'));
  });

  it('a file that cannot be written is misuse', async () => {
    const line = '--refresh --region eu-west-3 --out /nowhere/prices.json';
    await expect(run(line, { pages })).rejects.toThrow(
      '--out: expected a file that can be written',
    );
  });
});

describe('misuse of prices', () => {
  it.each([
    ['--region eu-west-3', 'expected either --from or --refresh'],
    ['--from a.json --refresh', 'expected either --from or --refresh'],
    ['--refresh', '--region: expected a Region as eu-west-1, got ""'],
    ['--refresh --region Paris', '--region: expected a Region as eu-west-1, got "Paris"'],
    ['--refresh --region eu-west-3 --types m7g', 'expected instance types as m7g.large, got "m7g"'],
    ['--refresh --region eu-west-3 --types a.b,', 'expected instance types as m7g.large, got ""'],
    [
      `--refresh --region eu-west-3 --types ${Array.from({ length: 51 }, (_, at) => `m${at}.x`)}`,
      '--types: expected at most 50, got 51',
    ],
    ['--from a.json --region eu-west-3', '--region: the file has its own'],
    ['--from a.json --types m7g.large', '--types: the table takes every type'],
    ['--from ', '--from: expected a file with JSON, got ""'],
    ['--from a.json --out ', '--out: expected a file, got ""'],
  ])('%s', (line, sentence) => {
    const read = () => readPricesOptions(line.split(' '));
    expect(read).toThrow(Misuse);
    expect(read).toThrow(sentence);
  });

  it('a file that is not there', async () => {
    await expect(run('--from none.json')).rejects.toThrow(
      "--from: expected a file with JSON, ENOENT: no such file, open 'none.json'",
    );
  });

  it('ends with one line and exit code 2, before anything is called or written', async () => {
    const file = await temporaryFile('in.json', { regions: {} });
    const { code, stdout, stderr } = await runCommand('prices', ['--from', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^--from\.source: expected .*\nusage: npm run -s prices -- --from FILE /,
    );
    const unknown = await runCommand('prices', ['--fron', file]);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain("Unknown option '--fron'");
  });
});
