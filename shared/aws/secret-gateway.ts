import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type ClientSettings, sendOptions } from './clients.ts';

/** Reads of Secrets Manager. What they return must not be logged. */
export type SecretGateway = {
  /** The secret's text, or the value of `key` where the text is a JSON object. */
  readSecret(arn: string, key: string | undefined, signal?: AbortSignal): Promise<string>;
};

export function createSecretGateway(secrets: SecretsManagerClient): SecretGateway {
  return {
    async readSecret(arn, key, signal) {
      const output = await secrets.send(
        new GetSecretValueCommand({ SecretId: arn }),
        sendOptions(signal),
      );
      const text = output.SecretString;
      if (text === undefined) throw new Error(`secret ${arn} holds no text`);
      if (key === undefined) return text;
      const value = fieldOf(text, key);
      if (value === undefined) throw new Error(`secret ${arn} has no text under the key "${key}"`);
      return value;
    },
  };
}

/** Undefined for anything but a JSON object with text under the key; the text itself is never quoted. */
function fieldOf(text: string, key: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // The caller's error names the secret and the key, never the content.
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  const field: unknown = Reflect.get(value, key);
  return typeof field === 'string' ? field : undefined;
}

/** The gateway over a client of its own. */
export const openSecretGateway = (settings: ClientSettings) =>
  createSecretGateway(new SecretsManagerClient(settings));
