import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { alertsMessage, pagesMessage, type TopicMessage } from './alert-message.ts';
import type { ClientSettings } from './clients.ts';
import type { AlertPublisher } from './outbox.ts';

/** Where alerts go; see docs/adr/0006-alert-channels.md. */
export type AlertTopics = {
  readonly alertsTopicArn: string;
  readonly pagesTopicArn: string;
};

/**
 * Publishes an alert to the Alerts topic, and a page before that: it is the one that somebody waits
 * for, and sending it again, should the second message fail, opens or closes the same page.
 */
export function createAlertPublisher(
  sns: SNSClient,
  { alertsTopicArn, pagesTopicArn }: AlertTopics,
): AlertPublisher {
  const publish = (TopicArn: string, { subject, message, attributes }: TopicMessage) =>
    sns.send(
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
  return {
    async publish(alert) {
      if (alert.page !== undefined) {
        await publish(pagesTopicArn, pagesMessage(alert, alert.page, pagesTopicArn));
      }
      await publish(alertsTopicArn, alertsMessage(alert));
    },
  };
}

/** The publisher over a client of its own. */
export const openAlertPublisher = (settings: ClientSettings, topics: AlertTopics) =>
  createAlertPublisher(new SNSClient(settings), topics);
