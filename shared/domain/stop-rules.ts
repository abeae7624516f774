import type { Severity } from './incident.ts';

/** Why a task stopped: a closed set. `docs/stop-causes.md` tells people what to do about each. */
export type StopCause =
  | 'out-of-memory'
  | 'segmentation-fault'
  | 'application-exit'
  | 'killed'
  | 'image-pull'
  | 'initialisation'
  | 'placement'
  | 'runtime-error'
  | 'agent'
  | 'container-health-check'
  | 'load-balancer-health-check'
  | 'spot'
  | 'host-gone'
  | 'instance-draining'
  | 'infrastructure-health'
  | 'maintenance'
  | 'scheduler-deployment'
  | 'scheduler-scale-in'
  | 'scheduler-rebalancing'
  | 'scheduler-other'
  | 'user'
  | 'ballast'
  | 'unknown';

/** What a stop means to people. */
export type Verdict = { readonly isExpected: boolean; readonly severity: Severity };

/** One row of the table. Every condition that it names must hold. */
export type StopRule = {
  /** `<cause>/<what decided>`. */
  readonly id: string;
  readonly cause: StopCause;
  readonly stopCodes?: readonly string[];
  /** Of the task's `stoppedReason`. */
  readonly stopped?: RegExp;
  /** Of `stoppedReason`, or of the reason of the container that explains the stop. */
  readonly either?: RegExp;
  /** Of the container that explains the stop. */
  readonly exitCodes?: 'not 0' | readonly (number | 'none')[];
  readonly of?: 'standalone';
  /** The deployment named in `stoppedReason` is not the one that started the task. */
  readonly isOtherDeployment?: true;
  readonly verdict: Verdict;
  /** For a task that no service replaces, where that makes a difference. */
  readonly standalone?: Verdict;
};

/** Meant by someone, or cured by ECS without a loss. */
const expected: Verdict = { isExpected: true, severity: 'info' };
/** Nobody meant it, and nobody has to do anything about a single one: ECS replaces the task. */
const healed: Verdict = { isExpected: false, severity: 'info' };
/** Something is wrong. Only an incident, which knows more than one stop, is ever critical. */
const trouble: Verdict = { isExpected: false, severity: 'warn' };
/** Nothing replaces a standalone task: its work is lost. */
const lost = trouble;

type Conditions = Omit<StopRule, 'id' | 'cause' | 'verdict'>;

/** The id begins with the cause, which the compiler holds to the set. */
const row = <Cause extends StopCause>(
  id: `${Cause}/${string}`,
  verdict: Verdict,
  conditions: Conditions,
): StopRule => ({ id, cause: id.slice(0, id.indexOf('/')) as Cause, verdict, ...conditions });

/** Texts that begin like one of these patterns. */
const begins = (...patterns: readonly string[]): RegExp =>
  new RegExp(`^(?:${patterns.join('|')})`, 'i');

/** Texts that hold one of these words. */
const names = (...patterns: readonly string[]): RegExp =>
  new RegExp(`\\b(?:${patterns.join('|')})\\b`);

/** A container that ended by itself, be it at work or before the task was running. */
const ended = ['EssentialContainerExited'];
const endedOrNotStarted = ['EssentialContainerExited', 'TaskFailedToStart'];
const scheduler = ['ServiceSchedulerInitiated'];

/** Who took the task down on purpose, or what took it along: its exit codes are consequences. */
const takenDown: readonly StopRule[] = [
  row('ballast/reason', expected, { stopped: /^ballast\b/i }),
  row('spot/stop-code', healed, { stopCodes: ['SpotInterruption'], standalone: lost }),
  // Older captures have TerminationNotice with this text.
  row('spot/reason', healed, {
    stopped: /^(Your Spot Task was interrupted|SpotInterruptionError)/,
    standalone: lost,
  }),
  row('maintenance/reason', expected, {
    stopped: /^ECS is performing maintenance/,
    standalone: lost,
  }),
  row('infrastructure-health/stop-code', healed, {
    stopCodes: ['InfrastructureHealth'],
    standalone: lost,
  }),
  row('instance-draining/task', expected, {
    stopped: /^Task stopped during instance draining/,
    standalone: lost,
  }),
  row('instance-draining/scheduler', expected, {
    stopCodes: scheduler,
    stopped: /\bcontainer instance is in DRAINING state/i,
  }),
  row('host-gone/terminated', healed, { stopped: /^Host EC2 \(instance/, standalone: lost }),
  row('host-gone/deregistered', healed, {
    stopped: /^Container instance deregistration forced by user/,
    standalone: lost,
  }),
  row('host-gone/stop-code', healed, { stopCodes: ['TerminationNotice'], standalone: lost }),
  row('user/stop-code', expected, { stopCodes: ['UserInitiated'] }),
  row('user/reason', expected, { stopped: /^Task stopped by user/ }),
  row('scheduler-rebalancing/reason', expected, {
    stopped: /^Availability[- ]zone rebalancing initiated by/i,
  }),
  row('scheduler-deployment/reason', expected, {
    stopped: /^Scaling activity initiated by/,
    isOtherDeployment: true,
  }),
  row('scheduler-scale-in/reason', expected, { stopped: /^Scaling activity initiated by/ }),
];

/** A container without memory fails its health checks too: memory is the cause. */
const memory: readonly StopRule[] = [
  row('out-of-memory/reason', trouble, { either: /^OutOfMemory/ }),
];

const health: readonly StopRule[] = [
  row('load-balancer-health-check/reason', trouble, {
    stopped: /^Task failed ELB health checks/,
  }),
  row('load-balancer-health-check/target-group', trouble, {
    stopCodes: scheduler,
    stopped: /\bunhealthy in \(?target-group/i,
  }),
  row('container-health-check/reason', trouble, {
    stopped: /^Task failed container health checks/,
  }),
  row('container-health-check/scheduler', trouble, {
    stopCodes: scheduler,
    stopped: /\bfailed (container )?health ?checks?\b/i,
  }),
];

/** What kept a task from starting: named by ECS in `stoppedReason`, by an agent in a container. */
const notStarted: readonly StopRule[] = [
  row('image-pull/error', trouble, { either: /^CannotPull/ }),
  row('image-pull/registry-auth', trouble, {
    either: /^ResourceInitializationError: .*(ecr registry auth|pull registry auth)/i,
  }),
  row('initialisation/secrets', trouble, {
    either: /^(Fetching secret data from|ResourceNotFoundException\b)/i,
  }),
  row('initialisation/secrets-retrieval', trouble, {
    either: /^ResourceInitializationError: .*\b(secrets?|ssm|asm)\b/i,
  }),
  row('initialisation/environment-file', trouble, {
    either: /^ResourceInitializationError: .*\benv(ironment)? files?\b/i,
  }),
  row('initialisation/logs', trouble, {
    either: /^ResourceInitializationError: .*\b(logger|logging|awslogs|log (group|driver))\b/i,
  }),
  row('initialisation/log-driver', trouble, {
    either: /^CannotStartContainerError: .*\b(logging|log) driver\b/i,
  }),
  row('initialisation/volume', trouble, {
    either: /^(Cannot(Create|Inspect)VolumeError|Timeout waiting for (EphemeralStorage|EBS))/,
  }),
  row('initialisation/volume-mount', trouble, {
    either: /^ResourceInitializationError: .*\b(EFS|EBS|FSx|volumes?)\b/i,
  }),
  row('initialisation/network', trouble, {
    either: begins(
      'Timeout waiting for network interface',
      'Network interface provision',
      'Unexpected EC2 error while attempting to',
      'Unable to attach network interface',
    ),
  }),
  row('initialisation/network-setup', trouble, {
    either: /^ResourceInitializationError: .*\b(ENI|network|netplugin)\b/i,
  }),
  // Documented for interfaces that were attached after ECS had given up waiting.
  row('initialisation/internal', trouble, { either: /^InternalError\b/ }),
  row('initialisation/other', trouble, { either: /^ResourceInitializationError\b/ }),
  row('placement/resource', trouble, { stopped: /^RESOURCE:/ }),
  row('placement/constraint', trouble, {
    stopped: /^(ATTRIBUTE\b|LOCATION\b|(memberOf|distinctInstance) placement constraint)/i,
  }),
  row('placement/incompatible', trouble, {
    stopped: /^The selected task definition is not compatible/,
  }),
  row('placement/capacity', trouble, {
    stopped:
      /^(Capacity is unavailable|You've reached the limit on|No Container Instances were found)/i,
  }),
  // Managed Instances quote EC2's answer to the launch of an instance.
  row('placement/instance-launch', trouble, {
    stopCodes: ['TaskFailedToStart'],
    stopped: names(
      'VcpuLimitExceeded',
      'Insufficient\\w*Capacity\\w*',
      'UnfulfillableCapacity',
      'MaxSpotInstanceCountExceeded',
      'UnauthorizedOperation',
    ),
  }),
  row('placement/capacity-timeout', trouble, {
    stopCodes: ['TaskFailedToStart'],
    stopped: /\b(timed? ?out|timeout)\b.*\bcapacity\b/i,
  }),
  row('agent/reason', trouble, { stopped: /^AGENT\b/ }),
  row('runtime-error/container', trouble, {
    either: /^Cannot(Start|Create|Stop|Inspect|Describe)ContainerError\b/,
  }),
  row('runtime-error/runtime', trouble, {
    either: /^(ContainerRuntime(Timeout)?Error|Docker(Timeout|State)Error)\b/,
  }),
];

/** What the exit code tells, where nobody took the task down. */
const exits: readonly StopRule[] = [
  row('segmentation-fault/exit-code', trouble, {
    stopCodes: endedOrNotStarted,
    exitCodes: [139],
  }),
  // 137 is SIGKILL: by the kernel, by a supervisor, or after the stop timeout. Memory has a reason.
  row('killed/exit-code', trouble, { stopCodes: endedOrNotStarted, exitCodes: [137] }),
  row('runtime-error/exit-code', trouble, {
    stopCodes: endedOrNotStarted,
    exitCodes: [125, 126, 127],
  }),
  row('application-exit/exit-code', trouble, {
    stopCodes: endedOrNotStarted,
    exitCodes: 'not 0',
  }),
  row('application-exit/done', expected, {
    stopCodes: ended,
    exitCodes: [0],
    of: 'standalone',
  }),
  row('application-exit/service-ended', trouble, { stopCodes: ended, exitCodes: [0] }),
  row('application-exit/no-exit-code', trouble, { stopCodes: ended, exitCodes: ['none'] }),
];

const otherStops: readonly StopRule[] = [
  row('scheduler-other/clean', expected, {
    stopCodes: scheduler,
    exitCodes: [0, 143, 'none'],
  }),
  row('scheduler-other/exit-code', trouble, { stopCodes: scheduler, exitCodes: 'not 0' }),
];

/** The table: the first row that holds decides. Texts are not a contract, so a gap is `unknown`. */
export const stopRules: readonly StopRule[] = [
  ...takenDown,
  ...memory,
  ...health,
  ...notStarted,
  ...exits,
  ...otherStops,
];

/** Where a task's place went away under it: that is no crash, and ECS starts it elsewhere. */
export const takenAwayCauses: ReadonlySet<string> = new Set(
  stopRules.filter(({ verdict }) => verdict === healed).map(({ cause }) => cause),
);

/** What is in no row: kept, counted, and an incident of its own. */
export const unknownStop: StopRule = row('unknown/no-row', trouble, {});
