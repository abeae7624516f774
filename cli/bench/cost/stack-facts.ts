import { folderOf } from '../../../simulator/stack/deploy.ts';
import { readSchedule } from '../../../simulator/stack/schedule.ts';
import type { Stack } from '../../../simulator/stack/template.ts';
import { readStack } from '../../../simulator/stack/template.ts';
import { type FixedParts, month } from './bill.ts';

/** What the template says of a function that matters to its bill. */
export type FunctionFacts = {
  readonly name: string;
  readonly memoryMb: number;
  /** Times that its schedules call it in a month. */
  readonly scheduled: number;
};

/** Custom metrics that Ballast may have; see the budgets of `docs/architecture.md`. */
const customMetricsMax = 10;

/** The stack as most will have it: one cluster, and somebody to tell. */
export const readDefaultStack = (): Stack =>
  readStack({
    name: 'ballast',
    region: 'us-east-1',
    accountId: '123456789012',
    parameters: {
      ClusterArns: ['arn:aws:ecs:us-east-1:123456789012:cluster/prod'],
      // With a mail and a pager, whose deliveries have an alarm of their own.
      AlertEmail: 'oncall@example.com',
      PagerUrl: 'https://pager.example.com/integration',
    },
  });

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function functionFactsOf(stack: Stack): readonly FunctionFacts[] {
  return stack.ofType('AWS::Serverless::Function').map(({ id, properties }) => ({
    name: folderOf(id),
    memoryMb: Number(properties.MemorySize),
    scheduled: eventsOf(properties).reduce((sum, { Type, Properties }) => {
      if (Type !== 'ScheduleV2') return sum;
      return sum + timesAMonth(String(fieldsOf(Properties).ScheduleExpression));
    }, 0),
  }));
}

const eventsOf = (properties: Readonly<Record<string, unknown>>) =>
  Object.values(fieldsOf(properties.Events)).map((event) => fieldsOf(event));

function timesAMonth(expression: string): number {
  const next = readSchedule(expression, 0);
  let times = 0;
  for (let atMs = next(0); atMs !== undefined && atMs <= month.seconds * 1_000; atMs = next(atMs)) {
    times += 1;
  }
  return times;
}

export function fixedPartsOf(stack: Stack): FixedParts {
  const functions = stack.ofType('AWS::Serverless::Function');
  const sources = functions.flatMap(({ properties }) => eventsOf(properties));
  return {
    alarmMetrics: stack.ofType('AWS::CloudWatch::Alarm').reduce(
      // An alarm on several metrics is billed for each of them; expressions are none.
      (sum, { properties }) =>
        sum +
        (properties.Metrics === undefined
          ? 1
          : listOf(properties.Metrics).filter((one) => 'MetricStat' in fieldsOf(one)).length),
      0,
    ),
    customMetrics: customMetricsMax,
    keys: stack.ofType('AWS::KMS::Key').length,
    polledQueues: sources.filter(({ Type }) => Type === 'SQS').length,
    functions: functions.length,
  };
}
