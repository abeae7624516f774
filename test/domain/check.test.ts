import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeAnswer, sameJson } from '../../shared/domain/check.ts';
import type { ProbeOutcome } from '../../shared/domain/probe.ts';
import { readJsonOf } from '../../shared/http/run-check.ts';
import { check } from '../support/checks.ts';

type Answer = Extract<ProbeOutcome, { kind: 'answer' }>;
const answer = (overrides: Partial<Answer> = {}): ProbeOutcome => ({
  kind: 'answer',
  status: 200,
  headers: { 'content-type': 'application/json', 'x-revision': '42' },
  body: '{"status":"ok","build":{"digest":"sha256:aa","n":7},"items":[1,2]}',
  bodyTruncated: false,
  elapsedMs: 12,
  ...overrides,
});
const judge = (settings: Readonly<Record<string, unknown>>, outcome: ProbeOutcome): string => {
  const verdict = judgeAnswer(check(settings), outcome, readJsonOf(outcome));
  return verdict.kind === 'bad' ? `${verdict.reason}: ${verdict.detail}` : verdict.kind;
};
const expecting = (expect: unknown) => ({ expect });

describe('judgeAnswer', () => {
  it.each<[string, Readonly<Record<string, unknown>>, ProbeOutcome, string]>([
    ['nothing configured: any 2xx is good', {}, answer({ status: 204 }), 'good'],
    [
      'nothing configured: 199 is not',
      {},
      answer({ status: 199 }),
      'unexpected-status: status 199, expected 200-299',
    ],
    [
      'nothing configured: a redirect is an answer, and a bad one',
      {},
      answer({ status: 302 }),
      'unexpected-status: status 302, expected 200-299',
    ],
    [
      'an expected redirect is good',
      expecting({ status: [200, 302] }),
      answer({ status: 302 }),
      'good',
    ],
    ['a class of statuses', expecting({ status: '4xx' }), answer({ status: 404 }), 'good'],
    [
      'a range of statuses',
      expecting({ status: '200-204' }),
      answer({ status: 205 }),
      'unexpected-status: status 205, expected 200-204',
    ],
    [
      'a header pattern',
      expecting({ headers: { 'Content-Type': 'application/*' } }),
      answer(),
      'good',
    ],
    [
      'a header that differs',
      expecting({ headers: { 'x-revision': '43' } }),
      answer(),
      'unexpected-header: header x-revision is 42, expected 43',
    ],
    [
      'a header that is missing',
      expecting({ headers: { 'x-b': '*' } }),
      answer(),
      'unexpected-header: header x-b is missing',
    ],
    ['text in the body', expecting({ contains: 'ok' }), answer(), 'good'],
    [
      'text missing in the body',
      expecting({ contains: ['ok', 'Green'] }),
      answer(),
      'body-assertion: the body lacks Green',
    ],
    [
      'text that must not be in the body',
      expecting({ omits: 'status' }),
      answer(),
      'body-assertion: the body contains status',
    ],
    ['a JSON value', expecting({ json: [{ path: 'build.n', equals: 7 }] }), answer(), 'good'],
    [
      'a JSON value that differs',
      expecting({ json: [{ path: 'build.n', equals: '7' }] }),
      answer(),
      'json-assertion: build.n is 7, expected 7',
    ],
    ['a JSON value that is there', expecting({ json: [{ path: 'items[1]' }] }), answer(), 'good'],
    [
      'a JSON value that is not there',
      expecting({ json: [{ path: 'items[9]' }] }),
      answer(),
      'json-assertion: items[9] is null, expected a value',
    ],
    [
      'JSON objects whatever their order',
      expecting({ json: [{ path: 'build', equals: { n: 7, digest: 'sha256:aa' } }] }),
      answer(),
      'good',
    ],
    [
      'a body that is not JSON',
      expecting({ json: [{ path: 'a' }] }),
      answer({ body: '<html>' }),
      'json-assertion: the body is not JSON',
    ],
    [
      'a body that was cut',
      expecting({ json: [{ path: 'status' }] }),
      answer({ bodyTruncated: true }),
      'json-assertion: the body is longer than Ballast reads',
    ],
    [
      'a function on the wrong type finds nothing',
      expecting({ json: [{ path: 'length(build.n)' }] }),
      answer(),
      'json-assertion: length(build.n) is null, expected a value',
    ],
    ['at the latency limit', expecting({ latencyMs: 12 }), answer(), 'good'],
    [
      'beyond the latency limit',
      expecting({ latencyMs: 11 }),
      answer(),
      'latency-limit: 12 ms, limit 11 ms',
    ],
    [
      'no answer in time',
      { timeoutMs: 300 },
      { kind: 'no-answer', elapsedMs: 300 },
      'no-answer: no complete answer within 300 ms',
    ],
    [
      'not HTTP',
      {},
      { kind: 'malformed', detail: 'HPE_INVALID' },
      'malformed-answer: the answer is not HTTP: HPE_INVALID',
    ],
    [
      'transport says nothing of the application',
      {},
      { kind: 'transport', phase: 'tls', code: 'X' },
      'transport',
    ],
    [
      'long values are cut',
      expecting({ contains: 'y'.repeat(100) }),
      answer(),
      `body-assertion: the body lacks ${'y'.repeat(60)}…`,
    ],
  ])('%s', (_, settings, outcome, expected) => expect(judge(settings, outcome)).toBe(expected));

  it.each([
    ['a header', { header: 'x-revision' }, '42', 'good'],
    ['a header of another build', { header: 'x-revision' }, '43', 'bad'],
    ['a header nobody sends', { header: 'x-none' }, '42', 'bad'],
    ['JSON', { json: 'build.digest' }, 'sha256:aa', 'good'],
    ['a JSON number', { json: 'build.n' }, '7', 'good'],
    ['a JSON object says nothing', { json: 'build' }, '7', 'bad'],
  ])('identity by %s', (_, from, equals, expected) => {
    const plain = check();
    const told = { ...plain, expect: { ...plain.expect, identity: { from, equals } } };
    const outcome = answer();
    expect(judgeAnswer(told, outcome, readJsonOf(outcome)).kind).toBe(expected);
  });
});

describe('sameJson', () => {
  it('agrees with comparing texts, but for the order of keys', () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(sameJson(a, structuredClone(a))).toBe(true);
        if (JSON.stringify(a) !== JSON.stringify(b) && sameJson(a, b)) {
          // Equal with different texts: then sorting the keys must make the texts equal.
          const sorted = (value: unknown): string =>
            JSON.stringify(value, (_, one: unknown) =>
              typeof one === 'object' && one !== null && !Array.isArray(one)
                ? Object.fromEntries(Object.entries(one).sort(([x], [y]) => (x < y ? -1 : 1)))
                : Object.is(one, -0)
                  ? 0
                  : one,
            );
          expect(sorted(a)).toBe(sorted(b));
        }
      }),
    ));

  it.each([
    [[1], { 0: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: undefined }],
    [null, {}],
  ])('%o is not %o', (a, b) => expect(sameJson(a, b)).toBe(false));
});
