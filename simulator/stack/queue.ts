/** What everything in the simulation that happens later is scheduled on. */
export type Timeline = {
  nowMs(): number;
  /** Runs it at that time, or now where that has passed; returns how to cancel it. */
  schedule(atMs: number, run: () => void): () => void;
};

/** A message as a consumer gets it. */
export type ReceivedMessage = {
  readonly messageId: string;
  readonly body: string;
  /** How often it has been received, this time included. */
  readonly receiveCount: number;
};

export type QueueSettings = {
  readonly arn: string;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Received so often without being deleted, a message goes to the dead letters. */
  readonly maxReceiveCount: number | undefined;
};

/**
 * A standard queue of SQS: at least once, in no order that anyone may rely on (here: as sent).
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
 */
export type Queue = {
  readonly arn: string;
  send(body: string): void;
  /** Visible messages, which stay hidden from others until deleted or timed out. */
  receive(countMax: number): readonly ReceivedMessage[];
  delete(messageId: string): void;
  /** Visible now. */
  visible(): number;
  /** Visible or being worked on. */
  size(): number;
  /** Bodies of all messages, oldest first. */
  bodies(): readonly string[];
  /** Told whenever a message becomes visible. */
  onVisible(listener: () => void): void;
};

type Stored = {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  receiveCount: number;
  isVisible: boolean;
};

export function createQueue(
  settings: QueueSettings,
  timeline: Timeline,
  deadLetters?: Queue,
): Queue {
  const { arn, visibilityTimeoutMs, retentionMs, maxReceiveCount } = settings;
  const messages = new Map<string, Stored>();
  const listeners: (() => void)[] = [];
  let sent = 0;
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const release = (message: Stored): void => {
    if (messages.get(message.messageId) !== message) return;
    if (maxReceiveCount !== undefined && message.receiveCount >= maxReceiveCount) {
      messages.delete(message.messageId);
      deadLetters?.send(message.body);
      return;
    }
    message.isVisible = true;
    notify();
  };
  const isExpired = ({ sentAtMs }: Stored): boolean => timeline.nowMs() - sentAtMs >= retentionMs;
  const expire = (): void => {
    for (const message of [...messages.values()]) {
      if (isExpired(message)) messages.delete(message.messageId);
    }
  };
  return {
    arn,
    send(body) {
      sent += 1;
      const messageId = `${arn.split(':').at(-1)}-${sent}`;
      messages.set(messageId, {
        messageId,
        body,
        sentAtMs: timeline.nowMs(),
        receiveCount: 0,
        isVisible: true,
      });
      notify();
    },
    receive(countMax) {
      expire();
      const taken = [...messages.values()].filter(({ isVisible }) => isVisible).slice(0, countMax);
      for (const message of taken) {
        message.isVisible = false;
        message.receiveCount += 1;
        timeline.schedule(timeline.nowMs() + visibilityTimeoutMs, () => release(message));
      }
      return taken.map(({ messageId, body, receiveCount }) => ({ messageId, body, receiveCount }));
    },
    delete: (messageId) => void messages.delete(messageId),
    visible: () => [...messages.values()].filter(({ isVisible }) => isVisible).length,
    size: () => messages.size,
    bodies: () => [...messages.values()].map(({ body }) => body),
    onVisible: (listener) => void listeners.push(listener),
  };
}
