/** One line of `npm run -s bench`. */
export type BenchRow = {
  /** Dotted and readable: `hook.aa.flagged`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure is set beside, where there is such a thing. */
  readonly peer?: string;
  /** This figure over the peer's. */
  readonly ratio?: number;
};
