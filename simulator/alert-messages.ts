import type { PublishedMessage } from './account.ts';
import type { AlertRecord } from './record.ts';

/** A message of a topic, read as a receiver would: by attributes, subject and the id in its body. */
export function readAlert(message: PublishedMessage, topic: 'alerts' | 'pages'): AlertRecord {
  const { attributes, subject = '', atMs, bodies } = message;
  return {
    atMs,
    topic,
    messageId: messageIdOf(bodies) ?? message.messageId,
    incidentId: attributes.incidentId ?? '?',
    kind: attributes.kind ?? '?',
    severity: attributes.severity ?? '?',
    service: attributes.service ?? '?',
    transition: attributes.transition ?? '?',
    subject,
  };
}

/** Machines find it in what they get over https; a page has it beside the alarm's own members. */
function messageIdOf(bodies: PublishedMessage['bodies']): string | undefined {
  const machine = parse(bodies.https) ?? parse(bodies.default);
  const ids = [
    fieldIn(fieldIn(fieldIn(machine, 'metadata'), 'additionalContext'), 'messageId'),
    fieldIn(machine, 'BallastMessageId'),
  ];
  return ids.find((id) => typeof id === 'string');
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // A body for people.
    return undefined;
  }
}

const fieldIn = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** Which of the stack's two topics an ARN names. */
export const topicOf = (topicArn: string): 'alerts' | 'pages' =>
  topicArn.endsWith('-pages') ? 'pages' : 'alerts';
