import type { AlertPublisher } from '../../shared/aws/outbox.ts';
import { createTopicPublisher } from '../../shared/aws/topic-publisher.ts';
import type { Account, Topic } from '../account.ts';

/** Puts alerts on their topics without a wire, in the order in which they really go. */
export function createFastPublisher(
  account: Account,
  {
    alertsTopicArn,
    pagesTopicArn,
  }: { readonly alertsTopicArn: string; readonly pagesTopicArn: string },
): AlertPublisher {
  const publish = (
    topicArn: string,
    subject: string,
    { attributes }: Parameters<AlertPublisher['publish']>[0],
    bodies: { readonly default: string; readonly https?: string },
  ): void => {
    account.intercept?.({ service: 'sns', operation: 'Publish', input: { TopicArn: topicArn } });
    const { messages } = topicOf(account, topicArn);
    const messageId = `00000000-0000-4000-a000-${String(messages.length + 1).padStart(12, '0')}`;
    const atMs = account.nowMs();
    messages.push({ messageId, atMs, subject, bodies, attributes: { ...attributes } });
  };
  return createTopicPublisher(async (topic, alert) => {
    const { id, page, text } = alert;
    if (topic === 'pages' && page !== undefined) {
      const subject = `${page.state}: "${page.alarmName}"`;
      publish(pagesTopicArn, subject, alert, {
        default: JSON.stringify({ BallastMessageId: id }),
      });
      return;
    }
    const metadata = { additionalContext: { messageId: id } };
    publish(alertsTopicArn, alert.subject, alert, {
      default: text,
      https: JSON.stringify({ metadata }),
    });
  });
}

function topicOf({ topics }: Account, arn: string): Topic {
  const topic = topics.get(arn);
  if (topic === undefined) throw new Error(`there is no topic ${arn}`);
  return topic;
}
