import type { Page } from '../alert.ts';
import type { Incident } from '../incident.ts';
import { type Draft, type Scene, whomOf } from './draft.ts';
import type { Links } from './links.ts';
import { cutAtWord, spoken, toAscii } from './words.ts';

/** Lengths that CloudWatch itself keeps: receivers were made for them. */
const alarmNameCharsMax = 255;
const descriptionCharsMax = 1024;
const reasonCharsMax = 1023;

/**
 * What opens and closes a page. An update pages nobody: the page is open already, and what is new
 * stands in the thread. What only a digest has named was never paged, so its end is not either.
 */
export function pageOf(draft: Draft, links: Links, scene: Scene): Page | undefined {
  const { incident, notice, isResolved } = scene;
  if (notice.severity !== 'critical' || notice.transition === 'update') return undefined;
  if (isResolved && incident.told?.onlyInDigest === true) return undefined;
  const next = draft.next.flatMap(({ text, command }) =>
    command === undefined ? [text] : [text, command],
  );
  const description = [
    ...(isResolved ? [] : next),
    `Runbook: ${links.runbook}`,
    `Console: ${links.console}`,
  ].join('\n');
  return {
    state: isResolved ? 'OK' : 'ALARM',
    alarmName: alarmNameOf(incident),
    alarmDescription: description.slice(0, descriptionCharsMax),
    reason: cutAtWord([draft.lead, draft.evidence.join('; ')].join(' '), reasonCharsMax),
    atMs: notice.atMs,
  };
}

/** Made of nothing that changes while the incident lasts: it ties the end of a page to its start. */
function alarmNameOf(incident: Incident): string {
  const { kind, cause, id } = incident;
  const what = kind.includes(cause) ? spoken(kind) : `${spoken(kind)}, ${spoken(cause)}`;
  const name = toAscii(`${whomOf(incident)}: ${what}`);
  return `${cutAtWord(name, Math.max(alarmNameCharsMax - id.length - 3, 20))} (${id})`;
}
