import type { Core } from './core.ts';
import { least } from './placement.ts';
import type { Service, Task } from './state.ts';
import { countByZone } from './zones.ts';

/**
 * Which of several tasks of a service to stop: without a strategy, one in the zone with the most, on
 * the instance with the most; a strategy decides otherwise. Those that were chosen before it, and are
 * `leaving` with it, are counted nowhere any more.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html
 */
export function chooseStop(
  core: Core,
  service: Service,
  candidates: readonly Task[],
  leaving: ReadonlySet<Task>,
): Task | undefined {
  if (candidates.length < 2) return candidates[0];
  const [strategy] = service.view.placementStrategy ?? [];
  if (strategy?.type === 'binpack' && core.has('scale-in-by-strategy')) {
    return byBinpack(candidates, leaving, strategy.field ?? 'memory');
  }
  if (strategy?.type === 'random' && core.has('scale-in-by-strategy')) {
    return core.random('scale-in').pick(candidates);
  }
  const staying = new Set([...service.tasks].filter((task) => !leaving.has(task)));
  const inZone = core.has('scale-in-zone') ? inFullestZone(staying, candidates) : candidates;
  const onInstance = core.has('scale-in-instance') ? onFullestInstance(staying, inZone) : inZone;
  return newest(onInstance);
}

function inFullestZone(staying: ReadonlySet<Task>, candidates: readonly Task[]): readonly Task[] {
  const counts = countByZone(staying);
  return least(candidates, ({ zone }) => -(counts.get(zone ?? '') ?? 0));
}

function onFullestInstance(
  staying: ReadonlySet<Task>,
  candidates: readonly Task[],
): readonly Task[] {
  return least(candidates, ({ instance }) => {
    let count = 0;
    for (const task of instance?.tasks ?? []) {
      if (staying.has(task) && !task.isStopping) count += 1;
    }
    return -count;
  });
}

/** The task whose instance has the most room left once it is gone. */
function byBinpack(
  candidates: readonly Task[],
  leaving: ReadonlySet<Task>,
  field: string,
): Task | undefined {
  const left = (task: Task): number => {
    const { instance } = task;
    const gone = [task, ...leaving].filter((one) => one.instance === instance);
    return field === 'cpu'
      ? gone.reduce((sum, { definition }) => sum + definition.cpu, instance?.cpu ?? 0)
      : gone.reduce((sum, { definition }) => sum + definition.memoryMiB, instance?.memoryMiB ?? 0);
  };
  return newest(least(candidates, (task) => -left(task)));
}

/** Which of equals goes is not documented; the youngest has the least to lose. */
const newest = (tasks: readonly Task[]): Task | undefined => least(tasks, ({ order }) => -order)[0];
