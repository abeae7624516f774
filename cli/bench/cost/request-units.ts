/**
 * What DynamoDB bills for requests to a table with on-demand capacity, by the size of items.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
 */
const readBlockBytes = 4_096;
const writeBlockBytes = 1_024;

/** Read request units of what one request read in all; a read of nothing costs as much as a small one. */
export const readUnits = (bytes: number, isConsistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / readBlockBytes)) * (isConsistent ? 1 : 0.5);

/** One item of an index, before or after a write: where it stands there, and how large it is. */
export type IndexEntry = { readonly key: string; readonly bytes: number };

/** An item before and after a write; undefined where there is none. */
export type Write = {
  readonly beforeBytes: number | undefined;
  readonly afterBytes: number | undefined;
  readonly indexes: readonly {
    readonly before: IndexEntry | undefined;
    readonly after: IndexEntry | undefined;
  }[];
};

const blocksOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / writeBlockBytes));

/**
 * Write request units of one write, by the larger of the item before and after it, and as much again
 * for each index that it is in; where its place in an index changes, that is a deletion and a write.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
export function writeUnits({ beforeBytes = 0, afterBytes = 0, indexes }: Write): number {
  const ofIndexes = indexes.map(({ before, after }) => {
    if (before === undefined || after === undefined || before.key === after.key) {
      const entries = [before, after].flatMap((entry) => (entry === undefined ? [] : [entry]));
      return entries.length === 0 ? 0 : blocksOf(Math.max(...entries.map(({ bytes }) => bytes)));
    }
    return blocksOf(before.bytes) + blocksOf(after.bytes);
  });
  return blocksOf(Math.max(beforeBytes, afterBytes)) + ofIndexes.reduce((sum, one) => sum + one, 0);
}
