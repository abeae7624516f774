import {
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountOf, clientsOf, errorOf } from './clients.ts';

// What dynalite lacks or gets wrong; the rest is in dynamodb-contract.test.ts.

const TableName = 'incidents';
const Key = { pk: { S: 'a' }, sk: { S: '1' } };

function arrange() {
  const account = accountOf({
    tables: [
      {
        TableName,
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      },
    ],
  });
  const { dynamoDb } = clientsOf(account);
  const update = (input: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) =>
    dynamoDb.send(new UpdateItemCommand({ TableName, Key, ...input }));
  const put = (attributes: object) =>
    dynamoDb.send(new PutItemCommand({ TableName, Item: { ...Key, ...attributes } }));
  return { account, dynamoDb, update, put };
}

describe('a condition that fails', () => {
  const condition = {
    ConditionExpression: 'version = :v',
    ExpressionAttributeValues: { ':v': { N: '2' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;

  it('hands over the item that it met, when asked to', async () => {
    const { put, update } = arrange();
    await put({ version: { N: '1' } });
    expect(await errorOf(update(condition))).toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { ...Key, version: { N: '1' } },
    });
  });

  it('has none to hand over where there is no item', async () => {
    const { update } = arrange();
    const error = await errorOf(update(condition));
    expect(error.name).toBe('ConditionalCheckFailedException');
    expect(error).toHaveProperty('Item', undefined);
  });

  it('has none either when not asked', async () => {
    const { put, update } = arrange();
    await put({ version: { N: '1' } });
    const { ReturnValuesOnConditionCheckFailure: _, ...plain } = condition;
    expect(await errorOf(update(plain))).toHaveProperty('Item', undefined);
  });
});

describe('values', () => {
  it.each([
    ['the bytes of a text, not its characters', { S: 'äb' }, '3'],
    ['an empty text', { S: '' }, '0'],
    ['the bytes of binary', { B: new Uint8Array(5) }, '5'],
    ['the members of a map', { M: { a: { S: '' } } }, '1'],
  ])('have a size: %s', async (_, value, size) => {
    const { put, update } = arrange();
    await put({ val: value });
    await update({
      ConditionExpression: 'size(val) = :size',
      ExpressionAttributeValues: { ':size': { N: size } },
    });
  });

  it('are equal in depth', async () => {
    const { put, update } = arrange();
    const val = { M: { list: { L: [{ N: '1.0' }, { SS: ['a', 'b'] }] } } };
    await put({ val });
    const equals = (other: object) =>
      update({
        ConditionExpression: 'val = :other',
        ExpressionAttributeValues: {
          ':other': Object.assign({ NULL: true }, { NULL: undefined }, other),
        },
      });
    await equals({ M: { list: { L: [{ N: '1' }, { SS: ['b', 'a'] }] } } });
    for (const other of [
      { M: { list: { L: [{ N: '1' }] } } },
      { M: { list: { L: [{ N: '2' }, { SS: ['a', 'b'] }] } } },
      { M: {} },
      { L: [] },
    ]) {
      expect((await errorOf(equals(other))).name).toBe('ConditionalCheckFailedException');
    }
  });

  it('keep 38 digits and refuse 39', async () => {
    const { dynamoDb, put, update } = arrange();
    const digits = '1'.repeat(38);
    await put({ n: { N: digits } });
    const { Item } = await dynamoDb.send(new GetItemCommand({ TableName, Key }));
    expect(Item?.n).toEqual({ N: digits });
    expect((await errorOf(put({ n: { N: `${digits}1` } }))).name).toBe('ValidationException');
    const grow = update({
      UpdateExpression: 'SET n = n + :d',
      ExpressionAttributeValues: { ':d': { N: '0.1' } },
    });
    expect((await errorOf(grow)).name).toBe('ValidationException');
  });

  it('of one that is not there equal nothing', async () => {
    const { put, update } = arrange();
    await put({});
    const call = update({ ConditionExpression: 'absent = gone' });
    expect((await errorOf(call)).name).toBe('ConditionalCheckFailedException');
  });
});

describe('a query', () => {
  it('ends a page after 1 MB', async () => {
    const { dynamoDb } = arrange();
    for (const sk of ['1', '2', '3', '4']) {
      const Item = { pk: { S: 'a' }, sk: { S: sk }, val: { S: 'x'.repeat(400_000) } };
      await dynamoDb.send(new PutItemCommand({ TableName, Item }));
    }
    const pages: number[] = [];
    const query = {
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'a' } },
    };
    for await (const page of paginateQuery({ client: dynamoDb }, query))
      pages.push(page.Count ?? 0);
    expect(pages).toEqual([3, 1]);
  });

  it('finds the start of a text sort key', async () => {
    const { dynamoDb } = arrange();
    for (const sk of ['a#1', 'a#2', 'a', 'b#1']) {
      await dynamoDb.send(
        new PutItemCommand({ TableName, Item: { pk: { S: 'a' }, sk: { S: sk } } }),
      );
    }
    const { Items } = await dynamoDb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': { S: 'a' }, ':sk': { S: 'a#' } },
      }),
    );
    expect(Items?.map(({ sk }) => sk?.S)).toEqual(['a#1', 'a#2']);
  });
});

describe('what is not simulated', () => {
  it.each([
    ['an operation', () => new ScanCommand({ TableName }), 'the operation is not simulated'],
    [
      'a member',
      () => new GetItemCommand({ TableName, Key, ReturnConsumedCapacity: 'TOTAL' }),
      'the member ReturnConsumedCapacity is not simulated',
    ],
    [
      'a function',
      () =>
        new UpdateItemCommand({
          TableName,
          Key,
          ConditionExpression: 'attribute_type(x, :t)',
          ExpressionAttributeValues: { ':t': { S: 'S' } },
        }),
      'the function attribute_type',
    ],
    [
      'a nested projection',
      () => new GetItemCommand({ TableName, Key, ProjectionExpression: 'a.b' }),
      'projections of nested attributes',
    ],
    [
      'an update of a list element',
      () =>
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET x[0] = :v',
          ExpressionAttributeValues: { ':v': { S: 'S' } },
        }),
      'updates of list elements',
    ],
  ])('%s is named', async (_, command, problem) => {
    const { account, dynamoDb } = arrange();
    const error = await errorOf(dynamoDb.send<never, never>(Object(command())));
    expect(error.message).toContain(problem);
    expect(account.problems).toHaveLength(1);
    expect(account.problems[0]).toContain(problem);
  });
});
