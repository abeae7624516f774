import {
  type AttributeValue,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { assert } from '../domain/assert.ts';
import { memoryCharsMax } from '../domain/memory-size.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { isConflict } from './errors.ts';

/** Where a memory lies: a prefix of ADR 0003, whose it is, and which of its memories. */
export type MemoryKey = {
  /** `SERIES#<cluster>/<name>`, `DRAIN#<cluster>`, ... */
  readonly partition: string;
  readonly name: string;
};

/** What a function remembers from one run to the next. */
export type Memory = {
  readonly name: string;
  /** JSON, as it was saved; whoever reads it parses it, because an older version may have written it. */
  readonly json: string;
  /** Grows by one a write: writes are conditional on it. */
  readonly version: number;
};

/** Memories in the table. Each method rejects with what the SDK throws. */
export type MemoryStore = {
  /**
   * All memories of a partition, by name; those that have expired, and that DynamoDB has not deleted yet,
   * may be among them. Throws where there are more than {@link memoriesMax}.
   */
  list(partition: string, signal?: AbortSignal): Promise<readonly Memory[]>;
  /**
   * Writes over the version that was read, 0 where there was none; false where someone was faster.
   * `expiresAtMs` is clean-up only: whoever reads compares the times in the JSON.
   */
  save(
    key: MemoryKey,
    json: string,
    version: number,
    expiresAtMs: number,
    signal?: AbortSignal,
  ): Promise<boolean>;
};

/** Memories of one partition; 5,000 instances or services of a cluster and some room. */
export const memoriesMax = 10_000;
/** Answers of one query; each has up to 1 MB. */
const pagesMax = 200;

/**
 * With a clock, what has expired counts as deleted: DynamoDB takes up to days for it, in which a partition
 * whose memories come and go would have too many.
 */
export function createMemoryStore(
  dynamo: DynamoDBClient,
  tableName: string,
  clock?: Pick<Clock, 'nowMs'>,
): MemoryStore {
  const time = (): Time | undefined =>
    clock && { ':now': { N: String(Math.floor(clock.nowMs() / 1000)) } };
  return {
    async list(partition, signal) {
      const found: Memory[] = [];
      let from: Key | undefined;
      for (let page = 0; page < pagesMax && found.length <= memoriesMax; page += 1) {
        const query = queryOf(tableName, partition, from, time());
        const { Items = [], LastEvaluatedKey: last } = await dynamo.send(
          query,
          sendOptions(signal),
        );
        found.push(...Items.map(memoryOf));
        if (last === undefined) return found;
        from = last;
      }
      throw new Error(`${partition} has more than ${memoriesMax} memories`);
    },
    async save({ partition, name }, json, version, expiresAtMs, signal) {
      assert(json.length <= memoryCharsMax, `a memory has ${json.length} characters`);
      const Item = {
        pk: { S: partition },
        sk: { S: name },
        json: { S: json },
        version: { N: String(version + 1) },
        ttl: { N: String(Math.ceil(expiresAtMs / 1000)) },
      };
      const condition = version === 0 ? absent(time()) : ofVersion(version);
      try {
        await dynamo.send(
          new PutItemCommand({ TableName: tableName, Item, ...condition }),
          sendOptions(signal),
        );
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    },
  };
}

type Key = Readonly<Record<string, AttributeValue>>;
type Time = { readonly ':now': AttributeValue };

/** `ttl` and `version` are reserved or common words: both go through placeholders. */
const ttlNames = { '#ttl': 'ttl' };

const absent = (time: Time | undefined) =>
  time === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: 'attribute_not_exists(pk) OR #ttl <= :now',
        ExpressionAttributeNames: ttlNames,
        ExpressionAttributeValues: time,
      };

const ofVersion = (version: number) => ({
  ConditionExpression: '#version = :version',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':version': { N: String(version) } },
});

const queryOf = (
  tableName: string,
  partition: string,
  from: Key | undefined,
  time: Time | undefined,
): QueryCommand =>
  new QueryCommand({
    TableName: tableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: partition }, ...time },
    ConsistentRead: true,
    ...(time === undefined
      ? {}
      : { FilterExpression: '#ttl > :now', ExpressionAttributeNames: ttlNames }),
    ...(from === undefined ? {} : { ExclusiveStartKey: from }),
  });

const memoryOf = ({ sk, json, version }: Key): Memory => ({
  name: sk?.S ?? '',
  json: json?.S ?? '',
  version: Number(version?.N ?? 0),
});

/** The store over a client of its own. */
export const openMemoryStore = (
  settings: ClientSettings,
  tableName: string,
  clock?: Pick<Clock, 'nowMs'>,
): MemoryStore => createMemoryStore(new DynamoDBClient(settings), tableName, clock);
