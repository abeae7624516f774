import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type ClientSettings, sendOptions } from './clients.ts';

/** The decision record of one final answer, kept so that `why` can tell it later. */
export type Evidence = {
  readonly cluster: string;
  readonly service: string;
  readonly deploymentId: string;
  readonly stage: string;
  readonly atMs: number;
  /** Anything that JSON can say; no secrets. */
  readonly record: unknown;
};

export type EvidenceStore = {
  putEvidence(evidence: Evidence, signal?: AbortSignal): Promise<void>;
};

/** Kept so long; the clean-up is DynamoDB's. */
const keepSeconds = 90 * 24 * 3_600;
/** Longest record, in characters: an item of DynamoDB takes 400 KB, a person much less. */
const recordCharsMax = 64_000;

export const createEvidenceStore = (dynamo: DynamoDBClient, tableName: string): EvidenceStore => ({
  async putEvidence({ cluster, service, deploymentId, stage, atMs, record }, signal) {
    const time = new Date(atMs).toISOString();
    const text = JSON.stringify(record) ?? 'null';
    await dynamo.send(
      new PutItemCommand({
        TableName: tableName,
        Item: {
          pk: { S: `SERVICE#${cluster}/${service}` },
          sk: { S: `EVIDENCE#${time}#${deploymentId}#${stage}` },
          record: { S: text.slice(0, recordCharsMax) },
          isWhole: { BOOL: text.length <= recordCharsMax },
          ttl: { N: String(Math.floor(atMs / 1000) + keepSeconds) },
        },
      }),
      sendOptions(signal),
    );
  },
});

/** The store over a client of its own. */
export const openEvidenceStore = (settings: ClientSettings, tableName: string): EvidenceStore =>
  createEvidenceStore(new DynamoDBClient(settings), tableName);
