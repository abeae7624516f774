import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Incident } from '../domain/incident.ts';
import { fingerprintOf } from '../domain/incident-key.ts';
import type { Mute } from '../domain/mute.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { isConflict } from './errors.ts';
import { decodeIncident, type Item, incidentIndex, outboxIndex } from './incident-item.ts';
import {
  createIncidentRecords,
  getItem,
  type IncidentRecords,
  type Table,
} from './incident-record.ts';

/** Where the mutes of a cluster stand; one an item, `*` for the whole cluster. */
export const mutePartition = (cluster: string): string => `MUTE#${cluster}`;

/** What a bounded list found. */
export type IncidentList = {
  /** What has something to send comes first, the longest due before the others. */
  readonly incidents: readonly Incident[];
  /** False when there is more than was read, or something that could not be read. */
  readonly isWhole: boolean;
  /** Keys of items that are no incidents as this release writes them. */
  readonly unreadable: readonly string[];
};

/** When Ballast first looked, and when it had told what it found then. */
export type FirstRun = { readonly startedAtMs: number; readonly endedAtMs: number | undefined };

export type IncidentStore = IncidentRecords & {
  /** What is open, has something to send, or ended since the last digest. May lag: read again. */
  list(signal?: AbortSignal): Promise<IncidentList>;
  /** Those that have not ended. */
  listMutes(cluster: string, nowMs: number, signal?: AbortSignal): Promise<readonly Mute[]>;
  /** The first run, which begins now if there was none. */
  firstRun(nowMs: number, signal?: AbortSignal): Promise<FirstRun>;
  endFirstRun(run: FirstRun, nowMs: number, signal?: AbortSignal): Promise<void>;
  /** Whether a digest has been told: `2026-11-20` the daily one, `weekly#prod#2026-11-16` a weekly one. */
  isDigestTold(name: string, signal?: AbortSignal): Promise<boolean>;
  markDigestTold(name: string, nowMs: number, signal?: AbortSignal): Promise<void>;
};

/** Most items that one list reads of each place in the index: more than a person could look at. */
export const listedMax = 1_000;
const pageItemsMax = 100;
/** Most mutes of one cluster that are read. */
const mutesMax = 500;

const firstRunKey = { pk: { S: 'MARKER#first-run' }, sk: { S: 'MARKER' } };
export function createIncidentStore(dynamo: DynamoDBClient, tableName: string): IncidentStore {
  const table: Table = { dynamo, tableName };
  return {
    ...createIncidentRecords(dynamo, tableName),
    async list(signal) {
      // What is sent meanwhile moves from the first to the second: read in this order it is not missed.
      const toSend = await queryIndex(table, outboxIndex, signal);
      const others = await queryIndex(table, incidentIndex, signal);
      const decoded = decodeAll([...toSend.items, ...others.items]);
      const isWhole = toSend.isWhole && others.isWhole && decoded.unreadable.length === 0;
      return { ...decoded, isWhole };
    },
    ...mutesOf(table),
    ...firstRunOf(table),
    ...daysOf(table),
  };
}

async function queryIndex(
  { dynamo, tableName }: Table,
  indexPk: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly Item[]; readonly isWhole: boolean }> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const output = await dynamo.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: 'by-index',
        KeyConditionExpression: 'indexPk = :pk',
        ExpressionAttributeValues: { ':pk': { S: indexPk } },
        Limit: pageItemsMax,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
      sendOptions(signal),
    );
    items.push(...(output.Items ?? []));
    from = output.LastEvaluatedKey;
  } while (from !== undefined && items.length < listedMax);
  return { items, isWhole: from === undefined };
}

/** One item that cannot be read must not silence the others. */
function decodeAll(items: readonly Item[]): Pick<IncidentList, 'incidents' | 'unreadable'> {
  // An incident on its way between two places of the index may show in both.
  const newest = new Map<string, Incident>();
  const unreadable: string[] = [];
  for (const item of items) {
    const incident = decodeIncident(item);
    if (incident === undefined) {
      unreadable.push(`${item.pk?.S} ${item.sk?.S}`);
      continue;
    }
    const text = fingerprintOf(incident);
    if (incident.version > (newest.get(text)?.version ?? 0)) newest.set(text, incident);
  }
  return { incidents: [...newest.values()], unreadable };
}

type Mutes = Pick<IncidentStore, 'listMutes'>;

const mutesOf = ({ dynamo, tableName }: Table): Mutes => ({
  async listMutes(cluster, nowMs, signal) {
    const output = await dynamo.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: mutePartition(cluster) } },
        ConsistentRead: true,
        Limit: mutesMax,
      }),
      sendOptions(signal),
    );
    return (output.Items ?? [])
      .map((item) => ({
        cluster,
        service: item.sk?.S === '*' ? undefined : item.sk?.S,
        fromMs: Number(item.fromMs?.N),
        untilMs: Number(item.untilMs?.N),
        by: item.by?.S ?? '',
        reason: item.reason?.S ?? '',
      }))
      .filter(({ untilMs }) => untilMs > nowMs);
  },
});

type Days = Pick<IncidentStore, 'isDigestTold' | 'markDigestTold'>;

const digestKeyOf = (name: string) => ({ pk: { S: 'MARKER#daily' }, sk: { S: name } });
/** A marker is of no use once its week is over in every time zone. */
const digestKeptSeconds = 9 * 24 * 3_600;

const daysOf = (table: Table): Days => ({
  isDigestTold: async (name, signal) =>
    (await getItem(table, digestKeyOf(name), signal)) !== undefined,
  async markDigestTold(name, nowMs, signal) {
    const ttl = { N: String(Math.floor(nowMs / 1000) + digestKeptSeconds) };
    const Item = { ...digestKeyOf(name), ttl };
    await table.dynamo.send(
      new PutItemCommand({ TableName: table.tableName, Item }),
      sendOptions(signal),
    );
  },
});

type FirstRuns = Pick<IncidentStore, 'firstRun' | 'endFirstRun'>;

function firstRunOf(table: Table): FirstRuns {
  const { dynamo, tableName } = table;
  const put = (run: FirstRun, condition: string, signal: AbortSignal | undefined) =>
    dynamo.send(
      new PutItemCommand({
        TableName: tableName,
        Item: {
          ...firstRunKey,
          startedAtMs: { N: String(run.startedAtMs) },
          ...(run.endedAtMs === undefined ? {} : { endedAtMs: { N: String(run.endedAtMs) } }),
        },
        ConditionExpression: condition,
      }),
      sendOptions(signal),
    );
  const get = async (signal: AbortSignal | undefined): Promise<FirstRun | undefined> => {
    const item = await getItem(table, firstRunKey, signal);
    if (item === undefined) return undefined;
    const endedAtMs = item.endedAtMs?.N;
    return {
      startedAtMs: Number(item.startedAtMs?.N),
      endedAtMs: endedAtMs === undefined ? undefined : Number(endedAtMs),
    };
  };
  return {
    async firstRun(nowMs, signal) {
      const known = await get(signal);
      if (known !== undefined) return known;
      const begun: FirstRun = { startedAtMs: nowMs, endedAtMs: undefined };
      try {
        await put(begun, 'attribute_not_exists(pk)', signal);
        return begun;
      } catch (error) {
        if (!isConflict(error)) throw error;
        return (await get(signal)) ?? begun;
      }
    },
    async endFirstRun(run, nowMs, signal) {
      await put({ ...run, endedAtMs: nowMs }, 'attribute_exists(pk)', signal);
    },
  };
}

/** The store over a client of its own. */
export const openIncidentStore = (settings: ClientSettings, tableName: string): IncidentStore =>
  createIncidentStore(new DynamoDBClient(settings), tableName);
