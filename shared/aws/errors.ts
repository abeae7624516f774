/** Why a call to AWS came to nothing, in words that a decision record can carry. */
export type AwsProblem = {
  readonly reason: 'aws-throttled' | 'aws-denied' | 'aws-missing' | 'aws-unavailable';
  readonly detail: string;
};

const throttling = new Set([
  'EC2ThrottledException',
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
/** Who calls is unknown to AWS, or nobody: no other call can do better. */
const unusableCredentials = [
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredTokenException',
  'ExpiredToken',
  'CredentialsProviderError',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
];
const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  // SNS, of the topic and of the key that it is encrypted with.
  'AuthorizationErrorException',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  // EC2's word for a Region that is not enabled as well: other services may still answer.
  'AuthFailure',
  ...unusableCredentials,
]);
/** Of the connection and of what may answer better at once: https://docs.aws.amazon.com/general/latest/gr/api-retries.html */
const transientNames = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
const transientCodes = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);
const transientStatuses = new Set([500, 502, 503, 504]);
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

/** Whether the SDK was never told which Region to ask; it has no name of its own for that. */
export const isRegionMissing = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Region is missing';

/** Whether nothing at all can be read with these credentials. */
export const areCredentialsUnusable = (error: unknown): boolean =>
  unusableCredentials.includes(nameOf(error));

/** Whether AWS asks to be asked less often. */
export const isThrottled = (error: unknown): boolean => throttling.has(nameOf(error));

/** What the SDK and Node.js hang on an answer or an error, as far as retries look at it. */
type CallTrace = {
  readonly code?: unknown;
  readonly $metadata?: {
    readonly attempts?: unknown;
    readonly httpStatusCode?: unknown;
    readonly clockSkewCorrected?: unknown;
  };
};

/** Whether the same call may well succeed in a moment: the service or the way to it had a hiccup. */
export function isTransient(error: unknown): boolean {
  const { code, $metadata } = Object(error) as CallTrace;
  return (
    transientNames.has(nameOf(error)) ||
    transientCodes.has(String(code)) ||
    transientStatuses.has(Number($metadata?.httpStatusCode)) ||
    // The client has set its clock by AWS's meanwhile.
    $metadata?.clockSkewCorrected === true
  );
}

/** Calls that an answer or an error took: more than one where the client tried again by itself. */
export function attemptsOf(outcome: unknown): number {
  const attempts = Number((Object(outcome) as CallTrace).$metadata?.attempts);
  return Number.isInteger(attempts) && attempts > 1 ? attempts : 1;
}

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
