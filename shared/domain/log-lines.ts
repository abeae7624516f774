import { type LogFacts, logLineCharsMax, logLinesMax } from './alert-facts.ts';
import { cutAtWord } from './alert-text/words.ts';
import type { Incident, IncidentKind } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import { redacted } from './redaction.ts';
import type { StopClass } from './stop-classification.ts';
import type { StoppedTask } from './task-stop.ts';

/** How one container of a task definition logs; what it does not say is undefined. */
export type ContainerLogging = {
  readonly container: string;
  readonly driver: string | undefined;
  readonly group: string | undefined;
  readonly region: string | undefined;
  readonly streamPrefix: string | undefined;
};

/** Where the lines of one container of one task lie. */
export type LogStream = {
  readonly group: string;
  readonly stream: string;
  /** When its task was created: there are no older ones. */
  readonly sinceMs: number | undefined;
};

/** Why there are no lines to quote. */
export type NoLines = { readonly kind: 'none'; readonly reason: string; readonly detail: string };

/** Lines that are looked at, the last ones; more than are quoted, because some are blank. */
const linesReadMax = 40;

/** Kinds of incidents whose texts have a place for lines. */
const quotingKinds: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'crash-loop',
  'slow-loop',
  'start-failure',
]);

/** Whether people are about to be told of an incident, and its lines are not known yet. */
export function wantsLines(incident: Incident): boolean {
  const { kind, status, outbox, facts, factTimes, boundaryMs } = incident;
  if (!quotingKinds.has(kind) || status !== 'open') return false;
  const name: keyof LogFacts = 'logLines';
  // Lines of an earlier opening are no news.
  const isKnown = facts[name] !== undefined && (factTimes[name] ?? 0) > (boundaryMs ?? -1);
  return !isKnown && outbox.some(({ mutedBy }) => mutedBy === undefined);
}

/** The container whose last lines may explain a stop; one that never ran has none. */
export const loggingContainer = ({
  container,
  exitCode,
  isStartFailure,
}: StopClass): string | undefined =>
  exitCode === undefined && isStartFailure ? undefined : container;

/**
 * The stream of a container: `prefix/container/task`, as the awslogs driver names it, in a group whose
 * name begins with what the stack allows, in the task's own Region.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
 */
export function logStreamOf(
  definition: readonly ContainerLogging[],
  container: string,
  { taskArn, createdAtMs }: Pick<StoppedTask, 'taskArn' | 'createdAtMs'>,
  groupPrefix: string,
): ({ readonly kind: 'stream' } & LogStream) | NoLines {
  const none = (reason: string, detail: string): NoLines => ({ kind: 'none', reason, detail });
  const logging = definition.find((one) => one.container === container);
  if (logging === undefined) {
    return none('container-not-defined', `the task definition has no container ${container}`);
  }
  const { driver, group, streamPrefix } = logging;
  if (driver !== 'awslogs') {
    return none('log-driver-not-read', `${container} logs by ${driver ?? 'the default driver'}`);
  }
  if (group === undefined || streamPrefix === undefined) {
    return none('log-stream-unnamed', `${container} has no awslogs-group or awslogs-stream-prefix`);
  }
  if (groupPrefix === '' || !group.startsWith(groupPrefix)) {
    return none('log-group-not-allowed', `${group} does not begin with "${groupPrefix}"`);
  }
  const region = taskArn.split(':')[3];
  if (logging.region !== undefined && logging.region !== region) {
    return none('log-group-elsewhere', `${group} is in ${logging.region}`);
  }
  const stream = `${streamPrefix}/${container}/${taskIdOf(taskArn)}`;
  return { kind: 'stream', group, stream, sinceMs: createdAtMs };
}

const taskIdOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf('/') + 1);

/**
 * What an alert quotes of a log, as {@link LogFacts} has it: the last lines without secrets, colours
 * and blank ones, newest last. Where not all have room, the first ones go, each as a whole; undefined
 * when nothing is left. `messages` are oldest first and may have several lines each.
 */
export function quotedLines(messages: readonly string[]): string | undefined {
  const lines = messages.flatMap((message) => message.split(/\r\n|[\r\n]/)).slice(-linesReadMax);
  const clean = redacted(lines.map(readable).join('\n'))
    .split('\n')
    .map((line) => cutAtWord(line.trim(), logLineCharsMax))
    .filter((line) => line !== '')
    .slice(-logLinesMax);
  while (clean.join('\n').length > factCharsMax) clean.shift();
  return clean.length === 0 ? undefined : clean.join('\n');
}

/** Without colours and signs that show nothing: between the parts of a secret they would hide it. */
const readable = (line: string): string =>
  line
    .replace(/\p{Cc}\[[\d;]{0,32}[A-Za-z]/gu, '')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{Cc}/gu, ' ');
