import { DynamoDBClient, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type ClientSettings, sendOptions } from './clients.ts';
import { isConflict } from './errors.ts';

/** What the table remembers of one gate: the same as `hookDetails`, in case that is lost or replaced. */
export type GateItem = {
  readonly deploymentArn: string;
  readonly stage: string;
  /** Hash of the configuration: two hooks of one stage may differ in nothing else. */
  readonly configHash: string;
  readonly executionId: string | undefined;
  /** The configuration as it came, as JSON. */
  readonly config: string;
  /** See `gate-state.ts`. */
  readonly state: string;
  readonly calls: number;
  /** The first call of this gate: the next step's begins later, and takes the place of one that is over. */
  readonly startedAtMs: number;
  /** The final answer, once there is one. */
  readonly answer?: string;
  readonly expiresAtSeconds: number;
};

export type GateStore = {
  /** Every gate of this deployment and stage; one a configuration. */
  load(deploymentArn: string, stage: string, signal?: AbortSignal): Promise<readonly GateItem[]>;
  /**
   * Writes unless a later call of the same gate, or the gate of a later step, has been written already; false
   * when it has.
   */
  save(item: GateItem, signal?: AbortSignal): Promise<boolean>;
};

/** Hooks of one stage are at most 20 in ECS; more items than this are none of ours. */
const itemsMax = 40;

const partitionOf = (deploymentArn: string): string => `GATE#${deploymentArn}`;
export function createGateStore(dynamo: DynamoDBClient, tableName: string): GateStore {
  return {
    async load(deploymentArn, stage, signal) {
      const output = await dynamo.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :stage)',
          ExpressionAttributeValues: {
            ':pk': { S: partitionOf(deploymentArn) },
            ':stage': { S: `${stage}#` },
          },
          ConsistentRead: true,
          Limit: itemsMax,
        }),
        sendOptions(signal),
      );
      return (output.Items ?? []).map((item) => ({
        deploymentArn,
        stage,
        configHash: (item.sk?.S ?? '').slice(stage.length + 1),
        executionId: item.executionId?.S,
        config: item.config?.S ?? '{}',
        state: item.state?.S ?? '',
        calls: Number(item.calls?.N ?? '0'),
        startedAtMs: Number(item.startedAtMs?.N ?? '0'),
        ...(item.answer?.S === undefined ? {} : { answer: item.answer.S }),
        expiresAtSeconds: Number(item.ttl?.N ?? '0'),
      }));
    },
    async save(item, signal) {
      try {
        await dynamo.send(updateOf(tableName, item), sendOptions(signal));
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    },
  };
}

/** `config`, `state` and `ttl` are reserved or common words: all names go through placeholders. */
function updateOf(tableName: string, item: GateItem): UpdateItemCommand {
  const values = {
    config: { S: item.config },
    state: { S: item.state },
    calls: { N: String(item.calls) },
    startedAtMs: { N: String(item.startedAtMs) },
    ttl: { N: String(item.expiresAtSeconds) },
    ...(item.executionId === undefined ? {} : { executionId: { S: item.executionId } }),
    ...(item.answer === undefined ? {} : { answer: { S: item.answer } }),
  };
  const names = Object.keys(values);
  // What the gate before this one answered is not this one's answer.
  const forget = item.answer === undefined ? ' REMOVE #answer' : '';
  const laterCall = 'attribute_not_exists(#answer) AND #calls < :calls';
  const nextGate = 'attribute_exists(#answer) AND #startedAtMs < :startedAtMs';
  return new UpdateItemCommand({
    TableName: tableName,
    Key: {
      pk: { S: partitionOf(item.deploymentArn) },
      sk: { S: `${item.stage}#${item.configHash}` },
    },
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${forget}`,
    ConditionExpression: `attribute_not_exists(pk) OR (${laterCall}) OR (${nextGate})`,
    ExpressionAttributeNames: Object.fromEntries(
      [...names, 'answer'].map((name) => [`#${name}`, name]),
    ),
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [`:${name}`, value]),
    ),
  });
}

/** The gateway over a client of its own. */
export const openGateStore = (settings: ClientSettings, tableName: string) =>
  createGateStore(new DynamoDBClient(settings), tableName);
