import type { RunOptions } from '../../simulator/run.ts';

/** A seed that once broke an invariant, and what it was; it is played again with every change. */
export type Regression = {
  readonly scenario: string;
  readonly seed: number;
  readonly what: string;
  readonly options?: Partial<RunOptions>;
};

export const regressions: readonly Regression[] = [
  {
    scenario: 'storm',
    seed: 2,
    what: 'floors took a host that died for a consequence of a rollback 24 minutes earlier',
    options: { mode: 'fast' },
  },
];
