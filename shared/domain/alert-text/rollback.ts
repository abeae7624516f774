import { type FactReader, type RollbackFacts, readFacts } from '../alert-facts.ts';
import { stageRole } from '../deployment-stage.ts';
import { type Advice, countOf, type Draft, nothingToDo, type Scene } from './draft.ts';
import { evidenceOf, isObserved } from './gate-facts.ts';
import { compareAdvice, ecsPart, goBackAdvice, isOfEcs, isWayBackLost } from './rollback-ecs.ts';
import { durationText, joined, spoken } from './words.ts';

type Reader = FactReader<RollbackFacts>;

/**
 * `rollback`: a deployment that the gate or ECS ended, or that in observe would have been. Who ended it
 * decides what can be said: the gate knows green and blue, ECS only revisions.
 */
export function rollbackDraft(scene: Scene): Draft {
  const facts = readFacts<RollbackFacts>(scene.incident.facts);
  const { name, isResolved } = scene;
  const part = isOfEcs(scene, facts) ? ecsPart(scene, facts) : gatePart(scene, facts);
  const ends = `when a later deployment of ${name} succeeds, or after 7 days`;
  if (!isResolved) return { ...part, repeat: 'again', ends };
  return {
    ...part,
    headline: 'a later deployment succeeded',
    repeat: 'again',
    lead: `A later deployment of ${name} went through. Nothing to do.`,
    next: nothingToDo,
    ends,
  };
}

/** What the gate ended, told by its own words. */
const gatePart = (scene: Scene, facts: Reader): Omit<Draft, 'ends'> => ({
  headline: headlineOf(scene, facts),
  lead: leadOf(scene, facts),
  since: joined([latestOf(scene, facts), facts.text('stage')]),
  evidence: evidenceOf(scene, facts),
  ballast: ballastText(facts, scene.isResolved),
  next: adviceOf(scene, facts),
});

/** The incident began with its first deployment, the revision is that of its latest. */
const latestOf = ({ incident }: Scene, facts: Reader): string | undefined => {
  const revision = facts.text('revision');
  return revision !== undefined && countOf(incident) > 1 ? `latest ${revision}` : revision;
};

/** Rolled back for want of proof: that says nothing about the build. */
const isUnproven = (facts: Reader): boolean =>
  ['could-not-measure', 'inconclusive-at-deadline'].includes(facts.text('reason') ?? '');
/** Rolled back before any production request could reach green. */
const isUntouched = (facts: Reader): boolean => stageRole(facts.text('stage') ?? '') === 'gated';
const servingOf = (facts: Reader): string =>
  facts.text('sourceRevision') ?? facts.text('ecsSource') ?? 'the old revision';

function headlineOf(scene: Scene, facts: Reader): string {
  const { incident } = scene;
  if (isWayBackLost(scene, facts)) return 'rollback failed, nobody knows which revision serves';
  const reason = facts.text('reason') ?? incident.cause;
  // The medians of an earlier answer stand on the incident still: they explain a slow build alone.
  const medians = reason === 'latency-regression' ? mediansText(facts) : undefined;
  const why = medians ?? spoken(reason);
  if (isObserved(facts)) {
    return `would have rolled back green, ${why}; green went on`;
  }
  return `green rolled back, ${why}; blue is serving`;
}

/** Where slowness decided: the medians of an earlier rollback stay among the facts of its incident. */
function mediansText(facts: Reader): string | undefined {
  if (facts.text('reason') !== 'latency-regression') return undefined;
  const [green, blue] = [facts.number('greenMedianMs'), facts.number('blueMedianMs')];
  if (green === undefined || blue === undefined) return undefined;
  return `median ${Math.round(green)} ms vs ${Math.round(blue)} ms`;
}

function leadOf(scene: Scene, facts: Reader): string {
  const { name, isRepeat } = scene;
  if (isWayBackLost(scene, facts)) {
    return `The rollback of ${name} failed: users may get either revision. Act now.`;
  }
  const green = facts.text('revision') ?? 'green';
  if (isObserved(facts)) {
    return `Users may be hurt: ${green} went on, though the gate would have answered FAILED. Judge it now.`;
  }
  const attempts = countOf(scene.incident);
  if (isRepeat && attempts > 1) {
    return isUntouched(facts)
      ? `Nobody is hurt, ${servingOf(facts)} serves, but ${attempts} deployments were rolled back. Stop retrying, repair the build.`
      : `${servingOf(facts)} serves again, but ${attempts} deployments were rolled back, and may have had production requests. Stop retrying, repair the build.`;
  }
  if (isUnproven(facts)) {
    return isUntouched(facts)
      ? 'Blue serves, green was rolled back unproven: the gate could not tell. Repair what it met, then deploy again.'
      : 'Blue serves again. Green, rolled back unproven, may have had production requests. Repair what the gate met, then deploy again.';
  }
  return isUntouched(facts)
    ? 'Blue serves 100%. No production request reached green. Repair the build before the next try.'
    : 'Blue serves again, but production requests may have reached green. Repair the build before the next try.';
}

function ballastText(facts: Reader, isResolved: boolean): string {
  const status = facts.text('status');
  const ecs = status === undefined || isResolved ? undefined : `ECS: ${status}`;
  const afterMs = facts.number('answeredAfterMs');
  const after = afterMs === undefined ? '' : ` after ${durationText(afterMs)}`;
  return isObserved(facts)
    ? joined([`would have answered FAILED${after}; in observe it answered SUCCEEDED`, ecs], '; ')
    : joined([`answered FAILED${after}`, ecs], '; ');
}

function adviceOf(scene: Scene, facts: Reader): readonly Advice[] {
  const { incident, name } = scene;
  if (isUnproven(facts) && !isObserved(facts)) {
    return [
      { text: 'repair what the evidence names, then deploy again' },
      { text: 'must it go out at once: break-glass, see the runbook' },
    ];
  }
  const [green, blue] = [facts.text('revision'), facts.text('sourceRevision')];
  const advice: readonly Advice[] = [
    ...(isWayBackLost(scene, facts) || isObserved(facts)
      ? [goBackAdvice(incident.cluster, name, blue)]
      : []),
    ...compareAdvice(blue, green),
  ];
  return advice.length > 0 ? advice : [{ text: 'compare the two builds' }];
}
