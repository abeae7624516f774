import type { CapacityFacts, FactReader, PlaceFacts, RevisionFacts } from '../alert-facts.ts';
import type { Severity } from '../incident.ts';
import { lastAtMs } from '../incident-occurrences.ts';
import { type Advice, type Capacity, countOf, type Scene } from './draft.ts';
import { counted, durationText, joined, shellWord } from './words.ts';

// Texts that all kinds about stopped tasks share.

type PlaceReader = Pick<FactReader<PlaceFacts>, 'text' | 'number'>;
type RevisionReader = Pick<FactReader<RevisionFacts>, 'text' | 'number'>;

export const capacityOf = (facts: Pick<FactReader<CapacityFacts>, 'number'>): Capacity => ({
  running: facts.number('running'),
  desired: facts.number('desired'),
  minimum: facts.number('minimum'),
});

/** Fewer stops than this in one place are chance. */
const suspiciousStops = 3;

/** `3 instances in 3 zones: not the host` */
export function placeText(facts: PlaceReader, { incident }: Scene): string | undefined {
  if (countOf(incident) < suspiciousStops) return undefined;
  const instance = facts.text('instance');
  const instances = facts.number('instances') ?? (instance === undefined ? undefined : 1);
  const zones = zonesText(facts);
  if (instances === undefined) return zones;
  if (instances === 1) {
    return `all on one instance${instance === undefined ? '' : ` (${instance})`}: suspect the host`;
  }
  return `${joined([`${instances} instances`, zones], ' ')}: not the host`;
}

/** `in 3 zones` */
function zonesText(facts: PlaceReader): string | undefined {
  const zone = facts.text('zone');
  const zones = facts.number('zones') ?? (zone === undefined ? undefined : 1);
  if (zones === undefined) return undefined;
  if (zones > 1) return `in ${zones} zones`;
  return `all in one zone${zone === undefined ? '' : ` (${zone})`}`;
}

/** `circuit breaker off` */
export function circuitBreakerText(facts: RevisionReader): string | undefined {
  const state = facts.text('circuitBreaker');
  return state === undefined ? undefined : `circuit breaker ${state}`;
}

/** `first bad worker:88, last good worker:87 (ran 6 d)` */
export function revisionText(facts: RevisionReader): string | undefined {
  const bad = facts.text('firstBadRevision');
  const known = facts.text('lastGoodRevision');
  const good = known === bad ? undefined : known;
  const ranMs = facts.number('lastGoodRanMs');
  const text = joined([
    bad === undefined ? undefined : `first bad ${bad}`,
    good === undefined
      ? undefined
      : `last good ${good}${ranMs === undefined ? '' : ` (ran ${durationText(ranMs)})`}`,
  ]);
  return text === '' ? undefined : text;
}

/** `9 min after worker:88 began to deploy` */
export function sinceDeployment(facts: RevisionReader, { incident }: Scene): string | undefined {
  const [deployedAtMs, bad] = [facts.number('deployedAtMs'), facts.text('firstBadRevision')];
  if (deployedAtMs === undefined || incident.firstAtMs < deployedAtMs) return undefined;
  const after = durationText(incident.firstAtMs - deployedAtMs);
  return `${after} after ${bad ?? 'a new revision'} began to deploy`;
}

/** Back to the last good revision, where there is one to go back to. */
export function rollBackAdvice(facts: RevisionReader, { incident }: Scene): Advice | undefined {
  const [good, bad] = [facts.text('lastGoodRevision'), facts.text('firstBadRevision')];
  if (good === undefined || good === bad || incident.subject.type !== 'service') return undefined;
  const ranMs = facts.number('lastGoodRanMs');
  return {
    text: `roll back to ${good}${ranMs === undefined ? '' : `, which ran ${durationText(ranMs)}`}:`,
    command: [
      'aws ecs update-service',
      `--cluster ${shellWord(incident.cluster)}`,
      `--service ${shellWord(incident.subject.name)}`,
      `--task-definition ${shellWord(good)}`,
    ].join(' '),
  };
}

/** When a warning pages after all. */
export const becomesCritical = (
  severity: Severity,
  minimum: number | undefined,
): string | undefined =>
  severity === 'critical' || minimum === undefined
    ? undefined
    : `Becomes CRITICAL after 3 min with fewer than ${minimum} running`;

/** For incidents that are over: how often it was, and when the last time. */
export const lastOne = ({ incident, context }: Scene, noun: string, plural?: string): string =>
  `${counted(countOf(incident), noun, plural)} in all, the last at ${context.formatTime(lastAtMs(incident))}`;
