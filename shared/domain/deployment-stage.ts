import { valueIn } from './record.ts';

/**
 * What a lifecycle stage means to the deployment hook.
 *
 * - `gated`: green has all of the test traffic and none of the production traffic: the one stage at
 *   which a verdict protects users.
 * - `watched`: production traffic is about to move or has moved; alarms and metrics are looked at.
 * - `shifting`: ECS calls these again while it rolls back, so they must be let through.
 * - `open`: nothing can be proven there (green has no test traffic yet, or the stage is unknown).
 *
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
 */
export type StageRole = 'gated' | 'watched' | 'shifting' | 'open';

const roles: Readonly<Record<string, StageRole>> = {
  RECONCILE_SERVICE: 'open',
  PRE_SCALE_UP: 'open',
  POST_SCALE_UP: 'open',
  TEST_TRAFFIC_SHIFT: 'shifting',
  POST_TEST_TRAFFIC_SHIFT: 'gated',
  PRE_PRODUCTION_TRAFFIC_SHIFT: 'watched',
  PRODUCTION_TRAFFIC_SHIFT: 'shifting',
  POST_PRODUCTION_TRAFFIC_SHIFT: 'watched',
};

/** The role of a stage; a stage this version does not know is `open`. */
export const stageRole = (stage: string): StageRole => valueIn(roles, stage) ?? 'open';

export type TrafficWeights = Readonly<Record<string, number>>;

/** Weights are percentages and may be fractions: what is left below this is rounding, not traffic. */
const weightEpsilon = 1e-6;

/**
 * Whether a hook call belongs to a rollback, by the weights it carries.
 *
 * Only the shifting stages say it: there the target revision at 0 with another revision at 100 means
 * that traffic moves back. PRE_PRODUCTION_TRAFFIC_SHIFT shows the same weights on the way forward.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
 */
export function isRollbackByWeights(
  stage: string,
  targetRevisionArn: string,
  testWeights: TrafficWeights,
  productionWeights: TrafficWeights,
): boolean {
  const weights =
    stage === 'TEST_TRAFFIC_SHIFT'
      ? testWeights
      : stage === 'PRODUCTION_TRAFFIC_SHIFT'
        ? productionWeights
        : undefined;
  if (weights === undefined) return false;
  const target = weights[targetRevisionArn];
  if (target === undefined || target > weightEpsilon) return false;
  return Object.entries(weights).some(
    ([arn, weight]) => arn !== targetRevisionArn && weight >= 100 - weightEpsilon,
  );
}

const rollbackStatuses = new Set([
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_SUCCESSFUL',
  'ROLLBACK_FAILED',
]);

/** Whether a service deployment's own status says that it is being, or was, rolled back. */
export const isRollbackStatus = (status: string | undefined): boolean =>
  status !== undefined && rollbackStatuses.has(status);
