import { type NotRecoveredFacts, readFacts } from '../alert-facts.ts';
import {
  type Capacity,
  type Draft,
  neededText,
  nothingToDo,
  runningText,
  type Scene,
} from './draft.ts';
import { joined, known, shellWord, spoken } from './words.ts';

const minimumText = ({ minimum }: Capacity): string | undefined =>
  minimum === undefined ? undefined : `${minimum} needed`;

/** `(1 running, 2 needed)`, or nothing where neither is known. */
const neededOf = (capacity: Capacity): string | undefined =>
  capacity.running === undefined && capacity.minimum === undefined
    ? undefined
    : neededText(capacity);

/** `not-recovered`: a service that is short since an instance of it was replaced. */
export function notRecoveredDraft(scene: Scene): Draft {
  const { incident, isResolved, context, name, notice } = scene;
  const facts = readFacts<NotRecoveredFacts>(incident.facts);
  const capacity = {
    running: facts.number('running'),
    desired: facts.number('desired'),
    minimum: facts.number('minimum'),
  };
  const instance = facts.text('instance');
  const since = instance === undefined ? 'an instance' : instance;
  const goneAtMs = facts.number('goneAtMs');
  const why = facts.text('why');
  const runs = runningText(capacity);
  return {
    headline: isResolved
      ? joined(['back at its count', runs])
      : joined([runs ?? 'below its count', `not recovered since ${since} went`]),
    lead: isResolved
      ? `${name} is back at its count. Nothing to do.`
      : notice.severity === 'critical'
        ? `${joined([`${name} is below its minimum`, neededOf(capacity)], ' ')} and does not come back by itself. Act now.`
        : `${name} holds its minimum, and has not come back to its count. Act today.`,
    since: goneAtMs === undefined ? undefined : `${since} went ${context.formatTime(goneAtMs)}`,
    evidence: known([
      runs === undefined
        ? 'short for two hours since its instance went'
        : joined([runs, minimumText(capacity)]),
      instance === undefined
        ? undefined
        : `instance ${instance}${why === undefined || why === 'unknown' ? '' : `, replaced for ${spoken(why)}`}`,
      isResolved ? undefined : 'task-state sees no crash loop and no failure to start or to place',
    ]),
    ballast: 'watched only',
    next: isResolved
      ? nothingToDo
      : [
          {
            text: "read the service's latest events:",
            command: `aws ecs describe-services --cluster ${shellWord(incident.cluster)} --services ${shellWord(name)} --query 'services[0].events[:5].message'`,
          },
        ],
    ends: 'the service is back at its count',
  };
}
