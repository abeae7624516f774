/** SNS takes fewer than 100 characters in a subject, and no more than ASCII everywhere. */
export const subjectCharsMax = 99;

/** `81 s`, `9 min`, `5 h 10 min`, `6 d 2 h`: two units at most, rounded down. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(Math.floor(durationMs / 1000), 0);
  if (seconds < 120 && seconds % 60 !== 0) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits(hours, 'h', minutes % 60, 'min');
  return twoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const twoUnits = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;

/** `1 stop`, `6 stops`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/** Puts together the parts that are known. */
export const joined = (parts: readonly (string | undefined)[], separator = ', '): string =>
  parts.filter((part) => part !== undefined && part !== '').join(separator);

/** The lines that are known. */
export const known = (lines: readonly (string | undefined)[]): readonly string[] =>
  lines.filter((line): line is string => line !== undefined && line !== '');

/** Reasons that say little to whoever meets them for the first time. */
const reasonWords: Readonly<Record<string, string>> = {
  transport: 'no connection',
  'aws-denied': 'AWS refused a read',
  'aws-throttled': 'AWS throttled a read',
  'aws-unavailable': 'AWS did not answer',
  'invalid-hook-details': 'hookDetails cannot be used',
  'cluster-not-configured': 'the stack does not know the cluster',
};

/** A reason or cause as people say it: `out-of-memory` is `out of memory`. */
export const spoken = (reason: string): string => reasonWords[reason] ?? reason.replace(/-/g, ' ');

/** Signs that mail clients and SNS do not agree on, by what they stand for. */
const substitutes: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '×': 'x',
  '→': '->',
  '≥': '>=',
  '≤': '<=',
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  ł: 'l',
};

/** Printable ASCII in one line: accents go, known signs are spelt, the rest is dropped. */
export function toAscii(text: string): string {
  const spelt = [...text.normalize('NFKC')].map((sign) => substitutes[sign] ?? sign).join('');
  return spelt
    .normalize('NFD')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[^ -~]/g, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Cuts a text that is too long behind a word, and shows it by three dots. */
export function cutAtWord(text: string, charsMax: number): string {
  const signs = [...text];
  if (signs.length <= charsMax) return text;
  const room = signs.slice(0, Math.max(charsMax - 3, 0)).join('');
  const end = signs[charsMax - 3] === ' ' ? room.length : room.lastIndexOf(' ');
  // A single long word is cut within: better a part of it than nothing.
  const kept = end > room.length / 2 ? room.slice(0, end) : room;
  return `${kept.replace(/[\s,;:-]+$/, '')}...`;
}

/**
 * Breaks a text into lines at spaces, rather behind a comma where one stands near the end; a word that
 * is longer than a line stays whole.
 */
export function wrapped(text: string, charsMax: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > charsMax) {
    const end = breakIn(rest, charsMax);
    if (end < 0) break;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** A comma counts in the last part of a line only: else the line would be too short. */
const commaShare = 0.6;

function breakIn(text: string, charsMax: number): number {
  const line = text.slice(0, charsMax + 1);
  const comma = Math.max(line.lastIndexOf(', '), line.lastIndexOf('; ')) + 1;
  if (comma > charsMax * commaShare) return comma;
  const space = line.lastIndexOf(' ');
  return space > 0 ? space : text.indexOf(' ');
}

/** Breaks a command before an option where it is too long, so that it can still be pasted. */
export function wrappedCommand(command: string, charsMax: number): readonly string[] {
  if (command.length <= charsMax) return [command];
  // Two characters stay free for the backslash, two are the indent.
  const room = charsMax - 4;
  const options = command.split(/ (?=--|<\()/);
  const parts = options.flatMap((part) => (part.length <= room ? [part] : part.split(' ')));
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= room) {
      lines[lines.length - 1] = `${last} ${part}`;
    } else {
      lines.push(part);
    }
  }
  return lines.map(
    (line, at) => `${at === 0 ? '' : '  '}${line}${at < lines.length - 1 ? ' \\' : ''}`,
  );
}

/** The first letter large; what is a name or a command stays as it is. */
export const capitalised = (text: string): string =>
  /^[a-z]+ /.test(text) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` : text;

/** A word that a shell takes as one, whatever stands in it. */
export const shellWord = (text: string): string =>
  /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
