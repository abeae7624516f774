import type { DrainHistory, InstanceHistory, Standstill } from '../instance-history.ts';
import type { AlertRecord, RunRecord } from '../record.ts';
import { type CheckedRun, type Checker, callFaults, clock, struck } from './checker.ts';
import { toldIn } from './incidents.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Documented: a day's notice. */
const noticeMs = dayMs;
/** What is not heard of by an event is seen by the next calendar. */
const calendarMs = 6 * hourMs;
/**
 * A task that was told to stop has left for who looks, and is there until it has: its connections
 * drain for 300 s by default, and its stop timeout is two minutes at most.
 */
const stoppingMs = 7 * minuteMs;
/** Runs, sweeps and late events are not on the minute. */
const slackMs = 30 * minuteMs;
/** A forecast is that exact: ECS registers an instance minutes after its launch. */
const forecastMsMax = hourMs;
/** No task has left for an hour; seen twice, 15 minutes each; the card waits for others for 20. */
const toldMs = hourMs + 2 * 15 * minuteMs + 20 * minuteMs;
const pagedBeforeMs = dayMs;
/** Services have so long to come back before the outcome is on record. */
const outcomeMs = 2 * hourMs;
/** Faults that keep a run from seeing, or from writing. */
const blinding = [...callFaults, 'overlapping-invocations', 'stale-reads'] as const;

const isFollowed = ({ functions, withBallast }: RunRecord): boolean =>
  withBallast && functions.includes('instance-replacement');

const shortIdOf = ({ id }: InstanceHistory): string => id.slice(0, 8);

/** Since when Ballast can have known an instance. */
const knownMs = ({ run, scenario }: CheckedRun, { registeredMs }: InstanceHistory): number =>
  Math.max(registeredMs, run.startMs + (scenario.upAfterMs ?? 0));

/** Documented, in two ways: seven days after the drain, and 21 after the launch. */
const endMsOf = ({ launchedMs }: InstanceHistory, { fromMs }: DrainHistory): number =>
  Math.min(fromMs + 7 * dayMs, launchedMs + 21 * dayMs);

/** Drains on day 14 of instances that were known for long enough. */
const day14Of = (checked: CheckedRun) =>
  isFollowed(checked.run)
    ? checked.run.instances.flatMap((instance) =>
        instance.drains
          .filter(({ fromMs }) => {
            const isOnDay14 = Math.abs(fromMs - instance.launchedMs - 14 * dayMs) <= hourMs;
            const byMs = fromMs - noticeMs;
            const sinceMs = knownMs(checked, instance);
            const isBlind = struck(checked.run, blinding, [byMs - calendarMs - slackMs, byMs]);
            return isOnDay14 && byMs - sinceMs >= calendarMs + slackMs && !isBlind;
          })
          .map((drain) => ({ instance, drain, byMs: drain.fromMs - noticeMs })),
      )
    : [];

export const replacementsForecast: Checker = {
  name: 'replacements-forecast',
  sentence:
    'A replacement on day 14 of an instance known for a day was forecast a day ahead, to the hour.',
  broken: (checked) =>
    day14Of(checked).flatMap(({ instance, drain, byMs }) => {
      const forecast = checked.run.logs.findLast(
        ({ message, fields, atMs }) =>
          message === 'forecast' && fields.instance === instance.id && atMs <= byMs,
      );
      const errorMs = Math.abs(Number(forecast?.fields.drainAtMs) - drain.fromMs);
      return errorMs <= forecastMsMax
        ? []
        : [`${shortIdOf(instance)}: drained ${clock(drain.fromMs)}, not forecast a day before`];
    }),
};

export const harmfulReplacementsTold: Checker = {
  name: 'harmful-replacements-told',
  sentence: 'A replacement that hurts someone is told a day ahead, if it would have hurt by then.',
  broken: (checked) =>
    day14Of(checked).flatMap(({ instance, drain, byMs }) => {
      const [before, later] = instance.hazards;
      const lasting = (before?.what ?? [])
        .filter((what) => later?.what.includes(what))
        .filter((what) => !isOptedOut(checked.run, what.split(' ')[0] ?? ''));
      if (lasting.length === 0) return [];
      const isTold = toldIn(checked.run).some(
        ({ kind, fromMs, untilMs }) =>
          kind === 'replacement-ahead' && fromMs <= byMs + slackMs && untilMs >= byMs,
      );
      return isTold
        ? []
        : [`${shortIdOf(instance)}: drained ${clock(drain.fromMs)}, hurts ${lasting.join(', ')}`];
    }),
};

const isOptedOut = ({ tags }: RunRecord, owner: string): boolean =>
  tags[owner.replace('service/', '')]?.['ballast:instance-replacement'] === 'off';

type Stuck = {
  readonly instance: InstanceHistory;
  readonly drain: DrainHistory;
  readonly stand: Standstill;
  readonly owners: readonly string[];
};

/** Stretches in which a drain stood still for an hour or more, for the sake of whom it concerns. */
const stuckIn = (run: RunRecord): readonly Stuck[] =>
  run.instances.flatMap((instance) =>
    instance.drains.flatMap((drain) =>
      drain.stands.flatMap((stand): readonly Stuck[] => {
        const owners = stand.owners.filter((owner) => !isOptedOut(run, owner));
        return owners.length === 0 ? [] : [{ instance, drain, stand, owners }];
      }),
    ),
  );

/** By itself, or by whoever keeps several. */
const isAbout = (
  { kind, subject, service }: Pick<AlertRecord, 'kind' | 'subject' | 'service'>,
  { instance, owners }: Stuck,
): boolean =>
  kind === 'drain-stuck'
    ? subject.includes(`instance ${shortIdOf(instance)} `)
    : kind === 'drains-stuck' && owners.some((owner) => owner.endsWith(`/${service}`));

/** Messages of a stuck drain, up to a time, of incidents that were open then. */
function openFor(run: RunRecord, stuck: Stuck, atMs: number): readonly AlertRecord[] {
  const cards = run.alerts.filter(
    (alert) => alert.topic === 'alerts' && alert.atMs <= atMs && isAbout(alert, stuck),
  );
  return [...Map.groupBy(cards, ({ incidentId }) => incidentId).values()].flatMap((own) => {
    const isOver = own.at(-1)?.transition === 'resolve';
    return isOver
      ? []
      : own.slice(own.findLastIndex(({ transition }) => transition === 'resolve') + 1);
  });
}

/** When a stuck drain has to have been told, at the latest. */
function toldByMs(checked: CheckedRun, { stand, instance }: Stuck): number {
  const sinceMs = Math.max(stand.fromMs, knownMs(checked, instance));
  const isLate = checked.run.faults.has('lost-events') || sinceMs > stand.fromMs;
  return sinceMs + toldMs + slackMs + (isLate ? calendarMs : 0);
}

export const stuckDrainsTold: Checker = {
  name: 'stuck-drains-told',
  sentence: 'A drain from which no task departs is told within two hours and a half.',
  broken: (checked) => {
    const { run } = checked;
    if (!isFollowed(run)) return [];
    return stuckIn(run).flatMap((stuck) => {
      const byMs = toldByMs(checked, stuck);
      const { fromMs, untilMs } = stuck.stand;
      if (byMs > untilMs || struck(run, blinding, [fromMs, byMs])) return [];
      return openFor(run, stuck, byMs).length > 0
        ? []
        : [`${shortIdOf(stuck.instance)}: stuck from ${clock(fromMs)}, never told`];
    });
  },
};

export const stuckDrainsPaged: Checker = {
  name: 'stuck-drains-paged',
  sentence: 'A day before ECS may kill what is left on a stuck drain, somebody is paged.',
  broken: (checked) => {
    const { run } = checked;
    if (!isFollowed(run)) return [];
    return stuckIn(run).flatMap((stuck) => {
      const { instance, drain, stand } = stuck;
      const dueMs = endMsOf(instance, drain) - pagedBeforeMs;
      const byMs = Math.max(dueMs + slackMs, toldByMs(checked, stuck));
      const isDue = instance.isManaged && byMs <= stand.untilMs;
      if (!isDue || struck(run, blinding, [dueMs - slackMs, byMs])) return [];
      return openFor(run, stuck, byMs).some(({ severity }) => severity === 'critical')
        ? []
        : [`${shortIdOf(instance)}: nobody was paged by ${clock(byMs)}`];
    });
  },
};

export const stuckDrainsTrue: Checker = {
  name: 'stuck-drains-true',
  sentence: 'No card says of a drain that it is stuck while tasks depart from it.',
  broken: ({ run }) => {
    if (!isFollowed(run)) return [];
    const all = stuckIn(run);
    return run.alerts
      .filter(({ topic, transition }) => topic === 'alerts' && transition === 'open')
      .filter(({ kind }) => kind === 'drain-stuck' || kind === 'drains-stuck')
      .filter(
        (alert) =>
          !all.some(
            (stuck) =>
              isAbout(alert, stuck) &&
              stuck.stand.fromMs + hourMs - stoppingMs <= alert.atMs &&
              stuck.stand.untilMs >= alert.atMs - hourMs - slackMs,
          ),
      )
      .map(({ atMs, subject }) => `${clock(atMs)} ${subject}: tasks depart from it`);
  },
};

export const stuckDrainsEnd: Checker = {
  name: 'stuck-drains-end',
  sentence: 'What was told of a stuck drain ends with the drain.',
  broken: ({ run }) => {
    if (!isFollowed(run)) return [];
    const all = stuckIn(run);
    return toldIn(run).flatMap(({ kind, service, subject, fromMs, untilMs, incidentId }) => {
      const own = all.filter(
        (stuck) => stuck.stand.fromMs <= untilMs && isAbout({ kind, subject, service }, stuck),
      );
      if (own.length === 0) return [];
      const endedMs = Math.max(...own.map(({ drain }) => drain.untilMs ?? run.endMs), fromMs);
      const byMs = endedMs + slackMs;
      return untilMs <= byMs || struck(run, blinding, [endedMs, byMs])
        ? []
        : [`${incidentId}: over at ${clock(endedMs)}, and still open`];
    });
  },
};

export const replacementsOnRecord: Checker = {
  name: 'replacements-on-record',
  sentence: 'What became of every replacement is in the log, within three hours of its end.',
  broken: (checked) => {
    const { run } = checked;
    if (!isFollowed(run)) return [];
    return run.instances.flatMap((instance) => {
      const { goneMs, id } = instance;
      if (goneMs === undefined) return [];
      const isHeard = !run.faults.has('lost-events');
      const byMs = goneMs + outcomeMs + 2 * slackMs + (isHeard ? 0 : calendarMs);
      const sinceMs = knownMs(checked, instance);
      const isUnknown = goneMs < sinceMs || (!isHeard && goneMs - sinceMs < calendarMs);
      if (isUnknown || byMs > run.endMs || struck(run, blinding, [goneMs, byMs])) return [];
      const isThere = run.logs.some(
        ({ message, fields, atMs }) =>
          message === 'replacement' &&
          fields.instance === id &&
          atMs <= byMs &&
          atMs >= goneMs - slackMs,
      );
      return isThere
        ? []
        : [`${shortIdOf(instance)}: gone ${clock(goneMs)}, no outcome in the log`];
    });
  },
};

export const replacementCheckers: readonly Checker[] = [
  replacementsForecast,
  harmfulReplacementsTold,
  stuckDrainsTold,
  stuckDrainsPaged,
  stuckDrainsTrue,
  stuckDrainsEnd,
  replacementsOnRecord,
];
