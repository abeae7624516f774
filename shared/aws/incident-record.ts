import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { assert } from '../domain/assert.ts';
import type { Incident, IncidentKey, Subject } from '../domain/incident.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { isConflict } from './errors.ts';
import {
  decodeIncident,
  encodeIncident,
  type Item,
  incidentPrefix,
  keysOf,
  partitionOf,
} from './incident-item.ts';

/** Single incidents by their key: all that the deployment hook needs, and may do. */
export type IncidentRecords = {
  /** As it is now, whoever wrote it last. */
  get(key: IncidentKey, signal?: AbortSignal): Promise<Incident | undefined>;
  /** Writes unless someone else wrote since `expectedVersion` was read (0: there was none); false then. */
  save(incident: Incident, expectedVersion: number, signal?: AbortSignal): Promise<boolean>;
};

/** All incidents of one subject that are kept, the latest state of each. */
export type SubjectIncidents = {
  of(cluster: string, subject: Subject, signal?: AbortSignal): Promise<readonly Incident[]>;
};

/** Incidents of one subject that are read: one has a handful of kinds at a time. */
const ofSubjectMax = 100;

export function createSubjectIncidents(
  dynamo: DynamoDBClient,
  tableName: string,
): SubjectIncidents {
  return {
    async of(cluster, subject, signal) {
      const output = await dynamo.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :incident)',
          ExpressionAttributeValues: {
            ':pk': { S: partitionOf(cluster, subject) },
            ':incident': { S: incidentPrefix },
          },
          ConsistentRead: true,
          Limit: ofSubjectMax,
        }),
        sendOptions(signal),
      );
      // One of another release is nobody's: it opens what it would have kept shut, which is the safe way.
      return (output.Items ?? []).flatMap((item) => decodeIncident(item) ?? []);
    },
  };
}

/** The same over a client of their own. */
export const openSubjectIncidents = (
  settings: ClientSettings,
  tableName: string,
): SubjectIncidents => createSubjectIncidents(new DynamoDBClient(settings), tableName);

export type Table = { readonly dynamo: DynamoDBClient; readonly tableName: string };

export function createIncidentRecords(dynamo: DynamoDBClient, tableName: string): IncidentRecords {
  const table: Table = { dynamo, tableName };
  return {
    async get(key, signal) {
      const { pk, sk } = keysOf(key);
      const Key = { pk: { S: pk }, sk: { S: sk } };
      const item = await getItem(table, Key, signal);
      if (item === undefined) return undefined;
      const incident = decodeIncident(item);
      assert(incident !== undefined, `the item ${pk} ${sk} is not an incident of this release`);
      return incident;
    },
    save: (incident, expectedVersion, signal) => save(table, incident, expectedVersion, signal),
  };
}

/** One item, as it is now. */
export async function getItem(
  { dynamo, tableName }: Table,
  Key: Item,
  signal: AbortSignal | undefined,
): Promise<Item | undefined> {
  const output = await dynamo.send(
    new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }),
    sendOptions(signal),
  );
  return output.Item;
}

async function save(
  { dynamo, tableName }: Table,
  incident: Incident,
  expectedVersion: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  assert(incident.version > expectedVersion, 'every write grows the version');
  const condition =
    expectedVersion === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#version = :expected',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':expected': { N: String(expectedVersion) } },
        };
  try {
    const Item = encodeIncident(incident);
    await dynamo.send(
      new PutItemCommand({ TableName: tableName, Item, ...condition }),
      sendOptions(signal),
    );
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/** The records over a client of their own. */
export const openIncidentRecords = (settings: ClientSettings, tableName: string): IncidentRecords =>
  createIncidentRecords(new DynamoDBClient(settings), tableName);
