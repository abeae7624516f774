import { type FactReader, type PlacementFacts, readFacts } from '../alert-facts.ts';
import {
  type Capacity,
  type Draft,
  holdingWords,
  isBelowMinimum,
  neededText,
  nothingToDo,
  pace,
  runningText,
  type Scene,
  wellText,
  withRunning,
} from './draft.ts';
import { summedFacts } from './summary.ts';
import { capacityOf, lastOne } from './task-facts.ts';
import { counted, joined, known } from './words.ts';

type Reader = FactReader<PlacementFacts>;

/** `placement-failure`: ECS finds no place for a task. */
export function placementDraft(scene: Scene): Draft {
  const facts = readFacts<PlacementFacts>(summedFacts(scene.incident));
  const capacity = capacityOf(facts);
  const { name, isResolved } = scene;
  return {
    headline: isResolved
      ? `ECS finds room again${withRunning(capacity).replace(': ', ', ')}`
      : joined([
          'no room for tasks',
          shortageOf(facts),
          pace(scene, 'try', 'tries'),
          runningText(capacity),
        ]),
    lead: isResolved
      ? `ECS finds room for ${name} again${withRunning(capacity)}. Nothing to do.`
      : leadOf(scene, capacity),
    evidence: known([
      placementText(facts),
      isResolved ? lastOne(scene, 'failed placement') : undefined,
    ]),
    ballast: 'watched only',
    next: isResolved ? nothingToDo : [{ text: adviceOf(facts) }],
    ends: `${wellText(scene)} and 15 min without a failed placement`,
  };
}

function leadOf(scene: Scene, capacity: Capacity): string {
  const { name } = scene;
  const { calm, act } = holdingWords(scene);
  const isBelow = isBelowMinimum(capacity);
  if (isBelow) {
    return `${name} is below its minimum ${neededText(capacity)}, and ECS finds no room. Act now.`;
  }
  return isBelow === undefined
    ? `ECS finds no room for ${name}; whether enough of its tasks run is not known. Look now.`
    : `${calm}: ECS finds no room for ${name}, which holds its minimum ${neededText(capacity)}. ${act}`;
}

const reasonOf = (facts: Reader): string | undefined =>
  facts.text('detail') ?? facts.text('stopReason');

/** `memory` of `RESOURCE:MEMORY`. */
function shortageOf(facts: Reader): string | undefined {
  const resource = /^RESOURCE:(\S+)/.exec(reasonOf(facts) ?? '')?.[1];
  if (resource === undefined) return undefined;
  return resource === 'CPU' ? 'CPU' : resource.toLowerCase();
}

function placementText(facts: Reader): string {
  const [reason, provider] = [reasonOf(facts), facts.text('capacityProvider')];
  const instances = facts.number('instances');
  return joined([
    `ECS: ${reason ?? 'no reason given'}`,
    provider === undefined ? undefined : `capacity provider ${provider}`,
    instances === undefined ? undefined : `${counted(instances, 'instance')} looked at`,
  ]);
}

function adviceOf(facts: Reader): string {
  const reason = reasonOf(facts) ?? '';
  if (/FARGATE/.test(reason)) return 'Fargate has no capacity of this kind: add on-demand FARGATE';
  if (/CPU|MEMORY|GPU/.test(reason)) {
    return "make room: raise the provider's or group's maximum, or ask for less per task";
  }
  if (/PORTS|ENI/.test(reason)) return 'ports or network interfaces are used up: one more instance';
  if (/AGENT/.test(reason)) return "the instance's agent is not connected: look at the instance";
  if (/constraint|ATTRIBUTE/i.test(reason)) return 'no instance fits the placement constraints';
  return "look at the service's events: they say what did not fit";
}
