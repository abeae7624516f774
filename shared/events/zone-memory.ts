import * as v from 'valibot';
import type { ZoneFloodMemory } from '../domain/zone-flood.ts';
import type { ZoneServiceMemory } from '../domain/zone-watch.ts';
import { MalformedInput, parseJson } from './malformed.ts';
import { firstProblem } from './problem.ts';

const timeMs = v.pipe(v.number(), v.finite('expected a time in ms'));
const amount = v.pipe(v.number(), v.finite('expected a number'), v.minValue(0));

/** Unknown keys are a newer version's, and are left out. */
const schema = v.object({
  desired: amount,
  desiredChangedAtMs: v.optional(timeMs),
  isOnLeaving: v.optional(v.boolean()),
  leftInstanceAtMs: v.optional(timeMs),
  heldSinceMs: v.optional(timeMs),
  stretch: v.optional(
    v.object({
      sinceMs: v.optional(timeMs),
      imbalancedMs: amount,
      balancedMs: amount,
      last: v.picklist(['imbalanced', 'well', 'held']),
      lastAtMs: timeMs,
      turn: v.optional(v.picklist(['ecs', 'left'])),
      turnAtMs: v.optional(timeMs),
      openedAtMs: v.optional(timeMs),
      isTold: v.optional(v.boolean()),
      isOneOfMany: v.optional(v.boolean()),
      wouldAct: v.optional(v.object({ atMs: timeMs, reason: v.string(), moves: amount })),
      said: v.optional(v.string()),
      stoodWeeks: v.optional(amount),
    }),
  ),
  told: v.optional(
    v.object({
      atMs: timeMs,
      keptBy: v.string(),
      isGrave: v.boolean(),
      isOneOfMany: v.optional(v.boolean()),
    }),
  ),
});

const floodSchema = v.object({ sinceMs: timeMs, said: v.optional(v.string()) });
const lookSchema = v.object({ lookedAtMs: timeMs });

/** When a cluster was last looked at. Throws {@link MalformedInput} naming the field. */
export const parseZoneLook = (json: string): { readonly lookedAtMs: number } =>
  parsed(lookSchema, json);

/** What is remembered of a service's zones. Throws {@link MalformedInput} naming the field. */
export const parseZoneMemory = (json: string): ZoneServiceMemory => parsed(schema, json);

/** What is remembered of a cluster's flood. Throws {@link MalformedInput} naming the field. */
export const parseZoneFlood = (json: string): ZoneFloodMemory => parsed(floodSchema, json);

function parsed<Output>(schema: v.GenericSchema<unknown, Output>, json: string): Output {
  const result = v.safeParse(schema, parseJson(json, 'memory'));
  if (!result.success) throw new MalformedInput(firstProblem('memory', result.issues));
  return result.output;
}
