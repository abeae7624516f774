import {
  type ConcentrationFacts,
  type DensityAnomalyFacts,
  type FactReader,
  readFacts,
} from '../alert-facts.ts';
import { lastingExplainedMsMax } from '../cluster-change.ts';
import { zonesName } from '../density-series.ts';
import { type Advice, type Draft, nothingToDo, type Scene } from './draft.ts';
import { counted, joined, known, shellWord } from './words.ts';

/** `concentration`: too much of a service stands or falls with one instance. */
export function concentrationDraft(scene: Scene): Draft {
  const facts = readFacts<ConcentrationFacts>(scene.incident.facts);
  const { name, isResolved } = scene;
  const [on, running] = [facts.number('onInstance'), facts.number('running')];
  const [instance, remaining] = [facts.text('instance'), facts.number('remaining')];
  const where = instance ?? 'one instance';
  const tasks = on === undefined ? 'most tasks' : `${on} of ${counted(running ?? on, 'task')}`;
  const left = remaining === undefined ? undefined : `losing it leaves ${remaining}`;
  return {
    headline: isResolved
      ? endOf(scene)
      : [`${tasks} on ${where}`, left].filter((part) => part !== undefined).join('; '),
    lead: isResolved
      ? `${name}: ${endOf(scene)}. Nothing to do.`
      : `${servingText(facts)} If ${where} dies, ${shareLost(remaining)} of ${name} goes with it. Act this week.`,
    evidence: known([
      joined([`${tasks} on ${where}`, desiredText(facts.number('desired'))]),
      ...(isResolved ? [] : [limitText(facts), evenText(facts), peersText(facts)]),
    ]),
    ballast: 'watched only; it tells this once, and the daily digest names it while it lasts',
    next: isResolved ? nothingToDo : remedies(scene, facts),
    ends: 'less than 40% on one instance for 30 min, or no more than an even spread',
  };
}

/** What ended it, by the reason of the one who saw it. */
const ends: Readonly<Record<string, string>> = {
  'even-over-zones': 'no more on one instance than an even spread over its zones',
  'too-few-tasks': 'wants too few tasks now to be judged',
  'tagged-off': 'not watched any more, by its tag',
};

const endOf = ({ incident }: Scene): string =>
  ends[incident.resolution ?? ''] ?? 'spread over its instances again';

const byZone = 'type=spread,field=attribute:ecs.availability-zone ';
const byInstance = 'type=spread,field=instanceId';

type ConcentrationReader = FactReader<ConcentrationFacts>;

/** `63% on one instance for 30 min, limit 50%; no drain under way` */
function limitText(facts: ConcentrationReader): string {
  const [on, running] = [facts.number('onInstance'), facts.number('running')];
  const limit = facts.number('limitPercent');
  const share =
    on === undefined || running === undefined || running <= 0
      ? 'too large a share'
      : `${Math.round((100 * on) / running)}%`;
  const bound = limit === undefined ? '' : `, limit ${limit}%`;
  return `${share} on one instance for 30 min${bound}; no drain under way`;
}

/** `an even spread over its 3 zones puts 3 on one at most`; machines outside AWS have no zones. */
function evenText(facts: ConcentrationReader): string | undefined {
  const [zones, even] = [facts.number('zones'), facts.number('evenTasks')];
  if (zones === undefined || zones === 0 || even === undefined) return undefined;
  return zones === 1
    ? `it has one zone only; two instances in it would hold ${even} each`
    : `an even spread over its ${zones} zones puts ${even} on one at most`;
}

/** `i-0c41 holds 22 tasks in all, its peers 6` */
function peersText(facts: ConcentrationReader): string | undefined {
  const [all, peers] = [facts.number('instanceTasks'), facts.number('peerTasks')];
  if (all === undefined || peers === undefined || all === 0) return undefined;
  return `it holds ${counted(all, 'task')} of all services, its peers ${peers}`;
}

/** What somebody can do about it, by what the service runs on. */
function remedies({ incident, name }: Scene, facts: ConcentrationReader): readonly Advice[] {
  const provider = facts.text('provider');
  const where = provider === undefined ? 'its instances' : `capacity provider ${provider}`;
  const meant: Advice = { text: 'it is meant to be so: tag the service ballast:density = off' };
  switch (facts.text('remedy')) {
    case 'smaller-instances':
      return [
        {
          text: `smaller instances: lower the most vCPUs and memory that ${where} may launch, so that fewer tasks fit on one`,
        },
        meant,
      ];
    case 'spread-by-instance': {
      const hasZones = facts.number('zones') !== 0;
      const how = `spread it over instances${hasZones ? ' as well as zones' : ''}`;
      const controller = facts.text('controller');
      const strategy = facts.text('strategy') ?? `${hasZones ? byZone : ''}${byInstance}`;
      const words = strategy.split(' ').map(shellWord).join(' ');
      const command = `aws ecs update-service --cluster ${shellWord(incident.cluster)} --service ${shellWord(name)} --placement-strategy ${words}`;
      return [
        controller === undefined
          ? {
              text: `${how}; this starts a deployment:`,
              command: `${command} --force-new-deployment`,
            }
          : // UpdateService refuses a new deployment where ECS does not deploy.
            { text: `${how}, then deploy it by its own tool (${controller}):`, command },
        meant,
      ];
    }
    case 'room-elsewhere':
      return [
        {
          text: `room elsewhere: the service spreads by instance already, so the others of ${where} are full or missing`,
        },
        meant,
      ];
    case 'second-instance':
      return [{ text: `a second instance: nothing else of ${where} suits its tasks` }, meant];
    default:
      return [{ text: 'spread it: more, smaller instances, or spread by instanceId' }, meant];
  }
}

/** Who is hurt: nobody, or those whose tasks are missing. */
function servingText(facts: ConcentrationReader): string {
  const [running, desired] = [facts.number('running'), facts.number('desired')];
  return running !== undefined && desired !== undefined && running < desired
    ? `Only ${running} of ${counted(desired, 'task')} run.`
    : 'Serving normally.';
}

const desiredText = (desired: number | undefined): string | undefined =>
  desired === undefined ? undefined : `${desired} desired`;

function shareLost(remaining: number | undefined): string {
  if (remaining === undefined) return 'most';
  return remaining === 0 ? 'all' : 'much';
}

/** `density-anomaly`: a figure of a provider or the cluster far from what was usual, unexplained. */
export function densityAnomalyDraft(scene: Scene): Draft {
  const facts = readFacts<DensityAnomalyFacts>(scene.incident.facts);
  const { isResolved, name } = scene;
  const [figure, group] = [facts.text('figure'), facts.text('group')];
  const [others, changed] = [facts.text('others'), facts.text('changed')];
  const outlasts = facts.text('outlasts');
  const what = figure ?? 'density unlike before';
  return {
    headline: isResolved
      ? 'density as usual again'
      : joined([group === undefined ? what : `provider ${group}: ${what}`]),
    lead: isResolved
      ? `Density in ${name} is as usual again, or has become the usual. Nothing to do.`
      : outlasts === undefined
        ? `Nobody is hurt so far: density in ${name} is unlike before, and no deployment or drain explains it. Look today.`
        : `Nobody is hurt so far: density in ${name} is unlike before, for longer than what goes on there explains. Look today.`,
    evidence: known([
      joined([what, group === undefined ? undefined : `provider ${group}`]),
      others === undefined ? undefined : `also ${others}`,
      outlasts === undefined ? undefined : `still going on ${explainedHours} h later: ${outlasts}`,
      changed !== undefined
        ? `changed before: ${changed}`
        : // At its end what explains it is long over, if anything did.
          outlasts === undefined && !isResolved
          ? 'no deployment, drain or scaling was seen in 6 h'
          : undefined,
    ]),
    ballast: 'watched only; it stays silent while a deployment, drain or scaling explains it',
    next: isResolved ? nothingToDo : [{ text: anomalyAdviceOf(what, changed, outlasts) }],
    ends: 'back in the usual band for 30 min, or usual by now',
  };
}

const explainedHours = lastingExplainedMsMax / 3_600_000;

function anomalyAdviceOf(
  what: string,
  changed: string | undefined,
  outlasts: string | undefined,
): string {
  if (what.startsWith(zonesName)) {
    return 'look at AWS Health, and at the subnets and launch errors of the capacity providers';
  }
  if (outlasts !== undefined) return 'look at what still goes on: what keeps it from its end?';
  return changed === undefined
    ? 'look at the desired counts and the instances of the cluster'
    : 'look at what changed: is it meant to stay?';
}
