import type { AttributeValue, Item, KeySchema, Table } from '../../account.ts';
import { type Input, optionalBoolean, optionalInteger, optionalText, text } from '../operation.ts';
import { holds } from './evaluate.ts';
import {
  assertAllUsed,
  type Condition,
  type Operand,
  parseCondition,
  parseProjection,
  type References,
} from './expressions.ts';
import { keyNameOf, keyNamesOf, keyTypeOf, pick } from './keys.ts';
import { compareValues, itemSize, readItem, typeOf, validationError } from './values.ts';

const pageBytesMax = 1024 * 1024;

/** What Query understands besides the table and the expression attributes. */
export const queryMembers = [
  'IndexName',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
  'Limit',
  'ExclusiveStartKey',
  'ScanIndexForward',
  'ConsistentRead',
] as const;

/** What is read: the table itself or one of its indexes. */
type Source = {
  readonly schema: KeySchema;
  /** Attributes that place an item: the source's key and the table's. */
  readonly keyNames: readonly string[];
  readonly items: readonly Item[];
};

/** Reads one partition in the order of its sort key, a page at a time. */
export function query(table: Table, input: Input, references: References): object {
  const expression = text(input, 'KeyConditionExpression');
  const condition = parseCondition('KeyConditionExpression', expression, references);
  const filter = optionalText(input, 'FilterExpression');
  const isWanted =
    filter === undefined ? undefined : parseCondition('FilterExpression', filter, references);
  const projection = optionalText(input, 'ProjectionExpression');
  const names = projection === undefined ? undefined : parseProjection(projection, references);
  assertAllUsed(references);

  const source = sourceOf(table, input);
  assertKeyCondition(table, source.schema, condition);
  if (isWanted !== undefined) assertNoKeyIn(source.schema, isWanted);
  const limit =
    optionalInteger(input, 'Limit', [1, Number.MAX_SAFE_INTEGER], 'ValidationException') ??
    Number.POSITIVE_INFINITY;
  const order = orderOf(source, optionalBoolean(input, 'ScanIndexForward') ?? true);
  const startKey = startKeyOf(table, source, input);
  const candidates = source.items
    .filter((item) => holds(condition, item))
    .filter((item) => startKey === undefined || order(item, startKey) > 0)
    .sort(order);

  const read = pageOf(candidates, limit);
  const last = read.at(-1);
  // DynamoDB does not look beyond the limit, so a full page always has a key to go on from.
  const isFull = read.length === limit || read.length < candidates.length;
  const items = read.filter((item) => isWanted === undefined || holds(isWanted, item));
  return {
    Items: names === undefined ? items : items.map((item) => pick(item, names)),
    Count: items.length,
    ScannedCount: read.length,
    LastEvaluatedKey: isFull && last !== undefined ? pick(last, source.keyNames) : undefined,
  };
}

function sourceOf(table: Table, input: Input): Source {
  const { definition } = table;
  const indexName = optionalText(input, 'IndexName');
  const tableKeyNames = keyNamesOf(definition.KeySchema);
  const items = [...table.items.values()];
  if (indexName === undefined) {
    return { schema: definition.KeySchema, keyNames: tableKeyNames, items };
  }
  const index = definition.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === indexName);
  if (index === undefined) {
    throw validationError(`The table does not have the specified index: ${indexName}`);
  }
  if (optionalBoolean(input, 'ConsistentRead') === true) {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  const indexKeyNames = keyNamesOf(index.KeySchema);
  const keyNames = [...new Set([...indexKeyNames, ...tableKeyNames])];
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  const projected = [...keyNames, ...NonKeyAttributes];
  const entries = items.filter((item) => indexKeyNames.every((name) => item[name] !== undefined));
  return {
    schema: index.KeySchema,
    keyNames,
    items: ProjectionType === 'ALL' ? entries : entries.map((item) => pick(item, projected)),
  };
}

type KeyPart = {
  readonly name: string;
  readonly isEquality: boolean;
  readonly values: readonly AttributeValue[];
};

/** A key condition is equality on the partition key and at most one range on the sort key. */
function assertKeyCondition(table: Table, schema: KeySchema, condition: Condition): void {
  const [hash, range] = [keyNameOf(schema, 'HASH'), keyNameOf(schema, 'RANGE')];
  const parts = conjuncts(condition).map(keyPartOf);
  if (parts.length > 2) throw validationError('Conditions can be of length 1 or 2 only');
  const onHash = parts.filter(({ name }) => name === hash);
  const onRange = parts.filter(({ name }) => name === range);
  if (onHash.length !== 1) {
    throw validationError(`Query condition missed key schema element: ${hash}`);
  }
  if (onHash.length + onRange.length < parts.length) {
    throw validationError(`Query condition missed key schema element: ${range}`);
  }
  if (!onHash.every(({ isEquality }) => isEquality)) {
    throw validationError('Query key condition not supported');
  }
  for (const { name, values } of parts) {
    if (values.some((value) => typeOf(value) !== keyTypeOf(table, name))) {
      throw validationError(
        'One or more parameter values were invalid: ' +
          'Condition parameter type does not match schema type',
      );
    }
  }
}

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and'
    ? [...conjuncts(condition.left), ...conjuncts(condition.right)]
    : [condition];
}

function keyPartOf(condition: Condition): KeyPart {
  switch (condition.kind) {
    case 'compare': {
      const { left, right, comparator } = condition;
      if (comparator === '<>') break;
      const isReversed = left.kind === 'value';
      const [attribute, value] = isReversed ? [right, left] : [left, right];
      return keyPart(attribute, [value], comparator === '=');
    }
    case 'begins-with': {
      const part = keyPart(condition.operand, [condition.part], false);
      if (part.values.some((value) => 'N' in value)) break;
      return part;
    }
    case 'between': {
      const part = keyPart(condition.operand, [condition.low, condition.high], false);
      const [low, high] = part.values;
      if (low !== undefined && high !== undefined && (compareValues(low, high) ?? 0) > 0) {
        throw validationError(
          'The BETWEEN condition was provided a range where the lower bound ' +
            'is greater than the upper bound',
        );
      }
      return part;
    }
  }
  throw validationError(`Invalid operator used in KeyConditionExpression: ${condition.kind}`);
}

function keyPart(attribute: Operand, operands: readonly Operand[], isEquality: boolean): KeyPart {
  const values = operands.flatMap((operand) => (operand.kind === 'value' ? [operand.value] : []));
  if (attribute.kind !== 'path' || attribute.path.length > 1 || values.length < operands.length) {
    throw validationError(
      'Invalid KeyConditionExpression: a condition must compare a key attribute with values',
    );
  }
  return { name: String(attribute.path[0]), isEquality, values };
}

function assertNoKeyIn(schema: KeySchema, filter: Condition): void {
  const keyNames = keyNamesOf(schema);
  for (const name of attributesOf(filter)) {
    if (keyNames.includes(name)) {
      throw validationError(
        'Filter Expression can only contain non-primary key attributes: ' +
          `Primary key attribute: ${name}`,
      );
    }
  }
}

function attributesOf(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return [...attributesOf(condition.left), ...attributesOf(condition.right)];
    case 'not':
      return attributesOf(condition.condition);
    case 'exists':
    case 'not-exists':
      return [String(condition.path[0])];
    case 'compare':
      return namesOf(condition.left, condition.right);
    case 'between':
      return namesOf(condition.operand, condition.low, condition.high);
    case 'in':
      return namesOf(condition.operand, ...condition.options);
    case 'begins-with':
    case 'contains':
      return namesOf(condition.operand, condition.part);
  }
}

function namesOf(...operands: readonly Operand[]): readonly string[] {
  return operands.flatMap((operand) => (operand.kind === 'value' ? [] : [String(operand.path[0])]));
}

/** By sort key; items alike in an index follow the table's key, so that paging has an order. */
function orderOf({ keyNames }: Source, isForward: boolean): (left: Item, right: Item) => number {
  return (left, right) => {
    for (const name of keyNames) {
      const [ours, theirs] = [left[name], right[name]];
      const order =
        ours === undefined || theirs === undefined ? 0 : (compareValues(ours, theirs) ?? 0);
      if (order !== 0) return isForward ? order : -order;
    }
    return 0;
  };
}

function startKeyOf(table: Table, source: Source, input: Input): Item | undefined {
  if (input.ExclusiveStartKey === undefined) return undefined;
  const key = readItem('ExclusiveStartKey', input.ExclusiveStartKey);
  const isComplete =
    Object.keys(key).length === source.keyNames.length &&
    source.keyNames.every((name) => {
      const value = key[name];
      return value !== undefined && typeOf(value) === keyTypeOf(table, name);
    });
  if (!isComplete) throw validationError('The provided starting key is invalid');
  return key;
}

function pageOf(candidates: readonly Item[], limit: number): readonly Item[] {
  const page: Item[] = [];
  let bytes = 0;
  for (const item of candidates) {
    if (page.length >= limit || bytes >= pageBytesMax) break;
    page.push(item);
    bytes += itemSize(item);
  }
  return page;
}
