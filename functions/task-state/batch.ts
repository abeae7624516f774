import { awsProblemOf } from '../../shared/aws/errors.ts';
import {
  classifyDeploymentChange,
  classifyHookChange,
} from '../../shared/domain/deployment-event.ts';
import type { Incident, Subject } from '../../shared/domain/incident.ts';
import { fingerprintOf } from '../../shared/domain/incident-key.ts';
import { modeOfTag } from '../../shared/domain/mode.ts';
import { classifyServiceAction } from '../../shared/domain/service-action.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { subjectOf } from '../../shared/domain/task-identity.ts';
import { type Batch, type BatchAnswer, isBatch } from '../../shared/events/batch.ts';
import { type EcsEvent, parseEcsEvent } from '../../shared/events/ecs-event.ts';
import { isOwnCluster, readMessage } from '../../shared/runtime/read-message.ts';
import type { Deps } from './handler.ts';
import { createLogQuotes } from './log-quotes.ts';
import { react } from './react.ts';
import { tell } from './tell.ts';

export { type BatchAnswer, isBatch };

type Message = {
  readonly messageId: string;
  readonly event: Exclude<EcsEvent, { kind: 'ignored' }>;
};

/** The services of a batch as ECS sees them now, by name; absent where that could not be read. */
export type States = ReadonlyMap<string, ServiceState>;

/**
 * Reacts to every event of a batch by itself, then publishes what is due. Logs come last: what they
 * have to say is told a minute later at the earliest, and nothing waits for it.
 */
export async function reactToBatch({ Records }: Batch, deps: Deps): Promise<BatchAnswer> {
  const messages = Records.flatMap((record) => read(record, deps));
  const states = await readStates(messages, deps);
  const open = createOpenIncidents(deps);
  const quotes = createLogQuotes(deps);
  const failed: { itemIdentifier: string }[] = [];
  for (const { messageId, event } of messages) {
    try {
      await react(event, states, { open, quotes }, deps);
    } catch (error) {
      deps.log.error('item-failed', { messageId, ...awsProblemOf(error), error });
      failed.push({ itemIdentifier: messageId });
    }
  }
  await tell(deps);
  await quotes.read();
  deps.log.info('batch', {
    received: Records.length,
    reacted: messages.length - failed.length,
    failed: failed.length,
  });
  return { batchItemFailures: failed };
}

/** The open incidents of a batch: listed once, when first asked for, and what the batch opens itself. */
export type OpenIncidents = {
  /** Of one service, or of one family of standalone tasks. */
  of(cluster: string, subject: Subject): Promise<readonly Incident[]>;
  note(incident: Incident | undefined): void;
};

function createOpenIncidents({ store }: Deps): OpenIncidents {
  const noted = new Map<string, Incident>();
  let listing: Promise<readonly Incident[]> | undefined;
  return {
    async of(cluster, { type, name }) {
      listing ??= store.list().then(({ incidents }) => incidents);
      const known = new Map((await listing).map((one) => [fingerprintOf(one), one]));
      for (const [fingerprint, incident] of noted) known.set(fingerprint, incident);
      return [...known.values()].filter(
        ({ status, cluster: of, subject }) =>
          status === 'open' && of === cluster && subject.type === type && subject.name === name,
      );
    },
    note(incident) {
      if (incident !== undefined) noted.set(fingerprintOf(incident), incident);
    },
  };
}

/** A message that we react to; everything else is logged with its reason, and is done with. */
function read(record: Batch['Records'][number], { config, log }: Deps): readonly Message[] {
  const { messageId } = record;
  const event = readMessage<Message['event']>(record, parseEcsEvent, log);
  if (event === undefined) return [];
  return isOwnCluster(clusterOf(event), config.clusterArns, { messageId, log })
    ? [{ messageId, event }]
    : [];
}

const clusterOf = (event: Message['event']): string => {
  if (event.kind === 'task-stopped') return event.task.clusterArn;
  return event.kind === 'service-action' ? event.action.clusterArn : event.change.clusterArn;
};

/**
 * The service whose state matters to an event: of an unexpected stop, of trouble that ECS tells, of a
 * deployment that failed, or of a hook that stands in its way.
 */
const troubledService = ({ event }: Message): string | undefined => {
  if (event.kind === 'service-action') {
    return classifyServiceAction(event.action).isTrouble ? event.action.service : undefined;
  }
  if (event.kind === 'deployment-state') {
    const { kind } = classifyDeploymentChange(event.change);
    return kind === 'rollback' ? event.change.service : undefined;
  }
  if (event.kind === 'hook-state') {
    return classifyHookChange(event.change).isTrouble ? event.change.service : undefined;
  }
  if (event.kind !== 'task-stopped' || classifyStop(event.task).isExpected) return undefined;
  const subject = subjectOf(event.task);
  return subject.type === 'service' ? subject.name : undefined;
};

/** Reads the troubled services, ten a call. Without it the texts are shorter; nothing else is lost. */
async function readStates(messages: readonly Message[], deps: Deps): Promise<States> {
  const byCluster = Map.groupBy(
    messages.filter((message) => troubledService(message) !== undefined),
    ({ event }) => clusterOf(event),
  );
  const states = new Map<string, ServiceState>();
  for (const [clusterArn, group] of byCluster) {
    const names = [...new Set(group.flatMap((message) => troubledService(message) ?? []))];
    try {
      const found = await deps.services.describeServices(clusterArn, names);
      for (const state of found.services) states.set(stateKey(clusterArn, state.service), state);
    } catch (error) {
      deps.log.warn('side-read-failed', { what: 'services', ...awsProblemOf(error) });
    }
  }
  return states;
}

export const stateKey = (clusterArn: string, service: string): string => `${clusterArn} ${service}`;

/** The service's tag by which it opts out. */
const tagName = 'ballast:task-state';

/** Whether a service has switched task-state off. */
export const isOptedOut = (state: ServiceState | undefined): boolean => {
  const tag = state?.tags[tagName];
  return tag !== undefined && modeOfTag(tag) === 'off';
};
