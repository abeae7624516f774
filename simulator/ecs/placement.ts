import type { EcsService } from '../account.ts';
import type { Core } from './core.ts';
import { type Demand, type Misfit, misfit, roomOf } from './fit.ts';
import { takesTasks } from './instances.ts';
import type { Cluster, Instance } from './state.ts';
import { countByZone, tasksOfGroup, type ZoneCounts } from './zones.ts';

/** What is to be placed on an instance. */
export type PlacementRequest = Demand & {
  readonly cluster: Cluster;
  readonly isManaged: boolean;
  /** Only there, where rebalancing asks for it. */
  readonly boundZone: string | undefined;
  /** Zones that the task's network configuration reaches; empty where it has none. */
  readonly reachableZones: readonly string[];
  readonly strategy: NonNullable<EcsService['placementStrategy']>;
};

export type PlacementAnswer =
  | { readonly instance: Instance }
  | { readonly misfit: Misfit | 'EMPTY'; readonly closest: Instance | undefined };

/** Finds an instance with room for a task, the best of those that fit, or says what is missing. */
export function findInstance(
  core: Core,
  request: PlacementRequest,
  instances: Iterable<Instance>,
): PlacementAnswer {
  const fits: Instance[] = [];
  let closest: { readonly misfit: Misfit; readonly instance: Instance } | undefined;
  for (const instance of instances) {
    if (!isReachable(core, request, instance)) continue;
    const why = whyNot(core, request, instance);
    if (why === undefined) fits.push(instance);
    else if (why !== 'DRAINING') closest ??= { misfit: why, instance };
  }
  const instance = choose(core, request, fits);
  if (instance !== undefined) return { instance };
  return { misfit: closest?.misfit ?? 'EMPTY', closest: closest?.instance };
}

/** Whether a task may start in a zone, as far as its service and its subnets say. */
export const mayStartIn = (
  { boundZone, reachableZones }: Pick<PlacementRequest, 'boundZone' | 'reachableZones'>,
  zone: string,
): boolean =>
  (boundZone === undefined || zone === boundZone) &&
  (reachableZones.length === 0 || reachableZones.includes(zone));

function isReachable(core: Core, request: PlacementRequest, { zone }: Instance): boolean {
  if (request.boundZone !== undefined && zone !== request.boundZone) return false;
  const { reachableZones } = request;
  if (zone === undefined || reachableZones.length === 0) return true;
  return reachableZones.includes(zone) || !core.has('awsvpc-subnets');
}

function whyNot(
  core: Core,
  request: PlacementRequest,
  instance: Instance,
): Misfit | 'DRAINING' | undefined {
  if (instance.view.status !== 'ACTIVE') return 'DRAINING';
  if (!takesTasks(core, instance)) return 'AGENT';
  return misfit(core, request, roomOf(instance));
}

function choose(
  core: Core,
  request: PlacementRequest,
  fits: readonly Instance[],
): Instance | undefined {
  if (fits.length < 2) return fits[0];
  if (!request.isManaged && request.strategy.length > 0 && core.has('placement-strategy')) {
    return byStrategy(core, request, fits)[0];
  }
  const tasks = tasksOfGroup(core, request.cluster, request.group);
  const spread = core.has(
    request.isManaged ? 'managed-instance-zone-spread' : 'default-zone-spread',
  );
  const inZones = spread ? poorestZones(fits, countByZone(tasks)) : fits;
  return inBestZone(core, request, inZones)[0];
}

/** Instances in the zones with the fewest tasks. */
function poorestZones(fits: readonly Instance[], counts: ZoneCounts): readonly Instance[] {
  return least(fits, ({ zone }) => counts.get(zone ?? '') ?? 0);
}

/** Within a zone: the fewest tasks of the service, or on managed instances perhaps the least room. */
function inBestZone(
  core: Core,
  request: PlacementRequest,
  fits: readonly Instance[],
): readonly Instance[] {
  const fewestTasks = (): readonly Instance[] =>
    least(fits, (instance) => ownTasks(instance, request.group));
  if (!request.isManaged) return core.has('fewest-tasks-on-instance') ? fewestTasks() : fits;
  switch (core.variant('managed-instance-within-zone')) {
    case 'fewest-tasks':
      return fewestTasks();
    case 'least-room':
      return least(fits, ({ memoryMiB, registeredMemoryMiB }) => memoryMiB / registeredMemoryMiB);
    default:
      return fits;
  }
}

const ownTasks = ({ tasks }: Instance, group: string): number => {
  let count = 0;
  for (const task of tasks) if (task.view.group === group && !task.isStopping) count += 1;
  return count;
};

/** Those for which a measure is least, in their order. */
export function least<Item>(items: readonly Item[], measure: (item: Item) => number): Item[] {
  let best: Item[] = [];
  let bestValue = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const value = measure(item);
    if (value < bestValue) [best, bestValue] = [[item], value];
    else if (value === bestValue) best.push(item);
  }
  return best;
}

/** Strategies narrow the choice one after the other. */
function byStrategy(
  core: Core,
  request: PlacementRequest,
  fits: readonly Instance[],
): readonly Instance[] {
  let left = fits;
  for (const { type, field = '' } of request.strategy) {
    if (left.length < 2) break;
    if (type === 'random') left = [core.random('placement').pick(left)];
    else if (type === 'binpack') left = least(left, field === 'cpu' ? cpuLeft : memoryLeft);
    else left = spreadBy(core, request, left, field);
  }
  return left;
}

const cpuLeft = ({ cpu }: Instance): number => cpu;
const memoryLeft = ({ memoryMiB }: Instance): number => memoryMiB;

function spreadBy(
  core: Core,
  request: PlacementRequest,
  fits: readonly Instance[],
  field: string,
): readonly Instance[] {
  if (field === 'instanceId' || field === 'host') {
    return least(fits, (instance) => ownTasks(instance, request.group));
  }
  const readValue = valueReader(field);
  const counts = new Map<string, number>();
  for (const task of tasksOfGroup(core, request.cluster, request.group)) {
    if (task.isStopping || task.instance === undefined) continue;
    const value = readValue(task.instance);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return least(fits, (instance) => counts.get(readValue(instance)) ?? 0);
}

const valueReader = (field: string): ((instance: Instance) => string) => {
  const name = field.replace(/^attribute:/, '');
  return ({ attributes }) => attributes.get(name) ?? '';
};
