import { assert } from '../domain/assert.ts';
import type { Incident, IncidentKey } from '../domain/incident.ts';
import type { IncidentRecords } from './incident-record.ts';

export type Updated =
  | { readonly kind: 'saved'; readonly incident: Incident }
  | { readonly kind: 'unchanged'; readonly incident: Incident | undefined }
  /** Others were faster every time: what was observed is not on record, and has to come again. */
  | { readonly kind: 'contended' };

/** Tries of one update: each that fails means that another one succeeded. */
export const updateAttemptsMax = 10;

/**
 * Reads, changes and writes one incident; reads again where someone else was faster. `change` is pure
 * and may be called again: it returns what it was given when there is nothing to write. An incident that
 * is `known` because it was just read is not read again: the write is one on its version anyway.
 */
export async function updateIncident(
  store: IncidentRecords,
  key: IncidentKey,
  change: (current: Incident | undefined) => Incident | undefined,
  attemptsMax: number = updateAttemptsMax,
  signal?: AbortSignal,
  known?: Incident,
): Promise<Updated> {
  assert(attemptsMax >= 1, 'an update is tried at least once');
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const current = attempt === 0 && known !== undefined ? known : await store.get(key, signal);
    const next = change(current);
    if (next === undefined || next === current) return { kind: 'unchanged', incident: current };
    if (await store.save(next, current?.version ?? 0, signal))
      return { kind: 'saved', incident: next };
  }
  return { kind: 'contended' };
}
