import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { TaskPlaceGateway } from '../../shared/aws/task-place-gateway.ts';
import type { TaskPlace } from '../../shared/domain/incident-place.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Deps } from './handler.ts';

/** Batches come every few seconds in a storm; where tasks run changes more slowly. */
const rememberedMs = 60_000;

/** Reads each cluster at most once in {@link rememberedMs}, also where that failed. */
export function rememberPlaces(
  tasks: TaskPlaceGateway,
  clock: Pick<Clock, 'nowMs'>,
): TaskPlaceGateway {
  const known = new Map<string, { atMs: number; places: Promise<readonly TaskPlace[]> }>();
  return {
    async runningPlaces(clusterArn, signal) {
      const nowMs = clock.nowMs();
      const last = known.get(clusterArn);
      if (last !== undefined && nowMs - last.atMs < rememberedMs) return await last.places;
      const places = tasks.runningPlaces(clusterArn, signal);
      known.set(clusterArn, { atMs: nowMs, places });
      return await places;
    },
  };
}

/** Where the tasks of a cluster run; undefined where that cannot be read: then no place is told. */
export async function readPlaces(
  {
    config,
    tasks,
    log,
  }: Pick<Deps, 'tasks' | 'log'> & {
    readonly config: Pick<Deps['config'], 'clusterArns'>;
  },
  cluster: string,
): Promise<readonly TaskPlace[] | undefined> {
  const clusterArn = config.clusterArns.find((arn) => arn.endsWith(`/${cluster}`));
  if (clusterArn === undefined) return undefined;
  try {
    return await tasks.runningPlaces(clusterArn);
  } catch (error) {
    log.warn('side-read-failed', { what: 'tasks', ...awsProblemOf(error) });
    return undefined;
  }
}
