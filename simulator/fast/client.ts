import type { Clock } from '../../shared/runtime/clock.ts';
import type { Account, Call, ServiceName } from '../account.ts';
import { ec2Answers } from '../aws/ec2.ts';
import { ServiceError, throttledBy } from '../aws/errors.ts';
import { type Input, isInput, respond } from '../aws/operation.ts';
import { responders } from '../aws/request-handler.ts';
import { retryPauseMs } from '../stack/sandbox.ts';

/** The one method of an SDK client that the gateways use. */
type Sender = {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<object>;
};

/** How a client takes refusals: over the wire, its SDK tries again. */
export type Retries = { readonly clock: Clock; readonly maxAttempts: number };

/**
 * A client that hands commands to the simulated service as they are: no bytes, and no time but that of
 * retries where there were too many calls. The cast is the gateways' own type of client, of which they
 * call `send` alone.
 */
export const directClient = <Client>(
  account: Account,
  service: ServiceName,
  { clock, maxAttempts }: Retries,
): Client => {
  const client: Sender = {
    async send(command, { abortSignal } = {}) {
      const operation = command.constructor.name.replace(/Command$/, '');
      const sent: unknown = Reflect.get(command, 'input');
      const call = { service, operation, input: isInput(sent) ? wireForm(service, sent) : {} };
      for (let attempt = 1; ; attempt += 1) {
        const refusal = arrive(account, call);
        if (refusal === undefined) return answerOf(account, call);
        if (attempt >= maxAttempts) throw refusal;
        await clock.sleep(retryPauseMs(attempt, true), abortSignal);
      }
    },
  };
  return client as Client;
};

/** Makes a call known, and takes its tokens: what the service says where it is one too many. */
export function arrive(account: Account, call: Call): Error | undefined {
  account.intercept?.(call);
  if (account.admits?.(call) ?? true) return undefined;
  const refusal = throttledBy(call.service);
  return Object.assign(refusal, { name: refusal.code });
}

/** What the service answers to a request in the form of the wire; throws what it would refuse it with. */
export function answerOf(account: Account, { service, operation, input }: Call): object {
  const simulated = (service === 'ec2' ? ec2Answers : responders[service])[operation];
  const what = `${service}:${operation}`;
  try {
    if (simulated === undefined) throw new Error('the operation is not simulated');
    return respond(simulated, account, input);
  } catch (cause) {
    // By its code, as the SDK names the errors that it throws.
    if (cause instanceof ServiceError) throw Object.assign(cause, { name: cause.code });
    account.problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    throw cause;
  }
}

/** A request's members as the wire would bring them: what is undefined is not there, times are seconds. */
export function wireForm(service: ServiceName, input: Input): Input {
  const named = service === 'ec2' ? ec2Names(input) : input;
  return Object.fromEntries(
    Object.entries(named)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value instanceof Date ? value.getTime() / 1_000 : value]),
  );
}

/** On the wire of EC2 a list has the name of one entry. */
function ec2Names({ InstanceIds, Filters, ...others }: Input): Input {
  const filters = Array.isArray(Filters) ? Filters.filter(isInput) : undefined;
  return {
    ...others,
    InstanceId: InstanceIds,
    Filter: filters?.map(({ Values, ...filter }) => ({ ...filter, Value: Values })),
  };
}
