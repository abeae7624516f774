import type { AlertRecord, EcsWrite, HookCall, RunRecord } from '../record.ts';
import type { LogRecord } from '../stack/lambda.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';

const minuteMs = 60_000;

/** How far from a write the line may be that explains it. */
const nearMs = 5 * minuteMs;

export const decisionsLogged: Checker = {
  name: 'decisions-logged',
  sentence: 'Every answer, every write and every message has a log line that says why.',
  broken: ({ run }) => [
    ...unexplained(run, run.hookCalls.filter(isAnswer), explainsCall).map(toldOfCall),
    ...unexplained(run, run.writes, explainsWrite).map(
      ({ atMs, operation, service = '-' }) =>
        `${operation} of ${service} at ${clock(atMs)}: no decision`,
    ),
    ...run.alerts
      .filter((alert) => !isSent(run, alert))
      .map(({ atMs, messageId }) => `${messageId} at ${clock(atMs)}: no log line`),
  ],
};

/** What no decision explains: each explains one thing, the first that it fits. */
function unexplained<Done>(
  { logs }: RunRecord,
  done: readonly Done[],
  explains: (log: LogRecord, one: Done) => boolean,
): readonly Done[] {
  const decisions = new Set(logs.filter(({ message }) => message === 'decision'));
  return done.filter((one) => {
    const decision = [...decisions].find((log) => explains(log, one));
    return decision === undefined || !decisions.delete(decision);
  });
}

const isAnswer = ({ outcome }: HookCall): boolean => outcome === 'returned';

const explainsCall = ({ functionName, atMs, fields }: LogRecord, call: HookCall): boolean =>
  functionName === 'deployment-hook' &&
  atMs >= call.startedMs &&
  atMs <= call.endedMs &&
  fields.deploymentArn === call.deploymentArn &&
  fields.stage === call.stage &&
  fields.hookStatus === call.hookStatus;

const explainsWrite = (
  { functionName, atMs, fields }: LogRecord,
  { atMs: writtenMs, service, caller }: EcsWrite,
): boolean =>
  functionName === caller && fields.service === service && Math.abs(atMs - writtenMs) <= nearMs;

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
