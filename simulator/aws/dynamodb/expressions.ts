import type { AttributeValue, Item } from '../../account.ts';
import { type ServiceError, UnsupportedRequest } from '../errors.ts';
import { isReserved } from './reserved-words.ts';
import { typeOf, validationError } from './values.ts';

const expressionBytesMax = 4096;

/** Names of map members and indexes of list elements, from the top of the item down. */
export type Path = readonly (string | number)[];

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: AttributeValue }
  | { readonly kind: 'size'; readonly path: Path };

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly condition: Condition }
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'between';
      readonly operand: Operand;
      readonly low: Operand;
      readonly high: Operand;
    }
  | { readonly kind: 'in'; readonly operand: Operand; readonly options: readonly Operand[] }
  | { readonly kind: 'exists' | 'not-exists'; readonly path: Path }
  | {
      readonly kind: 'begins-with' | 'contains';
      readonly operand: Operand;
      readonly part: Operand;
    };

export type SetValue =
  | Operand
  | { readonly kind: 'if-not-exists'; readonly path: Path; readonly otherwise: SetValue }
  | {
      readonly kind: 'list-append' | 'plus' | 'minus';
      readonly left: SetValue;
      readonly right: SetValue;
    };

export type UpdateAction =
  | { readonly kind: 'set'; readonly path: Path; readonly value: SetValue }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'add' | 'delete'; readonly path: Path; readonly value: AttributeValue };

/** What the expressions of one request may refer to, and what of it they did. */
export type References = {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
  readonly used: Set<string>;
};

type Cursor = {
  readonly references: References;
  readonly tokens: readonly string[];
  position: number;
  /** Where the parenthesised part just read began and ended. */
  lastGroup: readonly [start: number, end: number];
  fail(problem: string): ServiceError;
};

/** Reads a condition, key condition or filter. */
export function parseCondition(kind: string, text: string, references: References): Condition {
  const cursor = open(kind, text, references);
  const condition = readOr(cursor);
  close(cursor);
  return condition;
}

/** Reads an update; its actions are independent of each other. */
export function parseUpdate(text: string, references: References): readonly UpdateAction[] {
  const cursor = open('UpdateExpression', text, references);
  const actions: UpdateAction[] = [];
  const sections = new Set<string>();
  while (peek(cursor) !== undefined) {
    const section = take(cursor).toUpperCase();
    if (sections.has(section)) {
      throw cursor.fail(`The "${section}" section can only be used once in an update expression;`);
    }
    sections.add(section);
    do actions.push(readAction(cursor, section));
    while (skip(cursor, ','));
  }
  assertDistinct(cursor, actions);
  return actions;
}

/** Reads a projection, which is simulated for whole attributes only. */
export function parseProjection(text: string, references: References): readonly string[] {
  const cursor = open('ProjectionExpression', text, references);
  const names: string[] = [];
  do {
    const [name, ...rest] = readPath(cursor);
    if (rest.length > 0) throw new UnsupportedRequest('projections of nested attributes');
    names.push(String(name));
  } while (skip(cursor, ','));
  close(cursor);
  if (new Set(names).size < names.length) throw cursor.fail('Two document paths overlap');
  return names;
}

/** Refuses names and values that no expression of the request mentions, as DynamoDB does. */
export function assertAllUsed({ names, values, used }: References): void {
  for (const [member, given] of [
    ['ExpressionAttributeNames', names],
    ['ExpressionAttributeValues', values],
  ] as const) {
    const unused = Object.keys(given).filter((key) => !used.has(key));
    if (unused.length > 0) {
      throw validationError(
        `Value provided in ${member} unused in expressions: keys: {${unused.join(', ')}}`,
      );
    }
  }
}

function open(kind: string, text: string, references: References): Cursor {
  const fail = (problem: string) => validationError(`Invalid ${kind}: ${problem}`);
  if (text.trim() === '') throw fail('The expression can not be empty;');
  if (Buffer.byteLength(text) > expressionBytesMax) {
    throw fail('Expression size has exceeded the maximum allowed size;');
  }
  const tokens = text.match(/[#:][0-9A-Za-z_]+|[A-Za-z][0-9A-Za-z_]*|\d+|<>|<=|>=|[^\s]/g) ?? [];
  return { references, tokens, position: 0, lastGroup: [-1, -1], fail };
}

function close(cursor: Cursor): void {
  if (peek(cursor) !== undefined) throw unexpected(cursor);
}

function peek({ tokens, position }: Cursor, ahead = 0): string | undefined {
  return tokens[position + ahead];
}

function take(cursor: Cursor): string {
  const token = peek(cursor);
  if (token === undefined) throw unexpected(cursor);
  cursor.position += 1;
  return token;
}

function skip(cursor: Cursor, wanted: string): boolean {
  if (peek(cursor)?.toUpperCase() !== wanted) return false;
  cursor.position += 1;
  return true;
}

function expect(cursor: Cursor, wanted: string): void {
  if (!skip(cursor, wanted)) throw unexpected(cursor);
}

function unexpected(cursor: Cursor): ServiceError {
  return cursor.fail(`Syntax error; token: "${peek(cursor) ?? '<EOF>'}"`);
}

function readOr(cursor: Cursor): Condition {
  let left = readAnd(cursor);
  while (skip(cursor, 'OR')) left = { kind: 'or', left, right: readAnd(cursor) };
  return left;
}

function readAnd(cursor: Cursor): Condition {
  let left = readNot(cursor);
  while (skip(cursor, 'AND')) left = { kind: 'and', left, right: readNot(cursor) };
  return left;
}

function readNot(cursor: Cursor): Condition {
  if (skip(cursor, 'NOT')) return { kind: 'not', condition: readNot(cursor) };
  return peek(cursor) === '(' ? readGroup(cursor) : readPredicate(cursor);
}

function readGroup(cursor: Cursor): Condition {
  const start = cursor.position;
  expect(cursor, '(');
  const condition = readOr(cursor);
  const [innerStart, innerEnd] = cursor.lastGroup;
  if (innerStart === start + 1 && innerEnd === cursor.position) {
    throw cursor.fail('The expression has redundant parentheses;');
  }
  expect(cursor, ')');
  cursor.lastGroup = [start, cursor.position];
  return condition;
}

function readPredicate(cursor: Cursor): Condition {
  if (peek(cursor, 1) === '(' && peek(cursor) !== 'size') return readCall(cursor);
  const left = readOperand(cursor);
  if (skip(cursor, 'BETWEEN')) {
    const low = ordered(cursor, readOperand(cursor), 'BETWEEN');
    expect(cursor, 'AND');
    return {
      kind: 'between',
      operand: left,
      low,
      high: ordered(cursor, readOperand(cursor), 'BETWEEN'),
    };
  }
  if (skip(cursor, 'IN')) {
    expect(cursor, '(');
    const options = [readOperand(cursor)];
    while (skip(cursor, ',')) options.push(readOperand(cursor));
    expect(cursor, ')');
    return { kind: 'in', operand: left, options };
  }
  const comparator = take(cursor);
  if (!isComparator(comparator)) {
    cursor.position -= 1;
    throw unexpected(cursor);
  }
  const right = readOperand(cursor);
  if (comparator === '=' || comparator === '<>')
    return { kind: 'compare', comparator, left, right };
  return {
    kind: 'compare',
    comparator,
    left: ordered(cursor, left, comparator),
    right: ordered(cursor, right, comparator),
  };
}

function readCall(cursor: Cursor): Condition {
  const name = take(cursor);
  expect(cursor, '(');
  const condition = readArguments(cursor, name);
  expect(cursor, ')');
  return condition;
}

function readArguments(cursor: Cursor, name: string): Condition {
  switch (name) {
    case 'attribute_exists':
      return { kind: 'exists', path: readPath(cursor) };
    case 'attribute_not_exists':
      return { kind: 'not-exists', path: readPath(cursor) };
    case 'begins_with':
    case 'contains': {
      const operand = readOperand(cursor);
      expect(cursor, ',');
      const part = readOperand(cursor);
      if (name === 'contains') return { kind: 'contains', operand, part };
      if (part.kind === 'value' && !['S', 'B'].includes(typeOf(part.value))) {
        throw cursor.fail(`Incorrect operand type for operator or function; operator: ${name}`);
      }
      return { kind: 'begins-with', operand, part };
    }
    case 'attribute_type':
      throw new UnsupportedRequest('the function attribute_type');
    default:
      throw cursor.fail(`Invalid function name; function: ${name}`);
  }
}

function isComparator(token: string): token is Comparator {
  return ['=', '<>', '<', '<=', '>', '>='].includes(token);
}

/** A value that is written out must be of a type that has an order. */
function ordered(cursor: Cursor, operand: Operand, operator: string): Operand {
  if (operand.kind === 'value' && !['S', 'N', 'B'].includes(typeOf(operand.value))) {
    throw cursor.fail(`Incorrect operand type for operator or function; operator: ${operator}`);
  }
  return operand;
}

function readOperand(cursor: Cursor): Operand {
  const token = peek(cursor);
  if (token === 'size' && peek(cursor, 1) === '(') {
    cursor.position += 2;
    const path = readPath(cursor);
    expect(cursor, ')');
    return { kind: 'size', path };
  }
  if (token?.startsWith(':')) return { kind: 'value', value: readValue(cursor) };
  return { kind: 'path', path: readPath(cursor) };
}

function readValue(cursor: Cursor): AttributeValue {
  const token = take(cursor);
  const value = cursor.references.values[token];
  if (value === undefined) {
    throw cursor.fail(
      `An expression attribute value used in expression is not defined; attribute value: ${token}`,
    );
  }
  cursor.references.used.add(token);
  return value;
}

function readPath(cursor: Cursor): Path {
  const path: (string | number)[] = [readName(cursor)];
  for (;;) {
    if (skip(cursor, '.')) {
      path.push(readName(cursor));
    } else if (skip(cursor, '[')) {
      const index = take(cursor);
      if (!/^\d+$/.test(index)) throw unexpected(cursor);
      path.push(Number(index));
      expect(cursor, ']');
    } else {
      return path;
    }
  }
}

function readName(cursor: Cursor): string {
  const token = take(cursor);
  if (token.startsWith('#')) {
    const name = cursor.references.names[token];
    if (name === undefined) {
      throw cursor.fail(
        'An expression attribute name used in the document path is not defined; ' +
          `attribute name: ${token}`,
      );
    }
    cursor.references.used.add(token);
    return name;
  }
  if (!/^[A-Za-z]/.test(token)) {
    cursor.position -= 1;
    throw unexpected(cursor);
  }
  if (isReserved(token)) {
    throw cursor.fail(`Attribute name is a reserved keyword; reserved keyword: ${token}`);
  }
  return token;
}

function readAction(cursor: Cursor, section: string): UpdateAction {
  switch (section) {
    case 'SET': {
      const path = readPath(cursor);
      expect(cursor, '=');
      return { kind: 'set', path, value: readSum(cursor) };
    }
    case 'REMOVE':
      return { kind: 'remove', path: readPath(cursor) };
    case 'ADD':
    case 'DELETE': {
      const path = readPath(cursor);
      const value = readValue(cursor);
      const types = section === 'ADD' ? ['N', 'SS', 'NS', 'BS'] : ['SS', 'NS', 'BS'];
      if (!types.includes(typeOf(value))) {
        throw cursor.fail(`Incorrect operand type for operator or function; operator: ${section}`);
      }
      return { kind: section === 'ADD' ? 'add' : 'delete', path, value };
    }
    default:
      throw cursor.fail(`Syntax error; token: "${section}"`);
  }
}

function readSum(cursor: Cursor): SetValue {
  const left = readTerm(cursor);
  const operator = peek(cursor);
  if (operator !== '+' && operator !== '-') return left;
  cursor.position += 1;
  return {
    kind: operator === '+' ? 'plus' : 'minus',
    left: typed(cursor, left, 'N', operator),
    right: typed(cursor, readTerm(cursor), 'N', operator),
  };
}

/** A value that is written out is refused before the item is looked at. */
function typed(cursor: Cursor, value: SetValue, type: 'N' | 'L', operator: string): SetValue {
  if (value.kind === 'value' && typeOf(value.value) !== type) {
    throw cursor.fail(`Incorrect operand type for operator or function; operator: ${operator}`);
  }
  return value;
}

function readTerm(cursor: Cursor): SetValue {
  if (peek(cursor, 1) !== '(') return readOperand(cursor);
  const name = take(cursor);
  expect(cursor, '(');
  const value = readTermArguments(cursor, name);
  expect(cursor, ')');
  return value;
}

function readTermArguments(cursor: Cursor, name: string): SetValue {
  if (name === 'if_not_exists') {
    const path = readPath(cursor);
    expect(cursor, ',');
    return { kind: 'if-not-exists', path, otherwise: readTerm(cursor) };
  }
  if (name === 'list_append') {
    const left = typed(cursor, readTerm(cursor), 'L', name);
    expect(cursor, ',');
    return { kind: 'list-append', left, right: typed(cursor, readTerm(cursor), 'L', name) };
  }
  throw cursor.fail(`Invalid function name; function: ${name}`);
}

/** No two actions may touch the same attribute, nor one an attribute within the other's. */
function assertDistinct(cursor: Cursor, actions: readonly UpdateAction[]): void {
  for (const [index, { path }] of actions.entries()) {
    for (const { path: other } of actions.slice(index + 1)) {
      const shared = Math.min(path.length, other.length);
      if (path.slice(0, shared).every((step, depth) => step === other[depth])) {
        throw cursor.fail('Two document paths overlap with each other;');
      }
    }
  }
}
