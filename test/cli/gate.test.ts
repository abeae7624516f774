import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, type HttpService, startHttpService } from '../../simulator/http-service.ts';
import { runCommand, temporaryFile } from './run-command.ts';

const timeoutMs = 60_000;
const services: HttpService[] = [];
const start = async (...[behaviour]: [Parameters<typeof startHttpService>[0]['behaviour']]) => {
  const service = await startHttpService({ behaviour });
  services.push(service);
  return service;
};

let good: HttpService;
let broken: HttpService;
beforeAll(async () => {
  good = await start(answering(200, 'ok'));
  broken = await start(answering(503, 'no'));
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
});

const gate = async (...args: readonly string[]) => {
  const ended = await runCommand('gate', args);
  const lines = ended.stdout.split('\n').filter((line) => line !== '');
  return { ...ended, lines: lines.map((line): Record<string, unknown> => JSON.parse(line)) };
};

const summaryKeys = [
  ...['verdict', 'reason', 'mode', 'decision', 'invocations', 'requests', 'elapsedMs'],
];

describe.concurrent('the gate command', { timeout: timeoutMs }, () => {
  it(
    'judges what can be judged without the deployment, and says what it leaves out',
    async () => {
      const details = await temporaryFile('full.json', {
        samples: 0,
        checks: [
          {
            headers: {
              authorization: { parameter: '/shop/token' },
              'x-plain': 'yes',
            },
          },
        ],
        identity: { header: 'x-image-digest', equals: 'image-digest' },
        endpoint: { url: 'https://front.internal.example.com', verifyCertificate: true },
        alarms: ['checkout-5xx'],
      });
      const { code, stderr, lines } = await gate('--green', good.url, '--details', details);
      expect(stderr).toBe(
        'left out, as only the deployment knows it: identity, endpoint.url, checks[0].headers.authorization\n' +
          'taken for quiet, as CloudWatch is not asked: checkout-5xx\n',
      );
      expect([code, lines.at(-1)?.reason]).toEqual([0, 'checks-passed']);
    },
    timeoutMs,
  );

  it(
    'prints a line an invocation and a summary, and exits with 0 when green passes',
    async () => {
      const details = await temporaryFile('details.json', { samples: 20, warmUp: 1 });
      const { code, stderr, lines } = await gate(
        ...['--green', good.url, '--blue', good.url, '--details', details],
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatchObject({
        atSeconds: expect.any(Number),
        hookStatus: 'SUCCEEDED',
        mode: 'enforce',
        decision: 'proceed',
        detail: expect.any(String),
        findings: expect.any(Array),
        notes: [],
      });
      expect(Object.keys(lines[1] ?? {})).toEqual(summaryKeys);
      expect(lines[1]).toEqual({
        verdict: 'SUCCEEDED',
        reason: lines[0]?.reason,
        mode: 'enforce',
        decision: 'proceed',
        invocations: 1,
        requests: { green: 25, blue: 24 },
        elapsedMs: expect.any(Number),
      });
    },
    timeoutMs,
  );

  it(
    'says in its last line what it found, where `observe` in the details answers SUCCEEDED',
    async () => {
      const details = await temporaryFile('details.json', { samples: 0, mode: 'observe' });
      const { code, lines } = await gate('--green', broken.url, '--details', details);
      expect(code).toBe(0);
      expect(lines.at(-1)).toMatchObject({
        verdict: 'SUCCEEDED',
        mode: 'observe',
        decision: 'rollback',
        reason: 'unexpected-status',
      });
    },
    timeoutMs,
  );

  it(
    'exits with 1 when green fails, and names the reason in its last line',
    async () => {
      const details = await temporaryFile('details.json', { samples: 0 });
      const { code, lines } = await gate('--green', broken.url, '--details', details);
      expect(code).toBe(1);
      expect(lines.at(-1)).toMatchObject({
        verdict: 'FAILED',
        reason: 'unexpected-status',
        invocations: 1,
        requests: { green: 3, blue: 0 },
      });
    },
    timeoutMs,
  );

  it('goes below the path of the URL', async () => {
    const green = await start((request) => ({ status: request.path === '/shop/cart' ? 200 : 404 }));
    const details = await temporaryFile('details.json', {
      checks: [{ path: '/cart' }],
      samples: 0,
    });
    const { code, lines } = await gate('--green', `${green.url}/shop`, '--details', details);
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatchObject({ reason: 'checks-passed' });
  });

  it('calls nothing at a stage where nothing can be proven', async () => {
    const green = await start(answering(200));
    const { code, lines } = await gate('--green', green.url, '--stage', 'POST_SCALE_UP');
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatchObject({ reason: 'stage-not-gated' });
    expect(green.requests.count).toBe(0);
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ['nothing', [], /^--green: expected the URL of the new build$/],
    ['no URL', ['--green', 'green'], /^--green: expected an http\(s\) URL, got "green"$/],
    [
      'another protocol for blue',
      ['--green', 'http://127.0.0.1:1', '--blue', 'ftp://a'],
      /^--blue: expected an http\(s\) URL, got "ftp:\/\/a"$/,
    ],
    [
      'a user name',
      ['--green', 'http://me:secret@127.0.0.1:1'],
      /^--green: expected a URL without a user name; use a header in --details$/,
    ],
    [
      'an unknown stage',
      ['--green', 'http://127.0.0.1:1', '--stage', 'BAKE_TIME'],
      /^--stage: expected one of RECONCILE_SERVICE, .*, got "BAKE_TIME"$/,
    ],
    [
      'a file that is not there',
      ['--green', 'http://127.0.0.1:1', '--details', 'nowhere.json'],
      /^--details: expected a file with JSON, ENOENT/,
    ],
    ['an unknown option', ['--grene', 'http://127.0.0.1:1'], /--grene/],
  ])('ends with 2 and a line on stderr when called with %s', async (_, args, line) => {
    const { code, stdout, stderr } = await gate(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [first, usage] = stderr.split('\n');
    expect(first).toMatch(line);
    expect(usage).toMatch(/^usage: npm run -s gate -- --green URL/);
  });

  it('ends with 2 before any call when the details are wrong', async () => {
    const details = await temporaryFile('details.json', { check: [] });
    const green = await start(answering(200));
    const { code, stderr } = await gate('--green', green.url, '--details', details);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^--details: hookDetails: unknown key "check"; did you mean "checks"\?\nusage: /,
    );
    expect(green.requests.count).toBe(0);
  });
});
