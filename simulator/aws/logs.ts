import { ServiceError } from './errors.ts';
import { type Input, optionalBoolean, optionalInteger, type Responder, text } from './operation.ts';

const eventsMax = 10_000;

/** CloudWatch Logs. */
export const logs: Responder = {
  GetLogEvents: {
    members: ['logGroupName', 'logStreamName', 'startTime', 'limit', 'startFromHead'],
    respond: ({ logGroups, nowMs }, input) => {
      const stream = logGroups.get(text(input, 'logGroupName'))?.streams;
      if (stream === undefined) throw missing('group');
      const all = stream.get(text(input, 'logStreamName'));
      if (all === undefined) throw missing('stream');
      const startMs = integer(input, 'startTime', [0, Number.MAX_SAFE_INTEGER]) ?? 0;
      const limit = integer(input, 'limit', [1, eventsMax]) ?? eventsMax;
      const since = all.filter(({ timestamp }) => timestamp >= startMs);
      const isFromHead = optionalBoolean(input, 'startFromHead') ?? false;
      // Assumed: a page from the tail is in the order of time as well, whatever the reference says.
      const page = isFromHead ? since.slice(0, limit) : since.slice(-limit);
      return {
        events: page.map((event) => ({ ...event, ingestionTime: nowMs() })),
        // Never null, also where there is no further page.
        nextForwardToken: 'f/0',
        nextBackwardToken: 'b/0',
      };
    },
  },
};

const missing = (what: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', `The specified log ${what} does not exist.`);

const integer = (
  input: Input,
  member: string,
  bounds: readonly [min: number, max: number],
): number | undefined => optionalInteger(input, member, bounds, 'InvalidParameterException');
