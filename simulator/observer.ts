import type { Account, EcsService } from './account.ts';
import { isRebalancedByEcs } from './ecs/rebalancing.ts';
import { followHistories, type InstanceHistory } from './instance-history.ts';
import type {
  DeploymentRecord,
  FleetCount,
  ServiceCount,
  Signal,
  Stop,
  Stretch,
  TimelineEntry,
} from './record.ts';
import type { EventEnvelope, World } from './world.ts';

const minuteMs = 60_000;

export type Observer = {
  readonly counts: readonly ServiceCount[];
  readonly fleet: readonly FleetCount[];
  deployments(): readonly DeploymentRecord[];
  readonly drains: readonly Stretch[];
  instances(): readonly InstanceHistory[];
};

/**
 * Keeps its own list of running tasks from the events of ECS, and looks once a minute how many there
 * are of each service and where, and how its deployments go.
 */
export function observeWorld(world: World, note: (entry: TimelineEntry) => void): Observer {
  const counts: ServiceCount[] = [];
  const latest = new Map<string, ServiceCount>();
  const drains: Stretch[] = [];
  const fleet: FleetCount[] = [];
  const tallies = createTallies();
  const histories = followHistories(world);
  const follower = createFollower(world, note);
  world.onEvent(tallies.hear);
  const look = (): void => {
    for (const service of world.account.services.values()) {
      if (service.status !== 'ACTIVE') continue;
      const before = latest.get(service.serviceName);
      const isChanged = tallies.isChanged(service.serviceName);
      if (!isChanged && before !== undefined && isAsBefore(before, service)) continue;
      const count = countOf(world, service, tallies.runningOf(service.serviceName));
      latest.set(service.serviceName, count);
      if (before === undefined || !isSame(before, count)) counts.push(count);
    }
    follower.look();
    noteDrain(drains, world);
    noteFleet(fleet, world);
    world.after(minuteMs, look);
  };
  world.after(minuteMs, look);
  const instances = () => histories(world.nowMs());
  return { counts, fleet, deployments: follower.deployments, drains, instances };
}

const isAsBefore = (before: ServiceCount, service: EcsService): boolean =>
  before.desired === service.desiredCount &&
  before.floor === floorOf(service) &&
  before.isPending === service.pendingCount > 0 &&
  before.isRebalanced === evensOut(service);

const isSame = (a: ServiceCount, b: ServiceCount): boolean =>
  JSON.stringify({ ...a, atMs: 0 }) === JSON.stringify({ ...b, atMs: 0 });

/** ECS rebalances it, and its maximum, rounded down, lets one task start before another stops. */
const evensOut = (service: EcsService): boolean =>
  isRebalancedByEcs(service) &&
  Math.floor(
    (service.desiredCount * (service.deploymentConfiguration?.maximumPercent ?? 200)) / 100,
  ) > service.desiredCount;

const floorOf = ({ desiredCount, deploymentConfiguration }: EcsService): number =>
  Math.ceil((desiredCount * (deploymentConfiguration?.minimumHealthyPercent ?? 100)) / 100);

function countOf(
  { account, nowMs }: World,
  service: EcsService,
  running: RunningTasks,
): ServiceCount {
  const subnets = subnetsOf(account, service);
  const zones = new Map(
    subnets
      .flatMap((id) => account.subnets.get(id)?.AvailabilityZone ?? [])
      .map((zone) => [zone, 0]),
  );
  for (const [zone, count] of running.byZone) zones.set(zone, count);
  return {
    atMs: nowMs(),
    service: service.serviceName,
    desired: service.desiredCount,
    running: [...running.byZone.values()].reduce((sum, count) => sum + count, 0),
    floor: floorOf(service),
    zones: Object.fromEntries([...zones].sort(([a], [b]) => (a < b ? -1 : 1))),
    isPending: service.pendingCount > 0,
    onOneInstance: Math.max(0, ...running.byInstance.values()),
    isRebalanced: evensOut(service),
  };
}

/** Subnets that its tasks can start in: of its providers of Managed Instances, else its own. */
function subnetsOf({ capacityProviders }: Account, service: EcsService): readonly string[] {
  const ofProviders = (service.capacityProviderStrategy ?? []).flatMap(({ capacityProvider }) => {
    const { managedInstancesProvider } = capacityProviders.get(capacityProvider) ?? {};
    return managedInstancesProvider?.instanceLaunchTemplate?.networkConfiguration?.subnets ?? [];
  });
  if (ofProviders.length > 0) return ofProviders;
  return service.networkConfiguration?.awsvpcConfiguration?.subnets ?? [];
}

/** Begins a stretch when the first instance is being emptied, and ends it after the last one. */
function noteDrain(drains: Stretch[], { account, nowMs }: World): void {
  const isDraining = [...account.containerInstances.values()].some(
    ({ status }) => status === 'DRAINING' || status === 'DEREGISTERING',
  );
  const last = drains.at(-1);
  const isNoted = last !== undefined && last.untilMs === undefined;
  if (isDraining && !isNoted) drains.push({ fromMs: nowMs(), untilMs: undefined });
  if (!isDraining && isNoted) drains[drains.length - 1] = { ...last, untilMs: nowMs() };
}

function noteFleet(fleet: FleetCount[], { account, nowMs }: World): void {
  const staying = [...account.containerInstances.values()].filter(
    ({ status }) => status !== 'DRAINING' && status !== 'DEREGISTERING' && status !== 'INACTIVE',
  );
  const instances = staying.length;
  if (fleet.at(-1)?.instances !== instances) fleet.push({ atMs: nowMs(), instances });
}

/** Where a task runs; on Fargate it has no container instance. */
type Place = { readonly service: string; readonly zone: string; readonly instance?: string };

/** A service's running tasks by zone, and by container instance. */
type RunningTasks = {
  readonly byZone: ReadonlyMap<string, number>;
  readonly byInstance: ReadonlyMap<string, number>;
};
const noTasks: RunningTasks = { byZone: new Map(), byInstance: new Map() };

/** Running tasks of each service, from one event of a task to the next. */
function createTallies() {
  const running = new Map<string, Place>();
  const byService = new Map<string, { byZone: Tally; byInstance: Tally }>();
  const changed = new Set<string>();
  const add = ({ service, zone, instance }: Place, by: number): void => {
    const own = byService.get(service) ?? { byZone: new Map(), byInstance: new Map() };
    byService.set(service, own);
    addTo(own.byZone, zone, by);
    if (instance !== undefined) addTo(own.byInstance, instance, by);
    changed.add(service);
  };
  return {
    hear: ({ detail, 'detail-type': type }: EventEnvelope): void => {
      if (type !== 'ECS Task State Change') return;
      const taskArn = textIn(detail, 'taskArn') ?? '?';
      const before = running.get(taskArn);
      const isRunning = detail.lastStatus === 'RUNNING' && detail.desiredStatus === 'RUNNING';
      if (before !== undefined && !isRunning) {
        running.delete(taskArn);
        add(before, -1);
      } else if (before === undefined && isRunning) {
        const place = placeIn(detail);
        if (place === undefined) return;
        running.set(taskArn, place);
        add(place, 1);
      }
    },
    isChanged: (service: string): boolean => changed.delete(service),
    runningOf: (service: string): RunningTasks => byService.get(service) ?? noTasks,
  };
}

/** Where the task of a service runs; undefined for a standalone one. */
function placeIn(detail: Detail): Place | undefined {
  const group = textIn(detail, 'group') ?? '';
  if (!group.startsWith('service:')) return undefined;
  const instance = textIn(detail, 'containerInstanceArn');
  return {
    service: group.slice('service:'.length),
    zone: textIn(detail, 'availabilityZone') ?? '-',
    ...(instance === undefined ? {} : { instance }),
  };
}

type Tally = Map<string, number>;

function addTo(tally: Tally, name: string, by: number): void {
  const count = (tally.get(name) ?? 0) + by;
  if (count === 0) tally.delete(name);
  else tally.set(name, count);
}

/** Statuses in which a deployment is over. */
const isOver = (status: string): boolean =>
  /^(SUCCESSFUL|STOPPED|ROLLBACK_SUCCESSFUL|ROLLBACK_FAILED)$/.test(status);

/** Statuses in which a deployment may still succeed. */
const isUndecided = (status: string): boolean => /^(PENDING|IN_PROGRESS)$/.test(status);

/** Follows every deployment from its beginning to its end. */
function createFollower({ account, nowMs }: World, note: (entry: TimelineEntry) => void) {
  const known = new Map<string, DeploymentRecord>();
  const open = new Set<string>();
  const update = (deploymentArn: string): void => {
    const run = account.serviceDeployments.get(deploymentArn);
    if (run === undefined || known.get(deploymentArn)?.status === run.status) return;
    const revision = account.serviceRevisions.get(run.targetServiceRevision.arn);
    const service = run.serviceArn.split('/').at(-1) ?? '?';
    known.set(deploymentArn, {
      deploymentArn,
      service,
      taskDefinitionArn: revision?.taskDefinition,
      status: run.status,
      statusReason: run.statusReason,
      startedMs: run.startedAt?.getTime() ?? nowMs(),
      settledMs: isUndecided(run.status)
        ? undefined
        : (known.get(deploymentArn)?.settledMs ?? nowMs()),
      endedMs: isOver(run.status) ? (run.finishedAt ?? run.stoppedAt)?.getTime() : undefined,
    });
    if (isOver(run.status)) open.delete(deploymentArn);
    const what = revision?.taskDefinition.split('/').at(-1) ?? '?';
    note({ atMs: nowMs(), who: 'ECS', text: `${service}: ${what} ${run.status}` });
  };
  return {
    deployments: (): readonly DeploymentRecord[] => [...known.values()],
    look(): void {
      if (account.serviceDeployments.size > known.size) {
        for (const arn of account.serviceDeployments.keys()) if (!known.has(arn)) open.add(arn);
      }
      for (const arn of open) update(arn);
    },
  };
}

type Detail = Readonly<Record<string, unknown>>;

const textIn = (detail: Detail, name: string): string | undefined =>
  typeof detail[name] === 'string' ? detail[name] : undefined;

/** The stop that an event tells; undefined for every other event. */
export function stopIn({ detail, 'detail-type': type }: EventEnvelope): Stop | undefined {
  if (type !== 'ECS Task State Change' || detail.lastStatus !== 'STOPPED') return undefined;
  const group = textIn(detail, 'group');
  const containers: readonly unknown[] = Array.isArray(detail.containers) ? detail.containers : [];
  return {
    taskArn: textIn(detail, 'taskArn') ?? '?',
    service: group?.startsWith('service:') ? group.slice('service:'.length) : undefined,
    startedBy: textIn(detail, 'startedBy'),
    taskDefinitionArn: textIn(detail, 'taskDefinitionArn') ?? '?',
    stopCode: textIn(detail, 'stopCode'),
    stoppedReason: textIn(detail, 'stoppedReason') ?? '',
    containers: containers.map((container) => {
      const fields: Detail = { ...Object(container) };
      return {
        name: textIn(fields, 'name') ?? '?',
        exitCode: typeof fields.exitCode === 'number' ? fields.exitCode : undefined,
        reason: textIn(fields, 'reason'),
      };
    }),
    hasRun: detail.startedAt !== undefined,
    stoppedAtMs: Date.parse(textIn(detail, 'stoppedAt') ?? ''),
  };
}

/** The warning, error or failure of a service that an event tells; undefined for every other event. */
export function signalIn(event: EventEnvelope): Omit<Signal, 'arrivalsMs'> | undefined {
  const { detail, id, resources, 'detail-type': type } = event;
  if (type !== 'ECS Service Action' && type !== 'ECS Deployment State Change') return undefined;
  const eventName = textIn(detail, 'eventName') ?? '?';
  const isTrouble = /^(WARN|WARNING|ERROR)$/.test(textIn(detail, 'eventType') ?? '');
  if (!isTrouble) return undefined;
  return {
    eventId: id,
    eventName,
    service: resources[0]?.split('/').at(-1) ?? '?',
    reason: textIn(detail, 'reason') ?? '',
    atMs: Date.parse(textIn(detail, 'createdAt') ?? textIn(detail, 'updatedAt') ?? event.time),
  };
}
