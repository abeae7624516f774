import type { Account } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';

/** Members of a request, as decoded from the wire: in the query protocol every scalar is text. */
export type Input = Readonly<Record<string, unknown>>;

/** One simulated operation: the members it understands, and what it answers. */
export type Operation = {
  /** Any other member makes the request unsupported. */
  readonly members: readonly string[];
  readonly respond: (account: Account, input: Input) => object;
};

/** The simulated operations of one service, by name. */
export type Responder = Readonly<Record<string, Operation>>;

/** Answers a request, or throws what the service would say, or what the simulation lacks. */
export function respond(operation: Operation, account: Account, input: Input): object {
  for (const member of Object.keys(input)) {
    if (!operation.members.includes(member)) {
      throw new UnsupportedRequest(`the member ${member} is not simulated`);
    }
  }
  return operation.respond(account, input);
}

/** A member that is text, when it is there. */
export function optionalText(input: Input, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw malformed(member, 'text');
  return value;
}

/** A member that must be there and be text. */
export function text(input: Input, member: string): string {
  const value = optionalText(input, member);
  if (value === undefined || value === '') throw malformed(member, 'text');
  return value;
}

/** A member that is a list of texts; the query protocol writes an empty one as empty text. */
export function optionalTexts(input: Input, member: string): readonly string[] | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (value === '') return [];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) {
    throw malformed(member, 'a list of texts');
  }
  return value;
}

/** A member that is an integer within its bounds, as a number or in decimal. */
export function optionalInteger(
  input: Input,
  member: string,
  [min, max]: readonly [min: number, max: number],
  errorCode = 'ValidationError',
): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw new ServiceError(errorCode, `${member} must be an integer from ${min} to ${max}`);
  }
  return number;
}

/** A member that is true or false. */
export function optionalBoolean(input: Input, member: string): boolean | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw malformed(member, 'true or false');
  return value;
}

/** An object on the wire; lists and scalars are none. */
export function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(member: string, wish: string): ServiceError {
  return new ServiceError('SerializationException', `${member} must be ${wish}`);
}

/** One page of `entries`, and the token of the next one where there is one. */
export function pageOf<Entry>(
  entries: readonly Entry[],
  token: string | undefined,
  pageSize: number,
  invalidToken: () => ServiceError,
): { readonly page: readonly Entry[]; readonly next: string | undefined } {
  const start = token === undefined ? 0 : readToken(token, invalidToken);
  const end = start + pageSize;
  return {
    page: entries.slice(start, end),
    next: end < entries.length ? writeToken(end) : undefined,
  };
}

/** Opaque on purpose: a client that looks into a token would break against AWS. */
function writeToken(start: number): string {
  return Buffer.from(`page-${start}`).toString('base64url');
}

function readToken(token: string, invalidToken: () => ServiceError): number {
  const match = /^page-(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null) throw invalidToken();
  return Number(match[1]);
}
