import type { Alert } from '../alert.ts';
import type { Incident, IncidentKind, Notice } from '../incident.ts';
import { optedOut, pauseOver, serviceGone, taskDone } from '../incident-end.ts';
import { badPlaceDraft } from './bad-place.ts';
import { cardOf } from './card.ts';
import { concentrationDraft, densityAnomalyDraft } from './density.ts';
import { type AlertContext, type Draft, nothingToDo, type Scene, titleOf } from './draft.ts';
import { drainStuckDraft } from './drain-stuck.ts';
import { drainsStuckDraft } from './drains-stuck.ts';
import {
  breakGlassDraft,
  couldNotMeasureDraft,
  misconfiguredDraft,
  stageNotGatedDraft,
} from './gate.ts';
import { hookAwaitingActionDraft, hookTimedOutDraft } from './hook.ts';
import { linksOf } from './links.ts';
import { loopDraft } from './loop.ts';
import { mailOf } from './mail.ts';
import { notRecoveredDraft } from './not-recovered.ts';
import { pageOf } from './page.ts';
import { placementDraft } from './placement.ts';
import { replacementAheadDraft } from './replacement-ahead.ts';
import { rollbackDraft } from './rollback.ts';
import { startFailureDraft } from './start-failure.ts';
import { stormDraft } from './storm.ts';
import { unknownStopDraft } from './unknown-stop.ts';
import { cutAtWord, spoken, subjectCharsMax, toAscii } from './words.ts';
import { zoneDraft } from './zone.ts';

export type { AlertContext } from './draft.ts';

const families: Readonly<Record<IncidentKind, (scene: Scene) => Draft>> = {
  'crash-loop': loopDraft,
  'slow-loop': loopDraft,
  'start-failure': startFailureDraft,
  'unknown-stop': unknownStopDraft,
  'placement-failure': placementDraft,
  storm: stormDraft,
  'bad-instance': badPlaceDraft,
  'bad-zone': badPlaceDraft,
  rollback: rollbackDraft,
  'gate-could-not-measure': couldNotMeasureDraft,
  'gate-misconfigured': misconfiguredDraft,
  'stage-not-gated': stageNotGatedDraft,
  'break-glass': breakGlassDraft,
  'hook-timed-out': hookTimedOutDraft,
  'hook-awaiting-action': hookAwaitingActionDraft,
  'replacement-ahead': replacementAheadDraft,
  'drain-stuck': drainStuckDraft,
  'drains-stuck': drainsStuckDraft,
  'not-recovered': notRecoveredDraft,
  'zone-imbalance': zoneDraft,
  concentration: concentrationDraft,
  'density-anomaly': densityAnomalyDraft,
};

/** Puts one notice of an incident into words, for every receiver. */
export function renderAlert(incident: Incident, notice: Notice, context: AlertContext): Alert {
  const scene: Scene = {
    incident,
    notice,
    context,
    name: incident.subject.name,
    isResolved: notice.transition === 'resolve',
    isRepeat: incident.told !== undefined && notice.transition !== 'open',
    isReopened: incident.boundaryMs !== undefined,
  };
  const draft = ended(families[incident.kind](scene), scene);
  const links = linksOf(incident, context);
  return {
    id: `${incident.id}#${notice.sequence}`,
    subject: subjectOf(draft, scene),
    text: mailOf(draft, links, scene),
    card: cardOf(draft, links, scene),
    page: pageOf(draft, links, scene),
    attributes: {
      severity: notice.severity,
      kind: incident.kind,
      cluster: orDash(incident.cluster),
      service: orDash(serviceOf(incident)),
      incidentId: orDash(incident.id),
      transition: notice.transition,
    },
  };
}

/** An incident may end without anybody having seen its subject well: then nothing else is claimed. */
function ended(draft: Draft, { incident, isResolved, name }: Scene): Draft {
  if (!isResolved) return draft;
  const { resolution } = incident;
  if (resolution === taskDone) {
    return {
      ...draft,
      headline: 'works again, a later task ended well',
      lead: `A later task of ${name} ended well, and none has failed since. Nothing to do.`,
      next: nothingToDo,
      ends: taskDone,
    };
  }
  if (resolution === 'superseded') {
    return {
      ...draft,
      headline: 'closed, another deployment took over',
      lead: `Another deployment of ${name} took over. It gets an incident of its own if it fails too.`,
      ends: 'another deployment took over',
    };
  }
  if (resolution === 'deployment-given-up') {
    return {
      ...draft,
      headline: 'closed, ECS gave the deployment up',
      lead: `ECS starts no more tasks of the deployment of ${name} that failed, and what runs is enough. It is still to be repaired.`,
      next: [{ text: 'repair the build, then deploy again' }],
      ends: 'ECS gave the deployment up',
    };
  }
  if (resolution === serviceGone) {
    return {
      ...draft,
      headline: 'closed, the service is gone',
      lead: `ECS knows no service ${name} any more. Nothing to do if it was meant to go.`,
      next: nothingToDo,
      ends: 'the service is gone',
    };
  }
  if (resolution === optedOut) {
    return {
      ...draft,
      headline: 'closed, the service opted out',
      lead: `${name} opted out of such alerts, and is as it was. Nothing more is told of it.`,
      ends: optedOut,
    };
  }
  if (resolution === pauseOver) {
    return {
      ...draft,
      headline: 'closed, the time to decide is over',
      lead: `The deployment of ${name} waits no longer: somebody decided, or ECS did when the time was over. Look which way it went.`,
      next: [{ text: 'look whether the deployment went on or back' }],
      ends: 'the time to decide is over',
    };
  }
  if (resolution !== 'expired') {
    return { ...draft, ends: resolution === undefined ? '' : spoken(resolution) };
  }
  return {
    ...draft,
    headline: 'closed, nothing happened any more',
    lead: `Nothing happened to ${name} any more, but nobody saw it well. Look once that it is.`,
    next: [{ text: 'look once whether it is well' }],
    ends: 'nothing happened for a long time',
  };
}

function subjectOf(draft: Draft, scene: Scene): string {
  const { notice, isResolved } = scene;
  const tag = isResolved ? 'RESOLVED' : notice.severity.toUpperCase();
  return cutAtWord(toAscii(`[${tag}] ${titleOf(draft, scene)}`), subjectCharsMax);
}

const serviceOf = ({ subject: { type, name } }: Incident): string =>
  type === 'service' || type === 'family' ? name : '';

/** Attributes may not be empty. */
const orDash = (value: string): string => (value.trim() === '' ? '-' : value);
