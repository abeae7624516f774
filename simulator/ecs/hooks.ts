import type { EcsLifecycleHook, HookStage, Json, ServiceDeployment } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import { type HookEvent, hookEvent } from '../deployment.ts';
import { type Core, cancelTimer, cancelTimers, setTimer } from './core.ts';
import { iso } from './events.ts';
import type { Service, Staged } from './state.ts';

const minuteMs = 60_000;
const hookTimeoutMinutesDefault = 1_440;
const callBackSecondsDefault = 30;
/** Lambda's own limit for one call. */
const callMsMax = 15 * minuteMs;

export type HookResult = { readonly isPassed: true } | { readonly isPassed: false; reason: string };

export type StageCall = {
  readonly stage: HookStage;
  readonly isRollback: boolean;
  /** Percent at green, where the stage tells weights. */
  readonly greenPercent?: number;
};

type HookDetail = NonNullable<ServiceDeployment['lifecycleHookDetails']>[number];

/** One hook at one stage, until it is over. */
export type HookRun = {
  readonly core: Core;
  readonly service: Service;
  readonly staged: Staged;
  readonly call: StageCall;
  readonly hook: EcsLifecycleHook;
  readonly detail: HookDetail;
  readonly executionId: string;
  hookDetails: unknown;
  isOver: boolean;
  readonly done: (result: HookResult) => void;
};

/**
 * Runs the hooks of a stage, all at once. The stage passes when all have passed; the first that does
 * not decides. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
 */
export function runHooks(
  core: Core,
  service: Service,
  staged: Staged,
  call: StageCall,
  then: (result: HookResult) => void,
): void {
  const hooks = (service.view.deploymentConfiguration?.lifecycleHooks ?? []).filter(
    ({ lifecycleStages = [] }) => lifecycleStages.includes(call.stage),
  );
  let [left, isDecided] = [hooks.length, false];
  const decide = (result: HookResult): void => {
    if (isDecided) return;
    left -= 1;
    if (result.isPassed && left > 0) {
      if (!core.has('hooks-in-parallel')) startNext();
      return;
    }
    isDecided = true;
    then(result);
  };
  const queue = [...hooks];
  const startNext = (): void => {
    const hook = queue.shift();
    if (hook !== undefined) startHook(core, service, staged, call, hook, decide);
  };
  if (hooks.length === 0) then({ isPassed: true });
  else if (core.has('hooks-in-parallel')) for (const _ of hooks) startNext();
  else startNext();
}

function startHook(
  core: Core,
  service: Service,
  staged: Staged,
  call: StageCall,
  hook: EcsLifecycleHook,
  done: (result: HookResult) => void,
): void {
  const isPause = hook.targetType === 'PAUSE';
  const minutes = hook.timeoutConfiguration?.timeoutInMinutes ?? hookTimeoutMinutesDefault;
  const limitMs = minutes * minuteMs;
  const detail: HookDetail = {
    hookId: `ecs-${isPause ? 'pause' : 'lambda'}-${core.ids.hex32()}`,
    targetType: isPause ? 'PAUSE' : 'AWS_LAMBDA',
    ...(hook.hookTargetArn === undefined ? {} : { targetArn: hook.hookTargetArn }),
    status: isPause ? 'AWAITING_ACTION' : 'IN_PROGRESS',
    expiresAt: new Date(core.nowMs() + limitMs),
    timeoutAction: hook.timeoutConfiguration?.action ?? 'ROLLBACK',
  };
  const { run } = staged;
  run.lifecycleHookDetails = [...(run.lifecycleHookDetails ?? []), detail];
  const hookRun: HookRun = {
    core,
    service,
    staged,
    call,
    hook,
    detail,
    executionId: core.ids.uuid(),
    hookDetails: hook.hookDetails,
    isOver: false,
    done,
  };
  staged.hooks.add(hookRun);
  if (core.has('hook-timeout')) {
    setTimer(core, staged.timers, detail.hookId, limitMs, () => timeOut(hookRun));
  }
  tellHook(hookRun, isPause ? 'HOOK_AWAITING_ACTION' : 'HOOK_IN_PROGRESS');
  if (isPause) core.state.pauses.set(detail.hookId, hookRun);
  else invoke(hookRun);
}

/** Answers a pause. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/continue-service-deployment.html */
export function continuePause(
  core: Core,
  run: ServiceDeployment,
  hookId: string,
  action: 'CONTINUE' | 'ROLLBACK',
): void {
  if (!/^ecs-\w+-[\w-]+$/.test(hookId)) {
    throw new ServiceError(
      'InvalidParameterException',
      'Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}',
    );
  }
  const hookRun = core.state.pauses.get(hookId);
  if (hookRun === undefined || hookRun.staged.run !== run) {
    throw new ServiceError(
      'InvalidParameterException',
      'Provided hookId is either completed, unavailable, or not associated with the given Resource ARN',
    );
  }
  const { stage } = hookRun.call;
  if (action === 'CONTINUE') finish(hookRun, 'SUCCEEDED', { isPassed: true });
  else {
    const reason = `Service deployment rolled back because ${stage} pause hook was rolled back.`;
    finish(hookRun, 'FAILED', { isPassed: false, reason });
  }
}

function timeOut(hookRun: HookRun): void {
  const { detail, call } = hookRun;
  const kind = detail.targetType === 'PAUSE' ? 'pause hook' : 'lifecycle hook';
  const reason = `Service deployment rolled back because ${call.stage} ${kind} timed out.`;
  const isPassed = detail.timeoutAction === 'CONTINUE';
  finish(hookRun, 'TIMED_OUT', isPassed ? { isPassed } : { isPassed, reason });
}

/** Whether a hook has reached its own limit, and will say so now. */
export const hasHookAtLimit = (core: Core, { hooks }: Staged): boolean =>
  core.has('hook-timeout') &&
  [...hooks].some(({ detail }) => (detail.expiresAt?.getTime() ?? 0) <= core.nowMs());

/** The deployment has ended, or goes back: what its hooks that are under way say no longer counts. */
export function abandonHooks(core: Core, { hooks }: Staged): void {
  for (const hookRun of hooks) {
    close(hookRun, 'FAILED');
    if (core.variant('abandoned-hook-events') === 'failed') tellHook(hookRun, 'HOOK_FAILED');
  }
}

/** No longer waits for the hooks of a rolling deployment. */
export function endRollingHooks(core: Core, service: Service): void {
  if (service.rollingHooks !== undefined) endStaged(core, service.rollingHooks);
  service.rollingHooks = undefined;
}

/** Ends a deployment's stages and hooks where they stand. */
export function endStaged(core: Core, staged: Staged): void {
  staged.isDone = true;
  abandonHooks(core, staged);
  cancelTimers(staged.timers);
}

function invoke(hookRun: HookRun): void {
  const { core, service, staged, call, detail, hookDetails } = hookRun;
  if (hookRun.isOver) return;
  const isStable = core.variant('execution-id') !== 'new-each-call';
  const event = hookEvent(
    {
      serviceArn: service.arn,
      deploymentArn: staged.run.serviceDeploymentArn,
      greenRevisionArn: staged.green.revisionArn,
      blueRevisionArn: staged.blue?.revisionArn,
    },
    {
      ...call,
      isTestUnweighted: core.variant('rollback-test-weights') === 'empty',
      executionId: isStable ? hookRun.executionId : core.ids.uuid(),
      ...(hookDetails === undefined ? {} : { hookDetails }),
    },
  );
  let isAnswered = false;
  const settle = (answer: { readonly value: unknown } | { readonly error: Error }): void => {
    if (isAnswered || hookRun.isOver) return;
    isAnswered = true;
    cancelTimer(staged.timers, `${detail.hookId} call`);
    if ('error' in answer) failInvocation(hookRun, answer.error);
    else takeAnswer(hookRun, answer.value);
  };
  if (core.has('hook-call-limit')) {
    setTimer(core, staged.timers, `${detail.hookId} call`, callMsMax, () =>
      settle({ value: undefined }),
    );
  }
  // What the function gets is JSON, and so is what ECS gets from it.
  const payload = call.stage === 'RECONCILE_SERVICE' ? reconcilePayload(core, event) : event;
  const sent = JSON.parse(JSON.stringify(payload)) as Json;
  core.callHook([hookRun.hook.hookTargetArn ?? '', sent, call.isRollback], settle);
}

/** The one stage that no page has a sample of. */
function reconcilePayload(core: Core, event: HookEvent): unknown {
  const { executionDetails, ...envelope } = event;
  switch (core.variant('reconcile-payload')) {
    case 'no-weights': {
      const unweighted = { testTrafficWeights: {}, productionTrafficWeights: {} };
      return { ...envelope, executionDetails: { ...executionDetails, ...unweighted } };
    }
    case 'flat':
      return { ...envelope, ...executionDetails };
    default:
      return event;
  }
}

const failedHooks = ({ stage }: StageCall): string =>
  `Service deployment rolled back because ${stage} lifecycle hook(s) failed.`;

/** ECS could not call the function at all. */
function failInvocation(hookRun: HookRun, { message }: Error): void {
  const { call, hook } = hookRun;
  const what = `ECS was unable to invoke hook target ${hook.hookTargetArn} due to ${message}`;
  finish(hookRun, 'FAILED', { isPassed: false, reason: `${failedHooks(call)} ${what}` });
}

type Answer = {
  readonly hookStatus?: unknown;
  readonly callBackDelay?: unknown;
  readonly hookDetails?: unknown;
};

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html */
function takeAnswer(hookRun: HookRun, value: unknown): void {
  const { call, hook } = hookRun;
  const answer: Answer = isObject(value) ? value : {};
  const fail = (what: string): void =>
    finish(hookRun, 'FAILED', { isPassed: false, reason: `${failedHooks(call)} ${what}` });
  const { hookTargetArn: target } = hook;
  const isInvalid = 'due to HookStatus must not be null';
  if (answer.hookStatus === 'IN_PROGRESS') pollAgain(hookRun, answer);
  else if (answer.hookStatus === 'FAILED') {
    fail(`Lifecycle hook target ${target} returned FAILED status.`);
  } else if (answer.hookStatus === 'SUCCEEDED' || !hookRun.core.has('invalid-answer-rolls-back')) {
    finish(hookRun, 'SUCCEEDED', { isPassed: true });
  } else fail(`ECS was unable to parse the response from ${target} ${isInvalid}`);
}

function pollAgain(hookRun: HookRun, { callBackDelay, hookDetails }: Answer): void {
  const { core, staged, detail } = hookRun;
  hookRun.hookDetails = travelled(hookRun, hookDetails);
  const isGiven = typeof callBackDelay === 'number' && core.has('call-back-delay');
  const delaySeconds = isGiven ? Math.max(0, callBackDelay) : callBackSecondsDefault;
  setTimer(core, staged.timers, `${detail.hookId} poll`, delaySeconds * 1_000, () =>
    invoke(hookRun),
  );
}

const isObject = (value: unknown): value is Answer & Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the next call gets of returned `hookDetails`: documented as merged, seen to be replaced. */
function travelled({ core, hook, hookDetails: last }: HookRun, returned: unknown): unknown {
  const variant = core.variant('hook-details');
  // What one call has added stays for those that follow.
  const before = variant === 'merged' ? last : hook.hookDetails;
  if (returned === undefined) return before;
  const isMerged = variant === 'merged' || variant === 'merged-with-configured';
  return isMerged && isObject(before) && isObject(returned) ? { ...before, ...returned } : returned;
}

function finish(hookRun: HookRun, status: HookDetail['status'], result: HookResult): void {
  if (hookRun.isOver) return;
  close(hookRun, status);
  tellHook(hookRun, `HOOK_${status}`);
  hookRun.core.after(0, () => hookRun.done(result));
}

function close(hookRun: HookRun, status: HookDetail['status']): void {
  const { core, staged, detail } = hookRun;
  hookRun.isOver = true;
  for (const name of ['', ' call', ' poll']) cancelTimer(staged.timers, `${detail.hookId}${name}`);
  core.state.pauses.delete(detail.hookId);
  detail.status = status;
  staged.hooks.delete(hookRun);
  // Only hooks that are under way are described.
  staged.run.lifecycleHookDetails = [...staged.hooks].map((other) => other.detail);
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html */
function tellHook({ core, service, staged, call, detail }: HookRun, eventName: string): void {
  if (!core.has('hook-events')) return;
  const isLambda = detail.targetType === 'AWS_LAMBDA';
  if (isLambda && core.variant('lambda-hook-events') !== 'sent') return;
  const isFailure = eventName === 'HOOK_FAILED' || eventName === 'HOOK_TIMED_OUT';
  const isError = isFailure && core.variant('hook-failure-event-type') === 'ERROR';
  const { serviceDeploymentArn } = staged.run;
  core.emit({
    detailType: 'ECS Hook State Change',
    resources: [serviceDeploymentArn],
    detail: {
      eventType: isError ? 'ERROR' : 'INFO',
      eventName,
      hookId: detail.hookId,
      hookType: detail.targetType,
      ...(detail.expiresAt === undefined ? {} : { expiresAt: detail.expiresAt.toISOString() }),
      lifecycleStage: call.stage,
      clusterArn: service.cluster.arn,
      serviceArn: service.arn,
      serviceDeploymentArn,
      updatedAt: iso(core.nowMs()).replace('Z', '000000Z'),
    },
  });
}
