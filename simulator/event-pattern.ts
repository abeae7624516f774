/** Decides whether an event matches a rule, as EventBridge does. */
export type EventMatcher = (event: unknown) => boolean;

/** Characters that the pattern of a rule may have. */
export const patternCharsMax = 2_048;

/** EventBridge would refuse the pattern, or it uses an operator that is not simulated. */
export class UnsupportedPattern extends Error {
  override readonly name = 'UnsupportedPattern';
}

/**
 * Reads the event pattern of a rule: exact values, `prefix`, `anything-but`, `exists`, nested objects.
 * Every other operator is an error, at once and not only when an event comes by it: a rule that the
 * simulator gets wrong is worse than one that it cannot read.
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function compileEventPattern(pattern: unknown): EventMatcher {
  const { length } = JSON.stringify(pattern) ?? '';
  if (length > patternCharsMax) {
    throw new UnsupportedPattern(`the pattern has ${length} characters, bound ${patternCharsMax}`);
  }
  if (!isObject(pattern)) throw new UnsupportedPattern('the pattern is not an object');
  return compileObject(pattern, 'pattern');
}

function compileObject(pattern: Fields, path: string): EventMatcher {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new UnsupportedPattern(`${path} is empty`);
  const fields = entries.map(([name, value]): readonly [string, EventMatcher] => {
    const where = `${path}.${name}`;
    if (name.startsWith('$')) throw new UnsupportedPattern(`${where}: operator not simulated`);
    if (Array.isArray(value)) return [name, compileAlternatives(value, where)];
    if (isObject(value)) return [name, compileObject(value, where)];
    throw new UnsupportedPattern(`${where} is neither an object nor a list`);
  });
  const matchesOne = (node: unknown): boolean =>
    fields.every(([name, matches]) => matches(isObject(node) ? node[name] : undefined));
  // All fields of one pattern have to be found in the same element of a list.
  return (node) => (Array.isArray(node) ? node.some(matchesOne) : matchesOne(node));
}

/** What may stand in a list: one of them has to match. */
function compileAlternatives(alternatives: readonly unknown[], path: string): EventMatcher {
  if (alternatives.length === 0) throw new UnsupportedPattern(`${path} is empty`);
  const matchers = alternatives.map((one) => compileAlternative(one, path));
  return (node) => {
    const values = leavesOf(node);
    return matchers.some((matches) => matches(values));
  };
}

type LeafMatcher = (values: readonly Scalar[]) => boolean;

function compileAlternative(alternative: unknown, path: string): LeafMatcher {
  if (isScalar(alternative)) return (values) => values.includes(alternative);
  const [operator, operand] = operatorOf(alternative, path);
  const where = `${path}.${operator}`;
  switch (operator) {
    case 'prefix': {
      const startsWell = prefixTest(operand, where);
      return (values) => values.some(startsWell);
    }
    case 'anything-but': {
      const isExcluded = exclusionTest(operand, where);
      return (values) => values.some((value) => !isExcluded(value));
    }
    case 'exists': {
      if (typeof operand !== 'boolean') throw new UnsupportedPattern(`${where} is no boolean`);
      return (values) => values.length > 0 === operand;
    }
    default:
      throw new UnsupportedPattern(`${where}: operator not simulated`);
  }
}

function prefixTest(operand: unknown, where: string): (value: Scalar) => boolean {
  if (typeof operand !== 'string') throw new UnsupportedPattern(`${where} is no text`);
  return (value) => typeof value === 'string' && value.startsWith(operand);
}

/** A value, a list of values, or a prefix. */
function exclusionTest(operand: unknown, where: string): (value: Scalar) => boolean {
  if (isObject(operand)) {
    const [operator, prefix] = operatorOf(operand, where);
    if (operator !== 'prefix') {
      throw new UnsupportedPattern(`${where}.${operator}: operator not simulated`);
    }
    return prefixTest(prefix, `${where}.prefix`);
  }
  const excluded: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (excluded.length === 0 || !excluded.every(isScalar)) {
    throw new UnsupportedPattern(`${where} is neither a value nor a list of values`);
  }
  return (value) => excluded.includes(value);
}

function operatorOf(value: unknown, path: string): readonly [string, unknown] {
  const entries = isObject(value) ? Object.entries(value) : [];
  const [first] = entries;
  if (first === undefined || entries.length > 1) {
    throw new UnsupportedPattern(
      `${path} holds something that is neither a value nor one operator`,
    );
  }
  return first;
}

type Fields = Readonly<Record<string, unknown>>;
type Scalar = string | number | boolean | null;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** The values at a field of an event. Only leaves count: an object is none, and neither is nothing. */
function leavesOf(node: unknown): readonly Scalar[] {
  if (Array.isArray(node)) return node.flatMap(leavesOf);
  return isScalar(node) ? [node] : [];
}
