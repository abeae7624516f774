import type { Account, PublishedMessage } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { type Input, isInput, optionalText, type Responder, text } from './operation.ts';

const messageBytesMax = 262_144;
const attributeNameCharsMax = 256;
/** Less than 100 characters, no line breaks or control characters, not blank in front. */
const subjectPattern = /^[!-~][ -~]{0,98}$/;
const attributeNamePattern = /^(?!\.)(?!.*\.\.)[\w.-]+(?<!\.)$/;

/** SNS. What is published stays on its topic; who subscribes to it is not simulated. */
export const sns: Responder = {
  Publish: {
    members: ['TopicArn', 'Message', 'Subject', 'MessageStructure', 'MessageAttributes'],
    respond: publish,
  },
};

function publish(account: Account, input: Input): object {
  const topicArn = text(input, 'TopicArn');
  const topic = account.topics.get(topicArn);
  if (topic === undefined) {
    throw new ServiceError('NotFound', 'Topic does not exist', { statusCode: 404 });
  }
  const message = optionalText(input, 'Message') ?? '';
  if (message === '') throw invalid('Empty message');
  const subject = optionalText(input, 'Subject');
  if (subject !== undefined && !subjectPattern.test(subject)) throw invalid('Subject');
  const attributes = attributesOf(input.MessageAttributes);
  if (sizeOf(message, attributes) > messageBytesMax) throw invalid('Message too long');

  const messageId = `00000000-0000-4000-a000-${String(topic.messages.length + 1).padStart(12, '0')}`;
  const published: PublishedMessage = {
    messageId,
    atMs: account.nowMs(),
    subject,
    bodies: bodiesOf(message, optionalText(input, 'MessageStructure')),
    attributes,
  };
  topic.messages.push(published);
  return { MessageId: messageId };
}

/** What each protocol gets: one text for all, or one by protocol with `default` for the others. */
function bodiesOf(
  message: string,
  structure: string | undefined,
): Readonly<Record<string, string>> & { readonly default: string } {
  if (structure === undefined) return { default: message };
  if (structure !== 'json') throw invalid('MessageStructure');
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  if (!isInput(parsed)) throw invalid('Message Structure - JSON message body failed to parse');
  // SNS ignores a key whose value is no text.
  const texts = Object.entries(parsed).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const bodies = Object.fromEntries(texts);
  if (bodies.default === undefined) {
    throw invalid('Message Structure - No default entry in JSON message body');
  }
  return { ...bodies, default: bodies.default };
}

/** The query protocol numbers the entries of a map. */
function attributesOf(member: unknown): Readonly<Record<string, string>> {
  if (member === undefined || member === '') return {};
  const entries = isInput(member) && isInput(member.entry) ? Object.values(member.entry) : [];
  const attributes = entries.map((entry): readonly [string, string] => {
    if (!isInput(entry) || !isInput(entry.Value)) throw invalid('MessageAttributes');
    const name = text(entry, 'Name');
    if (name.length > attributeNameCharsMax || !attributeNamePattern.test(name)) {
      throw invalidValue(`The message attribute name '${name}' is invalid.`);
    }
    return [name, stringOf(name, entry.Value)];
  });
  return Object.fromEntries(attributes);
}

function stringOf(name: string, value: Input): string {
  const type = text(value, 'DataType');
  if (type !== 'String') throw new UnsupportedRequest(`message attributes of the type ${type}`);
  const content = optionalText(value, 'StringValue') ?? '';
  if (content === '') {
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute value ` +
        `for message attribute type '${type}'.`,
    );
  }
  return content;
}

/** Names, types and values of attributes count as well. */
function sizeOf(message: string, attributes: Readonly<Record<string, string>>): number {
  const texts = Object.entries(attributes).flatMap(([name, value]) => [name, 'String', value]);
  return Buffer.byteLength([message, ...texts].join(''));
}

function invalid(what: string): ServiceError {
  return new ServiceError('InvalidParameter', `Invalid parameter: ${what}`);
}

function invalidValue(message: string): ServiceError {
  return new ServiceError('ParameterValueInvalid', message);
}
