import { type FactReader, readFacts, type UnknownStopFacts } from '../alert-facts.ts';
import {
  type Advice,
  type Capacity,
  countOf,
  type Draft,
  isBelowMinimum,
  neededText,
  nothingToDo,
  pace,
  quietText,
  runningText,
  type Scene,
  wellText,
} from './draft.ts';
import { summedFacts } from './summary.ts';
import { capacityOf, lastOne, placeText } from './task-facts.ts';
import { counted, joined, known, shellWord } from './words.ts';

type Reader = FactReader<UnknownStopFacts>;

/** `unknown-stop`: kept and told, so that a new kind of stop does not pass unseen. */
export function unknownStopDraft(scene: Scene): Draft {
  const facts = readFacts<UnknownStopFacts>(summedFacts(scene.incident));
  const capacity = capacityOf(facts);
  const { name, isResolved } = scene;
  return {
    headline: isResolved
      ? 'no more stops of unknown cause'
      : joined([`${pace(scene, 'stop')} of unknown cause`, runningText(capacity)]),
    lead: isResolved
      ? `${name} has had no stop of unknown cause for ${quietText(scene)}. Nothing to do.`
      : leadOf(scene, capacity),
    evidence: known([
      stopText(facts),
      isResolved ? lastOne(scene, 'stop') : undefined,
      placeText(facts, scene),
    ]),
    ballast: 'watched only',
    next: isResolved ? nothingToDo : adviceOf(scene, facts),
    ends: `${wellText(scene)} and 15 min without another one`,
  };
}

function leadOf({ name, incident }: Scene, capacity: Capacity): string {
  const tasks = `${counted(countOf(incident), 'task')} of ${name} stopped`;
  return isBelowMinimum(capacity)
    ? `${name} is below its minimum ${neededText(capacity)} after stops of unknown cause. Act now.`
    : `Nobody is known to be hurt: ${tasks} for a reason Ballast does not know. Look today.`;
}

function stopText(facts: Reader): string {
  const [stopCode, stopReason] = [facts.text('stopCode'), facts.text('stopReason')];
  const [container, exitCode] = [facts.text('container'), facts.number('exitCode')];
  const text = joined([
    stopCode,
    stopReason === undefined ? undefined : `"${stopReason}"`,
    container === undefined ? undefined : `container ${container}`,
    exitCode === undefined ? undefined : `exit ${exitCode}`,
  ]);
  return text === '' ? 'ECS gave no reason' : text;
}

function adviceOf({ incident }: Scene, facts: Reader): readonly Advice[] {
  const taskId = facts.text('taskId');
  return [
    {
      text: 'look at the task while ECS still shows it (about 1 h):',
      command:
        taskId === undefined
          ? `aws ecs list-tasks --cluster ${shellWord(incident.cluster)} --desired-status STOPPED`
          : `aws ecs describe-tasks --cluster ${shellWord(incident.cluster)} --tasks ${shellWord(taskId)}`,
    },
    { text: 'report the text above as an issue of Ballast: it gets a row of its own' },
  ];
}
