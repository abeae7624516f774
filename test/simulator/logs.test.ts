import {
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

function arrange() {
  const account = accountOf();
  const events = [1, 2, 3, 4].map((at) => ({ timestamp: nowMs + at, message: `line ${at}` }));
  account.logGroups.set('/ecs/worker', {
    logGroupName: '/ecs/worker',
    streams: new Map([['ecs/app/1', events]]),
  });
  const { logs } = clientsOf(account);
  const place = { logGroupName: '/ecs/worker', logStreamName: 'ecs/app/1' };
  const read = (input: Partial<GetLogEventsCommandInput> = {}) =>
    logs.send(new GetLogEventsCommand({ ...place, ...input }));
  return { account, read };
}

describe('GetLogEvents', () => {
  it('answers the newest events, in the order of time, and tokens that are never null', async () => {
    const { account, read } = arrange();
    expect(await read({ limit: 2 })).toMatchObject({
      events: [
        { timestamp: nowMs + 3, message: 'line 3', ingestionTime: nowMs },
        { timestamp: nowMs + 4, message: 'line 4' },
      ],
      nextForwardToken: expect.any(String),
      nextBackwardToken: expect.any(String),
    });
    expect(account.problems).toEqual([]);
  });

  it.each<readonly [string, Partial<GetLogEventsCommandInput>, readonly string[]]>([
    ['nothing else', {}, ['line 1', 'line 2', 'line 3', 'line 4']],
    ['the head', { limit: 2, startFromHead: true }, ['line 1', 'line 2']],
    ['a beginning', { startTime: nowMs + 3 }, ['line 3', 'line 4']],
    ['a beginning behind its end', { startTime: nowMs + 9 }, []],
  ])('given %s', async (_, input, expected) => {
    const { events = [] } = await arrange().read(input);
    expect(events.map(({ message }) => message)).toEqual(expected);
  });

  it.each<readonly [string, Partial<GetLogEventsCommandInput>]>([
    ['group', { logGroupName: '/ecs/api' }],
    ['stream', { logStreamName: 'ecs/app/2' }],
  ])('does not find another %s', async (what, input) => {
    expect(await errorOf(arrange().read(input))).toMatchObject({
      name: 'ResourceNotFoundException',
      message: `The specified log ${what} does not exist.`,
    });
  });

  it('refuses a limit out of its bounds', async () => {
    const error = await errorOf(arrange().read({ limit: 10_001 }));
    expect(error.name).toBe('InvalidParameterException');
  });

  it('says that it cannot page', async () => {
    const { account, read } = arrange();
    await errorOf(read({ nextToken: 'b/0' }));
    expect(account.problems).toEqual([expect.stringContaining('nextToken is not simulated')]);
  });
});
