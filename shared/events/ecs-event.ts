import {
  type DeploymentStateChange,
  followsDeploymentChange,
  followsHookChange,
  type HookStateChange,
} from '../domain/deployment-event.ts';
import { followsServiceAction, type ServiceAction } from '../domain/service-action.ts';
import type { StoppedTask } from '../domain/task-stop.ts';
import { parseDeploymentStateChange } from './deployment-state-change.ts';
import { parseEventName, parseHead } from './envelope.ts';
import { parseHookStateChange } from './hook-state-change.ts';
import { parseServiceAction } from './service-action.ts';
import { parseTaskStateChange } from './task-state-change.ts';

export type IgnoredReason =
  | 'unknown-source'
  | 'unknown-detail-type'
  | 'task-not-stopped'
  | 'action-not-followed'
  | 'deployment-not-followed'
  | 'hook-not-followed';

/** An event of ECS as the task-state function takes it. */
export type EcsEvent =
  | { readonly kind: 'task-stopped'; readonly eventId: string; readonly task: StoppedTask }
  | { readonly kind: 'service-action'; readonly action: ServiceAction }
  | { readonly kind: 'deployment-state'; readonly change: DeploymentStateChange }
  | { readonly kind: 'hook-state'; readonly change: HookStateChange }
  | {
      readonly kind: 'ignored';
      readonly reason: IgnoredReason;
      /** What made it so: the source, the detail-type, the state or the event name. */
      readonly detail: string;
    };

const ignored = (reason: IgnoredReason, detail: string): EcsEvent => ({
  kind: 'ignored',
  reason,
  detail,
});

const parsers = new Map<string, (value: unknown) => EcsEvent>([
  ['ECS Task State Change', readTask],
  ['ECS Service Action', readAction],
  ['ECS Deployment State Change', readDeployment],
  ['ECS Hook State Change', readHook],
]);

/**
 * Reads whatever EventBridge delivers. What is not ours, and states that nobody reacts to, are
 * `ignored`; a known event with a broken field throws MalformedInput naming the field.
 */
export function parseEcsEvent(value: unknown): EcsEvent {
  const { source, detailType } = parseHead(value);
  if (source !== 'aws.ecs') return ignored('unknown-source', source);
  const read = parsers.get(detailType);
  return read === undefined ? ignored('unknown-detail-type', detailType) : read(value);
}

function readTask(value: unknown): EcsEvent {
  const change = parseTaskStateChange(value);
  return change.kind === 'other'
    ? ignored('task-not-stopped', change.lastStatus)
    : { kind: 'task-stopped', eventId: change.eventId, task: change.task };
}

function readAction(value: unknown): EcsEvent {
  const { eventType, eventName } = parseEventName(value);
  return followsServiceAction(eventType, eventName)
    ? { kind: 'service-action', action: parseServiceAction(value) }
    : ignored('action-not-followed', eventName);
}

function readDeployment(value: unknown): EcsEvent {
  const change = parseDeploymentStateChange(value);
  return followsDeploymentChange(change)
    ? { kind: 'deployment-state', change }
    : ignored('deployment-not-followed', change.eventName);
}

function readHook(value: unknown): EcsEvent {
  const change = parseHookStateChange(value);
  return followsHookChange(change)
    ? { kind: 'hook-state', change }
    : ignored('hook-not-followed', change.eventName);
}
