import type { BehaviourId } from '../behaviours.ts';
import type { Stage } from '../scenario.ts';

/** Where the tasks of a service are: how many on each instance, fullest first, and in how many zones. */
export type Layout = {
  readonly tasksByInstance: readonly number[];
  readonly zones: number;
  readonly types: readonly string[];
};

/** One step of an experiment that somebody published, beside what the simulation did. */
export type ReplayStep = {
  readonly step: string;
  /** In the words of the article, translated. */
  readonly observed: string;
  readonly simulated: string;
  readonly matches: boolean;
  /** Rules of the behaviour ledger that make the simulation do so. */
  readonly rules: readonly BehaviourId[];
  /** What remains open where the two differ: no rule is made up to fit. */
  readonly unexplained?: string;
};

/** What an article says that happened, as far as it can be checked against a layout. */
export type Observation = {
  readonly observed: string;
  readonly holds: (layout: Layout) => boolean;
  readonly rules: readonly BehaviourId[];
  /** What the difference would mean, where there is one. */
  readonly otherwise: string | ((layout: Layout) => string);
};

export function layoutOf({ world }: Stage, service: string): Layout {
  const { tasks, containerInstances } = world.account;
  const own = [...tasks.values()].filter(
    ({ group, lastStatus, desiredStatus }) =>
      group === `service:${service}` && lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
  );
  const byInstance = Map.groupBy(own, ({ containerInstanceArn }) => containerInstanceArn);
  const types = [...byInstance.keys()].map(
    (arn) =>
      containerInstances.get(arn ?? '')?.attributes.find(({ name }) => name === 'ecs.instance-type')
        ?.value ?? '?',
  );
  return {
    tasksByInstance: [...byInstance.values()].map(({ length }) => length).sort((a, b) => b - a),
    zones: new Set(own.map(({ availabilityZone }) => availabilityZone)).size,
    types: [...new Set(types)].sort(),
  };
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

export const describeLayout = ({ tasksByInstance, zones, types }: Layout): string =>
  `${tasksByInstance.join(' + ') || 'no'} ${tasksByInstance.join() === '1' ? 'task' : 'tasks'} on ` +
  `${counted(tasksByInstance.length, 'instance')} (${types.join(', ')}) in ${counted(zones, 'zone')}`;

/** Compares one step; where it differs, the difference stays on record. */
export function compareStep(step: string, observation: Observation, layout: Layout): ReplayStep {
  const matches = observation.holds(layout);
  const { otherwise } = observation;
  const unexplained = typeof otherwise === 'string' ? otherwise : otherwise(layout);
  return {
    step,
    observed: observation.observed,
    simulated: describeLayout(layout),
    matches,
    rules: observation.rules,
    ...(matches ? {} : { unexplained }),
  };
}
