import {
  type BreakGlassFacts,
  type CouldNotMeasureFacts,
  type MisconfiguredFacts,
  readFacts,
  type StageNotGatedFacts,
} from '../alert-facts.ts';
import { stageRole } from '../deployment-stage.ts';
import { type Advice, type Draft, nothingToDo, type Scene } from './draft.ts';
import { evidenceOf, isObserved, whereText } from './gate-facts.ts';
import { joined, shellWord, spoken } from './words.ts';

const breakGlassAdvice: Advice = {
  text: 'must it go out at once: break-glass, see the runbook',
};

/** Where a gate without proof stands: still asking, or only watching. */
type Unmeasured = 'waiting' | 'observed';

/** `gate-could-not-measure`: no verdict on the build, for want of proof. */
export function couldNotMeasureDraft(scene: Scene): Draft {
  const facts = readFacts<CouldNotMeasureFacts>(scene.incident.facts);
  const { name, isResolved, context, incident } = scene;
  const state: Unmeasured = isObserved(facts) ? 'observed' : 'waiting';
  const deadlineAtMs = facts.number('deadlineAtMs');
  const deadline = deadlineAtMs === undefined ? undefined : context.formatTime(deadlineAtMs);
  const why = spoken(facts.text('reason') ?? incident.cause);
  const common = { since: whereText(facts), evidence: evidenceOf(scene, facts), ends: measureEnds };
  if (isResolved) {
    return {
      ...common,
      headline: 'the gate has answered',
      lead: `The gate of ${name} has answered, no deployment waits for it any more. Nothing to do.`,
      ballast: state === 'waiting' ? 'answered IN_PROGRESS meanwhile' : measureBallast(state),
      next: nothingToDo,
    };
  }
  return {
    ...common,
    headline: measureHeadline(state, deadline, why),
    lead: measureLead(state, { deadline, name, serves: servesText(facts) }),
    ballast: measureBallast(state, deadline),
    next: [
      {
        text:
          state === 'waiting'
            ? 'repair what the evidence names: the gate goes on by itself'
            : 'repair what the evidence names before the next deployment',
      },
      ...(state === 'observed' ? [] : [breakGlassAdvice]),
    ],
  };
}

const measureEnds = 'when the gate can measure, or has answered at its deadline';

function measureHeadline(state: Unmeasured, deadline: string | undefined, why: string): string {
  switch (state) {
    case 'waiting':
      return `waits${deadline === undefined ? '' : ` until ${deadline}`}, gate cannot measure, ${why}`;
    case 'observed':
      return `deployed unproven, gate could not measure, ${why}`;
  }
}

function measureLead(
  state: Unmeasured,
  about: { readonly deadline: string | undefined; readonly name: string; readonly serves: string },
): string {
  const { deadline, name, serves } = about;
  switch (state) {
    case 'waiting':
      return `${serves}. The gate cannot measure green and rolls it back ${
        deadline === undefined ? 'if that lasts' : `at ${deadline}`
      }. Look before then.`;
    case 'observed':
      return `${name} went on unproven: the gate could not measure green and would have answered FAILED. Look today.`;
  }
}

function measureBallast(state: Unmeasured, deadline = 'its deadline'): string {
  switch (state) {
    case 'waiting':
      return `answers IN_PROGRESS until ${deadline}, then FAILED`;
    case 'observed':
      return 'would have answered FAILED at its deadline; in observe it answered SUCCEEDED';
  }
}

/** `gate-misconfigured`: what the gate was asked for cannot be done. */
export function misconfiguredDraft(scene: Scene): Draft {
  const facts = readFacts<MisconfiguredFacts>(scene.incident.facts);
  const { name, isResolved, incident } = scene;
  const reason = facts.text('reason') ?? incident.cause;
  const what = `gate ${reason === internalError ? 'failed' : 'misconfigured'}, ${spoken(reason)}`;
  const observed = isObserved(facts);
  return {
    headline: isResolved ? completedHeadline : observed ? `deployed unproven, ${what}` : what,
    lead: isResolved
      ? `A deployment of ${name} has completed since. If nobody has mended its gate, the next one is told again.`
      : misconfiguredLead(name, reason, observed ? undefined : servesText(facts)),
    since: whereText(facts),
    evidence: evidenceOf(scene, facts),
    ballast: observed
      ? 'would have answered FAILED at once; in observe it answered SUCCEEDED'
      : 'answered FAILED at once',
    next: isResolved ? [mendAdvice] : misconfiguredAdvice(reason),
    ends: `when a deployment of ${name} completes; the next one is told again if the gate is as it is`,
  };
}

/** A mistake of Ballast itself: nobody has anything to correct. */
const internalError = 'internal-error';

/** Its end says no more than what was seen: the deployment may have had no gate at all. */
const completedHeadline = 'closed, a deployment has completed';
const mendAdvice: Advice = { text: 'correct what the evidence names, if nobody has' };

/** What serves while ECS goes back, or while the gate waits: at a later stage green may have its share. */
const servesText = (facts: { text(name: 'stage'): string | undefined }): string =>
  stageRole(facts.text('stage') ?? '') === 'watched'
    ? 'Green may have production traffic by now'
    : 'Blue serves';

/** `serves` is undefined where the gate only watches. */
function misconfiguredLead(name: string, reason: string, serves: string | undefined): string {
  if (reason === internalError) {
    return serves === undefined
      ? `${name} went out unproven: its gate failed by a mistake of its own. Watch it today.`
      : `${serves}: the gate of ${name} failed by a mistake of its own and answered FAILED. Deploy again.`;
  }
  return serves === undefined
    ? `${name} goes out unproven: its gate is misconfigured and would have answered FAILED. Correct it today.`
    : `${serves}. No deployment of ${name} passes until its gate is configured correctly. Correct it now.`;
}

function misconfiguredAdvice(reason: string): readonly Advice[] {
  switch (reason) {
    case internalError:
      return [
        { text: "deploy again; if it repeats, report the error in the hook function's log" },
        breakGlassAdvice,
      ];
    case 'cluster-not-configured':
      return [{ text: 'add the cluster to ClusterArns of the stack, or detach the hook' }];
    default:
      return [
        { text: 'correct what the evidence names, then deploy again' },
        {
          text: 'check hookDetails before you deploy:',
          command: 'npm run -s gate -- --green URL --details FILE',
        },
      ];
  }
}

/** `stage-not-gated`: a hook that looks like a gate and is none. */
export function stageNotGatedDraft(scene: Scene): Draft {
  const facts = readFacts<StageNotGatedFacts>(scene.incident.facts);
  const { name, isResolved } = scene;
  const stage = facts.text('stage');
  return {
    headline: isResolved ? completedHeadline : joined(['hook proves nothing', stage]),
    lead: isResolved
      ? `A deployment of ${name} has completed since. If its hook is where it was, the next one is told again.`
      : `Nobody is hurt, but a hook of ${name} runs where nothing can be proven. Move it this week.`,
    since: whereText(facts),
    evidence: [
      `the hook was called at ${stage ?? 'another stage'}; only POST_TEST_TRAFFIC_SHIFT proves green`,
    ],
    ballast: 'answered SUCCEEDED, unproven',
    next: [{ text: 'attach the hook to POST_TEST_TRAFFIC_SHIFT; see the README of the hook' }],
    ends: 'when the deployment completes; the next one is told again if the hook is where it is',
  };
}

/** `break-glass`: somebody let a service pass unproven. */
export function breakGlassDraft(scene: Scene): Draft {
  const facts = readFacts<BreakGlassFacts>(scene.incident.facts);
  const { name, isResolved, context, incident } = scene;
  const by = facts.text('by') ?? 'somebody';
  const untilMs = facts.number('untilMs');
  const until = untilMs === undefined ? undefined : `until ${context.formatTime(untilMs)}`;
  const why = facts.text('why');
  return {
    headline: isResolved
      ? 'break-glass is over, the gate is closed again'
      : `deployed unproven, break-glass by ${by}`,
    lead: isResolved
      ? `Break-glass for ${name} is over, its deployments are gated again. Nothing to do.`
      : `${name} went on unproven: ${joined([`${by} opened break-glass`, until], ' ')}. Watch it yourself.`,
    since: whereText(facts),
    evidence: [why === undefined ? `opened by ${by}` : `opened by ${by}: "${why}"`],
    ballast: 'answered SUCCEEDED, unproven',
    next: isResolved
      ? nothingToDo
      : [
          { text: "watch the service's errors and latency" },
          {
            text: 'close it when done:',
            command: `aws ssm delete-parameter --name ${shellWord(
              `/ballast/break-glass/${incident.cluster}/${name}`,
            )}`,
          },
        ],
    ends: 'a day after it was last used',
  };
}
