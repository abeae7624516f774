import { type FactReader, readFacts, type StartFailureFacts } from '../alert-facts.ts';
import {
  type Advice,
  type Capacity,
  countOf,
  type Draft,
  holdingWords,
  isBelowMinimum,
  neededText,
  nothingToDo,
  pace,
  runningText,
  type Scene,
  wellText,
  withRunning,
} from './draft.ts';
import { summedFacts } from './summary.ts';
import {
  becomesCritical,
  capacityOf,
  circuitBreakerText,
  lastOne,
  placeText,
  revisionText,
  rollBackAdvice,
  sinceDeployment,
} from './task-facts.ts';
import { joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<StartFailureFacts>;

/** `start-failure`: tasks that never ran. */
export function startFailureDraft(scene: Scene): Draft {
  const facts = readFacts<StartFailureFacts>(summedFacts(scene.incident));
  const capacity = capacityOf(facts);
  const { name, isResolved } = scene;
  return {
    headline: isResolved
      ? `tasks start again${withRunning(capacity).replace(': ', ', ')}`
      : joined([
          'tasks do not start',
          spoken(scene.incident.cause),
          pace(scene, 'try', 'tries'),
          runningText(capacity),
        ]),
    lead: isResolved
      ? `${name} starts tasks again${withRunning(capacity)}. Nothing to do.`
      : leadOf(scene, capacity),
    since: sinceDeployment(facts, scene),
    evidence: known([
      failureText(scene, facts),
      imageText(facts),
      isResolved ? lastOne(scene, 'failed start') : undefined,
      joined([placeText(facts, scene), circuitBreakerText(facts)], '; '),
      revisionText(facts),
    ]),
    log: isResolved ? [] : facts.lines('logLines'),
    ballast: 'watched only',
    next: isResolved ? nothingToDo : adviceOf(scene, facts),
    ends: joined(
      [
        `${wellText(scene)} and 15 min without a failed start`,
        becomesCritical(scene.notice.severity, capacity.minimum),
      ],
      '. ',
    ),
  };
}

function leadOf(scene: Scene, capacity: Capacity): string {
  const { name, incident } = scene;
  const { calm, act } = holdingWords(scene);
  if (incident.subject.type === 'family') {
    return `${name} did not start. It is a standalone task, so nobody tries again. Look now.`;
  }
  const isBelow = isBelowMinimum(capacity);
  if (capacity.running === 0 && isBelow !== false) {
    return `${name} is down: none of its tasks starts ${neededText(capacity)}. Act now.`;
  }
  if (isBelow) {
    return `${name} is below its minimum ${neededText(capacity)} and starts no new task. Act now.`;
  }
  return isBelow === undefined
    ? `${name} starts no new task; whether enough of them run is not known. Look now.`
    : `${calm}: ${name} starts no new task but holds its minimum ${neededText(capacity)}. ${act}`;
}

function failureText({ incident }: Scene, facts: Reader): string {
  const container = facts.text('container');
  const what = container === undefined ? 'a task' : `container ${container}`;
  return `${countOf(incident)} x ${what} never ran: ${facts.text('stopReason') ?? facts.text('detail') ?? spoken(incident.cause)}`;
}

function imageText(facts: Reader): string | undefined {
  const image = facts.text('image');
  const isNamed = image !== undefined && facts.text('stopReason')?.includes(image);
  return image === undefined || isNamed ? undefined : `image ${image}`;
}

/** Causes are matched by a part of their name: the closed set of them may grow. */
const causeAdvice: readonly (readonly [RegExp, string])[] = [
  [/image/, 'is the image in its registry, and may the execution role pull it?'],
  [/init/, 'can the task reach and read what it starts with: secrets, volumes, logs, network?'],
  [/placement|capacity/, 'is there room: capacity providers, quotas, size of the task?'],
  [/config/, 'what does the task definition ask for that this cluster cannot give?'],
  [/agent/, "is the instance's agent connected? Look at the instance"],
  [/runtime/, 'does the command exist in the image, and is it built for this architecture?'],
];

function adviceOf(scene: Scene, facts: Reader): readonly Advice[] {
  const text =
    causeAdvice.find(([pattern]) => pattern.test(scene.incident.cause))?.[1] ??
    'repair what the evidence names';
  const cause: Advice = { text, command: describeImage(facts.text('image')) };
  const back = rollBackAdvice(facts, scene);
  return back === undefined ? [cause] : [cause, { ...back, text: `or ${back.text}` }];
}

/** Only an image in ECR can be looked up by this command. */
function describeImage(image: string | undefined): string | undefined {
  const match = /^(\d{12})\.dkr\.ecr\.([\w-]+)\.[^/]+\/([^:@]+)(?::([\w.-]+)|@(sha256:\w+))$/.exec(
    image ?? '',
  );
  if (match === null) return undefined;
  const [, registry = '', , repository = '', tag, digest] = match;
  const id = tag === undefined ? `imageDigest=${digest}` : `imageTag=${tag}`;
  return `aws ecr describe-images --registry-id ${registry} --repository-name ${shellWord(repository)} --image-ids ${id}`;
}
