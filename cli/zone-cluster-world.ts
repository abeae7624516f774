import * as v from 'valibot';
import { firstProblem } from '../shared/events/problem.ts';
import { dictionary, strict } from '../shared/events/strict.ts';
import { parseIsoTime } from '../shared/runtime/time.ts';
import type { ZoneCluster } from '../simulator/zone-cluster.ts';
import { Misuse } from './misuse.ts';

const whole = (from: number, to: number) => {
  const wish = `expected a whole number from ${from} to ${to}`;
  return v.pipe(v.number(), v.integer(wish), v.minValue(from, wish), v.maxValue(to, wish));
};

const schema = strict({
  now: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => parseIsoTime(text) !== undefined, 'expected an ISO time with a zone'),
    ),
    '2026-11-20T14:03:00Z',
  ),
  /** How long the function has watched the cluster by `now`. */
  watchedMinutes: v.optional(whole(0, 1_440), 60),
  zones: v.optional(dictionary(v.string(), v.nullable(whole(0, 64))), { a: 8, b: 8, c: null }),
  services: v.optional(
    dictionary(
      v.string(),
      strict({
        tasks: dictionary(v.string(), whole(0, 100)),
        minimumHealthyPercent: v.optional(whole(0, 100), 100),
        maximumPercent: v.optional(whole(0, 1_000), 200),
        rebalancing: v.optional(
          v.picklist(['ENABLED', 'DISABLED'], 'expected one of ENABLED, DISABLED'),
          'ENABLED',
        ),
        tags: v.optional(dictionary(v.string(), v.string()), {}),
      }),
    ),
    {
      search: {
        tasks: { a: 5, b: 1 },
        ...{ minimumHealthyPercent: 100, maximumPercent: 100, rebalancing: 'ENABLED', tags: {} },
      },
      web: {
        tasks: { a: 2, b: 2, c: 1 },
        ...{ minimumHealthyPercent: 100, maximumPercent: 200, rebalancing: 'ENABLED', tags: {} },
      },
    },
  ),
});

/** What `invoke az-balance --world` reads. */
export type ZoneWorld = {
  readonly nowMs: number;
  readonly watchedMinutes: number;
  readonly cluster: ZoneCluster;
};

/** Throws Misuse that names the first field that is wrong. */
export function parseZoneWorld(value: unknown): ZoneWorld {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) throw new Misuse(firstProblem('world', parsed.issues));
  const { now, watchedMinutes, zones, services } = parsed.output;
  for (const [name, { tasks }] of Object.entries(services)) {
    const unknown = Object.keys(tasks).find((zone) => !Object.hasOwn(zones, zone));
    if (unknown !== undefined) {
      const known = Object.keys(zones).join(', ');
      throw new Misuse(`world.services.${name}.tasks: expected zones of ${known}, got ${unknown}`);
    }
  }
  return {
    nowMs: Date.parse(now),
    watchedMinutes,
    cluster: {
      cluster: 'prod',
      zones,
      services: Object.fromEntries(
        Object.entries(services).map(([name, { tasks, tags, ...settings }]) => [
          name,
          {
            tasks,
            changes: {
              availabilityZoneRebalancing: settings.rebalancing,
              deploymentConfiguration: {
                minimumHealthyPercent: settings.minimumHealthyPercent,
                maximumPercent: settings.maximumPercent,
              },
              tags: Object.entries(tags).map(([key, tag]) => ({ key, value: tag })),
            },
          },
        ]),
      ),
    },
  };
}
