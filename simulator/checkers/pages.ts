import type { AlertRecord, RunRecord } from '../record.ts';
import { type Checker, clock } from './checker.ts';

/** Both topics get a message in one go; where that fails, all of it comes again within this. */
const againWithinMs = 30 * 60_000;

export const pagesPaired: Checker = {
  name: 'pages-paired',
  sentence: 'A page is closed once its incident ends, and none is closed that was not opened.',
  broken: ({ run }) =>
    [...Map.groupBy(run.alerts, ({ incidentId }) => incidentId)].flatMap(([id, messages]) => {
      const pages = messages.filter(({ topic }) => topic === 'pages');
      const cards = messages.filter(({ topic }) => topic === 'alerts');
      return [...closedAlone(id, pages), ...leftOpen(run, id, pages, cards)];
    }),
};

const isEnd = ({ transition }: AlertRecord): boolean => transition === 'resolve';

function closedAlone(id: string, pages: readonly AlertRecord[]): readonly string[] {
  const [first] = pages;
  return first !== undefined && isEnd(first)
    ? [`${id}: closed ${clock(first.atMs)}, though it paged nobody`]
    : [];
}

function leftOpen(
  run: RunRecord,
  id: string,
  pages: readonly AlertRecord[],
  cards: readonly AlertRecord[],
): readonly string[] {
  const [page, card] = [pages.at(-1), cards.at(-1)];
  if (page === undefined || card === undefined || isEnd(page) || !isEnd(card)) return [];
  return run.endMs - card.atMs > againWithinMs
    ? [`${id}: ended ${clock(card.atMs)}, its page of ${clock(page.atMs)} is still open`]
    : [];
}
