import type { EcsContainerDefinition } from '../account.ts';
import { type Core, drawMs, setTimer } from './core.ts';
import type { RangeMs } from './inputs.ts';
import type { HealthStatus, Task } from './state.ts';
import { healthCheckDefaults, registerTargets, setTargetState } from './targets.ts';

const healthyAfterMsDefault: RangeMs = [1_000, 5_000];
/** Defaults of a container's health check: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html */
const checkDefaults = { intervalSeconds: 30, retries: 3 } as const;

/** Follows the health checks of containers and load balancers from RUNNING on. */
export function installHealth(core: Core): void {
  core.on('task-running', (task) => {
    if (task.service !== undefined) registerTargets(core, task);
    const { healthyAfterMs = healthyAfterMsDefault } = task.app;
    const answersInMs =
      healthyAfterMs === 'never' ? undefined : drawMs(core, 'healthy-time', healthyAfterMs);
    watchContainers(core, task, answersInMs);
    watchTargets(core, task, answersInMs);
    if (task.service !== undefined && !isChecked(task)) settle(core, task);
  });
}

const settleMs = 40_000;

/**
 * Where nothing checks a task, it counts 40 s after RUNNING:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
function settle(core: Core, task: Task): void {
  const waitMs = core.has('unchecked-task-settles') ? settleMs : 0;
  setTimer(core, task.timers, 'settled', waitMs, () => {
    task.isSettled = true;
    healthChanged(core, task);
  });
}

const isChecked = (task: Task): boolean => task.targets.length > 0 || checked(task).length > 0;

/** Essential containers that have a check: the only ones that the task's health depends on. */
const checked = (task: Task): readonly EcsContainerDefinition[] =>
  task.definition.containers.filter(
    ({ essential, healthCheck }) => essential !== false && healthCheck !== undefined,
  );

const intervalMsOf = ({ healthCheck }: EcsContainerDefinition): number =>
  (healthCheck?.interval ?? checkDefaults.intervalSeconds) * 1_000;

/** From the first failure until a container counts as UNHEALTHY, in ms. */
const patienceMsOf = (container: EcsContainerDefinition): number =>
  intervalMsOf(container) * (container.healthCheck?.retries ?? checkDefaults.retries);

function watchContainers(core: Core, task: Task, answersInMs: number | undefined): void {
  for (const container of checked(task)) {
    const startMs = (container.healthCheck?.startPeriod ?? 0) * 1_000;
    const patienceMs = startMs + patienceMsOf(container);
    const firstMs = answersInMs === undefined ? undefined : checkAfter(container, answersInMs);
    if (firstMs === undefined || firstMs > patienceMs) {
      const key = `unhealthy:${container.name}`;
      setTimer(core, task.timers, key, patienceMs, () =>
        setContainerHealth(core, task, container.name, 'UNHEALTHY'),
      );
    }
    if (firstMs === undefined) continue;
    setTimer(core, task.timers, `healthy:${container.name}`, firstMs, () =>
      setContainerHealth(core, task, container.name, 'HEALTHY'),
    );
  }
}

/** The first check at or after a time since RUNNING. */
const checkAfter = (container: EcsContainerDefinition, sinceMs: number): number => {
  const intervalMs = intervalMsOf(container);
  return Math.max(1, Math.ceil(sinceMs / intervalMs)) * intervalMs;
};

function setContainerHealth(core: Core, task: Task, name: string, health: HealthStatus): void {
  const container = task.view.containers?.find((other) => other.name === name);
  if (container === undefined || task.isStopping) return;
  container.healthStatus = health;
  const statuses = checked(task).map(
    (other) =>
      task.view.containers?.find((seen) => seen.name === other.name)?.healthStatus ?? 'UNKNOWN',
  );
  task.containerHealth = core.has('task-health-worst') ? worstOf(statuses) : health;
  task.view.healthStatus = task.containerHealth;
  healthChanged(core, task);
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html */
export const worstOf = (statuses: readonly HealthStatus[]): HealthStatus => {
  if (statuses.includes('UNHEALTHY')) return 'UNHEALTHY';
  if (statuses.includes('UNKNOWN') || statuses.length === 0) return 'UNKNOWN';
  return 'HEALTHY';
};

/** Health is not in the task's event, so it makes no new version either. */
function healthChanged(core: Core, task: Task): void {
  if (task.service !== undefined) core.touch(task.service);
  core.signal('task-changed', task);
}

function watchTargets(core: Core, task: Task, answersInMs: number | undefined): void {
  const group = task.targets[0]?.group;
  if (group === undefined) return;
  const intervalMs =
    (group.HealthCheckIntervalSeconds ?? healthCheckDefaults.intervalSeconds) * 1_000;
  const unhealthyMs =
    intervalMs * (group.UnhealthyThresholdCount ?? healthCheckDefaults.unhealthyThreshold);
  const checks =
    core.variant('target-first-healthy') === 'one-check'
      ? 1
      : (group.HealthyThresholdCount ?? healthCheckDefaults.healthyThreshold);
  const answers = answersInMs === undefined ? undefined : Math.ceil(answersInMs / intervalMs);
  const healthyMs =
    answers === undefined ? undefined : intervalMs * (Math.max(1, answers) + checks - 1);
  if (answersInMs === undefined || answersInMs > unhealthyMs) {
    setTimer(core, task.timers, 'target-unhealthy', unhealthyMs, () =>
      setTargetHealth(core, task, 'unhealthy'),
    );
  }
  if (healthyMs === undefined) return;
  setTimer(core, task.timers, 'target-healthy', healthyMs, () =>
    setTargetHealth(core, task, 'healthy'),
  );
}

function setTargetHealth(core: Core, task: Task, health: 'healthy' | 'unhealthy'): void {
  if (task.targetHealth === undefined) return;
  if (health === 'healthy' && isOnDeadHost(task)) return;
  task.targetHealth = health;
  setTargetState(task, health);
  healthChanged(core, task);
}

const isOnDeadHost = ({ instance }: Task): boolean => instance?.isDead === true;

/** A running task stops answering checks; where `forMs` is given, it answers again after that. */
export function failChecks(
  core: Core,
  task: Task,
  of: 'container' | 'load-balancer',
  forMs: number | undefined,
): void {
  if (of === 'load-balancer') {
    setTimer(core, task.timers, 'target-unhealthy', targetPatienceMs(task), () =>
      setTargetHealth(core, task, 'unhealthy'),
    );
    if (forMs === undefined) return;
    setTimer(core, task.timers, 'target-healthy', forMs, () => {
      task.timers.get('target-unhealthy')?.cancel();
      setTargetHealth(core, task, 'healthy');
    });
    return;
  }
  const container = checked(task)[0];
  if (container === undefined) return;
  const { name } = container;
  setTimer(core, task.timers, `unhealthy:${name}`, patienceMsOf(container), () =>
    setContainerHealth(core, task, name, 'UNHEALTHY'),
  );
  if (forMs === undefined) return;
  setTimer(core, task.timers, `healthy:${name}`, forMs, () => {
    task.timers.get(`unhealthy:${name}`)?.cancel();
    setContainerHealth(core, task, name, 'HEALTHY');
  });
}

function targetPatienceMs({ targets }: Task): number {
  const group = targets[0]?.group;
  const seconds = group?.HealthCheckIntervalSeconds ?? healthCheckDefaults.intervalSeconds;
  const checks = group?.UnhealthyThresholdCount ?? healthCheckDefaults.unhealthyThreshold;
  return seconds * checks * 1_000;
}

/** Whether the service scheduler may count on a task: RUNNING, and no check speaks against it. */
export function isHealthy(task: Task): boolean {
  if (task.status !== 'RUNNING' || task.isStopping) return false;
  if (!isChecked(task)) return task.isSettled;
  if (task.targetHealth !== undefined && task.targetHealth !== 'healthy') return false;
  return checked(task).length === 0 || task.containerHealth === 'HEALTHY';
}

/** Which check a task fails, once the service's grace period for it is over. */
export function failedCheck(core: Core, task: Task): 'container' | 'load-balancer' | undefined {
  if (task.status !== 'RUNNING' || task.isStopping) return undefined;
  if (isOnDeadHost(task) && core.variant('dead-host-tasks') === 'wait-for-host') return undefined;
  const graceMs = (task.service?.view.healthCheckGracePeriodSeconds ?? 0) * 1_000;
  const graceEndsMs = (task.startedAtMs ?? 0) + graceMs;
  if (core.nowMs() < graceEndsMs && core.has('health-check-grace')) return undefined;
  if (task.containerHealth === 'UNHEALTHY') return 'container';
  return task.targetHealth === 'unhealthy' ? 'load-balancer' : undefined;
}

/** When a task that fails a check within its grace period has to be looked at again. */
export function graceEndsMs(task: Task): number {
  const graceMs = (task.service?.view.healthCheckGracePeriodSeconds ?? 0) * 1_000;
  return (task.startedAtMs ?? 0) + graceMs;
}
