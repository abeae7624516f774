import { totalOf } from './bill.ts';
import { lineOf, type MonthlyCost, sumOf } from './monthly-cost.ts';

const usd = (value: number): string => value.toFixed(2);
const thousands = (value: number): string => {
  const rounded = Number(value.toPrecision(2));
  return rounded >= 10_000
    ? `${(Math.round(rounded / 1_000)).toLocaleString('en-US')} k`
    : Math.round(rounded).toLocaleString('en-US');
};

type Row = readonly [string, (cost: MonthlyCost) => string];

/** The table of the README: what is paid anyway, what use adds, and what it is reckoned from. */
export function renderCostTable(costs: readonly MonthlyCost[]): string {
  const [first] = costs;
  if (first === undefined) return '';
  const rows: readonly Row[] = [
    ...first.fixed.map(({ name }, at): Row => [name, ({ fixed }) => usd(fixed[at]?.usd ?? 0)]),
    ['*fixed*', ({ fixed }) => `*${usd(totalOf(fixed))}*`],
    ...first.used.map(
      ({ name }, at): Row => [
        `Lambda: ${name}`,
        ({ used }) => usd(totalOf(used[at]?.lines.filter((one) => one.name === 'Lambda') ?? [])),
      ],
    ),
    ...['DynamoDB', 'logs', 'SQS, SNS, metric and secret reads'].map(
      (name): Row => [
        name === 'DynamoDB' ? 'DynamoDB requests' : name,
        (cost) => usd(lineOf(cost, name)),
      ],
    ),
    ['DynamoDB storage and backups', ({ storage }) => usd(storage.usd)],
    ['**USD a month**', ({ total }) => `**${usd(total)}**`],
    ['AWS calls', (cost) => thousands(sumOf(cost).calls)],
    ['billed seconds', (cost) => thousands(sumOf(cost).billedSeconds)],
    ['read units', (cost) => thousands(sumOf(cost).readUnits)],
    ['write units', (cost) => thousands(sumOf(cost).writeUnits)],
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...costs.map(({ tasks }) => `${tasks.toLocaleString('en-US')} tasks`)]),
    line(['---', ...costs.map(() => '--:')]),
    ...rows.map(([name, of]) => line([name, ...costs.map(of)])),
  ].join('\n');
}
