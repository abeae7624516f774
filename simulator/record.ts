import type { Call } from './account.ts';
import type { FaultHit, FaultName } from './faults.ts';
import type { InstanceHistory } from './instance-history.ts';
import type { RunMode, StackMode, Truth } from './scenario.ts';
import type { LogRecord, Outcome } from './stack/lambda.ts';
import type { UserRequests } from './users.ts';

/** A task that has stopped, as its event tells it. */
export type Stop = {
  readonly taskArn: string;
  /** Of `service:NAME`; undefined for a standalone task. */
  readonly service: string | undefined;
  readonly startedBy: string | undefined;
  readonly taskDefinitionArn: string;
  readonly stopCode: string | undefined;
  readonly stoppedReason: string;
  readonly containers: readonly {
    readonly name: string;
    readonly exitCode: number | undefined;
    readonly reason: string | undefined;
  }[];
  readonly hasRun: boolean;
  readonly stoppedAtMs: number;
};

/** Arrivals of one stop at the functions' queue; none where its event was lost. */
export type DeliveredStop = Stop & { readonly arrivalsMs: readonly number[] };

/** A warning, an error or a failure that ECS tells of a service or a deployment. */
export type Signal = {
  readonly eventId: string;
  readonly eventName: string;
  readonly service: string;
  readonly reason: string;
  readonly atMs: number;
  /** Arrivals of the event at the functions' queue; none where it was lost. */
  readonly arrivalsMs: readonly number[];
};

/** A message as a topic got it. */
export type AlertRecord = {
  readonly atMs: number;
  readonly topic: 'alerts' | 'pages';
  /** The same in every repeat of a message. */
  readonly messageId: string;
  readonly incidentId: string;
  readonly kind: string;
  readonly severity: string;
  readonly service: string;
  readonly transition: string;
  readonly subject: string;
};

/** One call of the hook by ECS. */
export type HookCall = {
  readonly functionArn: string;
  readonly serviceArn: string;
  readonly deploymentArn: string;
  readonly stage: string;
  readonly targetRevisionArn: string;
  readonly executionId: string;
  /** Whether the deployment was going back. */
  readonly isRollback: boolean;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome['type'];
  /** `hookStatus` of what it returned. */
  readonly hookStatus: string | undefined;
  readonly reason: string | undefined;
};

/** A service's counts, from this moment until the next record of it. */
export type ServiceCount = {
  readonly atMs: number;
  readonly service: string;
  readonly desired: number;
  /** Tasks that run and are meant to run. */
  readonly running: number;
  /** Desired times the minimum healthy percent, rounded up. */
  readonly floor: number;
  /** Running tasks by zone; zones that it can use and has none in are included. */
  readonly zones: Readonly<Record<string, number>>;
  /** Tasks are on their way to RUNNING. */
  readonly isPending: boolean;
  /** Running tasks on the container instance that holds the most of them; 0 on Fargate. */
  readonly onOneInstance: number;
  /** ECS evens out its zones by itself. */
  readonly isRebalanced: boolean;
};

/** Container instances that stay, from this moment until the next record. */
export type FleetCount = { readonly atMs: number; readonly instances: number };

/** A stretch of time; without an end it lasts to the end of the run. */
export type Stretch = { readonly fromMs: number; readonly untilMs: number | undefined };

/** A deployment of a service, from its beginning to where it was last seen. */
export type DeploymentRecord = {
  readonly deploymentArn: string;
  readonly service: string;
  readonly taskDefinitionArn: string | undefined;
  readonly status: string;
  readonly statusReason: string | undefined;
  readonly startedMs: number;
  /** When it was first seen to have succeeded, failed or been stopped; a way back may last longer. */
  readonly settledMs: number | undefined;
  readonly endedMs: number | undefined;
};

/** A call that changes something in ECS, with what it was made upon. */
export type EcsWrite = Pick<Call, 'operation' | 'input' | 'caller'> & {
  readonly atMs: number;
  readonly service: string | undefined;
  /** Tags of the service by key. */
  readonly tags: Readonly<Record<string, string>>;
  readonly desiredBefore: number | undefined;
  /** Tasks named in the call that were protected at that moment. */
  readonly protectedTasks: readonly string[];
};

/** A message that was given up. */
export type DeadLetter = { readonly atMs: number; readonly queue: string; readonly body: string };

export type TimelineEntry = { readonly atMs: number; readonly who: string; readonly text: string };

/** Everything that a run has left behind: what checkers and reports read. */
export type RunRecord = {
  readonly scenario: string;
  readonly seed: number;
  readonly mode: RunMode;
  readonly stackMode: StackMode;
  readonly withBallast: boolean;
  readonly startMs: number;
  /** When Ballast was put up. */
  readonly upMs: number;
  readonly endMs: number;
  readonly faultsFromMs: number;
  readonly faultsUntilMs: number;
  readonly faults: ReadonlySet<FaultName>;
  readonly hits: readonly FaultHit[];
  readonly truths: readonly Truth[];
  readonly stops: readonly DeliveredStop[];
  readonly signals: readonly Signal[];
  readonly hookCalls: readonly HookCall[];
  readonly alerts: readonly AlertRecord[];
  readonly logs: readonly LogRecord[];
  readonly writes: readonly EcsWrite[];
  readonly counts: readonly ServiceCount[];
  readonly fleet: readonly FleetCount[];
  readonly deployments: readonly DeploymentRecord[];
  /** When an instance or more of the cluster was being emptied. */
  readonly drains: readonly Stretch[];
  /** Every instance of the cluster, with its drains. */
  readonly instances: readonly InstanceHistory[];
  /** Texts of the digests, as a mail has them. */
  readonly digests: readonly { readonly atMs: number; readonly text: string }[];
  /** Names of the functions that were deployed. */
  readonly functions: readonly string[];
  /** Tags by service, at the end. */
  readonly tags: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly users: readonly UserRequests[];
  readonly deadLetters: readonly DeadLetter[];
  readonly problems: readonly string[];
  /** Calls to AWS by `service:Operation`. */
  readonly calls: Readonly<Record<string, number>>;
  readonly timeline: readonly TimelineEntry[];
};
