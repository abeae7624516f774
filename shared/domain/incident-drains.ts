import type { DrainsStuckFacts } from './alert-facts.ts';
import type { Facts, Incident, IncidentKey, Subject } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import { compareTexts } from './order.ts';

/** `service/cart`, `family/report`, as the fact `keeper` of a stuck drain has it. */
const keeperPattern = /^(service|family)\/([\w.:-]+)$/;

/** The fact `keeper` for whom a task belongs to. */
export const keeperOf = (type: 'service' | 'family', name: string): string => `${type}/${name}`;

/**
 * Whether containers run on when an instance is deregistered by force: ECS ends a managed one, and a machine
 * of your own goes on out of its sight.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html
 */
export const keepsContainers = (compute: unknown): boolean =>
  compute === 'ec2' || compute === 'external';

const isOrphaning = ({ facts }: Incident): boolean => keepsContainers(facts.compute);

/** The stuck drains of whom keeps this one; undefined for every other incident. */
export function drainsKeyOf({ kind, cluster, facts }: Incident): IncidentKey | undefined {
  if (kind !== 'drain-stuck') return undefined;
  const [, type, name] = keeperPattern.exec(String(facts.keeper ?? '')) ?? [];
  if (name === undefined || (type !== 'service' && type !== 'family')) return undefined;
  const subject: Subject = { type, name };
  return { cluster, subject, kind: 'drains-stuck', cause: 'no-departure', deploymentId: undefined };
}

/** Instances and lines of one text. */
const namesMax = 8;
const linesMax = 3;

/**
 * What is known of drains that one service or family keeps: `instances` in all, the `members` that are
 * still kept, and the `ended` that a digest has not named yet.
 */
export function drainsFacts(
  instances: number,
  fold: Incident | undefined,
  members: readonly Incident[],
  ended: readonly Incident[],
  nowMs: number,
): Facts {
  const facts: DrainsStuckFacts = {
    instances,
    kept: members.length,
    // Where none is left, the last that was known of them is what the end is told with.
    ...(members.length === 0 ? {} : keptFacts(members, nowMs)),
    // What ended before the last digest is not listed any more: what was counted then still stands.
    leftAtEnd: atLeast(fold, 'leftAtEnd', sumOf(ended, 'leftAtEnd')),
    orphaned: atLeast(fold, 'orphaned', sumOf(ended.filter(isOrphaning), 'leftAtEnd')),
    lost: atLeast(fold, 'lost', sumOf(ended, 'lost')),
  };
  return { ...facts };
}

function keptFacts(members: readonly Incident[], nowMs: number): DrainsStuckFacts {
  const sorted = [...members].sort((a, b) => compareTexts(a.subject.name, b.subject.name));
  const sinceMs = least(sorted, 'drainSinceMs');
  const deadlineMs = least(sorted, 'deadlineMs');
  // One that has passed has not come: it says nothing of the others.
  const drainingUntilMs = least(sorted, 'drainingUntilMs', nowMs);
  return {
    instanceNames: sorted.slice(0, namesMax).map(nameOf).join(', '),
    stuck: sumOf(sorted, 'stuck'),
    ...(sinceMs === undefined ? {} : { drainSinceMs: sinceMs }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(drainingUntilMs === undefined ? {} : { drainingUntilMs }),
    stays: linesOf(sorted, 'stays'),
    changes: linesOf(sorted, 'changes'),
  };
}

/** The instance as EC2 names it, where that is known. */
const nameOf = ({ facts, subject }: Incident): string =>
  typeof facts.ec2InstanceId === 'string' ? facts.ec2InstanceId : subject.name;

const numberIn = ({ facts }: Incident, name: string): number => {
  const value = facts[name];
  return typeof value === 'number' ? value : 0;
};

function least(members: readonly Incident[], name: string, afterMs = 0): number | undefined {
  const values = members.flatMap(({ facts }) => {
    const value = facts[name];
    return typeof value === 'number' && value > afterMs ? [value] : [];
  });
  return values.length === 0 ? undefined : Math.min(...values);
}

/** The lines of all, each once, those of the first place of each before the others. */
function linesOf(members: readonly Incident[], name: string): string {
  const lists = members.map(({ facts }) => String(facts[name] ?? '').split('\n'));
  const longest = Math.max(0, ...lists.map((lines) => lines.length));
  const lines = Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? []));
  const distinct = [...new Set(lines.flat())].filter((line) => line !== '');
  return distinct.slice(0, linesMax).join('\n').slice(0, factCharsMax);
}

const sumOf = (incidents: readonly Incident[], name: string): number =>
  incidents.reduce((sum, one) => sum + numberIn(one, name), 0);

const atLeast = (fold: Incident | undefined, name: string, sum: number): number =>
  Math.max(fold === undefined ? 0 : numberIn(fold, name), sum);
