import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createAlertPublisher } from '../../shared/aws/alert-gateway.ts';
import { cardLimits, messageBytesMax } from '../../shared/aws/alert-message.ts';
import { refusalsIn } from '../../shared/aws/topic-publisher.ts';
import type { Alert } from '../../shared/domain/alert.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { context, momentOf, samples, transitions } from '../domain/alert-samples.ts';
import { accountOf, clientsOf, errorOf } from '../simulator/clients.ts';

const alertsTopicArn = 'arn:aws:sns:eu-central-1:123456789012:ballast-alerts';
const pagesTopicArn = 'arn:aws:sns:eu-central-1:123456789012:ballast-pages';
const topics = { alertsTopicArn, pagesTopicArn };

function arrange() {
  const account = accountOf({ topics: [alertsTopicArn, pagesTopicArn] });
  const { sns } = clientsOf(account);
  const sentTo = (arn: string) => account.topics.get(arn)?.messages ?? [];
  return { account, publisher: createAlertPublisher(sns, topics), sentTo };
}

const alertOf = (name: string, transition: (typeof transitions)[number]): Alert => {
  const sample = samples[name];
  if (sample === undefined) throw new Error(`no sample ${name}`);
  const { incident, notice } = momentOf(sample, transition);
  return renderAlert(incident, notice, context);
};
const page = alertOf('crash-loop', 'escalate');
const parsed = (text: string | undefined): Record<string, unknown> => JSON.parse(text ?? '{}');

describe('the Alerts topic', () => {
  it('gets the mail for people and the custom notification for chat and machines', async () => {
    const { publisher, sentTo } = arrange();
    const alert = alertOf('rollback', 'open');
    await publisher.publish(alert);
    const [sent] = sentTo(alertsTopicArn);
    expect(sentTo(alertsTopicArn)).toHaveLength(1);
    expect(sent?.subject).toBe(alert.subject);
    const { default: mail, email, sms, https, ...others } = sent?.bodies ?? { default: '' };
    expect([mail, email, sms]).toEqual([alert.text, alert.text, alert.subject]);
    expect(Object.keys(others).sort()).toEqual(['email-json', 'http', 'lambda', 'sqs']);
    expect(parsed(https)).toEqual({
      version: '1.0',
      source: 'custom',
      id: alert.id,
      content: {
        textType: 'client-markdown',
        title: alert.card.title,
        description: alert.card.description,
        nextSteps: alert.card.nextSteps,
        keywords: ['prod', 'checkout', 'latency-regression'],
      },
      metadata: {
        threadId: alert.card.threadId,
        summary: alert.card.summary,
        eventType: 'rollback',
        additionalContext: { ...alert.attributes, messageId: alert.id },
      },
    });
    for (const machine of [others.sqs, others.lambda, others.http]) expect(machine).toBe(https);
  });

  it('says what it is about in attributes, none of them empty', async () => {
    const { publisher, sentTo } = arrange();
    await publisher.publish(alertOf('storm', 'open'));
    expect(sentTo(alertsTopicArn)[0]?.attributes).toEqual({
      severity: 'critical',
      kind: 'storm',
      cluster: 'prod',
      service: '-',
      incidentId: 'storm-1k8v3q0x9zt-thv4nv',
      transition: 'open',
    });
  });

  it('leaves steps out where there are none: an empty list is no list', async () => {
    const { publisher, sentTo } = arrange();
    await publisher.publish(alertOf('rollback', 'resolve'));
    expect(parsed(sentTo(alertsTopicArn)[0]?.bodies.https).content).not.toHaveProperty('nextSteps');
  });
});

describe('the Pages topic', () => {
  it('hears nothing of a warning', async () => {
    const { publisher, sentTo } = arrange();
    await publisher.publish(alertOf('crash-loop', 'open'));
    await publisher.publish(alertOf('crash-loop', 'update'));
    expect(sentTo(pagesTopicArn)).toEqual([]);
  });

  it('gets what CloudWatch would send of an alarm', async () => {
    const { publisher, sentTo } = arrange();
    await publisher.publish(page);
    const [sent] = sentTo(pagesTopicArn);
    expect(sent?.subject).toBe(
      'ALARM: "worker in prod: crash loop, out of memory (crash-loop-1k8v3q0x9zt-thv4nv)"',
    );
    expect(sent?.bodies.email).toBe(page.text);
    expect(parsed(sent?.bodies.default)).toMatchObject({
      AlarmName: page.page?.alarmName,
      AlarmDescription: page.page?.alarmDescription,
      AWSAccountId: '123456789012',
      AlarmArn: `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${page.page?.alarmName}`,
      OldStateValue: 'OK',
      NewStateValue: 'ALARM',
      NewStateReason: page.page?.reason,
      StateChangeTime: '2026-11-20T03:18:11.123+0000',
      Region: 'eu-central-1',
      Trigger: {
        Namespace: 'Ballast',
        MetricName: 'crash-loop',
        Dimensions: [
          { name: 'Cluster', value: 'prod' },
          { name: 'Service', value: 'worker' },
        ],
      },
    });
  });

  it('gets an end that fits its start', async () => {
    const { publisher, sentTo } = arrange();
    await publisher.publish(page);
    await publisher.publish(alertOf('crash-loop', 'resolve'));
    const [start, end] = sentTo(pagesTopicArn);
    expect(end?.subject).toBe(start?.subject?.replace('ALARM: ', 'OK: '));
    const [alarm, ok] = [parsed(start?.bodies.default), parsed(end?.bodies.default)];
    expect([alarm.NewStateValue, ok.OldStateValue, ok.NewStateValue]).toEqual([
      'ALARM',
      'ALARM',
      'OK',
    ]);
    expect(ok.AlarmName).toBe(alarm.AlarmName);
    expect(ok.AlarmArn).toBe(alarm.AlarmArn);
  });

  it('goes first, and a channel that is gone does not repeat it', async () => {
    const { account, publisher, sentTo } = arrange();
    account.topics.delete(alertsTopicArn);
    const { name, message, cause } = await errorOf(publisher.publish(page));
    expect(name).toBe('PartlySentError');
    expect(message).toBe('the message is on pages only');
    expect(cause).toMatchObject({ name: 'NotFoundException' });
    expect(sentTo(pagesTopicArn)).toHaveLength(1);
    expect((await errorOf(publisher.publish(page, ['pages']))).name).toBe('PartlySentError');
    expect(sentTo(pagesTopicArn)).toHaveLength(1);
  });

  it('being gone, it leaves the channel its alert; mended, it gets the page alone', async () => {
    const { account, publisher, sentTo } = arrange();
    const pages = account.topics.get(pagesTopicArn);
    if (pages === undefined) throw new Error('there is a Pages topic');
    account.topics.delete(pagesTopicArn);
    const error = await errorOf(publisher.publish(page));
    expect(error).toMatchObject({ sentTo: ['alerts'], cause: { name: 'NotFoundException' } });
    expect(sentTo(alertsTopicArn)).toHaveLength(1);
    account.topics.set(pagesTopicArn, pages);
    await publisher.publish(page, ['alerts']);
    expect(sentTo(pagesTopicArn)).toHaveLength(1);
    expect(sentTo(alertsTopicArn)).toHaveLength(1);
  });

  it('and the channel both gone, both say why', async () => {
    const { account, publisher } = arrange();
    account.topics.clear();
    const error = await errorOf(publisher.publish(page));
    expect(error.name).toBe('AggregateError');
    expect(refusalsIn(error).map((one) => Reflect.get(Object(one), 'name'))).toEqual([
      'NotFoundException',
      'NotFoundException',
    ]);
  });
});

/** All kinds of nonsense in every text that an alert has. */
const monstrous = (length: number): Alert => {
  const text = '\u0007<\ud83d\ude80é" '.repeat(Math.ceil(length / 8));
  return {
    id: 'x#1',
    subject: text,
    text,
    card: {
      title: text,
      description: text,
      nextSteps: [text, '', text, text, text],
      keywords: ['', text, ...Array.from({ length: 9 }, () => text)],
      threadId: 'x',
      summary: text,
    },
    page: {
      state: 'ALARM',
      alarmName: text,
      alarmDescription: text.slice(0, 999),
      reason: 'r',
      atMs: 0,
    },
    attributes: {
      severity: 'critical',
      kind: '',
      cluster: ' ',
      service: text,
      incidentId: '\n',
      transition: 'open',
    },
  };
};

describe('limits', () => {
  it.each([0, 8, 100, 10_000, 90_000])(
    'holds all of them for texts of %i characters',
    async (length) => {
      const { account, publisher, sentTo } = arrange();
      const alert = monstrous(length);
      // The page is bounded where it is made, and an alarm has a name.
      const named = { ...alert, page: { ...page.page, state: 'ALARM' as const } as Alert['page'] };
      await publisher.publish(named);
      expect(account.problems).toEqual([]);
      for (const sent of [...sentTo(alertsTopicArn), ...sentTo(pagesTopicArn)]) {
        expect(sent.subject).toMatch(/^[!-~][ -~]{0,98}$/);
        expect(Object.keys(sent.attributes).length).toBeLessThanOrEqual(10);
        expect(Object.values(sent.attributes).every((value) => value !== '')).toBe(true);
        expect(sent.attributes).toMatchObject({ kind: '-', cluster: '-', incidentId: '-' });
      }
      const { content } = parsed(sentTo(alertsTopicArn)[0]?.bodies.https) as {
        content: { title: string; description: string; nextSteps?: string[]; keywords?: string[] };
      };
      expect(content.title.length).toBeGreaterThan(0);
      expect([...content.title].length).toBeLessThanOrEqual(cardLimits.titleChars);
      expect([...content.description].length).toBeLessThanOrEqual(cardLimits.descriptionChars);
      expect(content.nextSteps?.length).toBe(cardLimits.steps);
      for (const step of content.nextSteps ?? []) {
        expect([...step].length).toBeLessThanOrEqual(cardLimits.stepChars);
      }
      expect(content.keywords?.length ?? 0).toBeLessThanOrEqual(cardLimits.keywords);
    },
  );

  it('cuts the mail with a note where all of it would be too much, and uses the room', async () => {
    const { account, publisher, sentTo } = arrange();
    await publisher.publish({ ...monstrous(90_000), page: undefined });
    const { default: mail } = sentTo(alertsTopicArn)[0]?.bodies ?? { default: '' };
    expect(mail).toMatch(/\[cut: the message was too long\]$/);
    const [call] = account.calls;
    const size = Buffer.byteLength(String(call?.input.Message));
    expect(size).toBeLessThanOrEqual(messageBytesMax);
    expect(size).toBeGreaterThan(messageBytesMax * 0.98);
  });

  it('every sample is far from all of them', async () => {
    const { account, publisher, sentTo } = arrange();
    for (const name of Object.keys(samples)) {
      for (const transition of transitions) await publisher.publish(alertOf(name, transition));
    }
    expect(account.problems).toEqual([]);
    const sizes = account.calls.map(({ input }) => Buffer.byteLength(String(input.Message)));
    expect(Math.max(...sizes)).toBeLessThan(16_384);
    expect(sentTo(alertsTopicArn)).toHaveLength(Object.keys(samples).length * transitions.length);
  });
});

describe('what SNS is asked', () => {
  it('is one Publish a topic, with a body by protocol', async () => {
    const client = new SNSClient({ region: 'eu-central-1' });
    const sns = mockClient(client);
    sns.on(PublishCommand).resolves({ MessageId: '1' });
    await createAlertPublisher(client, topics).publish(page);
    expect(sns.commandCalls(PublishCommand).map(({ args }) => args[0].input)).toMatchObject([
      {
        TopicArn: pagesTopicArn,
        MessageStructure: 'json',
        Subject: expect.stringMatching(/^ALARM: "/),
      },
      {
        TopicArn: alertsTopicArn,
        MessageStructure: 'json',
        Subject: page.subject,
        MessageAttributes: { severity: { DataType: 'String', StringValue: 'critical' } },
      },
    ]);
  });

  it('does not hide a refusal', async () => {
    const { account, publisher } = arrange();
    account.faults.push({ service: 'sns', kind: 'access-denied' });
    const card = alertOf('crash-loop', 'open');
    expect((await errorOf(publisher.publish(card))).name).toBe('AccessDenied');
  });
});
