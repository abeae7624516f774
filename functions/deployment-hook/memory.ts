import { createHash } from 'node:crypto';
import type { GateItem, GateStore } from '../../shared/aws/gate-store.ts';
import {
  decodeState,
  emptyState,
  encodeState,
  type GateState,
  mergeStates,
} from '../../shared/domain/gate-state.ts';
import { type RawDetails, readRawDetails } from '../../shared/events/hook-details.ts';
import type { HookEvent } from '../../shared/events/hook-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';

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
 * A gate that has answered is over: at the steps of a linear or canary deployment ECS comes back to the
 * stage, and each step is a gate of its own. What ECS hands on of another stage is none of this one's.
 *
 * Where no configuration came, the deployment's own (`configured`) is the authority; where ECS does
 * not show it, the table's: that of the same execution, or of the only gate that is open. See
 * docs/unconfirmed.md.
 */
export function recall(
  call: Pick<HookEvent, 'executionId' | 'stage'>,
  raw: RawDetails,
  items: readonly GateItem[],
  configured: readonly unknown[],
  nowMs: number,
): Memory {
  const returned = currentState(decodeState(raw.state), call.stage, items);
  const take = (config: Memory['config']): Memory =>
    adopt(config, call.stage, returned, items, nowMs);
  if (!isEmpty(raw.config)) return takeOwn(raw.config, returned, items, take);
  const asked = configured.map((details) => configOf(details));
  if (returned !== undefined && returned.configHash !== hashOf({})) {
    return takeTold(returned, asked, items, take);
  }
  // A hook without details may be the one that calls: then nothing is missing.
  if (asked.some((config) => config !== undefined && isEmpty(config))) return take({});
  const [only] = asked;
  if (asked.length === 1 && only !== undefined) return take(only);
  const open = openAmong(items);
  const lost = lostAmong(open, call.executionId);
  const remembered = lost && configOf(lost.config);
  if (remembered !== undefined) return take(remembered);
  return asked.length === 0 && open.length === 0
    ? take({})
    : { ...take({}), loss: 'no hookDetails came, though the deployment has some' };
}

/** Only the state came back: it tells by its hash which configuration it belongs to. */
function takeTold(
  returned: GateState,
  asked: readonly (Memory['config'] | undefined)[],
  items: readonly GateItem[],
  take: (config: Memory['config']) => Memory,
): Memory {
  const shown = asked.find((one) => one !== undefined && hashOf(one) === returned.configHash);
  const item = itemOf(items, returned.configHash);
  const told = shown ?? (item && configOf(item.config));
  return told === undefined
    ? { config: {}, state: returned, loss: 'hookDetails came back without the configuration' }
    : take(told);
}

/** A configuration came; a state that belongs to another one says that it is not what was asked for. */
function takeOwn(
  config: Memory['config'],
  returned: GateState | undefined,
  items: readonly GateItem[],
  take: (config: Memory['config']) => Memory,
): Memory {
  // A state without a configuration is of a call that came without one: it asks for nothing else.
  const matches = [undefined, hashOf(config), hashOf({})].includes(returned?.configHash);
  if (matches || returned === undefined) return take(config);
  const item = itemOf(items, returned.configHash);
  const remembered = item && configOf(item.config);
  return remembered === undefined
    ? { ...take(config), loss: 'hookDetails came back changed' }
    : take(remembered);
}

/** What came back, unless it is of another stage, or of a gate that has answered. */
function currentState(
  returned: GateState | undefined,
  stage: string,
  items: readonly GateItem[],
): GateState | undefined {
  if (returned === undefined || returned.stage !== stage) return undefined;
  const item = itemOf(items, returned.configHash);
  const ended = item?.answer === undefined ? undefined : decodeState(item.state);
  return ended !== undefined && returned.startedAtMs <= ended.startedAtMs ? undefined : returned;
}

/** The memory of a gate with this configuration: the earliest start, and samples that are its own. */
function adopt(
  config: Memory['config'],
  stage: string,
  returned: GateState | undefined,
  items: readonly GateItem[],
  nowMs: number,
): Memory {
  const configHash = hashOf(config);
  const own = returned?.configHash === configHash ? returned : undefined;
  const item = itemOf(items, configHash);
  const kept = item?.answer === undefined ? decodeState(item?.state) : undefined;
  const state = mergeStates(own, kept) ?? emptyState(stage, configHash, nowMs);
  const startedAtMs = Math.min(state.startedAtMs, returned?.startedAtMs ?? nowMs);
  return { config, state: { ...state, startedAtMs } };
}

const itemOf = (items: readonly GateItem[], hash: string): GateItem | undefined =>
  items.find(({ configHash }) => configHash === hash);

const isEmpty = (config: Memory['config']): boolean => Object.keys(config).length === 0;

/** A configuration that stands somewhere else than in the event; undefined if it cannot be read. */
function configOf(details: unknown): Memory['config'] | undefined {
  try {
    return readRawDetails(details).config;
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}

/** The gates with a configuration that have not answered yet. */
function openAmong(items: readonly GateItem[]): readonly GateItem[] {
  const empty = hashOf({});
  return items.filter(({ answer, configHash }) => answer === undefined && configHash !== empty);
}

/** The one of them that a call without any `hookDetails` belongs to, where that can be told. */
function lostAmong(
  open: readonly GateItem[],
  executionId: string | undefined,
): GateItem | undefined {
  const same = open.filter(
    (item) => item.executionId !== undefined && item.executionId === executionId,
  );
  if (same.length === 1) return same[0];
  return open.length === 1 ? open[0] : undefined;
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
      startedAtMs: state.startedAtMs,
      ...(answer === undefined ? {} : { answer }),
      expiresAtSeconds: Math.floor(nowMs / 1000) + keepSeconds,
    },
    signal,
  );
