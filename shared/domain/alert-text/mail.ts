import { logLineCharsMax, logLinesMax } from '../alert-facts.ts';
import { lastAtMs } from '../incident-occurrences.ts';
import type { Draft, Scene } from './draft.ts';
import { countOf } from './draft.ts';
import type { Links } from './links.ts';
import { cutAtWord, durationText, joined, wrapped, wrappedCommand } from './words.ts';

const lineCharsMax = 110;
const labelChars = 10;

/** The mail: what to know at once, five labels in a fixed order, then where to go on. */
export function mailOf(draft: Draft, links: Links, scene: Scene): string {
  return [
    ...wrapped(draft.lead, lineCharsMax),
    '',
    ...labelled('Since', wrapped(sinceText(draft, scene), room)),
    ...labelled('Evidence', evidenceLines(draft)),
    ...labelled('Ballast', wrapped(ballastText(draft, scene), room)),
    ...labelled('Next', nextLines(draft)),
    ...labelled('Ends', wrapped(endsText(draft, scene), room)),
    '',
    ...labelled('Runbook', [links.runbook]),
    ...labelled('Console', [links.console]),
    ...labelled('Logs', links.logs === undefined ? [] : [links.logs]),
    ...labelled('Incident', [scene.incident.id]),
    ...labelled('Mute', wrappedCommand(links.mute, room)),
  ].join('\n');
}

const room = lineCharsMax - labelChars;

const labelled = (label: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, at) => `${(at === 0 ? label : '').padEnd(labelChars)}${line}`);

function evidenceLines({ evidence, log = [] }: Draft): readonly string[] {
  return [
    ...evidence.flatMap((line) => wrapped(line, room)),
    ...log.slice(-logLinesMax).map((line) => `| ${cutAtWord(line, logLineCharsMax)}`),
  ];
}

const nextLines = ({ next }: Draft): readonly string[] =>
  next.flatMap(({ text, command }) => [
    ...wrapped(text, room),
    ...(command === undefined ? [] : wrappedCommand(command, room)),
  ]);

function sinceText({ since }: Draft, { incident, notice, context, isResolved }: Scene): string {
  const first = context.formatTime(incident.firstAtMs);
  const untilMs = isResolved ? (incident.resolvedAtMs ?? notice.atMs) : notice.atMs;
  const lasted = durationText(untilMs - incident.firstAtMs);
  if (isResolved) return `${first} to ${context.formatTime(untilMs)}, ${lasted}`;
  const last = countOf(incident) > 1 ? `, last ${context.formatTime(lastAtMs(incident))}` : '';
  const sofar = notice.transition === 'open' ? '' : `, ${lasted} so far${last}`;
  const graver =
    notice.transition === 'escalate'
      ? `; ${notice.severity.toUpperCase()} since ${context.formatTime(notice.atMs)}`
      : '';
  return `${first}${since === undefined || since === '' ? '' : `, ${since}`}${sofar}${graver}`;
}

/** Who has it in hand is the first thing that the next reader wants to know. */
const ballastText = ({ ballast }: Draft, { incident: { acknowledged } }: Scene): string =>
  acknowledged === undefined ? ballast : `${ballast}; in hand: ${acknowledged.by}`;

const endsText = ({ ends }: Draft, { incident, notice, context, isResolved }: Scene): string =>
  isResolved
    ? joined([`ended ${context.formatTime(incident.resolvedAtMs ?? notice.atMs)}`, ends], ': ')
    : ends;
