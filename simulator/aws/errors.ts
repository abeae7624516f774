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

/** What a service says to a call that comes too soon; EC2 has a name and a status of its own. */
export const throttledBy = (service: string, code = 'ThrottlingException'): ServiceError =>
  service === 'ec2'
    ? new ServiceError('RequestLimitExceeded', 'Request limit exceeded.', { statusCode: 503 })
    : new ServiceError(code, 'Rate exceeded');

/**
 * A request the simulation does not know how to answer, though AWS would. It reaches the client as
 * an error and the account's `problems` as a sentence; an answer made up would hide the gap.
 */
export class UnsupportedRequest extends Error {
  override readonly name = 'UnsupportedRequest';
}
