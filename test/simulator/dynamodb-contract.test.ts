import type { Server } from 'node:http';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableDefinition } from '../../simulator/account.ts';
import { accountOf, clientsOf } from './clients.ts';

/** Members of a request; the table is filled in. */
type Request<Input> = Omit<Input, 'TableName'>;
type Step =
  | { readonly get: Request<GetItemCommandInput> }
  | { readonly put: Request<PutItemCommandInput> }
  | { readonly update: Request<UpdateItemCommandInput> }
  | { readonly delete: Request<DeleteItemCommandInput> }
  | { readonly query: Request<QueryCommandInput> };

const definitionOf = (TableName: string): TableDefinition => ({
  TableName,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
    { AttributeName: 'grp', AttributeType: 'S' },
    { AttributeName: 'rnk', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-group',
      KeySchema: [
        { AttributeName: 'grp', KeyType: 'HASH' },
        { AttributeName: 'rnk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
    {
      IndexName: 'keys-only',
      KeySchema: [{ AttributeName: 'grp', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
});

let server: Server;
let real: DynamoDBClient;
const account = accountOf();
const simulated = clientsOf(account).dynamoDb;
let tables = 0;

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  real = new DynamoDBClient({
    region: account.region,
    endpoint: `http://127.0.0.1:${address.port}`,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  real.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** A table of the same definition in both stores. */
async function createTables(): Promise<string> {
  tables += 1;
  const definition = definitionOf(`table-${tables}`);
  account.tables.set(definition.TableName, { definition, items: new Map() });
  await real.send(new CreateTableCommand({ ...definition, BillingMode: 'PAY_PER_REQUEST' }));
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const outcome = await run(real, definition.TableName, { get: { Key: keyOf('a', 1) } });
    if (!('error' in outcome)) return definition.TableName;
  }
  throw new Error('the table did not become active');
}

async function run(client: DynamoDBClient, TableName: string, step: Step): Promise<object> {
  try {
    const { $metadata: _, ...output } = await send(client, TableName, step);
    return normalise(output);
  } catch (cause) {
    return { error: cause instanceof Error ? cause.name : String(cause) };
  }
}

async function send(client: DynamoDBClient, TableName: string, step: Step) {
  if ('get' in step) return client.send(new GetItemCommand({ TableName, ...step.get }));
  if ('put' in step) return client.send(new PutItemCommand({ TableName, ...step.put }));
  if ('update' in step) return client.send(new UpdateItemCommand({ TableName, ...step.update }));
  if ('delete' in step) return client.send(new DeleteItemCommand({ TableName, ...step.delete }));
  return client.send(new QueryCommand({ TableName, ...step.query }));
}

/** Sets have no order, and no attributes are no answer. */
function normalise(output: object): object {
  return JSON.parse(
    JSON.stringify(output, (name, value) => {
      if (['SS', 'NS', 'BS'].includes(name) && Array.isArray(value)) return [...value].sort();
      return name === 'Attributes' && Object.keys(value).length === 0 ? undefined : value;
    }),
  );
}

const keyOf = (pk: string, sk: number) => ({ pk: { S: pk }, sk: { N: String(sk) } });

/** Runs the steps against both stores and returns what both answered. */
async function both(steps: readonly Step[]): Promise<object[]> {
  const table = await createTables();
  const outcomes: object[] = [];
  for (const step of steps) {
    const [ours, theirs] = [await run(simulated, table, step), await run(real, table, step)];
    expect(ours, JSON.stringify(step)).toEqual(theirs);
    outcomes.push(ours);
  }
  return outcomes;
}

const put = (sk: number, attributes: Record<string, AttributeValue> = {}): Step => ({
  put: { Item: { ...keyOf('a', sk), ...attributes } },
});
const get = (sk: number): Step => ({ get: { Key: keyOf('a', sk), ConsistentRead: true } });
const refused = { error: 'ConditionalCheckFailedException' };
const invalid = { error: 'ValidationException' };

describe('items', () => {
  it('come back as they were put, numbers in one form', async () => {
    const Item = {
      ...keyOf('a', 1),
      whole: { N: '0010.500' },
      tiny: { N: '-1.5E-7' },
      bytes: { B: new Uint8Array([0, 255]) },
      words: { SS: ['b', 'a'] },
      figures: { NS: ['2', '1.0'] },
      list: { L: [{ S: '' }, { BOOL: false }, { NULL: true }] },
      map: { M: { 'a.b': { N: '1' } } },
    };
    const outcomes = await both([{ put: { Item } }, get(1), get(2)]);
    expect(outcomes).toMatchObject([
      {},
      { Item: { whole: { N: '10.5' }, tiny: { N: '-0.00000015' }, figures: { NS: ['1', '2'] } } },
      {},
    ]);
  });

  it('return what they replace and what they lose', async () => {
    const outcomes = await both([
      { put: { Item: keyOf('a', 1), ReturnValues: 'ALL_OLD' } },
      { put: { Item: { ...keyOf('a', 1), x: { N: '1' } }, ReturnValues: 'ALL_OLD' } },
      { delete: { Key: keyOf('a', 1), ReturnValues: 'ALL_OLD' } },
      { delete: { Key: keyOf('a', 1), ReturnValues: 'ALL_OLD' } },
    ]);
    expect(outcomes).toMatchObject([
      {},
      { Attributes: keyOf('a', 1) },
      { Attributes: { x: { N: '1' } } },
      {},
    ]);
    expect(outcomes[3]).toEqual({});
  });

  it('may be 400 KB and no more', async () => {
    const overhead = 'pk'.length + 'a'.length + 'sk'.length + 2 + 'x'.length;
    const filled = (bytes: number) => put(1, { x: { S: 'x'.repeat(bytes - overhead) } });
    expect(await both([filled(409_600), filled(409_601)])).toEqual([{}, invalid]);
  });

  it('need a key of the right form', async () => {
    const outcomes = await both([
      { put: { Item: { pk: { S: 'a' } } } },
      { put: { Item: { pk: { S: 'a' }, sk: { S: '1' } } } },
      { put: { Item: { pk: { S: '' }, sk: { N: '1' } } } },
      { put: { Item: { ...keyOf('a', 1), grp: { N: '1' } } } },
      { get: { Key: { pk: { S: 'a' } } } },
      { get: { Key: { ...keyOf('a', 1), x: { S: 'y' } } } },
      { delete: { Key: { pk: { N: '1' }, sk: { N: '1' } } } },
      { put: { Item: { ...keyOf('a', 1), x: { N: 'ten' } } } },
      { put: { Item: { ...keyOf('a', 1), x: { SS: [] } } } },
      { put: { Item: { ...keyOf('a', 1), x: { SS: ['a', 'a'] } } } },
    ]);
    expect(outcomes).toEqual(outcomes.map(() => invalid));
  });
});

describe('conditions', () => {
  const item = {
    n: { N: '10' },
    s: { S: 'abc' },
    set: { SS: ['x', 'y'] },
    list: { L: [{ S: 'x' }] },
  };
  const values = {
    ':two': { N: '2' },
    ':ten': { N: '10.0' },
    ':a': { S: 'a' },
    ':bc': { S: 'bc' },
    ':x': { S: 'x' },
  };
  const holding = [
    'attribute_exists(n)',
    'attribute_not_exists(absent)',
    'n = :ten',
    'n <> :a',
    'absent <> :a',
    'n > :two',
    'n >= :ten',
    'n <= :ten',
    'NOT n < :ten',
    'NOT absent < :ten',
    'begins_with(s, :a)',
    'contains(s, :bc)',
    'contains(#set, :x)',
    'contains(#list, :x)',
    'size(#set) = :two',
    'size(s) > :two',
    'n BETWEEN :two AND :ten',
    's IN (:bc, :a) OR n IN (:ten)',
    // AND binds more tightly than OR, and NOT more tightly than both.
    'n = :ten OR n = :two AND n = :a',
    'NOT n = :two AND s <> :a',
    'NOT (n = :two OR n = :a)',
  ];

  it.each(holding)('%s', async (condition) => {
    const write = (ConditionExpression: string): Step => {
      const names = condition.includes('#') ? { '#set': 'set', '#list': 'list' } : {};
      const used = <Value>(given: Record<string, Value>) =>
        Object.fromEntries(
          Object.entries(given).filter(([key]) => new RegExp(`${key}\\b`).test(condition)),
        );
      const [usedNames, usedValues] = [used<string>(names), used<AttributeValue>(values)];
      return {
        update: {
          Key: keyOf('a', 1),
          ConditionExpression,
          ...(Object.keys(usedNames).length === 0 ? {} : { ExpressionAttributeNames: usedNames }),
          ...(Object.keys(usedValues).length === 0
            ? {}
            : { ExpressionAttributeValues: usedValues }),
        },
      };
    };
    const negated = condition.startsWith('NOT n = :two AND')
      ? 'NOT (NOT n = :two AND s <> :a)'
      : `NOT (${condition})`;
    const outcomes = await both([put(1, item), write(condition), write(negated)]);
    expect(outcomes).toEqual([{}, {}, refused]);
  });

  it('guard puts and deletes as well', async () => {
    const ConditionExpression = 'attribute_not_exists(pk)';
    const outcomes = await both([
      { put: { Item: keyOf('a', 1), ConditionExpression } },
      { put: { Item: keyOf('a', 1), ConditionExpression } },
      { delete: { Key: keyOf('a', 1), ConditionExpression } },
      { delete: { Key: keyOf('a', 2), ConditionExpression } },
    ]);
    expect(outcomes).toEqual([{}, refused, refused, {}]);
  });

  it.each([
    ['an empty one', ''],
    ['a value that is not given', 'n = :gone'],
    ['a name that is not given', '#gone = :v'],
    ['a reserved word', 'status = :v'],
    ['an unknown function', 'starts_with(n, :v)'],
    ['redundant parentheses', '((n = :v))'],
    ['an open parenthesis', '(n = :v'],
    ['something after its end', 'n = :v n'],
    ['a value that is not used', 'attribute_exists(n)'],
  ])('refuse %s', async (_, ConditionExpression) => {
    const ExpressionAttributeValues = { ':v': { N: '1' } };
    const outcomes = await both([
      { put: { Item: keyOf('a', 1), ConditionExpression, ExpressionAttributeValues } },
    ]);
    expect(outcomes).toEqual([invalid]);
  });
});

describe('updates', () => {
  const update = (
    UpdateExpression: string,
    values: Record<string, AttributeValue> = {},
    more: object = {},
  ): Step => ({
    update: {
      Key: keyOf('a', 1),
      UpdateExpression,
      ReturnValues: 'ALL_NEW',
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
      ...more,
    },
  });

  it('set, count, append, and default', async () => {
    const one = { ':one': { N: '1' } };
    const outcomes = await both([
      update('SET n = if_not_exists(n, :zero) + :one', { ':zero': { N: '0' }, ...one }),
      update('SET n = if_not_exists(n, :zero) + :one', { ':zero': { N: '0' }, ...one }),
      update('SET n = n - :d', { ':d': { N: '0.1' } }),
      update('SET trail = list_append(if_not_exists(trail, :none), :new)', {
        ':none': { L: [] },
        ':new': { L: [{ S: 'first' }] },
      }),
      update('SET trail = list_append(trail, :new), m = :map', {
        ':new': { L: [{ S: 'second' }] },
        ':map': { M: {} },
      }),
      update('SET m.deep = :one REMOVE n', one),
    ]);
    expect(outcomes.at(-1)).toEqual({
      Attributes: {
        ...keyOf('a', 1),
        trail: { L: [{ S: 'first' }, { S: 'second' }] },
        m: { M: { deep: { N: '1' } } },
      },
    });
    expect(outcomes[2]).toMatchObject({ Attributes: { n: { N: '1.9' } } });
  });

  it('compute every value from the item as it was', async () => {
    const outcomes = await both([
      put(1, { x: { N: '1' }, y: { N: '2' } }),
      update('SET x = y, y = x', {}),
    ]);
    expect(outcomes[1]).toMatchObject({ Attributes: { x: { N: '2' }, y: { N: '1' } } });
  });

  it('add to numbers and sets and delete from sets', async () => {
    const outcomes = await both([
      update('ADD n :n, marks :s', { ':n': { N: '5' }, ':s': { SS: ['a', 'b'] } }),
      update('ADD n :n, marks :s', { ':n': { N: '-7' }, ':s': { SS: ['b', 'c'] } }),
      update('DELETE marks :s', { ':s': { SS: ['a', 'x'] } }),
      update('DELETE marks :s', { ':s': { SS: ['b', 'c'] } }),
    ]);
    expect(outcomes).toMatchObject([
      {},
      { Attributes: { n: { N: '-2' }, marks: { SS: ['a', 'b', 'c'] } } },
      { Attributes: { marks: { SS: ['b', 'c'] } } },
      { Attributes: { n: { N: '-2' } } },
    ]);
    expect(outcomes[3]).not.toHaveProperty('Attributes.marks');
  });

  it('return old or new, whole or in part', async () => {
    const add = (ReturnValues: string) =>
      update('ADD n :n', { ':n': { N: '1' } }, { ReturnValues });
    const outcomes = await both([
      add('UPDATED_OLD'),
      add('UPDATED_OLD'),
      add('UPDATED_NEW'),
      add('ALL_OLD'),
      add('NONE'),
    ]);
    expect(outcomes).toEqual([
      {},
      { Attributes: { n: { N: '1' } } },
      { Attributes: { n: { N: '3' } } },
      { Attributes: { ...keyOf('a', 1), n: { N: '3' } } },
      {},
    ]);
  });

  it('create an item even without an expression', async () => {
    const outcomes = await both([{ update: { Key: keyOf('a', 1) } }, get(1)]);
    expect(outcomes[1]).toEqual({ Item: keyOf('a', 1) });
  });

  it.each([
    ['a key attribute', 'SET pk = :v'],
    ['an attribute twice', 'SET x = :v, x = :v'],
    ['an attribute and one within it', 'SET x = :v REMOVE x.y'],
    ['a section twice', 'SET x = :v SET y = :v'],
    ['an attribute that does not exist', 'SET x = absent + :v'],
    ['a number and a text', 'SET x = s + :v'],
    ['an index key with another type', 'SET grp = :v'],
    ['a path into nothing', 'SET absent.deep = :v'],
    ['a set deleted from a number', 'DELETE n :v'],
    ['nothing at all', 'SET'],
  ])('refuse %s', async (_, expression) => {
    const outcomes = await both([
      put(1, { s: { S: 'text' }, n: { N: '1' } }),
      update(expression, { ':v': { N: '1' } }),
      get(1),
    ]);
    expect(outcomes).toMatchObject([{}, invalid, { Item: { s: { S: 'text' }, n: { N: '1' } } }]);
  });
});

describe('queries', () => {
  const items = [10, 9, -1.5, 0, 100].map((sk) =>
    put(sk, { odd: { BOOL: sk % 2 !== 0 }, grp: { S: 'g' }, rnk: { N: String(-sk) } }),
  );
  const query = (more: Partial<QueryCommandInput> = {}, values: object = {}): Step => ({
    query: {
      KeyConditionExpression: 'pk = :pk',
      ...more,
      ExpressionAttributeValues: { ':pk': { S: 'a' }, ...values },
    },
  });
  const keysOf = (outcome: object | undefined) => {
    const found = Object.entries(outcome ?? {}).find(([name]) => name === 'Items');
    const list: unknown = found?.[1];
    return Array.isArray(list) ? list.map(({ sk }) => Number(sk.N)) : outcome;
  };
  const ask = async (step: Step) => keysOf((await both([...items, step])).at(-1));

  it('answer a partition in the order of its sort key', async () => {
    expect(await ask(query())).toEqual([-1.5, 0, 9, 10, 100]);
    expect(await ask(query({ ScanIndexForward: false }))).toEqual([100, 10, 9, 0, -1.5]);
  });

  it.each([
    ['sk = :x', [9]],
    ['sk < :x', [-1.5, 0]],
    ['sk <= :x', [-1.5, 0, 9]],
    ['sk > :x', [10, 100]],
    ['sk >= :x', [9, 10, 100]],
    ['sk BETWEEN :x AND :y', [9, 10]],
  ])('pk = :pk AND %s', async (condition, expected) => {
    const values = { ':x': { N: '9' }, ...(condition.includes(':y') ? { ':y': { N: '10' } } : {}) };
    const KeyConditionExpression = `pk = :pk AND ${condition}`;
    expect(await ask(query({ KeyConditionExpression }, values))).toEqual(expected);
  });

  it('page by limit, which counts before the filter', async () => {
    const more = { Limit: 2, FilterExpression: 'odd = :true' };
    const values = { ':true': { BOOL: true } };
    const outcomes = await both([
      ...items,
      query(more, values),
      query({ ...more, ExclusiveStartKey: keyOf('a', 0) }, values),
      query({ ...more, ExclusiveStartKey: keyOf('a', 10) }, values),
    ]);
    expect(outcomes.slice(-3)).toMatchObject([
      { Count: 1, ScannedCount: 2, LastEvaluatedKey: keyOf('a', 0) },
      { Count: 1, ScannedCount: 2, LastEvaluatedKey: keyOf('a', 10) },
      { Count: 0, ScannedCount: 1 },
    ]);
    expect(outcomes.at(-1)).not.toHaveProperty('LastEvaluatedKey');
  });

  it('a page that is just full has a key to go on from', async () => {
    const outcomes = await both([...items, query({ Limit: 5 })]);
    expect(outcomes.at(-1)).toMatchObject({ Count: 5, LastEvaluatedKey: keyOf('a', 100) });
  });

  it('read an index in its own order, and go on within it', async () => {
    const byGroup = { IndexName: 'by-group', KeyConditionExpression: 'grp = :pk', Limit: 3 };
    const outcomes = await both([
      ...items,
      put(7),
      { query: { ...byGroup, ExpressionAttributeValues: { ':pk': { S: 'g' } } } },
      {
        query: {
          ...byGroup,
          ExpressionAttributeValues: { ':pk': { S: 'g' } },
          ExclusiveStartKey: { ...keyOf('a', 9), grp: { S: 'g' }, rnk: { N: '-9' } },
        },
      },
    ]);
    expect(outcomes.slice(-2).map(keysOf)).toEqual([
      [100, 10, 9],
      [0, -1.5],
    ]);
  });

  it('see only the keys through an index that projects only those', async () => {
    const outcomes = await both([
      put(1, { grp: { S: 'g' }, rnk: { N: '1' } }),
      {
        query: {
          IndexName: 'keys-only',
          KeyConditionExpression: 'grp = :g',
          ExpressionAttributeValues: { ':g': { S: 'g' } },
        },
      },
    ]);
    expect(outcomes.at(-1)).toMatchObject({ Items: [{ ...keyOf('a', 1), grp: { S: 'g' } }] });
  });

  it('answer the attributes asked for', async () => {
    const outcomes = await both([
      ...items,
      query({
        ProjectionExpression: 'sk, #odd',
        ExpressionAttributeNames: { '#odd': 'odd' },
        Limit: 1,
      }),
      { get: { Key: keyOf('a', 9), ProjectionExpression: 'odd' } },
    ]);
    expect(outcomes.slice(-2)).toMatchObject([
      { Items: [{ sk: { N: '-1.5' }, odd: { BOOL: true } }] },
      { Item: { odd: { BOOL: true } } },
    ]);
  });

  it.each([
    ['no partition key', { KeyConditionExpression: 'sk = :pk' }],
    ['a range on the partition key', { KeyConditionExpression: 'pk > :pk' }],
    ['a condition on another attribute', { KeyConditionExpression: 'pk = :pk AND odd = :pk' }],
    ['an alternative', { KeyConditionExpression: 'pk = :pk OR pk = :pk' }],
    ['a sort key of another type', { KeyConditionExpression: 'pk = :pk AND sk = :pk' }],
    ['a filter on the key', { FilterExpression: 'sk = :pk' }],
    ['an unknown index', { IndexName: 'by-name' }],
    ['a limit of 0', { Limit: 0 }],
    ['a starting key in part', { ExclusiveStartKey: { pk: { S: 'a' } } }],
    [
      'a consistent read of an index',
      { IndexName: 'by-group', KeyConditionExpression: 'grp = :pk', ConsistentRead: true },
    ],
  ])('refuse %s', async (_, more) => {
    expect((await both([query(more)]))[0]).toEqual(invalid);
  });

  it('do not find an unknown table', async () => {
    const outcomes = [
      await run(simulated, 'no-table', query()),
      await run(real, 'no-table', query()),
    ];
    expect(outcomes).toEqual(outcomes.map(() => ({ error: 'ResourceNotFoundException' })));
  });
});

describe('any sequence of writes and queries', () => {
  const numbers = fc.constantFrom('0', '1', '2', '10', '-1.5').map((N) => ({ N }));
  const texts = fc.constantFrom('a', 'ab', 'b', 'ä').map((S) => ({ S }));
  const sets = fc
    .subarray(['a', 'ab', 'b'], { minLength: 1 })
    .map((members) => ({ SS: [...members] }));
  const keys = fc
    .tuple(fc.constantFrom('a', 'b'), fc.constantFrom(1, 2, 10, -1.5))
    .map(([pk, sk]) => keyOf(pk, sk));
  const attributes = fc.record(
    { n: numbers, s: fc.oneof(texts, numbers), marks: sets, grp: texts, rnk: numbers },
    { requiredKeys: [] },
  );

  /** An expression with the values it mentions; names of values are made unique when joined. */
  type Expression = { readonly text: string; readonly values: readonly AttributeValue[] };
  const leaf = (template: string, ...values: fc.Arbitrary<AttributeValue>[]) =>
    fc.tuple(...values).map((given): Expression => ({ text: template, values: given }));
  const join = (template: string, parts: readonly Expression[]): Expression => ({
    text: parts.reduce((text, part) => text.replace('@', () => part.text), template),
    values: parts.flatMap(({ values }) => values),
  });
  const anyValue: fc.Arbitrary<AttributeValue> = fc.oneof(numbers, texts);
  const { condition } = fc.letrec<{ condition: Expression }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'condition' },
      fc
        .tuple(
          fc.constantFrom('attribute_exists', 'attribute_not_exists'),
          fc.constantFrom('n', 's', 'marks', 'grp', 'pk'),
        )
        .map(([name, attribute]): Expression => ({ text: `${name}(${attribute})`, values: [] })),
      fc
        .tuple(
          fc.constantFrom('n', 's', 'rnk', 'sk'),
          fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
          anyValue,
        )
        .map(
          ([name, operator, value]): Expression => ({
            text: `${name} ${operator} ?`,
            values: [value],
          }),
        ),
      leaf('begins_with(s, ?)', texts),
      leaf('contains(s, ?)', texts),
      leaf('contains(marks, ?)', texts),
      leaf('size(marks) > ?', numbers),
      leaf(
        'n BETWEEN ? AND ?',
        fc.constant({ N: '0' }),
        numbers.filter(({ N }) => N >= '0'),
      ),
      leaf('s IN (?, ?)', texts, numbers),
      fc.tuple(tie('condition'), tie('condition')).map((parts) => join('(@) AND NOT (@)', parts)),
      fc.tuple(tie('condition'), tie('condition')).map((parts) => join('(@) OR (@)', parts)),
    ),
  }));
  const actions = fc.oneof(
    leaf('SET n = n + ?', numbers),
    leaf('SET n = if_not_exists(n, ?) - ?', numbers, numbers),
    leaf('SET s = ?, rnk = ?', anyValue, numbers),
    leaf('SET grp = ?', anyValue),
    leaf('SET s = grp REMOVE grp'),
    leaf('REMOVE n, marks'),
    leaf('ADD n ?', numbers),
    leaf('ADD marks ?', sets),
    leaf('DELETE marks ?', sets),
    leaf('ADD s ? SET n = ?', numbers, numbers),
  );

  /** Gives every `?` of the expressions a name of its own. */
  function bind(expressions: Readonly<Record<string, Expression | undefined>>) {
    const values: Record<string, AttributeValue> = {};
    const bound: Record<string, string> = {};
    for (const [member, expression] of Object.entries(expressions)) {
      if (expression === undefined) continue;
      const given = [...expression.values];
      bound[member] = expression.text.replaceAll('?', () => {
        const name = `:v${Object.keys(values).length}`;
        values[name] = given.shift() ?? { NULL: true };
        return name;
      });
    }
    const isUsed = Object.keys(values).length > 0;
    return { ...bound, ...(isUsed ? { ExpressionAttributeValues: values } : {}) };
  }

  const maybeCondition = fc.option(condition, { nil: undefined });
  const steps: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(keys, attributes, maybeCondition).map(([key, given, ConditionExpression]) => ({
      put: {
        Item: { ...key, ...given },
        ReturnValues: 'ALL_OLD' as const,
        ...bind({ ConditionExpression }),
      },
    })),
    fc
      .tuple(
        keys,
        actions,
        maybeCondition,
        fc.constantFrom('ALL_NEW' as const, 'ALL_OLD' as const, 'UPDATED_NEW' as const),
      )
      .map(([Key, UpdateExpression, ConditionExpression, ReturnValues]) => ({
        update: { Key, ReturnValues, ...bind({ UpdateExpression, ConditionExpression }) },
      })),
    fc.tuple(keys, maybeCondition).map(([Key, ConditionExpression]) => ({
      delete: { Key, ReturnValues: 'ALL_OLD' as const, ...bind({ ConditionExpression }) },
    })),
    fc
      .tuple(
        fc.constantFrom('pk = ?', 'pk = ? AND sk > ?', 'pk = ? AND sk <= ?'),
        fc.constantFrom({ S: 'a' }, { S: 'b' }),
        numbers,
        fc.option(
          condition.filter(({ text }) => !/\b(pk|sk)\b/.test(text)),
          { nil: undefined },
        ),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
      )
      .map(([text, pk, sk, FilterExpression, ScanIndexForward, Limit]) => ({
        query: {
          ScanIndexForward,
          Limit,
          ...bind({
            KeyConditionExpression: { text, values: text.includes('sk') ? [pk, sk] : [pk] },
            FilterExpression,
          }),
        },
      })),
  );

  it('gives equal results in both stores', async () => {
    const { SEED } = process.env;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (sequence) => {
        const outcomes = await both([...sequence, ...everything]);
        return outcomes.length > 0;
      }),
      { numRuns: 60, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
  }, 60_000);

  /** What is left at the end, through the table and through the index. */
  const everything: Step[] = ['a', 'b'].map((S) => ({
    query: { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S } } },
  }));
});
