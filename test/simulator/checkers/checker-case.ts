import type { RunRecord } from '../../../simulator/record.ts';

/** A record under which a checker holds, and one, as near as can be, under which it does not. */
export type CheckerCase = readonly [
  name: string,
  why: string,
  held: Partial<RunRecord>,
  broken: Partial<RunRecord>,
  baseline?: Partial<RunRecord>,
];
