import { type Core, setTimer } from './core.ts';
import { noteServiceEvent, serviceAction } from './events.ts';
import type { Deployment, Service } from './state.ts';

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html */
const throttleMsMax = 27 * 60_000;

/** How fast the delay between attempts grows is not documented; its end is. */
const growth: Readonly<Record<string, { readonly firstMs: number; readonly factor: number }>> = {
  'doubling-from-10s': { firstMs: 10_000, factor: 2 },
  'tripling-from-30s': { firstMs: 30_000, factor: 3 },
};

/** A task of the deployment ended without having run: the service slows down. */
export function taskFailed(core: Core, deployment: Deployment): void {
  const { service, throttle } = deployment;
  core.signal('deployment-task-failed', { deployment, of: 'start' });
  const pace = growth[core.variant('start-throttle')];
  // Tasks of one attempt that fail together make one failure.
  if (pace === undefined || core.nowMs() < throttle.nextStartAtMs) return;
  throttle.failures += 1;
  const delayMs = Math.min(throttleMsMax, pace.firstMs * pace.factor ** (throttle.failures - 1));
  throttle.nextStartAtMs = core.nowMs() + delayMs;
  if (throttle.isTold || throttle.failures < toldAfterFailures) return;
  throttle.isTold = true;
  noteServiceEvent(
    core,
    service,
    `(service ${service.name}) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.`,
  );
  core.emit(serviceAction(core, service, 'SERVICE_TASK_START_IMPAIRED'));
}

/** "Consecutive" attempts: one that fails alone is not told of. */
const toldAfterFailures = 2;

/** A task runs: what failed before is forgotten. */
export function taskRuns({ throttle }: Deployment): void {
  throttle.failures = 0;
  throttle.nextStartAtMs = 0;
  throttle.isTold = false;
}

/**
 * Whether a deployment may start tasks now; where not, `again` is called when it may. One that fails
 * does not slow down another.
 */
export function canStart(
  core: Core,
  { service, throttle }: Deployment,
  again: () => void,
): boolean {
  const atMs = Math.max(throttle.nextStartAtMs, service.placement.retryAtMs);
  if (atMs <= core.nowMs()) return true;
  setTimer(core, service.timers, 'start', atMs - core.nowMs(), again);
  return false;
}

const retryMs: Readonly<Record<string, { readonly firstMs: number; readonly maxMs: number }>> = {
  'every-minute': { firstMs: 60_000, maxMs: 60_000 },
  'doubling-to-15min': { firstMs: 15_000, maxMs: 900_000 },
};

/** There was no room: the service tries again later, or when there may be some. */
export function placementFailed(core: Core, service: Service, again: () => void): void {
  const { placement } = service;
  const pace = retryMs[core.variant('placement-retry')];
  placement.failures += 1;
  if (pace === undefined) {
    placement.retryAtMs = Number.MAX_SAFE_INTEGER;
    return;
  }
  const delayMs = Math.min(pace.maxMs, pace.firstMs * 2 ** (placement.failures - 1));
  placement.retryAtMs = core.nowMs() + delayMs;
  setTimer(core, service.timers, 'start', delayMs, again);
}

export function placementSucceeded({ placement }: Service): void {
  placement.failures = 0;
  placement.retryAtMs = 0;
}
