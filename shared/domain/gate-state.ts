import { assert } from './assert.ts';

/** Answers of one side of one check: latencies of the good ones as integers, and the bad ones' count. */
export type SideState = {
  /** In units of 0.1 ms, ascending. */
  readonly latencies: readonly number[];
  readonly errors: number;
};

export type SampleState = {
  readonly green: SideState;
  readonly blue: SideState;
  /** The first look at which green's errors were suspicious; see `comparison.ts`. */
  readonly suspectedAtLook?: number;
};

/** What the gate remembers between two polls. All numbers are integers, and the whole is bounded. */
export type GateState = {
  /** Lifecycle stage: ECS may hand what a hook returned on to the next one. */
  readonly stage: string;
  /** Of the configuration that the state belongs to: whether both came back together. */
  readonly configHash: string;
  readonly startedAtMs: number;
  /** Calls made so far in this gate. */
  readonly calls: number;
  readonly errorsInARow: number;
  /** Test calls sent so far, of every kind. */
  readonly requests: { readonly green: number; readonly blue: number };
  /** By name of the check. */
  readonly samples: Readonly<Record<string, SampleState>>;
};

/** Longest encoded state, in characters (all ASCII): four checks of 200 answers a side fit. */
export const stateCharsMax = 8_192;
/** Latencies beyond this are cut to it: no check may take longer. */
export const latencyUnitsMax = 600_000;
export const unitsPerMs = 10;

/** The state of a gate at its first call. */
export const emptyState = (stage: string, configHash: string, nowMs: number): GateState => ({
  stage,
  configHash,
  startedAtMs: nowMs,
  calls: 0,
  errorsInARow: 0,
  requests: { green: 0, blue: 0 },
  samples: {},
});

/** A latency in ms as the state keeps it. */
export const toUnits = (elapsedMs: number): number =>
  Math.min(Math.max(Math.round(elapsedMs * unitsPerMs), 0), latencyUnitsMax);

type Encoded = readonly [
  version: 2,
  stage: string,
  configHash: string,
  startedAtMs: number,
  calls: number,
  errorsInARow: number,
  greenRequests: number,
  blueRequests: number,
  samples: Readonly<Record<string, EncodedSamples>>,
];
type EncodedSamples = readonly [
  green: string,
  greenErrors: number,
  blue: string,
  blueErrors: number,
  suspectedAtLook: number,
];

/**
 * The state as one short string. One string, because ECS may merge what a hook returns with what it
 * was given or replace it, deeply or not: a string survives all of them alike.
 */
export function encodeState(state: GateState): string {
  const samples = Object.fromEntries(
    Object.entries(state.samples).map(([name, { green, blue, suspectedAtLook }]) => [
      name,
      [
        encodeLatencies(green.latencies),
        green.errors,
        encodeLatencies(blue.latencies),
        blue.errors,
        suspectedAtLook ?? 0,
      ] as const,
    ]),
  );
  const encoded: Encoded = [
    2,
    state.stage,
    state.configHash,
    state.startedAtMs,
    state.calls,
    state.errorsInARow,
    state.requests.green,
    state.requests.blue,
    samples,
  ];
  const text = JSON.stringify(encoded);
  assert(
    text.length <= stateCharsMax,
    `the state has ${text.length} characters, bound ${stateCharsMax}`,
  );
  return text;
}

/** Ascending latencies as differences in base 36: two or three characters an answer. */
const encodeLatencies = (latencies: readonly number[]): string =>
  latencies.map((value, at) => (value - (latencies[at - 1] ?? 0)).toString(36)).join('.');

/** Undoes {@link encodeState}; undefined for anything that it did not write. */
export function decodeState(text: unknown): GateState | undefined {
  if (typeof text !== 'string' || text.length > stateCharsMax) return undefined;
  const value = parseJson(text);
  if (!Array.isArray(value) || value.length !== 9 || value[0] !== 2) return undefined;
  const [, stage, configHash, startedAtMs, calls, errorsInARow, green, blue, encodedSamples] =
    value;
  const counts = [startedAtMs, calls, errorsInARow, green, blue];
  if (!counts.every(isCount) || typeof configHash !== 'string') return undefined;
  if (typeof stage !== 'string') return undefined;
  const samples = decodeSamples(encodedSamples);
  if (samples === undefined) return undefined;
  return {
    stage,
    configHash,
    startedAtMs,
    calls,
    errorsInARow,
    requests: { green, blue },
    samples,
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not ours: the caller starts from the table or afresh.
  }
}

function decodeSamples(value: unknown): Readonly<Record<string, SampleState>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const decoded: [string, SampleState][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (!Array.isArray(one) || one.length !== 5) return undefined;
    const [green, greenErrors, blue, blueErrors, suspected] = one;
    const [a, b] = [decodeLatencies(green), decodeLatencies(blue)];
    if (a === undefined || b === undefined) return undefined;
    if (![greenErrors, blueErrors, suspected].every(isCount)) return undefined;
    decoded.push([
      name,
      {
        green: { latencies: a, errors: greenErrors },
        blue: { latencies: b, errors: blueErrors },
        ...(suspected > 0 ? { suspectedAtLook: suspected } : {}),
      },
    ]);
  }
  return Object.fromEntries(decoded);
}

function decodeLatencies(text: unknown): readonly number[] | undefined {
  if (typeof text !== 'string') return undefined;
  if (text === '') return [];
  let sum = 0;
  const latencies: number[] = [];
  for (const part of text.split('.')) {
    if (!/^[0-9a-z]{1,5}$/.test(part)) return undefined;
    sum += Number.parseInt(part, 36);
    if (sum > latencyUnitsMax) return undefined;
    latencies.push(sum);
  }
  return latencies;
}

/**
 * One state out of the two that may have come back (with `hookDetails`, and from the table): the
 * earlier start, so that losing one never restarts the clock, and the samples of the later call.
 */
export function mergeStates(
  a: GateState | undefined,
  b: GateState | undefined,
): GateState | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const later = a.calls >= b.calls ? a : b;
  return { ...later, startedAtMs: Math.min(a.startedAtMs, b.startedAtMs) };
}
