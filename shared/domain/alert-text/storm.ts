import { type FactReader, readFacts, type StormFacts } from '../alert-facts.ts';
import { lastAtMs } from '../incident-occurrences.ts';
import { type Advice, countOf, type Draft, nothingToDo, type Scene } from './draft.ts';
import { counted, durationText, joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<StormFacts>;

/** `storm`: one cause in many services, told once. */
export function stormDraft(scene: Scene): Draft {
  const facts = readFacts<StormFacts>(scene.incident.facts);
  const { incident, isResolved } = scene;
  const below = facts.number('belowMinimum');
  return {
    headline: isResolved
      ? `${servicesText(scene, facts)} no longer fail alike`
      : joined([
          `${servicesText(scene, facts)} fail alike`,
          spoken(incident.cause),
          agoText(scene),
          below === undefined ? undefined : `${below} below minimum`,
        ]),
    lead: isResolved
      ? `The ${servicesText(scene, facts)} in ${incident.cluster} that failed alike are over it: steady, gone, or on another deployment. Nothing to do.`
      : leadOf(scene, facts),
    evidence: known([
      joined([spoken(incident.cause), facts.text('stopReason')], ': '),
      sharedText(facts),
      namesText(scene, facts),
    ]),
    ballast: 'folded them into this one incident; watched only',
    next: isResolved ? nothingToDo : adviceOf(scene, facts),
    ends: 'every one of them steady for 15 min',
  };
}

/** What every fold knows of its members. */
type MemberReader = Pick<
  FactReader<Pick<StormFacts, 'services' | 'serviceNames'>>,
  'number' | 'text'
>;

/** An occurrence of a fold is one more service. */
const servicesOf = ({ incident }: Scene, facts: MemberReader): number =>
  facts.number('services') ?? countOf(incident);

export const servicesText = (scene: Scene, facts: MemberReader): string =>
  counted(servicesOf(scene, facts), 'service');

/** `within 4 min` */
function agoText({ incident }: Scene): string | undefined {
  const spanMs = lastAtMs(incident) - incident.firstAtMs;
  return spanMs > 0 ? `within ${durationText(spanMs)}` : undefined;
}

function leadOf(scene: Scene, facts: Reader): string {
  const { incident, isRepeat } = scene;
  const fail = `${servicesText(scene, facts)} in ${incident.cluster} ${isRepeat ? 'still ' : ''}fail alike (${spoken(incident.cause)})`;
  const below = facts.number('belowMinimum');
  if (below === undefined) return `${fail}; how many lack tasks is not known. Look now.`;
  return below === 0
    ? `${fail}, but all of them hold their minimum. Act on the cause today.`
    : `${fail}, and ${below} of them run fewer tasks than they need. Act now.`;
}

function sharedText(facts: Reader): string | undefined {
  const [image, instance] = [facts.text('image'), facts.text('instance')];
  const zone = facts.text('zone');
  const shared = joined([
    image === undefined ? undefined : `image ${image}`,
    instance === undefined ? undefined : `instance ${instance}`,
    zone === undefined ? undefined : `zone ${zone}`,
  ]);
  return shared === '' ? undefined : `in common: ${shared}`;
}

/** Names on a phone: the worst few, the others by number. */
const namesMax = 8;

/** The worst few by name. */
export function namesText(scene: Scene, facts: MemberReader): string | undefined {
  const names = (facts.text('serviceNames') ?? '').split(/,\s*/).filter((name) => name !== '');
  if (names.length === 0) return undefined;
  const more = Math.max(
    Math.max(servicesOf(scene, facts), names.length) - Math.min(names.length, namesMax),
    0,
  );
  return `${names.slice(0, namesMax).join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

function adviceOf({ incident }: Scene, facts: Reader): readonly Advice[] {
  const [instance, zone] = [facts.text('instance'), facts.text('zone')];
  if (facts.text('image') !== undefined) {
    return [{ text: 'repair or replace the image that they share, then let ECS try again' }];
  }
  if (instance !== undefined) {
    return [
      {
        // How it is replaced hangs on who runs it, which the members do not say.
        text: 'look at the instance first, then replace it as the runbook for bad-instance says:',
        command:
          `aws ecs describe-container-instances --cluster ${shellWord(incident.cluster)} ` +
          `--container-instances ${shellWord(instance)}`,
      },
    ];
  }
  if (zone !== undefined)
    return [{ text: `look at AWS Health for ${zone}; shift away if it is ill` }];
  return [{ text: 'look for what changed in all of them: image, secret, network, host' }];
}
