/** A deployment of a service, as DescribeServices lists it. */
export type ServiceRollout = {
  /** `ecs-svc/<id>`: what its tasks are started by. */
  readonly id: string;
  /** `PRIMARY`, `ACTIVE`, ... */
  readonly status: string;
  /** `IN_PROGRESS`, `COMPLETED`, `FAILED`; undefined where ECS does not say. */
  readonly rolloutState: string | undefined;
  readonly taskDefinitionArn: string | undefined;
  readonly createdAtMs: number | undefined;
  /** Its running tasks; undefined where ECS does not say. */
  readonly running?: number | undefined;
};

/** A service as ECS sees it now. Unknown and missing fields are normal. */
export type ServiceState = {
  readonly service: string;
  readonly running: number;
  readonly desired: number;
  readonly pending: number;
  /** Percent of the desired count that must run during a deployment. */
  readonly minimumHealthyPercent: number | undefined;
  readonly rollouts: readonly ServiceRollout[];
  /** `off`, `on` or `on, with rollback`. */
  readonly circuitBreaker: string | undefined;
  /** The same of the alarms that end a deployment. */
  readonly deploymentAlarms?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
};

/**
 * Tasks that must run: the desired count times the minimum healthy percent, rounded up. Where ECS
 * does not say the percent, it is 100, ECS's own default for a replica service.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
export const minimumOf = ({
  desired,
  minimumHealthyPercent = 100,
}: Pick<ServiceState, 'desired' | 'minimumHealthyPercent'>): number =>
  Math.ceil((desired * minimumHealthyPercent) / 100);

/**
 * Tasks without which somebody is hurt: the minimum, and one where that is none, for ECS may stop them all
 * then, and nobody is served meanwhile.
 */
export const neededOf = (
  service: Pick<ServiceState, 'desired' | 'minimumHealthyPercent'>,
): number => Math.max(minimumOf(service), Math.min(service.desired, 1));

/** Whether all desired tasks run and nothing is under way. */
export const isSteady = ({
  running,
  desired,
  pending,
  rollouts,
}: Pick<ServiceState, 'running' | 'desired' | 'pending' | 'rollouts'>): boolean =>
  running >= desired &&
  pending === 0 &&
  rollouts.length <= 1 &&
  rollouts.every(({ rolloutState }) => rolloutState !== 'IN_PROGRESS');

/**
 * Whether ECS has given the wanted deployment up and stays where it is: the circuit breaker failed it
 * without a rollback (with one, the restored deployment would be the wanted one). It launches no more
 * tasks of it, what ran before goes on, and older deployments stay in whatever state they were left.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
export const isGivenUp = (
  state: Pick<ServiceState, 'running' | 'desired' | 'pending' | 'rollouts'>,
): boolean =>
  state.running >= state.desired &&
  state.pending === 0 &&
  primaryOf(state)?.rolloutState === 'FAILED';

/** The deployment that is wanted now. */
export const primaryOf = ({
  rollouts,
}: Pick<ServiceState, 'rollouts'>): ServiceRollout | undefined =>
  rollouts.find(({ status }) => status === 'PRIMARY');
