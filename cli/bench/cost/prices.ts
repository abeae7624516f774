/**
 * List prices of us-east-1 in USD, without free tiers and discounts, as they were in November 2026.
 * Other Regions differ by some percent.
 */
export const listPrices = {
  /** https://aws.amazon.com/lambda/pricing/ (Arm, first tier) */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1e6,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ (standard table class) */
  dynamoReadUnit: 0.125 / 1e6,
  dynamoWriteUnit: 0.625 / 1e6,
  /** A GB and month of the table and its index, and of continuous backups (PITR). */
  dynamoGbMonth: 0.25 + 0.2,
  /** https://aws.amazon.com/sqs/pricing/ (standard queues, after the free million) */
  sqsRequest: 0.4 / 1e6,
  /** https://aws.amazon.com/sns/pricing/ */
  snsPublish: 0.5 / 1e6,
  snsMail: 2 / 1e5,
  snsHttps: 0.6 / 1e6,
  /** https://aws.amazon.com/cloudwatch/pricing/ (standard class; storage at its size before compression) */
  logGb: 0.5,
  logGbMonth: 0.03,
  customMetric: 0.3,
  alarmMetric: 0.1,
  metricRead: 0.01 / 1e3,
  cloudWatchRequest: 0.01 / 1e3,
  /** https://aws.amazon.com/kms/pricing/ */
  kmsKey: 1,
  kmsRequest: 0.03 / 1e4,
  /** https://aws.amazon.com/eventbridge/pricing/ (Scheduler, after 14 million free ones) */
  scheduledInvocation: 1 / 1e6,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretRead: 0.05 / 1e4,
} as const;
