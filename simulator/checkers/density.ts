import type { RunRecord, ServiceCount } from '../record.ts';
import type { LogRecord } from '../stack/lambda.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';
import {
  blinding,
  cardsOf,
  digestMs,
  isBlind,
  isTold,
  pagedFor,
  spansWhere,
  stillOpen,
} from './standing.ts';
import { type Span, spanOf, without } from './stretches.ts';
import { isUneven } from './zone-history.ts';

const minuteMs = 60_000;
const functionName = 'density';
const kind = 'concentration';
const kinds: ReadonlySet<string> = new Set([kind, 'density-anomaly']);

/** Documented: services that want fewer tasks are not judged. */
const desiredMin = 4;
/** Documented: so much of a service on one instance is a finding, and below the other it is over. */
const sharePercentMax = 50;
const clearPercent = 40;
/** Documented: it has to stand for so long. */
const holdMs = 30 * minuteMs;
const lookMs = 5 * minuteMs;
/** To be seen first and last, a look each, and to be published. */
const slackMs = 2 * lookMs + 2 * minuteMs;
/** Looks are not on the second, nor is what they are compared with. */
const jitterMs = minuteMs;
/** A service has to be well for so long before its incident ends. */
const wellMs = 30 * minuteMs;
/** Documented: custom metrics of the stack, unless its operator asks for more. */
const metricsMax = 10;

const isWatched = ({ functions, withBallast }: RunRecord): boolean =>
  withBallast && functions.includes(functionName);

/** More of it on one instance than an even spread over its zones would put there. */
function isHanging({ desired, running, zones, onOneInstance }: ServiceCount): boolean {
  const evenly = Math.ceil(running / Math.max(Object.keys(zones).length, 2));
  const isLarge = onOneInstance * 100 >= running * sharePercentMax;
  return desired >= desiredMin && running > 0 && isLarge && onOneInstance > evenly;
}

const isFree = ({ desired, running, onOneInstance }: ServiceCount): boolean =>
  desired < desiredMin || onOneInstance * 100 < running * clearPercent;

type History = {
  readonly service: string;
  /** Stretches in which it hung on one instance, Ballast was there, and all instances stayed. */
  readonly hanging: readonly Span[];
  /** The same, whoever was leaving. */
  readonly hangingAnyhow: readonly Span[];
  readonly free: readonly Span[];
};

/** Of every service that wants to be watched. */
function historiesOf(run: RunRecord): readonly History[] {
  const unseen = [
    { fromMs: Number.NEGATIVE_INFINITY, untilMs: run.upMs },
    ...run.drains.map((drain) => spanOf(drain, run.endMs, lookMs)),
  ];
  return [...Map.groupBy(run.counts, ({ service }) => service)]
    .filter(([service]) => run.tags[service]?.['ballast:density'] !== 'off')
    .map(([service, counts]) => {
      const hangingAnyhow = spansWhere(counts, run.endMs, isHanging);
      return {
        service,
        hanging: without(hangingAnyhow, unseen),
        hangingAnyhow,
        free: spansWhere(counts, run.endMs, isFree),
      };
    });
}

export const concentrationsTold: Checker = {
  name: 'concentrations-told',
  sentence:
    'A service that hangs on one instance beyond the documented time is told, or in the next digest.',
  broken: ({ run }) =>
    isWatched(run)
      ? historiesOf(run).flatMap(({ service, hanging }) =>
          hanging
            .map(({ fromMs, untilMs }) => ({ fromMs, untilMs, byMs: fromMs + holdMs + slackMs }))
            .filter(({ fromMs, untilMs, byMs }) => {
              return !isBlind(run, fromMs, byMs) && byMs <= untilMs && byMs + digestMs <= run.endMs;
            })
            .filter(({ fromMs, byMs }) => !isTold(run, { kind, service, fromMs, byMs }))
            .map(({ fromMs }) => `${service}: on one instance from ${clock(fromMs)}, never told`),
        )
      : [],
};

export const concentrationCardsTrue: Checker = {
  name: 'concentration-cards-true',
  sentence:
    'No card says of a service that it hangs on one instance before it did for long enough.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const histories = new Map(historiesOf(run).map((history) => [history.service, history]));
    return cardsOf(run, kind).flatMap(({ service, atMs, subject }) => {
      const spans = bridged(histories.get(service)?.hangingAnyhow ?? []);
      const isTrue = spans.some(({ fromMs, untilMs }) => {
        const lastMs = Math.min(untilMs, atMs);
        return lastMs >= atMs - slackMs && lastMs - fromMs + jitterMs >= holdMs;
      });
      return isTrue ? [] : [`${clock(atMs)} ${subject}`];
    });
  },
};

/** Two looks may miss what is shorter than the time between them. */
function bridged(spans: readonly Span[]): readonly Span[] {
  const longer = spans.map(({ fromMs, untilMs }) => ({
    fromMs,
    untilMs: untilMs + lookMs + jitterMs,
  }));
  return without(longer, []).map(({ fromMs, untilMs }) => ({
    fromMs,
    untilMs: untilMs - lookMs - jitterMs,
  }));
}

export const oneCardAHarm: Checker = {
  name: 'one-card-a-harm',
  sentence: 'Where zones are uneven az-balance tells it, and no card of density comes beside it.',
  broken: ({ run }) =>
    isWatched(run) && run.functions.includes('az-balance')
      ? cardsOf(run, kind)
          .filter(({ service }) => run.tags[service]?.['ballast:az-balance'] !== 'off')
          .filter(({ service, atMs }) => {
            const counts = countsDuring(run, service, atMs);
            return counts.length > 0 && counts.every(isUneven);
          })
          .map(({ atMs, subject }) => `${clock(atMs)} ${subject}`)
      : [],
};

/** A service's counts in the time in which a card was decided on and published. */
function countsDuring({ counts }: RunRecord, service: string, atMs: number) {
  const own = counts.filter((count) => count.service === service && count.atMs <= atMs);
  const first = own.findLastIndex((count) => count.atMs <= atMs - slackMs);
  return own.slice(Math.max(first, 0));
}

export const concentrationsEnd: Checker = {
  name: 'concentrations-end',
  sentence: 'What was told of a service that hangs on one instance ends once it no longer does.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const histories = new Map(historiesOf(run).map((history) => [history.service, history]));
    const wellOf = (service: string) => histories.get(service)?.free ?? [];
    return stillOpen(run, kind, { wellOf, endsWithinMs: wellMs + slackMs }).map(
      (open) =>
        `${open.incidentId} of ${open.service}: spread from ${clock(open.wellMs)}, and still open`,
    );
  },
};

export const densityNeverPages: Checker = {
  name: 'density-never-pages',
  sentence: 'Nobody is paged for density.',
  broken: ({ run }) => pagedFor(run, kinds),
};

export const densityLooks: Checker = {
  name: 'density-looks',
  sentence: 'The cluster is looked at every five minutes, and each look says what came of it.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const looks = run.logs.filter((log) => log.functionName === functionName);
    const times = [...new Set(looks.map(({ atMs }) => atMs))];
    const sinceMs = Math.max(run.faultsFromMs, run.upMs);
    const ends = [sinceMs, ...times.filter((atMs) => atMs > sinceMs), run.endMs];
    return ends.slice(1).flatMap((toMs, at) => {
      const fromMs = ends[at] ?? toMs;
      const isHindered = struck(run, [...callFaults, 'overlapping-invocations'], [fromMs, toMs]);
      return isHindered || toMs - fromMs <= lookMs + jitterMs
        ? []
        : [`not a word from ${clock(fromMs)} to ${clock(toMs)}`];
    });
  },
};

/** The metric's name and value, by the dimensions of the line. */
function metricsIn({ fields }: LogRecord): {
  readonly dimensions: readonly string[];
  readonly names: readonly string[];
} {
  const [set] = listIn(Reflect.get(Object(fields._aws), 'CloudWatchMetrics'));
  const [dimensions] = listIn(Reflect.get(Object(set), 'Dimensions'));
  const metrics = listIn(Reflect.get(Object(set), 'Metrics'));
  return {
    dimensions: listIn(dimensions).map((name) => `${name}=${fields[String(name)]}`),
    names: metrics.map((metric) => String(Reflect.get(Object(metric), 'Name'))),
  };
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const densityMetricsTrue: Checker = {
  name: 'density-metrics-true',
  sentence: 'The metrics count the instances that are there, and there are ten of them at most.',
  broken: ({ run }) => {
    if (!isWatched(run)) return [];
    const lines = run.logs.filter(
      (log) => log.functionName === functionName && log.message === 'metrics',
    );
    const names = new Set<string>();
    const wrong = lines.flatMap((line) => {
      const { dimensions, names: own } = metricsIn(line);
      for (const name of own) names.add([...dimensions, name].join(' '));
      const counted = line.fields.Instances;
      if (typeof counted !== 'number') return [];
      const span: readonly [number, number] = [line.atMs - 2 * minuteMs, line.atMs + jitterMs];
      if (struck(run, blinding, [span[0] - lookMs, span[1]])) return [];
      const there = fleetDuring(run, span);
      const [least, most] = [Math.min(...there), Math.max(...there)];
      return counted >= least && counted <= most
        ? []
        : [`${clock(line.atMs)}: ${counted} instances counted, ${least} to ${most} were there`];
    });
    const many = [...names].slice(metricsMax);
    return [...wrong, ...many.map((name) => `one metric too many: ${name}`)];
  },
};

/** Numbers of instances in a stretch, as they were seen once a minute. */
function fleetDuring(
  { fleet }: RunRecord,
  [fromMs, untilMs]: readonly [number, number],
): readonly number[] {
  const before = fleet.findLast(({ atMs }) => atMs <= fromMs)?.instances ?? 0;
  const during = fleet.filter(({ atMs }) => atMs > fromMs && atMs <= untilMs);
  return [before, ...during.map(({ instances }) => instances)];
}

export const densityCheckers: readonly Checker[] = [
  concentrationsTold,
  concentrationCardsTrue,
  oneCardAHarm,
  concentrationsEnd,
  densityNeverPages,
  densityLooks,
  densityMetricsTrue,
];
