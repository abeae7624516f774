import type { EcsRollbackFacts } from './alert-facts.ts';
import type { DeploymentMeaning, DeploymentStateChange } from './deployment-event.ts';
import type { EventMeaning } from './event-meaning.ts';
import { factCharsMax } from './incident-facts.ts';
import { primaryOf, type ServiceRollout, type ServiceState } from './service-state.ts';
import { revisionOf } from './task-identity.ts';

/**
 * What ECS says of a deployment that failed, with what its service looks like at that moment. Kept apart
 * from the gate's facts: ECS gives a deployment up for reasons of its own, also where no gate is.
 */
export function rollbackFactsOf(
  change: DeploymentStateChange,
  { kind, cause, detail, rollbackTo }: DeploymentMeaning,
  state: ServiceState | undefined,
): EcsRollbackFacts {
  if (kind !== 'rollback') return {};
  const isFailure = change.eventName === 'SERVICE_DEPLOYMENT_FAILED';
  const rolledBack = isFailure ? outlookOf(change, cause, state) : 'yes';
  const failed = change.deploymentId === rollbackTo ? undefined : rolloutOf(state, change);
  const source = sourceOf(failed, rolledBack, rollbackTo, state);
  // Its completion may come before the event that names it, or without it.
  const wayBack = rollbackTo ?? (rolledBack === 'yes' ? source?.id : undefined);
  const named = {
    ecsRevision: nameOf(failed),
    ecsSource: nameOf(source),
    ecsRunning: runningText(state, source),
  };
  // A failure is told anew: what is not known of it is blank, lest the one before speaks for it. The
  // start of the way back belongs to a failure that was told, and only adds to it.
  const known = Object.fromEntries(
    Object.entries(named).filter(([, text]) => isFailure || text !== ''),
  );
  return {
    ecsCause: cause,
    ecsReason: detail.slice(0, factCharsMax),
    rolledBack,
    ...known,
    ...(wayBack === undefined ? {} : { rollbackTo: wayBack }),
  };
}

/**
 * The same of a hook that failed: ECS rolls back for it, whoever else passed.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
 */
export const hookRollbackFactsOf = ({ kind, cause, detail }: EventMeaning): EcsRollbackFacts =>
  kind === 'rollback'
    ? { ecsCause: cause, ecsReason: detail.slice(0, factCharsMax), rolledBack: 'yes' }
    : {};

/**
 * Whether ECS goes back. The circuit breaker and alarms do only where the service asks for it; a read
 * may be older than the way back, so only a wanted deployment older than the failed one proves it.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
function outlookOf(
  change: DeploymentStateChange,
  cause: EventMeaning['cause'],
  state: ServiceState | undefined,
): 'yes' | 'no' | 'maybe' {
  if (cause === 'lifecycle-hook') return 'yes';
  if (cause === 'circuit-breaker' && state?.circuitBreaker === 'on') return 'no';
  if (cause === 'deployment-alarm' && state?.deploymentAlarms === 'on') return 'no';
  const failedAtMs = rolloutOf(state, change)?.createdAtMs;
  const wantedAtMs = state && primaryOf(state)?.createdAtMs;
  if (failedAtMs === undefined || wantedAtMs === undefined) return 'maybe';
  return wantedAtMs < failedAtMs ? 'yes' : 'maybe';
}

const rolloutOf = (
  state: ServiceState | undefined,
  { deploymentId }: Pick<DeploymentStateChange, 'deploymentId'>,
): ServiceRollout | undefined =>
  deploymentId === undefined ? undefined : state?.rollouts.find(({ id }) => id === deploymentId);

/** What ECS goes back to, or, where it does not, the older deployment that goes on. */
function sourceOf(
  failed: ServiceRollout | undefined,
  rolledBack: string,
  rollbackTo: string | undefined,
  state: ServiceState | undefined,
): ServiceRollout | undefined {
  if (state === undefined) return undefined;
  if (rollbackTo !== undefined) return rolloutOf(state, { deploymentId: rollbackTo });
  const isOther = (one: ServiceRollout): boolean => failed !== undefined && one.id !== failed.id;
  const primary = primaryOf(state);
  if (rolledBack === 'yes') return primary && isOther(primary) ? primary : undefined;
  return state.rollouts.find((one) => one.status === 'ACTIVE' && isOther(one));
}

const nameOf = (rollout: ServiceRollout | undefined): string =>
  rollout?.taskDefinitionArn === undefined ? '' : revisionOf(rollout.taskDefinitionArn);

/** `4 of 4 running on worker:87`; without a name where tasks of others run as well. */
function runningText(state: ServiceState | undefined, source: ServiceRollout | undefined): string {
  if (state === undefined) return '';
  const name = nameOf(source);
  const all = `${state.running} of ${state.desired} running`;
  if (name === '' || source?.running === undefined) return all;
  return source.running === state.running
    ? `${all} on ${name}`
    : `${all}, ${source.running} on ${name}`;
}
