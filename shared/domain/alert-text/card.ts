import type { Card } from '../alert.ts';
import type { Draft, Scene } from './draft.ts';
import { titleOf } from './draft.ts';
import type { Links } from './links.ts';
import { capitalised, joined } from './words.ts';

const stepsMax = 3;

/** The chat card: one emoji, one line, at most three steps. */
export function cardOf(draft: Draft, links: Links, scene: Scene): Card {
  const { incident, isResolved } = scene;
  const headline = titleOf(draft, scene);
  return {
    title: `${emojiOf(scene)} ${harmless(headline)}`,
    description: harmless(draft.lead),
    nextSteps: isResolved ? [] : stepsOf(draft, links),
    keywords: [incident.cluster, serviceOf(scene), incident.cause].filter((word) => word !== ''),
    threadId: incident.id,
    summary: harmless(`${isResolved ? 'resolved, ' : ''}${headline}`),
  };
}

function emojiOf({ isResolved, notice }: Scene): string {
  if (isResolved) return '✅';
  return { critical: '🚨', warn: '⚠️', info: 'ℹ️' }[notice.severity];
}

const serviceOf = ({ incident: { subject } }: Scene): string =>
  subject.type === 'cluster' ? '' : subject.name;

/** What to do first; the runbook knows the rest. */
function stepsOf({ next }: Draft, links: Links): readonly string[] {
  const advice = next
    .slice(0, stepsMax - 1)
    .map(({ text, command }) =>
      joined([harmless(capitalised(text)), command === undefined ? '' : `\`${command}\``], ' '),
    );
  const more = advice.length < stepsMax - 1 ? [`Console: ${links.console}`] : [];
  return [...advice, ...more, `Runbook: ${links.runbook}`];
}

/** Text of a task or a person must neither call the whole channel nor become a link. */
const harmless = (text: string): string =>
  text.replace(/[<>]/g, ' ').replace(/@(?=here|channel|everyone)/gi, '');
