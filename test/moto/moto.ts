import { setTimeout as sleep } from 'node:timers/promises';

/** The Region and account of everything on moto: those of the sample events. */
export const region = 'eu-central-1';
export const accountId = '123456789012';

export const arnOf = (service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${resource}`;

export type SqsMessage = {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
};

/** Just enough of AWS's protocols to talk to moto: no SDK client of ours knows these services. */
export type Moto = ReturnType<typeof createMoto>;

type Input = Readonly<Record<string, unknown>>;

/** Targets and content types of the JSON protocols. */
const jsonServices = {
  'application-autoscaling': { prefix: 'AnyScaleFrontendService', version: '1.1' },
  dynamodb: { prefix: 'DynamoDB_20120810', version: '1.0' },
  ecs: { prefix: 'AmazonEC2ContainerServiceV20141113', version: '1.1' },
  events: { prefix: 'AWSEvents', version: '1.1' },
  logs: { prefix: 'Logs_20140328', version: '1.1' },
  sqs: { prefix: 'AmazonSQS', version: '1.0' },
};

/** Entries that one PutEvents takes, and messages that one ReceiveMessage gives. */
const batchMax = 10;

export function createMoto(endpoint: string) {
  const send = async (service: string, path: string, init: RequestInit): Promise<string> => {
    // moto reads the service from the scope of the signature, and does not check the signature.
    const scope = `test/20260101/${region}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
    const response = await fetch(new URL(path, endpoint), {
      ...init,
      headers: { ...init.headers, authorization },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} ${path} ${response.status}: ${text}`);
    return text;
  };

  const json = async <Output = unknown>(
    service: keyof typeof jsonServices,
    operation: string,
    input: Input,
  ): Promise<Output> => {
    const { prefix, version } = jsonServices[service];
    const text = await send(service, '/', {
      method: 'POST',
      headers: {
        'content-type': `application/x-amz-json-${version}`,
        'x-amz-target': `${prefix}.${operation}`,
      },
      body: JSON.stringify(input),
    });
    return JSON.parse(text === '' ? '{}' : text);
  };

  const query = (service: string, input: Readonly<Record<string, string>>): Promise<string> =>
    send(service, '/', { method: 'POST', body: new URLSearchParams(input) });

  const queueUrlOf = (name: string): string => new URL(`/${accountId}/${name}`, endpoint).href;

  return {
    endpoint,
    json,
    query,
    get: (service: string, path: string) => send(service, path, { method: 'GET' }),
    reset: () => send('moto', '/moto-api/reset', { method: 'POST' }),

    /** Keeps things of a kind as they are: by default some come a step nearer to their end a look. */
    holdState: (model: string) =>
      send('moto', '/moto-api/state-manager/set-transition', {
        method: 'POST',
        body: JSON.stringify({
          model_name: model,
          transition: { progression: 'manual', times: Number.MAX_SAFE_INTEGER },
        }),
      }),

    async createQueue(name: string): Promise<string> {
      await json('sqs', 'CreateQueue', { QueueName: name });
      return arnOf('sqs', name);
    },

    /** Everything that lies in a queue, deleted as it is read. */
    async drain(name: string): Promise<readonly SqsMessage[]> {
      const QueueUrl = queueUrlOf(name);
      const messages: SqsMessage[] = [];
      // A queue that never runs dry would be a fault of the test: the bound ends it.
      for (let page = 0; page < 100; page += 1) {
        const { Messages = [] } = await json<{ Messages?: readonly SqsMessage[] }>(
          'sqs',
          'ReceiveMessage',
          { QueueUrl, MaxNumberOfMessages: batchMax, WaitTimeSeconds: 0 },
        );
        if (Messages.length === 0) return messages;
        const Entries = Messages.map(({ ReceiptHandle }, at) => ({
          Id: String(at),
          ReceiptHandle,
        }));
        await json('sqs', 'DeleteMessageBatch', { QueueUrl, Entries });
        messages.push(...Messages);
      }
      throw new Error(`the queue ${name} does not run dry`);
    },

    /** Puts events on the default bus. Real AWS refuses sources that begin with `aws.`; moto does not. */
    async putEvents(events: readonly Input[]): Promise<void> {
      for (let from = 0; from < events.length; from += batchMax) {
        const Entries = events.slice(from, from + batchMax).map((event) => ({
          Source: event.source,
          DetailType: event['detail-type'],
          // moto trips over an event without them.
          Resources: Array.isArray(event.resources) ? event.resources : [],
          Detail: JSON.stringify(event.detail),
        }));
        const { FailedEntryCount } = await json<{ FailedEntryCount: number }>(
          'events',
          'PutEvents',
          {
            Entries,
          },
        );
        if (FailedEntryCount > 0) throw new Error(`moto refused ${FailedEntryCount} events`);
      }
      // moto delivers while it answers; the pause is for the day when it no longer does.
      await sleep(50);
    },
  };
}
