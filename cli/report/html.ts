/** Text that may stand between tags or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Markup that is whole: what `html` has made, and nothing else. */
export type Html = { readonly markup: string };

type Part = string | number | Html | readonly Html[];

/** A template in which everything is escaped but what is markup already. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: strings.map((text, at) => text + (at < parts.length ? partOf(parts[at]) : '')).join(''),
});

function partOf(part: Part | undefined): string {
  if (part === undefined) return '';
  if (typeof part === 'object') {
    return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
  }
  return escapeHtml(String(part));
}

/** `Fri 04 Dec 01:20Z`. */
export function momentText(atMs: number): string {
  const [, weekday = '', day = '', month = '', time = ''] =
    /^(\w+), (\d+) (\w+) \d+ (\d+:\d+)/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${weekday} ${day} ${month} ${time}Z`;
}
