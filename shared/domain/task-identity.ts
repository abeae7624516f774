import type { Subject } from './incident.ts';
import type { StoppedTask } from './task-stop.ts';

/** Whether a service or a managed daemon started the task, so that ECS replaces it. */
export const isServiceTask = ({
  group,
  startedBy,
  taskDefinitionArn,
}: Pick<StoppedTask, 'group' | 'startedBy' | 'taskDefinitionArn'>): boolean =>
  (group?.startsWith('service:') ?? false) ||
  deploymentIdIn(startedBy) !== undefined ||
  taskDefinitionArn.includes(':daemon-task-definition/');

const deploymentIdIn = (startedBy: string | undefined): string | undefined =>
  startedBy !== undefined && /^ecs-svc\/[\w-]{1,255}$/.test(startedBy) ? startedBy : undefined;

/** `ecs-svc/<id>`, as deployment events call it; undefined for a task of no service. */
export const deploymentIdOf = ({ startedBy }: Pick<StoppedTask, 'startedBy'>): string | undefined =>
  deploymentIdIn(startedBy);

/** Whose task it was: a service's, or else one of a family of standalone tasks. */
export function subjectOf({
  group,
  taskDefinitionArn,
}: Pick<StoppedTask, 'group' | 'taskDefinitionArn'>): Subject {
  // Anyone can give a standalone task a group; only what ECS itself writes is a name.
  const [, type, name] = /^(service|family):([\w-]{1,255})$/.exec(group ?? '') ?? [];
  if (type === 'service' && name !== undefined) return { type: 'service', name };
  return { type: 'family', name: name ?? familyOf(taskDefinitionArn) };
}

/** `worker:88` of a task definition's ARN: what people call a revision. */
export const revisionOf = (taskDefinitionArn: string): string =>
  taskDefinitionArn.slice(taskDefinitionArn.lastIndexOf('/') + 1);

/** `worker` of a task definition's ARN. */
export const familyOf = (taskDefinitionArn: string): string =>
  revisionOf(taskDefinitionArn).replace(/:\d+$/, '');
