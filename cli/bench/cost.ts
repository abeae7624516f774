import { totalOf } from './cost/bill.ts';
import {
  type MonthlyUsage,
  measureCpu,
  monthOf,
  multipliedMonth,
  playDay,
} from './cost/measure.ts';
import { costOf, type MonthlyCost } from './cost/monthly-cost.ts';
import { fixedPartsOf, functionFactsOf, readDefaultStack } from './cost/stack-facts.ts';
import type { FunctionUsage } from './cost/usage.ts';
import type { BenchRow } from './row.ts';

/** Services of five and of ten tasks: 50 and 1,000 in all, and 5,000 as copies of the latter. */
const small = { services: 10, tasksAService: 5 };
const middle = { services: 100, tasksAService: 10 };
const largeTimes = 5;

/** What every function uses in a month, for clusters of 50, 1,000 and 5,000 tasks. */
export async function measureUsage(): Promise<readonly MonthlyUsage[]> {
  const facts = functionFactsOf(readDefaultStack());
  const months: MonthlyUsage[] = [];
  for (const { shape, hours, times } of [
    { shape: small, hours: 6, times: undefined },
    { shape: middle, hours: 2, times: largeTimes },
  ]) {
    const day = await playDay(shape, hours);
    const cpuPerCall = await measureCpu(day);
    months.push(monthOf(day, facts, cpuPerCall));
    if (times !== undefined) months.push(await multipliedMonth(day, times, facts, cpuPerCall));
  }
  return months;
}

/** The bill of each, by the template as it is. */
export function costsOf(usages: readonly MonthlyUsage[]): readonly MonthlyCost[] {
  const stack = readDefaultStack();
  const [facts, parts] = [functionFactsOf(stack), fixedPartsOf(stack)];
  return usages.map((usage) => costOf(usage, facts, parts));
}

const units: Readonly<Partial<Record<keyof FunctionUsage, string>>> = {
  invocations: 'invocations a month',
  calls: 'AWS calls a month',
  billedSeconds: 'billed s a month, reckoned',
  readUnits: 'read request units a month',
  writeUnits: 'write request units a month',
  metricsRead: 'metrics read a month',
  logBytes: 'bytes of logs a month',
};

export function costRows(usages: readonly MonthlyUsage[]): readonly BenchRow[] {
  return costsOf(usages).flatMap(({ tasks, fixed, used, total }, at) => {
    const name = `cost.${tasks}`;
    const measured = usages[at]?.measured ?? '';
    return [
      ...used.flatMap((one) => [
        ...Object.entries(units).map(([what, unit]) => ({
          name: `${name}.${one.name}.${kebab(what)}`,
          value: Math.round(one.usage[what as keyof FunctionUsage]),
          unit,
        })),
        { name: `${name}.${one.name}`, value: cents(totalOf(one.lines)), unit: 'USD a month' },
      ]),
      { name: `${name}.fixed`, value: cents(totalOf(fixed)), unit: 'USD a month' },
      { name: `${name}.total`, value: cents(total), unit: `USD a month, list prices; ${measured}` },
    ];
  });
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const cents = (usd: number): number => Math.round(usd * 100) / 100;
