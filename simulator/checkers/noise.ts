import type { AlertRecord } from '../record.ts';
import { type Checker, clock } from './checker.ts';

/** Messages that a person would see, digests apart: pages, and cards in the channel. */
export function noiseOf(alerts: readonly AlertRecord[]) {
  const isDigest = ({ kind }: AlertRecord): boolean => kind.startsWith('digest-');
  const own = alerts.filter((alert) => !isDigest(alert));
  return {
    pages: own.filter(({ topic }) => topic === 'pages'),
    cards: own.filter(({ topic }) => topic === 'alerts'),
    digests: alerts.filter(isDigest),
  };
}

export const noise: Checker = {
  name: 'noise',
  sentence: 'A healthy run costs no more pages and cards than its scenario allows.',
  broken: ({ run, scenario }) => {
    if (scenario.noise === undefined) return [];
    const { pages, cards } = noiseOf(run.alerts);
    // The allowance is for the length that the scenario has by itself.
    const share = Math.max(1, Math.ceil((run.endMs - run.startMs) / (scenario.days * 86_400_000)));
    const beyond = (found: readonly AlertRecord[], max: number): readonly string[] =>
      found.length > max * share
        ? found.map(({ atMs, topic, subject }) => `${clock(atMs)} ${topic}: ${subject}`)
        : [];
    return [...beyond(pages, scenario.noise.pagesMax), ...beyond(cards, scenario.noise.cardsMax)];
  },
};
