import type { Facts } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';

/**
 * The facts that the texts of alerts read, by kind of incident. Whoever opens an incident fills in
 * what it knows: every fact may be missing, and the text gets shorter. Times are in ms since the
 * epoch, revisions are `family:number`, lists are one text.
 */

/** How many tasks the subject has, and how many it must have. */
export type CapacityFacts = {
  /** Tasks in RUNNING at the time of the notice. */
  readonly running?: number;
  readonly desired?: number;
  /** Tasks that must run: desired count times `minimumHealthyPercent`, rounded up. */
  readonly minimum?: number;
};

/** Which revision broke it, and which one to go back to. */
export type RevisionFacts = {
  /** First revision that shows the trouble, as `worker:88`. */
  readonly firstBadRevision?: string;
  /** Start of the deployment that brought the first bad revision. */
  readonly deployedAtMs?: number;
  /** Last revision without the trouble, as `worker:87`. */
  readonly lastGoodRevision?: string;
  /** How long the last good one ran without the trouble. */
  readonly lastGoodRanMs?: number;
  /** `off`, `on` or `on, with rollback`. */
  readonly circuitBreaker?: string;
};

/** Where it happens: one host is another matter than all of them. */
export type PlaceFacts = {
  /** Distinct container instances. */
  readonly instances?: number;
  readonly zones?: number;
  /** The instance, where it is only one. */
  readonly instance?: string;
  /** The zone, where it is only one. */
  readonly zone?: string;
};

/** The last lines of the container's log, allow-listed and redacted; line breaks between them. */
export type LogFacts = { readonly logLines?: string };
/** Lines of a log in a mail, the last ones, and the longest of them in characters. */
export const logLinesMax = 4;
export const logLineCharsMax = 98;

/** `crash-loop` and `slow-loop`: tasks that ran and ended, again and again. */
export type LoopFacts = CapacityFacts &
  RevisionFacts &
  PlaceFacts &
  LogFacts & {
    /** Name of the container that ended. */
    readonly container?: string;
    readonly exitCode?: number;
    /** What ECS says of the container, or else of the task: `OutOfMemoryError: Container killed ...` */
    readonly stopReason?: string;
    /** Memory limit of the container, or else of the task. */
    readonly limitMiB?: number;
    /** Shortest and longest life of the tasks that ended. */
    readonly livedSecondsMin?: number;
    readonly livedSecondsMax?: number;
    /** True where a restart policy restarts the container and no task stops. */
    readonly restartsInPlace?: boolean;
    /** True where some are such restarts, and others tasks that stop. */
    readonly someRestartInPlace?: boolean;
  };

/** `start-failure`: tasks that never ran. */
export type StartFailureFacts = CapacityFacts &
  RevisionFacts &
  PlaceFacts &
  LogFacts & {
    readonly container?: string;
    /** Image that could not be pulled. */
    readonly image?: string;
    readonly stopReason?: string;
    /** ECS's words in an event about the service, where no stop told more. */
    readonly detail?: string;
  };

/** `unknown-stop`: a stop that no row of the table of causes fits. */
export type UnknownStopFacts = CapacityFacts &
  PlaceFacts & {
    readonly container?: string;
    readonly exitCode?: number;
    /** ECS's `stopCode`. */
    readonly stopCode?: string;
    readonly stopReason?: string;
    /** Id of one of the tasks, to look at. */
    readonly taskId?: string;
  };

/** `placement-failure`: ECS finds no place for a task. */
export type PlacementFacts = CapacityFacts & {
  /** ECS's reason, of an event about the service: `RESOURCE:MEMORY`, `AGENT`, ... */
  readonly detail?: string;
  /** The same, of a task that stopped for it. */
  readonly stopReason?: string;
  readonly capacityProvider?: string;
  /** Container instances that ECS named as not fitting. */
  readonly instances?: number;
};

/** `storm`: one cause in many services, told once. Texts are what all of its members share. */
export type StormFacts = {
  readonly services?: number;
  /** Names, the worst first, as `web, api, worker`. */
  readonly serviceNames?: string;
  /** Services that run fewer tasks than their minimum. */
  readonly belowMinimum?: number;
  readonly image?: string;
  readonly instance?: string;
  readonly zone?: string;
  readonly stopReason?: string;
};

/** `bad-instance` and `bad-zone`: services that fail in one place only, told once. */
export type BadPlaceFacts = {
  readonly services?: number;
  /** Names, the worst first, as `web, api, worker`. */
  readonly serviceNames?: string;
  /** Services that run fewer tasks than their minimum. */
  readonly belowMinimum?: number;
  /** How many services each cause hit, the most first, as `image-pull 4, agent 1`. */
  readonly causes?: string;
  /** Container instances that the stops were on. */
  readonly instances?: number;
  /** The zone of all of them. */
  readonly zone?: string;
  /** ECS's `launchType` of all of them: `MANAGED_INSTANCES`, `EC2`, ... */
  readonly launchType?: string;
  /** Instances or zones beside it that ran tasks when it opened. */
  readonly otherPlaces?: number;
  /** Services that failed elsewhere in those minutes. */
  readonly servicesElsewhere?: number;
  /** Services of it that had a running task elsewhere as well. */
  readonly alsoElsewhere?: number;
};

/**
 * What a single stop of a loop, a start failure or an unknown stop brings along as facts of its
 * occurrence. The text sums them up; a fact of the incident by the summed name goes before.
 */
export type StopFacts = {
  readonly container?: string;
  readonly exitCode?: number;
  readonly stopCode?: string;
  readonly stopReason?: string;
  /** Summed up as `livedSecondsMin` and `livedSecondsMax`. */
  readonly livedSeconds?: number;
  /** Summed up as `instances`, and kept where it is only one; short, as people call it. */
  readonly instance?: string;
  readonly zone?: string;
};

/** The same of a container that a restart policy restarted: no task stopped, so nobody says why. */
export type RestartFacts = Pick<StopFacts, 'container'> & { readonly restartsInPlace: true };

/** What all incidents of a deployment know. */
export type DeploymentFacts = {
  /** Revision that is being deployed, as `checkout:412`. */
  readonly revision?: string;
  /** Revision that serves meanwhile, as `checkout:411`. */
  readonly sourceRevision?: string;
  /** Lifecycle stage of the hook. */
  readonly stage?: string;
  /** `enforce` or `observe`, as the deployment hook ran. */
  readonly mode?: string;
  /** The gate's reason, as in docs/reasons.md. */
  readonly reason?: string;
  /** The gate's sentence with its figures. */
  readonly detail?: string;
  /** Further findings, one a line. */
  readonly findings?: string;
};

/** What ECS says of a deployment that failed, see rollback-facts.ts; blank where it is not known. */
export type EcsRollbackFacts = {
  /** `circuit-breaker`, `deployment-alarm`, `lifecycle-hook`, ...: as `EventCause` has it. */
  readonly ecsCause?: string;
  /** ECS's own words. */
  readonly ecsReason?: string;
  /** Revision that failed, and the one that ECS goes back to or that goes on: `worker:87`. */
  readonly ecsRevision?: string;
  readonly ecsSource?: string;
  /** `3 of 4 running on worker:87` */
  readonly ecsRunning?: string;
  /** Whether ECS goes back: `yes`, `no`, or `maybe`. */
  readonly rolledBack?: string;
  /** Deployment that ECS goes back to: `ecs-svc/<id>`. */
  readonly rollbackTo?: string;
};

/** `rollback`: a deployment that failed or was undone, or in observe would have been. */
export type RollbackFacts = DeploymentFacts &
  EcsRollbackFacts & {
    readonly greenMedianMs?: number;
    readonly blueMedianMs?: number;
    /** From the first call of the hook to its final answer. */
    readonly answeredAfterMs?: number;
    /** ECS's status of the service deployment: `ROLLBACK_IN_PROGRESS`, `ROLLBACK_FAILED`, ... */
    readonly status?: string;
  };

/** `gate-could-not-measure`: the gate waits, and then rolls back, for want of proof. */
export type CouldNotMeasureFacts = DeploymentFacts & {
  /** When the gate stops waiting. */
  readonly deadlineAtMs?: number;
};

/** `gate-misconfigured`: `hookDetails` or the stack does not fit. `detail` names the key. */
export type MisconfiguredFacts = DeploymentFacts;

/** `stage-not-gated`: a hook where nothing can be proven. */
export type StageNotGatedFacts = DeploymentFacts;

/** `break-glass`: somebody let a service pass unproven. */
export type BreakGlassFacts = DeploymentFacts & {
  readonly by?: string;
  /** Why, in the words of who did it. */
  readonly why?: string;
  readonly untilMs?: number;
};

/** `hook-timed-out` and `hook-awaiting-action`: what ECS says of one lifecycle hook. */
export type HookFacts = DeploymentFacts & {
  readonly hookId?: string;
  /** `AWS_LAMBDA` or `PAUSE`. */
  readonly hookType?: string;
  readonly expiresAtMs?: number;
  readonly serviceDeploymentArn?: string;
};

/** `replacement-ahead`: managed instances that ECS will drain, and what that hurts. */
export type ReplacementAheadFacts = {
  readonly provider?: string;
  readonly instances?: number;
  readonly ofInstances?: number;
  /** Ids, as `i-0a71, i-0b12`. */
  readonly instanceNames?: string;
  /** As `eu-central-1a: 3 of 3, eu-central-1b: 1 of 2`. */
  readonly zones?: string;
  readonly isHerd?: boolean;
  /** First and last drain, and the first moment at which ECS kills what is left. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly deadlineMs?: number;
  readonly harms?: number;
  /** Services and families that are hurt, and harms that no line shows. */
  readonly harmed?: number;
  readonly moreHarms?: number;
  /** Id of the event window that sets the time, else empty; and day 14 without it. */
  readonly eventWindow?: string;
  readonly dueMs?: number;
  /** What happens to whom, and what prevents it; a line each. */
  readonly harmLines?: string;
  readonly changes?: string;
  readonly fineServices?: number;
  /** Tasks for which the other instances have no room. */
  readonly homelessTasks?: number;
  /** `first`, or `second` a day ahead. */
  readonly notice?: string;
  /** Once it is over: instances that were replaced of those that were warned of. */
  readonly replaced?: number;
  readonly ofReplaced?: number;
  /** Standalone tasks that went with them, services that were back late, and that are not back; names. */
  readonly tasksLost?: number;
  readonly lostNames?: string;
  readonly notBack?: string;
  readonly stillShort?: string;
  /** From the first drain to the end of the last instance. */
  readonly tookMs?: number;
  /** How far off the forecast was at most, early or late. */
  readonly forecastErrorMs?: number;
};

/** `drain-stuck`: an instance that drains, and from which nothing departs. */
export type DrainStuckFacts = {
  readonly ec2InstanceId?: string;
  readonly provider?: string;
  readonly zone?: string;
  /** What runs it: `managed-instances`, `ec2`, `external`; empty where that is not known. */
  readonly compute?: string;
  /** Why it is replaced: `age`, `health`, ... */
  readonly why?: string;
  /** Tasks that keep it. */
  readonly stuck?: number;
  /** What keeps it, without what changes by itself: another text is news. */
  readonly keptBy?: string;
  readonly drainSinceMs?: number;
  readonly quietSinceMs?: number;
  readonly deadlineMs?: number;
  /** When managed draining of an Auto Scaling group, if it is on, ends what it holds back. */
  readonly drainingUntilMs?: number;
  /** Why each is still there, and the change that frees it; a line each. */
  readonly stays?: string;
  readonly changes?: string;
  /** Once it is over: `empty`, `gone` or `cancelled`, with the tasks on it at the last look. */
  readonly endedBy?: string;
  readonly leftAtEnd?: number;
  /** Those of them that nobody starts again, and their names. */
  readonly lost?: number;
  /** Whom its fold is named by: `service/cart`, `family/report`. */
  readonly keeper?: string;
};

/** `drains-stuck`: the stuck drains of one service or family, told once. */
export type DrainsStuckFacts = {
  /** Instances that it has kept since it opened, and those that it still keeps, with their names. */
  readonly instances?: number;
  readonly kept?: number;
  readonly instanceNames?: string;
  /** Tasks on them that keep them, whoever they belong to. */
  readonly stuck?: number;
  /** Of the first of them. */
  readonly drainSinceMs?: number;
  readonly deadlineMs?: number;
  readonly drainingUntilMs?: number;
  /** See {@link DrainStuckFacts}. */
  readonly stays?: string;
  readonly changes?: string;
  /** Tasks on those that are gone, at the last look, and those of them that nobody starts again. */
  readonly leftAtEnd?: number;
  readonly lost?: number;
  /** Those of `leftAtEnd` that may run on, on machines of your own. */
  readonly orphaned?: number;
};

/** `not-recovered`: a service that is below its count since an instance was replaced. */
export type NotRecoveredFacts = {
  readonly running?: number;
  readonly desired?: number;
  readonly minimum?: number;
  /** Id of the instance that went, why it did, and when. */
  readonly instance?: string;
  readonly why?: string;
  readonly goneAtMs?: number;
};

/** `zone-imbalance` of a cluster: many services that no card of their own tells of. */
export type ZoneFloodFacts = {
  readonly services?: number;
  /** The worst few, one a line: `search: 5/1/0; losing us-east-1a leaves 1 of 6, evenly 4`. */
  readonly worst?: string;
};

/** `zone-imbalance`: what the loss of a zone would cost, and why nobody evens the spread out. */
export type ZoneImbalanceFacts = {
  /** `ecs-will`, `would-act`, `hold` or `cannot`, and its reason, as in docs/reasons.md. */
  readonly verdict?: string;
  readonly reason?: string;
  readonly detail?: string;
  /** First seen imbalanced. */
  readonly sinceMs?: number;
  readonly desired?: number;
  /** Tasks that must run. */
  readonly minimum?: number;
  /** Healthy running tasks in all zones, and those in the fullest one. */
  readonly counted?: number;
  readonly fullest?: number;
  readonly fullestZone?: string;
  /** Tasks by zone in the order of `zones`, as `5/1/0`. */
  readonly spread?: string;
  readonly bestSpread?: string;
  readonly zones?: string;
  /** The zone whose loss leaves the fewest tasks, how many, and their share of the desired ones. */
  readonly lostZone?: string;
  readonly left?: number;
  readonly leftPercent?: number;
  /** Tasks that the best spread would keep. */
  readonly bestLeft?: number;
  /** Why ECS does not act, in a few words; and the change that would let it, one a line. */
  readonly obstacles?: string;
  readonly changes?: string;
  /** True where enabling native rebalancing is all that it takes. */
  readonly canEnable?: boolean;
  /** Moves that Ballast would make, and how many it takes. */
  readonly moves?: number;
  readonly movesNeeded?: number;
  /** Zones that they would go to, and what keeps others out. */
  readonly roomIn?: string;
  readonly blocked?: string;
  /** Zones that the figures leave out, and why. */
  readonly notes?: string;
  /** Why it lasts: `ecs`, `room`, or the settings that rule ECS out. */
  readonly keptBy?: string;
  /** What ended it: `ecs`, `deployment` or `scaling`. */
  readonly endedBy?: string;
};

/** `concentration`: one instance holds too much of a service. */
export type ConcentrationFacts = {
  readonly desired?: number;
  readonly running?: number;
  /** Label of the instance, its running tasks of the service, and those elsewhere. */
  readonly instance?: string;
  readonly onInstance?: number;
  readonly remaining?: number;
  /** The stack's limit, and the capacity provider of the instance. */
  readonly limitPercent?: number;
  readonly provider?: string;
  /** Zones that the service can use, and the tasks that an even spread puts into the fullest. */
  readonly zones?: number;
  readonly evenTasks?: number;
  /** What would spread it: see `concentration.ts`. */
  readonly remedy?: string;
  /** The strategies that would, as the CLI of AWS takes them; else empty. */
  readonly strategy?: string;
  /** Who deploys the service, where it is not ECS: `CODE_DEPLOY` or `EXTERNAL`; else empty. */
  readonly controller?: string;
  /** Where it holds far more tasks than its peers: all of its tasks, and the median of theirs; else 0. */
  readonly instanceTasks?: number;
  readonly peerTasks?: number;
};

/** `density-anomaly`: figures with their usual band, in sentences made by `density-series.ts`. */
export type DensityAnomalyFacts = {
  readonly figure?: string;
  /** Provider; missing for the whole cluster. */
  readonly group?: string;
  readonly others?: string;
  /** What changed in the hours before. */
  readonly changed?: string;
  /** What goes on, and explained it for as long as it may. */
  readonly outlasts?: string;
};

/** Facts as the text may use them: cleaned, of the right type, or undefined. */
export type FactReader<Known extends object> = {
  text(name: KeyOf<Known, string>): string | undefined;
  number(name: KeyOf<Known, number>): number | undefined;
  flag(name: KeyOf<Known, boolean>): boolean | undefined;
  /** The lines of a text with line breaks; without blank ones. */
  lines(name: KeyOf<Known, string>): readonly string[];
};

type KeyOf<Known extends object, Type> = {
  [Name in keyof Known]-?: Required<Known>[Name] extends Type ? Name : never;
}[keyof Known] &
  string;

/** A fact of another type than documented counts as missing: facts come from a table. */
export function readFacts<Known extends object>(facts: Facts): FactReader<Known> {
  const text = (name: string): string | undefined => {
    const value = facts[name];
    return typeof value === 'string' ? blankAsMissing(cleaned(value)) : undefined;
  };
  return {
    text,
    number: (name) => {
      const value = facts[name];
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    },
    flag: (name) => {
      const value = facts[name];
      return typeof value === 'boolean' ? value : undefined;
    },
    lines: (name) => {
      const value = facts[name];
      return (typeof value === 'string' ? value.split(/\r?\n/) : [])
        .map(cleaned)
        .filter((line) => line !== '');
    },
  };
}

const blankAsMissing = (text: string): string | undefined => (text === '' ? undefined : text);

/** One line without control characters; what was left out shows as dots. */
function cleaned(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length <= factCharsMax ? line : `${line.slice(0, factCharsMax - 3).trimEnd()}...`;
}
