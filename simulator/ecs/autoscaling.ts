import { ServiceError } from '../aws/errors.ts';
import type { Core } from './core.ts';
import { serviceAction } from './events.ts';
import type { ScaleService } from './inputs.ts';
import type { Service } from './state.ts';

const minuteMs = 60_000;
const cooldownSecondsDefault = 300;
/** Of the target below which the low alarm counts. */
const lowShare = 0.9;

type Alarms = { readonly high: number; readonly low: number };

/** Datapoints, one a minute, that the two alarms of target tracking need; not in ECS's pages. */
const datapoints: Readonly<Record<string, Alarms>> = {
  '3-and-15': { high: 3, low: 15 },
  '1-and-15': { high: 1, low: 15 },
  off: { high: 1, low: 1 },
};

type Scaler = {
  readonly service: Service;
  settings: ScaleService;
  above: number;
  below: number;
  inUntilMs: number;
};

/**
 * Service auto scaling by target tracking on a load.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
 */
export function createAutoscaling(
  core: Core,
  setDesired: (service: Service, count: number) => void,
): (settings: ScaleService) => void {
  const scalers = new Map<string, Scaler>();
  const tick = (scaler: Scaler): void => {
    if (scaler.service.isDeleted) return;
    measure(core, scaler, (count) => {
      setDesired(scaler.service, count);
      if (!core.has('desired-count-event')) return;
      core.emit(serviceAction(core, scaler.service, 'SERVICE_DESIRED_COUNT_UPDATED'));
    });
    core.after(minuteMs, () => tick(scaler));
  };
  return (settings) => {
    const service = serviceOf(core, settings.resourceId);
    writeTarget(core, settings);
    const known = scalers.get(settings.resourceId);
    if (known !== undefined) {
      known.settings = settings;
      return;
    }
    const scaler = { service, settings, above: 0, below: 0, inUntilMs: 0 };
    scalers.set(settings.resourceId, scaler);
    core.after(minuteMs, () => tick(scaler));
  };
}

function serviceOf(core: Core, resourceId: string): Service {
  const [kind, cluster = '', name = ''] = resourceId.split('/');
  const service = core.state.clusters.get(cluster)?.services.get(name);
  if (kind === 'service' && service !== undefined) return service;
  throw new ServiceError('ValidationException', `ECS service doesn't exist: ${resourceId}`);
}

function writeTarget(core: Core, settings: ScaleService): void {
  const { resourceId, minCapacity, maxCapacity, suspendedState: state } = settings;
  core.account.scalableTargets.set(resourceId, {
    ResourceId: resourceId,
    MinCapacity: minCapacity,
    MaxCapacity: maxCapacity,
    SuspendedState: {
      DynamicScalingInSuspended: state?.dynamicScalingInSuspended ?? false,
      DynamicScalingOutSuspended: state?.dynamicScalingOutSuspended ?? false,
      ScheduledScalingSuspended: false,
    },
  });
}

/** One datapoint, and what the alarms make of it. */
function measure(core: Core, scaler: Scaler, scale: (count: number) => void): void {
  const { settings, service } = scaler;
  const { targetTracking } = settings;
  const running = service.view.runningCount;
  // Without data there is no scaling: missing data does not mean that nothing is used.
  if (targetTracking === undefined || running === 0) return;
  const { targetValue, load } = targetTracking;
  const metric = Math.max(0, load(core.nowMs())) / running;
  const alarms = datapoints[core.variant('scaling-alarms')] ?? { high: 1, low: 1 };
  scaler.above = metric > targetValue ? scaler.above + 1 : 0;
  scaler.below = metric < targetValue * lowShare ? scaler.below + 1 : 0;
  // The running count is what it starts from: a scale-out that found no room does not run away.
  const wanted = Math.ceil((running * metric) / targetValue);
  if (scaler.above >= alarms.high) scaleOut(core, scaler, wanted, scale);
  else if (scaler.below >= alarms.low) scaleIn(core, scaler, wanted, scale);
}

type Scale = (count: number) => void;

function scaleOut(core: Core, scaler: Scaler, wanted: number, scale: Scale): void {
  const { settings, service } = scaler;
  const desired = service.view.desiredCount;
  const count = Math.min(settings.maxCapacity, Math.max(settings.minCapacity, wanted));
  const isSuspended = settings.suspendedState?.dynamicScalingOutSuspended === true;
  // What was added is part of the desired count: only a larger wish scales out while it cools down.
  if (isSuspended || count <= desired) return;
  // A scale-out ends the waiting of scale-in, and starts it anew.
  scaler.inUntilMs = core.nowMs() + cooldownMs(settings.targetTracking?.scaleOutCooldownSeconds);
  scale(count);
}

function scaleIn(core: Core, scaler: Scaler, wanted: number, scale: Scale): void {
  const { settings, service } = scaler;
  const desired = service.view.desiredCount;
  const count = Math.max(settings.minCapacity, Math.min(settings.maxCapacity, wanted));
  const isSuspended = settings.suspendedState?.dynamicScalingInSuspended === true;
  const isCooling = core.nowMs() < scaler.inUntilMs && core.has('scaling-cooldown');
  const isDeploying =
    service.staged !== undefined || service.deployments[0]?.rollout === 'IN_PROGRESS';
  const isHeld = isDeploying && core.has('no-scale-in-while-deploying');
  if (isSuspended || isCooling || isHeld || count >= desired) return;
  scaler.inUntilMs = core.nowMs() + cooldownMs(settings.targetTracking?.scaleInCooldownSeconds);
  scale(count);
}

const cooldownMs = (seconds = cooldownSecondsDefault): number => seconds * 1_000;
