import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsProblemOf } from '../../shared/aws/errors.ts';
import { createGateStore } from '../../shared/aws/gate-store.ts';
import { createLoadBalancerGateway } from '../../shared/aws/load-balancer-gateway.ts';
import { createMetricGateway } from '../../shared/aws/metric-gateway.ts';
import { createMetricReader, metricQueriesMax } from '../../shared/aws/metric-reader.ts';
import { createParameterGateway } from '../../shared/aws/parameter-gateway.ts';
import { createSecretGateway } from '../../shared/aws/secret-gateway.ts';

const region = 'eu-central-1';
const cloudWatch = mockClient(CloudWatchClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
const ssm = mockClient(SSMClient);
const secrets = mockClient(SecretsManagerClient);
const dynamo = mockClient(DynamoDBClient);
beforeEach(() => {
  for (const mock of [cloudWatch, elb, ssm, secrets, dynamo]) mock.reset();
});

describe('the metric gateway', () => {
  const gateway = createMetricGateway(new CloudWatchClient({ region }));

  it('reads every page of alarms, of both kinds, in batches of 100 names', async () => {
    cloudWatch.on(DescribeAlarmsCommand).callsFake(({ AlarmNames, AlarmTypes, NextToken }) => {
      expect(AlarmTypes).toEqual(['MetricAlarm', 'CompositeAlarm']);
      expect(AlarmNames.length).toBeLessThanOrEqual(100);
      const [first, last] = [AlarmNames[0], AlarmNames.at(-1)];
      return NextToken === undefined
        ? { MetricAlarms: [{ AlarmName: first, StateValue: 'OK' }], NextToken: 'more' }
        : { CompositeAlarms: [{ AlarmName: last, StateValue: 'ALARM' }, {}] };
    });
    const names = Array.from({ length: 101 }, (_, at) => `a${at}`);
    expect(await gateway.describeAlarms(names)).toEqual([
      { name: 'a0', state: 'OK' },
      { name: 'a99', state: 'ALARM' },
      { name: 'a100', state: 'OK' },
      { name: 'a100', state: 'ALARM' },
    ]);
  });

  it('gives each query the values of its own window, over all pages', async () => {
    const nowMs = 3_600_000;
    const at = (minutesAgo: number) => new Date(nowMs - minutesAgo * 60_000);
    cloudWatch.on(GetMetricDataCommand).callsFake(({ StartTime, NextToken }) => {
      expect(StartTime).toEqual(at(10));
      return NextToken === undefined
        ? {
            MetricDataResults: [{ Id: 'm0', Values: [1, 2], Timestamps: [at(9), at(4)] }],
            NextToken: 'x',
          }
        : {
            MetricDataResults: [
              { Id: 'm0', Values: [3], Timestamps: [at(1)] },
              { Id: 'm1', Values: [7], Timestamps: [at(9)] },
              { Id: 'm9', Values: [9], Timestamps: [at(1)] },
            ],
          };
    });
    const query = {
      namespace: 'n',
      metricName: 'm',
      dimensions: {},
      stat: 'Sum',
      periodSeconds: 60,
    };
    const queries = [
      { ...query, windowMinutes: 5 },
      { ...query, windowMinutes: 10 },
    ];
    const complete = (value: number) => ({ value, isComplete: true });
    expect(await gateway.readMetrics(queries, nowMs)).toEqual([
      [complete(2), complete(3)],
      [complete(7)],
    ]);
  });

  it('counts the period that the window cuts, and tells the one under way', async () => {
    const minuteMs = 60_000;
    // Seven minutes past twelve, of ten minutes each: the window begins two minutes past.
    const nowMs = Date.UTC(2026, 10, 20, 12, 7);
    const at = (minutes: number) => new Date(Date.UTC(2026, 10, 20, 12) + minutes * minuteMs);
    cloudWatch.on(GetMetricDataCommand).callsFake(({ StartTime }) => {
      expect(StartTime).toEqual(at(-10));
      return { MetricDataResults: [{ Id: 'm0', Values: [8, 5], Timestamps: [at(-10), at(0)] }] };
    });
    const query = { namespace: 'n', metricName: 'm', dimensions: {}, stat: 'Sum' };
    const queries = [{ ...query, periodSeconds: 600, windowMinutes: 10 }];
    expect(await gateway.readMetrics(queries, nowMs)).toEqual([
      [
        { value: 8, isComplete: true },
        { value: 5, isComplete: false },
      ],
    ]);
  });

  it('asks nothing when there is nothing to ask', async () => {
    expect(await gateway.readMetrics([], 0)).toEqual([]);
    expect(await gateway.describeAlarms([])).toEqual([]);
    expect(cloudWatch.calls()).toHaveLength(0);
  });

  it('says when each value was, to who asks for samples', async () => {
    const atMs = 3_540_000;
    cloudWatch.on(GetMetricDataCommand).resolves({
      MetricDataResults: [
        { Id: 'm1', Values: [], Timestamps: [] },
        { Id: 'm0', Values: [2], Timestamps: [new Date(atMs)] },
      ],
    });
    const reader = createMetricReader(new CloudWatchClient({ region }));
    const query = {
      namespace: 'n',
      metricName: 'm',
      dimensions: { ServiceName: 'web' },
      stat: 'Sum',
      periodSeconds: 60,
      windowMinutes: 10,
    };
    expect(await reader.readSamples([query, query], 3_600_000)).toEqual([[{ atMs, value: 2 }], []]);
    const many = Array.from({ length: metricQueriesMax + 1 }, () => query);
    await expect(reader.readSamples(many, 3_600_000)).rejects.toThrow('501 queries');
  });

  it('an answer without end is an error, not a loop', async () => {
    cloudWatch.on(DescribeAlarmsCommand).resolves({ NextToken: 'again' });
    await expect(gateway.describeAlarms(['a'])).rejects.toThrow('more than 20 pages');
  });
});

describe('the load balancer gateway', () => {
  const gateway = createLoadBalancerGateway(new ElasticLoadBalancingV2Client({ region }));
  const prefix = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012';
  const place = (Conditions: unknown, Actions: unknown = []) => {
    elb.on(DescribeListenersCommand).resolves({ Listeners: [{ Port: 443, Protocol: 'HTTPS' }] });
    elb.on(DescribeLoadBalancersCommand).resolves({ LoadBalancers: [{ DNSName: 'lb.example' }] });
    elb.on(DescribeRulesCommand).resolves({ Rules: [{ Conditions, Actions } as never] });
    return gateway.describeRule(`${prefix}:listener-rule/app/web/0a/1b/2c`);
  };

  it.each([
    [
      'path',
      { Field: 'path-pattern', PathPatternConfig: { Values: ['/a'] } },
      { kind: 'path', patterns: ['/a'] },
    ],
    [
      'path, as early rules have it',
      { Field: 'path-pattern', Values: ['/a'] },
      { kind: 'path', patterns: ['/a'] },
    ],
    [
      'path by regular expression',
      { Field: 'path-pattern', PathPatternConfig: { RegexValues: ['^/a'] } },
      { kind: 'other', field: 'path-pattern' },
    ],
    [
      'host',
      { Field: 'host-header', HostHeaderConfig: { Values: ['h'] } },
      { kind: 'host', patterns: ['h'] },
    ],
    [
      'header',
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X', Values: ['v'] } },
      { kind: 'header', name: 'X', patterns: ['v'] },
    ],
    [
      'query',
      {
        Field: 'query-string',
        QueryStringConfig: { Values: [{ Key: 'k', Value: 'v' }, { Value: 'w' }] },
      },
      { kind: 'query', pairs: [{ key: 'k', pattern: 'v' }, { pattern: 'w' }] },
    ],
    [
      'method',
      { Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['GET'] } },
      { kind: 'method', methods: ['GET'] },
    ],
    [
      'source address',
      { Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8'] } },
      { kind: 'source-ip', ranges: ['10.0.0.0/8'] },
    ],
    ['a field of next year', { Field: 'moon-phase' }, { kind: 'other', field: 'moon-phase' }],
    ['no field at all', {}, { kind: 'other', field: 'unknown' }],
  ])('reads a condition on %s', async (_, condition, expected) => {
    expect((await place([condition])).rule.conditions).toEqual([expected]);
  });

  it.each([
    [
      'weights',
      [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: 'a', Weight: 99.9 },
              { TargetGroupArn: 'b', Weight: 0.1 },
            ],
          },
        },
      ],
      [
        ['a', 99.9],
        ['b', 0.1],
      ],
    ],
    ['one target group by name', [{ Type: 'forward', TargetGroupArn: 'a' }], [['a', 1]]],
    [
      'one target group without a weight',
      [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: 'a' }] } }],
      [['a', 1]],
    ],
    [
      'a missing weight among several is none',
      [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [{ TargetGroupArn: 'a' }, { TargetGroupArn: 'b', Weight: 1 }],
          },
        },
      ],
      [
        ['a', 0],
        ['b', 1],
      ],
    ],
    ['a fixed response forwards to nothing', [{ Type: 'fixed-response' }], []],
  ])('reads %s', async (_, actions, expected) => {
    const { rule } = await place([], actions);
    expect(rule.targetGroups.map((one) => [one.targetGroupArn, one.weight])).toEqual(expected);
  });

  it('refuses an ARN that is neither rule nor listener', async () => {
    await expect(gateway.describeRule(`${prefix}:targetgroup/a/b`)).rejects.toThrow('neither');
  });

  it('says so when ELB leaves out what was asked for', async () => {
    elb.on(DescribeListenersCommand).resolves({});
    elb.on(DescribeLoadBalancersCommand).resolves({ LoadBalancers: [{}] });
    await expect(gateway.describeRule(`${prefix}:listener/net/web/0a/1b`)).rejects.toThrow(
      'answered without',
    );
  });
});

describe('the parameter gateway', () => {
  const gateway = createParameterGateway(new SSMClient({ region }));
  it('reads a value decrypted, and nothing where there is none', async () => {
    ssm
      .on(GetParameterCommand, { Name: '/a', WithDecryption: true })
      .resolves({ Parameter: { Value: 'v' } });
    ssm
      .on(GetParameterCommand, { Name: '/b' })
      .rejects(new ParameterNotFound({ message: '', $metadata: {} }));
    expect(await gateway.readParameter('/a')).toBe('v');
    expect(await gateway.readParameter('/b')).toBeUndefined();
  });
  it('lets any other error through', async () => {
    ssm
      .on(GetParameterCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await expect(gateway.readParameter('/a')).rejects.toThrow('no');
  });
});

describe('the secret gateway', () => {
  const gateway = createSecretGateway(new SecretsManagerClient({ region }));
  it.each([
    ['the text itself', 'plain', undefined, 'plain'],
    ['a key of a JSON object', '{"token":"t"}', 'token', 't'],
  ])('reads %s', async (_, SecretString, key, expected) => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString });
    expect(await gateway.readSecret('arn', key)).toBe(expected);
  });
  it.each([
    ['a secret without text', undefined, undefined, 'holds no text'],
    ['a key that is not there', '{"a":"hidden"}', 'token', 'no text under the key "token"'],
    ['a key of something that is not JSON', 'hidden', 'token', 'no text under the key "token"'],
    ['a key with a number', '{"token":5}', 'token', 'no text under the key "token"'],
    [
      'a key that every object has',
      '{"a":"hidden"}',
      'toString',
      'no text under the key "toString"',
    ],
  ])('%s is an error that quotes nothing of it', async (_, SecretString, key, message) => {
    secrets.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString });
    const error = await gateway.readSecret('arn', key).catch((one: unknown) => one);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('hidden');
  });
});

describe('the gate store', () => {
  const store = createGateStore(new DynamoDBClient({ region }), 'ballast');
  const item = {
    deploymentArn: 'd',
    stage: 's',
    configHash: 'h',
    executionId: 'e',
    config: '{}',
    state: 'x',
    calls: 2,
    startedAtMs: 5,
    expiresAtSeconds: 9,
  };
  it('writes only over earlier calls of the same gate', async () => {
    dynamo.on(UpdateItemCommand).resolves({});
    expect(await store.save(item)).toBe(true);
    const [call] = dynamo.commandCalls(UpdateItemCommand);
    expect(call?.args[0].input).toMatchObject({
      Key: { pk: { S: 'GATE#d' }, sk: { S: 's#h' } },
      UpdateExpression: expect.stringMatching(/^SET .* REMOVE #answer$/),
      ConditionExpression:
        'attribute_not_exists(pk) OR (attribute_not_exists(#answer) AND #calls < :calls)' +
        ' OR (attribute_exists(#answer) AND #startedAtMs < :startedAtMs)',
      ExpressionAttributeValues: { ':calls': { N: '2' }, ':ttl': { N: '9' } },
    });
  });
  it('a later call being first is no error', async () => {
    dynamo
      .on(UpdateItemCommand)
      .rejects(new ConditionalCheckFailedException({ message: '', $metadata: {} }));
    expect(await store.save(item)).toBe(false);
  });
});

describe('awsProblemOf', () => {
  const named = (name: string): Error => Object.assign(new Error('because'), { name });
  it.each([
    [named('ThrottlingException'), 'aws-throttled', 'ThrottlingException: because'],
    [named('RequestLimitExceeded'), 'aws-throttled', 'RequestLimitExceeded: because'],
    [named('EC2ThrottledException'), 'aws-throttled', 'EC2ThrottledException: because'],
    [named('AuthFailure'), 'aws-denied', 'AuthFailure: because'],
    [named('SignatureDoesNotMatch'), 'aws-denied', 'SignatureDoesNotMatch: because'],
    [named('AccessDeniedException'), 'aws-denied', 'AccessDeniedException: because'],
    [named('TargetGroupNotFoundException'), 'aws-missing', 'TargetGroupNotFoundException: because'],
    [named('TimeoutError'), 'aws-unavailable', 'TimeoutError: because'],
    ['text', 'aws-unavailable', 'unknown: text'],
  ])('%s', (error, reason, detail) => expect(awsProblemOf(error)).toEqual({ reason, detail }));
});
