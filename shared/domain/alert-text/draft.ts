import type { Incident, Notice } from '../incident.ts';
import { lastAtMs } from '../incident-occurrences.ts';
import { counted, durationText, joined } from './words.ts';

/** What a text needs beyond the incident; times and addresses are the caller's. */
export type AlertContext = {
  /** A time with its zone, to the minute: `Fri 20 Nov 14:02Z`. */
  readonly formatTime: (atMs: number) => string;
  readonly region: string;
  /** Address of docs/operations.md; the kind is its anchor. */
  readonly runbookBase: string;
  /** Command that mutes, up to its options: `npm run -s mute -- add`. */
  readonly muteCommand: string;
};

/** Something to do, with a command to paste where there is one. */
export type Advice = { readonly text: string; readonly command?: string | undefined };

/** The contents of an alert before they take a form; every family of kinds makes one. */
export type Draft = {
  /** For the subject, behind whom it concerns. */
  readonly headline: string;
  /** How the headline is told once more; `still` unless it is a new event of its own. */
  readonly repeat?: 'still' | 'again' | undefined;
  /** Who is hurt, whether it goes on, whether the reader must act: at most 25 words. */
  readonly lead: string;
  /** Behind the time of the first occurrence. */
  readonly since?: string | undefined;
  readonly evidence: readonly string[];
  readonly log?: readonly string[];
  readonly ballast: string;
  readonly next: readonly Advice[];
  /** What ends the incident, while it is open. */
  readonly ends: string;
};

/** One notice of one incident, as the families read it. */
export type Scene = {
  readonly incident: Incident;
  readonly notice: Notice;
  readonly context: AlertContext;
  /** Name of the subject. */
  readonly name: string;
  readonly isResolved: boolean;
  /** True when people have been told before. */
  readonly isRepeat: boolean;
  /** True when it opens once more after an end. */
  readonly isReopened: boolean;
};

/** `worker in prod, still: crash loop, ...` */
export function titleOf(draft: Draft, { incident, notice, isReopened }: Scene): string {
  const again =
    notice.transition === 'update'
      ? (draft.repeat ?? 'still')
      : notice.transition === 'open' && isReopened
        ? 'again'
        : undefined;
  return `${joined([whomOf(incident), again])}: ${draft.headline}`;
}

/** `worker in prod`, or `prod` for the cluster as a whole. */
export const whomOf = (incident: Incident): string =>
  incident.subject.type === 'cluster'
    ? incident.cluster
    : `${subjectText(incident)} in ${incident.cluster}`;

/** So much of an instance's id (32 hex digits) tells it from others; evidence has all of it. */
const shortIdChars = 8;

/** `worker`, `instance 1f0e2d3c`, `eu-central-1a`: as a sentence names it. */
export const subjectText = ({ subject: { type, name } }: Incident): string =>
  type === 'instance' ? `instance ${name.slice(0, shortIdChars)}` : name;

/** How often it happened since it opened; what came before an earlier end does not count again. */
export const countOf = ({ count, boundaryMs, occurrences }: Incident): number =>
  boundaryMs === undefined ? count : Math.max(occurrences.length, 1);

/** `6 stops in 10 min`, from the first occurrence to the last. */
export function pace({ incident }: Scene, noun: string, plural?: string): string {
  const spanMs = lastAtMs(incident) - incident.firstAtMs;
  const what = counted(countOf(incident), noun, plural);
  return countOf(incident) > 1 && spanMs > 0 ? `${what} in ${durationText(spanMs)}` : what;
}

/** How long nothing has happened any more. */
export const quietText = ({ incident, notice }: Scene): string =>
  durationText((incident.resolvedAtMs ?? notice.atMs) - lastAtMs(incident));

/** What has to be seen before an incident of tasks ends: of standalone ones, a success. */
export const wellText = ({ incident: { subject } }: Scene): string =>
  subject.type === 'family' ? 'a task that ends well' : 'steady state';

export const nothingToDo: readonly Advice[] = [{ text: 'nothing to do' }];

/** How many tasks run, and how many must. */
export type Capacity = {
  readonly running: number | undefined;
  readonly desired: number | undefined;
  readonly minimum: number | undefined;
};

/** Undefined when it is not known. */
export const isBelowMinimum = ({ running, minimum }: Capacity): boolean | undefined =>
  running === undefined || minimum === undefined ? undefined : running < minimum;

/** `1 of 4 running`, for subjects. */
export const runningText = ({ running, desired }: Capacity): string | undefined =>
  running === undefined
    ? undefined
    : desired === undefined
      ? `${running} running`
      : `${running} of ${desired} running`;

/** `(1 running, 2 needed)`, for sentences. */
export const neededText = ({ running, minimum }: Capacity): string =>
  `(${joined([
    running === undefined ? undefined : `${running} running`,
    minimum === undefined ? undefined : `${minimum} needed`,
  ])})`;

/** For who holds its minimum; what has paged stays urgent, though it may look better by now. */
export const holdingWords = ({ notice }: Scene): { readonly calm: string; readonly act: string } =>
  notice.severity === 'critical'
    ? { calm: 'Enough tasks run just now', act: 'Act now.' }
    : { calm: 'Nobody is hurt so far', act: 'Act today.' };

/** `: 4 of 4 running`, or nothing. */
export const withRunning = (capacity: Capacity): string => {
  const text = runningText(capacity);
  return text === undefined ? '' : `: ${text}`;
};
