import { dayMs } from './scenarios/time.ts';

/** Which day of a run it is, the first being 1. */
export const dayOf = (afterMs: number): number => Math.floor(afterMs / dayMs) + 1;

/** ` 09:04`, in UTC. */
export const clockOf = (atMs: number): string => ` ${new Date(atMs).toISOString().slice(11, 16)}`;

/** Before the further lines of what was told. */
export const indent = ' '.repeat(15);

/** The head of a chapter, apart from what was told before it. */
export const chapterLines = (afterMs: number, atMs: number, title: string): readonly string[] => [
  '',
  `DAY ${dayOf(afterMs)}  ${clockOf(atMs).trim()}  ${title}`,
];

/** What of a growing list nobody has seen yet. */
export function createUnseen<T>(list: () => readonly T[]): () => readonly T[] {
  let seen = 0;
  return () => {
    const all = list();
    const unseen = all.slice(seen);
    seen = all.length;
    return unseen;
  };
}
