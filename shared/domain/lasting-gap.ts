import type { Gap } from './snapshot.ts';

const lasting: ReadonlySet<Gap['reason']> = new Set<Gap['reason']>(['denied', 'truncated']);

/** Whether a read failed in a way that does not pass by itself: somebody has to do something. */
export const isLastingGap = ({ reason }: Pick<Gap, 'reason'>): boolean => lasting.has(reason);
