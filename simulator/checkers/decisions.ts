import type { AlertRecord, HookCall, RunRecord } from '../record.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';

const minuteMs = 60_000;

export const decisionsLogged: Checker = {
  name: 'decisions-logged',
  sentence: 'Every answer, every write and every message has a log line that says why.',
  broken: ({ run }) => [
    ...run.hookCalls.filter((call) => !isLogged(run, call)).map(toldOfCall),
    ...run.writes.flatMap(({ atMs, operation, service = '-' }) =>
      run.logs.some(
        (log) => log.message === 'decision' && Math.abs(log.atMs - atMs) <= 5 * minuteMs,
      )
        ? []
        : [`${operation} of ${service} at ${clock(atMs)}: no decision`],
    ),
    ...run.alerts
      .filter((alert) => !isSent(run, alert))
      .map(({ atMs, messageId }) => `${messageId} at ${clock(atMs)}: no log line`),
  ],
};

const isLogged = (run: RunRecord, call: HookCall): boolean =>
  call.outcome !== 'returned' ||
  run.logs.some(
    ({ functionName, message, atMs, fields }) =>
      functionName === 'deployment-hook' &&
      message === 'decision' &&
      atMs >= call.startedMs &&
      atMs <= call.endedMs &&
      fields.hookStatus === call.hookStatus,
  );

const toldOfCall = ({ serviceArn, stage, endedMs, hookStatus }: HookCall): string =>
  `${serviceArn.split('/').at(-1)} at ${stage}, ${clock(endedMs)}: ${hookStatus} without a decision`;

/** A publisher that died, or whose answer was lost, has logged nothing. */
const isSent = (run: RunRecord, { messageId, atMs }: AlertRecord): boolean =>
  struck(run, callFaults, [atMs - minuteMs, atMs + minuteMs]) ||
  run.logs.some(
    ({ message, fields }) =>
      (message === 'alert-sent' && fields.messageId === messageId) ||
      (message === 'digest' && listOf(fields.published).includes(messageId)),
  );

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
