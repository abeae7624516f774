import { CreateTopicCommand, PublishCommand, type PublishCommandInput } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

const TopicArn = 'arn:aws:sns:eu-central-1:123456789012:alerts';

function arrange() {
  const account = accountOf({ topics: [TopicArn] });
  const { sns } = clientsOf(account);
  return { account, sns, messages: account.topics.get(TopicArn)?.messages ?? [] };
}
const text = (StringValue: string) => ({ DataType: 'String', StringValue });

describe('Publish', () => {
  it('keeps what a topic was told, by protocol', async () => {
    const { sns, messages } = arrange();
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Subject: 'ALARM: "a <b>"',
        Message: JSON.stringify({ default: 'd & é', https: '{"a":1}', sqs: 7 }),
        MessageStructure: 'json',
        MessageAttributes: { severity: text('warn'), 'a.b-c_d': text('ü') },
      }),
    );
    expect(messages).toEqual([
      {
        messageId: MessageId,
        atMs: nowMs,
        subject: 'ALARM: "a <b>"',
        bodies: { default: 'd & é', https: '{"a":1}' },
        attributes: { severity: 'warn', 'a.b-c_d': 'ü' },
      },
    ]);
  });

  it('gives everybody the same without a structure', async () => {
    const { sns, messages } = arrange();
    await sns.send(new PublishCommand({ TopicArn, Message: '{"https":"x"}' }));
    expect(messages).toMatchObject([{ subject: undefined, bodies: { default: '{"https":"x"}' } }]);
  });

  const json = { MessageStructure: 'json' } as const;
  it.each<readonly [string, PublishCommandInput, string]>([
    ['an unknown topic', { TopicArn: 'arn:x', Message: 'm' }, 'NotFoundException'],
    ['no message', { TopicArn, Message: '' }, 'InvalidParameterException'],
    [
      'a subject of 100',
      { TopicArn, Message: 'm', Subject: 'x'.repeat(100) },
      'InvalidParameterException',
    ],
    ['an empty subject', { TopicArn, Message: 'm', Subject: '' }, 'InvalidParameterException'],
    [
      'a line break in the subject',
      { TopicArn, Message: 'm', Subject: 'a\nb' },
      'InvalidParameterException',
    ],
    [
      'a sign beyond ASCII in it',
      { TopicArn, Message: 'm', Subject: 'é' },
      'InvalidParameterException',
    ],
    ['no default', { TopicArn, Message: '{"https":"x"}', ...json }, 'InvalidParameterException'],
    [
      'a default that is no text',
      { TopicArn, Message: '{"default":1}', ...json },
      'InvalidParameterException',
    ],
    ['a body that is no JSON', { TopicArn, Message: 'm', ...json }, 'InvalidParameterException'],
    ['a body that is a list', { TopicArn, Message: '[]', ...json }, 'InvalidParameterException'],
    [
      'an unknown structure',
      { TopicArn, Message: 'm', MessageStructure: 'xml' },
      'InvalidParameterException',
    ],
    [
      'an empty attribute',
      { TopicArn, Message: 'm', MessageAttributes: { a: text('') } },
      'InvalidParameterValueException',
    ],
    [
      'a name with a space',
      { TopicArn, Message: 'm', MessageAttributes: { 'a b': text('x') } },
      'InvalidParameterValueException',
    ],
    ['too long a message', { TopicArn, Message: 'é'.repeat(131_073) }, 'InvalidParameterException'],
  ])('refuses %s', async (_, input, name) => {
    const { account, sns, messages } = arrange();
    expect((await errorOf(sns.send(new PublishCommand(input)))).name).toBe(name);
    expect(messages).toEqual([]);
    expect(account.problems).toEqual([]);
  });

  it('counts names, types and values of attributes too', async () => {
    const { sns } = arrange();
    const MessageAttributes = { a: text('x') };
    const fits = 262_144 - 'a'.length - 'String'.length - 'x'.length;
    const publish = (length: number) =>
      sns.send(new PublishCommand({ TopicArn, Message: 'm'.repeat(length), MessageAttributes }));
    await publish(fits);
    expect((await errorOf(publish(fits + 1))).message).toBe('Invalid parameter: Message too long');
  });

  it('takes a subject of 99', async () => {
    const { sns, messages } = arrange();
    await sns.send(new PublishCommand({ TopicArn, Message: 'm', Subject: 'x'.repeat(99) }));
    expect(messages).toHaveLength(1);
  });

  it('complains of what it does not simulate', async () => {
    const { account, sns } = arrange();
    await errorOf(sns.send(new CreateTopicCommand({ Name: 'x' })));
    await errorOf(
      sns.send(
        new PublishCommand({
          TopicArn,
          Message: 'm',
          MessageAttributes: { a: { DataType: 'Number', StringValue: '1' } },
        }),
      ),
    );
    await errorOf(sns.send(new PublishCommand({ PhoneNumber: '+4912345', Message: 'm' })));
    expect(account.problems).toEqual([
      'sns:CreateTopic: the operation is not simulated',
      'sns:Publish: message attributes of the type Number',
      'sns:Publish: the member PhoneNumber is not simulated',
    ]);
  });
});
