import type { TaskProtection } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import { type Core, cancelTimer, setTimer } from './core.ts';
import type { Failure } from './inputs.ts';
import type { Service, Task } from './state.ts';

const minuteMs = 60_000;
const minutesDefault = 120;
const minutesMax = 2_880;
const tasksMax = 10;

export type UpdateTaskProtection = {
  readonly tasks: readonly string[];
  readonly protectionEnabled: boolean;
  readonly expiresInMinutes?: number;
};

type Answer = {
  readonly protectedTasks: (TaskProtection & { readonly taskArn: string })[];
  readonly failures: Failure[];
};

/**
 * Protects tasks of services from scale-in and deployments, for a while.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
 */
export function updateTaskProtection(
  core: Core,
  find: (nameOrArn: string) => Task | undefined,
  { tasks, protectionEnabled, expiresInMinutes = minutesDefault }: UpdateTaskProtection,
): Answer {
  if (tasks.length === 0 || tasks.length > tasksMax) {
    throw new ServiceError(
      'InvalidParameterException',
      `tasks must have 1 to ${tasksMax} entries.`,
    );
  }
  if (expiresInMinutes < 1 || expiresInMinutes > minutesMax) {
    throw new ServiceError(
      'InvalidParameterException',
      `expiresInMinutes must be between 1 and ${minutesMax}.`,
    );
  }
  const answer: Answer = { protectedTasks: [], failures: [] };
  for (const arn of tasks) {
    const task = find(arn);
    const failure = whyNot(core, task, protectionEnabled);
    if (task === undefined || failure !== undefined) {
      answer.failures.push({ arn, reason: failure ?? 'MISSING' });
    } else {
      const protection = protect(core, task, protectionEnabled, expiresInMinutes);
      answer.protectedTasks.push({ taskArn: task.arn, ...protection });
    }
  }
  return answer;
}

function whyNot(core: Core, task: Task | undefined, isOn: boolean): string | undefined {
  if (task === undefined) return 'MISSING';
  const { service } = task;
  if (service === undefined) {
    return core.has('protection-for-services-only') ? 'TASK_NOT_VALID' : undefined;
  }
  const isTooMany =
    isOn &&
    task.protectedUntilMs === undefined &&
    protectedCount(core, service) >= service.view.desiredCount;
  return isTooMany && core.has('protection-within-desired') ? 'DEPLOYMENT_BLOCKED' : undefined;
}

const protectedCount = (core: Core, { tasks }: Service): number =>
  [...tasks].filter(({ protectedUntilMs = 0 }) => protectedUntilMs > core.nowMs()).length;

function protect(core: Core, task: Task, isOn: boolean, minutes: number): TaskProtection {
  if (!isOn) {
    cancelTimer(task.timers, 'protection');
    lift(core, task);
    return { protectionEnabled: false };
  }
  const untilMs = core.nowMs() + minutes * minuteMs;
  const protection = { protectionEnabled: true, expirationDate: new Date(untilMs) };
  task.protectedUntilMs = untilMs;
  core.account.taskProtections.set(task.arn, protection);
  if (core.has('protection-expires')) {
    setTimer(core, task.timers, 'protection', minutes * minuteMs, () => lift(core, task));
  } else task.protectedUntilMs = Number.MAX_SAFE_INTEGER;
  return protection;
}

function lift(core: Core, task: Task): void {
  task.protectedUntilMs = undefined;
  core.account.taskProtections.delete(task.arn);
  core.signal('task-changed', task);
}
