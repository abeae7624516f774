import { type DrainStuckFacts, type FactReader, readFacts } from '../alert-facts.ts';
import { keepsContainers } from '../incident-drains.ts';
import { type Draft, nothingToDo, type Scene, subjectText } from './draft.ts';
import { counted, durationText, joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<DrainStuckFacts>;

/** `drain-stuck`: an instance that ECS drains, and from which nothing departs. */
export function drainStuckDraft(scene: Scene): Draft {
  const facts = readFacts<DrainStuckFacts>(scene.incident.facts);
  const { isResolved, context, notice } = scene;
  const deadlineMs = facts.number('deadlineMs');
  const deadline = deadlineMs === undefined ? undefined : context.formatTime(deadlineMs);
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
          deadline === undefined ? undefined : `ECS kills ${themOf(facts)} ${deadline}`,
          drained,
        ]),
    lead: isResolved ? overLead(scene, facts) : leadOf(scene, facts, deadline),
    since: drainText(facts, context),
    evidence: known([
      placeText(scene, facts),
      ...(isResolved ? [] : facts.lines('stays')),
      isResolved ? undefined : moreText(facts),
      isResolved ? undefined : quietText(scene, facts),
    ]),
    ballast: 'watched only',
    next: isResolved ? afterwards(facts) : adviceOf(scene, facts),
    ends:
      deadline === undefined
        ? 'instance empty'
        : `instance empty.  ${criticalText(scene, deadlineMs ?? 0)}`,
  };
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

function leadOf(
  { notice, incident, context }: Scene,
  facts: Reader,
  deadline: string | undefined,
): string {
  const untilMs = facts.number('drainingUntilMs');
  if (notice.severity === 'critical') {
    return `ECS kills what is left on ${subjectText(incident)} ${deadline === undefined ? 'soon' : `from ${deadline}`}. Act now.`;
  }
  if (deadline === undefined && untilMs !== undefined) {
    return `Nobody is hurt so far. Managed draining, if it is on, ends ${subjectText(incident)} from ${context.formatTime(untilMs)}. Act before.`;
  }
  return deadline === undefined
    ? `Nobody is hurt so far, but the drain of ${subjectText(incident)} does not end by itself. Act this week.`
    : `Nobody is hurt so far. What keeps ${subjectText(incident)} must change before ${deadline}.`;
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
