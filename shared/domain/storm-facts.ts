import type { BadPlaceFacts, StormFacts } from './alert-facts.ts';
import type { Facts, Incident } from './incident.ts';
import { servicesOf } from './incident-burst.ts';
import { factCharsMax } from './incident-facts.ts';
import { isGraver } from './incident-outbox.ts';
import { instancesOf } from './incident-place.ts';

/** What the members of a storm may have in common, and what then points at the cause. */
const sharedNames = ['image', 'instance', 'zone', 'stopReason'] as const;

/** What is known of a storm: how many it hit in all, and whom it still hits. */
export function stormFacts(services: number, members: readonly Incident[]): Facts {
  const facts: StormFacts = {
    ...memberFacts(services, members),
    ...Object.fromEntries(sharedNames.map((name) => [name, sharedValue(name, members)])),
  };
  return { ...facts };
}

/** The same of a bad instance or zone, whose members have a place in common and their causes not. */
export function badPlaceFacts(services: number, members: readonly Incident[]): Facts {
  const facts: BadPlaceFacts = {
    ...memberFacts(services, members),
    causes: causesOf(members),
    instances: instancesOf(members).size,
    zone: sharedValue('zone', members),
    launchType: sharedValue('launchType', members),
  };
  return { ...facts };
}

function memberFacts(services: number, members: readonly Incident[]) {
  const known = members.filter(({ facts }) => isNumber(facts.running) && isNumber(facts.minimum));
  const below = known.filter(({ facts }) => Number(facts.running) < Number(facts.minimum));
  return {
    services,
    serviceNames: namesOf(members),
    ...(known.length === 0 ? {} : { belowMinimum: below.length }),
  };
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

/** The worst first, then the earliest; whole names only. */
function namesOf(members: readonly Incident[]): string {
  const sorted = [...members].sort((a, b) => {
    if (a.severity !== b.severity) return isGraver(a.severity, b.severity) ? -1 : 1;
    return a.firstAtMs - b.firstAtMs || (a.subject.name < b.subject.name ? -1 : 1);
  });
  return listed([...new Set(sorted.map(({ subject }) => subject.name))]);
}

/** `image-pull 4, out-of-memory 3`: how many services each cause hit, the most first. */
function causesOf(members: readonly Incident[]): string {
  const counts = [...Map.groupBy(members, ({ cause }) => cause)].map(
    ([cause, own]) => [cause, servicesOf(own).size] as const,
  );
  counts.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return listed(counts.map(([cause, count]) => `${cause} ${count}`));
}

/** As many whole words as a fact holds. */
function listed(words: readonly string[]): string {
  let text = '';
  for (const word of words) {
    const longer = text === '' ? word : `${text}, ${word}`;
    if (longer.length > factCharsMax) break;
    text = longer;
  }
  return text;
}

/** The one value that all members show; the empty text, which counts as missing, where they differ. */
function sharedValue(name: string, members: readonly Incident[]): string {
  const values = members.map((member) => [
    ...new Set(
      [member.facts, ...member.occurrences.map(({ facts }) => facts)].flatMap(textIn(name)),
    ),
  ]);
  const [first] = values[0] ?? [];
  const isShared = values.every((own) => own.length === 1 && own[0] === first);
  return isShared && first !== undefined ? first : '';
}

const textIn =
  (name: string) =>
  (facts: Facts | undefined): readonly string[] => {
    const value = facts?.[name];
    return typeof value === 'string' && value !== '' ? [value] : [];
  };
