import { type FactReader, type LoopFacts, readFacts } from '../alert-facts.ts';
import type { Incident } from '../incident.ts';
import { takenAwayCauses } from '../stop-rules.ts';
import {
  type Advice,
  type Capacity,
  countOf,
  type Draft,
  holdingWords,
  isBelowMinimum,
  neededText,
  nothingToDo,
  pace,
  quietText,
  runningText,
  type Scene,
  wellText,
  withRunning,
} from './draft.ts';
import { summedFacts } from './summary.ts';
import {
  becomesCritical,
  capacityOf,
  circuitBreakerText,
  lastOne,
  placeText,
  revisionText,
  rollBackAdvice,
  sinceDeployment,
} from './task-facts.ts';
import { durationText, joined, known, spoken } from './words.ts';

type Reader = FactReader<LoopFacts>;

/** `crash-loop` and `slow-loop`. */
export function loopDraft(scene: Scene): Draft {
  const facts = readFacts<LoopFacts>(summedFacts(scene.incident));
  const capacity = capacityOf(facts);
  const isSlow = scene.incident.kind === 'slow-loop';
  const loop = joined([isSlow ? 'slow' : undefined, nounOf(scene, facts)], ' ');
  return {
    headline: scene.isResolved
      ? `steady again after ${isTakenAway(scene) ? '' : 'a '}${loop}${withRunning(capacity).replace(': ', ', ')}`
      : joined([
          loop,
          causeText(scene, facts),
          pace(scene, ...stopNouns(facts)),
          runningText(capacity),
        ]),
    lead: leadOfAny(scene, facts, capacity),
    since: sinceDeployment(facts, scene),
    evidence: known([
      stopText(scene, facts),
      restartText(facts),
      scene.isResolved ? lastOne(scene, ...stopNouns(facts)) : undefined,
      joined([placeText(facts, scene), circuitBreakerText(facts)], '; '),
      revisionText(facts),
    ]),
    log: scene.isResolved ? [] : facts.lines('logLines'),
    ballast: 'watched only',
    next: scene.isResolved ? nothingToDo : adviceOf(scene, facts),
    ends: endsText(scene, facts, capacity),
  };
}

/** The tasks' places went away: nothing of theirs crashed. */
const isTakenAway = ({ incident: { cause, subject } }: Scene): boolean =>
  takenAwayCauses.has(cause) && subject.type === 'service';

function nounOf(scene: Scene, facts: Reader): string {
  if (isTakenAway(scene)) return 'tasks lost';
  return isRestart(facts) ? 'restart loop' : 'crash loop';
}

const isRestart = (facts: Reader): boolean => facts.flag('restartsInPlace') === true;

/** What happened, once and several times. */
function stopNouns(facts: Reader): readonly [one: string, many: string] {
  if (isRestart(facts)) return ['restart', 'restarts'];
  return facts.flag('someRestartInPlace') === true
    ? ['stop or restart', 'stops and restarts']
    : ['stop', 'stops'];
}

/** An exit says more by its code. */
function causeText({ incident }: Scene, facts: Reader): string {
  const exitCode = facts.number('exitCode');
  return incident.cause === 'application-exit' && exitCode !== undefined
    ? `exit code ${exitCode}`
    : spoken(incident.cause);
}

function leadOfAny(scene: Scene, facts: Reader, capacity: Capacity): string {
  const { name } = scene;
  if (scene.isResolved) {
    return `${name} is steady again: no ${stopNouns(facts)[0]} for ${quietText(scene)}. Nothing to do.`;
  }
  return isTakenAway(scene) ? leadOfLost(scene, capacity) : leadOf(scene, facts, capacity);
}

function leadOfLost({ name, notice }: Scene, capacity: Capacity): string {
  if (isBelowMinimum(capacity) !== true) {
    return `${name} lost tasks with their places, and has enough of them. Nothing to do unless it goes on.`;
  }
  const act = notice.severity === 'critical' ? 'Act now.' : 'Look now.';
  return (
    `${name} is below its minimum ${neededText(capacity)}: its tasks lost their places, ` +
    `and others do not run yet. ${act}`
  );
}

function leadOf(scene: Scene, facts: Reader, capacity: Capacity): string {
  const { name, incident, isRepeat, notice } = scene;
  if (incident.subject.type === 'family') {
    return `${name} keeps crashing. It is a standalone task, so nobody starts it again. Look now.`;
  }
  const isBelow = isBelowMinimum(capacity);
  if (capacity.running === 0 && isBelow !== false) {
    return `${name} is down: none of its tasks stays up ${neededText(capacity)}. Act now.`;
  }
  if (isBelow) {
    return `${name} is below its minimum ${neededText(capacity)} and still crashing. Act now.`;
  }
  if (isBelow === undefined) {
    return `${name} keeps crashing; whether enough of its tasks run is not known. Look now.`;
  }
  if (incident.kind === 'slow-loop' && notice.severity !== 'critical') {
    return `Nobody is hurt: ${name} loses a task now and then, and gets it back. Act this week.`;
  }
  const crashing = isRestart(facts)
    ? `${isRepeat ? 'still ' : ''}keeps restarting`
    : isRepeat
      ? 'is still crashing'
      : 'keeps crashing';
  const { calm, act } = holdingWords(scene);
  return `${calm}: ${name} ${crashing} but holds its minimum ${neededText(capacity)}. ${act}`;
}

/** `6 x container app, exit 137, OutOfMemoryError: ..., limit 512 MiB, lived 41-95 s` */
function stopText({ incident }: Scene, facts: Reader): string {
  const container = facts.text('container');
  const exitCode = facts.number('exitCode');
  const limitMiB = facts.number('limitMiB');
  return joined([
    `${countOf(incident)} x ${container === undefined ? unnamed(facts) : `container ${container}`}`,
    joined(
      [exitCode === undefined ? undefined : `exit ${exitCode}`, reasonText(incident, facts)],
      exitCode === undefined ? '' : ' + ',
    ),
    limitMiB === undefined ? undefined : `limit ${limitMiB} MiB`,
    livedText(facts),
  ]);
}

/** Why there is so little to say: what ECS keeps of an end, it keeps of stopped tasks. */
const restartText = (facts: Reader): string | undefined =>
  isRestart(facts) && facts.number('exitCode') === undefined
    ? 'restarted in place: no task stopped, so ECS shows no exit code'
    : undefined;

/** Whatever ended, where nobody knows which container it was. */
const unnamed = (facts: Reader): string => (isRestart(facts) ? 'a container' : 'a task');

/** Lives of more than ten minutes are told in minutes and hours. */
const secondsReadableMax = 600;

/** ECS's words without what the exit code or the cause says anyway. */
function reasonText({ cause }: Incident, facts: Reader): string | undefined {
  const reason = facts.text('stopReason');
  if (reason === undefined)
    return facts.number('exitCode') === undefined ? spoken(cause) : undefined;
  if (/^Essential container in task exited/.test(reason)) return undefined;
  return /^(\w+Error): /.exec(reason)?.[1] ?? reason;
}

function livedText(facts: Reader): string | undefined {
  const [from, to] = [facts.number('livedSecondsMin'), facts.number('livedSecondsMax')];
  if (from === undefined && to === undefined) return undefined;
  const [first, last] = [Math.round(from ?? to ?? 0), Math.round(to ?? from ?? 0)];
  if (last < secondsReadableMax) {
    return first === last ? `lived ${first} s` : `lived ${first}-${last} s`;
  }
  const [shortest, longest] = [durationText(first * 1000), durationText(last * 1000)];
  return shortest === longest ? `lived ${longest}` : `lived ${shortest} to ${longest}`;
}

function adviceOf(scene: Scene, facts: Reader): readonly Advice[] {
  const limitMiB = facts.number('limitMiB');
  const container = facts.text('container') ?? 'the container';
  const ofCause: Readonly<Record<string, string>> = {
    'out-of-memory':
      limitMiB === undefined
        ? `give ${container} more memory, or find the leak`
        : `give ${container} more than ${limitMiB} MiB, or find the leak`,
    'segmentation-fault': `native code of ${container} broke: which library came with this revision?`,
    'container-health-check': `run the health check of ${container} by hand: is it too strict or too slow?`,
    'load-balancer-health-check':
      'call the health check path: is the grace period long enough for a cold start?',
    killed: `SIGKILL, and no word on memory: does ${container} heed SIGTERM, is its host full?`,
    'runtime-error': `does the command of ${container} exist in the image, for this architecture?`,
    'host-gone': 'the instance went away under the task: look at its group and at AWS Health',
    spot: 'Spot takes the capacity back: add on-demand capacity to the strategy',
    'infrastructure-health': 'instances are replaced for bad health: look at AWS Health',
  };
  const back = rollBackAdvice(facts, scene);
  const cause = {
    text:
      ofCause[scene.incident.cause] ?? `read the log: why does ${container} end${exitText(facts)}?`,
  };
  return back === undefined ? [cause] : [back, { text: `or ${cause.text}` }];
}

function exitText(facts: Reader): string {
  const exitCode = facts.number('exitCode');
  return exitCode === undefined ? '' : ` with ${exitCode}`;
}

function endsText(scene: Scene, facts: Reader, { minimum }: Capacity): string {
  const { incident, notice } = scene;
  const isAlone = incident.subject.type === 'family';
  const noun = isAlone ? 'failed one' : stopNouns(facts)[0];
  const isSlow = incident.kind === 'slow-loop';
  const well = isSlow && !isAlone ? undefined : wellText(scene);
  const quiet = `${isSlow ? '6 h' : '15 min'} without a ${noun}`;
  return joined([joined([well, quiet], ' and '), becomesCritical(notice.severity, minimum)], '. ');
}
