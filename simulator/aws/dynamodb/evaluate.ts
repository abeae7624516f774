import type { AttributeValue, Item } from '../../account.ts';
import { UnsupportedRequest } from '../errors.ts';
import { addNumbers, subtractNumbers } from './decimal.ts';
import type {
  Comparator,
  Condition,
  Operand,
  Path,
  SetValue,
  UpdateAction,
} from './expressions.ts';
import {
  bytesOf,
  compareValues,
  isEqual,
  membersOf,
  setLike,
  typeOf,
  validationError,
} from './values.ts';

/** Whether the condition holds for the item; an item that does not exist is an empty one. */
export function holds(condition: Condition, item: Item): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item) && holds(condition.right, item);
    case 'or':
      return holds(condition.left, item) || holds(condition.right, item);
    case 'not':
      return !holds(condition.condition, item);
    case 'exists':
      return lookUp(condition.path, item) !== undefined;
    case 'not-exists':
      return lookUp(condition.path, item) === undefined;
    case 'compare':
      return compare(
        condition.comparator,
        valueAt(condition.left, item),
        valueAt(condition.right, item),
      );
    case 'between':
      return isBetween(condition, item);
    case 'in':
      return condition.options.some((option) =>
        compare('=', valueAt(condition.operand, item), valueAt(option, item)),
      );
    case 'begins-with':
    case 'contains':
      return isPart(condition, item);
  }
}

function isBetween(condition: Extract<Condition, { kind: 'between' }>, item: Item): boolean {
  const value = valueAt(condition.operand, item);
  return (
    compare('>=', value, valueAt(condition.low, item)) &&
    compare('<=', value, valueAt(condition.high, item))
  );
}

function compare(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return comparator === '<>';
  if (comparator === '=') return isEqual(left, right);
  if (comparator === '<>') return !isEqual(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (comparator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function isPart(
  condition: Extract<Condition, { kind: 'begins-with' | 'contains' }>,
  item: Item,
): boolean {
  const whole = valueAt(condition.operand, item);
  const part = valueAt(condition.part, item);
  if (whole === undefined || part === undefined) return false;
  const [wholeBytes, partBytes] = [bytesOf(whole), bytesOf(part)];
  if (wholeBytes !== undefined) {
    if (partBytes === undefined || typeOf(whole) !== typeOf(part)) return false;
    const position = wholeBytes.indexOf(partBytes);
    return condition.kind === 'begins-with' ? position === 0 : position >= 0;
  }
  if (condition.kind === 'begins-with') return false;
  if ('L' in whole) return whole.L.some((entry) => isEqual(entry, part));
  const members = membersOf(whole);
  return members?.some((member) => isEqual(setLike(whole, [member]), asSet(part))) ?? false;
}

/** A set of one member, to compare a scalar with the members of a set of its type. */
function asSet(value: AttributeValue): AttributeValue {
  if ('S' in value) return { SS: [value.S] };
  if ('N' in value) return { NS: [value.N] };
  return 'B' in value ? { BS: [value.B] } : value;
}

function valueAt(operand: Operand, item: Item): AttributeValue | undefined {
  if (operand.kind === 'value') return operand.value;
  const value = lookUp(operand.path, item);
  if (operand.kind === 'path') return value;
  const size = value === undefined ? undefined : sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

/** What the function `size` says: bytes, or the number of members; a number has no size. */
function sizeOf(value: AttributeValue): number | undefined {
  if ('L' in value) return value.L.length;
  if ('M' in value) return Object.keys(value.M).length;
  return bytesOf(value)?.byteLength ?? membersOf(value)?.length;
}

function lookUp(path: Path, item: Item): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const step of path) {
    if (value === undefined) return undefined;
    value = childOf(value, step);
  }
  return value;
}

function childOf(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return 'L' in value ? value.L[step] : undefined;
  return 'M' in value && Object.hasOwn(value.M, step) ? value.M[step] : undefined;
}

/** The item after the update. Every value is computed from the item as it was before. */
export function applyUpdate(actions: readonly UpdateAction[], before: Item): Item {
  const after = structuredClone(before);
  const writes = actions.map((action) => ({ path: action.path, value: resultOf(action, before) }));
  for (const { path, value } of writes) write(after, path, value);
  return after;
}

/** The value an action leaves at its path; undefined when it leaves none. */
function resultOf(action: UpdateAction, before: Item): AttributeValue | undefined {
  if (action.kind === 'remove') return undefined;
  if (action.kind === 'set') return computed(action.value, before);
  if (action.path.length > 1) throw new UnsupportedRequest('ADD and DELETE of nested attributes');
  const old = lookUp(action.path, before);
  if (old !== undefined && typeOf(old) !== typeOf(action.value)) throw wrongType();
  if ('N' in action.value) {
    return { N: addNumbers(old !== undefined && 'N' in old ? old.N : '0', action.value.N) };
  }
  const members = (old === undefined ? [] : membersOf(old)) ?? [];
  const given = membersOf(action.value) ?? [];
  if (action.kind === 'add') return setLike(action.value, [...new Set([...members, ...given])]);
  const left = members.filter((member) => !given.includes(member));
  return left.length === 0 ? undefined : setLike(action.value, left);
}

function computed(value: SetValue, item: Item): AttributeValue {
  switch (value.kind) {
    case 'if-not-exists':
      return lookUp(value.path, item) ?? computed(value.otherwise, item);
    case 'list-append': {
      const [left, right] = [computed(value.left, item), computed(value.right, item)];
      if (!('L' in left) || !('L' in right)) throw wrongType();
      return { L: [...left.L, ...right.L] };
    }
    case 'plus':
    case 'minus': {
      const [left, right] = [computed(value.left, item), computed(value.right, item)];
      if (!('N' in left) || !('N' in right)) throw wrongType();
      return { N: (value.kind === 'plus' ? addNumbers : subtractNumbers)(left.N, right.N) };
    }
    default: {
      const found = valueAt(value, item);
      if (found !== undefined) return found;
      throw validationError(
        'The provided expression refers to an attribute that does not exist in the item',
      );
    }
  }
}

function write(item: Item, path: Path, value: AttributeValue | undefined): void {
  const name = path.at(-1);
  if (typeof name === 'number') throw new UnsupportedRequest('updates of list elements');
  const parent = lookUp(path.slice(0, -1), item);
  if (name === undefined || parent === undefined || !('M' in parent)) {
    throw validationError(
      'The document path provided in the update expression is invalid for update',
    );
  }
  if (value === undefined) delete parent.M[name];
  else parent.M[name] = structuredClone(value);
}

function wrongType(): Error {
  return validationError('An operand in the update expression has an incorrect data type');
}
