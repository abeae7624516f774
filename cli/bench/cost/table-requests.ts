import type { Account, Item, Table, TableDefinition } from '../../../simulator/account.ts';
import { keyTextOf } from '../../../simulator/aws/dynamodb/keys.ts';
import { itemSize } from '../../../simulator/aws/dynamodb/values.ts';
import { type IndexEntry, readUnits, writeUnits } from './request-units.ts';

/** A request to DynamoDB, as it goes over the wire. */
export type TableRequest = {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
};

export type Units = { readonly read: number; readonly write: number };

/** Remembers the table as it is before a request, and tells afterwards what the request cost. */
export function meterRequest(account: Account, { operation, input }: TableRequest) {
  const table = account.tables.get(String(input.TableName));
  if (table === undefined) throw new Error(`there is no table ${String(input.TableName)}`);
  const isConsistent = input.ConsistentRead === true;
  if (operation === 'Query') {
    return (answer: unknown): Units => ({
      read: readUnits(sizeOfItems(answer), isConsistent),
      write: 0,
    });
  }
  const key = keyTextOf(table.definition.KeySchema, (input.Item ?? input.Key) as Item);
  const before = table.items.get(key);
  if (operation === 'GetItem') {
    const units = readUnits(before === undefined ? 0 : itemSize(before), isConsistent);
    return (): Units => ({ read: units, write: 0 });
  }
  return (): Units => ({ read: 0, write: unitsOfWrite(table, before, table.items.get(key)) });
}

/** A condition that does not hold costs what the write would have. */
function unitsOfWrite({ definition }: Table, before: Item | undefined, after: Item | undefined) {
  return writeUnits({
    beforeBytes: before === undefined ? undefined : itemSize(before),
    afterBytes: after === undefined ? undefined : itemSize(after),
    indexes: (definition.GlobalSecondaryIndexes ?? []).map(({ KeySchema }) => ({
      before: entryOf(before, KeySchema),
      after: entryOf(after, KeySchema),
    })),
  });
}

function entryOf(
  item: Item | undefined,
  schema: TableDefinition['KeySchema'],
): IndexEntry | undefined {
  const names = schema.map(({ AttributeName }) => AttributeName);
  if (item === undefined || names.some((name) => item[name] === undefined)) return undefined;
  return { key: JSON.stringify(names.map((name) => item[name])), bytes: itemSize(item) };
}

function sizeOfItems(answer: unknown): number {
  const items: unknown = Reflect.get(Object(answer), 'Items');
  if (!Array.isArray(items)) return 0;
  return items.reduce((sum: number, item: Item) => sum + itemSize(item), 0);
}
