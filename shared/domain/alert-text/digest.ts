import type { Alert } from '../alert.ts';
import type { Digest, DigestEntry, Listed } from '../digest.ts';
import type { AlertContext } from './draft.ts';
import {
  counted,
  cutAtWord,
  durationText,
  joined,
  spoken,
  subjectCharsMax,
  toAscii,
} from './words.ts';

const stepsMax = 3;

/** A digest in every form: one mail and one card for many things, and never a page. */
export function renderDigest(digest: Digest, context: AlertContext): Alert {
  const headline = headlineOf(digest);
  const severity = digest.kind === 'first-run' && sizeOf(digest.open) > 0 ? 'warn' : 'info';
  const title = `${digest.cluster}: ${headline}`;
  return {
    id: digest.id,
    subject: cutAtWord(toAscii(`[${severity.toUpperCase()}] ${title}`), subjectCharsMax),
    text: [leadOf(digest), '', ...bodyOf(digest, context)].join('\n'),
    card: {
      title: `📋 ${title}`,
      description: leadOf(digest),
      nextSteps: digest.open.shown.slice(0, stepsMax).map(nameOf),
      keywords: [digest.cluster, digest.kind],
      threadId: digest.id,
      summary: title,
    },
    page: undefined,
    attributes: {
      severity,
      kind: `digest-${digest.kind}`,
      cluster: digest.cluster,
      service: '-',
      incidentId: digest.id,
      transition: 'open',
    },
  };
}

const sizeOf = ({ shown, more }: Listed<unknown>): number => shown.length + more;

function headlineOf(digest: Digest): string {
  const open = `${sizeOf(digest.open)} open`;
  const resolved = `${sizeOf(digest.resolved)} resolved`;
  switch (digest.kind) {
    case 'first-run':
      return `first look, ${counted(sizeOf(digest.open), 'thing is', 'things are')} wrong already`;
    case 'mute-ended':
      return `a mute ended, ${counted(sizeOf(digest.resolved), 'thing')} came and went meanwhile`;
    case 'daily':
      return `daily digest, ${open}, ${resolved}`;
  }
}

function leadOf({ kind, open }: Digest): string {
  switch (kind) {
    case 'first-run':
      return 'Ballast looked for the first time. What it found is told once, here.';
    case 'mute-ended':
      return 'What began and ended while it was muted is told once, here.';
    case 'daily':
      return sizeOf(open) === 0
        ? 'Nothing is open.'
        : 'What is open needs someone; the rest is over.';
  }
}

function bodyOf(digest: Digest, { formatTime }: AlertContext): readonly string[] {
  const line = (entry: DigestEntry): string =>
    joined([
      nameOf(entry),
      `since ${formatTime(entry.sinceMs)}`,
      entry.resolvedAtMs === undefined
        ? undefined
        : `over after ${durationText(entry.resolvedAtMs - entry.sinceMs)}`,
      entry.count > 1 ? counted(entry.count, 'time') : undefined,
    ]);
  return [
    ...section('Open', digest.open, line),
    ...section('Resolved', digest.resolved, line),
    ...section('Muted', digest.muted, ({ service, untilMs, by }) =>
      joined([service ?? 'the whole cluster', `until ${formatTime(untilMs)}`, `by ${by}`]),
    ),
    ...section('Would have', digest.wouldHave, (one) =>
      joined([
        `${one.action} ${one.subject.name}: ${spoken(one.reason)}`,
        one.count > 1 ? counted(one.count, 'time') : undefined,
      ]),
    ),
  ];
}

const nameOf = ({ severity, subject, kind, cause }: DigestEntry): string =>
  `${severity.toUpperCase()} ${subject.name}: ${joined([...new Set([spoken(kind), spoken(cause)])])}`;

const labelChars = 12;

function section<T>(
  label: string,
  { shown, more }: Listed<T>,
  line: (item: T) => string,
): readonly string[] {
  const lines = [...shown.map(line), ...(more > 0 ? [`and ${more} more`] : [])];
  return lines.map((text, at) => `${(at === 0 ? label : '').padEnd(labelChars)}${text}`);
}
