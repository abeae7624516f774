import { createHash } from 'node:crypto';
import type { GateItem, GateStore } from '../../shared/aws/gate-store.ts';
import {
  decodeState,
  emptyState,
  encodeState,
  type GateState,
  mergeStates,
} from '../../shared/domain/gate-state.ts';
import type { RawDetails } from '../../shared/events/hook-details.ts';
import type { HookEvent } from '../../shared/events/hook-event.ts';

/** The configuration and the state that a call goes on with. */
export type Memory = {
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: GateState;
  /** Why what came back cannot be all there was; then nothing can be proven. */
  readonly loss?: string;
};

/** A gate's item outlives every time-out of ECS for one hook (24 h) and is cleaned up after that. */
const keepSeconds = 48 * 3_600;

/** A short hash of a configuration, the same whatever order its keys came in. */
export const hashOf = (config: unknown): string =>
  createHash('sha256').update(canonical(config)).digest('hex').slice(0, 16);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}

/**
 * Puts together what came back with the event and what the table remembers, so that a lost or
 * replaced `hookDetails` restarts neither the clock nor the samples.
 *
 * Where the configuration itself is gone, the table's is taken: that of the gate whose state came
 * back, or of the same execution, or of the only gate that is open. See docs/unconfirmed.md.
 */
export function recall(
  call: Pick<HookEvent, 'executionId'>,
  raw: RawDetails,
  items: readonly GateItem[],
  nowMs: number,
): Memory {
  const returned = decodeState(raw.state);
  const hash = hashOf(raw.config);
  if (returned !== undefined && returned.configHash !== hash) {
    const item = items.find(({ configHash }) => configHash === returned.configHash);
    return item === undefined
      ? { config: raw.config, state: returned, loss: 'hookDetails came back changed' }
      : remembered(item, returned, nowMs);
  }
  const own = items.find(({ configHash }) => configHash === hash);
  if (own === undefined && returned === undefined && Object.keys(raw.config).length === 0) {
    const lost = lostAmong(items, call.executionId);
    if (lost !== undefined) return remembered(lost, undefined, nowMs);
  }
  const state = mergeStates(returned, decodeState(own?.state)) ?? emptyState(hash, nowMs);
  return { config: raw.config, state };
}

/** The open gate that a call without any `hookDetails` may belong to. */
function lostAmong(
  items: readonly GateItem[],
  executionId: string | undefined,
): GateItem | undefined {
  const open = items.filter(({ answer }) => answer === undefined);
  const same = open.filter(
    (item) => item.executionId !== undefined && item.executionId === executionId,
  );
  if (same.length === 1) return same[0];
  return open.length === 1 ? open[0] : undefined;
}

function remembered(item: GateItem, returned: GateState | undefined, nowMs: number): Memory {
  const state =
    mergeStates(returned, decodeState(item.state)) ?? emptyState(item.configHash, nowMs);
  const config: unknown = JSON.parse(item.config);
  return typeof config === 'object' && config !== null
    ? { config: { ...config }, state }
    : { config: {}, state, loss: 'the table holds no configuration' };
}

/** Saves the memory under the deployment, the stage and the configuration. False: a later call was first. */
export const remember = (
  store: GateStore,
  call: HookEvent,
  { config, state }: Memory,
  answer: string | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> =>
  store.save(
    {
      deploymentArn: call.deploymentArn,
      stage: call.stage,
      configHash: state.configHash,
      executionId: call.executionId,
      config: JSON.stringify(config),
      state: encodeState(state),
      calls: state.calls,
      ...(answer === undefined ? {} : { answer }),
      expiresAtSeconds: Math.floor(nowMs / 1000) + keepSeconds,
    },
    signal,
  );
