import * as v from 'valibot';
import type { StoppedTask } from '../domain/task-stop.ts';
import { clusterArnIn } from './ecs-arn.ts';
import { parse, parseEvent } from './envelope.ts';
import {
  count,
  evidenceCount,
  optionalClusterArn,
  optionalCount,
  optionalText,
  optionalTimeMs,
  reason,
  text,
} from './fields.ts';
import { MalformedInput } from './malformed.ts';

const statusSchema = v.object({ detail: v.object({ lastStatus: text }) });

const container = v.object({
  name: optionalText,
  exitCode: optionalCount,
  reason,
  image: optionalText,
});

const taskArn = v.pipe(
  v.string(),
  v.regex(/^arn:[^:]+:ecs:[^:]*:[^:]*:task(\/[\w-]{1,255}){1,2}$/, 'expected a task ARN'),
);

// Managed daemons have task definitions of their own.
const taskDefinitionArn = v.pipe(
  v.string(),
  v.regex(
    /^arn:[^:]+:ecs:[^:]*:[^:]*:(daemon-)?task-definition\/[\w-]{1,255}(:\d+)?$/,
    'expected a task definition ARN',
  ),
);

// Overrides, attachments and tags are not read: their values may be secrets.
const detailSchema = v.object({
  taskArn,
  version: count,
  clusterArn: optionalClusterArn,
  group: optionalText,
  startedBy: optionalText,
  launchType: optionalText,
  capacityProviderName: optionalText,
  availabilityZone: optionalText,
  containerInstanceArn: optionalText,
  taskDefinitionArn,
  stopCode: optionalText,
  stoppedReason: reason,
  createdAt: optionalTimeMs,
  startedAt: optionalTimeMs,
  stoppedAt: optionalTimeMs,
  memory: evidenceCount,
  containers: v.nullish(v.array(container)),
});

/** A task state change: a task that has stopped, or any other state. */
export type TaskStateChange =
  | { readonly kind: 'stopped'; readonly eventId: string; readonly task: StoppedTask }
  | { readonly kind: 'other'; readonly lastStatus: string };

/**
 * Reads an `ECS Task State Change` of any launch type.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
export function parseTaskStateChange(value: unknown): TaskStateChange {
  const { lastStatus } = parse(statusSchema, value).detail;
  if (lastStatus !== 'STOPPED') return { kind: 'other', lastStatus };
  const { envelope, detail } = parseEvent(detailSchema, value);
  const clusterArn = detail.clusterArn ?? clusterArnIn(detail.taskArn);
  if (clusterArn === undefined) {
    throw new MalformedInput('event.detail.clusterArn: expected a value, got nothing');
  }
  const task: StoppedTask = {
    taskArn: detail.taskArn,
    version: detail.version,
    clusterArn,
    group: detail.group,
    startedBy: detail.startedBy,
    launchType: detail.launchType,
    capacityProvider: detail.capacityProviderName,
    zone: detail.availabilityZone,
    containerInstanceArn: detail.containerInstanceArn,
    taskDefinitionArn: detail.taskDefinitionArn,
    stopCode: detail.stopCode,
    stoppedReason: detail.stoppedReason,
    createdAtMs: detail.createdAt,
    startedAtMs: detail.startedAt,
    stoppedAtMs: detail.stoppedAt ?? envelope.atMs,
    memoryMiB: detail.memory,
    containers: (detail.containers ?? []).map(({ name, exitCode, reason, image }) => ({
      name: name ?? 'unnamed',
      exitCode,
      reason,
      image,
    })),
  };
  return { kind: 'stopped', eventId: envelope.id, task };
}
