import type { Invocation, Trigger } from './meter.ts';

/** What a function uses in a month of 30 days. */
export type FunctionUsage = {
  readonly invocations: number;
  /** Requests to AWS of its own. */
  readonly calls: number;
  /** Of which to DynamoDB. */
  readonly tableCalls: number;
  readonly billedSeconds: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly metricsRead: number;
  /** Other requests that CloudWatch bills. */
  readonly cloudWatchCalls: number;
  readonly secretReads: number;
  readonly published: number;
  /** Messages that came through its queue, and the batches that they came in. */
  readonly messages: number;
  readonly batches: number;
  readonly logBytes: number;
};

export const noUsage: FunctionUsage = {
  ...{ invocations: 0, calls: 0, tableCalls: 0, billedSeconds: 0, readUnits: 0, writeUnits: 0 },
  ...{ metricsRead: 0, cloudWatchCalls: 0, secretReads: 0, published: 0 },
  ...{ messages: 0, batches: 0, logBytes: 0 },
};

export const addUsage = (a: FunctionUsage, b: FunctionUsage): FunctionUsage =>
  combine(a, b, (x, y) => x + y);

export const timesUsage = (usage: FunctionUsage, factor: number): FunctionUsage =>
  combine(usage, usage, (x) => x * factor);

const combine = (
  a: FunctionUsage,
  b: FunctionUsage,
  change: (x: number, y: number) => number,
): FunctionUsage => ({
  invocations: change(a.invocations, b.invocations),
  calls: change(a.calls, b.calls),
  tableCalls: change(a.tableCalls, b.tableCalls),
  billedSeconds: change(a.billedSeconds, b.billedSeconds),
  readUnits: change(a.readUnits, b.readUnits),
  writeUnits: change(a.writeUnits, b.writeUnits),
  metricsRead: change(a.metricsRead, b.metricsRead),
  cloudWatchCalls: change(a.cloudWatchCalls, b.cloudWatchCalls),
  secretReads: change(a.secretReads, b.secretReads),
  published: change(a.published, b.published),
  messages: change(a.messages, b.messages),
  batches: change(a.batches, b.batches),
  logBytes: change(a.logBytes, b.logBytes),
});

/** MB at which a function has one whole vCPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const vcpuMb = 1_769;

/** Ms of a whole vCPU that a function computes for each call that it makes, by name and trigger. */
export type CpuPerCall = (functionName: string, trigger: Trigger) => number;

/**
 * What one invocation uses. It is billed for the time that it waits, and for its computing at the share
 * of a vCPU that its memory has; as if it never did both at once, which makes it a little too much.
 */
export function usageOf(
  invocation: Invocation,
  { cpuPerCall, memoryMb }: { readonly cpuPerCall: CpuPerCall; readonly memoryMb: number },
): FunctionUsage {
  const { functionName, trigger, calls: byName, messages, durationMs } = invocation;
  const count = (of: (name: string) => boolean): number =>
    [...byName].reduce((sum, [name, times]) => sum + (of(name) ? times : 0), 0);
  const calls = count(() => true);
  const cpuMs = (calls * cpuPerCall(functionName, trigger)) / Math.min(1, memoryMb / vcpuMb);
  return {
    invocations: 1,
    calls,
    tableCalls: count((name) => name.startsWith('dynamodb:')),
    billedSeconds: Math.ceil(durationMs + cpuMs) / 1_000,
    readUnits: invocation.readUnits,
    writeUnits: invocation.writeUnits,
    metricsRead: invocation.metricsRead,
    cloudWatchCalls: count(
      (name) => name.startsWith('cloudwatch:') && name !== 'cloudwatch:GetMetricData',
    ),
    secretReads: count((name) => name.startsWith('secretsmanager:')),
    published: count((name) => name === 'sns:Publish'),
    messages,
    batches: trigger === 'queue' ? 1 : 0,
    logBytes: invocation.logBytes,
  };
}
