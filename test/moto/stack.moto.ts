import { beforeEach, describe, expect, it } from 'vitest';
import { arnOf, createMoto } from './moto.ts';
import { createStack, stackName } from './stack.ts';

const moto = createMoto(process.env.MOTO_ENDPOINT ?? '');
const clusterArn = arnOf('ecs', 'cluster/prod');

const topics = async (): Promise<readonly string[]> => {
  const list = await moto.query('sns', { Action: 'ListTopics', Version: '2010-03-31' });
  return [...list.matchAll(/<TopicArn>([^<]+)</g)].map(([, arn = '']) => arn).sort();
};

const queues = async (): Promise<readonly string[]> => {
  const { QueueUrls } = await moto.json<{ readonly QueueUrls: readonly string[] }>(
    'sqs',
    'ListQueues',
    {},
  );
  return QueueUrls.map((url) => url.split('/').at(-1) ?? url).sort();
};

/** Every function's queue with its dead letters, and those of the rules. */
const allQueues = [
  ...['instance-replacement', 'instance-replacement-dead-letters'],
  ...['rule-dead-letters', 'task-state', 'task-state-dead-letters'],
].map((name) => `${stackName}-${name}`);

describe('the stack on moto', () => {
  beforeEach(() => moto.reset());

  it('creates both topics by itself', async () => {
    const outputs = await createStack(moto, { ClusterArns: clusterArn });
    const [alerts, pages] = [
      arnOf('sns', `${stackName}-alerts`),
      arnOf('sns', `${stackName}-pages`),
    ];
    expect([outputs.get('AlertsTopicArn'), outputs.get('PagesTopicArn')]).toEqual([alerts, pages]);
    expect(await topics()).toEqual([alerts, pages]);
    expect(await queues()).toEqual(allQueues);
  });

  it('uses topics that were brought, and creates none', async () => {
    const [AlertTopicArn, PageTopicArn] = [arnOf('sns', 'ops'), arnOf('sns', 'pager')];
    for (const Name of ['ops', 'pager']) {
      await moto.query('sns', { Action: 'CreateTopic', Version: '2010-03-31', Name });
    }
    const outputs = await createStack(moto, {
      ClusterArns: clusterArn,
      AlertTopicArn,
      PageTopicArn,
    });
    expect(outputs.get('AlertsTopicArn')).toBe(AlertTopicArn);
    expect(outputs.get('PagesTopicArn')).toBe(PageTopicArn);
    expect(await topics()).toEqual([AlertTopicArn, PageTopicArn]);
  });

  it('keeps the pages that a pager refuses', async () => {
    await createStack(moto, {
      ClusterArns: clusterArn,
      AlertEmail: 'ops@example.com',
      PagerUrl: 'https://pager.example.com/enqueue',
    });
    expect(await queues()).toContain(`${stackName}-page-dead-letters`);
  });
});
