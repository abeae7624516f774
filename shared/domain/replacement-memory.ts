/** Whose turn it is: of clusters, whoever has not been looked at for the longest comes first. */
export type TurnRecord = {
  /** When its latest turn began. */
  readonly atMs: number;
  /** Since when no look has seen it whole; undefined where the latest did. */
  readonly unseenSinceMs: number | undefined;
};

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
  /** Its instances of the latest calendar that have no place among the ids: with any it goes on. */
  readonly unnamed: number;
};
