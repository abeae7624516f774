import { type BadPlaceFacts, type FactReader, readFacts } from '../alert-facts.ts';
import { lastAtMs } from '../incident-occurrences.ts';
import { type Advice, type Draft, type Scene, subjectText } from './draft.ts';
import { namesText, servicesText } from './storm.ts';
import { counted, durationText, joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<BadPlaceFacts>;

/** `bad-instance` and `bad-zone`: services with different causes that fail in one place only. */
export function badPlaceDraft(scene: Scene): Draft {
  const facts = readFacts<BadPlaceFacts>(scene.incident.facts);
  const { isResolved } = scene;
  const below = facts.number('belowMinimum') ?? 0;
  return {
    headline: isResolved
      ? `${servicesText(scene, facts)} no longer fail there`
      : joined([
          `${servicesText(scene, facts)} fail there only`,
          below > 0 ? `${below} below minimum` : undefined,
          withinText(scene),
        ]),
    lead: isResolved ? endOf(scene, facts) : leadOf(scene, facts),
    evidence: known([
      placeText(scene, facts),
      causesText(facts),
      isResolved ? undefined : elsewhereText(scene, facts),
      namesText(scene, facts),
    ]),
    ballast: 'folded them into this one incident; watched only',
    next: isZone(scene) ? zoneAdvice(scene) : instanceAdvice(scene, facts),
    ends: 'every one of them steady for 15 min',
  };
}

const isZone = ({ incident }: Scene): boolean => incident.subject.type === 'zone';

/** `within 4 min`, the time over which they began to fail. */
function withinText({ incident }: Scene): string | undefined {
  const spanMs = lastAtMs(incident) - incident.firstAtMs;
  return spanMs > 0 ? `within ${durationText(spanMs)}` : undefined;
}

function leadOf(scene: Scene, facts: Reader): string {
  const { incident, isRepeat, notice } = scene;
  const fail = `${servicesText(scene, facts)} in ${incident.cluster} ${isRepeat ? 'still ' : ''}fail, all ${isZone(scene) ? 'in' : 'on'} ${subjectText(incident)}`;
  const below = facts.number('belowMinimum');
  if (below === undefined) return `${fail}; how many lack tasks is not known. Look now.`;
  if (below === 1) return `${fail}; 1 of them runs fewer tasks than it needs. Act now.`;
  if (below > 1) return `${fail}; ${below} of them run fewer tasks than they need. Act now.`;
  return `${fail}, but they hold their minimum. Act ${notice.severity === 'critical' ? 'now' : 'today'}.`;
}

/** That its services are well elsewhere does not heal a place. */
const endOf = (scene: Scene, facts: Reader): string =>
  isZone(scene)
    ? `The ${servicesText(scene, facts)} in ${scene.incident.cluster} that failed there are over it. End a zonal shift if you began one.`
    : `The ${servicesText(scene, facts)} in ${scene.incident.cluster} that failed there are over it. Make sure that ${subjectText(scene.incident)} is gone or well.`;

function placeText(scene: Scene, facts: Reader): string {
  const { name } = scene.incident.subject;
  if (!isZone(scene)) {
    const zone = facts.text('zone');
    return `all their stops were on instance ${name}${zone === undefined ? '' : ` in ${zone}`}`;
  }
  const instances = facts.number('instances') ?? 0;
  return `all their stops were in ${name}${instances === 0 ? '' : `, on ${counted(instances, 'instance')}`}`;
}

/** `4 causes: image pull 4, out of memory 3, agent 1, killed 1` */
function causesText(facts: Reader): string | undefined {
  const causes = (facts.text('causes') ?? '').split(/,\s*/).filter((cause) => cause !== '');
  if (causes.length === 0) return undefined;
  const list = causes.map((one) => {
    const [, cause = one, count = ''] = /^(.*) (\d+)$/.exec(one) ?? [];
    return joined([spoken(cause), count], ' ');
  });
  return `${counted(causes.length, 'cause')}: ${list.join(', ')}`;
}

/** `9 other instances run tasks (8 of these services too), and none failed there: suspect ...` */
function elsewhereText(scene: Scene, facts: Reader): string | undefined {
  const others = facts.number('otherPlaces') ?? 0;
  if (others < 1) return undefined;
  const noun = isZone(scene) ? 'zone' : 'instance';
  const failed = facts.number('servicesElsewhere') ?? 0;
  const well = facts.number('alsoElsewhere') ?? 0;
  const run = `${counted(others, `other ${noun}`)} ${others === 1 ? 'runs' : 'run'} tasks`;
  const too = well === 0 ? '' : ` (${well} of these services too)`;
  const none =
    failed === 0
      ? 'none failed there'
      : `only ${counted(failed, 'service')} failed in ${others === 1 ? 'it' : 'them'}`;
  return `${run}${too}, and ${none}: suspect the ${noun}`;
}

function instanceAdvice(scene: Scene, facts: Reader): readonly Advice[] {
  const { incident, isResolved } = scene;
  const [cluster, instance] = [shellWord(incident.cluster), shellWord(incident.subject.name)];
  if (/^host-gone \d+$/.test(facts.text('causes') ?? '')) {
    return [
      { text: 'the instance went away under its tasks: look at its group and at AWS Health' },
    ];
  }
  const stillThere = isResolved ? 'if it is still there, ' : '';
  switch (facts.text('launchType')) {
    case 'MANAGED_INSTANCES':
      return [
        {
          text: `${stillThere}replace the instance; this stops at once what still runs on it:`,
          command: `aws ecs deregister-container-instance --cluster ${cluster} --container-instance ${instance} --force`,
        },
      ];
    case 'EC2':
    case 'EXTERNAL':
      return [
        {
          text: `${stillThere}take the instance out of use; its tasks move as their minimum allows:`,
          command:
            `aws ecs update-container-instances-state --cluster ${cluster} ` +
            `--container-instances ${instance} --status DRAINING`,
        },
      ];
    default:
      return [
        {
          text: `${stillThere}look at the instance first, then replace it as the runbook says:`,
          command: `aws ecs describe-container-instances --cluster ${cluster} --container-instances ${instance}`,
        },
      ];
  }
}

function zoneAdvice({ incident, isResolved }: Scene): readonly Advice[] {
  const zone = incident.subject.name;
  if (isResolved) return [{ text: `end a zonal shift away from ${zone} once AWS Health is quiet` }];
  return [
    { text: `look at AWS Health for ${zone}` },
    { text: 'if it is ill, shift the load balancers away from it: the runbook has the command' },
  ];
}
