/** What every client of AWS is built with. Tests and simulations put their own request handler here. */
export type ClientSettings = {
  readonly region?: string;
  /** Of the shared configuration files; for commands that people run. */
  readonly profile?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  readonly requestHandler: object;
};

/**
 * Settings for functions that answer someone who waits: short time-outs and few tries, because the
 * next poll is a retry as well. Region and credentials are Lambda's own.
 */
export const promptClientSettings: ClientSettings = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 4_000, throwOnRequestTimeout: true },
};

/** The options of one call: its signal, where there is one. */
export const sendOptions = (
  signal: AbortSignal | undefined,
): { readonly abortSignal?: AbortSignal } => (signal === undefined ? {} : { abortSignal: signal });
