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
 * Keeps its own list of running tasks from the events of ECS: with each it looks how many there are of
 * the service and where. What else may change, and how deployments go, it looks at once a minute.
 */
export function observeWorld(world: World, note: (entry: TimelineEntry) => void): Observer {
  const book = createBook();
  const drains: Stretch[] = [];
  const fleet: FleetCount[] = [];
  const tallies = createTallies();
  const histories = followHistories(world);
  const follower = createFollower(world, note);
  const lookAt = (service: EcsService): void => {
    if (service.status !== 'ACTIVE') return;
    const before = book.latest(service.serviceName);
    const isChanged = tallies.isChanged(service.serviceName);
    if (!isChanged && before !== undefined && isAsBefore(world.account, before, service)) return;
    book.write(countOf(world, service, tallies.runningOf(service.serviceName)));
  };
  const lookAtChanged = (): void => {
    for (const service of world.account.services.values()) {
      if (tallies.hasChanged(service.serviceName)) lookAt(service);
    }
  };
  world.onEvent((event) => {
    // What changes with it, and whatever else happens in this moment, comes first.
    if (tallies.hear(event)) world.after(0, lookAtChanged);
  });
  const look = (): void => {
    for (const service of world.account.services.values()) lookAt(service);
    follower.look();
    noteDrain(drains, world);
    noteFleet(fleet, world);
    world.after(minuteMs, look);
  };
  world.after(minuteMs, look);
  const instances = () => histories(world.nowMs());
  return { counts: book.counts, fleet, deployments: follower.deployments, drains, instances };
}

/** Counts of all services in the order of their time, the latest of a moment only. */
function createBook() {
  const counts: ServiceCount[] = [];
  const places = new Map<string, number>();
  const latest = (service: string): ServiceCount | undefined => counts[places.get(service) ?? -1];
  return {
    counts,
    latest,
    write(count: ServiceCount): void {
      const before = latest(count.service);
      const place = places.get(count.service);
      if (place !== undefined && before?.atMs === count.atMs) counts[place] = count;
      else if (before === undefined || !isSame(before, count)) {
        places.set(count.service, counts.push(count) - 1);
      }
    },
  };
}

const isAsBefore = (account: Account, before: ServiceCount, service: EcsService): boolean =>
  before.desired === service.desiredCount &&
  before.floor === floorOf(service) &&
  before.isPending === service.pendingCount > 0 &&
  before.isRebalanced === evensOut(account, service);

const isSame = (a: ServiceCount, b: ServiceCount): boolean =>
  JSON.stringify({ ...a, atMs: 0 }) === JSON.stringify({ ...b, atMs: 0 });

/** ECS rebalances it, and its maximum, rounded down, lets one task start before another stops. */
const evensOut = ({ taskDefinitions }: Account, service: EcsService): boolean =>
  isRebalancedByEcs(
    service,
    taskDefinitions.get(service.taskDefinition ?? '')?.placementConstraints,
  ) &&
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
  const zones = new Map(zonesOf(account, service).map((zone) => [zone, 0]));
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
    isRebalanced: evensOut(account, service),
  };
}

/** Zones that its tasks can start in: of its own subnets, less those that no provider of Managed Instances has. */
function zonesOf(account: Account, service: EcsService): readonly string[] {
  const zonesOfAll = (subnets: readonly string[]): readonly string[] =>
    subnets.flatMap((id) => account.subnets.get(id)?.AvailabilityZone ?? []);
  const launched = (service.capacityProviderStrategy ?? []).flatMap(({ capacityProvider }) => {
    const { managedInstancesProvider } = account.capacityProviders.get(capacityProvider) ?? {};
    return managedInstancesProvider?.instanceLaunchTemplate?.networkConfiguration?.subnets ?? [];
  });
  const own = zonesOfAll(service.networkConfiguration?.awsvpcConfiguration?.subnets ?? []);
  if (launched.length === 0) return own;
  return zonesOfAll(launched).filter((zone) => own.length === 0 || own.includes(zone));
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
    /** Whether an event changes how many run of a service. */
    hear: ({ detail, 'detail-type': type }: EventEnvelope): boolean => {
      if (type !== 'ECS Task State Change') return false;
      const taskArn = textIn(detail, 'taskArn') ?? '?';
      const before = running.get(taskArn);
      const isRunning = detail.lastStatus === 'RUNNING' && detail.desiredStatus === 'RUNNING';
      if (before !== undefined && !isRunning) {
        running.delete(taskArn);
        add(before, -1);
        return true;
      }
      const place = before === undefined && isRunning ? placeIn(detail) : undefined;
      if (place === undefined) return false;
      running.set(taskArn, place);
      add(place, 1);
      return true;
    },
    hasChanged: (service: string): boolean => changed.has(service),
    /** And takes note that it was looked at. */
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
