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

export type Report = { readonly clusters: readonly Look[]; readonly failed: number };

/** `source` of the schedule's own event; see `template.yaml`. */
const scheduleSource = 'ballast.schedule';

/**
 * Called by a schedule: looks at every cluster once. A cluster that fails does not hold up the others;
 * when all of them fail, the run does.
 */
export const createHandler =
  (deps: Deps) =>
  async (event: unknown): Promise<Report | undefined> => {
    const { config, log } = deps;
    if (!isSchedule(event)) {
      log.warn('event-ignored', { reason: 'not-a-schedule' });
      return undefined;
    }
    const clusters: Look[] = [];
    const errors: unknown[] = [];
    for (const clusterArn of config.clusterArns) {
      try {
        clusters.push(await lookAtCluster(clusterArn, deps));
      } catch (error) {
        errors.push(error);
        log.error('item-failed', { clusterArn, ...awsProblemOf(error), error });
      }
    }
    if (clusters.length === 0) throw new AggregateError(errors, 'no cluster could be looked at');
    return { clusters, failed: errors.length };
  };

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && Reflect.get(event, 'source') === scheduleSource;
