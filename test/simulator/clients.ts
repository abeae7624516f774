import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { type Account, type AccountOptions, createAccount } from '../../simulator/account.ts';
import {
  createRequestHandler,
  type RequestHandlerOptions,
} from '../../simulator/aws/request-handler.ts';

/** A moment with milliseconds, so that a protocol that drops them is noticed. */
export const nowMs = Date.UTC(2026, 10, 20, 12, 34, 56, 789);

export const accountOf = (options: Partial<AccountOptions> = {}): Account =>
  createAccount({ nowMs: () => nowMs, ...options });

/** Real clients over one account. They try three times, without waiting in between. */
export function clientsOf(account: Account, options: RequestHandlerOptions = {}) {
  const config = {
    region: account.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: createRequestHandler(account, options),
    retryStrategy: new ConfiguredRetryStrategy(3, 0),
  };
  return {
    ecs: new ECSClient(config),
    elbv2: new ElasticLoadBalancingV2Client(config),
    cloudWatch: new CloudWatchClient(config),
    ssm: new SSMClient(config),
    secretsManager: new SecretsManagerClient(config),
    dynamoDb: new DynamoDBClient(config),
    sns: new SNSClient(config),
    ec2: new EC2Client(config),
    autoScaling: new ApplicationAutoScalingClient(config),
    logs: new CloudWatchLogsClient(config),
  };
}

/** What an error of a service carries. */
export type CallError = Error & {
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
};

/** The error that a call ends with; fails the test when it does not. */
export async function errorOf(call: Promise<unknown>): Promise<CallError> {
  try {
    await call;
  } catch (cause) {
    if (cause instanceof Error) return cause;
    throw cause;
  }
  throw new Error('the call succeeded');
}
