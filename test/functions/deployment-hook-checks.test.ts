import { describe, expect, it, vi } from 'vitest';
import { secretArn } from '../../simulator/aws/secrets-manager.ts';
import { answering, type Behaviour, type HttpService } from '../../simulator/http-service.ts';
import {
  type Deployed,
  expectHeld,
  type Gated,
  inLab,
  plain,
  well,
  whileHeld,
} from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

describe.concurrent('what a check sends', () => {
  it(
    'a JSON body with its type and length',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green });
      const body = { name: 'Zoë', lines: [1, 2] };
      const result = await hook.gate(plain({ method: 'POST', path: '/orders', body }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      const [request] = green.requests.last;
      expect(request).toMatchObject({ method: 'POST', path: '/orders' });
      expect(JSON.parse(request?.body ?? '')).toEqual(body);
      expect(request?.headers['content-type']).toBe('application/json');
      expect(request?.headers['content-length']).toBe(
        String(Buffer.byteLength(request?.body ?? '')),
      );
    }),
  );

  it(
    'a text body as it is, with headers of its own',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green });
      const headers = { 'Content-Type': 'application/graphql', 'X-Tenant': 'a' };
      const result = await hook.gate(plain({ method: 'PUT', headers, body: '{ me { id } }' }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.last).toMatchObject([
        {
          method: 'PUT',
          body: '{ me { id } }',
          headers: { 'content-type': 'application/graphql', 'x-tenant': 'a' },
        },
      ]);
    }),
  );

  it(
    'a POST whose connection was cut is sent again only as a try of its own',
    inLab(async (lab) => {
      const green = await lab.serve((_, index) =>
        index < 2 ? { kind: 'reset' } : { status: 201 },
      );
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain({ method: 'POST', body: {} }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.last.decision.requests).toEqual({ green: 3, blue: 0 });
      expect(green.requests.count).toBe(3);
    }),
  );

  it(
    'HEAD, of which only status and headers are judged',
    inLab(async (lab) => {
      const green = await lab.serve(answering(200, '', { etag: '"1"' }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate(
        plain({ method: 'HEAD', expect: { headers: { ETag: '"?"' } } }),
      );
      expect(result.statuses).toEqual(['SUCCEEDED']);
    }),
  );

  it(
    'twenty checks, each once',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green });
      const checks = Array.from({ length: 20 }, (_, at) => ({ path: `/${at}`, timeoutMs: 20_000 }));
      const result = await hook.gate(plain(...checks));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.last.map(({ path }) => path).sort()).toEqual(
        checks.map(({ path }) => path).sort(),
      );
    }),
  );
});

const token = 'tok-5d2f0c9b7e';
const password = 'pass-91ab34cd';

/** Everything that a session leaves behind: logs, answers, and the items of every table. */
const traceOf = ({ account, logs }: Deployed, { invocations }: Gated): string =>
  JSON.stringify([logs, invocations, [...account.tables.values()].map(({ items }) => [...items])]);

describe.concurrent('secrets by reference', () => {
  const referring = async (hook: Deployed) => {
    hook.account.secrets.set('shop/token', { SecretString: token });
    hook.account.secrets.set('shop/login', { SecretString: JSON.stringify({ password }) });
    hook.account.parameters.set('/shop/key', { Type: 'SecureString', Value: `${token}-ssm` });
    return {
      Authorization: { secret: secretArn(hook.account, 'shop/token') },
      'X-Password': { secret: secretArn(hook.account, 'shop/login'), key: 'password' },
      'X-Key': { parameter: '/shop/key' },
    };
  };
  const expectKept = (hook: Deployed, result: Gated) => {
    const trace = traceOf(hook, result);
    expect(trace.length).toBeGreaterThan(500);
    for (const secret of [token, password]) expect(trace).not.toContain(secret);
  };
  const cases: [string, Behaviour, string][] = [
    ['passes', well, 'SUCCEEDED'],
    ['fails', answering(500, 'no'), 'FAILED'],
    ['is held', () => ({ kind: 'reset' }), 'FAILED'],
    ['is not HTTP', () => ({ kind: 'raw', bytes: 'nonsense\r\n\r\n' }), 'FAILED'],
  ];
  it.each(cases)(
    'reach the service and nothing else, where the check %s',
    (_, behaviour, verdict) =>
      inLab(async (lab) => {
        const green = await lab.serve(behaviour);
        const hook = await lab.deploy({ green });
        const result = await hook.gate(plain({ headers: await referring(hook) }));
        expect(result.verdict).toBe(verdict);
        expect(green.requests.last[0]?.headers).toMatchObject({
          authorization: token,
          'x-password': password,
          'x-key': `${token}-ssm`,
        });
        expectKept(hook, result);
      })(),
  );

  const expectations: [string, object, string][] = [
    ['a header', { headers: { 'x-echo': 'fine' } }, 'header x-echo is ***, expected fine'],
    ['JSON', { json: [{ path: 'echo', equals: 'fine' }] }, 'echo is ***, expected fine'],
    ['an object', { json: [{ path: '@', equals: 1 }] }, '@ is {"echo":"***"}, expected 1'],
  ];
  it.each(expectations)('that the service echoes in %s are not quoted', (_, expected, detail) =>
    inLab(async (lab) => {
      const echoing: Behaviour = ({ headers }) => {
        const echo = String(headers.authorization);
        return { status: 200, headers: { 'x-echo': echo }, body: JSON.stringify({ echo }) };
      };
      const hook = await lab.deploy({ green: await lab.serve(echoing) });
      const result = await hook.gate(plain({ headers: await referring(hook), expect: expected }));
      expect(result.verdict).toBe('FAILED');
      expect(JSON.stringify(hook.logs)).toContain(JSON.stringify(detail).slice(1, -1));
      expectKept(hook, result);
    })(),
  );

  it(
    'are sent to blue as well where the two are compared',
    inLab(async (lab) => {
      const blue = await lab.serve(well);
      const hook = await lab.deploy({ blue });
      const checks = [{ headers: await referring(hook) }];
      const result = await hook.gate({ samples: 20, warmUp: 0, checks });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(blue.requests.last.every(({ headers }) => headers.authorization === token)).toBe(true);
      expectKept(hook, result);
    }),
  );

  it(
    'are sent without the line break that files end with',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green });
      const headers = await referring(hook);
      hook.account.secrets.set('shop/token', { SecretString: `${token}\n` });
      const result = await hook.gate(plain({ headers }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expectKept(hook, result);
    }),
  );

  const unusable: [string, (hook: Deployed) => void, string][] = [
    ['that is gone', ({ account }) => account.secrets.clear(), 'aws-missing'],
    [
      'without the key',
      ({ account }) =>
        account.secrets.set('shop/login', { SecretString: JSON.stringify({ token }) }),
      'aws-unavailable',
    ],
    [
      'that is not JSON',
      ({ account }) => account.secrets.set('shop/login', { SecretString: token }),
      'aws-unavailable',
    ],
    [
      'that no header can carry',
      ({ account }) => account.secrets.set('shop/token', { SecretString: `${token}\r\nx: y` }),
      'header-not-sendable',
    ],
    ['parameter that is gone', ({ account }) => account.parameters.clear(), 'aws-unavailable'],
  ];
  it.each(unusable)('one %s: held, nothing sent, not quoted', (_, spoil, reason) =>
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green });
      const headers = await referring(hook);
      spoil(hook);
      const result = await hook.gate(plain({ headers }));
      expectHeld(result);
      expect(result.reasons[0]).toBe(reason);
      expect(result.reason).toBe('could-not-measure');
      expect(green.requests.count).toBe(0);
      expectKept(hook, result);
    })(),
  );
});

describe.concurrent('identity', () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  const service = {
    green: {
      revisionId: '2222',
      imageDigest: digest,
      taskDefinition: 'arn:aws:ecs:eu-central-1:1:task-definition/shop:42',
    },
  };
  const byHeader = (value: string): Behaviour => answering(200, '{}', { 'X-Build': value });
  const byJson = (value: unknown): Behaviour =>
    answering(200, JSON.stringify({ build: { id: value } }));
  const json = 'build.id';
  const cases: [string, object, Behaviour, string][] = [
    [
      'image digest in a header',
      { header: 'X-Build', equals: 'image-digest' },
      byHeader(digest),
      'checks-passed',
    ],
    ['image digest in JSON', { json, equals: 'image-digest' }, byJson(digest), 'checks-passed'],
    ['revision id', { json, equals: 'revision-id' }, byJson('2222'), 'checks-passed'],
    ['revision id as a number', { json, equals: 'revision-id' }, byJson(2222), 'checks-passed'],
    ['task definition', { json, equals: 'task-definition' }, byJson('shop:42'), 'checks-passed'],
    ['a text', { json, equals: { text: 'v42' } }, byJson('v42'), 'checks-passed'],
    [
      'another digest',
      { header: 'X-Build', equals: 'image-digest' },
      byHeader(`${digest}0`),
      'identity-mismatch',
    ],
    ['no header', { header: 'X-Build', equals: 'image-digest' }, well, 'identity-mismatch'],
    ['no JSON', { json, equals: 'revision-id' }, answering(200, '<html>'), 'identity-mismatch'],
    ['null', { json, equals: 'revision-id' }, byJson(null), 'identity-mismatch'],
  ];
  it.each(cases)('%s', (_, identity, behaviour, reason) =>
    inLab(async (lab) => {
      const green = await lab.serve(behaviour);
      const hook = await lab.deploy({ green, service });
      const result = await hook.gate({ ...plain(), identity });
      expect(result.reason).toBe(reason);
      expect(result.statuses).toEqual([reason === 'checks-passed' ? 'SUCCEEDED' : 'FAILED']);
    })(),
  );

  it(
    'asked at a path of its own, which is not sampled',
    inLab(async (lab) => {
      const green = await lab.serve(({ path }) =>
        path === '/who' ? { status: 200, headers: { 'x-build': digest } } : { status: 200 },
      );
      const hook = await lab.deploy({ green, service });
      const identity = { path: '/who', header: 'X-Build', equals: 'image-digest' };
      const result = await hook.gate({ samples: 20, warmUp: 0, comparison: false, identity });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(asked(green, '/who')).toBe(1);
      expect(asked(green, '/')).toBe(21);
    }),
  );

  it(
    'a digest that ECS does not tell is not taken for granted',
    inLab(async (lab) => {
      const green = await lab.serve(byHeader(digest));
      const hook = await lab.deploy({ green, service });
      const revision = hook.account.serviceRevisions.get(hook.service.greenRevisionArn);
      if (revision?.containerImages)
        revision.containerImages = [{ containerName: 'app', image: 'x' }];
      const identity = { header: 'X-Build', equals: 'image-digest' };
      const result = await hook.gate({ ...plain(), identity });
      expect(result.reasons).toEqual([...whileHeld('identity-unknown'), 'could-not-measure']);
    }),
  );
});

const asked = ({ requests }: HttpService, wanted: string): number =>
  requests.last.filter(({ path }) => path === wanted).length;

describe.concurrent('targets of green', () => {
  it.each([
    ['initial', 'targets-unhealthy'],
    ['unhealthy', 'targets-unhealthy'],
    ['unavailable', 'targets-unhealthy'],
    ['draining', 'targets-too-few'],
    ['unused', 'targets-too-few'],
  ] as const)('%s: held until healthy', (state, reason) =>
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTargetHealth('green', [state]);
      const result = await hook.gate(plain(), {
        after: (call) => call === 2 && hook.service.setTargetHealth('green', ['healthy']),
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reasons[0]).toBe(reason);
    })(),
  );

  it(
    'never healthy: FAILED at the deadline',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTargetHealth('green', ['healthy', 'unhealthy']);
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reason).toBe('inconclusive-at-deadline');
      expect(result.last.answer.reason).toContain('1 of 2 green targets healthy');
    }),
  );

  it(
    'fewer than asked for',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const result = await hook.gate({ ...plain(), targets: { healthyMin: 3 } });
      expect(result.reasons[0]).toBe('targets-too-few');
    }),
  );

  it(
    'not looked at where hookDetails say so',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTargetHealth('green', ['unhealthy']);
      const result = await hook.gate({ ...plain(), targets: false });
      expect(result.statuses).toEqual(['SUCCEEDED']);
    }),
  );

  it(
    "blue's do not matter",
    inLab(async (lab) => {
      const hook = await lab.deploy();
      hook.service.setTargetHealth('blue', ['unhealthy']);
      expect((await hook.gate(plain())).statuses).toEqual(['SUCCEEDED']);
    }),
  );
});
