import type { StormFacts } from './alert-facts.ts';
import type { Facts, Incident } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import { isGraver } from './incident-outbox.ts';

/** What the members of a storm may have in common, and what then points at the cause. */
const sharedNames = ['image', 'instance', 'zone', 'stopReason'] as const;

/** What is known of a storm: how many it hit in all, and whom it still hits. */
export function stormFacts(services: number, members: readonly Incident[]): Facts {
  const known = members.filter(({ facts }) => isNumber(facts.running) && isNumber(facts.minimum));
  const below = known.filter(({ facts }) => Number(facts.running) < Number(facts.minimum));
  const facts: StormFacts = {
    services,
    serviceNames: namesOf(members),
    ...(known.length === 0 ? {} : { belowMinimum: below.length }),
    ...Object.fromEntries(sharedNames.map((name) => [name, sharedValue(name, members)])),
  };
  return { ...facts };
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

/** The worst first, then the earliest; whole names only. */
function namesOf(members: readonly Incident[]): string {
  const sorted = [...members].sort((a, b) => {
    if (a.severity !== b.severity) return isGraver(a.severity, b.severity) ? -1 : 1;
    return a.firstAtMs - b.firstAtMs || (a.subject.name < b.subject.name ? -1 : 1);
  });
  const names = [...new Set(sorted.map(({ subject }) => subject.name))];
  let text = '';
  for (const name of names) {
    const longer = text === '' ? name : `${text}, ${name}`;
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
