import * as v from 'valibot';
import { firstProblem } from '../../shared/events/problem.ts';
import { dictionary } from '../../shared/events/strict.ts';
import { Misuse } from '../misuse.ts';

/** It is quoted in the module that is made. */
const plainText = v.pipe(v.string(), v.regex(/^[\w .,:/()-]{1,200}$/, 'expected plain words'));
const price = v.pipe(v.number(), v.gtValue(0, 'expected a price above 0'));
const type = v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'expected an instance type'));
const region = v.pipe(v.string(), v.regex(/^[a-z]{2}(-[a-z]+){1,3}-\d$/, 'expected a Region'));

const sourceSchema = v.object({
  source: v.object({
    generatedAt: v.pipe(
      v.string(),
      v.regex(/^\d{4}-\d\d-\d\dT/, 'expected an ISO time'),
      v.transform((time) => time.slice(0, 'YYYY-MM-DD'.length)),
    ),
    dataSource: plainText,
    license: plainText,
    currency: v.literal('USD', 'expected "USD"'),
    unit: v.literal('per hour', 'expected "per hour"'),
  }),
  regions: v.pipe(
    dictionary(region, dictionary(type, price)),
    v.check((regions) => Object.keys(regions).length > 0, 'expected at least one Region'),
  ),
});

/** On-demand prices as they were read: what a price table is made from. */
export type PriceSource = v.InferOutput<typeof sourceSchema>;

/** Throws Misuse that names the first field that is wrong. */
export function parsePriceSource(value: unknown): PriceSource {
  const parsed = v.safeParse(sourceSchema, value);
  if (!parsed.success) throw new Misuse(firstProblem('--from', parsed.issues));
  return parsed.output;
}
