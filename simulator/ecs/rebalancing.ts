import type { EcsPlacementConstraint, EcsService } from '../account.ts';
import { type Core, cancelTimer, setTimer } from './core.ts';
import { noteServiceEvent, type ServiceActionName, serviceAction } from './events.ts';
import { isHealthy } from './health.ts';
import { isProtectedNow, startTasks, wakeService } from './scheduler.ts';
import { maxTasks, minHealthy } from './service-plan.ts';
import type { Service, Task } from './state.ts';
import { stopTask } from './tasks.ts';
import { configuredZones, countByZone, isBalanced, type ZoneCounts } from './zones.ts';

const minuteMs = 60_000;
const delayMs: Readonly<Record<string, number>> = {
  '2min': 2 * minuteMs,
  '10min': 10 * minuteMs,
  off: 0,
};
const retryMs: Readonly<Record<string, number>> = { '15min': 15 * minuteMs, '1h': 60 * minuteMs };

/**
 * Availability Zone rebalancing: it looks at steady services, starts tasks in the poorest zones, and
 * stops as many in the richest once those are healthy.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
 */
export function installRebalancing(core: Core): void {
  core.on('service-reconciled', (service) => {
    if (service.rebalancing !== undefined) progress(core, service);
    // A scale-in leaves a service steady, and may leave it uneven: being steady is what counts.
    else if (service.isSteady && !service.timers.has('rebalancing')) watch(core, service);
  });
  core.on('service-changed', (service) => {
    cancelTimer(service.timers, 'rebalancing');
    if (service.rebalancing !== undefined) stop(core, service);
  });
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html#service-rebalancing-configurations */
export function isRebalancedByEcs(
  view: EcsService,
  ofDefinition: readonly EcsPlacementConstraint[] = [],
): boolean {
  if (view.availabilityZoneRebalancing !== 'ENABLED') return false;
  const [first] = view.placementStrategy ?? [];
  const spreadsZones =
    first === undefined ||
    (first.type === 'spread' && first.field === 'attribute:ecs.availability-zone');
  const pinsZone = [...(view.placementConstraints ?? []), ...ofDefinition].some(
    ({ expression = '' }) => expression.includes('attribute:ecs.availability-zone'),
  );
  return (
    view.schedulingStrategy !== 'DAEMON' &&
    view.launchType !== 'EXTERNAL' &&
    (view.deploymentConfiguration?.maximumPercent ?? 200) !== 100 &&
    !(view.loadBalancers ?? []).some(({ loadBalancerName }) => loadBalancerName !== undefined) &&
    spreadsZones &&
    !pinsZone
  );
}

function isEligible(core: Core, { view }: Service): boolean {
  if (!core.has('rebalancing-eligibility')) return view.availabilityZoneRebalancing === 'ENABLED';
  const definition = core.state.definitions.get(view.taskDefinition ?? '');
  const counts = core.variant('rebalancing-definition-constraints') === 'as-those-of-the-service';
  return isRebalancedByEcs(view, counts ? definition?.constraints : []);
}

const runningByZone = (core: Core, service: Service): ZoneCounts =>
  countByZone(
    [...service.tasks].filter(({ status }) => status === 'RUNNING'),
    configuredZones(core, service),
  );

function watch(core: Core, service: Service): void {
  if (!core.has('rebalancing') || !isEligible(core, service)) return;
  if (isBalanced(runningByZone(core, service))) return;
  const waitMs = Math.max(
    delayMs[core.variant('rebalancing-delay')] ?? 0,
    service.rebalancingRetryAtMs - core.nowMs(),
  );
  setTimer(core, service.timers, 'rebalancing', waitMs, () => start(core, service));
}

function start(core: Core, service: Service): void {
  const counts = runningByZone(core, service);
  if (!service.isSteady || !isEligible(core, service) || isBalanced(counts)) return;
  const words = `is not AZ balanced with ${inWords(counts)}. AZ Rebalancing in progress.`;
  tell(core, service, 'SERVICE_REBALANCING_STARTED', `(service ${service.name}) ${words}`);
  service.rebalancing = { starting: new Set() };
  startRound(core, service);
}

const inWords = (counts: ZoneCounts): string =>
  [...counts].map(([zone, count]) => `${count} tasks in ${zone}`).join(', ');

function tell(core: Core, service: Service, name: ServiceActionName, message: string): void {
  noteServiceEvent(core, service, message);
  if (core.has('rebalancing-events')) core.emit(serviceAction(core, service, name));
}

/** Zones that tasks have to be started in until the counts are level, one entry a task. */
export function missingByZone(counts: ZoneCounts): readonly string[] {
  const level = new Map(counts);
  const missing: string[] = [];
  while (!isBalanced(level)) {
    const byCount = [...level].sort(([, a], [, b]) => a - b);
    const [poorest] = byCount;
    const richest = byCount.at(-1);
    if (poorest === undefined || richest === undefined) break;
    level.set(poorest[0], poorest[1] + 1);
    level.set(richest[0], richest[1] - 1);
    missing.push(poorest[0]);
  }
  return missing;
}

function startRound(core: Core, service: Service): void {
  const { rebalancing, deployments, view } = service;
  const [primary] = deployments;
  if (rebalancing === undefined || primary === undefined) return;
  const { maximumPercent = 200 } = view.deploymentConfiguration ?? {};
  const room = maxTasks(view.desiredCount, maximumPercent) - service.tasks.size;
  const isSingle = core.variant('rebalancing-batch') === 'one-at-a-time';
  const missing = missingByZone(runningByZone(core, service));
  const batch = missing.slice(0, isSingle ? Math.min(1, room) : Math.max(0, room));
  for (const [zone, { length: count }] of Map.groupBy(batch, (zone) => zone)) {
    // The surplus is allowed before it is there: the scheduler must not take it for a scale-in.
    service.surge += count;
    const started = startTasks(core, primary, count, zone);
    service.surge -= count - started.length;
    for (const task of started) rebalancing.starting.add(task);
    if (started.length > 0) tellStarted(core, service, zone, started);
  }
  if (missing.length === 0) complete(core, service);
  else if (rebalancing.starting.size === 0 && !isMakingRoom(service, batch)) stop(core, service);
}

/** Stops under way will make room; where there are none, nothing will. */
const isMakingRoom = ({ tasks }: Service, batch: readonly string[]): boolean =>
  batch.length === 0 && [...tasks].some(({ isStopping }) => isStopping);

function tellStarted(core: Core, service: Service, zone: string, tasks: readonly Task[]): void {
  const ids = tasks.map(({ id }) => id).join(', ');
  const words = `has started ${tasks.length} tasks in ${zone} to AZ Rebalance: ${ids}.`;
  tell(core, service, 'TASKS_STARTED', `(service ${service.name}) ${words}`);
}

function progress(core: Core, service: Service): void {
  const { rebalancing } = service;
  if (rebalancing === undefined) return;
  const starting = [...rebalancing.starting];
  if (starting.some(({ isStopping, status }) => isStopping || status === 'STOPPED')) {
    stop(core, service);
  } else if (starting.length === 0) startRound(core, service);
  else if (starting.every((task) => isHealthy(task)) || !core.has('rebalancing-starts-first')) {
    if (stopSurplus(core, service, starting)) finishRound(core, service);
  }
}

/**
 * Stops as many tasks in the richest zones as were started; false when protection forbids it, or as
 * long as the minimum of healthy tasks does.
 */
function stopSurplus(core: Core, service: Service, starting: readonly Task[]): boolean {
  const deploymentId = service.deployments[0]?.id;
  for (const task of starting) {
    // A drain or a failure took a task meanwhile: what was started stands in for it.
    if (!hasSurplus(service)) {
      if (isBalanced(runningByZone(core, service))) complete(core, service);
      else stop(core, service);
      return false;
    }
    if (core.has('rebalancing-starts-first') && !canSpareOne(service)) return false;
    const victim = victimIn(core, service, starting);
    if (victim === undefined) {
      const reason = 'the number of protected tasks';
      tell(
        core,
        service,
        'TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION',
        `(service ${service.name}) was unable to AZ Rebalance because ${deploymentId} was unable to scale in due to ${reason}.`,
      );
      stop(core, service);
      return false;
    }
    const { zone } = victim;
    stopTask(core, victim, {
      code: 'ServiceSchedulerInitiated',
      reason: `Availability-zone rebalancing initiated by (deployment ${deploymentId})`,
    });
    service.rebalancing?.starting.delete(task);
    service.surge -= 1;
    const words = `has stopped 1 running tasks in ${zone} due to AZ rebalancing: ${victim.id}.`;
    tell(core, service, 'TASKS_STOPPED', `(service ${service.name}) ${words}`);
  }
  return true;
}

const hasSurplus = ({ tasks, view }: Service): boolean =>
  [...tasks].filter(({ isStopping }) => !isStopping).length > view.desiredCount;

function canSpareOne({ tasks, view }: Service): boolean {
  const { minimumHealthyPercent = 100 } = view.deploymentConfiguration ?? {};
  const healthy = [...tasks].filter((task) => isHealthy(task)).length;
  return healthy > minHealthy(view.desiredCount, minimumHealthyPercent);
}

function victimIn(core: Core, service: Service, starting: readonly Task[]): Task | undefined {
  const counts = runningByZone(core, service);
  const live = [...service.tasks].filter(({ isStopping }) => !isStopping);
  const most = Math.max(...counts.values());
  return live.find(
    (task) =>
      counts.get(task.zone ?? '') === most &&
      !starting.includes(task) &&
      !(isProtectedNow(core, task) && core.has('protection-holds-rebalancing')),
  );
}

function finishRound(core: Core, service: Service): void {
  const counts = countByZone(service.tasks, configuredZones(core, service));
  if (isBalanced(counts)) complete(core, service);
  else startRound(core, service);
}

function complete(core: Core, service: Service): void {
  service.rebalancing = undefined;
  service.surge = 0;
  const counts = countByZone(service.tasks, configuredZones(core, service));
  const words = `is AZ balanced with ${inWords(counts)}.`;
  tell(core, service, 'SERVICE_REBALANCING_COMPLETED', `(service ${service.name}) ${words}`);
  wakeService(core, service);
}

/** Ends early; what has been started too many is scaled in like any surplus. */
function stop(core: Core, service: Service): void {
  service.rebalancing = undefined;
  service.surge = 0;
  const againMs = retryMs[core.variant('rebalancing-retry')];
  service.rebalancingRetryAtMs = core.nowMs() + (againMs ?? 0);
  tell(
    core,
    service,
    'SERVICE_REBALANCING_STOPPED',
    `(service ${service.name}) stopped AZ Rebalancing.`,
  );
  wakeService(core, service);
  watch(core, service);
}
