import type { StopFacts } from './alert-facts.ts';
import type { HookStateChange } from './deployment-event.ts';
import type { EventMeaning } from './event-meaning.ts';
import type { Facts, Incident, IncidentKey, IncidentKind, Severity, Subject } from './incident.ts';
import { pauseOver, serviceGone, taskDone } from './incident-end.ts';
import { factCharsMax } from './incident-facts.ts';
import { rollbackKey } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import type { ServiceRollout, ServiceState } from './service-state.ts';
import { isGivenUp, isSteady, neededOf, primaryOf } from './service-state.ts';
import type { StopCause, StopClass } from './stop-classification.ts';
import { takenAwayCauses } from './stop-rules.ts';
import { deploymentIdOf, revisionOf, subjectOf } from './task-identity.ts';
import type { StoppedTask } from './task-stop.ts';

/** Something that is to be observed of one incident. */
export type Reaction = { readonly key: IncidentKey; readonly observation: Observation };

/** Causes that ECS cannot place a task for: the task never was anywhere. */
const placementCauses: ReadonlySet<StopCause> = new Set<StopCause>(['placement']);

function kindOf({ cause, isStartFailure }: StopClass): IncidentKind {
  if (cause === 'unknown') return 'unknown-stop';
  if (placementCauses.has(cause)) return 'placement-failure';
  return isStartFailure ? 'start-failure' : 'crash-loop';
}

/**
 * What an unexpected stop says: one occurrence of its own kind of incident, and, where the task had
 * run, one of a slow loop as well. The task's ARN is the occurrence: redelivered, it counts once.
 */
export function reactToStop(
  task: StoppedTask,
  stop: StopClass,
  cluster: string,
  state: ServiceState | undefined,
): readonly Reaction[] {
  if (stop.isExpected) return [];
  const kind = kindOf(stop);
  const key: IncidentKey = {
    cluster,
    subject: subjectOf(task),
    kind,
    cause: stop.cause,
    deploymentId: deploymentIdOf(task),
  };
  const observation: Observation = {
    type: 'occurred',
    occurrence: { id: task.taskArn, atMs: task.stoppedAtMs, facts: { ...stopFacts(task, stop) } },
    severity: stop.severity,
    facts: { ...subjectFacts(task, stop), ...stateFacts(state) },
  };
  const own = { key, observation };
  // A place that goes away now and then is what Spot is: only many at once are worth a line.
  if (kind !== 'crash-loop' || stop.severity === 'info') return [own];
  return [own, { key: { ...key, kind: 'slow-loop' }, observation }];
}

/**
 * Whether a stop is of a deployment that its service no longer has: history, whatever stopped the task.
 * That a deployment is not listed is not enough, a read may be older than it: the wanted one has to be
 * younger than the task. After a rollback it is older, and the stops that led to it are told.
 */
export function isOfPastDeployment(
  task: Pick<StoppedTask, 'startedBy' | 'createdAtMs'>,
  state: Pick<ServiceState, 'rollouts'> | undefined,
): boolean {
  const own = deploymentIdOf(task);
  const primary = state === undefined ? undefined : primaryOf(state);
  if (own === undefined || state === undefined || task.createdAtMs === undefined) return false;
  const isListed = state.rollouts.some(({ id }) => id === own);
  return !isListed && task.createdAtMs < (primary?.createdAtMs ?? Number.NEGATIVE_INFINITY);
}

/** Facts without the undefined ones: an absent fact and a missing one are the same to a text. */
const known = <T extends object>(facts: T): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Facts;

function stopFacts(task: StoppedTask, stop: StopClass): Facts {
  const facts: Record<keyof StopFacts, string | number | undefined> = {
    container: stop.container,
    exitCode: stop.exitCode,
    stopCode: task.stopCode,
    stopReason: reasonOf(task, stop)?.slice(0, factCharsMax),
    livedSeconds: stop.livedMs === undefined ? undefined : Math.round(stop.livedMs / 1000),
    instance: task.containerInstanceArn?.split('/').at(-1),
    zone: task.zone,
  };
  return known(facts);
}

/** What the blamed container says, or else the task. */
const reasonOf = (task: StoppedTask, { container }: StopClass): string | undefined =>
  task.containers.find(({ name }) => name === container)?.reason ?? task.stoppedReason;

function subjectFacts(task: StoppedTask, stop: StopClass): Facts {
  const blamed = task.containers.find(({ name }) => name === stop.container);
  return known({
    firstBadRevision: revisionOf(task.taskDefinitionArn),
    limitMiB: task.memoryMiB,
    launchType: task.launchType,
    image: stop.cause === 'image-pull' ? blamed?.image : undefined,
    taskId: stop.cause === 'unknown' ? task.taskArn.split('/').at(-1) : undefined,
  });
}

/** What ECS says of the service now. */
export function stateFacts(state: ServiceState | undefined): Facts {
  if (state === undefined) return {};
  const primary = primaryOf(state);
  const previous = state.rollouts.find((one) => isLastGood(one, primary));
  return known({
    running: state.running,
    desired: state.desired,
    minimum: neededOf(state),
    circuitBreaker: state.circuitBreaker,
    deployedAtMs: primary?.createdAtMs,
    lastGoodRevision:
      previous?.taskDefinitionArn === undefined
        ? undefined
        : revisionOf(previous.taskDefinitionArn),
    lastGoodRanMs: ranMs(previous, primary),
  });
}

/** An older deployment that had come to its end, of another revision: one to go back to. */
const isLastGood = (one: ServiceRollout, primary: ServiceRollout | undefined): boolean =>
  one.status === 'ACTIVE' &&
  one.rolloutState === 'COMPLETED' &&
  one.taskDefinitionArn !== primary?.taskDefinitionArn;

/** How long it was the one that served, until the next was deployed. */
function ranMs(
  previous: ServiceRollout | undefined,
  primary: ServiceRollout | undefined,
): number | undefined {
  const [fromMs, untilMs] = [previous?.createdAtMs, primary?.createdAtMs];
  return fromMs === undefined || untilMs === undefined || untilMs <= fromMs
    ? undefined
    : untilMs - fromMs;
}

/** What an event about a service, a deployment or a hook opens; nothing where its table says so. */
export function reactToMeaning(
  meaning: EventMeaning,
  about: {
    readonly cluster: string;
    readonly service: string;
    readonly eventId: string;
    /** Where the same thing is told by others too: the id that they use. */
    readonly occurrenceId?: string | undefined;
    readonly deploymentId: string | undefined;
    readonly atMs: number;
    readonly facts?: Facts;
  },
): readonly Reaction[] {
  if (!meaning.isTrouble || meaning.kind === undefined) return [];
  const { cluster, service, deploymentId } = about;
  const subject: Subject = { type: 'service', name: service };
  const detail = meaning.detail.slice(0, factCharsMax);
  const isRollback = meaning.kind === 'rollback';
  const key: IncidentKey = isRollback
    ? rollbackKey(cluster, service)
    : { cluster, subject, kind: meaning.kind, cause: meaning.cause, deploymentId };
  return [
    {
      key,
      observation: {
        type: 'occurred',
        occurrence: { id: about.occurrenceId ?? about.eventId, atMs: about.atMs },
        severity: meaning.severity,
        // What the gate says of a rollback says more: ECS's words stand beside it, see rollback-facts.ts.
        facts: { ...(isRollback ? {} : { detail }), ...about.facts },
      },
    },
  ];
}

/** What the texts about hooks read of a hook's event. */
export const hookFacts = (change: HookStateChange): Facts =>
  known({
    hookId: change.hookId,
    hookType: change.hookType,
    stage: change.stage,
    expiresAtMs: change.expiresAtMs,
    serviceDeploymentArn: change.serviceDeploymentArn,
  });

/** Kinds that end when their service is steady again. */
const endsWhenSteady: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'crash-loop',
  'slow-loop',
  'start-failure',
  'unknown-stop',
  'placement-failure',
]);
/** Kinds that end with the next successful deployment. */
const endsWhenDeployed: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'rollback',
  'gate-could-not-measure',
  'gate-misconfigured',
  'stage-not-gated',
  'hook-timed-out',
  'hook-awaiting-action',
]);

/** Whether a stop is a standalone task's success: it was to end, and did with exit code 0. */
export const isTaskDone = ({ rule }: Pick<StopClass, 'rule'>): boolean =>
  rule === 'application-exit/done';

/** What a standalone task's success means to an open incident of its family: nobody else sees it well. */
export const observeTaskDone = ({ kind }: Incident, atMs: number): readonly Observation[] =>
  endsWhenSteady.has(kind) ? [{ type: 'well', atMs, reason: taskDone }] : [];

/** Standalone tasks are well from their last success on, for as long as none of them fails. */
export const observeFamily = (incident: Incident, atMs: number): readonly Observation[] =>
  incident.subject.type === 'family' && incident.wellSinceMs !== undefined
    ? observeTaskDone(incident, atMs)
    : [];

/** What a completed deployment of its service means to an open incident. */
export const observeCompletion = (
  incident: Incident,
  deploymentId: string | undefined,
  atMs: number,
): Observation | undefined => {
  // That the way back is done ends nothing: the deployment that failed is still to be mended.
  if (incident.facts.rollbackTo !== undefined && incident.facts.rollbackTo === deploymentId) {
    return undefined;
  }
  // ECS tells of a completion twice, and once without saying which deployment it was.
  if (endsWhenDeployed.has(incident.kind) && deploymentId !== undefined) {
    return { type: 'well', atMs, reason: 'a later deployment succeeded' };
  }
  const isOlder =
    incident.deploymentId !== undefined &&
    deploymentId !== undefined &&
    incident.deploymentId !== deploymentId;
  return endsWhenSteady.has(incident.kind) && isOlder ? { type: 'superseded', atMs } : undefined;
};

/** ECS has so long to start elsewhere what lost its place, before that pages. */
const replacedWithinMs = 15 * 60_000;

/** How grave it is that a service is short of its minimum. */
function shortageOf({ cause, subject, worseSinceMs }: Incident, atMs: number): Severity {
  const heals = takenAwayCauses.has(cause) && subject.type === 'service';
  return heals && atMs - (worseSinceMs ?? atMs) < replacedWithinMs ? 'warn' : 'critical';
}

/** Why nothing of a service is under way; undefined while something is, or something lacks. */
function restOf(state: ServiceState): { readonly reason: string } | undefined {
  // Looked at first: once its old tasks are gone, a failed deployment is the only one.
  if (isGivenUp(state)) return { reason: 'deployment-given-up' };
  return isSteady(state) ? { reason: 'steady' } : undefined;
}

/** A pause whose time is over is decided, whoever did it: ECS goes on or back at that moment. */
export const observePause = (incident: Incident, atMs: number): readonly Observation[] =>
  incident.kind === 'hook-awaiting-action' && Number(incident.facts.expiresAtMs) <= atMs
    ? [{ type: 'well', atMs, reason: pauseOver }]
    : [];

/** What the service's state says about one of its open incidents, looked at now. */
export function observeState(
  incident: Incident,
  state: ServiceState | 'missing',
  atMs: number,
): readonly Observation[] {
  if (state === 'missing') return [{ type: 'well', atMs, reason: serviceGone }];
  if (!endsWhenSteady.has(incident.kind)) return [];
  const facts = stateFacts(state);
  const rest = restOf(state);
  const wellness: Observation =
    rest === undefined ? { type: 'unwell', atMs } : { type: 'well', atMs, facts, ...rest };
  const gravity: Observation =
    state.running < neededOf(state)
      ? { type: 'worsened', atMs, severity: shortageOf(incident, atMs), facts }
      : { type: 'eased', atMs, facts };
  return [gravity, wellness];
}
