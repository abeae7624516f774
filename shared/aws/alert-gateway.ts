import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { alertsMessage, pagesMessage, type TopicMessage } from './alert-message.ts';
import type { ClientSettings } from './clients.ts';
import type { AlertPublisher } from './outbox.ts';
import { createTopicPublisher } from './topic-publisher.ts';

/** Where alerts go; see docs/adr/0006-alert-channels.md. */
export type AlertTopics = {
  readonly alertsTopicArn: string;
  readonly pagesTopicArn: string;
};

/** Publishes an alert to the Alerts topic, and before that its page, if it has one, to the Pages topic. */
export function createAlertPublisher(
  sns: SNSClient,
  { alertsTopicArn, pagesTopicArn }: AlertTopics,
): AlertPublisher {
  const publish = async (
    TopicArn: string,
    { subject, message, attributes }: TopicMessage,
  ): Promise<void> => {
    await sns.send(
      new PublishCommand({
        TopicArn,
        Subject: subject,
        Message: message,
        MessageStructure: 'json',
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, StringValue]) => [
            name,
            { DataType: 'String', StringValue },
          ]),
        ),
      }),
    );
  };
  return createTopicPublisher(async (topic, alert) =>
    topic === 'pages' && alert.page !== undefined
      ? await publish(pagesTopicArn, pagesMessage(alert, alert.page, pagesTopicArn))
      : await publish(alertsTopicArn, alertsMessage(alert)),
  );
}

/** The publisher over a client of its own. */
export const openAlertPublisher = (settings: ClientSettings, topics: AlertTopics) =>
  createAlertPublisher(new SNSClient(settings), topics);
