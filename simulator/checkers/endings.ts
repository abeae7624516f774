import type { DeliveredStop, RunRecord } from '../record.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';
import { type Told, toldIn } from './incidents.ts';
import { isMeant, isPast, plainCauseOf } from './stops.ts';

const minuteMs = 60_000;
/** A service has to be well for so long before its incident ends. */
const wellMs = 15 * minuteMs;
/** Two looks, and what is told between them. */
const slackMs = 3 * minuteMs;
/** Deployments are looked at so often: an end is seen that much later. */
const lookMs = minuteMs;
/** Lacking tasks for so long is not between two looks. */
const shortMs = 5 * minuteMs;
/** Kinds that end when their service is well, after that wait. */
const loops = new Set(['crash-loop', 'start-failure']);
/** What keeps looks and events from being of one time. */
const blinding = [...callFaults, 'stale-reads', 'late-events', 'lost-events'] as const;

export const endsWhenWell: Checker = {
  name: 'ends-when-well',
  sentence: 'No loop is told to be over before its service was well for the documented time.',
  broken: ({ run }) =>
    toldIn(run)
      .filter(({ kind, isResolved }) => isResolved && loops.has(kind))
      .filter(({ untilMs }) => !struck(run, blinding, [untilMs - 60 * minuteMs, untilMs]))
      .flatMap((told) => [...stoppedLately(run, told), ...shortAt(run, told)]),
};

/** Whether a deployment has ended lately: other than by itself it ends what was told of another one. */
const isReplaced = (
  { deployments }: RunRecord,
  { service, untilMs }: Told,
  own?: DeliveredStop,
): boolean =>
  deployments.some(
    ({ service: of, endedMs, status, taskDefinitionArn }) =>
      of === service &&
      endedMs !== undefined &&
      endedMs - lookMs <= untilMs &&
      untilMs - endedMs <= wellMs &&
      !(status === 'SUCCESSFUL' && taskDefinitionArn === own?.taskDefinitionArn),
  );

/** Where a service has trouble of one cause only, its stops are those of the incident. */
function stoppedLately(run: RunRecord, told: Told): readonly string[] {
  const { service, untilMs, incidentId } = told;
  const own = run.stops.filter((stop) => stop.service === service && !isMeant(stop));
  if (new Set(own.map(plainCauseOf)).size > 1) return [];
  const last = own.findLast(({ stoppedAtMs }) => stoppedAtMs <= untilMs - slackMs);
  if (last === undefined || isPast(run, last, untilMs) || isReplaced(run, told, last)) return [];
  return untilMs - last.stoppedAtMs < wellMs - slackMs
    ? [`${incidentId}: over ${clock(untilMs)}, and a task stopped ${clock(last.stoppedAtMs)}`]
    : [];
}

function shortAt(run: RunRecord, told: Told): readonly string[] {
  const { service, untilMs, incidentId } = told;
  if (isReplaced(run, told)) return [];
  const counts = run.counts.filter((count) => count.service === service && count.atMs <= untilMs);
  const whole = counts.findLast(({ running, desired }) => running >= desired);
  const since = counts.find(({ atMs }) => atMs > (whole?.atMs ?? run.startMs));
  return since !== undefined && untilMs - since.atMs > shortMs
    ? [`${incidentId}: over ${clock(untilMs)}, and tasks lacked since ${clock(since.atMs)}`]
    : [];
}
