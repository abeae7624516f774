import type { Alert, AlertTopic } from '../domain/alert.ts';
import type { AlertPublisher } from './outbox.ts';

/** Some topics of a message have it, another refused it; the cause is what that one said. */
export class PartlySentError extends Error {
  override readonly name = 'PartlySentError';
  readonly sentTo: readonly AlertTopic[];

  constructor(sentTo: readonly AlertTopic[], cause: unknown) {
    super(`the message is on ${sentTo.join(' and ')} only`, { cause });
    this.sentTo = sentTo;
  }
}

/** What topics said that did not take a message, of an error that a publisher threw. */
export function refusalsIn(error: unknown): readonly unknown[] {
  if (error instanceof PartlySentError) return [error.cause];
  return error instanceof AggregateError ? error.errors : [error];
}

/**
 * Publishes topic by topic, a page first: it is the one that somebody waits for. Where one fails the other
 * still gets its message: a pager that cannot be reached leaves the channel as the only one to tell.
 */
export const createTopicPublisher = (
  send: (topic: AlertTopic, alert: Alert) => Promise<void>,
): AlertPublisher => ({
  async publish(alert, sentBefore = []) {
    const sentTo = [...sentBefore];
    const failures: unknown[] = [];
    for (const topic of topicsOf(alert).filter((one) => !sentBefore.includes(one))) {
      try {
        await send(topic, alert);
        sentTo.push(topic);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 0) return;
    const [failure] = failures;
    if (sentTo.length > 0) throw new PartlySentError(sentTo, failure);
    throw failures.length === 1 ? failure : new AggregateError(failures, 'no topic took it');
  },
});

const topicsOf = ({ page }: Alert): readonly AlertTopic[] =>
  page === undefined ? ['alerts'] : ['pages', 'alerts'];
