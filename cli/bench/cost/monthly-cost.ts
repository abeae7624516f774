import { type BillLine, type FixedParts, fixedLines, totalOf, usedLines } from './bill.ts';
import type { MonthlyUsage } from './measure.ts';
import { listPrices } from './prices.ts';
import type { FunctionFacts } from './stack-facts.ts';
import { addUsage, type FunctionUsage, noUsage } from './usage.ts';

/** The bill of a cluster of one size. */
export type MonthlyCost = {
  readonly tasks: number;
  readonly fixed: readonly BillLine[];
  /** By function. */
  readonly used: readonly {
    readonly name: string;
    readonly usage: FunctionUsage;
    readonly lines: readonly BillLine[];
  }[];
  readonly storage: BillLine;
  readonly total: number;
};

/** An item lies in the index as well, and what is over is kept for ninety days. */
const storedTimes = 2 * 90;

export function costOf(
  { tasks, byFunction, tableBytes }: MonthlyUsage,
  facts: readonly FunctionFacts[],
  parts: FixedParts,
): MonthlyCost {
  const fixed = fixedLines(parts);
  const used = facts.map(({ name, memoryMb, scheduled }) => {
    const usage = byFunction[name];
    if (usage === undefined) throw new Error(`nothing was measured of ${name}`);
    return { name, usage, lines: usedLines(usage, { memoryMb, isScheduled: scheduled > 0 }) };
  });
  const storage: BillLine = {
    name: 'table',
    usd: ((tableBytes * storedTimes) / 1e9) * listPrices.dynamoGbMonth,
  };
  const total = totalOf([...fixed, storage, ...used.flatMap(({ lines }) => lines)]);
  return { tasks, fixed, used, storage, total };
}

/** What all functions use together. */
export const sumOf = ({ used }: MonthlyCost): FunctionUsage =>
  used.map(({ usage }) => usage).reduce(addUsage, noUsage);

/** Lines of one name, of all functions together. */
export const lineOf = ({ used }: MonthlyCost, name: string): number =>
  totalOf(used.flatMap(({ lines }) => lines).filter((line) => line.name === name));
