import {
  type AnswerVerdict,
  type Check,
  type Conceal,
  type JsonValue,
  judgeAnswer,
} from '../domain/check.ts';
import type { ProbeOutcome } from '../domain/probe.ts';
import { concealed } from '../domain/redaction.ts';
import type { Clock } from '../runtime/clock.ts';
import { searchJson } from '../runtime/jmespath.ts';
import { type Budget, fits } from './budget.ts';
import type { ProbeRequest, Prober } from './port.ts';

/** Bad answers in one run that make a failure: one alone may be noise, three in a row are the build. */
export const confirmationsMin = 3;
/** Failures of transport in one run that make it unmeasured. They are never a verdict on the build. */
export const transportFailuresMax = 4;
/** Pauses after the first, second, ... failure of a kind, in ms. */
const delaysMs = { bad: [1_000, 3_000], transport: [250, 500, 1_000] };

export type CheckRun = {
  readonly verdict: 'pass' | 'fail' | 'error' | 'inconclusive';
  readonly reason: string;
  readonly detail: string;
  readonly requests: number;
};

export type RunDeps = { readonly prober: Prober; readonly clock: Clock };

/**
 * Runs one check to a verdict: the first good answer passes it, bad answers fail it once confirmed.
 *
 * Bounded by the confirmations, the transport failures and the budget: no try is started that could
 * not end inside it.
 */
export async function runCheck(
  check: Check,
  request: ProbeRequest,
  { prober, clock }: RunDeps,
  budget: Budget,
): Promise<CheckRun> {
  const conceal = concealing(check, request);
  const failures = { bad: 0, transport: 0 };
  let requests = 0;
  let last = 'nothing was sent';
  const triesMax = confirmationsMin + transportFailuresMax - 1;
  for (let tries = 0; tries < triesMax; tries += 1) {
    if (!fits(budget, clock, request.connectTimeoutMs + request.timeoutMs)) break;
    const outcome = await prober.send(request, budget.signal);
    requests += 1;
    const verdict = judgeAnswer(check, outcome, readJsonOf(outcome), conceal);
    if (verdict.kind === 'good') return { verdict: 'pass', ...passed(check, requests), requests };
    last = verdict.detail;
    failures[verdict.kind] += 1;
    const settled = settle(verdict, failures);
    if (settled !== undefined) return { ...settled, requests };
    const delayMs = delaysMs[verdict.kind][failures[verdict.kind] - 1] ?? 0;
    if (!fits(budget, clock, delayMs)) break;
    await clock.sleep(delayMs, budget.signal);
  }
  return {
    verdict: 'inconclusive',
    reason: 'out-of-time',
    detail: `not confirmed: ${last}`,
    requests,
  };
}

/** Takes the secrets out that the request carries, plain and as JSON has them. */
function concealing(check: Check, { headers }: ProbeRequest): Conceal {
  const secrets = Object.entries(check.headers).flatMap(([name, { kind }]) =>
    kind === 'text' ? [] : (headers[name] ?? []),
  );
  const forms = secrets
    .flatMap((secret) => [secret, secret.split(' ').at(-1) ?? ''])
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .filter((form) => form !== '');
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, concealed), text);
}

const passed = (check: Check, tries: number) => ({
  reason: 'answered-well',
  detail: `${check.name} answered well${tries > 1 ? ` at try ${tries}` : ''}`,
});

function settle(
  verdict: Exclude<AnswerVerdict, { kind: 'good' }>,
  failures: { readonly bad: number; readonly transport: number },
): Omit<CheckRun, 'requests'> | undefined {
  const detail = `${verdict.detail} (${failures[verdict.kind]} times)`;
  if (verdict.kind === 'bad' && failures.bad >= confirmationsMin) {
    return { verdict: 'fail', reason: verdict.reason, detail };
  }
  if (verdict.kind === 'transport' && failures.transport >= transportFailuresMax) {
    return { verdict: 'error', reason: 'transport', detail };
  }
  return undefined;
}

/** Looks up JMESPath expressions in an answer's body, which is parsed once and only when asked for. */
export function readJsonOf(outcome: ProbeOutcome): (path: string) => JsonValue {
  let parsed: { readonly value: unknown } | undefined | null = null;
  return (path) => {
    if (outcome.kind !== 'answer') return { kind: 'not-json' };
    if (outcome.bodyTruncated) return { kind: 'truncated' };
    if (parsed === null) parsed = parseJson(outcome.body);
    return parsed === undefined
      ? { kind: 'not-json' }
      : { kind: 'value', value: searchJson(path, parsed.value) };
  };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // Not JSON: an assertion on it fails and says so.
  }
}
