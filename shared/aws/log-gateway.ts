import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  type ContainerDefinition,
  DescribeTaskDefinitionCommand,
  ECSClient,
} from '@aws-sdk/client-ecs';
import type { ContainerLogging, LogStream } from '../domain/log-lines.ts';
import { type ClientSettings, sendOptions } from './clients.ts';

/** Reads of what containers log. Each is one call, and throws what the SDK throws. */
export type LogGateway = {
  /** How the containers of a task definition log; nothing else of it is kept. */
  describeLogging(
    taskDefinitionArn: string,
    signal?: AbortSignal,
  ): Promise<readonly ContainerLogging[]>;
  /** The newest messages of a stream, oldest first: {@link messagesMax} at most. */
  readMessages(stream: LogStream, signal?: AbortSignal): Promise<readonly string[]>;
};

/** Messages that one read asks for; CloudWatch answers with 1 MB of them at most. */
export const messagesMax = 20;

export function createLogGateway(ecs: ECSClient, logs: CloudWatchLogsClient): LogGateway {
  return {
    async describeLogging(taskDefinitionArn, signal) {
      const { taskDefinition } = await ecs.send(
        new DescribeTaskDefinitionCommand({ taskDefinition: taskDefinitionArn }),
        sendOptions(signal),
      );
      return (taskDefinition?.containerDefinitions ?? []).map(loggingOf);
    },
    async readMessages({ group, stream, sinceMs }, signal) {
      const { events = [] } = await logs.send(
        new GetLogEventsCommand({
          logGroupName: group,
          logStreamName: stream,
          // Without a beginning the newest page may come empty.
          ...(sinceMs === undefined ? {} : { startTime: sinceMs }),
          limit: messagesMax,
          startFromHead: false,
        }),
        sendOptions(signal),
      );
      // The reference says that the latest come first, others say that time runs on: either will do.
      const [first, last] = [events[0]?.timestamp ?? 0, events.at(-1)?.timestamp ?? 0];
      const ascending = first > last ? events.toReversed() : events;
      return ascending.flatMap(({ message }) => message ?? []);
    },
  };
}

function loggingOf({ name = '', logConfiguration }: ContainerDefinition): ContainerLogging {
  const options = logConfiguration?.options ?? {};
  return {
    container: name,
    driver: logConfiguration?.logDriver,
    group: options['awslogs-group'],
    region: options['awslogs-region'],
    streamPrefix: options['awslogs-stream-prefix'],
  };
}

/** The gateway over clients of its own. They try once: an alert does not wait for what is optional. */
export function openLogGateway(settings: ClientSettings): LogGateway {
  const once = { ...settings, maxAttempts: 1 };
  return createLogGateway(new ECSClient(once), new CloudWatchLogsClient(once));
}
