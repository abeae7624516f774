import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { arnOf, type Moto, region, type SqsMessage } from './moto.ts';
import { stackName } from './stack.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

/**
 * Loads a bundle as Lambda would: with the environment that the stack gives the function, and with
 * the SDK pointed at moto.
 */
export async function loadFunction(
  moto: Moto,
  name: string,
): Promise<(event: unknown) => Promise<unknown>> {
  const functionName = `${stackName}-${name}`;
  const configuration: { readonly Environment: { readonly Variables: Record<string, unknown> } } =
    JSON.parse(await moto.get('lambda', `/2015-03-31/functions/${functionName}/configuration`));
  for (const [variable, value] of Object.entries(configuration.Environment.Variables)) {
    // It was meant for the start of the process.
    if (variable !== 'NODE_OPTIONS') process.env[variable] = String(value);
  }
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  const bundle = path.resolve('dist', name, 'index.mjs');
  if (!existsSync(bundle)) throw new Error(`no ${bundle}: npm run build makes it`);
  const { handler }: { readonly handler: Handler } = await import(pathToFileURL(bundle).href);
  const context = {
    functionName,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    awsRequestId: '00000000-0000-4000-a000-000000000001',
    invokedFunctionArn: arnOf('lambda', `function:${functionName}`),
    getRemainingTimeInMillis: () => 30_000,
  };
  return (event) => handler(event, context);
}

/** What Lambda makes of the messages of a queue. */
export const batchOf = (messages: readonly SqsMessage[]): object => ({
  Records: messages.map(({ MessageId, ReceiptHandle, Body }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {},
    messageAttributes: {},
    eventSource: 'aws:sqs',
    awsRegion: region,
  })),
});
