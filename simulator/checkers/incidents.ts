import type { AlertRecord, DeliveredStop, RunRecord } from '../record.ts';
import type { Scenario } from '../scenario.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';
import { deficitsOf } from './floors.ts';
import { executionsOf, type HookExecution } from './hooks.ts';
import { isOptedOut, mutesIn } from './quiet.ts';
import {
  type Crossing,
  crossingsOf,
  familyOf,
  isMeant,
  isPast,
  isSupported,
  isTakenAway,
  kindsOf,
  thresholds,
} from './stops.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A card waits five minutes for others of its cause, a fold one more, both for the next sweep. */
const toldWithinMs = 10 * minuteMs;
/** A service has to be well for so long before its incident ends. */
const wellMs = 15 * minuteMs;
/** After its first start Ballast only listens for so long. */
const firstRunMs = 10 * minuteMs;
/** Time from publishing a message to the mark that it was. */
const markMs = 2 * minuteMs;

const isDigest = ({ kind }: AlertRecord): boolean => kind.startsWith('digest-');

const onTopic = ({ alerts }: RunRecord, topic: AlertRecord['topic']): readonly AlertRecord[] =>
  alerts.filter((alert) => alert.topic === topic);

/** From the first message of an incident to its end, or to the end of the run. */
export type Told = {
  readonly incidentId: string;
  readonly kind: string;
  readonly service: string;
  /** Of its first message. */
  readonly subject: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly isResolved: boolean;
};

/** Each opening of each incident, as receivers saw it. */
export function toldIn(run: RunRecord): readonly Told[] {
  const told: Told[] = [];
  const cards = onTopic(run, 'alerts').filter((alert) => !isDigest(alert));
  for (const [incidentId, messages] of Map.groupBy(cards, (alert) => alert.incidentId)) {
    let open: Told | undefined;
    const known = new Set<string>();
    for (const { atMs, messageId, kind, service, subject, transition } of messages) {
      // What comes twice is told-once's to judge: here a second end opens nothing.
      if (known.has(messageId)) continue;
      known.add(messageId);
      open ??= {
        incidentId,
        kind,
        service,
        subject,
        fromMs: atMs,
        untilMs: run.endMs,
        isResolved: false,
      };
      if (transition !== 'resolve') continue;
      told.push({ ...open, untilMs: atMs, isResolved: true });
      open = undefined;
    }
    if (open !== undefined) told.push(open);
  }
  return told;
}

export const incidentsTold: Checker = {
  name: 'incidents-told',
  sentence: 'Every cause that crosses the documented threshold is told, as far as its events came.',
  broken: ({ run, scenario }) => {
    if (!run.withBallast) return [];
    const told = toldIn(run);
    return crossingsOf(run)
      .filter(({ service }) => !isOptedOut(run, service))
      .flatMap((crossing) => {
        const byMs = deadlineOf(run, quietUntilMs(run, scenario, crossing));
        if (byMs > run.endMs || told.some((one) => tells(one, crossing, byMs))) return [];
        if (isInDigest(run, crossing, byMs)) return [];
        const { service, cause, atMs, tasks } = crossing;
        return [`${service}: ${cause}, ${tasks.length} tasks by ${clock(atMs)}, never told`];
      });
  },
};

/** When a crossing may be told at the earliest: after the first run, and after a mute. */
function quietUntilMs(run: RunRecord, { upAfterMs = 0 }: Scenario, crossing: Crossing): number {
  const mutes = mutesIn(run).filter(
    ({ service, fromMs, untilMs }) =>
      service === crossing.service &&
      fromMs <= crossing.atMs + toldWithinMs &&
      crossing.atMs < untilMs,
  );
  const firstRunEndsMs = run.startMs + upAfterMs + firstRunMs;
  return Math.max(crossing.atMs, firstRunEndsMs, ...mutes.map(({ untilMs }) => untilMs));
}

/** What was found at first, and what a mute outlasted, are a line of a digest. */
const isInDigest = ({ digests }: RunRecord, { service, atMs }: Crossing, byMs: number): boolean =>
  digests.some(
    (digest) => digest.atMs >= atMs && digest.atMs <= byMs && digest.text.includes(service),
  );

/** While calls fail, messages come again and again; once they do not, all is told soon. */
function deadlineOf(run: RunRecord, atMs: number): number {
  const isDisturbed = [...callFaults, 'overlapping-invocations' as const].some((fault) =>
    run.faults.has(fault),
  );
  return (isDisturbed ? Math.max(atMs, run.faultsUntilMs) + 20 * minuteMs : atMs) + toldWithinMs;
}

/** Told in place of the incidents of many services. */
const folds: ReadonlySet<string> = new Set(['storm', 'bad-instance', 'bad-zone']);

const tells = (told: Told, { service, cause, atMs }: Crossing, byMs: number): boolean =>
  (folds.has(told.kind) || (told.service === service && kindsOf[cause].includes(told.kind))) &&
  told.fromMs <= byMs &&
  told.untilMs >= atMs;

export const rollbacksTold: Checker = {
  name: 'rollbacks-told',
  sentence: 'Every deployment that the gate answers FAILED is told.',
  broken: ({ run }) =>
    executionsOf(run)
      .filter(({ verdict, calls }) => verdict === 'FAILED' && calls.at(-1)?.outcome === 'returned')
      .flatMap((execution) => {
        const { service, reason, fromMs, untilMs } = execution;
        // Reporting never costs the answer: a call that cannot write loses its report.
        if (struck(run, callFaults, [fromMs, untilMs])) return [];
        const byMs = deadlineOf(run, untilMs);
        return byMs > run.endMs || isRollbackTold(toldIn(run), execution, byMs)
          ? []
          : [`${service}: FAILED, ${reason} at ${clock(untilMs)}, never told`];
      }),
};

/** Mistakes in what the gate was asked for: each deployment has an incident of its own. */
const misconfigured = new Set(['invalid-hook-details', 'cluster-not-configured', 'internal-error']);

/**
 * By an incident that opens with the answer. A service has one for its rollbacks until it succeeds: what
 * was told before and has not ended by then is told still.
 */
const isRollbackTold = (
  told: readonly Told[],
  { service, reason, fromMs, untilMs }: HookExecution,
  byMs: number,
): boolean =>
  told.some(
    (one) =>
      one.service === service &&
      one.fromMs <= byMs &&
      (misconfigured.has(reason)
        ? one.kind === 'gate-misconfigured' && one.fromMs >= fromMs
        : one.kind === 'rollback' && one.untilMs >= untilMs),
  );

export const toldOnce: Checker = {
  name: 'told-once',
  sentence: 'No message comes twice, but where its publisher died or lost an answer of AWS.',
  broken: ({ run }) => [...repeats(run), ...openedTwice(run)],
};

function repeats(run: RunRecord): readonly string[] {
  const byId = Map.groupBy(run.alerts, ({ topic, messageId }) => `${topic} ${messageId}`);
  return [...byId].flatMap(([name, messages]) =>
    messages.slice(1).flatMap(({ atMs }, at) => {
      const beforeMs = messages[at]?.atMs ?? atMs;
      // What kept the first from being marked struck between it and the repeat.
      return struck(run, callFaults, [beforeMs - markMs, atMs])
        ? []
        : [`${name}: ${clock(beforeMs)} and again ${clock(atMs)}`];
    }),
  );
}

/** Two openings of one incident, with no end between them, sooner than it could have been well. */
function openedTwice(run: RunRecord): readonly string[] {
  const cards = onTopic(run, 'alerts').filter((alert) => !isDigest(alert));
  return [...Map.groupBy(cards, (alert) => alert.incidentId)].flatMap(([incidentId, messages]) =>
    messages.flatMap((message, at) => {
      const before = messages[at - 1];
      const isAgain =
        message.transition === 'open' &&
        before?.transition === 'open' &&
        before.messageId !== message.messageId;
      return isAgain && message.atMs - before.atMs < wellMs
        ? [`${incidentId}: opened ${clock(before.atMs)} and again ${clock(message.atMs)}`]
        : [];
    }),
  );
}

export const noFalseAlarms: Checker = {
  name: 'no-false-alarms',
  sentence: 'No loop or failure is told of a service that had fewer stops than it takes.',
  broken: ({ run }) => {
    const told = toldIn(run);
    const falseCards = told.flatMap((one) => {
      const { kind, service, fromMs, incidentId } = one;
      const stops = stopsThatCount(run, one, told);
      return isSupported({ ...run, stops }, service, kind, fromMs)
        ? []
        : [`${incidentId}: ${kind} of ${service} told ${clock(fromMs)}, without enough stops`];
    });
    return [...falseCards, ...falseFolds(run), ...falseLines(run)];
  },
};

/** Services that it takes to be told as one. */
const foldsNeed: Readonly<Record<string, number>> = { storm: 5, 'bad-instance': 3, 'bad-zone': 5 };

/** Folds told while fewer services than it takes had a stop that nobody meant, or trouble that ECS told. */
const falseFolds = (run: RunRecord): readonly string[] =>
  toldIn(run).flatMap(({ kind, fromMs, incidentId }) => {
    const needed = foldsNeed[kind];
    const isRecent = (atMs: number): boolean => atMs <= fromMs && fromMs - atMs <= hourMs;
    const hit = new Set([
      ...run.stops
        .filter((stop) => !isMeant(stop) && isRecent(stop.stoppedAtMs))
        .map((stop) => stop.service ?? stop.taskDefinitionArn),
      ...run.signals.filter(({ atMs }) => isRecent(atMs)).map(({ service }) => service),
    ]);
    return needed === undefined || hit.size >= needed
      ? []
      : [`${incidentId}: ${kind} told ${clock(fromMs)}, with trouble in ${hit.size} services`];
  });

const lineInDigest = /(?:INFO|WARN|CRITICAL) (\S+): (\w+ (?:loop|failure|stop))/g;

/** Lines of digests that name a loop or a failure of a service that had fewer stops than it takes. */
const falseLines = (run: RunRecord): readonly string[] =>
  run.digests.flatMap(({ atMs, text }) =>
    [...text.matchAll(lineInDigest)].flatMap(([line, service = '', words = '']) =>
      isSupported(run, service, words.replace(' ', '-'), atMs)
        ? []
        : [`${clock(atMs)} a digest says ${line}, without enough stops`],
    ),
  );

/**
 * Not those of a deployment whose end was told, or that was long gone: what is late of it is history. And
 * not those of tasks whose places went away, unless the service was short of its minimum for it.
 */
function stopsThatCount(
  run: RunRecord,
  { service, fromMs, incidentId }: Told,
  told: readonly Told[],
): readonly DeliveredStop[] {
  const isShort = deficitsOf(run).some(
    (deficit) =>
      deficit.service === service && deficit.fromMs <= fromMs && deficit.untilMs >= fromMs - hourMs,
  );
  // What is told beside an end was enough before it; a message may be minutes late where calls fail.
  const besideMs = struck(run, callFaults, [fromMs - toldWithinMs, fromMs])
    ? toldWithinMs
    : minuteMs;
  const endsMs = told
    .filter(({ service: of, isResolved }) => of === service && isResolved)
    .map(({ untilMs }) => untilMs + minuteMs)
    .filter((endMs) => endMs + besideMs <= fromMs);
  // What ended has ended: it takes as much again to open it again.
  const ownEndsMs = told
    .filter((other) => other.incidentId === incidentId && other.untilMs < fromMs)
    .map(({ untilMs }) => untilMs - 2 * minuteMs);
  const reopenedAfterMs = Math.max(run.startMs, ...ownEndsMs);
  // A service that cannot be read may have any deployment.
  const isBlind = struck(run, blinding, [fromMs - hourMs, fromMs]);
  const goneMs = isBlind ? [] : [fromMs - goneForMs];
  return run.stops.filter(
    (stop) =>
      stop.service !== service ||
      (stop.stoppedAtMs >= reopenedAfterMs &&
        (isShort || !isTakenAway(stop)) &&
        ![...endsMs, ...goneMs].some((byMs) => isPast(run, stop, byMs))),
  );
}

/** From what opens an incident to its first message, and to the end of what it is about. */
const goneForMs = toldWithinMs + 5 * minuteMs;
const blinding = [...callFaults, 'stale-reads'] as const;

/** Kinds that end by themselves once their service is well. */
const endsWhenWell = new Set([...Object.keys(thresholds), ...folds]);
/** After the last stop: the longest window of a kind, and then it has to be well. */
const endsWithinMs = (kind: string): number =>
  (kind === 'slow-loop' ? 6 * hourMs : 0) + wellMs + 15 * minuteMs;

const isDone = ({ containers }: DeliveredStop): boolean =>
  containers.every(({ exitCode }) => exitCode === 0);

export const incidentsResolve: Checker = {
  name: 'incidents-resolve',
  sentence: 'Every incident ends once its cause is gone.',
  broken: ({ run }) =>
    toldIn(run)
      .filter(({ isResolved, kind }) => !isResolved && endsWhenWell.has(kind))
      .flatMap(({ incidentId, kind, service, fromMs }) => {
        const sinceMs = Math.max(quietSinceMs(run, service, kind), run.faultsUntilMs, fromMs);
        return run.endMs - sinceMs > endsWithinMs(kind)
          ? [`${incidentId}: told ${clock(fromMs)}, nothing since ${clock(sinceMs)}, not resolved`]
          : [];
      }),
};

/**
 * When a service last had trouble, was last short of tasks, or was last deployed. Standalone tasks have
 * none: they are quiet from a success on that no failure followed, and never before it.
 */
function quietSinceMs(run: RunRecord, service: string, kind: string): number {
  const alone = run.stops.filter(
    (stop) => stop.service === undefined && familyOf(stop) === service,
  );
  if (alone.length > 0 && !run.counts.some((count) => count.service === service)) {
    const last = alone.findLast((stop) => !isDone(stop))?.stoppedAtMs ?? run.startMs;
    const success = alone.find((stop) => isDone(stop) && stop.stoppedAtMs > last);
    return success?.stoppedAtMs ?? Number.POSITIVE_INFINITY;
  }
  const isOne = (other: string | undefined): boolean => folds.has(kind) || other === service;
  const short = run.counts.filter((count) => isOne(count.service));
  return Math.max(
    run.startMs,
    ...run.stops.filter((stop) => isOne(stop.service)).map(({ stoppedAtMs }) => stoppedAtMs),
    ...run.signals.filter((signal) => isOne(signal.service)).map(({ atMs }) => atMs),
    ...short.flatMap(({ atMs, running, desired }, at) => {
      const untilMs = short.find((other, to) => to > at && other.service === short[at]?.service);
      return running < desired ? [untilMs?.atMs ?? run.endMs, atMs] : [];
    }),
    ...run.deployments
      .filter((deployment) => isOne(deployment.service))
      .map(({ endedMs }) => endedMs ?? run.endMs),
  );
}
