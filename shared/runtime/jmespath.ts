import { JMESPathTypeError, search } from '@aws-lambda-powertools/jmespath';

type Json = Parameters<typeof search>[1];

/**
 * What a JMESPath expression finds in a JSON value; null when it finds nothing, also where a function
 * was given a value of the wrong type (`length` of a number). Throws on bad syntax.
 */
export function searchJson(expression: string, value: unknown): unknown {
  try {
    return search(expression, value as Json);
  } catch (cause) {
    if (cause instanceof JMESPathTypeError) return null;
    throw cause;
  }
}

/** What is wrong with a text as a JMESPath expression; undefined if nothing is. */
export function jmespathProblem(expression: string): string | undefined {
  if (/:[^:[\]]*:\s*-?0+\s*\]/.test(expression)) return 'a slice with step 0';
  return callProblem(expression) ?? (parses(expression) ? undefined : 'it does not parse');
}

function parses(expression: string): boolean {
  try {
    searchJson(expression, {});
    return true;
  } catch {
    return false; // The question is only whether it parses; the caller names the field.
  }
}

/**
 * Arguments of each function, at least and at most. A search comes to a function only where there is
 * something to apply it to, so a wrong name would be found in the middle of a deployment.
 * Source: https://jmespath.org/specification.html#built-in-functions
 */
const argumentCounts: ReadonlyMap<string, Counts> = new Map([
  ...withCounts([1, 1], 'abs avg ceil floor keys length max min reverse sort sum'),
  ...withCounts([1, 1], 'to_array to_number to_string type values'),
  ...withCounts([2, 2], 'contains ends_with join map max_by min_by sort_by starts_with'),
  ...withCounts([1, Number.POSITIVE_INFINITY], 'merge not_null'),
]);

type Counts = readonly [atLeast: number, atMost: number];

function withCounts(counts: Counts, names: string): readonly (readonly [string, Counts])[] {
  return names.split(' ').map((name) => [name, counts]);
}

/** What stands in quotes, the beginning of a call, a word, or any other character. */
const tokens = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|[A-Za-z_]\w*\s*\(|\w+|\S/gs;

/** A bracket that is open; one of a call has the name of its function. */
type Bracket = { readonly name: string | undefined; commas: number; isEmpty: boolean };

/** The first call of a function that does not exist, or with another number of arguments. */
function callProblem(expression: string): string | undefined {
  const open: Bracket[] = [];
  for (const [token] of expression.matchAll(tokens)) {
    if (/^[)\]}]$/.test(token)) {
      const problem = bracketProblem(open.pop());
      if (problem !== undefined) return problem;
      continue;
    }
    note(token, open.at(-1));
    if (/[([{]$/.test(token) && !/^['"`]/.test(token)) open.push(bracketOf(token));
  }
  return undefined;
}

const bracketOf = (token: string): Bracket => ({
  name: token.length > 1 ? token.slice(0, -1).trimEnd() : undefined,
  commas: 0,
  isEmpty: true,
});

function note(token: string, around: Bracket | undefined): void {
  if (around === undefined) return;
  around.isEmpty = false;
  if (token === ',') around.commas += 1;
}

function bracketProblem({ name, commas, isEmpty }: Bracket = bracketOf('(')): string | undefined {
  if (name === undefined) return undefined;
  const counts = argumentCounts.get(name);
  if (counts === undefined) return `unknown function ${name}()`;
  const given = isEmpty ? 0 : commas + 1;
  const [atLeast, atMost] = counts;
  if (given >= atLeast && given <= atMost) return undefined;
  return `${name}() with ${given} arguments, it takes ${atLeast}${atMost > atLeast ? ' or more' : ''}`;
}
