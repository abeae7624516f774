import { type FactReader, type HookFacts, readFacts } from '../alert-facts.ts';
import { type Advice, type Draft, nothingToDo, type Scene } from './draft.ts';
import { whereText } from './gate-facts.ts';
import { joined, known, shellWord } from './words.ts';

type Reader = FactReader<HookFacts>;

/** `hook-timed-out`: ECS stopped waiting for a lifecycle hook. */
export function hookTimedOutDraft(scene: Scene): Draft {
  const facts = readFacts<HookFacts>(scene.incident.facts);
  const { name, isResolved } = scene;
  return {
    headline: isResolved
      ? 'closed, a deployment has completed'
      : joined(['hook timed out, ECS rolled back or went on', facts.text('stage')]),
    lead: isResolved
      ? `A deployment of ${name} has completed since: after its hooks, or in spite of this one. The next that is late is told again.`
      : `A hook of ${name} did not answer in time. ECS rolls back, or goes on unproven if the hook says CONTINUE. Look now.`,
    since: whereText(facts),
    evidence: known([hookText(facts), facts.text('detail')]),
    ballast: 'watched only',
    next: [
      { text: 'see what ECS did:', command: latestDeployment(scene) },
      { text: "read the hook function's log: was it called, throttled or too slow?" },
    ],
    ends: `when a deployment of ${name} completes`,
  };
}

const latestDeployment = ({ incident, name }: Scene): string =>
  `aws ecs list-service-deployments --cluster ${shellWord(incident.cluster)} ` +
  `--service ${shellWord(name)} --query "serviceDeployments[0].[status,statusReason]"`;

/** `hook-awaiting-action`: a deployment that waits for a person. */
export function hookAwaitingActionDraft(scene: Scene): Draft {
  const facts = readFacts<HookFacts>(scene.incident.facts);
  const { name, isResolved, context } = scene;
  const expiresAtMs = facts.number('expiresAtMs');
  const until = expiresAtMs === undefined ? undefined : context.formatTime(expiresAtMs);
  const outcome = 'by default ECS rolls it back';
  return {
    headline: isResolved
      ? 'the deployment no longer waits for a person'
      : joined(
          [
            'deployment waits for a person',
            until === undefined ? stageText(facts) : `until ${until}`,
          ],
          ' ',
        ),
    lead: isResolved
      ? `The deployment of ${name} no longer waits for a person. Nothing to do.`
      : until === undefined
        ? `The deployment of ${name} waits for a person; without one, ${outcome}. Decide.`
        : `The deployment of ${name} waits for a person until ${until}, then ${outcome}. Decide.`,
    since: whereText(facts),
    evidence: known([hookText(facts), facts.text('detail')]),
    ballast: 'watched only: the decision is yours',
    next: isResolved ? nothingToDo : decisions(facts),
    ends: joined(['when somebody decides', until === undefined ? undefined : `or at ${until}`]),
  };
}

function hookText(facts: Reader): string {
  const [type, id] = [facts.text('hookType'), facts.text('hookId')];
  return joined(
    [type === undefined ? 'a lifecycle hook' : `${type} hook`, id ?? undefined, stageText(facts)],
    ' ',
  );
}

function stageText(facts: Reader): string | undefined {
  const stage = facts.text('stage');
  return stage === undefined ? undefined : `at ${stage}`;
}

function decisions(facts: Reader): readonly Advice[] {
  const [arn, id] = [facts.text('serviceDeploymentArn'), facts.text('hookId')];
  if (arn === undefined || id === undefined) {
    return [{ text: 'continue or roll back, in the console under Deployments' }];
  }
  return [
    {
      text: 'look at green, then continue (or --action ROLLBACK):',
      command:
        `aws ecs continue-service-deployment --action CONTINUE --hook-id ${shellWord(id)} ` +
        `--service-deployment-arn ${shellWord(arn)}`,
    },
  ];
}
