import { type Check, isExpectedStatus } from '../domain/check.ts';
import { type SampleState, type SideState, toUnits } from '../domain/gate-state.ts';
import type { ProbeOutcome } from '../domain/probe.ts';
import type { Random } from '../domain/statistics/random.ts';
import { type Budget, fits } from './budget.ts';
import { type Pace, runPaced } from './paced.ts';
import type { ProbeRequest } from './port.ts';
import type { RunDeps } from './run-check.ts';

/** Rounds in which calls that transport lost are sent again, before sampling gives up. */
export const roundsMax = 4;

export type SampleRequests = {
  readonly green: ProbeRequest;
  readonly blue: ProbeRequest | undefined;
};

export type SampleRun = {
  readonly samples: SampleState;
  readonly requests: { readonly green: number; readonly blue: number };
  /** `reached`: both sides have the answers asked for. */
  readonly end: 'reached' | 'out-of-time' | 'transport';
  readonly detail: string;
};

type Side = 'green' | 'blue';

/**
 * Collects answers until both sides have `answersMin`, interleaved in random order, so that a drift
 * or a busy neighbour meets both alike. What transport loses is sent again, and is never an answer.
 */
export async function sample(
  check: Check,
  to: SampleRequests,
  from: SampleState,
  answersMin: number,
  pace: Omit<Pace, 'jobMsMax'>,
  random: Random,
  { prober, clock }: RunDeps,
  budget: Budget,
): Promise<SampleRun> {
  const collected = { green: collector(from.green), blue: collector(from.blue) };
  const requests = { green: 0, blue: 0 };
  let lost = 'nothing was lost';
  const jobMsMax = to.green.connectTimeoutMs + to.green.timeoutMs;
  const draw = (side: Side, request: ProbeRequest) => async () => {
    requests[side] += 1;
    const outcome = await prober.send(request, budget.signal);
    if (outcome.kind === 'transport') lost = `${side}: ${outcome.phase} ${outcome.code}`;
    else collected[side].add(check, outcome);
  };
  const missing = () => ({
    green: Math.max(answersMin - collected.green.count(), 0),
    blue: to.blue === undefined ? 0 : Math.max(answersMin - collected.blue.count(), 0),
  });
  const run = (end: SampleRun['end'], detail: string): SampleRun => ({
    samples: { ...from, green: collected.green.state(), blue: collected.blue.state() },
    requests,
    end,
    detail,
  });

  for (let round = 0; round < roundsMax; round += 1) {
    const { green, blue } = missing();
    if (green + blue === 0) return run('reached', `${answersMin} answers a side`);
    const jobs = interleave(green, blue, random).map((side) =>
      draw(side, side === 'blue' && to.blue !== undefined ? to.blue : to.green),
    );
    const started = await runPaced(jobs, { ...pace, jobMsMax }, clock, budget);
    if (started < jobs.length) return run('out-of-time', `${started} of ${jobs.length} calls sent`);
  }
  const { green, blue } = missing();
  if (green + blue === 0) return run('reached', `${answersMin} answers a side`);
  return run('transport', `${green + blue} calls got no connection, last ${lost}`);
}

/** The two sides as evenly as their counts allow, each pair in random order. */
export function interleave(green: number, blue: number, random: Random): readonly Side[] {
  const pairs = Math.min(green, blue);
  const rest: Side = green > blue ? 'green' : 'blue';
  const mixed = Array.from({ length: pairs }, (): readonly Side[] =>
    random.next() < 0.5 ? ['green', 'blue'] : ['blue', 'green'],
  ).flat();
  return [...mixed, ...Array.from({ length: Math.max(green, blue) - pairs }, () => rest)];
}

/** Adds answers to a side: the latency of a good one, or one error more. */
function collector(from: SideState) {
  const latencies = [...from.latencies];
  let { errors } = from;
  return {
    count: (): number => latencies.length + errors,
    add(check: Check, outcome: ProbeOutcome): void {
      if (outcome.kind === 'answer' && isExpectedStatus(check, outcome.status)) {
        latencies.push(toUnits(outcome.elapsedMs));
      } else {
        errors += 1;
      }
    },
    state: (): SideState => ({ latencies: latencies.sort((a, b) => a - b), errors }),
  };
}

/** Sends calls that are not counted, so that cold code and cold connections are not judged. */
export async function warmUp(
  to: SampleRequests,
  requestsASide: number,
  pace: Omit<Pace, 'jobMsMax'>,
  { prober, clock }: RunDeps,
  budget: Budget,
): Promise<{ readonly green: number; readonly blue: number }> {
  const sent = { green: 0, blue: 0 };
  const jobMsMax = to.green.connectTimeoutMs + to.green.timeoutMs;
  const jobs = Array.from({ length: requestsASide }).flatMap(() =>
    (['green', 'blue'] as const).flatMap((side) => {
      const request = to[side];
      if (request === undefined) return [];
      return [
        async () => {
          sent[side] += 1;
          await prober.send(request, budget.signal);
        },
      ];
    }),
  );
  if (fits(budget, clock, jobMsMax)) await runPaced(jobs, { ...pace, jobMsMax }, clock, budget);
  return sent;
}
