import { type DrainStuckFacts, type FactReader, readFacts } from '../alert-facts.ts';
import { keepsContainers } from '../incident-drains.ts';
import { type Draft, nothingToDo, type Scene, subjectText } from './draft.ts';
import { counted, durationText, joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<DrainStuckFacts>;

/** `drain-stuck`: an instance that ECS drains, and from which nothing departs. */
export function drainStuckDraft(scene: Scene): Draft {
  const facts = readFacts<DrainStuckFacts>(scene.incident.facts);
  const { isResolved, context, notice } = scene;
  const end = endIn(facts, notice.atMs);
  const sinceMs = facts.number('drainSinceMs');
  const drained =
    sinceMs === undefined
      ? 'draining'
      : `draining ${durationText(Math.max(notice.atMs - sinceMs, 0))}`;
  return {
    headline: isResolved
      ? overText(facts)
      : // What is cut off on a phone comes last.
        joined([
          stuckText(facts),
          end &&
            `${end.isSure ? `ECS kills ${themOf(facts)}` : 'may be killed'} ${context.formatTime(end.atMs)}`,
          drained,
        ]),
    lead: isResolved ? overLead(scene, facts) : leadOf(scene, end),
    since: drainText(facts, context),
    evidence: known([
      placeText(scene, facts),
      ...(isResolved ? [] : facts.lines('stays')),
      isResolved ? undefined : moreText(facts),
      isResolved ? undefined : quietText(scene, facts),
    ]),
    ballast: 'watched only',
    next: isResolved ? afterwards(facts) : adviceOf(scene, facts),
    ends: end?.isSure ? `instance empty.  ${criticalText(scene, end.atMs)}` : 'instance empty',
  };
}

/** When what is left on an instance ends at the earliest. */
export type DrainEnd = {
  readonly atMs: number;
  /** ECS does it. Otherwise it is managed draining, if that is on and holds the instance. */
  readonly isSure: boolean;
};

type EndFacts = { readonly deadlineMs?: number; readonly drainingUntilMs?: number };

/** An end that managed draining was to bring and that has passed is none: it does not hold the instance. */
export function endIn(facts: FactReader<EndFacts>, atMs: number): DrainEnd | undefined {
  const deadlineMs = facts.number('deadlineMs');
  const untilMs = facts.number('drainingUntilMs') ?? 0;
  if (untilMs > atMs && untilMs < (deadlineMs ?? Infinity)) return { atMs: untilMs, isSure: false };
  return deadlineMs === undefined ? undefined : { atMs: deadlineMs, isSure: true };
}

/** How it ended: emptied, taken back, or with tasks still on it. */
function overText(facts: Reader): string {
  const left = facts.number('leftAtEnd') ?? 0;
  if (left > 0) return `gone, ${counted(left, 'task')} on it at the last look`;
  return facts.text('endedBy') === 'cancelled'
    ? 'ACTIVE again, the drain was cancelled'
    : 'the drain is over';
}

function overLead({ incident }: Scene, facts: Reader): string {
  const who = `${subjectText(incident)} in ${incident.cluster}`;
  const left = facts.number('leftAtEnd') ?? 0;
  const lost = facts.number('lost') ?? 0;
  if (left === 0) return `The drain of ${who} is over. Nothing to do.`;
  const had = `${who} is gone. At the last look ${counted(left, 'task')} ${left === 1 ? 'was' : 'were'} on it;`;
  if (isOrphaning(facts)) {
    return `${who} is gone with ${counted(left, 'task')} on it. Unless its machine was ended, ${left === 1 ? 'it runs' : 'they run'} on, uncounted.`;
  }
  if (lost === 0) return `${had} their services start others. Nothing to do.`;
  return `${had} nobody restarts ${lost === left ? (lost === 1 ? 'it' : 'them') : `${lost} of them`}.`;
}

function afterwards(facts: Reader): Draft['next'] {
  const left = facts.number('leftAtEnd') ?? 0;
  return afterwardsOf(isOrphaning(facts) ? left : 0, facts.number('lost') ?? 0);
}

const isOrphaning = (facts: Reader): boolean => keepsContainers(facts.text('compute'));

/** What to do once instances are gone with tasks that may run on, and with standalone ones. */
export function afterwardsOf(orphaned: number, lost: number): Draft['next'] {
  const start = { text: 'were the standalone tasks done? if not, start them again' };
  if (orphaned > 0) {
    const stop = { text: 'is the machine ended? if not, stop what still runs on it, or end it' };
    return lost === 0 ? [stop] : [stop, start];
  }
  return lost === 0 ? nothingToDo : [start];
}

/** A drain is critical a day before the end. */
const criticalMs = 24 * 3_600_000;

export const criticalText = ({ notice, context }: Scene, deadlineMs: number): string =>
  notice.severity === 'critical'
    ? 'CRITICAL until then'
    : `Becomes CRITICAL ${context.formatTime(deadlineMs - criticalMs)}`;

const stuckText = (facts: Reader): string => {
  const stuck = facts.number('stuck');
  return stuck === undefined ? 'nothing departs' : `${counted(stuck, 'task')} stuck`;
};

const themOf = (facts: Reader): string => (facts.number('stuck') === 1 ? 'it' : 'them');

function leadOf({ notice, incident, context }: Scene, end: DrainEnd | undefined): string {
  const who = subjectText(incident);
  const at = end && context.formatTime(end.atMs);
  if (notice.severity === 'critical') {
    return end?.isSure === false
      ? `Managed draining, if it is on, ends ${who} from ${at}, and what is left on it. Act now.`
      : `ECS kills what is left on ${who} ${at === undefined ? 'soon' : `from ${at}`}. Act now.`;
  }
  if (end === undefined) {
    return `Nobody is hurt so far, but the drain of ${who} does not end by itself. Act this week.`;
  }
  return end.isSure
    ? `Nobody is hurt so far. What keeps ${who} must change before ${at}.`
    : `Nobody is hurt so far. Managed draining, if it is on, ends ${who} from ${at}. Act before.`;
}

function drainText(facts: Reader, { formatTime }: Scene['context']): string | undefined {
  const sinceMs = facts.number('drainSinceMs');
  return sinceMs === undefined ? undefined : `drains since ${formatTime(sinceMs)}`;
}

function placeText({ incident }: Scene, facts: Reader): string {
  const why = facts.text('why');
  return joined([
    `instance ${incident.subject.name}`,
    facts.text('ec2InstanceId'),
    facts.text('provider') === undefined ? undefined : `provider ${facts.text('provider')}`,
    facts.text('zone'),
    why === undefined || why === 'unknown' ? undefined : `replaced for ${spoken(why)}`,
  ]);
}

function moreText(facts: Reader): string | undefined {
  const more = (facts.number('stuck') ?? 0) - facts.lines('stays').length;
  return facts.lines('stays').length > 0 && more > 0 ? `and ${more} more` : undefined;
}

function quietText({ notice }: Scene, facts: Reader): string | undefined {
  const quietSinceMs = facts.number('quietSinceMs');
  return quietSinceMs === undefined
    ? undefined
    : `no task has left for ${durationText(Math.max(notice.atMs - quietSinceMs, 0))}`;
}

function adviceOf({ incident }: Scene, facts: Reader): Draft['next'] {
  const changes = facts.lines('changes').map((text) => ({ text }));
  if (changes.length > 0) return changes;
  const [cluster, instance] = [shellWord(incident.cluster), shellWord(incident.subject.name)];
  return [
    {
      text: 'see what is still on it:',
      command: `aws ecs list-tasks --cluster ${cluster} --container-instance ${instance}`,
    },
  ];
}
