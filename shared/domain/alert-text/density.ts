import { type ConcentrationFacts, type DensityAnomalyFacts, readFacts } from '../alert-facts.ts';
import { type Draft, nothingToDo, type Scene } from './draft.ts';
import { counted, joined, known } from './words.ts';

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
      ? 'spread over its instances again'
      : [`${tasks} on ${where}`, left].filter((part) => part !== undefined).join('; '),
    lead: isResolved
      ? `${name} no longer hangs on one instance. Nothing to do.`
      : `Serving normally. If ${where} dies, ${remaining === undefined ? 'most' : 'much'} of ${name} goes with it. Act this week.`,
    evidence: known([
      joined([`${tasks} on ${where}`, desiredText(facts.number('desired'))]),
      isResolved ? undefined : 'half and more on one instance for 30 min, no drain under way',
    ]),
    ballast: 'watched only',
    next: isResolved
      ? nothingToDo
      : [
          {
            text: 'spread it: placement strategy spread by instanceId where the provider allows one',
          },
          { text: 'or more, smaller instances: Managed Instances fill one instance first' },
        ],
    ends: 'less than 40% on one instance for 30 min',
  };
}

const desiredText = (desired: number | undefined): string | undefined =>
  desired === undefined ? undefined : `${desired} desired`;

/** `density-anomaly`: a figure of a provider or the cluster far from what was usual, unexplained. */
export function densityAnomalyDraft(scene: Scene): Draft {
  const facts = readFacts<DensityAnomalyFacts>(scene.incident.facts);
  const { isResolved, name } = scene;
  const [figure, group] = [facts.text('figure'), facts.text('group')];
  const [others, changed] = [facts.text('others'), facts.text('changed')];
  const what = figure ?? 'density unlike before';
  return {
    headline: isResolved
      ? 'density as usual again'
      : joined([group === undefined ? what : `provider ${group}: ${what}`]),
    lead: isResolved
      ? `Density in ${name} is as usual again, or has become the usual. Nothing to do.`
      : `Nobody is hurt so far: density in ${name} is unlike before, and no deployment or drain explains it. Look today.`,
    evidence: known([
      joined([what, group === undefined ? undefined : `provider ${group}`]),
      others === undefined ? undefined : `also ${others}`,
      changed === undefined
        ? 'no deployment, drain or scaling was seen in 6 h'
        : `changed before: ${changed}`,
    ]),
    ballast: 'watched only; it stays silent while a deployment, drain or scaling explains it',
    next: isResolved
      ? nothingToDo
      : [
          {
            text:
              changed === undefined
                ? 'look at the desired counts and the instances of the cluster'
                : 'look at what changed: is it meant to stay?',
          },
        ],
    ends: 'back in the usual band for 30 min, or usual by now',
  };
}
