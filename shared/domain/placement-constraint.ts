import { readPattern } from './pattern.ts';
import { valueIn } from './record.ts';
import type { PlacementConstraint } from './snapshot.ts';
import { allOf, anyOf, not, type Truth, truthOf } from './truth.ts';

/** Longest expression that ECS takes. */
export const expressionCharsMax = 2_000;
/** Deepest nesting of parentheses and `not` that is read. */
const nestingMax = 32;

/** What is known of an instance, or of one that could be launched, when a constraint is judged. */
export type PlacementFacts = {
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether an attribute that is not listed is known to be absent. */
  readonly areAttributesComplete: boolean;
  readonly ec2InstanceId: string | undefined;
  /** Groups of the tasks on it; undefined where they are not known. */
  readonly groups: ReadonlySet<string> | undefined;
};

/** The placement constraints of a service, read once. */
export type Constraints = {
  /** One task of a service an instance. */
  readonly isDistinct: boolean;
  /** Whether the answer depends on the tasks that an instance runs at the moment. */
  readonly readsGroups: boolean;
  /** Whether every `memberOf` allows the instance; what cannot be read is `unknown`. */
  readonly allows: (facts: PlacementFacts) => Truth;
};

/** Whether a service has one task an instance. */
export const isDistinct = ({
  placementConstraints,
}: {
  readonly placementConstraints: readonly PlacementConstraint[];
}): boolean => placementConstraints.some(({ type }) => type === 'distinctInstance');

/** Reads constraints. A type that ECS does not document makes every answer `unknown`, or `no`. */
export function readConstraints(constraints: readonly PlacementConstraint[]): Constraints {
  const predicates = constraints.flatMap(({ type, expression = '' }) => {
    if (type === 'distinctInstance') return [];
    return [type === 'memberOf' ? readExpression(expression) : isUnknown];
  });
  return {
    isDistinct: isDistinct({ placementConstraints: constraints }),
    readsGroups: constraints.some(({ expression }) => expression?.includes('task:group')),
    allows: (facts) => allOf(predicates.map((predicate) => predicate(facts))),
  };
}

/**
 * Whether a constraint asks for the zone: ECS then leaves the service out of its own rebalancing.
 * By the text alone, so that it holds for an expression that cannot be read.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
 */
export const mentionsZone = (constraints: readonly PlacementConstraint[]): boolean =>
  constraints.some(({ expression = '' }) =>
    /attribute:ecs\.availability-zone(?![\w./\\-])/.test(expression),
  );

type Predicate = (facts: PlacementFacts) => Truth;
const isUnknown: Predicate = () => 'unknown';

/**
 * Reads an expression of the cluster query language: comparisons of a subject, joined by `and`
 * (`&&`), `or` (`||`), `not` (`!`) and parentheses. Subjects whose value a snapshot does not hold, and
 * comparisons by size, are `unknown`; so is a text that is no expression.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
 */
export function readExpression(text: string): Predicate {
  if (text.length > expressionCharsMax) return isUnknown;
  const cursor = { text, at: 0 };
  const predicate = readJoined(cursor, 0);
  return predicate === undefined || take(cursor, /\s*$/y) === undefined ? isUnknown : predicate;
}

type Cursor = { readonly text: string; at: number };

/** The text that a sticky pattern matches here, and steps behind it. */
function take(cursor: Cursor, sticky: RegExp): string | undefined {
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

/** Comparisons joined by `and` and `or`, in the order in which they stand. */
function readJoined(cursor: Cursor, nesting: number): Predicate | undefined {
  const all: Predicate[] = [];
  const areOr: boolean[] = [];
  let joint: string | undefined;
  do {
    const one = readOne(cursor, nesting);
    if (one === undefined) return undefined;
    all.push(one);
    joint = take(cursor, /\s*(?:&&|and\b|\|\||or\b)/y)?.trim();
    if (joint !== undefined) areOr.push(joint === 'or' || joint === '||');
  } while (joint !== undefined);
  return (facts) =>
    join(
      all.map((one) => one(facts)),
      areOr,
    );
}

/** ECS does not say whether `and` binds closer than `or`: where that matters, it is `unknown`. */
function join([first = 'unknown', ...others]: readonly Truth[], areOr: readonly boolean[]): Truth {
  const inOrder = others.reduce(
    (left, right, at) => (areOr[at] ? anyOf([left, right]) : allOf([left, right])),
    first,
  );
  const conjunctions: Truth[][] = [[first]];
  for (const [at, truth] of others.entries()) {
    if (areOr[at]) conjunctions.push([truth]);
    else conjunctions.at(-1)?.push(truth);
  }
  const closer = anyOf(conjunctions.map(allOf));
  return inOrder === closer ? closer : 'unknown';
}

function readOne(cursor: Cursor, nesting: number): Predicate | undefined {
  if (nesting >= nestingMax) return undefined;
  if (take(cursor, /\s*(?:!|not\b)/y) !== undefined) {
    const one = readOne(cursor, nesting + 1);
    return one && ((facts) => not(one(facts)));
  }
  if (take(cursor, /\s*\(/y) !== undefined) {
    const inner = readJoined(cursor, nesting + 1);
    return take(cursor, /\s*\)/y) === undefined ? undefined : inner;
  }
  return readComparison(cursor);
}

/** What a comparison asks of one value that is there. */
type Ask = (value: string) => Truth;
type Comparison =
  | { readonly kind: 'exists' }
  | { readonly kind: 'asks'; readonly ask: Ask }
  /** By size, or by a pattern that is beyond us: read over, and not judged. */
  | { readonly kind: 'unjudged' };

/** Operators in both spellings; the negated ones are the positive ones, and `not`. */
const operators: Readonly<Record<string, string>> = {
  '==': 'equals',
  equals: 'equals',
  '!=': 'not equals',
  not_equals: 'not equals',
  in: 'in',
  '!in': 'not in',
  not_in: 'not in',
  '=~': 'matches',
  matches: 'matches',
  '!~': 'not matches',
  not_matches: 'not matches',
  exists: 'exists',
  '!exists': 'not exists',
  not_exists: 'not exists',
  '>': 'size',
  greater_than: 'size',
  '>=': 'size',
  greater_than_equal: 'size',
  '<': 'size',
  less_than: 'size',
  '<=': 'size',
  less_than_equal: 'size',
};

function readComparison(cursor: Cursor): Predicate | undefined {
  const subject = take(cursor, /\s*[A-Za-z][\w:./\\-]*/y)?.trim();
  const sign = take(cursor, /\s*(?:[=!<>]=|=~|!~|[<>]|!?[a-z_]+)/y)?.trim() ?? '';
  const operator = valueIn(operators, sign);
  if (subject === undefined || operator === undefined) return undefined;
  const isNegated = operator.startsWith('not ');
  const comparison = readArgument(cursor, operator.replace('not ', ''));
  if (comparison === undefined) return undefined;
  if (subject === 'task:group') return groupPredicate(comparison, isNegated);
  const readValue = valueReaderOf(subject);
  if (readValue === undefined || comparison.kind === 'unjudged') return isUnknown;
  return (facts) => judge(readValue(facts), comparison, isNegated);
}

function readArgument(cursor: Cursor, operator: string): Comparison | undefined {
  if (operator === 'exists') return { kind: 'exists' };
  if (operator === 'matches') {
    const pattern = readLiteral(cursor) ?? readBarePattern(cursor);
    const matches = pattern === undefined ? undefined : readPattern(pattern);
    if (pattern === undefined) return undefined;
    return matches === undefined ? { kind: 'unjudged' } : { kind: 'asks', ask: matches };
  }
  const among = operator === 'in' ? readList(cursor) : readLiteralList(cursor);
  if (among === undefined) return undefined;
  if (operator === 'size') return { kind: 'unjudged' };
  return { kind: 'asks', ask: (value) => truthOf(among.includes(value)) };
}

/** A quoted text, where one stands here. */
function readLiteral(cursor: Cursor): string | undefined {
  return take(cursor, /\s*(?:'[^']*'|"[^"]*")/y)
    ?.trim()
    .slice(1, -1);
}

const readWord = (cursor: Cursor): string | undefined =>
  readLiteral(cursor) ?? take(cursor, /\s*[^\s()[\],'"=!<>&|~]+/y)?.trim();

const readLiteralList = (cursor: Cursor): readonly string[] | undefined => {
  const word = readWord(cursor);
  return word === undefined ? undefined : [word];
};

/** `[a, b]`. */
function readList(cursor: Cursor): readonly string[] | undefined {
  if (take(cursor, /\s*\[/y) === undefined) return undefined;
  const words: string[] = [];
  do {
    const word = readWord(cursor);
    if (word === undefined) return undefined;
    words.push(word);
  } while (take(cursor, /\s*,/y) !== undefined);
  return take(cursor, /\s*\]/y) === undefined ? undefined : words;
}

/** A pattern without quotes: up to a space, or to a parenthesis that it did not open itself. */
function readBarePattern(cursor: Cursor): string | undefined {
  take(cursor, /\s*/y);
  const from = cursor.at;
  let open = 0;
  for (; cursor.at < cursor.text.length; cursor.at += 1) {
    const one = cursor.text[cursor.at] ?? '';
    if (/\s/.test(one) || (one === ')' && open === 0)) break;
    if (one === '\\') cursor.at += 1;
    open += one === '(' ? 1 : one === ')' ? -1 : 0;
  }
  cursor.at = Math.min(cursor.at, cursor.text.length);
  return cursor.at > from ? cursor.text.slice(from, cursor.at) : undefined;
}

/** A value that is there, that is known to be absent (null), or that is not known. */
type Value = string | null | undefined;

function valueReaderOf(subject: string): ((facts: PlacementFacts) => Value) | undefined {
  if (subject === 'ec2InstanceId') return ({ ec2InstanceId }) => ec2InstanceId;
  const [, name] = /^attribute:(.+)$/.exec(subject) ?? [];
  if (name === undefined) return undefined;
  return ({ attributes, areAttributesComplete }) =>
    Object.hasOwn(attributes, name) ? attributes[name] : areAttributesComplete ? null : undefined;
}

/** ECS does not say whether an absent attribute is unequal to a value: that stays `unknown`. */
function judge(value: Value, comparison: Comparison, isNegated: boolean): Truth {
  if (value === undefined || comparison.kind === 'unjudged') return 'unknown';
  if (comparison.kind === 'exists') return truthOf((value !== null) !== isNegated);
  if (value === null) return isNegated ? 'unknown' : 'no';
  const answer = comparison.ask(value);
  return isNegated ? not(answer) : answer;
}

/**
 * An instance is of a group when one of its tasks is. What a negated operator asks of several tasks
 * is not documented: `not(task:group == x)` is, and says it clearly.
 */
const groupPredicate =
  (comparison: Comparison, isNegated: boolean): Predicate =>
  ({ groups }) => {
    if (groups === undefined || isNegated || comparison.kind !== 'asks') return 'unknown';
    return anyOf([...groups].map(comparison.ask));
  };
