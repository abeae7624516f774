import type { HookStage } from '../account.ts';
import { failureThreshold } from './circuit-breaker.ts';
import { type Core, cancelTimers, setTimer } from './core.ts';
import {
  addDeployment,
  completeDeployment,
  endRun,
  firstRollbackStatus,
  tellDeployment,
} from './deployments.ts';
import { noteServiceEvent } from './events.ts';
import { isHealthy } from './health.ts';
import { abandonHooks, endStaged, type HookResult, hasHookAtLimit, runHooks } from './hooks.ts';
import {
  beginStaged,
  type Deployment,
  type Service,
  type Staged,
  type Task,
  type TaskDefinition,
} from './state.ts';
import {
  isOnNetworkLoadBalancer,
  shiftTraffic,
  type TrafficKind,
  weighTraffic,
} from './traffic.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const stageMsMax = dayMs;
const deploymentDaysMax = 30;
const networkShiftMs = 10 * minuteMs;

const linearDefaults = { stepPercent: 10, stepBakeTimeInMinutes: 6 } as const;
const canaryDefaults = { canaryPercent: 5, canaryBakeTimeInMinutes: 10 } as const;

/** Deployments that are not rolling: a new revision beside the old one, and traffic that moves. */
export function installStaged(core: Core): void {
  core.on('service-reconciled', (service) => watchScale(service));
  core.on('deployment-task-failed', ({ deployment }) => watchBreaker(core, deployment));
  core.on('alarm-changed', (alarmName) => watchAlarm(core, alarmName));
}

/** Whether a service is deployed in stages. */
export const isStagedService = ({ view }: Service): boolean => {
  const strategy = view.deploymentConfiguration?.strategy ?? 'ROLLING';
  return strategy !== 'ROLLING';
};

/**
 * Starts a blue/green, linear or canary deployment; one under way is stopped. There are two target
 * groups: whatever production traffic the one of the new green still has goes to blue first.
 */
export function startStaged(core: Core, service: Service, definition: TaskDefinition): void {
  const blue = supersedeStaged(core, service);
  const isReconciled = service.deployments.length > 1;
  const green = addDeployment(core, service, definition, {
    isScaledUp: false,
    targetGroup: blue?.targetGroup === 0 ? 1 : 0,
  });
  const staged = beginStaged(green, blue);
  service.staged = staged;
  if (core.has('deployment-days')) {
    const reason = `Service deployment rolled back because it has lasted ${deploymentDaysMax} days.`;
    setTimer(core, staged.timers, 'deployment', deploymentDaysMax * dayMs, () =>
      rollBack(core, service, staged, reason),
    );
  }
  runSteps(core, service, staged, stepsOf(core, service, staged, isReconciled));
}

/**
 * Ends a deployment in stages that another one supersedes, whatever the strategy of that is. Traffic
 * is left with one revision; what serves in other target groups goes. Returns that revision.
 */
export function supersedeStaged(core: Core, service: Service): Deployment | undefined {
  const { staged } = service;
  const left = productionOf(core, service);
  if (staged !== undefined) {
    end(core, service, staged);
    endRun(core, staged.run, 'STOPPED');
  }
  for (const other of service.deployments) {
    if (left?.targetGroup !== other.targetGroup) other.isScaledUp = false;
  }
  if (left === undefined) return left;
  for (const kind of ['production', 'test'] as const) {
    weighTraffic(core, service, left, kind, 100);
  }
  return left;
}

/** The deployment that production traffic is left with, and that a new one is compared with. */
function productionOf(core: Core, service: Service): Deployment | undefined {
  const { staged } = service;
  if (staged === undefined) return rollingProductionOf(core, service);
  const { green, blue, productionPercent } = staged;
  // The first of its service has no blue: if anything serves, it does.
  if (blue === undefined) return green.isScaledUp ? green : undefined;
  if (productionPercent >= 100) return green;
  const isBetween = productionPercent > 0;
  return isBetween && core.variant('superseded-shift') === 'on-to-green' ? green : blue;
}

/** Of revisions that share their target group, in a rolling deployment, the one that stands. */
function rollingProductionOf(core: Core, { deployments }: Service): Deployment | undefined {
  const serves = ({ tasks }: Deployment): boolean => [...tasks].some((task) => isHealthy(task));
  const standing = deployments.filter(({ isScaledUp }) => isScaledUp);
  const newest = standing.find((one) => one.wasCompleted || serves(one));
  const completed = standing.find(({ wasCompleted }) => wasCompleted);
  const isOnward = core.variant('superseded-shift') === 'on-to-green';
  return (isOnward ? undefined : completed) ?? newest ?? deployments[0];
}

type Next = () => void;
type Step = { readonly stage: string; readonly run: (next: Next) => void };

function runSteps(core: Core, service: Service, staged: Staged, steps: readonly Step[]): void {
  const [step, ...rest] = steps;
  if (step === undefined || staged.isDone || staged.isRollingBack) return;
  enterStage(core, service, staged, step.stage);
  step.run(() => {
    if (staged.isDone || staged.isRollingBack) return;
    runSteps(core, service, staged, rest);
  });
}

function enterStage(core: Core, service: Service, staged: Staged, stage: string): void {
  const { run, timers } = staged;
  run.lifecycleStage = stage;
  run.updatedAt = new Date(core.nowMs());
  staged.passed.add(stage);
  if (!core.has('stage-limit')) return;
  const pauses = (service.view.deploymentConfiguration?.lifecycleHooks ?? []).some(
    ({ targetType, lifecycleStages = [] }) =>
      targetType === 'PAUSE' && lifecycleStages.some((name) => name === stage),
  );
  // A pause may be longer than any other stage.
  timers.get('stage')?.cancel();
  if (pauses) return;
  setTimer(core, timers, 'stage', stageMsMax, () => {
    if (core.variant('stage-and-hook-limit') === 'hook' && hasHookAtLimit(core, staged)) return;
    rollBack(core, service, staged, `Service deployment rolled back because ${stage} timed out.`);
  });
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html */
function stepsOf(
  core: Core,
  service: Service,
  staged: Staged,
  isReconciled: boolean,
): readonly Step[] {
  const hook = (stage: HookStage, greenPercent?: number): Step => ({
    stage,
    run: (next) => hooksThen(core, service, staged, stage, greenPercent, next),
  });
  const shift = (kind: TrafficKind, stage: HookStage, percent: number): Step => ({
    stage,
    run: (next) => shiftThen(core, service, staged, { kind, stage, percent }, next),
  });
  const reconcile = isReconciled && core.has('reconcile-stage') ? [hook('RECONCILE_SERVICE')] : [];
  const { bakeTimeInMinutes = 0 } = service.view.deploymentConfiguration ?? {};
  // Without its order a deployment goes from its tasks to production at once.
  const test = [
    hook('POST_SCALE_UP'),
    shift('test', 'TEST_TRAFFIC_SHIFT', 100),
    hook('POST_TEST_TRAFFIC_SHIFT'),
  ];
  return [
    ...reconcile,
    hook('PRE_SCALE_UP'),
    { stage: 'SCALE_UP', run: (next) => scaleUp(core, service, staged, next) },
    ...(core.has('staged-order') ? test : []),
    ...productionSteps(core, service, staged, hook, shift),
    hook('POST_PRODUCTION_TRAFFIC_SHIFT'),
    { stage: 'BAKE_TIME', run: (next) => bake(core, staged, bakeTimeInMinutes, next) },
    { stage: 'CLEAN_UP', run: (next) => cleanUp(core, service, staged, next) },
  ];
}

/** Percents at green, one after the other, with the minutes that each is left to bake. */
export function productionPercents(
  configuration: NonNullable<Service['view']['deploymentConfiguration']>,
): readonly { readonly percent: number; readonly bakeMinutes: number }[] {
  const { strategy, linearConfiguration, canaryConfiguration } = configuration;
  if (strategy === 'CANARY') {
    const { canaryPercent, canaryBakeTimeInMinutes } = {
      ...canaryDefaults,
      ...canaryConfiguration,
    };
    return [
      { percent: canaryPercent, bakeMinutes: canaryBakeTimeInMinutes },
      { percent: 100, bakeMinutes: 0 },
    ];
  }
  if (strategy !== 'LINEAR') return [{ percent: 100, bakeMinutes: 0 }];
  const { stepPercent, stepBakeTimeInMinutes } = { ...linearDefaults, ...linearConfiguration };
  const count = Math.ceil(100 / stepPercent);
  return Array.from({ length: count }, (_, at) => {
    const percent = Math.min(100, Math.round((at + 1) * stepPercent * 10) / 10);
    return { percent, bakeMinutes: percent < 100 ? stepBakeTimeInMinutes : 0 };
  });
}

function productionSteps(
  core: Core,
  service: Service,
  staged: Staged,
  hook: (stage: HookStage, greenPercent?: number) => Step,
  shift: (kind: TrafficKind, stage: HookStage, percent: number) => Step,
): readonly Step[] {
  const { deploymentConfiguration: configuration = {} } = service.view;
  const percents = core.has('gradual-shift')
    ? productionPercents(configuration)
    : [{ percent: 100, bakeMinutes: 0 }];
  return percents.flatMap(({ percent, bakeMinutes }, at) => {
    const before = percents[at - 1]?.percent ?? 0;
    const told = core.variant('pre-production-weights') === 'always-zero' ? 0 : before;
    const rest: Step = {
      stage: 'PRODUCTION_TRAFFIC_SHIFT',
      run: (next) => bake(core, staged, bakeMinutes, next),
    };
    return [
      hook('PRE_PRODUCTION_TRAFFIC_SHIFT', told),
      shift('production', 'PRODUCTION_TRAFFIC_SHIFT', percent),
      ...(bakeMinutes > 0 ? [rest] : []),
    ];
  });
}

function hooksThen(
  core: Core,
  service: Service,
  staged: Staged,
  stage: HookStage,
  greenPercent: number | undefined,
  next: Next,
): void {
  const call = {
    stage,
    isRollback: false,
    ...(greenPercent === undefined ? {} : { greenPercent }),
  };
  runHooks(core, service, staged, call, (result) => {
    if (staged.isDone || staged.isRollingBack) return;
    if (result.isPassed) next();
    else rollBack(core, service, staged, result.reason);
  });
}

type Shift = { readonly kind: TrafficKind; readonly stage: HookStage; readonly percent: number };

function shiftTo(
  core: Core,
  service: Service,
  staged: Staged,
  { kind, percent }: Pick<Shift, 'kind' | 'percent'>,
  then: Next,
): void {
  shiftTraffic(core, service, staged, kind, percent);
  const isSlow = isOnNetworkLoadBalancer(service) && core.has('network-shift-delay');
  setTimer(core, staged.timers, 'shift', isSlow ? networkShiftMs : 0, then);
}

/** Whether a hook of a shifting stage is called before or after the weights change is not said. */
function shiftThen(
  core: Core,
  service: Service,
  staged: Staged,
  { kind, stage, percent }: Shift,
  next: Next,
): void {
  const shift = (then: Next): void => shiftTo(core, service, staged, { kind, percent }, then);
  const call = (then: Next): void => hooksThen(core, service, staged, stage, percent, then);
  if (core.variant('shift-order') === 'hook-then-shift') call(() => shift(next));
  else shift(() => call(next));
}

function scaleUp(core: Core, service: Service, staged: Staged, next: Next): void {
  staged.green.isScaledUp = true;
  staged.onScaledUp = next;
  core.signal('service-changed', service);
}

/** Green stands when it has as many healthy tasks as desired; the rest is gone when it has none. */
function watchScale(service: Service): void {
  const { staged } = service;
  if (staged === undefined || staged.isDone) return;
  const { onScaledUp, onScaledDown, green, blue } = staged;
  const healthy = [...green.tasks].filter((task) => isHealthy(task)).length;
  if (onScaledUp !== undefined && healthy >= service.view.desiredCount) {
    staged.onScaledUp = undefined;
    onScaledUp();
    return;
  }
  const staying = staged.isRollingBack ? blue : green;
  const isLeaving = ({ isStopping, deployment }: Task): boolean =>
    !isStopping && deployment !== staying;
  if (onScaledDown !== undefined && ![...service.tasks].some(isLeaving)) {
    staged.onScaledDown = undefined;
    onScaledDown();
  }
}

function bake(core: Core, staged: Staged, minutes: number, next: Next): void {
  const waitMs = core.has('bake-time') ? minutes * minuteMs : 0;
  setTimer(core, staged.timers, 'bake', waitMs, next);
}

function cleanUp(core: Core, service: Service, staged: Staged, next: Next): void {
  for (const other of service.deployments) {
    if (other !== staged.green) other.isScaledUp = false;
  }
  staged.onScaledDown = () => {
    end(core, service, staged);
    completeDeployment(core, staged.green);
    core.signal('service-changed', service);
    next();
  };
  core.signal('service-changed', service);
}

function end(core: Core, service: Service, staged: Staged): void {
  endStaged(core, staged);
  if (service.staged === staged) service.staged = undefined;
}

/**
 * Goes back to blue: traffic first, with the hooks of the stages that shift it, then green's tasks.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
 */
export function rollBack(core: Core, service: Service, staged: Staged, reason: string): void {
  if (staged.isDone || staged.isRollingBack) return;
  const { run, blue, timers } = staged;
  const now = new Date(core.nowMs());
  abandonHooks(core, staged);
  cancelTimers(timers);
  staged.isRollingBack = true;
  staged.onScaledUp = undefined;
  staged.onScaledDown = undefined;
  run.statusReason = reason;
  const announce = (): void => {
    run.status = 'ROLLBACK_IN_PROGRESS';
    run.updatedAt = now;
    run.rollback = {
      reason,
      startedAt: now,
      ...(blue === undefined ? {} : { serviceRevisionArn: blue.revisionArn }),
    };
  };
  const isToldFirst = core.variant('rollback-status') !== 'after-hooks';
  if (isToldFirst) announce();
  noteServiceEvent(
    core,
    service,
    `(service ${service.name}) (deployment ${staged.green.id}) rolling back: ${reason}`,
  );
  const isTestFirst = core.variant('rollback-order') === 'test-first';
  const [first, last] = isTestFirst
    ? (['test', 'production'] as const)
    : (['production', 'test'] as const);
  backShift(core, service, staged, first, (ofFirst) =>
    backShift(core, service, staged, last, (ofLast) => {
      if (!isToldFirst) announce();
      scaleDownGreen(core, service, staged, [ofFirst, ofLast], reason);
    }),
  );
}

/** Puts one kind of traffic back, and calls the hooks of its stage. */
function backShift(
  core: Core,
  service: Service,
  staged: Staged,
  kind: TrafficKind,
  then: (result: HookResult) => void,
): void {
  const stage = kind === 'production' ? 'PRODUCTION_TRAFFIC_SHIFT' : 'TEST_TRAFFIC_SHIFT';
  const isPassed = staged.passed.has(stage);
  const isCalled =
    core.has('rollback-hooks') && (isPassed || core.variant('rollback-hooks-of') === 'every-stage');
  staged.run.lifecycleStage = stage;
  const goOn = (result: HookResult): void => {
    if (!staged.isDone) then(result);
  };
  const callHooks = (): void => {
    if (isCalled) runHooks(core, service, staged, { stage, isRollback: true }, goOn);
    else goOn({ isPassed: true });
  };
  if (isPassed) shiftTo(core, service, staged, { kind, percent: 0 }, callHooks);
  else callHooks();
}

function scaleDownGreen(
  core: Core,
  service: Service,
  staged: Staged,
  results: readonly HookResult[],
  reason: string,
): void {
  const { green, blue, run } = staged;
  const isBroken =
    results.some(({ isPassed }) => !isPassed) &&
    core.variant('rollback-hook-failure') === 'fails-rollback';
  green.isScaledUp = false;
  green.rollout = 'FAILED';
  green.rolloutReason = reason;
  run.lifecycleStage = 'CLEAN_UP';
  staged.onScaledDown = () => {
    end(core, service, staged);
    if (blue === undefined) endRun(core, run, firstRollbackStatus(core));
    else endRun(core, run, isBroken ? 'ROLLBACK_FAILED' : 'ROLLBACK_SUCCESSFUL');
    if (blue !== undefined) {
      blue.role = 'PRIMARY';
      service.deployments = [blue];
    }
    if (core.variant('staged-failure-event') === 'sent') {
      tellDeployment(core, green, 'SERVICE_DEPLOYMENT_FAILED', reason);
    }
    core.touch(service);
    core.signal('service-changed', service);
    core.signal('deployment-ended', green);
  };
  core.touch(service);
  core.signal('service-changed', service);
}

/** Whether the circuit breaker watches deployments in stages is contradictory in AWS's own pages. */
function watchBreaker(core: Core, deployment: Deployment): void {
  const { service, failedTasks } = deployment;
  const { staged } = service;
  const breaker = service.view.deploymentConfiguration?.deploymentCircuitBreaker;
  if (staged?.green !== deployment || breaker?.enable !== true) return;
  if (core.variant('circuit-breaker-in-stages') !== 'watches') return;
  if (failedTasks < failureThreshold(service.view.desiredCount)) return;
  rollBack(core, service, staged, 'ECS deployment circuit breaker: task failed to start.');
}

function watchAlarm(core: Core, alarmName: string): void {
  if (core.account.alarms.get(alarmName)?.StateValue !== 'ALARM') return;
  for (const service of core.state.services.values()) {
    const alarms = service.view.deploymentConfiguration?.alarms;
    const isWatched = alarms?.enable === true && alarms.alarmNames.includes(alarmName);
    if (!isWatched || service.staged === undefined || !core.has('deployment-alarms')) continue;
    const reason = `Service deployment rolled back because alarm(s) ${alarmName} were triggered.`;
    rollBack(core, service, service.staged, reason);
  }
}
