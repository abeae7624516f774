import {
  type BreakGlassFacts,
  type CouldNotMeasureFacts,
  type MisconfiguredFacts,
  readFacts,
  type StageNotGatedFacts,
} from '../alert-facts.ts';
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
    lead: measureLead(state, deadline, name),
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

function measureLead(state: Unmeasured, deadline: string | undefined, name: string): string {
  switch (state) {
    case 'waiting':
      return `Blue serves. The gate cannot measure green and rolls it back ${
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
    headline: isResolved
      ? 'the gate can use its configuration again'
      : observed
        ? `deployed unproven, ${what}`
        : what,
    lead: isResolved
      ? `The gate of ${name} can use its configuration again. Nothing to do.`
      : misconfiguredLead(name, reason, observed),
    since: whereText(facts),
    evidence: evidenceOf(scene, facts),
    ballast: observed
      ? 'would have answered FAILED at once; in observe it answered SUCCEEDED'
      : 'answered FAILED at once',
    next: isResolved ? nothingToDo : misconfiguredAdvice(reason),
    ends: `when a gate of ${name} can use its configuration`,
  };
}

/** A mistake of Ballast itself: nobody has anything to correct. */
const internalError = 'internal-error';

function misconfiguredLead(name: string, reason: string, isObservedOnly: boolean): string {
  if (reason === internalError) {
    return isObservedOnly
      ? `${name} went out unproven: its gate failed by a mistake of its own. Watch it today.`
      : `Blue serves: the gate of ${name} failed by a mistake of its own and answered FAILED. Deploy again.`;
  }
  return isObservedOnly
    ? `${name} goes out unproven: its gate is misconfigured and would have answered FAILED. Correct it today.`
    : `Blue serves, but no deployment of ${name} passes until its gate is configured correctly. Correct it now.`;
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
  const stage = facts.text('stage') ?? 'a stage where nothing can be proven';
  return {
    headline: isResolved ? 'the hook runs at a gated stage now' : `not gated, hook at ${stage}`,
    lead: isResolved
      ? `The hook of ${name} runs at a gated stage now. Nothing to do.`
      : `Nobody is hurt, but ${name} has no gate: its hook runs where nothing can be proven. Move it this week.`,
    since: whereText(facts),
    evidence: [`the hook was called at ${stage}; only POST_TEST_TRAFFIC_SHIFT proves green`],
    ballast: 'answered SUCCEEDED, unproven',
    next: isResolved
      ? nothingToDo
      : [{ text: 'attach the hook to POST_TEST_TRAFFIC_SHIFT; see the README of the hook' }],
    ends: 'when the hook is called at a gated stage',
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
