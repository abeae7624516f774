/** Columns of the first word of a line, and of the name after it. */
const labelChars = 13;
const nameChars = 12;
/** Lines of one kind that are shown; `--json` has them all. */
export const linesMax = 40;

export const labelled = (label: string, text: string): string =>
  `${label.padEnd(labelChars)}${text}`.trimEnd();

/** The label once, before the first line. */
export const block = (label: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, at) => labelled(at === 0 ? label : '', line));

/** Names in a column; a longer one keeps a space behind it. */
export const column = (text: string, chars = nameChars): string =>
  text.length < chars ? text.padEnd(chars) : `${text}  `;

/** So many lines, and how many more there are. */
export const bounded = (lines: readonly string[]): readonly string[] =>
  lines.length <= linesMax
    ? lines
    : [...lines.slice(0, linesMax), `and ${lines.length - linesMax} more: --json has all`];

/** `us-east-1a` is `1a` among zones of us-east-1: that is how people call it. */
export const zoneName = (zone: string, region: string): string => {
  const short = region.replace(/\d+$/, '');
  return zone.startsWith(region) && zone.length === region.length + 1
    ? zone.slice(short.length)
    : zone;
};

export const percentText = (share: number): string => `${Math.round(share * 100)}%`;
