import type { Account, Parameter } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { optionalBoolean, type Responder, text } from './operation.ts';

/** Systems Manager Parameter Store. */
export const ssm: Responder = {
  GetParameter: {
    members: ['Name', 'WithDecryption'],
    respond: (account, input) => {
      const name = nameOf(account, text(input, 'Name'));
      const parameter = account.parameters.get(name);
      if (parameter === undefined) throw new ServiceError('ParameterNotFound', '');
      const isReadable =
        parameter.Type !== 'SecureString' || optionalBoolean(input, 'WithDecryption') === true;
      return {
        Parameter: {
          Name: name,
          Type: parameter.Type,
          Value: isReadable ? parameter.Value : cipherOf(parameter),
          Version: parameter.Version ?? 1,
          LastModifiedDate: parameter.LastModifiedDate ?? new Date(account.nowMs()),
          ARN: `${arnPrefixOf(account)}${name.startsWith('/') ? name : `/${name}`}`,
          DataType: 'text',
        },
      };
    },
  },
};

function arnPrefixOf({ region, accountId }: Account): string {
  return `arn:aws:ssm:${region}:${accountId}:parameter`;
}

function nameOf(account: Account, nameOrArn: string): string {
  const prefix = arnPrefixOf(account);
  const name = nameOrArn.startsWith(prefix) ? nameOrArn.slice(prefix.length) : nameOrArn;
  if (name.includes(':')) throw new UnsupportedRequest(`the parameter selector in ${name}`);
  return name;
}

/** Not the value and not empty: a caller that forgot WithDecryption must fail. */
function cipherOf({ Value }: Parameter): string {
  return `AQICAHh${Buffer.from(Value).toString('base64').split('').reverse().join('')}`;
}
