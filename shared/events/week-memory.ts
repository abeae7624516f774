import * as v from 'valibot';
import type { WeekState } from '../domain/week-findings.ts';
import { MalformedInput, parseJson } from './malformed.ts';
import { firstProblem } from './problem.ts';

const finite = v.pipe(v.number(), v.finite('expected a number'));
const amount = v.pipe(finite, v.minValue(0));
const lasting = { instance: v.string(), sinceMs: finite };

/** Of what density remembers of a provider only the week; unknown keys are a newer version's. */
const schema = v.object({
  week: v.optional(
    v.object({
      ...{ group: v.string(), atMs: finite, instances: amount, tasks: amount },
      ec2DiscountPercent: amount,
      compute: v.optional(v.picklist(['managed-instances', 'fargate', 'ec2', 'external'])),
      isScaleInOff: v.optional(v.boolean()),
      unpriced: v.optional(v.object({ daemons: amount, networkTasks: amount })),
      allFullSinceMs: v.optional(finite),
      days: v.array(
        v.object({
          ...{ day: amount, looks: amount },
          ...{ hereUsdPerMonth: amount, fargateUsdPerMonth: amount },
          ...{ tasks: v.optional(amount), breakEvenTasks: v.optional(amount) },
          tasksFit: v.optional(amount),
        }),
      ),
      idle: v.array(v.object(lasting)),
      full: v.array(
        v.object({ ...lasting, share: amount, limitShare: amount, services: v.string() }),
      ),
      outliers: v.array(
        v.object({ ...lasting, tasks: amount, peers: amount, services: v.string() }),
      ),
    }),
  ),
});

/** The week in a memory of density, where it has one. Throws {@link MalformedInput} naming the field. */
export function parseWeekMemory(json: string): WeekState | undefined {
  const parsed = v.safeParse(schema, parseJson(json, 'memory'));
  if (!parsed.success) throw new MalformedInput(firstProblem('memory', parsed.issues));
  return parsed.output.week;
}
