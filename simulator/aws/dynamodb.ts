import type { Account, Item, Table } from '../account.ts';
import { applyUpdate, holds } from './dynamodb/evaluate.ts';
import {
  assertAllUsed,
  type Condition,
  parseCondition,
  parseProjection,
  parseUpdate,
  type References,
  type UpdateAction,
} from './dynamodb/expressions.ts';
import {
  assertIndexKeys,
  assertKey,
  keyNamesOf,
  keyTextOf,
  pick,
  tableOf,
} from './dynamodb/keys.ts';
import { query, queryMembers } from './dynamodb/query.ts';
import { itemSize, readItem, validationError } from './dynamodb/values.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { type Input, isInput, optionalText, type Responder } from './operation.ts';

const itemBytesMax = 409_600;

const expressionMembers = [
  'TableName',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
] as const;

const conditionMembers = [
  ...expressionMembers,
  'ConditionExpression',
  'ReturnValues',
  'ReturnValuesOnConditionCheckFailure',
] as const;

/** DynamoDB, for tables that the account defines. */
export const dynamoDb: Responder = {
  GetItem: {
    members: [
      'TableName',
      'Key',
      'ConsistentRead',
      'ProjectionExpression',
      'ExpressionAttributeNames',
    ],
    respond: getItem,
  },
  PutItem: { members: [...conditionMembers, 'Item'], respond: putItem },
  UpdateItem: { members: [...conditionMembers, 'Key', 'UpdateExpression'], respond: updateItem },
  DeleteItem: { members: [...conditionMembers, 'Key'], respond: deleteItem },
  Query: { members: [...expressionMembers, ...queryMembers], respond: queryItems },
};

function getItem(account: Account, input: Input): object {
  const references = referencesOf(input);
  const projection = optionalText(input, 'ProjectionExpression');
  const names = projection === undefined ? undefined : parseProjection(projection, references);
  assertAllUsed(references);
  const table = tableOf(account, input);
  const item = table.items.get(keyOf(table, input).text);
  return { Item: item === undefined || names === undefined ? item : pick(item, names) };
}

function putItem(account: Account, input: Input): object {
  const references = referencesOf(input);
  const condition = conditionOf(input, references);
  assertAllUsed(references);
  const returned = returnValuesOf(input, ['NONE', 'ALL_OLD']);
  const item = readItem('Item', input.Item);
  const table = tableOf(account, input);
  assertKey(table, pick(item, keyNamesOf(table.definition.KeySchema)));
  assertIndexKeys(table, item);
  if (itemSize(item) > itemBytesMax) {
    throw validationError('Item size has exceeded the maximum allowed size');
  }
  const key = keyTextOf(table.definition.KeySchema, item);
  const old = table.items.get(key);
  assertHolds(condition, old, input);
  table.items.set(key, item);
  return { Attributes: returned === 'ALL_OLD' ? old : undefined };
}

function deleteItem(account: Account, input: Input): object {
  const references = referencesOf(input);
  const condition = conditionOf(input, references);
  assertAllUsed(references);
  const returned = returnValuesOf(input, ['NONE', 'ALL_OLD']);
  const table = tableOf(account, input);
  const { text } = keyOf(table, input);
  const old = table.items.get(text);
  assertHolds(condition, old, input);
  table.items.delete(text);
  return { Attributes: returned === 'ALL_OLD' ? old : undefined };
}

function updateItem(account: Account, input: Input): object {
  const references = referencesOf(input);
  const expression = optionalText(input, 'UpdateExpression');
  const actions = expression === undefined ? [] : parseUpdate(expression, references);
  const condition = conditionOf(input, references);
  assertAllUsed(references);
  const returned = returnValuesOf(input, [
    'NONE',
    'ALL_OLD',
    'UPDATED_OLD',
    'ALL_NEW',
    'UPDATED_NEW',
  ]);
  const table = tableOf(account, input);
  const { key, text } = keyOf(table, input);
  assertKeyUntouched(table, actions);
  assertIndexKeys(table, writtenOut(actions));
  const old = table.items.get(text);
  assertHolds(condition, old, input);

  const item = applyUpdate(actions, old ?? key);
  assertIndexKeys(table, item);
  if (itemSize(item) > itemBytesMax) {
    throw validationError('Item size to update has exceeded the maximum allowed size');
  }
  table.items.set(text, item);
  return { Attributes: updatedAttributes(returned, actions, old, item) };
}

function queryItems(account: Account, input: Input): object {
  return query(tableOf(account, input), input, referencesOf(input));
}

function updatedAttributes(
  returned: string,
  actions: readonly UpdateAction[],
  old: Item | undefined,
  item: Item,
): Item | undefined {
  if (returned === 'NONE') return undefined;
  if (returned === 'ALL_OLD') return old;
  if (returned === 'ALL_NEW') return item;
  if (actions.some(({ path }) => path.length > 1)) {
    throw new UnsupportedRequest(`${returned} for nested attributes`);
  }
  const names = actions.map(({ path }) => String(path[0]));
  const attributes = pick(returned === 'UPDATED_NEW' ? item : (old ?? {}), names);
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}

function referencesOf(input: Input): References {
  const names = input.ExpressionAttributeNames ?? {};
  const values = input.ExpressionAttributeValues;
  if (!isInput(names) || Object.values(names).some((name) => typeof name !== 'string')) {
    throw validationError('ExpressionAttributeNames must be a map of names');
  }
  for (const [member, given] of [
    ['ExpressionAttributeNames', input.ExpressionAttributeNames],
    ['ExpressionAttributeValues', values],
  ] as const) {
    if (isInput(given) && Object.keys(given).length === 0) {
      throw validationError(`${member} must not be empty`);
    }
  }
  return {
    names: Object.fromEntries(Object.entries(names).map(([key, name]) => [key, String(name)])),
    values: values === undefined ? {} : readItem('ExpressionAttributeValues', values),
    used: new Set(),
  };
}

function conditionOf(input: Input, references: References): Condition | undefined {
  const expression = optionalText(input, 'ConditionExpression');
  return expression === undefined
    ? undefined
    : parseCondition('ConditionExpression', expression, references);
}

function assertHolds(condition: Condition | undefined, old: Item | undefined, input: Input): void {
  if (condition === undefined || holds(condition, old ?? {})) return;
  const wantsItem = optionalText(input, 'ReturnValuesOnConditionCheckFailure') === 'ALL_OLD';
  throw new ServiceError('ConditionalCheckFailedException', 'The conditional request failed', {
    members: wantsItem && old !== undefined ? { Item: old } : {},
  });
}

function returnValuesOf(input: Input, allowed: readonly string[]): string {
  const returned = optionalText(input, 'ReturnValues') ?? 'NONE';
  if (allowed.includes(returned)) return returned;
  throw validationError(`ReturnValues can only be ${allowed.join(' or ')}`);
}

function keyOf(table: Table, input: Input): { readonly key: Item; readonly text: string } {
  const key = readItem('Key', input.Key);
  assertKey(table, key);
  return { key, text: keyTextOf(table.definition.KeySchema, key) };
}

/** The attributes that an update sets to values known before the item is looked at. */
function writtenOut(actions: readonly UpdateAction[]): Item {
  const item: Item = {};
  for (const action of actions) {
    const value = 'value' in action ? action.value : undefined;
    if (value === undefined || action.path.length > 1) continue;
    const name = String(action.path[0]);
    if (!('kind' in value)) item[name] = value;
    else if (value.kind === 'value') item[name] = value.value;
  }
  return item;
}

function assertKeyUntouched({ definition }: Table, actions: readonly UpdateAction[]): void {
  const keyNames = keyNamesOf(definition.KeySchema);
  for (const { path } of actions) {
    if (keyNames.includes(String(path[0]))) {
      throw validationError(
        'One or more parameter values were invalid: ' +
          `Cannot update attribute ${path[0]}. This attribute is part of the key`,
      );
    }
  }
}
