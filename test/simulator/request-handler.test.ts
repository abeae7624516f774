import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, ListAccountSettingsCommand } from '@aws-sdk/client-ecs';
import { DescribeRulesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import type { Account, Fault, ServiceName } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { accountOf, clientsOf, errorOf } from './clients.ts';

function arrange(...faults: Account['faults']) {
  const account = accountOf({
    tables: [
      {
        TableName: 'incidents',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    ],
  });
  account.parameters.set('/p', { Type: 'String', Value: 'v' });
  account.faults.push(...faults);
  return { account, clients: clientsOf(account) };
}

const readOf = ({ ssm }: ReturnType<typeof clientsOf>) =>
  ssm.send(new GetParameterCommand({ Name: '/p' }));

/** One call of each service, whatever it would answer. */
const callOf: Record<ServiceName, (clients: ReturnType<typeof clientsOf>) => Promise<unknown>> = {
  ecs: ({ ecs }) => ecs.send(new DescribeServicesCommand({ services: ['web'] })),
  elasticloadbalancing: ({ elbv2 }) =>
    elbv2.send(new DescribeRulesCommand({ RuleArns: ['arn:x'] })),
  cloudwatch: ({ cloudWatch }) => cloudWatch.send(new DescribeAlarmsCommand({})),
  ssm: readOf,
  secretsmanager: ({ secretsManager }) =>
    secretsManager.send(new GetSecretValueCommand({ SecretId: 's' })),
  dynamodb: ({ dynamoDb }) =>
    dynamoDb.send(new PutItemCommand({ TableName: 'incidents', Item: { pk: { S: 'a' } } })),
  sns: ({ sns }) => sns.send(new PublishCommand({ TopicArn: 'arn:x', Message: 'm' })),
  ec2: ({ ec2 }) => ec2.send(new DescribeSubnetsCommand({})),
  'application-autoscaling': ({ autoScaling }) =>
    autoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' })),
  logs: ({ logs }) => logs.send(new GetLogEventsCommand({ logGroupName: 'g', logStreamName: 's' })),
};
const services: readonly ServiceName[] = [
  'ecs',
  'elasticloadbalancing',
  'cloudwatch',
  'ssm',
  'secretsmanager',
  'dynamodb',
  'sns',
  'ec2',
  'application-autoscaling',
  'logs',
];

/** EC2 has words and statuses of its own for what all others call by one name. */
const throttlingOf = (service: ServiceName) =>
  service === 'ec2'
    ? { name: /^RequestLimitExceeded$/, httpStatusCode: 503 }
    : { name: /^Throttling(Exception)?$/, httpStatusCode: 400 };
const denialOf = (service: ServiceName): RegExp =>
  service === 'ec2' ? /^UnauthorizedOperation$/ : /^AccessDenied(Exception)?$/;

describe('faults', () => {
  it.each(services)(
    '%s: throttling is retried, and named when it does not end',
    async (service) => {
      const { account, clients } = arrange({ service, kind: 'throttle' });
      const error = await errorOf(callOf[service](clients));
      const { name, httpStatusCode } = throttlingOf(service);
      expect(error.name).toMatch(name);
      expect(error.$metadata).toMatchObject({ httpStatusCode, attempts: 3 });
      expect(account.calls).toHaveLength(3);
    },
  );

  it.each(services)('%s: a server error is retried', async (service) => {
    const { account, clients } = arrange({ service, kind: 'server-error' });
    const error = await errorOf(callOf[service](clients));
    expect(error.$metadata).toMatchObject({ httpStatusCode: 500, attempts: 3 });
    expect(error.$fault).toBe('server');
    expect(account.calls).toHaveLength(3);
  });

  it.each(services)('%s: a denial is not retried', async (service) => {
    const { account, clients } = arrange({ service, kind: 'access-denied' });
    const error = await errorOf(callOf[service](clients));
    expect(error.name).toMatch(denialOf(service));
    expect(error.message).toContain(`not authorized to perform: ${service}:`);
    expect(account.calls).toHaveLength(1);
  });

  it.each(services)('%s: an empty answer has no members', async (service) => {
    const { account, clients } = arrange({ service, kind: 'empty-answer' });
    expect(Object.keys(Object(await callOf[service](clients)))).toEqual(['$metadata']);
    expect(account.tables.get('incidents')?.items.size).toBe(0);
  });

  it('a rule ends after its number of calls, so two throttles cost two retries', async () => {
    const { account, clients } = arrange({ kind: 'throttle', times: 2 });
    expect((await readOf(clients)).Parameter?.Value).toBe('v');
    expect(account.calls).toHaveLength(3);
    await readOf(clients);
    expect(account.calls).toHaveLength(4);
  });

  it('a rule spares other services and other operations', async () => {
    const { account, clients } = arrange(
      { service: 'ecs', kind: 'throttle' },
      { operation: 'GetSecretValue', kind: 'throttle' },
    );
    await readOf(clients);
    expect(account.calls).toHaveLength(1);
  });

  it('the hook draws a fault from each call and goes before the rules', async () => {
    const { account, clients } = arrange({ kind: 'access-denied' });
    const drawn: (Fault | undefined)[] = ['throttle', 'network-error'];
    account.intercept = ({ operation }) => {
      expect(operation).toBe('GetParameter');
      return drawn.shift();
    };
    expect((await errorOf(readOf(clients))).name).toBe('AccessDeniedException');
    expect(account.calls).toHaveLength(3);
  });

  it('a connection that resets is retried; the service did not see the request', async () => {
    const { account, clients } = arrange({ kind: 'network-error' });
    const error = await errorOf(callOf.dynamodb(clients));
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'ECONNRESET' });
    expect(account.calls).toHaveLength(3);
    expect(account.tables.get('incidents')?.items.size).toBe(0);
  });

  it('an answer that is lost leaves its work behind, and the retry meets it', async () => {
    const { account, clients } = arrange({ kind: 'answer-lost', times: 1 });
    const call = clients.dynamoDb.send(
      new PutItemCommand({
        TableName: 'incidents',
        Item: { pk: { S: 'a' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    expect((await errorOf(call)).name).toBe('ConditionalCheckFailedException');
    expect(account.calls).toHaveLength(2);
    expect(account.tables.get('incidents')?.items.size).toBe(1);
  });

  it('a hang ends with the signal of the caller', async () => {
    const { account, clients } = arrange({ kind: 'hang' });
    const controller = new AbortController();
    account.intercept = () => {
      controller.abort();
      return undefined;
    };
    const call = clients.ssm.send(new GetParameterCommand({ Name: '/p' }), {
      abortSignal: controller.signal,
    });
    expect((await errorOf(call)).name).toBe('AbortError');
    expect(account.calls).toHaveLength(1);
  });

  it('a hang that is aborted later ends then', async () => {
    const { clients } = arrange({ kind: 'hang' });
    const controller = new AbortController();
    const call = clients.ssm.send(new GetParameterCommand({ Name: '/p' }), {
      abortSignal: controller.signal,
    });
    setImmediate(() => controller.abort());
    expect((await errorOf(call)).name).toBe('AbortError');
  });

  it('a hang ends with the timeout of the request, which is retried', async () => {
    const { account } = arrange({ kind: 'hang' });
    const slept: number[] = [];
    const clients = clientsOf(account, {
      requestTimeoutMs: 5000,
      sleep: async (delayMs) => {
        slept.push(delayMs);
      },
    });
    expect((await errorOf(readOf(clients))).name).toBe('TimeoutError');
    expect(slept).toEqual([5000, 5000, 5000]);
  });
});

describe('what is not simulated', () => {
  it('an operation is named, to the caller and in the account', async () => {
    const { account, clients } = arrange();
    const input = { name: 'awsvpcTrunking' } as const;
    const error = await errorOf(clients.ecs.send(new ListAccountSettingsCommand(input)));
    expect(error).toMatchObject({
      name: 'UnknownOperationException',
      message: 'ecs:ListAccountSettings: the operation is not simulated',
    });
    expect(account.problems).toEqual(['ecs:ListAccountSettings: the operation is not simulated']);
    expect(account.calls).toEqual([{ service: 'ecs', operation: 'ListAccountSettings', input }]);
  });

  it('a member is named', async () => {
    const { account, clients } = arrange();
    const call = clients.cloudWatch.send(new DescribeAlarmsCommand({ ActionPrefix: 'arn:' }));
    expect((await errorOf(call)).name).toBe('UnsupportedBySimulator');
    expect(account.problems).toEqual([
      'cloudwatch:DescribeAlarms: the member ActionPrefix is not simulated',
    ]);
  });

  it('another Region is another account', async () => {
    const { account } = arrange();
    const elsewhere = new SSMClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      requestHandler: createRequestHandler(account),
    });
    const call = elsewhere.send(new GetParameterCommand({ Name: '/p' }));
    expect((await errorOf(call)).name).toBe('UnsupportedBySimulator');
    expect(account.problems).toEqual([
      "ssm:GetParameter: the Region is us-east-1, the account's is eu-central-1",
    ]);
  });

  it('a service is named', async () => {
    const { account } = arrange();
    const handler = createRequestHandler(account);
    const headers = { 'x-amz-target': 'AWSEvents.PutEvents' };
    await expect(handler.handle({ headers, body: '{}' })).rejects.toThrow('the service AWSEvents');
    expect(account.problems).toEqual(['Not simulated: the service AWSEvents']);
  });
});
