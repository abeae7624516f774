import type { Alert, Page } from '../domain/alert.ts';
import { cutAtWord, subjectCharsMax, toAscii } from '../domain/alert-text/words.ts';

/** One Publish of SNS, within all limits of SNS and of whoever subscribes. */
export type TopicMessage = {
  readonly subject: string;
  /** By protocol, as JSON: `MessageStructure` is `json`. */
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
};

/** SNS: body and attributes of one message together. */
export const messageBytesMax = 262_144;
/** A custom notification of Amazon Q Developer has these at most; steps and keywords are our own. */
export const cardLimits = {
  titleChars: 250,
  descriptionChars: 8_000,
  steps: 3,
  stepChars: 500,
  keywords: 5,
  keywordChars: 100,
  summaryChars: 250,
} as const;
/** Longest value of an attribute that anybody can reasonably filter by. */
const attributeCharsMax = 256;
const cutNote = '\n[cut: the message was too long]';

/** What the Alerts topic gets: the mail for people, the custom notification for chat and machines. */
export function alertsMessage(alert: Alert): TopicMessage {
  const subject = subjectOf(alert.subject);
  const attributes = attributesOf(alert);
  const notification = JSON.stringify(notificationOf(alert));
  return {
    subject,
    attributes,
    message: fitted(alert.text, attributes, (text) => ({
      default: text,
      email: text,
      'email-json': text,
      sms: subject,
      https: notification,
      http: notification,
      sqs: notification,
      lambda: notification,
    })),
  };
}

/** What the Pages topic gets: what CloudWatch would send of an alarm; people get the mail. */
export function pagesMessage(alert: Alert, page: Page, topicArn: string): TopicMessage {
  const attributes = attributesOf(alert);
  const quoted = cutAtWord(toAscii(page.alarmName), subjectCharsMax - `${page.state}: ""`.length);
  const subject = subjectOf(`${page.state}: "${quoted}"`);
  const alarm = JSON.stringify(alarmOf(alert, page, topicArn));
  return {
    subject,
    attributes,
    message: fitted(alert.text, attributes, (text) => ({
      default: alarm,
      email: text,
      sms: subject,
    })),
  };
}

/** Checked once more where it leaves: SNS refuses the whole message for a wrong subject. */
function subjectOf(text: string): string {
  const subject = cutAtWord(toAscii(text), subjectCharsMax);
  return subject === '' ? 'Ballast' : subject;
}

function notificationOf({ id, card, attributes }: Alert): object {
  const nextSteps = card.nextSteps
    .slice(0, cardLimits.steps)
    .map((step) => filled(step, cardLimits.stepChars));
  const keywords = card.keywords
    .filter((keyword) => keyword.trim() !== '')
    .slice(0, cardLimits.keywords)
    .map((keyword) => filled(keyword, cardLimits.keywordChars));
  return {
    version: '1.0',
    source: 'custom',
    id,
    content: {
      textType: 'client-markdown',
      title: filled(card.title, cardLimits.titleChars),
      description: filled(card.description, cardLimits.descriptionChars),
      ...(nextSteps.length === 0 ? {} : { nextSteps }),
      ...(keywords.length === 0 ? {} : { keywords }),
    },
    metadata: {
      threadId: card.threadId,
      summary: filled(card.summary, cardLimits.summaryChars),
      eventType: attributes.kind,
      // SNS does not promise attributes beside a body by protocol, so a reader finds them here.
      additionalContext: { ...attributesOf({ attributes }), messageId: id },
    },
  };
}

/** Empty texts make the whole notification invalid. */
const filled = (text: string, charsMax: number): string =>
  text.trim() === '' ? '-' : cutAtWord(text, charsMax);

/** The members that CloudWatch's own notifications have; receivers look at these. */
function alarmOf({ attributes, id }: Alert, page: Page, topicArn: string): object {
  const [, partition = 'aws', , region = '', accountId = ''] = topicArn.split(':');
  return {
    AlarmName: page.alarmName,
    AlarmDescription: page.alarmDescription,
    AWSAccountId: accountId,
    AlarmArn: `arn:${partition}:cloudwatch:${region}:${accountId}:alarm:${page.alarmName}`,
    OldStateValue: page.state === 'ALARM' ? 'OK' : 'ALARM',
    NewStateValue: page.state,
    NewStateReason: page.reason,
    StateChangeTime: new Date(page.atMs).toISOString().replace('Z', '+0000'),
    Region: region,
    Trigger: {
      Namespace: 'Ballast',
      MetricName: attributes.kind,
      StatisticType: 'Statistic',
      Statistic: 'MAXIMUM',
      Unit: null,
      Dimensions: [
        { name: 'Cluster', value: orDash(attributes.cluster) },
        { name: 'Service', value: orDash(attributes.service) },
      ],
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    },
    BallastMessageId: id,
  };
}

function attributesOf({ attributes }: Pick<Alert, 'attributes'>): Readonly<Record<string, string>> {
  const { severity, kind, cluster, service, incidentId, transition } = attributes;
  return Object.fromEntries(
    Object.entries({ severity, kind, cluster, service, incidentId, transition }).map(
      ([name, value]) => [name, orDash(value)],
    ),
  );
}

/** An attribute that is empty fails the whole message. */
function orDash(value: string): string {
  const text = value.replace(/\p{Cc}+/gu, ' ').trim();
  return text === '' ? '-' : [...text].slice(0, attributeCharsMax).join('');
}

/**
 * The message with as much of the mail as there is room for. Only the mail has no length of its own:
 * cards, pages and attributes are bounded, and together far below the limit.
 */
function fitted(
  text: string,
  attributes: Readonly<Record<string, string>>,
  bodiesOf: (text: string) => Readonly<Record<string, string>>,
): string {
  const sizeOf = (body: string): number =>
    bytesOf(body) +
    Object.entries(attributes).reduce(
      (sum, [name, value]) => sum + bytesOf(name) + bytesOf('String') + bytesOf(value),
      0,
    );
  const whole = JSON.stringify(bodiesOf(text));
  if (sizeOf(whole) <= messageBytesMax) return whole;
  const signs = [...text];
  let [from, to] = [0, signs.length];
  // How long a text gets depends on its signs, so the longest part that fits is searched for.
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    const body = JSON.stringify(bodiesOf(`${signs.slice(0, middle).join('')}${cutNote}`));
    if (sizeOf(body) <= messageBytesMax) from = middle;
    else to = middle;
  }
  return JSON.stringify(bodiesOf(`${signs.slice(0, from).join('')}${cutNote}`));
}

const bytesOf = (text: string): number => Buffer.byteLength(text);
