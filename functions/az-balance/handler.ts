import type { AzBalanceGateways } from '../../shared/aws/az-balance-gateways.ts';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Log } from '../../shared/runtime/log.ts';
import type { Config } from './config.ts';
import { type ClusterReport, runCluster } from './run.ts';
import { turnsOf } from './turns.ts';

export type Deps = AzBalanceGateways & {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
};

/** `source` of the schedule's own event; see `template.yaml`. */
const scheduleSource = 'ballast.schedule';

/** A cluster could not be watched: the error metric says so, because silence would look like balance. */
class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/**
 * Called by a schedule. Looks at each cluster, the longest not looked at first; one that cannot be looked
 * at does not hold up the others, and fails the run when they are done.
 */
export const createHandler =
  (deps: Deps) =>
  async (event: unknown): Promise<readonly ClusterReport[]> => {
    const { config, log } = deps;
    if (!isSchedule(event)) {
      log.warn('event-ignored', { reason: 'not-a-schedule' });
      return [];
    }
    const reports: ClusterReport[] = [];
    const failures: unknown[] = [];
    for (const [at, { clusterArn, note }] of (await turnsOf(config.clusterArns, deps)).entries()) {
      // The first one has all the time of a run: where that does not suffice, it is the others' turn.
      if (at === 0) await note();
      try {
        reports.push(await runCluster(clusterArn, deps));
      } catch (error) {
        failures.push(error);
        log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
      }
      if (at > 0) await note();
    }
    if (failures.length > 0) {
      const clusters = `${failures.length} of ${config.clusterArns.length} clusters`;
      throw new RunFailed(`${clusters} could not be watched`, { cause: failures[0] });
    }
    return reports;
  };

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && Reflect.get(event, 'source') === scheduleSource;
