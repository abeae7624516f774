/** What Lambda hands over of a queue; only what is used of it. */
export type Batch = {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
};

/** Messages that go back to the queue. */
export type BatchAnswer = {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
};

export const isBatch = (event: unknown): event is Batch =>
  typeof event === 'object' && event !== null && Array.isArray(Reflect.get(event, 'Records'));
