import type { Account, AttributeValue, Item, KeySchema, Table } from '../../account.ts';
import { ServiceError } from '../errors.ts';
import { type Input, text } from '../operation.ts';
import { bytesOf, typeOf, validationError } from './values.ts';

const partitionKeyBytesMax = 2048;
const sortKeyBytesMax = 1024;

/** The table that a request names. */
export function tableOf(account: Account, input: Input): Table {
  const table = account.tables.get(text(input, 'TableName'));
  if (table !== undefined) return table;
  throw new ServiceError('ResourceNotFoundException', 'Requested resource not found');
}

/** Partition key first. */
export function keyNamesOf(schema: KeySchema): readonly string[] {
  const [hash, range] = [keyNameOf(schema, 'HASH'), keyNameOf(schema, 'RANGE')];
  return [hash, range].filter((name) => name !== undefined);
}

/** The attribute that plays the part; a table need not have a sort key. */
export function keyNameOf(schema: KeySchema, part: 'HASH' | 'RANGE'): string | undefined {
  return schema.find(({ KeyType }) => KeyType === part)?.AttributeName;
}

/** Equal for equal keys, different for different ones. */
export function keyTextOf(schema: KeySchema, item: Item): string {
  return JSON.stringify(keyNamesOf(schema).map((name) => item[name]));
}

/** The attributes named, as far as the item has them. */
export function pick(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
}

/** Refuses a key that is not exactly the table's key attributes with their types. */
export function assertKey(table: Table, key: Item): void {
  const names = keyNamesOf(table.definition.KeySchema);
  const mismatch = 'The provided key element does not match the schema';
  if (Object.keys(key).length !== names.length) throw validationError(mismatch);
  for (const [index, name] of names.entries()) {
    const value = key[name];
    if (value === undefined || typeOf(value) !== keyTypeOf(table, name)) {
      throw validationError(mismatch);
    }
    assertKeySize(name, value, index === 0 ? partitionKeyBytesMax : sortKeyBytesMax);
  }
}

/** Refuses an item whose attribute has another type than the index it would enter. */
export function assertIndexKeys(table: Table, item: Item): void {
  for (const { IndexName, KeySchema } of table.definition.GlobalSecondaryIndexes ?? []) {
    for (const name of keyNamesOf(KeySchema)) {
      const value = item[name];
      if (value === undefined) continue;
      const expected = keyTypeOf(table, name);
      if (typeOf(value) !== expected) {
        throw validationError(
          `One or more parameter values were invalid: Type mismatch for Index Key ${name} ` +
            `Expected: ${expected} Actual: ${typeOf(value)} IndexName: ${IndexName}`,
        );
      }
      assertKeySize(name, value, partitionKeyBytesMax);
    }
  }
}

/** The type that the table's definition gives a key attribute. */
export function keyTypeOf({ definition }: Table, name: string): string {
  const found = definition.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name);
  if (found !== undefined) return found.AttributeType;
  throw new Error(`the table ${definition.TableName} does not define its key attribute ${name}`);
}

function assertKeySize(name: string, value: AttributeValue, bytesMax: number): void {
  const size = bytesOf(value)?.byteLength;
  if (size === 0) {
    throw validationError(
      'One or more parameter values are not valid. ' +
        `The AttributeValue for a key attribute cannot contain an empty value. Key: ${name}`,
    );
  }
  if (size !== undefined && size > bytesMax) {
    throw validationError(
      'One or more parameter values were invalid: ' +
        `Size of key ${name} has exceeded ${bytesMax} bytes`,
    );
  }
}
