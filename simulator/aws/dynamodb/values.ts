import type { AttributeValue, Item } from '../../account.ts';
import { ServiceError } from '../errors.ts';
import { isInput } from '../operation.ts';
import { canonicalNumber, compareNumbers } from './decimal.ts';

export type AttributeType = 'S' | 'N' | 'B' | 'SS' | 'NS' | 'BS' | 'L' | 'M' | 'BOOL' | 'NULL';

/** The error of a request that DynamoDB refuses to understand. */
export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

/** The type tag of a value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw validationError(
    'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
  );
}

/** Reads a map of values from the wire, with numbers in their canonical form. */
export function readItem(member: string, value: unknown): Item {
  if (!isInput(value)) throw validationError(`${member} must be a map of attribute values`);
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, readValue(child)]));
}

function readValue(value: unknown): AttributeValue {
  const entries = isInput(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw validationError(
      'Supplied AttributeValue must contain exactly one of the supported datatypes',
    );
  }
  const [type, content] = entry;
  const simple = readScalar(type, content) ?? readSet(type, content);
  if (simple !== undefined) return simple;
  if (type === 'L' && Array.isArray(content)) return { L: content.map(readValue) };
  if (type === 'M') return { M: readItem('M', content) };
  throw validationError(`Supplied AttributeValue of type ${type} is malformed`);
}

function readScalar(type: string, content: unknown): AttributeValue | undefined {
  if (type === 'S' && typeof content === 'string') return { S: content };
  if (type === 'N' && typeof content === 'string') return { N: canonicalNumber(content) };
  if (type === 'B' && typeof content === 'string') return { B: content };
  if (type === 'BOOL' && typeof content === 'boolean') return { BOOL: content };
  if (type !== 'NULL') return undefined;
  if (content === true) return { NULL: true };
  throw validationError(
    'One or more parameter values were invalid: ' +
      'Null attribute value types must have the value of true',
  );
}

function readSet(type: string, content: unknown): AttributeValue | undefined {
  const isSet = type === 'SS' || type === 'NS' || type === 'BS';
  if (!isSet || !Array.isArray(content)) return undefined;
  const texts = content.filter((entry) => typeof entry === 'string');
  if (texts.length < content.length) return undefined;
  const members = type === 'NS' ? texts.map(canonicalNumber) : texts;
  if (members.length === 0) {
    throw validationError('One or more parameter values were invalid: A set may not be empty');
  }
  if (new Set(members).size < members.length) {
    throw validationError(
      'One or more parameter values were invalid: Input collection contains duplicates.',
    );
  }
  if (type === 'SS') return { SS: members };
  return type === 'NS' ? { NS: members } : { BS: members };
}

/** The members of a set; undefined for any other type. */
export function membersOf(value: AttributeValue): readonly string[] | undefined {
  if ('SS' in value) return value.SS;
  if ('NS' in value) return value.NS;
  return 'BS' in value ? value.BS : undefined;
}

/** A set of the same type as `like`. */
export function setLike(like: AttributeValue, members: string[]): AttributeValue {
  if ('SS' in like) return { SS: members };
  return 'NS' in like ? { NS: members } : { BS: members };
}

/** Equality of type and content; the order of a set does not count. */
export function isEqual(left: AttributeValue, right: AttributeValue): boolean {
  if (typeOf(left) !== typeOf(right)) return false;
  const [ours, theirs] = [membersOf(left), membersOf(right)];
  if (ours !== undefined && theirs !== undefined) {
    return ours.length === theirs.length && ours.every((member) => theirs.includes(member));
  }
  if ('L' in left && 'L' in right) {
    return (
      left.L.length === right.L.length &&
      left.L.every((entry, index) => isEqualOrMissing(entry, right.L[index]))
    );
  }
  if ('M' in left && 'M' in right) {
    const names = Object.keys(left.M);
    return (
      names.length === Object.keys(right.M).length &&
      names.every((name) => isEqualOrMissing(left.M[name], right.M[name]))
    );
  }
  return JSON.stringify(left) === JSON.stringify(right);
}

function isEqualOrMissing(
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  return left !== undefined && right !== undefined && isEqual(left, right);
}

/** Order of two values of one type: S by UTF-8 bytes, N, B; undefined when there is none. */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if ('N' in left && 'N' in right) return compareNumbers(left.N, right.N);
  const [ours, theirs] = [bytesOf(left), bytesOf(right)];
  if (ours === undefined || theirs === undefined || typeOf(left) !== typeOf(right)) {
    return undefined;
  }
  return Buffer.compare(ours, theirs);
}

/** The bytes of a string or of binary; undefined for any other type. */
export function bytesOf(value: AttributeValue): Buffer | undefined {
  if ('S' in value) return Buffer.from(value.S, 'utf8');
  return 'B' in value ? Buffer.from(value.B, 'base64') : undefined;
}

/** What an item counts against the limit of 400 KB: names and values, in bytes. */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce(
    (size, [name, value]) => size + Buffer.byteLength(name) + valueSize(value),
    0,
  );
}

function valueSize(value: AttributeValue): number {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes.byteLength;
  if ('N' in value) return numberSize(value.N);
  if ('NS' in value) return value.NS.reduce((size, member) => size + numberSize(member), 0);
  if ('BS' in value) return value.BS.reduce((size, member) => size + valueSize({ B: member }), 0);
  if ('SS' in value) return value.SS.reduce((size, member) => size + valueSize({ S: member }), 0);
  if ('L' in value) return value.L.reduce((size, entry) => size + 1 + valueSize(entry), 3);
  if ('M' in value) return 3 + Object.keys(value.M).length + itemSize(value.M);
  return 1;
}

/** About a byte for two significant digits, and one more. */
function numberSize(number: string): number {
  const digits = number.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
  return 1 + Math.ceil(digits.length / 2) + (number.startsWith('-') ? 1 : 0);
}
