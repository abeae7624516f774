import type { Json } from './account.ts';
import type { CallHook } from './ecs/inputs.ts';
import type { HookCall } from './record.ts';
import type { Deployed } from './stack/deploy.ts';
import type { Outcome } from './stack/lambda.ts';

/**
 * Calls the stack's functions as ECS calls hooks. A function that throws, dies or runs out of time
 * answers as Lambda does then: with an error in place of a status, which ECS takes as a failure.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-lifecycle-hooks.html
 */
export function createHookCaller(
  deployed: Deployed,
  nowMs: () => number,
  onCall: (call: HookCall) => void,
): CallHook {
  return (functionArn, event, isRollback) => {
    const startedMs = nowMs();
    // A function that does not exist is refused here and now, by a throw.
    return deployed.invoke(functionArn, event).then((outcome) => {
      const answer = outcome.type === 'returned' ? outcome.value : errorOf(outcome);
      onCall({
        ...factsOf(event),
        functionArn,
        isRollback,
        startedMs,
        endedMs: nowMs(),
        outcome: outcome.type,
        hookStatus: textIn(answer, 'hookStatus'),
        reason: textIn(answer, 'reason'),
      });
      return answer;
    });
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
function errorOf(outcome: Exclude<Outcome, { type: 'returned' }>): Json {
  switch (outcome.type) {
    case 'threw':
      return { errorType: 'Error', errorMessage: String(outcome.error) };
    case 'timed-out':
      return { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' };
    case 'crashed':
      return { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited' };
  }
}

function factsOf(event: Json) {
  const details = fieldIn(event, 'executionDetails');
  return {
    deploymentArn: textIn(event, 'resourceArn') ?? '?',
    serviceArn: textIn(details, 'serviceArn') ?? '?',
    stage: textIn(event, 'lifecycleStage') ?? '?',
    targetRevisionArn: textIn(details, 'targetServiceRevisionArn') ?? '?',
    executionId: textIn(event, 'executionId') ?? '?',
  };
}

const fieldIn = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

const textIn = (value: unknown, name: string): string | undefined => {
  const field = fieldIn(value, name);
  return typeof field === 'string' ? field : undefined;
};
