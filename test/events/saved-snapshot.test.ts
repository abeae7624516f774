import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../shared/domain/record.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import {
  parseSnapshot,
  serialiseSnapshot,
  UnreadableVersion,
} from '../../shared/events/saved-snapshot.ts';
import { seedOf } from '../support/incidents.ts';
import {
  anySnapshot,
  capacityProviderOf,
  instanceOf,
  serviceOf,
  snapshotOf,
  taskOf,
} from '../support/snapshots.ts';

const saved = (snapshot: Snapshot): unknown => JSON.parse(serialiseSnapshot(snapshot));
const plain = (changes: Partial<Snapshot> = {}): Record<string, unknown> =>
  Object(saved(snapshotOf(changes)));
const full = snapshotOf({
  tasks: [taskOf('a')],
  services: [serviceOf('web')],
  instances: [instanceOf('c1')],
  capacityProviders: [capacityProviderOf('general')],
});

describe('a saved snapshot', () => {
  it('is read as it was, field by field, whatever stands in it', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        // Clones are plain objects, so that only fields and values are compared, undefined included.
        const read = structuredClone(parseSnapshot(saved(snapshot)));
        deepStrictEqual(read, structuredClone(snapshot));
      }),
      { numRuns: 200, ...seedOf() },
    );
  }, 60_000);

  it('is saved as the same text, in whatever order its keys came', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        expect(serialiseSnapshot(reversed(snapshot))).toBe(serialiseSnapshot(snapshot));
        expect(serialiseSnapshot(parseSnapshot(saved(snapshot)))).toBe(serialiseSnapshot(snapshot));
      }),
      { numRuns: 100, ...seedOf() },
    );
  }, 60_000);

  it('knows names that every object has of its own', () => {
    const scalableTargets = recordOf([['constructor', { min: 1, max: 2, isSuspended: false }]]);
    const read = parseSnapshot(saved(snapshotOf({ scalableTargets })));
    expect(read.scalableTargets.constructor).toEqual({ min: 1, max: 2, isSuspended: false });
    expect(read.scalableTargets.toString).toBeUndefined();
  });
});

describe('a snapshot of another version', () => {
  it('is told apart from a broken one', () => {
    expect(() => parseSnapshot({ version: 3, anything: true })).toThrow(UnreadableVersion);
    expect(() => parseSnapshot({ version: 3 })).toThrow('version 3: this Ballast reads version 1');
  });
});

describe('a broken snapshot', () => {
  it.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'snapshot: expected an object, got nothing'],
    ['a list', [], 'snapshot.version: expected a value, got nothing'],
    ['no version', {}, 'snapshot.version: expected a value, got nothing'],
    ['a version in words', { version: '1' }, 'snapshot.version: expected a number, got "1"'],
    [
      'a missing list',
      { ...plain(), tasks: undefined },
      'snapshot.tasks: expected a list, got nothing',
    ],
    ['a text for a list', { ...plain(), tasks: 'x' }, 'snapshot.tasks: expected a list, got "x"'],
    [
      'a size in words',
      { ...plain(), tasks: [{ ...taskOf('a'), reserved: { cpuUnits: '256', memoryMiB: 1 } }] },
      'snapshot.tasks[0].reserved.cpuUnits: expected a number, got "256"',
    ],
    [
      'fewer tasks than none',
      { ...plain(), services: [{ ...serviceOf('web'), desired: -3 }] },
      'snapshot.services[0].desired: expected 0 or more, got -3',
    ],
    [
      'a time that no date has',
      { ...plain(), takenAtMs: 1e300 },
      'snapshot.takenAtMs: expected a time in ms since 1970',
    ],
    [
      'a misspelt key',
      { ...plain(), services: [{ ...serviceOf('web'), maximumPercentage: 100 }] },
      'snapshot.services[0]: unknown key "maximumPercentage"; did you mean "maximumPercent"?',
    ],
    [
      'an unknown kind of compute',
      { ...plain(), instances: [{ ...instanceOf('c1'), compute: 'lambda' }] },
      'snapshot.instances[0].compute: expected one of managed-instances, fargate, ec2, external, got "lambda"',
    ],
    [
      'a gap of an unknown part',
      { ...plain(), gaps: [{ subject: 'weather', reason: 'denied', operation: 'x', detail: '' }] },
      'snapshot.gaps[0].subject: expected one of tasks, services, instances, ',
    ],
    [
      'a wrong value under a name',
      { ...plain(), scalableTargets: { web: { min: 1, max: 'many', isSuspended: false } } },
      'snapshot.scalableTargets.web.max: expected a number, got "many"',
    ],
    [
      'a list for a record',
      { ...plain(), subnetZones: [] },
      'snapshot.subnetZones: expected an object',
    ],
    [
      'a number too large',
      JSON.parse(`{"version":1e999}`),
      'snapshot.version: expected a number, got Infinity',
    ],
  ])('is refused by the name of its field: %s', (_, value, message) => {
    expect(() => parseSnapshot(value)).toThrow(MalformedInput);
    expect(() => parseSnapshot(value)).toThrow(message);
  });

  it('is refused for any field that is taken away, unless that may be missing', () => {
    const value = Object(saved(full));
    for (const key of Object.keys(value)) {
      const { [key]: _, ...rest } = value;
      expect(() => parseSnapshot(rest), key).toThrow(`snapshot.${key}: expected`);
    }
  });
});

function reversed<Value>(value: Value): Value;
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => reversed(entry));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, reversed(child)] as const);
  return recordOf(entries.reverse());
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
