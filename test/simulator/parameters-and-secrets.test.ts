import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { secretArn } from '../../simulator/aws/secrets-manager.ts';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

describe('GetParameter', () => {
  const { ssm, account } = (() => {
    const filled = accountOf();
    filled.parameters.set('/ballast/kill-switch', { Type: 'String', Value: 'on', Version: 3 });
    filled.parameters.set('/app/token', { Type: 'SecureString', Value: 's3cret' });
    return { account: filled, ssm: clientsOf(filled).ssm };
  })();

  it('answers a parameter by name and by ARN', async () => {
    const Name = '/ballast/kill-switch';
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    expect(Parameter).toMatchObject({
      Name,
      Type: 'String',
      Value: 'on',
      Version: 3,
      LastModifiedDate: new Date(nowMs),
      ARN: 'arn:aws:ssm:eu-central-1:123456789012:parameter/ballast/kill-switch',
    });
    const byArn = await ssm.send(new GetParameterCommand({ Name: Parameter?.ARN }));
    expect(byArn.Parameter?.Value).toBe('on');
  });

  it('decrypts a SecureString only when asked to', async () => {
    const read = async (WithDecryption: boolean) =>
      (await ssm.send(new GetParameterCommand({ Name: '/app/token', WithDecryption }))).Parameter;
    expect(await read(true)).toMatchObject({ Type: 'SecureString', Value: 's3cret' });
    expect((await read(false))?.Value).not.toContain('s3cret');
  });

  it('does not find an unknown parameter', async () => {
    const call = ssm.send(new GetParameterCommand({ Name: '/gone' }));
    expect(await errorOf(call)).toMatchObject({ name: 'ParameterNotFound' });
    expect(account.problems).toEqual([]);
  });
});

describe('GetSecretValue', () => {
  it('answers a secret by name and by ARN, and does not find another', async () => {
    const account = accountOf();
    account.secrets.set('app/key', { SecretString: '{"key":"ü"}' });
    const { secretsManager } = clientsOf(account);
    for (const SecretId of ['app/key', secretArn(account, 'app/key')]) {
      const secret = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
      expect(secret).toMatchObject({
        Name: 'app/key',
        SecretString: '{"key":"ü"}',
        CreatedDate: new Date(nowMs),
      });
    }
    const call = secretsManager.send(new GetSecretValueCommand({ SecretId: 'gone' }));
    expect(await errorOf(call)).toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
