import type { Lambda, Outcome } from './lambda.ts';
import type { Queue, ReceivedMessage, Timeline } from './queue.ts';

export type EventSourceSettings = {
  readonly batchSize: number;
  readonly batchingWindowMs: number;
  readonly maximumConcurrency: number;
  readonly reportsItemFailures: boolean;
};

/**
 * Takes batches from a queue to a function: when the batch is full or its window over, so many at a
 * time. What the function returned as failed, or everything where it did not return, stays in the
 * queue and becomes visible again after its time-out.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function connectQueue(
  queue: Queue,
  lambda: Lambda,
  settings: EventSourceSettings,
  timeline: Timeline,
  track: (work: Promise<unknown>) => void,
): void {
  const { batchSize, batchingWindowMs, maximumConcurrency } = settings;
  let [inFlight, isWindowOpen, isDue] = [0, false, false];

  const poll = (): void => {
    while (inFlight < maximumConcurrency && queue.visible() > 0) {
      if (queue.visible() < batchSize && !isDue) {
        openWindow();
        return;
      }
      isDue = false;
      inFlight += 1;
      track(work(queue.receive(batchSize)));
    }
  };
  const openWindow = (): void => {
    if (isWindowOpen) return;
    isWindowOpen = true;
    timeline.schedule(timeline.nowMs() + batchingWindowMs, () => {
      isWindowOpen = false;
      isDue = true;
      poll();
      isDue = false;
    });
  };
  const work = async (messages: readonly ReceivedMessage[]): Promise<void> => {
    const outcome = await lambda.invoke({
      Records: messages.map(({ messageId, body, receiveCount }) => ({
        messageId,
        body,
        eventSource: 'aws:sqs',
        eventSourceARN: queue.arn,
        attributes: { ApproximateReceiveCount: String(receiveCount) },
      })),
    });
    const failed = failedIn(outcome, settings.reportsItemFailures);
    for (const { messageId } of messages) {
      if (failed !== 'all' && !failed.has(messageId)) queue.delete(messageId);
    }
    inFlight -= 1;
    poll();
  };
  queue.onVisible(poll);
}

/**
 * Ids that go back to the queue. An answer that cannot be read counts as a failure of the whole batch.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
function failedIn(outcome: Outcome, reportsItemFailures: boolean): 'all' | ReadonlySet<string> {
  if (outcome.type !== 'returned') return 'all';
  if (!reportsItemFailures) return new Set();
  const { value } = outcome;
  if (value === null || value === undefined) return new Set();
  const items: unknown = Reflect.get(Object(value), 'batchItemFailures');
  if (!Array.isArray(items)) return new Set();
  const ids = items.map((item: unknown) => Reflect.get(Object(item), 'itemIdentifier'));
  return ids.every((id) => typeof id === 'string' && id !== '') ? new Set(ids) : 'all';
}
