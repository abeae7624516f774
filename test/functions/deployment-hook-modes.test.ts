import { describe, expect, it, vi } from 'vitest';
import type { Prober } from '../../shared/http/port.ts';
import { answering } from '../../simulator/http-service.ts';
import { inLab, modeTag, nobody, plain, requestsOf } from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

const bad = answering(500);
/** Rejects, which no prober may do. */
const mistaken: Prober = {
  send: () => Promise.reject(new TypeError('samples is undefined')),
  close: () => undefined,
};
const tagged = (mode: string) => ({ tags: modeTag(mode) });

/** What keeps a build from passing, and what the gate would then say. */
const troubles = [
  { trouble: 'a bad build', says: ['rollback', 'unexpected-status'], details: plain() },
  { trouble: 'one not measured', says: ['wait', 'transport'], details: plain(), green: nobody },
  {
    trouble: 'hookDetails with a mistake',
    says: ['rollback', 'invalid-hook-details'],
    details: { sampels: 3 },
  },
  {
    trouble: 'a mistake in Ballast',
    says: ['rollback', 'internal-error'],
    details: plain(),
    hook: { prober: mistaken },
  },
];

describe.concurrent('observe says what it would have said, in one call', () => {
  const observing: [string, object, object][] = [
    ['by the stack', { config: { stackMode: 'observe' } }, {}],
    ['by the tag', { service: tagged('observe') }, {}],
    ['by a tag nobody knows', { service: tagged('enforced') }, {}],
    ['by hookDetails', {}, { mode: 'observe' }],
    ['in an opt-in stack without a tag', { config: { stackMode: 'opt-in' } }, {}],
    [
      'in an observing stack whatever the tag',
      { config: { stackMode: 'observe' }, service: tagged('enforce') },
      { mode: 'enforce' },
    ],
  ];
  const cases = observing.flatMap(([how, options, mode]) =>
    troubles
      // A mistake hides the mode beside it.
      .filter(({ says }) => how !== 'by hookDetails' || !says.includes('invalid-hook-details'))
      .map((one) => [how, one.trouble, { ...one, options, mode }] as const),
  );
  it.each(cases)('%s: %s', (_, _trouble, { options, mode, says, details, green, hook: deps }) =>
    inLab(async (lab) => {
      const own = deps === undefined ? {} : { hook: deps };
      const hook = await lab.deploy({ green: green ?? (await lab.serve(bad)), ...options, ...own });
      const result = await hook.gate({ ...details, ...mode });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      const [decision, reason] = says;
      expect(result.last.decision).toMatchObject({ mode: 'observe', decision, reason });
      expect(result.last.answer.reason).toContain(`${reason}: `);
    })(),
  );

  it(
    'a mode that nobody knows is a mistake in enforce',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const result = await hook.gate({ mode: 'observed' });
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.last.answer.reason).toContain('hookDetails.mode');
    }),
  );
});

describe.concurrent('enforce', () => {
  it(
    'lets nothing through where Ballast is mistaken, and logs the error',
    inLab(async (lab) => {
      const hook = await lab.deploy({ hook: { prober: mistaken } });
      const result = await hook.gate(plain());
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.last.answer.reason).toBe('internal-error: TypeError: samples is undefined');
      expect(hook.logs).toContainEqual({
        message: 'decision',
        fields: expect.objectContaining({ error: new TypeError('samples is undefined') }),
      });
    }),
  );

  it.each([
    ['by the stack', {}, {}],
    [
      'by the tag of an opt-in stack',
      { config: { stackMode: 'opt-in' }, service: tagged('Enforce ') },
      {},
    ],
    ['by all three', { service: tagged('enforce') }, { mode: 'enforce' }],
  ])('%s', (_, options, details) =>
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: await lab.serve(bad), ...(options as object) });
      const result = await hook.gate({ ...plain(), ...details });
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.last.decision.mode).toBe('enforce');
    })(),
  );
});

describe.concurrent('off', () => {
  it.each([
    ['by the tag', { service: tagged('off') }, {}],
    [
      'by the tag of an opt-in stack',
      { config: { stackMode: 'opt-in' }, service: tagged('off') },
      {},
    ],
    ['by hookDetails', {}, { mode: 'off' }],
  ])('%s: nothing is called', (_, options, details) =>
    inLab(async (lab) => {
      const green = await lab.serve(bad);
      const hook = await lab.deploy({ green, ...(options as object) });
      const result = await hook.gate({ ...plain(), ...details });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('off');
      expect(green.requests.count).toBe(0);
    })(),
  );
});

describe.concurrent('hookDetails', () => {
  const mistakes: [string, unknown, string][] = [
    ['an unknown key', { sampels: 20 }, 'did you mean "samples"?'],
    ['an unknown key of a check', { checks: [{ pth: '/' }] }, 'hookDetails.checks'],
    ['a wrong value', { samples: 5 }, 'hookDetails.samples'],
    ['a string that is not JSON', 'samples: 20', 'a string that is not JSON'],
    ['a list', [{}], 'expected a JSON object'],
    ['nothing to judge', { checks: [] }, 'hookDetails.checks'],
    ['more than Ballast takes', { checks: [{ body: 'x'.repeat(9_000) }] }, '8192 characters'],
  ];
  it.each(mistakes)('%s: FAILED at once, naming it', (_, details, text) =>
    inLab(async (lab) => {
      const green = await lab.serve(bad);
      const hook = await lab.deploy({ green });
      const result = await hook.gate(details);
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe('invalid-hook-details');
      expect(result.last.answer.reason).toContain(text);
      expect(green.requests.count).toBe(0);
    })(),
  );

  it.each([
    ['as JSON text', JSON.stringify(plain({ path: '/from-text' })), '/from-text'],
    ['as an object', plain({ path: '/from-object' }), '/from-object'],
  ])('%s', (_, details, path) =>
    inLab(async (lab) => {
      const green = await lab.serve(answering(200));
      const hook = await lab.deploy({ green });
      expect((await hook.gate(details)).statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.last.map((request) => request.path)).toEqual([path]);
    })(),
  );

  it.each([
    ['none', undefined],
    ['null', null],
    ['empty', {}],
    ['an empty text', ''],
  ])('%s: GET / with the default samples', (_, details) =>
    inLab(async (lab) => {
      const green = await lab.serve(bad);
      const hook = await lab.deploy({ green });
      const result = await hook.gate(details);
      expect(result.reason).toBe('unexpected-status');
      // Five of the warm-up, and three to confirm.
      expect(requestsOf(result.last)).toEqual({ green: 8, blue: 5 });
      expect(green.requests.last[0]).toMatchObject({ method: 'GET', path: '/' });
    })(),
  );
});
