import { assert } from './assert.ts';
import { minimumOf } from './service-state.ts';
import type { Service } from './snapshot.ts';

/** ECS's default for a replica service where the API says nothing. */
const maximumPercentDefault = 200;

/** How many tasks a service must keep and may have while its tasks are replaced. */
export type TaskLimits = {
  /** Tasks that must run, see `minimumOf`. */
  readonly minimum: number;
  /** Tasks that may run or start at once: desired times the maximum percent, rounded down. */
  readonly maximum: number;
  /** Tasks that can be started before one is stopped. */
  readonly canStart: number;
  /** Tasks that can be stopped before one is started. */
  readonly canStop: number;
};

/**
 * The limits that ECS's scheduler keeps for a service. With `canStart` and `canStop` both 0 nothing
 * can be replaced at all: neither by a drain nor by rebalancing.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
export function taskLimitsOf(
  service: Pick<Service, 'desired' | 'minimumHealthyPercent' | 'maximumPercent'>,
): TaskLimits {
  const { desired, maximumPercent = maximumPercentDefault } = service;
  assert(Number.isInteger(desired) && desired >= 0, 'a desired count is a whole number');
  const minimum = minimumOf(service);
  const maximum = Math.floor((desired * maximumPercent) / 100);
  return {
    minimum,
    maximum,
    canStart: Math.max(maximum - desired, 0),
    canStop: Math.max(desired - minimum, 0),
  };
}
