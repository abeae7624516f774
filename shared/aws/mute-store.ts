import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { assert } from '../domain/assert.ts';
import { type Mute, problemOfMute } from '../domain/mute.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { createIncidentStore, type IncidentStore, mutePartition } from './incident-store.ts';

/** Writes of mutes: people's, by the `mute` command. The functions only read them. */
export type MuteStore = {
  putMute(mute: Mute, signal?: AbortSignal): Promise<void>;
  deleteMute(mute: Pick<Mute, 'cluster' | 'service'>, signal?: AbortSignal): Promise<void>;
};

const muteKeyOf = ({ cluster, service }: Pick<Mute, 'cluster' | 'service'>) => ({
  pk: { S: mutePartition(cluster) },
  sk: { S: service ?? '*' },
});
/** Incidents, and mutes that can be set and ended. */
export const createMutingStore = (
  dynamo: DynamoDBClient,
  tableName: string,
): IncidentStore & MuteStore => ({
  ...createIncidentStore(dynamo, tableName),
  async putMute(mute, signal) {
    const problem = problemOfMute(mute);
    assert(problem === undefined, `not a mute: ${problem}`);
    const Item = {
      ...muteKeyOf(mute),
      fromMs: { N: String(mute.fromMs) },
      untilMs: { N: String(mute.untilMs) },
      by: { S: mute.by },
      reason: { S: mute.reason },
      ttl: { N: String(Math.ceil(mute.untilMs / 1000)) },
    };
    await dynamo.send(new PutItemCommand({ TableName: tableName, Item }), sendOptions(signal));
  },
  async deleteMute(mute, signal) {
    await dynamo.send(
      new DeleteItemCommand({ TableName: tableName, Key: muteKeyOf(mute) }),
      sendOptions(signal),
    );
  },
});

/** The store over a client of its own. */
export const openMutingStore = (settings: ClientSettings, tableName: string) =>
  createMutingStore(new DynamoDBClient(settings), tableName);
