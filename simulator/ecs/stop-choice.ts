import type { Core } from './core.ts';
import { least } from './placement.ts';
import type { Service, Task } from './state.ts';
import { countByZone } from './zones.ts';

/**
 * Which of several tasks of a service to stop: without a strategy, one in the zone with the most, on
 * the instance with the most; a strategy decides otherwise.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html
 */
export function chooseStop(
  core: Core,
  service: Service,
  candidates: readonly Task[],
): Task | undefined {
  if (candidates.length < 2) return candidates[0];
  const [strategy] = service.view.placementStrategy ?? [];
  if (strategy?.type === 'binpack' && core.has('scale-in-by-strategy')) {
    return byBinpack(candidates, strategy.field ?? 'memory');
  }
  if (strategy?.type === 'random' && core.has('scale-in-by-strategy')) {
    return core.random('scale-in').pick(candidates);
  }
  const inZone = core.has('scale-in-zone') ? inFullestZone(service, candidates) : candidates;
  const onInstance = core.has('scale-in-instance') ? onFullestInstance(service, inZone) : inZone;
  return newest(onInstance);
}

function inFullestZone(service: Service, candidates: readonly Task[]): readonly Task[] {
  const counts = countByZone(service.tasks);
  return least(candidates, ({ zone }) => -(counts.get(zone ?? '') ?? 0));
}

function onFullestInstance(service: Service, candidates: readonly Task[]): readonly Task[] {
  return least(candidates, ({ instance }) => {
    let count = 0;
    for (const task of instance?.tasks ?? []) {
      if (task.service === service && !task.isStopping) count += 1;
    }
    return -count;
  });
}

/** The task whose instance has the most room left once it is gone. */
function byBinpack(candidates: readonly Task[], field: string): Task | undefined {
  const left = ({ instance, definition }: Task): number =>
    field === 'cpu'
      ? (instance?.cpu ?? 0) + definition.cpu
      : (instance?.memoryMiB ?? 0) + definition.memoryMiB;
  return newest(least(candidates, (task) => -left(task)));
}

/** Which of equals goes is not documented; the youngest has the least to lose. */
const newest = (tasks: readonly Task[]): Task | undefined => least(tasks, ({ order }) => -order)[0];
