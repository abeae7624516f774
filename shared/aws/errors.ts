/** Why a call to AWS came to nothing, in words that a decision record can carry. */
export type AwsProblem = {
  readonly reason: 'aws-throttled' | 'aws-denied' | 'aws-missing' | 'aws-unavailable';
  readonly detail: string;
};

const throttling = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
]);
const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredTokenException',
  'ExpiredToken',
  'CredentialsProviderError',
]);
const missing = new Set([
  'ParameterNotFound',
  'ParameterVersionNotFound',
  'ResourceNotFoundException',
  'RuleNotFoundException',
  'ListenerNotFoundException',
  'LoadBalancerNotFoundException',
  'TargetGroupNotFoundException',
  'RuleNotFound',
  'ListenerNotFound',
  'LoadBalancerNotFound',
  'TargetGroupNotFound',
  'NotFoundException',
  'ServiceNotFoundException',
  'ClusterNotFoundException',
]);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Whether AWS answered that what was asked for does not exist. */
export const isMissing = (error: unknown): boolean => missing.has(nameOf(error));

/** Whether a conditional write found that someone else was there first. */
export const isConflict = (error: unknown): boolean =>
  nameOf(error) === 'ConditionalCheckFailedException';

/** Classifies whatever a gateway threw. AWS's own message is kept: it names the action and the ARN. */
export function awsProblemOf(error: unknown): AwsProblem {
  const name = nameOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const detail = `${name}: ${message}`.slice(0, 300);
  if (throttling.has(name)) return { reason: 'aws-throttled', detail };
  if (denied.has(name)) return { reason: 'aws-denied', detail };
  if (missing.has(name)) return { reason: 'aws-missing', detail };
  return { reason: 'aws-unavailable', detail };
}
