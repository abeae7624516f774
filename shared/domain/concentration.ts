import { type ClusterIndex, indexOf } from './cluster-index.ts';
import type { DensityOutlier } from './density-outlier.ts';
import { isLeaving, labelOf } from './instance-group.ts';
import { sortedBy } from './order.ts';
import type { Service, Snapshot, Task } from './snapshot.ts';
import { shapeOf, suits } from './task-shape.ts';
import { skewOf } from './zone-balance.ts';
import { zonesOf } from './zones.ts';

export type ConcentrationPolicy = {
  /** A service is concentrated with this share of its running tasks on one instance. */
  readonly concentrationShareMin: number;
  /** Services that want fewer tasks than this cannot be spread enough to be judged. */
  readonly concentrationDesiredMin: number;
  /** Two zones of a service may differ by so many tasks. */
  readonly zoneSkewMax: number;
};

export type ConcentrationReason =
  /** Too much of the service stands or falls with one instance. */
  | 'concentrated'
  /** The share is large, and yet an even spread over its zones puts as many tasks into one. */
  | 'even-over-zones'
  | 'spread'
  /** It wants too few tasks to be judged. */
  | 'too-few-tasks';

/** What would spread a service. */
export type ConcentrationRemedy =
  /** Managed Instances know no placement strategy: the size of the instances decides. */
  | 'smaller-instances'
  /** No strategy of the service spreads over instances. */
  | 'spread-by-instance'
  /** One does, so it is room elsewhere that is missing. */
  | 'room-elsewhere'
  /** Nothing else that suits its tasks is there. */
  | 'second-instance';

/** The instance that holds the most running tasks of a service. */
export type Concentration = {
  readonly service: string;
  readonly reason: ConcentrationReason;
  readonly desired: number;
  /** Running tasks of the service, wherever they are. */
  readonly running: number;
  readonly instance: string;
  /** The instance's provider, where one launched it. */
  readonly capacityProvider: string | undefined;
  readonly isLeaving: boolean;
  readonly onInstance: number;
  /** Of the running tasks, 0 to 1. */
  readonly share: number;
  /** Running tasks that are left when the instance dies. */
  readonly remaining: number;
  /** The same as a share of the desired count: above 1 while more run than wanted. Undefined at 0. */
  readonly remainingShare: number | undefined;
  /** What was compared with, where the share alone is large enough. */
  readonly even: EvenSpread | undefined;
  /** Its zones differ by more than they may: evening them out takes tasks off the instance. */
  readonly isZoneUneven: boolean;
  readonly remedy: ConcentrationRemedy | undefined;
  /** With `spread-by-instance`: the placement strategy that spreads it, what else is asked for kept. */
  readonly strategy: Service['placementStrategy'] | undefined;
  /** Who deploys the service, where it is not ECS itself: `CODE_DEPLOY` or `EXTERNAL`. */
  readonly otherController: string | undefined;
};

/** The most even spread over the zones that a service can use. */
export type EvenSpread = {
  readonly zones: number;
  /** Tasks that it puts into the fullest zone, and that one instance may therefore hold. */
  readonly tasksMax: number;
};

/**
 * So many tasks may stand on one instance without a word. ECS spreads over zones before anything else,
 * and an instance lies in one zone: where each zone has one instance, an even spread puts
 * `⌈running / zones⌉` on one of them, and nobody could do better without more instances than zones. So
 * 2 of 4 tasks over 3 zones (2/1/1) is no finding, though it is half of them; 3 of 4 is. A service that
 * can use one zone only is judged as if it had two: two instances in it are what anybody can have.
 */
export const evenSpreadOf = (running: number, zones: number): EvenSpread => ({
  zones,
  tasksMax: Math.ceil(running / Math.max(zones, 2)),
});

/** The worst first. Daemons are left out: each instance has one, and with it they go. */
export function concentrationsOf(
  snapshot: Snapshot,
  policy: ConcentrationPolicy,
  index: ClusterIndex = indexOf(snapshot),
): readonly Concentration[] {
  const found = snapshot.services
    .filter(({ schedulingStrategy }) => schedulingStrategy !== 'DAEMON')
    .flatMap((service) => concentrationOf(service, index, policy));
  return sortedBy(found, ({ service }) => service).toSorted(
    (a, b) => b.share - a.share || b.onInstance - a.onInstance,
  );
}

function concentrationOf(
  service: Service,
  index: ClusterIndex,
  policy: ConcentrationPolicy,
): readonly Concentration[] {
  const { name, desired } = service;
  const running = index.tasksOf(name).filter(({ lastStatus }) => lastStatus === 'RUNNING');
  const placed = Map.groupBy(running, ({ instanceArn }) => instanceArn);
  const [top] = sortedBy(
    [...placed].flatMap(([arn, tasks]) =>
      arn === undefined ? [] : [{ arn, count: tasks.length }],
    ),
    ({ arn }) => arn,
  ).toSorted((a, b) => b.count - a.count);
  if (top === undefined) return [];
  const instance = index.instanceOf(top.arn);
  const share = top.count / running.length;
  const remaining = running.length - top.count;
  const isLarge =
    desired >= policy.concentrationDesiredMin && share >= policy.concentrationShareMin;
  const even = isLarge ? evenSpreadOf(running.length, zoneCountOf(service, index)) : undefined;
  const isMore = even !== undefined && top.count > even.tasksMax;
  const remedy = isMore ? remedyOf(service, index) : undefined;
  return [
    {
      service: name,
      reason: reasonOf(service, policy, { isLarge, isMore }),
      desired,
      running: running.length,
      instance: instance === undefined ? (top.arn.split('/').at(-1) ?? top.arn) : labelOf(instance),
      capacityProvider: instance?.capacityProvider,
      isLeaving: instance !== undefined && isLeaving(instance),
      onInstance: top.count,
      share,
      remaining,
      remainingShare: desired > 0 ? remaining / desired : undefined,
      even,
      isZoneUneven: isMore && skewOfRunning(service, running, index) > policy.zoneSkewMax,
      remedy,
      strategy: remedy === 'spread-by-instance' ? spreading(service, even?.zones ?? 0) : undefined,
      otherController:
        service.deploymentController === 'ECS' ? undefined : service.deploymentController,
    },
  ];
}

function reasonOf(
  { desired }: Service,
  { concentrationDesiredMin }: ConcentrationPolicy,
  { isLarge, isMore }: { readonly isLarge: boolean; readonly isMore: boolean },
): ConcentrationReason {
  if (desired < concentrationDesiredMin) return 'too-few-tasks';
  if (isMore) return 'concentrated';
  return isLarge ? 'even-over-zones' : 'spread';
}

/** As its subnets, its providers' and its constraints say; else the zones where its tasks run. */
function zoneCountOf(service: Service, index: ClusterIndex): number {
  const { zones } = zonesOf(service, shapeOf(service, index), index);
  if (zones.length > 0) return zones.length;
  const seen = index.tasksOf(service.name).flatMap(({ zone }) => zone ?? []);
  return new Set(seen).size;
}

/** Of all running tasks, whatever rollout they belong to: what hangs on an instance is all of them, too. */
function skewOfRunning(service: Service, running: readonly Task[], index: ClusterIndex): number {
  const byZone = Map.groupBy(running, ({ zone }) => zone);
  const { zones } = zonesOf(service, shapeOf(service, index), index);
  return skewOf(zones.map((zone) => byZone.get(zone)?.length ?? 0));
}

function remedyOf(service: Service, index: ClusterIndex): ConcentrationRemedy {
  if (service.compute === 'managed-instances') return 'smaller-instances';
  const shape = shapeOf(service, index);
  const fit = shape.instances.filter((one) => !isLeaving(one) && suits(shape, one) !== 'no');
  if (fit.length <= 1) return 'second-instance';
  const spreads = service.placementStrategy.some(
    ({ type, field }) => type === 'spread' && (field === 'instanceId' || field === 'host'),
  );
  return spreads ? 'room-elsewhere' : 'spread-by-instance';
}

/** ECS takes so many strategies of one service: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html */
const strategiesMax = 5;

/** Spread over zones, where there are any, then over instances; what packs tasks comes after both. */
const spreading = ({ placementStrategy }: Service, zones: number): Service['placementStrategy'] => {
  const own = placementStrategy.filter(
    ({ type, field }) => type !== 'random' && !(type === 'spread' && field === zoneField),
  );
  const spreads = own.filter(({ type }) => type === 'spread');
  const others = own.filter(({ type }) => type !== 'spread');
  const byZone = zones > 0 ? [{ type: 'spread', field: zoneField }] : [];
  const all = [...byZone, ...spreads, { type: 'spread', field: 'instanceId' }, ...others];
  return all.slice(0, strategiesMax);
};

const zoneField = 'attribute:ecs.availability-zone';

/** The peers that an instance stands out from by its tasks, where it does. */
export const outlierAt = (
  { instance }: Concentration,
  outliers: readonly DensityOutlier[],
): DensityOutlier | undefined => outliers.find((one) => one.instance === instance);
