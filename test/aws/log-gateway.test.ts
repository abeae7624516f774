import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogGateway, messagesMax } from '../../shared/aws/log-gateway.ts';

const region = 'eu-central-1';
const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);
beforeEach(() => {
  ecs.reset();
  logs.reset();
});
const gateway = createLogGateway(new ECSClient({ region }), new CloudWatchLogsClient({ region }));
const taskDefinition = `arn:aws:ecs:${region}:123456789012:task-definition/worker:88`;
const stream = { group: '/ecs/worker', stream: 'ecs/app/1', sinceMs: 5 };

describe('how containers log', () => {
  it('is read of the task definition, and nothing else of it', async () => {
    ecs.on(DescribeTaskDefinitionCommand).resolves({
      taskDefinition: {
        containerDefinitions: [
          {
            name: 'app',
            environment: [{ name: 'TOKEN', value: 'secret' }],
            logConfiguration: {
              logDriver: 'awslogs',
              options: {
                'awslogs-group': '/ecs/worker',
                'awslogs-region': region,
                'awslogs-stream-prefix': 'ecs',
                mode: 'non-blocking',
              },
              secretOptions: [{ name: 'x', valueFrom: 'arn:x' }],
            },
          },
          { name: 'router', logConfiguration: { logDriver: 'splunk' } },
          {},
        ],
      },
    });
    const nothing = { driver: undefined, group: undefined, region: undefined };
    expect(await gateway.describeLogging(taskDefinition)).toEqual([
      { container: 'app', driver: 'awslogs', group: '/ecs/worker', region, streamPrefix: 'ecs' },
      { ...nothing, container: 'router', driver: 'splunk', streamPrefix: undefined },
      { ...nothing, container: '', streamPrefix: undefined },
    ]);
    expect(ecs.calls().map(({ args }) => args[0].input)).toEqual([{ taskDefinition }]);
  });

  it('is not known of an answer without a task definition', async () => {
    ecs.on(DescribeTaskDefinitionCommand).resolves({});
    expect(await gateway.describeLogging(taskDefinition)).toEqual([]);
  });
});

describe('the newest messages', () => {
  const events = [
    { timestamp: 10, message: 'first' },
    { timestamp: 20, message: 'second' },
    { timestamp: 20, message: 'third' },
  ];

  it('are asked for by one call, since the task was created', async () => {
    logs.on(GetLogEventsCommand).resolves({ events, nextBackwardToken: 'b/1' });
    expect(await gateway.readMessages(stream)).toEqual(['first', 'second', 'third']);
    expect(logs.calls().map(({ args }) => args[0].input)).toEqual([
      {
        logGroupName: '/ecs/worker',
        logStreamName: 'ecs/app/1',
        startTime: 5,
        limit: messagesMax,
        startFromHead: false,
      },
    ]);
  });

  it('come newest last, also where CloudWatch puts the newest first', async () => {
    logs.on(GetLogEventsCommand).resolves({ events: events.toReversed() });
    expect(await gateway.readMessages(stream)).toEqual(['first', 'second', 'third']);
  });

  it('of a task of unknown age are asked for without a beginning', async () => {
    logs.on(GetLogEventsCommand).resolves({ events: [{ timestamp: 1 }, {}] });
    expect(await gateway.readMessages({ ...stream, sinceMs: undefined })).toEqual([]);
    expect(logs.calls()[0]?.args[0].input).not.toHaveProperty('startTime');
  });

  it('of a stream that is not there is an error', async () => {
    const error = Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' });
    logs.on(GetLogEventsCommand).rejects(error);
    await expect(gateway.readMessages(stream)).rejects.toThrow('gone');
  });
});
