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

/** Whether a text is a JMESPath expression. */
export function isJmespath(expression: string): boolean {
  try {
    searchJson(expression, {});
    return true;
  } catch {
    return false; // The question is only whether it parses; the caller names the field.
  }
}
