import type { Core, Signals } from './core.ts';
import { failDeployment, isOver } from './deployments.ts';
import { isHealthy } from './health.ts';
import type { Deployment } from './state.ts';

const thresholdMin = 3;
const thresholdMax = 200;

/** Failures that a deployment may have: half the desired count, rounded up, within 3 and 200. */
export const failureThreshold = (desired: number): number =>
  Math.min(thresholdMax, Math.max(thresholdMin, Math.ceil(0.5 * desired)));

/**
 * The deployment circuit breaker, and its sibling that watches alarms.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
export function installCircuitBreaker(core: Core): void {
  core.on('task-running', ({ deployment }) => {
    if (deployment !== undefined) deployment.hasRun = true;
  });
  core.on('task-changed', (task) => {
    const { deployment } = task;
    if (deployment === undefined || deployment.failedTasks === 0 || !isHealthy(task)) return;
    const breaker = breakerOf(deployment);
    if (breaker?.resetOnHealthyTask === false || !core.has('circuit-breaker-reset')) return;
    deployment.failedTasks = 0;
    writeMonitor(deployment);
  });
  core.on('deployment-task-failed', (failure) => countFailure(core, failure));
  core.on('alarm-changed', (alarmName) => {
    for (const service of core.state.services.values()) {
      const [primary] = service.deployments;
      if (primary !== undefined) watchAlarm(core, primary, alarmName);
    }
  });
}

const breakerOf = ({ service }: Deployment) =>
  service.view.deploymentConfiguration?.deploymentCircuitBreaker;

function countFailure(core: Core, { deployment, of }: Signals['deployment-task-failed']): void {
  const { service } = deployment;
  // Once a task runs, tasks that do not start no longer count; failed health checks do.
  const isSkipped = deployment.hasRun && of === 'start';
  if (isSkipped && core.has('circuit-breaker-stages')) return;
  deployment.failedTasks += 1;
  core.touch(service);
  writeMonitor(deployment);
  const breaker = breakerOf(deployment);
  const isTripped =
    breaker?.enable === true &&
    deployment.rollout === 'IN_PROGRESS' &&
    deployment.failedTasks >= failureThreshold(service.view.desiredCount) &&
    core.has('circuit-breaker');
  // A deployment with stages rolls back through them.
  if (!isTripped || service.staged !== undefined) return;
  failDeployment(core, deployment, {
    cause: 'circuit-breaker',
    reason: 'ECS deployment circuit breaker: task failed to start.',
    rollingBack: (id) => `ECS deployment circuit breaker: rolling back to deploymentId ${id}.`,
    isRolledBack: breaker.rollback && core.has('circuit-breaker-rollback'),
  });
}

function writeMonitor(deployment: Deployment): void {
  const { service, run, failedTasks } = deployment;
  if (breakerOf(deployment)?.enable !== true || isOver(run)) return;
  const threshold = failureThreshold(service.view.desiredCount);
  run.deploymentCircuitBreaker = {
    status: failedTasks >= threshold ? 'TRIGGERED' : 'MONITORING',
    failureCount: failedTasks,
    threshold,
  };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html */
function watchAlarm(core: Core, deployment: Deployment, alarmName: string): void {
  const alarms = deployment.service.view.deploymentConfiguration?.alarms;
  const isWatched = alarms?.enable === true && alarms.alarmNames.includes(alarmName);
  const isRaised = core.account.alarms.get(alarmName)?.StateValue === 'ALARM';
  if (!isWatched || !isRaised || deployment.rollout !== 'IN_PROGRESS') return;
  if (!core.has('deployment-alarms') || deployment.service.staged !== undefined) return;
  failDeployment(core, deployment, {
    cause: 'alarm',
    reason: `ECS deployment: alarm ${alarmName} detected.`,
    rollingBack: (id) => `ECS deployment alarm: rolling back to deploymentId ${id}.`,
    isRolledBack: alarms.rollback,
  });
}
