/** Longest memory, in characters: far below DynamoDB's 400 KB, and small enough to read many. */
export const memoryCharsMax = 60_000;
