import { updateIncident } from '../../shared/aws/update-incident.ts';
import {
  classifyDeploymentChange,
  classifyHookChange,
} from '../../shared/domain/deployment-event.ts';
import type { EventMeaning } from '../../shared/domain/event-meaning.ts';
import type { Incident, IncidentKey } from '../../shared/domain/incident.ts';
import { applyObservations, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { hookRollbackFactsOf, rollbackFactsOf } from '../../shared/domain/rollback-facts.ts';
import { classifyServiceAction } from '../../shared/domain/service-action.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { subjectOf } from '../../shared/domain/task-identity.ts';
import {
  hookFacts,
  isOfPastDeployment,
  isTaskDone,
  observeCompletion,
  observeTaskDone,
  type Reaction,
  reactToMeaning,
  reactToStop,
} from '../../shared/domain/task-reaction.ts';
import type { StoppedTask } from '../../shared/domain/task-stop.ts';
import type { EcsEvent } from '../../shared/events/ecs-event.ts';
import { isOptedOut, type OpenIncidents, type States, stateKey } from './batch.ts';
import type { Config } from './config.ts';
import type { Deps } from './handler.ts';
import type { LogQuotes } from './log-quotes.ts';

/** Reacts to one event. Throws what makes it worth another try; a repeat changes nothing. */
export async function react(
  event: Exclude<EcsEvent, { kind: 'ignored' }>,
  states: States,
  batch: { readonly open: OpenIncidents; readonly quotes: LogQuotes },
  deps: Deps,
): Promise<void> {
  switch (event.kind) {
    case 'task-stopped':
      return await reactToTask(event.task, states, batch, deps);
    case 'service-action': {
      const { action } = event;
      const meaning = classifyServiceAction(action);
      const about = { ...action, cluster: clusterName(action.clusterArn), deploymentId: undefined };
      const state = states.get(stateKey(action.clusterArn, action.service));
      return await reactToEvent(meaning, { ...about, state }, batch.open, deps);
    }
    case 'deployment-state': {
      const { change } = event;
      const meaning = classifyDeploymentChange(change);
      const state = states.get(stateKey(change.clusterArn, change.service));
      const facts = rollbackFactsOf(change, meaning, state);
      const about = { ...change, cluster: clusterName(change.clusterArn), facts, state };
      return await reactToEvent(meaning, about, batch.open, deps);
    }
    case 'hook-state': {
      const { change } = event;
      const meaning = classifyHookChange(change);
      const state = states.get(stateKey(change.clusterArn, change.service));
      const deploymentId = change.serviceDeploymentArn?.split('/').at(-1);
      const about = {
        ...change,
        cluster: clusterName(change.clusterArn),
        deploymentId,
        occurrenceId: deploymentId && `${deploymentId}/${change.stage ?? '-'}`,
        facts: { ...hookFacts(change), ...hookRollbackFactsOf(meaning) },
        state,
      };
      return await reactToEvent(meaning, about, batch.open, deps);
    }
  }
}

const clusterName = (clusterArn: string): string => clusterArn.split('/').at(-1) ?? clusterArn;

async function reactToTask(
  task: StoppedTask,
  states: States,
  { open, quotes }: Parameters<typeof react>[2],
  deps: Deps,
): Promise<void> {
  const stop = classifyStop(task);
  const subject = subjectOf(task);
  // A family of standalone tasks may have the name of a service, and is none.
  const state =
    subject.type === 'service' ? states.get(stateKey(task.clusterArn, subject.name)) : undefined;
  const { taskArn, version } = task;
  deps.log.info('stop', { taskArn, version, subject: subject.name, ...stop });
  if (isOptedOut(state))
    return deps.log.info('decision', { decision: 'ignore', reason: 'opted-out', taskArn });
  if (isOfPastDeployment(task, state))
    return deps.log.info('decision', { decision: 'ignore', reason: 'deployment-gone', taskArn });
  if (isTaskDone(stop)) {
    for (const incident of await open.of(clusterName(task.clusterArn), subject)) {
      await applyAll(incident, observeTaskDone(incident, task.stoppedAtMs), deps);
    }
  }
  let isToldFast = false;
  for (const reaction of reactToStop(task, stop, clusterName(task.clusterArn), state)) {
    // What loops fast is told as that alone, and what is over as a fast loop does not go on as a slow one.
    if (reaction.key.kind === 'slow-loop' && isToldFast) continue;
    const incident = await apply(reaction, deps);
    open.note(incident);
    isToldFast = incident?.status === 'open' || incident?.resolution === 'superseded';
    quotes.note(incident, task, stop);
  }
}

async function reactToEvent(
  meaning: EventMeaning,
  about: Parameters<typeof reactToMeaning>[1] & { readonly state?: ServiceState | undefined },
  openIncidents: OpenIncidents,
  deps: Deps,
): Promise<void> {
  const { cluster, service, deploymentId, atMs } = about;
  deps.log.info('event', { cluster, service, deploymentId, ...meaning });
  if (meaning.isTrouble && isOptedOut(about.state))
    return deps.log.info('decision', { decision: 'ignore', reason: 'opted-out', service });
  const reactions = reactToMeaning(meaning, about);
  if (reactions.length === 0 && meaning.cause !== 'deployment-completed') return;
  const own = await openIncidents.of(cluster, { type: 'service', name: service });
  for (const reaction of reactions) {
    openIncidents.note(await apply(reaction, deps));
  }
  if (meaning.cause !== 'deployment-completed') return;
  for (const incident of own) {
    const observation = observeCompletion(incident, deploymentId, atMs);
    if (observation !== undefined) await apply({ key: incident, observation }, deps);
  }
}

/** Other writers of the same incident were faster every time: the message has to come again. */
class Contended extends Error {
  override readonly name = 'Contended';
}

/** Brings an incident up to date with what was observed, and returns it. */
export const apply = (
  { key, observation }: Reaction,
  deps: Pick<Deps, 'store' | 'clock' | 'config'>,
): Promise<Incident | undefined> => applyAll(key, [observation], deps);

/** The same for several observations of one incident, in one write. */
export async function applyAll(
  key: IncidentKey,
  observations: readonly Observation[],
  deps: Pick<Deps, 'store' | 'clock' | 'config'>,
): Promise<Incident | undefined> {
  const updated = await updateIncident(deps.store, key, (current) =>
    applyObservations(current, observations, contextOf(key, deps)),
  );
  if (updated.kind === 'contended') throw new Contended(`${key.kind} of ${key.subject.name}`);
  return updated.incident;
}

/** Whether observations would change an incident as it was read. */
export const changes = (
  incident: Incident,
  observations: readonly Observation[],
  deps: Pick<Deps, 'clock' | 'config'>,
): boolean => applyObservations(incident, observations, contextOf(incident, deps)) !== incident;

const contextOf = (key: IncidentKey, { clock, config }: Pick<Deps, 'clock' | 'config'>) => ({
  key,
  policy: policyOf(key.kind, config),
  nowMs: clock.nowMs(),
});

/** The policy of a kind with what the stack sets of it. */
export function policyOf(kind: Reaction['key']['kind'], config: Config) {
  const policy = incidentPolicies[kind];
  if (kind === 'slow-loop') {
    // Who asks for many stops in a short time does not ask for fewer in a long one.
    const occurrences = Math.max(policy.opensAt.occurrences, config.crashLoopStops);
    return { ...policy, opensAt: { ...policy.opensAt, occurrences } };
  }
  if (kind !== 'crash-loop') return policy;
  const windowMs = config.crashLoopMinutes * 60_000;
  return { ...policy, opensAt: { occurrences: config.crashLoopStops, windowMs } };
}
