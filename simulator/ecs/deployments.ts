import type { ServiceDeployment, ServiceRevisionSummary } from '../account.ts';
import type { Core } from './core.ts';
import { deploymentStateChange, noteServiceEvent } from './events.ts';
import { endRollingHooks } from './hooks.ts';
import type { Deployment, Service, TaskDefinition } from './state.ts';

/** Adds a deployment of a definition as the newest of its service, with its revision. */
export function addDeployment(
  core: Core,
  service: Service,
  definition: TaskDefinition,
  { isScaledUp, targetGroup }: Pick<Deployment, 'isScaledUp' | 'targetGroup'>,
): Deployment {
  const { region, accountId } = core.account;
  const path = `${service.cluster.name}/${service.name}`;
  const revisionId = core.ids.digits19();
  const revisionArn = `arn:aws:ecs:${region}:${accountId}:service-revision/${path}/${revisionId}`;
  const isSame = core.has('deployment-id-is-revision');
  const id = `ecs-svc/${isSame ? revisionId : core.ids.digits19()}`;
  addRevision(core, service, definition, revisionArn, targetGroup);
  const run = addRun(core, service, revisionArn);
  const deployment: Deployment = {
    id,
    revisionArn,
    definition,
    createdAtMs: core.nowMs(),
    service,
    run,
    updatedAtMs: core.nowMs(),
    role: 'PRIMARY',
    rollout: 'IN_PROGRESS',
    rolloutReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    hasRun: false,
    wasCompleted: false,
    throttle: throttleOf(core, service),
    isScaledUp,
    targetGroup,
    tasks: new Set(),
  };
  endRollingHooks(core, service);
  for (const older of service.deployments) {
    older.role = 'ACTIVE';
    if (older.rollout === 'IN_PROGRESS') endRun(core, older.run, 'STOPPED');
  }
  service.deployments = [deployment, ...service.deployments];
  Object.assign(service.placement, { failures: 0, retryAtMs: 0 });
  tellDeployment(core, deployment, 'SERVICE_DEPLOYMENT_IN_PROGRESS', deployment.rolloutReason);
  core.touch(service);
  core.signal('service-changed', service);
  return deployment;
}

/** A new deployment returns a throttled service to normal at once. */
function throttleOf(core: Core, { deployments: [before] }: Service): Deployment['throttle'] {
  if (before === undefined || core.has('deployment-ends-throttle')) {
    return { failures: 0, nextStartAtMs: 0, isTold: false };
  }
  return { ...before.throttle };
}

export function tellDeployment(
  core: Core,
  deployment: Deployment,
  name: Parameters<typeof deploymentStateChange>[2],
  reason: string,
  deploymentId = deployment.id,
): void {
  if (!core.has('deployment-events')) return;
  core.emit(deploymentStateChange(core, deployment, name, deploymentId, reason));
}

function addRevision(
  core: Core,
  service: Service,
  definition: TaskDefinition,
  serviceRevisionArn: string,
  targetGroup: 0 | 1,
): void {
  const { loadBalancers } = service.view;
  const resolved = (loadBalancers ?? []).flatMap((balancer) => {
    const { targetGroupArn, advancedConfiguration: advanced } = balancer;
    const arn = targetGroup === 0 ? targetGroupArn : advanced?.alternateTargetGroupArn;
    const rule = advanced?.productionListenerRule;
    return arn === undefined
      ? []
      : [{ targetGroupArn: arn, ...(rule === undefined ? {} : { productionListenerRule: rule }) }];
  });
  core.account.serviceRevisions.set(serviceRevisionArn, {
    serviceRevisionArn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    taskDefinition: definition.arn,
    createdAt: new Date(core.nowMs()),
    containerImages: definition.containers.map(({ name, image }) => ({
      containerName: name,
      image,
    })),
    ...(loadBalancers === undefined ? {} : { loadBalancers: structuredClone(loadBalancers) }),
    ...(resolved.length === 0 ? {} : { resolvedConfiguration: { loadBalancers: resolved } }),
  });
}

function addRun(core: Core, service: Service, revisionArn: string): ServiceDeployment {
  const { region, accountId } = core.account;
  const path = `${service.cluster.name}/${service.name}`;
  const now = new Date(core.nowMs());
  const hooks = service.view.deploymentConfiguration?.lifecycleHooks;
  const run: ServiceDeployment = {
    serviceDeploymentArn: `arn:aws:ecs:${region}:${accountId}:service-deployment/${path}/${core.ids.word21()}`,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    status: 'IN_PROGRESS',
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    sourceServiceRevisions: service.deployments
      .filter(({ tasks, wasCompleted }) => tasks.size > 0 || wasCompleted)
      .map((deployment) => ({ arn: deployment.revisionArn })),
    targetServiceRevision: { arn: revisionArn },
    ...(hooks === undefined
      ? {}
      : { deploymentConfiguration: { lifecycleHooks: structuredClone(hooks) } }),
  };
  core.account.serviceDeployments.set(run.serviceDeploymentArn, run);
  service.view.currentServiceDeployment = run.serviceDeploymentArn;
  return run;
}

const terminal: ReadonlySet<ServiceDeployment['status']> = new Set([
  'SUCCESSFUL',
  'STOPPED',
  'ROLLBACK_SUCCESSFUL',
  'ROLLBACK_FAILED',
]);

export const isOver = ({ status }: ServiceDeployment): boolean => terminal.has(status);

/** Ends a service deployment; one that has ended stays as it is. */
export function endRun(
  core: Core,
  run: ServiceDeployment,
  status: ServiceDeployment['status'],
  statusReason?: string,
): void {
  if (isOver(run)) return;
  const now = new Date(core.nowMs());
  run.status = status;
  run.updatedAt = now;
  run.finishedAt = now;
  if (status === 'STOPPED') run.stoppedAt = now;
  if (statusReason !== undefined) run.statusReason = statusReason;
}

/** The newest deployment has come to a steady state: the older ones are over. */
export function completeDeployment(core: Core, deployment: Deployment): void {
  const { service, id, run } = deployment;
  deployment.rollout = 'COMPLETED';
  deployment.rolloutReason = `ECS deployment ${id} completed.`;
  deployment.wasCompleted = true;
  deployment.updatedAtMs = core.nowMs();
  for (const older of service.deployments) if (older !== deployment) older.role = 'INACTIVE';
  service.deployments = [deployment];
  endRun(core, run, run.rollback === undefined ? 'SUCCESSFUL' : 'ROLLBACK_SUCCESSFUL');
  noteServiceEvent(
    core,
    service,
    `(service ${service.name}) (deployment ${id}) deployment completed.`,
  );
  tellDeployment(core, deployment, 'SERVICE_DEPLOYMENT_COMPLETED', deployment.rolloutReason);
  core.touch(service);
  core.signal('deployment-ended', deployment);
}

/** How a rollback ends that has nothing to go back to: no deployment of its service was completed. */
export const firstRollbackStatus = (core: Core): ServiceDeployment['status'] =>
  firstRollbackStatuses[core.variant('first-rollback-status')] ?? 'ROLLBACK_FAILED';

const firstRollbackStatuses: Readonly<Record<string, ServiceDeployment['status']>> = {
  'rollback-failed': 'ROLLBACK_FAILED',
  'rollback-successful': 'ROLLBACK_SUCCESSFUL',
  stopped: 'STOPPED',
};

/** What found that a rolling deployment has failed, in the words of its events. */
export type RolloutFailure = {
  readonly cause: 'circuit-breaker' | 'alarm' | 'hook' | 'user';
  readonly reason: string;
  readonly rollingBack: (deploymentId: string) => string;
  readonly isRolledBack: boolean;
};

/**
 * A rolling deployment has failed. It gets no more tasks; where a rollback is asked for, the last
 * deployment that was completed takes over again.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
export function failDeployment(core: Core, deployment: Deployment, failure: RolloutFailure): void {
  const { service, id, run } = deployment;
  endRollingHooks(core, service);
  deployment.rollout = 'FAILED';
  deployment.rolloutReason = failure.reason;
  deployment.updatedAtMs = core.nowMs();
  const why = failure.cause === 'circuit-breaker' ? 'tasks failed to start.' : failure.reason;
  const where = `(service ${service.name}) (deployment ${id})`;
  noteServiceEvent(core, service, `${where} deployment failed: ${why}`);
  if (isFailureTold(core, service, failure)) {
    tellDeployment(core, deployment, 'SERVICE_DEPLOYMENT_FAILED', failure.reason);
  }
  const restored = failure.isRolledBack
    ? service.deployments.find(({ wasCompleted }) => wasCompleted)
    : undefined;
  if (restored === undefined) {
    const status = failure.isRolledBack ? firstRollbackStatus(core) : 'STOPPED';
    endRun(core, run, status, failure.reason);
  } else restore(core, restored, deployment, failure);
  core.touch(service);
  core.signal('service-changed', service);
  core.signal('deployment-ended', deployment);
}

/** By its page the event is for services with a circuit breaker; whether for any failure of theirs is not said. */
function isFailureTold(core: Core, { view }: Service, { cause }: RolloutFailure): boolean {
  if (cause === 'circuit-breaker') return true;
  const isWatched = view.deploymentConfiguration?.deploymentCircuitBreaker?.enable === true;
  return core.variant('rolling-failure-event') === 'always' || isWatched;
}

function restore(
  core: Core,
  restored: Deployment,
  failed: Deployment,
  { reason, rollingBack }: RolloutFailure,
): void {
  const { service } = restored;
  const { run } = failed;
  const now = new Date(core.nowMs());
  run.status = 'ROLLBACK_IN_PROGRESS';
  run.statusReason = reason;
  run.updatedAt = now;
  run.rollback = { reason, startedAt: now, serviceRevisionArn: restored.revisionArn };
  restored.run = run;
  restored.role = 'PRIMARY';
  restored.isScaledUp = true;
  // It was in stages once, and stands where its successor has its traffic.
  restored.targetGroup = failed.targetGroup;
  restored.rollout = 'IN_PROGRESS';
  restored.rolloutReason = rollingBack(restored.id);
  // It is not eligible for another rollback until it is completed again.
  restored.wasCompleted = false;
  restored.updatedAtMs = core.nowMs();
  failed.role = 'ACTIVE';
  service.deployments = [restored, ...service.deployments.filter((other) => other !== restored)];
  const named = core.variant('rollback-event-names') === 'restored' ? restored.id : failed.id;
  tellDeployment(core, restored, 'SERVICE_DEPLOYMENT_IN_PROGRESS', restored.rolloutReason, named);
}

/** Writes a service's counts and deployments into the account. */
export function projectService(core: Core, service: Service): void {
  const { view, deployments } = service;
  let [running, pending] = [0, 0];
  view.deployments = deployments.map((deployment) => {
    const counts = countsOf(deployment);
    running += counts.runningTaskCount;
    pending += counts.pendingTaskCount;
    return deploymentView(deployment, counts);
  });
  view.runningCount = running;
  view.pendingCount = pending;
  const [primary] = deployments;
  if (primary !== undefined) view.taskDefinition = primary.definition.arn;
  view.currentServiceRevisions = deployments.map((deployment) => ({
    arn: deployment.revisionArn,
    ...countsOf(deployment),
  }));
  for (const deployment of deployments) projectRun(core, service, deployment.run);
}

type Counts = {
  readonly requestedTaskCount: number;
  readonly runningTaskCount: number;
  readonly pendingTaskCount: number;
};

/** Requested is what a deployment is meant to have; an older rolling one only has what it has. */
function countsOf(deployment: Deployment): Counts {
  let [running, pending] = [0, 0];
  for (const { status, isStopping } of deployment.tasks) {
    if (isStopping) continue;
    if (status === 'RUNNING') running += 1;
    else pending += 1;
  }
  const isMeant = deployment.role === 'PRIMARY' || deployment.service.staged !== undefined;
  const desired = deployment.isScaledUp ? deployment.service.view.desiredCount : 0;
  return {
    requestedTaskCount: isMeant ? desired : running + pending,
    runningTaskCount: running,
    pendingTaskCount: pending,
  };
}

const deploymentView = (deployment: Deployment, counts: Counts) => ({
  id: deployment.id,
  status: deployment.role,
  rolloutState: deployment.rollout,
  rolloutStateReason: deployment.rolloutReason,
  taskDefinition: deployment.definition.arn,
  desiredCount: counts.requestedTaskCount,
  runningCount: counts.runningTaskCount,
  pendingCount: counts.pendingTaskCount,
  failedTasks: deployment.failedTasks,
  createdAt: new Date(deployment.createdAtMs),
  updatedAt: new Date(deployment.updatedAtMs),
});

function projectRun(core: Core, { deployments }: Service, run: ServiceDeployment): void {
  if (isOver(run)) return;
  const update = (summary: ServiceRevisionSummary): void => {
    const deployment = deployments.find(({ revisionArn }) => revisionArn === summary.arn);
    if (deployment !== undefined) Object.assign(summary, countsOf(deployment));
  };
  update(run.targetServiceRevision);
  for (const source of run.sourceServiceRevisions) update(source);
  run.updatedAt = new Date(core.nowMs());
}
