import type { Severity } from './incident.ts';
import { compareTexts } from './order.ts';
import { type StopCause, type StopRule, stopRules, unknownStop } from './stop-rules.ts';
import { deploymentIdOf, isServiceTask } from './task-identity.ts';
import type { StoppedContainer, StoppedTask } from './task-stop.ts';

export type { StopCause } from './stop-rules.ts';

/** What one stop says. */
export type StopClass = {
  readonly cause: StopCause;
  /** The row of `stop-rules.ts` that decided. */
  readonly rule: string;
  readonly isExpected: boolean;
  readonly severity: Severity;
  /** The container to blame; undefined where the stop is not a container's doing. */
  readonly container: string | undefined;
  /** That container's. */
  readonly exitCode: number | undefined;
  /** One line for logs and alerts. */
  readonly detail: string;
  /** The task never reached RUNNING. */
  readonly isStartFailure: boolean;
  /** From RUNNING to STOPPED; undefined for a task that never ran. */
  readonly livedMs: number | undefined;
};

/** What the rows look at. */
type View = {
  readonly stopCode: string | undefined;
  readonly stopped: string;
  readonly containerReason: string;
  readonly exitCode: number | undefined;
  readonly isService: boolean;
  readonly isOtherDeployment: boolean;
};

/** Names the cause of a stop by the first row that holds; what is in no row is `unknown`. */
export function classifyStop(task: StoppedTask, rules: readonly StopRule[] = stopRules): StopClass {
  const container = explainingContainer(task.containers);
  const view = viewOf(task, container);
  const rule = rules.find((candidate) => holds(candidate, view)) ?? unknownStop;
  const blamed = isContainersDoing(rule, view) ? container : undefined;
  const isStandalone = !view.isService;
  const verdict = (isStandalone ? rule.standalone : undefined) ?? rule.verdict;
  return {
    cause: rule.cause,
    rule: rule.id,
    isExpected: verdict.isExpected,
    severity: verdict.severity,
    container: blamed?.name,
    exitCode: blamed?.exitCode,
    detail: detailOf(task, container, blamed !== undefined),
    isStartFailure: isStartFailure(task),
    livedMs: livedMsOf(task),
  };
}

function viewOf(task: StoppedTask, container: StoppedContainer | undefined): View {
  // Some texts come with the stop code or with the service in front of them.
  const stopped = (task.stoppedReason ?? '')
    .trim()
    .replace(/^(?:(?:TaskFailedToStart|Service [^:\s]{1,255}): *)+/, '');
  const named = /^Scaling activity initiated by \((?:deployment|taskSet) (ecs-svc\/[^)\s]+)/.exec(
    stopped,
  )?.[1];
  const own = deploymentIdOf(task);
  return {
    stopCode: task.stopCode ?? impliedStopCode(stopped, container),
    stopped,
    containerReason: container?.reason?.trim() ?? '',
    exitCode: container?.exitCode,
    isService: isServiceTask(task),
    isOtherDeployment: named !== undefined && own !== undefined && named !== own,
  };
}

/** Old agents send no stop code: the text, or an exit code without any text, tells as much. */
const impliedStopCode = (
  stopped: string,
  container: StoppedContainer | undefined,
): string | undefined =>
  /^Essential container/.test(stopped) || (stopped === '' && container?.exitCode !== undefined)
    ? 'EssentialContainerExited'
    : undefined;

const holds = (rule: StopRule, view: View): boolean =>
  textsHold(rule, view) &&
  (rule.stopCodes === undefined || rule.stopCodes.some((code) => code === view.stopCode)) &&
  (rule.exitCodes === undefined || exitHolds(rule.exitCodes, view.exitCode)) &&
  (rule.of === undefined || !view.isService) &&
  (rule.isOtherDeployment === undefined || view.isOtherDeployment);

const textsHold = ({ stopped, either }: StopRule, view: View): boolean =>
  (stopped === undefined || stopped.test(view.stopped)) &&
  (either === undefined || either.test(view.stopped) || either.test(view.containerReason));

const exitHolds = (
  wanted: NonNullable<StopRule['exitCodes']>,
  exitCode: number | undefined,
): boolean =>
  wanted === 'not 0'
    ? exitCode !== undefined && exitCode !== 0
    : wanted.includes(exitCode ?? 'none');

/** Whether the row decided by something that a container says or did. */
const isContainersDoing = ({ either, exitCodes }: StopRule, view: View): boolean =>
  either === undefined
    ? exitCodes !== undefined
    : either.test(view.containerReason) || (view.exitCode ?? 0) !== 0;

/** Containers that AWS or a vendor puts beside the application, by how their names begin. */
const sidecar =
  /^(ecs-service-connect|aws-guardduty-agent|aws-otel-collector|cloudwatch-agent|datadog-agent|envoy|firelens|fluent-?bit|log[-_]router|otel-collector|xray-daemon)/;

/**
 * Lowest first. When one essential container ends, the others are told to stop: they leave with
 * 143, with 137 after the stop timeout, or with 0. So other codes speak first, and what a sidecar
 * does when it is told to stop explains nothing.
 */
function exitRank({ name, exitCode }: StoppedContainer): number {
  if (exitCode === undefined) return 5;
  const isAnswerToStop = exitCode === 0 || exitCode === 137 || exitCode === 143;
  if (!isAnswerToStop) return 0;
  if (sidecar.test(name)) return 4;
  if (exitCode === 137) return 1;
  return exitCode === 0 ? 2 : 3;
}

const reasonRank = ({ reason }: StoppedContainer): number => {
  const text = reason?.trim() ?? '';
  if (text === '') return 2;
  return /^OutOfMemory/.test(text) ? 0 : 1;
};

/**
 * The container that explains the stop: one with a reason before one with a telling exit code. The
 * event does not say which ended first, and lists them in no order: on a tie the name decides.
 */
function explainingContainer(
  containers: readonly StoppedContainer[],
): StoppedContainer | undefined {
  const [first] = containers.toSorted(
    (a, b) =>
      reasonRank(a) - reasonRank(b) ||
      exitRank(a) - exitRank(b) ||
      compareTexts(a.name, b.name) ||
      (a.exitCode ?? -1) - (b.exitCode ?? -1) ||
      compareTexts(a.reason ?? '', b.reason ?? ''),
  );
  return first;
}

/** Longest detail: it goes into a log line and onto a phone. */
const detailCharsMax = 200;

const exitMeanings: ReadonlyMap<number, string> = new Map([
  [126, 'command not executable'],
  [127, 'command not found'],
  [130, 'SIGINT'],
  [134, 'SIGABRT'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
  [143, 'SIGTERM'],
]);

function detailOf(
  task: StoppedTask,
  container: StoppedContainer | undefined,
  isBlamed: boolean,
): string {
  const own = container?.reason?.trim() || undefined;
  const stopped = task.stoppedReason?.trim() || undefined;
  const reason = (isBlamed ? (own ?? stopped) : (stopped ?? own)) ?? task.stopCode;
  const exit = exitText(container?.exitCode, isBlamed);
  const detail = [exit, reason].filter((part) => part !== undefined).join(', ');
  if (detail === '') return 'ECS gave no reason';
  return detail.length > detailCharsMax ? `${detail.slice(0, detailCharsMax - 1)}…` : detail;
}

/** That a container ended well says nothing where it is not to blame. */
function exitText(exitCode: number | undefined, isBlamed: boolean): string | undefined {
  if (exitCode === undefined || (exitCode === 0 && !isBlamed)) return undefined;
  const meaning = exitMeanings.get(exitCode);
  return meaning === undefined ? `exit ${exitCode}` : `exit ${exitCode} (${meaning})`;
}

/** Whether the task stopped before it was running. */
export const isStartFailure = ({ startedAtMs }: StoppedTask): boolean => startedAtMs === undefined;

/** How long the task was running; clocks of ECS and its agents may differ a little. */
export const livedMsOf = ({ startedAtMs, stoppedAtMs }: StoppedTask): number | undefined =>
  startedAtMs === undefined ? undefined : Math.max(0, stoppedAtMs - startedAtMs);
