/** An error that a simulated service answers with; the request handler gives it its wire form. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** The name under which the client throws it. */
  readonly code: string;
  readonly statusCode: number;
  /** Further members of the error, such as the `Item` of a failed condition. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    { statusCode = 400, members = {} }: { statusCode?: number; members?: object } = {},
  ) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.members = { ...members };
  }
}

/**
 * A request the simulation does not know how to answer, though AWS would. It reaches the client as
 * an error and the account's `problems` as a sentence; an answer made up would hide the gap.
 */
export class UnsupportedRequest extends Error {
  override readonly name = 'UnsupportedRequest';
}
