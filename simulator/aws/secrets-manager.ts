import type { Account } from '../account.ts';
import { ServiceError } from './errors.ts';
import { type Responder, text } from './operation.ts';

/** Secrets Manager. */
export const secretsManager: Responder = {
  GetSecretValue: {
    members: ['SecretId'],
    respond: (account, input) => {
      const name = nameOf(account, text(input, 'SecretId'));
      const secret = account.secrets.get(name);
      if (secret === undefined) {
        throw new ServiceError(
          'ResourceNotFoundException',
          "Secrets Manager can't find the specified secret.",
        );
      }
      return {
        ARN: secretArn(account, name),
        Name: name,
        SecretString: secret.SecretString,
        VersionId: '00000000-0000-4000-8000-000000000001',
        VersionStages: ['AWSCURRENT'],
        CreatedDate: secret.CreatedDate ?? new Date(account.nowMs()),
      };
    },
  },
};

/** The ARN of a secret; the six characters at its end, random in AWS, are always the same here. */
export function secretArn({ region, accountId }: Account, name: string): string {
  return `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-a1B2c3`;
}

function nameOf(account: Account, nameOrArn: string): string {
  const prefix = secretArn(account, '').slice(0, -'-a1B2c3'.length);
  return nameOrArn.startsWith(prefix)
    ? nameOrArn.slice(prefix.length).replace(/-a1B2c3$/, '')
    : nameOrArn;
}
