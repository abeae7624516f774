import { assert } from './assert.ts';
import type { Service } from './snapshot.ts';
import { type TaskLimits, taskLimitsOf } from './task-limits.ts';

/**
 * What a service has and keeps while tasks of it leave their instances at once. The figures are for a
 * service that is steady, with all desired tasks running: what it is when the time comes, nobody knows.
 */
export type ServiceMove = {
  readonly service: string;
  readonly desired: number;
  /** Tasks that leave. */
  readonly tasks: number;
  /** Tasks that it has elsewhere. */
  readonly tasksElsewhere: number;
  readonly limits: TaskLimits;
  /**
   * Tasks that run at the worst moment: ECS may stop down to the minimum before it starts anything, and
   * with a minimum of 100 % it starts first and keeps all.
   * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
   */
  readonly keeps: number;
};

type Limited = Pick<Service, 'name' | 'desired' | 'minimumHealthyPercent' | 'maximumPercent'>;

/** What happens to a service that has so many tasks in all while so many of them leave. */
export function moveOf(service: Limited, tasks: number, tasksInAll: number): ServiceMove {
  assert(tasks >= 1 && tasks <= tasksInAll, 'tasks that leave are some of those that there are');
  const limits = taskLimitsOf(service);
  const tasksElsewhere = tasksInAll - tasks;
  return {
    service: service.name,
    desired: service.desired,
    tasks,
    tasksElsewhere,
    limits,
    keeps: Math.min(service.desired, Math.max(limits.minimum, tasksElsewhere)),
  };
}

/** Either one frees a service of which nothing can be started and nothing stopped. */
export type PercentChange = {
  /** The smallest `maximumPercent` with which one task more can be started. */
  readonly maximumPercentMin: number;
  /**
   * The largest `minimumHealthyPercent` with which one task can be stopped; undefined for the only task of a
   * service, which must not be stopped before another runs.
   */
  readonly minimumHealthyPercentMax: number | undefined;
};

/** Nothing can be started and nothing stopped, so nothing moves: no drain ends, no deployment either. */
export const isStuck = (desired: number, { canStart, canStop }: TaskLimits): boolean =>
  desired > 0 && canStart === 0 && canStop === 0;

/**
 * The change that frees a stuck service. ECS rounds the maximum down and the minimum up:
 * floor(desired x max / 100) must reach desired + 1, or ceil(desired x min / 100) desired - 1.
 */
export function changeThatFrees(desired: number): PercentChange {
  assert(Number.isInteger(desired) && desired > 0, 'only a service that wants tasks can be stuck');
  return {
    maximumPercentMin: Math.ceil((100 * (desired + 1)) / desired),
    minimumHealthyPercentMax:
      desired === 1 ? undefined : Math.floor((100 * (desired - 1)) / desired),
  };
}
