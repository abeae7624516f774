/** What a run remembered of the calendar of a cluster. */
export type CalendarRecord = {
  /** When the calendar was last made. */
  readonly ranAtMs: number;
  readonly warnings: readonly CalendarWarning[];
};

/** A coming replacement that was warned of, until it is over. */
export type CalendarWarning = {
  /** Names the occasion: the id of the first of its instances when it was warned of. */
  readonly id: string;
  readonly sinceMs: number;
  /** All that were ever part of it, those that are gone included; bounded. */
  readonly instanceIds: readonly string[];
};
