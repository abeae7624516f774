import type { FactReader, RollbackFacts } from '../alert-facts.ts';
import type { Advice, Draft, Scene } from './draft.ts';
import { isObserved } from './gate-facts.ts';
import { joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<RollbackFacts>;

/** Causes of ECS's own, which no hook has a part in. */
const ownCauses: ReadonlySet<string> = new Set(['circuit-breaker', 'deployment-alarm']);
/** ECS carries a hook's answer out at once; what it says of a failed hook later is of another try. */
const carriedOutWithinMs = 60 * 60_000;

/**
 * Whether ECS ended the latest deployment of an incident without the gate. The gate's word stays among
 * the facts of later tries, so the order in time decides: what the gate answered last is its own, and so
 * is the failure of a hook that ECS tells right after. In observe the gate fails nothing.
 */
export function isOfEcs({ incident: { factTimes } }: Scene, facts: Reader): boolean {
  const cause = facts.text('ecsCause');
  if (facts.text('reason') === undefined) return true;
  if (cause === undefined) return false;
  const afterMs = (factTimes.ecsCause ?? 0) - (factTimes.reason ?? 0);
  if (afterMs < 0) return false;
  return ownCauses.has(cause) || isObserved(facts) || afterMs > carriedOutWithinMs;
}

/** Whether the way back failed as well; a later answer of the gate is of another try. */
export const isWayBackLost = ({ incident: { factTimes } }: Scene, facts: Reader): boolean =>
  facts.text('status') === 'ROLLBACK_FAILED' ||
  (facts.text('ecsCause') === 'rollback-failed' &&
    (factTimes.ecsCause ?? 0) >= (factTimes.reason ?? 0));

/** What ECS ended: told by revisions, and only as far as ECS has said what becomes of it. */
export function ecsPart(scene: Scene, facts: Reader): Omit<Draft, 'ends'> {
  const status = scene.isResolved ? undefined : facts.text('status');
  const cause = facts.text('ecsCause') ?? 'deployment-failed';
  const words = facts.text('ecsReason');
  return {
    headline: headlineOf(scene, facts),
    lead: leadOf(scene, facts),
    since: facts.text('ecsRevision'),
    evidence: known([
      words === undefined ? spoken(cause) : `${cause}: ${words}`,
      facts.text('ecsRunning'),
    ]),
    ballast: joined(['watched only', status && `ECS: ${status}`], '; '),
    next: adviceOf(scene, facts),
  };
}

/** Causes whose name alone does not read as a reason. */
const causeWords: Readonly<Record<string, string | undefined>> = {
  'deployment-failed': undefined,
  'deployment-alarm': 'alarm',
  'hook-failed': 'a hook failed',
  'lifecycle-hook': 'a hook failed',
};

function headlineOf(scene: Scene, facts: Reader): string {
  if (isWayBackLost(scene, facts)) return 'rollback failed, nobody knows which revision serves';
  const cause = facts.text('ecsCause') ?? 'deployment-failed';
  const why = cause in causeWords ? causeWords[cause] : spoken(cause);
  const of = facts.text('ecsRevision');
  const failed = joined([`deployment${of === undefined ? '' : ` of ${of}`} failed`, why]);
  const source = facts.text('ecsSource');
  switch (facts.text('rolledBack')) {
    case 'yes':
      return `${failed}; rolled back${source === undefined ? '' : ` to ${source}`}`;
    case 'no':
      return `${failed}; nothing rolled back`;
    default:
      return failed;
  }
}

function leadOf(scene: Scene, facts: Reader): string {
  const failed = facts.text('ecsRevision') ?? 'the new revision';
  const source = facts.text('ecsSource') ?? 'the revision before it';
  if (isWayBackLost(scene, facts)) {
    return `The rollback of ${scene.name} failed: users may get either revision. Act now.`;
  }
  switch (facts.text('rolledBack')) {
    case 'yes':
      return `ECS gave up on ${failed} and goes back to ${source}. Repair the build before the next try.`;
    case 'no':
      return `Act today: ECS rolled nothing back and starts no more of ${failed}; ${facts.text('ecsRunning') ?? 'what ran before goes on'}.`;
    default:
      return `ECS gave up on ${failed}. Whether it goes back is not known: look which revision serves.`;
  }
}

function adviceOf(scene: Scene, facts: Reader): readonly Advice[] {
  const { name, incident } = scene;
  const [failed, source] = [facts.text('ecsRevision'), facts.text('ecsSource')];
  const isBack = facts.text('rolledBack') === 'yes' && !isWayBackLost(scene, facts);
  const compare = compareAdvice(source, failed);
  if (!isBack) return [goBackAdvice(incident.cluster, name, source), ...compare];
  return compare.length > 0
    ? compare
    : [{ text: 'compare the two builds, and read why tasks stopped' }];
}

/** `to go back to worker:87:` with its command. */
export const goBackAdvice = (
  cluster: string,
  name: string,
  revision: string | undefined,
): Advice =>
  revision === undefined
    ? { text: 'go back to a revision that you trust' }
    : {
        text: `to go back to ${revision}:`,
        command:
          `aws ecs update-service --cluster ${shellWord(cluster)} ` +
          `--service ${shellWord(name)} --task-definition ${shellWord(revision)}`,
      };

/** `compare worker:87 with worker:88:` with its command, where both are known and differ. */
export function compareAdvice(from: string | undefined, to: string | undefined): readonly Advice[] {
  if (from === undefined || to === undefined || from === to) return [];
  const describe = (revision: string) =>
    `<(aws ecs describe-task-definition --task-definition ${shellWord(revision)})`;
  return [
    { text: `compare ${from} with ${to}:`, command: `diff ${describe(from)} ${describe(to)}` },
  ];
}
