import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { fingerprintOf } from '../../shared/domain/incident-key.ts';
import {
  type ContainerLogging,
  loggingContainer,
  logStreamOf,
  type NoLines,
  quotedLines,
  wantsLines,
} from '../../shared/domain/log-lines.ts';
import type { StopClass } from '../../shared/domain/stop-classification.ts';
import type { StoppedTask } from '../../shared/domain/task-stop.ts';
import { TimeoutError, within } from '../../shared/runtime/time.ts';
import type { Deps } from './handler.ts';
import { apply } from './react.ts';

/** Logs that are read for one batch, however many stops are in it. */
export const logReadsMax = 3;
/** Longest that one of them takes, with all its calls. */
export const logReadMsMax = 2_000;

/** The stops of a batch whose last log lines belong into an alert that is about to be told. */
export type LogQuotes = {
  /** Notes a stop of an incident; the latest of each incident counts. */
  note(incident: Incident | undefined, task: StoppedTask, stop: StopClass): void;
  /** Reads what was noted and puts it on the incidents. Never throws: the alerts go out without. */
  read(): Promise<void>;
};

type Noted = {
  readonly incident: Incident;
  readonly task: StoppedTask;
  readonly container: string;
};

/** The quotes of one batch; without `TaskLogGroupPrefix` there are none. */
export function createLogQuotes(deps: Deps): LogQuotes {
  const noted = new Map<string, Noted>();
  const definitions = new Map<string, Promise<readonly ContainerLogging[]>>();
  return {
    note(incident, task, stop) {
      const container = loggingContainer(stop);
      if (deps.config.taskLogGroupPrefix === '' || container === undefined) return;
      if (incident === undefined || !wantsLines(incident)) return;
      noted.set(fingerprintOf(incident), { incident, task, container });
    },
    async read() {
      let reads = 0;
      for (const one of noted.values()) {
        if (reads >= logReadsMax) return;
        try {
          if (!(await isStillWanted(one, deps))) continue;
          reads += 1;
          await quote(one, definitions, deps);
        } catch (error) {
          const problem = awsProblemOf(error);
          deps.log.warn('side-read-failed', { what: 'log lines', ...placeOf(one), ...problem });
          if (isOfAll(problem.reason, error)) return;
        }
      }
    },
  };
}

/** Denied, throttled or late: the next read would be so, too. */
const isOfAll = (reason: string, error: unknown): boolean =>
  reason === 'aws-denied' || reason === 'aws-throttled' || error instanceof TimeoutError;

/** As the table has it now: since it was noted, it may have been told or folded into a storm. */
async function isStillWanted({ incident }: Noted, { store }: Deps): Promise<boolean> {
  const current = await store.get(incident);
  return current !== undefined && wantsLines(current);
}

async function quote(
  one: Noted,
  definitions: Map<string, Promise<readonly ContainerLogging[]>>,
  deps: Deps,
): Promise<void> {
  const { signal } = new AbortController();
  const found = await within(logReadMsMax, 'reading a log', deps.clock, signal, (ending) =>
    readLines(one, definitions, deps, ending),
  );
  if (found.kind === 'none') {
    const { reason, detail } = found;
    deps.log.warn('side-read-failed', { what: 'log lines', ...placeOf(one), reason, detail });
    return;
  }
  const facts = { logLines: found.lines };
  const observation = { type: 'noted', atMs: one.task.stoppedAtMs, facts } as const;
  await apply({ key: one.incident, observation }, deps);
}

const placeOf = ({ incident, task, container }: Noted) => ({
  incidentId: incident.id,
  taskArn: task.taskArn,
  container,
});

async function readLines(
  { task, container }: Noted,
  definitions: Map<string, Promise<readonly ContainerLogging[]>>,
  { logs, config }: Deps,
  signal: AbortSignal,
): Promise<{ readonly kind: 'lines'; readonly lines: string } | NoLines> {
  const { taskDefinitionArn } = task;
  const definition =
    definitions.get(taskDefinitionArn) ?? logs.describeLogging(taskDefinitionArn, signal);
  definitions.set(taskDefinitionArn, definition);
  const stream = logStreamOf(await definition, container, task, config.taskLogGroupPrefix);
  if (stream.kind === 'none') return stream;
  const lines = quotedLines(await logs.readMessages(stream, signal));
  return lines === undefined
    ? { kind: 'none', reason: 'log-empty', detail: `${stream.group} has no line of the task yet` }
    : { kind: 'lines', lines };
}
