import { type Core, setTimer } from './core.ts';
import { completeDeployment } from './deployments.ts';
import { noteServiceEvent, serviceAction } from './events.ts';
import { failedCheck, graceEndsMs, isHealthy } from './health.ts';
import { launchTask, type PlacementFailure } from './launch.ts';
import {
  maxTasks,
  minHealthy,
  type PlanTask,
  percentsOf,
  planService,
  type StopWhy,
} from './service-plan.ts';
import type { Deployment, Instance, Provider, Service, Task } from './state.ts';
import { chooseStop } from './stop-choice.ts';
import { nextProvider } from './strategy.ts';
import { type StopCause, stopTask } from './tasks.ts';
import { canStart, placementFailed, placementSucceeded, taskFailed, taskRuns } from './throttle.ts';

const delayMs: Readonly<Record<string, number>> = { '1s': 1_000, '5s': 5_000, off: 0 };

/** The service scheduler: looks at a service soon after something about it has changed. */
export function installScheduler(core: Core): void {
  core.on('task-changed', ({ service }) => {
    if (service !== undefined) wakeService(core, service);
  });
  core.on('task-failed', ({ deployment, hasRun }) => {
    // Only what never reached RUNNING counts as a failed start.
    const isFailure = !hasRun || !core.has('running-ends-throttle');
    if (deployment !== undefined && isFailure) taskFailed(core, deployment);
  });
  core.on('task-stopped', ({ service }) => {
    if (service !== undefined) wakeService(core, service);
  });
  // A stop makes room, which another service may be waiting for.
  core.on('task-stopped', ({ instance }) => {
    if (instance !== undefined) wakeBlocked(core);
  });
  core.on('task-running', ({ deployment }) => {
    if (deployment !== undefined && core.has('running-ends-throttle')) taskRuns(deployment);
  });
  core.on('service-changed', (service) => wakeService(core, service));
  core.on('instance-changed', (instance) => wakeServicesOn(core, instance));
  core.on('capacity-changed', () => wakeBlocked(core));
}

/** Whom an instance concerns: services with tasks on it, and daemons when it comes or goes. */
function wakeServicesOn(core: Core, { tasks, cluster, view }: Instance): void {
  if (view.status === 'ACTIVE' && view.agentConnected) {
    for (const service of cluster.services.values()) {
      if (service.view.schedulingStrategy === 'DAEMON') wakeService(core, service);
    }
    return;
  }
  for (const { service } of tasks) if (service !== undefined) wakeService(core, service);
}

/** Services that found no room try again when there may be some. */
function wakeBlocked(core: Core): void {
  for (const service of core.state.services.values()) {
    if (service.placement.failures === 0) continue;
    service.placement.retryAtMs = core.nowMs();
    wakeService(core, service);
  }
}

/** Has the scheduler look at a service; several reasons at once make one look. */
export function wakeService(core: Core, service: Service): void {
  if (service.wake !== undefined || service.isDeleted) return;
  service.wake = core.after(delayMs[core.variant('scheduler-delay')] ?? 0, () => {
    service.wake = undefined;
    reconcile(core, service);
  });
}

function reconcile(core: Core, service: Service): void {
  watchGrace(core, service);
  if (service.view.schedulingStrategy === 'DAEMON') countDaemon(core, service);
  const groups = groupsOf(service);
  for (const group of groups) reconcileGroup(core, service, group);
  checkSteady(core, service);
  core.signal('service-reconciled', service);
}

/** Tasks that share one desired count: of all deployments in a rolling update, of a colour otherwise. */
type Group = {
  readonly primary: Deployment;
  readonly old: readonly Deployment[];
  readonly desired: number;
};

function groupsOf({ deployments, staged, view }: Service): readonly Group[] {
  const { desiredCount } = view;
  const isAlone = (one: Deployment): boolean => one === staged?.green || !one.isScaledUp;
  const alone = deployments.filter(isAlone).map((one) => ({
    primary: one,
    old: [],
    desired: one.isScaledUp ? desiredCount : 0,
  }));
  const shared = deployments.filter((one) => !isAlone(one));
  // Of several in blue's target group, blue takes the place of the others.
  const primary = shared.find((one) => one === staged?.blue) ?? shared[0];
  if (primary === undefined) return alone;
  const old = shared.filter((one) => one !== primary);
  return [...alone, { primary, old, desired: desiredCount }];
}

function reconcileGroup(core: Core, service: Service, group: Group): void {
  const { primary, old, desired } = group;
  const { minimumHealthyPercent, maximumPercent } = {
    ...percentsOf(service.view.schedulingStrategy),
    ...service.view.deploymentConfiguration,
  };
  const tasks = [primary, ...old].flatMap((deployment) => [...deployment.tasks]);
  const restorable = old.find(({ wasCompleted }) => wasCompleted);
  const plan = planService(
    tasks.map((task) => weigh(core, primary, task)),
    {
      desired,
      surge: service.surge,
      min: minHealthy(desired, minimumHealthyPercent, core.has('minimum-rounds-up')),
      max: maxTasks(desired, maximumPercent, core.has('maximum-rounds-down')),
      isStalled: primary.rollout === 'FAILED',
      canRestoreOld: restorable !== undefined && core.has('same-revision-replacement'),
      replacesUnhealthyFirst: core.has('unhealthy-replaced-first'),
      stopsPendingOnDraining: core.has('draining-stops-pending'),
      pick: (candidates, leaving) => chooseStop(core, service, candidates, leaving),
    },
  );
  stopAll(core, service, plan.stop);
  if (restorable !== undefined) startTasks(core, restorable, plan.startOld);
  startTasks(core, primary, plan.startPrimary);
  if (plan.isBlocked) tellBlocked(core, service);
}

function weigh(core: Core, primary: Deployment, task: Task): PlanTask<Task> {
  const isDraining = task.instance?.view.status === 'DRAINING';
  const isProtected = isProtectedNow(core, task);
  return {
    item: task,
    isPrimary: task.deployment === primary,
    phase: phaseOf(task),
    isHealthy: isHealthy(task),
    isFailing: failedCheck(core, task) !== undefined,
    isDraining: isDraining === true,
    isProtected: isProtected && core.has('protection-holds-scale-in'),
    isHeld: isProtected && holdsDrain(core, task.instance),
  };
}

const phaseOf = ({ isStopping, status }: Task): PlanTask<Task>['phase'] => {
  if (isStopping) return 'stopping';
  return status === 'RUNNING' ? 'running' : 'starting';
};

export const isProtectedNow = (core: Core, { protectedUntilMs }: Task): boolean =>
  protectedUntilMs !== undefined && core.nowMs() < protectedUntilMs;

/** Optimisation respects protection; whether patching and users' drains do is not said. */
function holdsDrain(core: Core, instance: Instance | undefined): boolean {
  if (instance?.drain?.cause === 'under-used') return core.has('protection-holds-optimisation');
  return core.variant('protection-holds-drain') === 'held';
}

/** Checks that fail within the grace period count once it is over. */
function watchGrace(core: Core, service: Service): void {
  for (const task of service.tasks) {
    const endsInMs = graceEndsMs(task) - core.nowMs();
    const isFailing = task.containerHealth === 'UNHEALTHY' || task.targetHealth === 'unhealthy';
    if (!isFailing || endsInMs <= 0 || task.timers.has('grace')) continue;
    setTimer(core, task.timers, 'grace', endsInMs, () => wakeService(core, service));
  }
}

function stopAll(
  core: Core,
  service: Service,
  stops: readonly { readonly item: Task; readonly why: StopWhy }[],
): void {
  for (const { item: task, why } of stops) {
    const check = failedCheck(core, task);
    if (why === 'unhealthy' && check === 'load-balancer') tellUnhealthy(core, service, task);
    stopTask(core, task, causeOf(core, service, task, why));
    if (why === 'unhealthy' && check !== undefined && task.deployment !== undefined) {
      core.signal('deployment-task-failed', { deployment: task.deployment, of: 'health' });
    }
  }
  if (stops.length === 0) return;
  const names = stops.map(({ item }) => `(task ${item.id})`).join(' ');
  const count = stops.length;
  noteServiceEvent(
    core,
    service,
    `(service ${service.name}) has stopped ${count} running tasks: ${names}.`,
  );
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
function tellUnhealthy(core: Core, service: Service, { id, targets }: Task): void {
  for (const { group, entry } of targets) {
    const where = `(target-group ${group.TargetGroupArn})`;
    const words = `(task ${id}) (port ${entry.Target.Port}) is unhealthy in ${where} due to (reason Health checks failed).`;
    noteServiceEvent(core, service, `(service ${service.name}) ${words}`);
  }
}

/** Texts of `stoppedReason`; none of them is a contract. */
function causeOf(core: Core, service: Service, task: Task, why: StopWhy): StopCause {
  const code = 'ServiceSchedulerInitiated';
  switch (why) {
    case 'unhealthy':
      return { code, reason: unhealthyReason(core, task) };
    case 'draining':
      return { code: drainCode(core, task), reason: drainReason(core, service, task) };
    case 'superseded': {
      const named =
        core.variant('superseded-stop-names') === 'own-deployment'
          ? task.deployment
          : service.deployments[0];
      return { code, reason: `Scaling activity initiated by (deployment ${named?.id})` };
    }
    default:
      return { code, reason: `Scaling activity initiated by (deployment ${task.deployment?.id})` };
  }
}

function unhealthyReason(core: Core, task: Task): string {
  if (failedCheck(core, task) === 'container') return 'Task failed container health checks';
  const [registration] = task.targets;
  const arn = registration?.group.TargetGroupArn;
  return `Task failed ELB health checks in (target-group ${arn})`;
}

const drainCode = (core: Core, { instance }: Task): string =>
  instance?.drain?.cause === 'repair' && core.variant('repair-stop-code') === 'InfrastructureHealth'
    ? 'InfrastructureHealth'
    : 'ServiceSchedulerInitiated';

function drainReason(core: Core, service: Service, task: Task): string {
  switch (core.variant('drain-stop-reason')) {
    case 'scaling-activity':
      return `Scaling activity initiated by (deployment ${task.deployment?.id})`;
    case 'service-draining':
      return `Service ${service.name}: container instance is in DRAINING state`;
    default:
      return 'Task stopped during instance draining';
  }
}

/** Starts tasks of a deployment, as many as there are places for and as throttling lets it. */
export function startTasks(
  core: Core,
  deployment: Deployment,
  count: number,
  boundZone?: string,
): readonly Task[] {
  const { service } = deployment;
  const started: Task[] = [];
  if (count <= 0 || !canStart(core, deployment, () => wakeService(core, service))) return started;
  while (started.length < count) {
    const answer = launchTask(core, specOf(core, deployment, boundZone));
    if ('failure' in answer) {
      tellPlacementFailure(core, service, answer.failure, boundZone);
      break;
    }
    started.push(answer.task);
  }
  if (started.length === count) placementSucceeded(service);
  if (started.length === 0) return started;
  service.isSteady = false;
  const names = started.map(({ id }) => `(task ${id})`).join(' ');
  const what = `has started ${started.length} tasks: ${names}.`;
  if (boundZone === undefined) noteServiceEvent(core, service, `(service ${service.name}) ${what}`);
  return started;
}

function specOf(core: Core, deployment: Deployment, boundZone: string | undefined) {
  const { service, definition, id } = deployment;
  const { view, cluster, name } = service;
  const { capacityProviderStrategy = [] } = view;
  const strategy = core.has('provider-strategy')
    ? capacityProviderStrategy
    : capacityProviderStrategy.slice(0, 1);
  const providerName = nextProvider(strategy, (provider) => {
    const own = [...service.tasks].filter(({ isStopping }) => !isStopping);
    return own.filter((task) => task.provider?.name === provider).length;
  });
  const provider = providerName === undefined ? undefined : core.state.providers.get(providerName);
  return {
    cluster,
    definition,
    launchType: provider === undefined ? (view.launchType ?? 'EC2') : launchTypeOf(provider.kind),
    provider,
    service,
    deployment,
    group: `service:${name}`,
    startedBy: id,
    constraints:
      view.schedulingStrategy === 'DAEMON'
        ? [...(view.placementConstraints ?? []), { type: 'distinctInstance' as const }]
        : (view.placementConstraints ?? []),
    strategy: view.placementStrategy ?? [],
    subnets: view.networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
    ...(boundZone === undefined ? {} : { boundZone }),
  };
}

export const launchTypeOf = (
  kind: 'EC2_AUTOSCALING' | 'FARGATE' | 'FARGATE_SPOT' | 'MANAGED_INSTANCES',
): 'EC2' | 'FARGATE' | 'MANAGED_INSTANCES' => {
  if (kind === 'MANAGED_INSTANCES') return 'MANAGED_INSTANCES';
  return kind === 'EC2_AUTOSCALING' ? 'EC2' : 'FARGATE';
};

/** `SERVICE_TASK_PLACEMENT_FAILURE`, and a try again later. */
function tellPlacementFailure(
  core: Core,
  service: Service,
  { reason, message, closest, provider }: PlacementFailure,
  boundZone: string | undefined,
): void {
  const words = boundZone === undefined ? message : zoneMessage(boundZone, provider);
  noteServiceEvent(core, service, `(service ${service.name}) ${words}`);
  if (core.has('placement-failure-event')) {
    core.emit(
      serviceAction(core, service, 'SERVICE_TASK_PLACEMENT_FAILURE', {
        ...(provider === undefined
          ? {}
          : { capacityProviderArns: [provider.view.capacityProviderArn] }),
        ...(closest === undefined ? {} : { containerInstanceArns: [closest.arn] }),
        reason,
      }),
    );
  }
  if (boundZone === undefined) placementFailed(core, service, () => wakeService(core, service));
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing-event-messages-list.html */
const zoneMessage = (zone: string, provider: Provider | undefined): string =>
  provider?.kind.startsWith('FARGATE') === true
    ? `is unable to place a task in ${zone}.`
    : `is unable to place a task in ${zone} because no container instance met all of its requirements.`;

function tellBlocked(core: Core, service: Service): void {
  if (service.timers.has('blocked') || !core.has('blocked-message')) return;
  const advice = 'Update the minimumHealthyPercent or maximumPercent value and try again.';
  noteServiceEvent(
    core,
    service,
    `(service ${service.name}) was unable to stop or start tasks during a deployment because of the service deployment configuration. ${advice}`,
  );
  setTimer(core, service.timers, 'blocked', 3_600_000, () => wakeService(core, service));
}

/** A daemon wants one task on each instance that can take one. */
function countDaemon(core: Core, service: Service): void {
  let count = 0;
  for (const { view, kind } of service.cluster.instances) {
    if (view.status === 'ACTIVE' && kind === (service.view.launchType ?? 'EC2')) count += 1;
  }
  if (service.view.desiredCount === count) return;
  service.view.desiredCount = count;
  core.touch(service);
}

const repeatMs: Readonly<Record<string, number>> = {
  'six-hours': 6 * 3_600_000,
  'twelve-hours': 12 * 3_600_000,
};

/** Steady: as many healthy tasks of the newest deployment as desired, and no others. */
function checkSteady(core: Core, service: Service): void {
  const [primary] = service.deployments;
  const isBusy = [service.staged, service.rollingHooks, service.rebalancing].some(
    (one) => one !== undefined,
  );
  if (primary === undefined || service.isDeleted || isBusy) {
    service.isSteady = false;
    return;
  }
  const live = [...service.tasks].filter(({ isStopping }) => !isStopping);
  const good = live.filter((task) => task.deployment === primary && isHealthy(task));
  const isSteady =
    primary.rollout !== 'FAILED' &&
    good.length === live.length &&
    live.length === service.view.desiredCount &&
    live.every(({ instance }) => instance?.view.status !== 'DRAINING');
  if (!isSteady) {
    service.isSteady = false;
    return;
  }
  if (primary.rollout === 'IN_PROGRESS') completeDeployment(core, primary);
  if (service.isSteady) return;
  service.isSteady = true;
  tellSteady(core, service);
}

function tellSteady(core: Core, service: Service): void {
  noteServiceEvent(core, service, `(service ${service.name}) has reached a steady state.`);
  if (core.has('steady-state-event')) {
    core.emit(serviceAction(core, service, 'SERVICE_STEADY_STATE'));
  }
  const againMs = repeatMs[core.variant('steady-state-repeats')];
  if (againMs === undefined) return;
  setTimer(core, service.timers, 'steady', againMs, () => {
    if (service.isSteady) tellSteady(core, service);
  });
}
