import { type DrainsStuckFacts, type FactReader, readFacts } from '../alert-facts.ts';
import { countOf, type Draft, type Scene, subjectText } from './draft.ts';
import { afterwardsOf, criticalText, type DrainEnd, endIn } from './drain-stuck.ts';
import { counted, joined, known, shellWord } from './words.ts';

type Reader = FactReader<DrainsStuckFacts>;

/** `drains-stuck`: several instances that ECS drains, and that one service or family keeps. */
export function drainsStuckDraft(scene: Scene): Draft {
  const facts = readFacts<DrainsStuckFacts>(scene.incident.facts);
  const { isResolved, context, notice } = scene;
  const end = endIn(facts, notice.atMs);
  return {
    headline: isResolved
      ? overText(facts)
      : joined([
          `keeps ${counted(keptIn(scene, facts), 'draining instance')}`,
          end &&
            `${end.isSure ? 'ECS kills its tasks' : 'its tasks may be killed'} ${context.formatTime(end.atMs)}`,
        ]),
    lead: isResolved ? overLead(scene, facts) : leadOf(scene, facts, end),
    since: sinceText(scene, facts),
    evidence: known([
      namesText(scene, facts),
      ...(isResolved ? [] : facts.lines('stays')),
      isResolved ? undefined : moreText(facts),
    ]),
    ballast: 'folded them into this one incident; watched only',
    next: isResolved ? afterwards(facts) : adviceOf(scene, facts),
    ends: joined(
      ['none of them waits for it', end?.isSure ? criticalText(scene, end.atMs) : undefined],
      '.  ',
    ),
  };
}

/** An occurrence is one more instance. */
const instancesIn = ({ incident }: Scene, facts: Reader): number =>
  facts.number('instances') ?? countOf(incident);

const keptIn = (scene: Scene, facts: Reader): number =>
  facts.number('kept') ?? instancesIn(scene, facts);

/** It may have let go of drains that others still keep. */
function overText(facts: Reader): string {
  const lost = facts.number('lost') ?? 0;
  const orphaned = facts.number('orphaned') ?? 0;
  return joined([
    'keeps no draining instance any more',
    orphaned > 0 ? `${counted(orphaned, 'task')} may run on` : undefined,
    lost === 0 || orphaned > 0 ? undefined : `${counted(lost, 'standalone task')} went with one`,
  ]);
}

function overLead({ incident }: Scene, facts: Reader): string {
  const over = `No drain in ${incident.cluster} waits for ${subjectText(incident)} any more.`;
  const left = facts.number('leftAtEnd') ?? 0;
  const lost = facts.number('lost') ?? 0;
  if (left === 0) return `${over} Nothing to do.`;
  const had = `${over} ${counted(left, 'task')} ${left === 1 ? 'was' : 'were'} left on those that went;`;
  const orphaned = facts.number('orphaned') ?? 0;
  if (orphaned > 0) {
    return `${over} Unless the machines were ended, ${counted(orphaned, 'task')} ${orphaned === 1 ? 'runs' : 'run'} on there, uncounted.`;
  }
  return lost === 0
    ? `${had} their services start others. Nothing to do.`
    : `${had} nobody restarts ${lost} of them.`;
}

function leadOf(scene: Scene, facts: Reader, end: DrainEnd | undefined): string {
  const { notice, incident, context } = scene;
  const drains = counted(keptIn(scene, facts), 'instance');
  const at = end && context.formatTime(end.atMs);
  if (notice.severity === 'critical') {
    return end?.isSure === false
      ? `Managed draining, if it is on, ends the first of ${drains} from ${at}, and what is left on it. Act now.`
      : `ECS kills what is left on ${drains} ${at === undefined ? 'soon' : `from ${at}`}. Act now.`;
  }
  if (end === undefined) {
    return `Nobody is hurt so far, but the drains of ${drains} do not end by themselves. Act this week.`;
  }
  return end.isSure
    ? `Nobody is hurt so far. What keeps ${subjectText(incident)} on ${drains} must change before ${at}.`
    : `Nobody is hurt so far. Managed draining, if it is on, ends the first of ${drains} from ${at}. Act before.`;
}

function sinceText({ context }: Scene, facts: Reader): string | undefined {
  const sinceMs = facts.number('drainSinceMs');
  return sinceMs === undefined
    ? undefined
    : `the first drains since ${context.formatTime(sinceMs)}`;
}

function namesText(scene: Scene, facts: Reader): string {
  const names = facts.text('instanceNames');
  const counts = counted(instancesIn(scene, facts), 'instance');
  return names === undefined ? `${counts} that ECS drains` : `instances ${names}`;
}

function moreText(facts: Reader): string | undefined {
  const more = (facts.number('stuck') ?? 0) - facts.lines('stays').length;
  return facts.lines('stays').length > 0 && more > 0
    ? `and ${counted(more, 'more task')}`
    : undefined;
}

function adviceOf({ incident }: Scene, facts: Reader): Draft['next'] {
  const changes = facts.lines('changes').map((text) => ({ text }));
  if (changes.length > 0) return changes;
  const cluster = shellWord(incident.cluster);
  return [
    {
      text: 'see which instances drain:',
      command: `aws ecs list-container-instances --cluster ${cluster} --status DRAINING`,
    },
  ];
}

const afterwards = (facts: Reader): Draft['next'] =>
  afterwardsOf(facts.number('orphaned') ?? 0, facts.number('lost') ?? 0);
