import path from 'node:path';
import * as v from 'valibot';
import type { MonthlyUsage } from './measure.ts';

/** Where the usage that the README's table is reckoned from lies. */
export const usageFile = path.join(import.meta.dirname, '../../../docs/cost.json');

const count = v.pipe(v.number(), v.minValue(0));
const functionUsage = v.strictObject({
  invocations: count,
  calls: count,
  tableCalls: count,
  billedSeconds: count,
  readUnits: count,
  writeUnits: count,
  metricsRead: count,
  cloudWatchCalls: count,
  secretReads: count,
  published: count,
  messages: count,
  batches: count,
  logBytes: count,
});
const monthlyUsage = v.array(
  v.strictObject({
    tasks: count,
    instances: count,
    services: count,
    measured: v.string(),
    tableBytes: count,
    byFunction: v.record(v.string(), functionUsage),
  }),
);

export const parseUsage = (text: string): readonly MonthlyUsage[] =>
  v.parse(monthlyUsage, JSON.parse(text));

/** Whole numbers: nothing of it is known more exactly. */
export const renderUsage = (usage: readonly MonthlyUsage[]): string =>
  `${JSON.stringify(usage, (_, value) => (typeof value === 'number' ? Math.round(value) : value), 2)}\n`;
