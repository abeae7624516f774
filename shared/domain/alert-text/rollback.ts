import { type FactReader, type RollbackFacts, readFacts } from '../alert-facts.ts';
import { type Advice, type Draft, nothingToDo, type Scene } from './draft.ts';
import { evidenceOf, isObserved } from './gate-facts.ts';
import { capitalised, durationText, joined, shellWord, spoken } from './words.ts';

type Reader = FactReader<RollbackFacts>;

/** `rollback`: a deployment that was undone by the gate or by ECS, or in observe would have been. */
export function rollbackDraft(scene: Scene): Draft {
  const facts = readFacts<RollbackFacts>(scene.incident.facts);
  const { name, isResolved } = scene;
  return {
    headline: isResolved ? 'a later deployment succeeded' : headlineOf(scene, facts),
    repeat: 'again',
    lead: isResolved
      ? `${facts.text('succeededRevision') ?? `A later deployment of ${name}`} went through. Nothing to do.`
      : leadOf(scene, facts),
    since: joined([facts.text('revision'), facts.text('stage')]),
    evidence: evidenceOf(scene, facts),
    ballast: ballastText(facts, isResolved),
    next: isResolved ? nothingToDo : adviceOf(scene, facts),
    ends: `when a later deployment of ${name} succeeds, or after 7 days`,
  };
}

/** Without the gate's own reason, it was ECS that rolled back. */
const isByGate = (facts: Reader): boolean => facts.text('reason') !== undefined;
/** Rolled back for want of proof: that says nothing about the build. */
const isUnproven = (facts: Reader): boolean =>
  ['could-not-measure', 'inconclusive-at-deadline'].includes(facts.text('reason') ?? '');
const hasFailed = (facts: Reader): boolean => facts.text('status') === 'ROLLBACK_FAILED';
const servingOf = (facts: Reader): string => facts.text('sourceRevision') ?? 'the old revision';

function headlineOf({ incident }: Scene, facts: Reader): string {
  if (hasFailed(facts)) return 'rollback failed, nobody knows which revision serves';
  const reason = facts.text('reason') ?? incident.cause;
  // The medians of an earlier answer stand on the incident still: they explain a slow build alone.
  const medians = reason === 'latency-regression' ? mediansText(facts) : undefined;
  const why = medians ?? spoken(reason);
  if (isByGate(facts) && isObserved(facts)) {
    return `would have rolled back green, ${why}; green went on`;
  }
  return isByGate(facts)
    ? `green rolled back, ${why}; blue is serving`
    : `rolled back by ECS, ${why}; ${servingOf(facts)} is serving`;
}

/** Where slowness decided: the medians of an earlier rollback stay among the facts of its incident. */
function mediansText(facts: Reader): string | undefined {
  if (facts.text('reason') !== 'latency-regression') return undefined;
  const [green, blue] = [facts.number('greenMedianMs'), facts.number('blueMedianMs')];
  if (green === undefined || blue === undefined) return undefined;
  return `median ${Math.round(green)} ms vs ${Math.round(blue)} ms`;
}

function leadOf({ name, isRepeat }: Scene, facts: Reader): string {
  if (hasFailed(facts)) {
    return `The rollback of ${name} failed: users may get either revision. Act now.`;
  }
  const byGate = isByGate(facts);
  const green = facts.text('revision') ?? 'green';
  if (byGate && isObserved(facts)) {
    return `Users may be hurt: ${green} went on, though the gate would have answered FAILED. Judge it now.`;
  }
  const attempts = facts.number('attempts');
  if (isRepeat && attempts !== undefined && attempts > 1) {
    return `Nobody is hurt, ${servingOf(facts)} serves, but ${attempts} deployments ended alike. Stop retrying, repair the build.`;
  }
  if (byGate && isUnproven(facts)) {
    return 'Blue serves, green was rolled back unproven: the gate could not tell. Repair what it met, then deploy again.';
  }
  if (!byGate) {
    return `${capitalised(servingOf(facts))} serves again: ECS gave up on ${green}. Repair the build before the next try.`;
  }
  const percent = facts.number('greenPercentMax');
  if (percent === 0) {
    return 'Blue serves 100%. No production request reached green. Repair the build before the next try.';
  }
  return percent === undefined
    ? 'Blue serves, green was rolled back. Repair the build before the next try.'
    : `Blue serves again. Up to ${percent}% of requests reached green. Repair the build before the next try.`;
}

function ballastText(facts: Reader, isResolved: boolean): string {
  const status = facts.text('status');
  const ecs = status === undefined || isResolved ? undefined : `ECS: ${status}`;
  if (!isByGate(facts)) return joined(['watched only', ecs], '; ');
  const afterMs = facts.number('answeredAfterMs');
  const after = afterMs === undefined ? '' : ` after ${durationText(afterMs)}`;
  return isObserved(facts)
    ? joined([`would have answered FAILED${after}; in observe it answered SUCCEEDED`, ecs], '; ')
    : joined([`answered FAILED${after}`, ecs], '; ');
}

function adviceOf({ incident, name }: Scene, facts: Reader): readonly Advice[] {
  if (isByGate(facts) && isUnproven(facts) && !isObserved(facts)) {
    return [
      { text: 'repair what the evidence names, then deploy again' },
      { text: 'must it go out at once: break-glass, see the runbook' },
    ];
  }
  const [green, blue] = [facts.text('revision'), facts.text('sourceRevision')];
  const advice: Advice[] = [];
  if (hasFailed(facts) || (isByGate(facts) && isObserved(facts))) {
    advice.push({
      text: blue === undefined ? 'go back to a revision that you trust' : `to go back to ${blue}:`,
      command:
        blue === undefined
          ? undefined
          : `aws ecs update-service --cluster ${shellWord(incident.cluster)} ` +
            `--service ${shellWord(name)} --task-definition ${shellWord(blue)}`,
    });
  }
  if (green !== undefined && blue !== undefined && green !== blue) {
    const describe = (revision: string) =>
      `<(aws ecs describe-task-definition --task-definition ${shellWord(revision)})`;
    advice.push({
      text: `compare ${blue} with ${green}:`,
      command: `diff ${describe(blue)} ${describe(green)}`,
    });
  }
  return advice.length > 0 ? advice : [{ text: 'compare the two builds; the evidence says where' }];
}
