import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Log } from './log.ts';

/** What a handler may know of the Lambda invocation it runs in. */
export type Invocation = {
  /** ARN the function was invoked by, with its alias or version when there was one. */
  readonly functionArn: string | undefined;
  /** Milliseconds left before Lambda ends the invocation. */
  remainingMs(): number;
};

type Handle<Result> = (event: unknown, invocation: Invocation) => Promise<Result>;

/**
 * The one place that knows middy and powertools. Builds the handler once a cold start.
 *
 * Middy's own early time-out is off: a function that must always answer watches the clock itself.
 */
export const defineFunction = <Result>(
  serviceName: string,
  build: (log: Log) => Handle<Result>,
) => {
  const logger = new Logger({ serviceName });
  const handle = build(createLog(logger));
  return middy({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler((event: unknown, context: LambdaContext) =>
      handle(event, {
        functionArn: context.invokedFunctionArn,
        remainingMs: () => context.getRemainingTimeInMillis(),
      }),
    );
};

type LambdaContext = {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
};

const createLog = (logger: Logger): Log => ({
  debug: (message, fields = {}) => logger.debug(message, fields),
  info: (message, fields = {}) => logger.info(message, fields),
  warn: (message, fields = {}) => logger.warn(message, fields),
  error: (message, fields = {}) => logger.error(message, fields),
});
