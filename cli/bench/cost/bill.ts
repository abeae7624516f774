import { listPrices } from './prices.ts';
import type { FunctionUsage } from './usage.ts';

/** What is paid for whether or not anything happens, as the template has it. */
export type FixedParts = {
  readonly alarmMetrics: number;
  readonly customMetrics: number;
  readonly keys: number;
  /** Queues that a function reads. */
  readonly polledQueues: number;
  readonly functions: number;
};

export const month = { days: 30, seconds: 30 * 86_400 } as const;

/**
 * Lambda asks a standard queue with five pollers, 20 seconds long each, whether or not anything comes;
 * with a maximum concurrency it never goes below five.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const pollsAQueue = (5 * month.seconds) / 20;
/**
 * A table under the key that AWS manages asks KMS once in five minutes for each that reads it.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
 */
const tableKeyRequests = month.seconds / 300;
/** https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: data key and its decryption. */
const keyRequestsAPublish = 2;

/** One line of the bill. */
export type BillLine = { readonly name: string; readonly usd: number };

export const fixedLines = (parts: FixedParts): readonly BillLine[] => [
  { name: 'alarms', usd: parts.alarmMetrics * listPrices.alarmMetric },
  { name: 'custom metrics', usd: parts.customMetrics * listPrices.customMetric },
  { name: 'KMS key', usd: parts.keys * listPrices.kmsKey },
  { name: 'queue polling', usd: parts.polledQueues * pollsAQueue * listPrices.sqsRequest },
  {
    name: "KMS requests of the table's key",
    usd: parts.functions * tableKeyRequests * listPrices.kmsRequest,
  },
];

/** What a function's use costs a month. */
export function usedLines(
  usage: FunctionUsage,
  { memoryMb, isScheduled }: { readonly memoryMb: number; readonly isScheduled: boolean },
): readonly BillLine[] {
  const prices = listPrices;
  const logGb = usage.logBytes / 1e9;
  return [
    {
      name: 'Lambda',
      usd:
        usage.billedSeconds * (memoryMb / 1_024) * prices.lambdaGbSecond +
        usage.invocations * prices.lambdaRequest +
        (isScheduled ? (usage.invocations - usage.batches) * prices.scheduledInvocation : 0),
    },
    {
      name: 'DynamoDB',
      usd: usage.readUnits * prices.dynamoReadUnit + usage.writeUnits * prices.dynamoWriteUnit,
    },
    { name: 'logs', usd: logGb * (prices.logGb + prices.logGbMonth) },
    {
      name: 'SQS, SNS, metric and secret reads',
      usd:
        // A message is sent, and a batch received and deleted.
        (usage.messages + 2 * usage.batches) * prices.sqsRequest +
        usage.published * (prices.snsPublish + prices.snsMail + prices.snsHttps) +
        usage.published * keyRequestsAPublish * prices.kmsRequest +
        usage.metricsRead * prices.metricRead +
        usage.cloudWatchCalls * prices.cloudWatchRequest +
        usage.secretReads * prices.secretRead,
    },
  ];
}

export const totalOf = (lines: readonly BillLine[]): number =>
  lines.reduce((sum, { usd }) => sum + usd, 0);
