import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type ClientSettings, sendOptions } from './clients.ts';
import { isMissing } from './errors.ts';

/** Reads of Systems Manager's parameters. */
export type ParameterGateway = {
  /** The value by name or ARN, decrypted; undefined when there is no such parameter. */
  readParameter(name: string, signal?: AbortSignal): Promise<string | undefined>;
};

export function createParameterGateway(ssm: SSMClient): ParameterGateway {
  return {
    async readParameter(name, signal) {
      try {
        const output = await ssm.send(
          new GetParameterCommand({ Name: name, WithDecryption: true }),
          sendOptions(signal),
        );
        return output.Parameter?.Value;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
  };
}

/** The gateway over a client of its own. */
export const openParameterGateway = (settings: ClientSettings) =>
  createParameterGateway(new SSMClient(settings));
