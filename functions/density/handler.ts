import type { DensityGateways } from '../../shared/aws/density-gateways.ts';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Log } from '../../shared/runtime/log.ts';
import type { Config } from './config.ts';
import { type Look, lookAtCluster } from './look.ts';

export type Deps = DensityGateways & {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
};

export type Report = { readonly clusters: readonly Look[] };

/** `source` of the schedule's own event; see `template.yaml`. */
const scheduleSource = 'ballast.schedule';
/** Of the schedule. */
const lookEveryMs = 5 * 60_000;

/** A cluster could not be followed: the error metric says so, because silence would look like calm. */
class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/**
 * Called by a schedule: looks at every cluster once. A cluster that fails does not hold up the others,
 * and fails the run when they are done.
 */
export const createHandler =
  (deps: Deps) =>
  async (event: unknown): Promise<Report | undefined> => {
    const { config, clock, log } = deps;
    if (!isSchedule(event)) {
      log.warn('event-ignored', { reason: 'not-a-schedule' });
      return undefined;
    }
    const looks: Look[] = [];
    const failures: unknown[] = [];
    for (const clusterArn of inTurn(config.clusterArns, clock.nowMs())) {
      try {
        looks.push(await lookAtCluster(clusterArn, deps));
      } catch (error) {
        failures.push(error);
        log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
      }
    }
    if (failures.length > 0) {
      const clusters = `${failures.length} of ${config.clusterArns.length} clusters`;
      throw new RunFailed(`${clusters} could not be followed`, { cause: failures[0] });
    }
    return { clusters: looks };
  };

/** Each run begins with another cluster: where time runs out, it does not always for the same ones. */
function inTurn(clusterArns: readonly string[], nowMs: number): readonly string[] {
  const first = Math.floor(nowMs / lookEveryMs) % clusterArns.length;
  return [...clusterArns.slice(first), ...clusterArns.slice(0, first)];
}

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && Reflect.get(event, 'source') === scheduleSource;
