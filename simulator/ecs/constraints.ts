import { ServiceError } from '../aws/errors.ts';

/** What an expression can ask of an instance, or of one that would be launched. */
export type Facts = {
  readonly attributes: ReadonlyMap<string, string>;
  readonly ec2InstanceId: string | undefined;
  readonly agentConnected: boolean;
  readonly runningTasksCount: number;
  /** Groups of the tasks on it whose desired status is RUNNING. */
  readonly groups: ReadonlySet<string>;
};

export type Expression = (facts: Facts) => boolean;

/** Characters of an expression: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementConstraint.html */
const expressionCharsMax = 2_000;

const cache = new Map<string, Expression>();
const cacheMax = 1_000;

/**
 * Reads an expression of the cluster query language: attributes, `task:group`, `ec2InstanceId`,
 * `runningTasksCount` and `agentConnected`, with every operator. What it cannot read is refused.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
 */
export function parseExpression(text: string): Expression {
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (text.length > expressionCharsMax) throw invalid(text, 'is too long');
  const tokens = tokensOf(text);
  const [expression, rest] = parseOr(tokens, text);
  if (rest.length > 0) throw invalid(text, `has an unexpected ${rest[0]}`);
  if (cache.size >= cacheMax) cache.clear();
  cache.set(text, expression);
  return expression;
}

/** Names of the attributes that an expression asks for. */
export const attributesIn = (text: string): readonly string[] =>
  [...text.matchAll(/attribute:([\w.\-/\\]+)/g)].map(([, name = '']) => name);

type Tokens = readonly string[];
type Parsed = readonly [Expression, Tokens];

const tokensOf = (text: string): Tokens =>
  text.match(
    /\(|\)|\[[^\]]*\]|&&|\|\||'[^']*'|"[^"]*"|[=!<>][=~]|!(?=\s*\()|[<>]|!?[^\s()[\]<>=!&|]+/g,
  ) ?? [];

const invalid = (text: string, why: string): ServiceError =>
  new ServiceError('InvalidParameterException', `The expression ${text} ${why}.`);

function parseOr(tokens: Tokens, text: string): Parsed {
  let [left, rest] = parseAnd(tokens, text);
  while (rest[0] === '||' || rest[0] === 'or') {
    const [one, [right, next]] = [left, parseAnd(rest.slice(1), text)];
    left = (facts) => one(facts) || right(facts);
    rest = next;
  }
  return [left, rest];
}

function parseAnd(tokens: Tokens, text: string): Parsed {
  let [left, rest] = parseNot(tokens, text);
  while (rest[0] === '&&' || rest[0] === 'and') {
    const [one, [right, next]] = [left, parseNot(rest.slice(1), text)];
    left = (facts) => one(facts) && right(facts);
    rest = next;
  }
  return [left, rest];
}

function parseNot(tokens: Tokens, text: string): Parsed {
  const [first, ...rest] = tokens;
  if (first === 'not' || first === '!') {
    const [inner, next] = parseNot(rest, text);
    return [(facts) => !inner(facts), next];
  }
  if (first !== '(') return parseComparison(tokens, text);
  const [inner, next] = parseOr(rest, text);
  if (next[0] !== ')') throw invalid(text, 'lacks a closing parenthesis');
  return [inner, next.slice(1)];
}

function parseComparison([subject, operator, ...rest]: Tokens, text: string): Parsed {
  if (subject === undefined || operator === undefined) throw invalid(text, 'ends too early');
  const read = subjectOf(subject, text);
  if (operator === 'exists') return [(facts) => read(facts).length > 0, rest];
  if (operator === '!exists' || operator === 'not_exists') {
    return [(facts) => read(facts).length === 0, rest];
  }
  const [argument, ...next] = rest;
  if (argument === undefined) throw invalid(text, 'lacks an argument');
  return [comparison(read, operator, argument, text), next];
}

/** Values of a subject: one, none, or the groups of all tasks on an instance. */
type Subject = (facts: Facts) => readonly string[];

function subjectOf(name: string, text: string): Subject {
  if (name.startsWith('attribute:')) {
    const attribute = name.slice('attribute:'.length);
    return ({ attributes }) => {
      const value = attributes.get(attribute);
      return value === undefined ? [] : [value];
    };
  }
  switch (name) {
    case 'task:group':
      return ({ groups }) => [...groups];
    case 'ec2InstanceId':
      return ({ ec2InstanceId }) => (ec2InstanceId === undefined ? [] : [ec2InstanceId]);
    case 'agentConnected':
      return ({ agentConnected }) => [String(agentConnected)];
    case 'runningTasksCount':
      return ({ runningTasksCount }) => [String(runningTasksCount)];
    default:
      throw invalid(text, `has the unknown subject ${name}`);
  }
}

const bare = (argument: string): string => argument.trim().replace(/^(['"])(.*)\1$/, '$2');

function comparison(read: Subject, operator: string, argument: string, text: string): Expression {
  const some =
    (test: (value: string) => boolean): Expression =>
    (facts) =>
      read(facts).some(test);
  const none =
    (test: (value: string) => boolean): Expression =>
    (facts) =>
      !read(facts).some(test);
  const wanted = bare(argument);
  const list = (): readonly string[] =>
    argument
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map(bare);
  switch (operator) {
    case '==':
    case 'equals':
      return some((value) => value === wanted);
    case '!=':
    case 'not_equals':
      return none((value) => value === wanted);
    case 'in':
      return some((value) => list().includes(value));
    case '!in':
    case 'not_in':
      return none((value) => list().includes(value));
    case '=~':
    case 'matches':
      return some((value) => new RegExp(`^(?:${wanted})$`).test(value));
    case '!~':
    case 'not_matches':
      return none((value) => new RegExp(`^(?:${wanted})$`).test(value));
    default:
      return some(order(operator, Number(wanted), text));
  }
}

function order(operator: string, bound: number, text: string): (value: string) => boolean {
  switch (operator) {
    case '>':
    case 'greater_than':
      return (value) => Number(value) > bound;
    case '>=':
    case 'greater_than_equal':
      return (value) => Number(value) >= bound;
    case '<':
    case 'less_than':
      return (value) => Number(value) < bound;
    case '<=':
    case 'less_than_equal':
      return (value) => Number(value) <= bound;
    default:
      throw invalid(text, `has the unknown operator ${operator}`);
  }
}
