import { describe, expect, it } from 'vitest';
import { type InterfaceLimit, interfaceLimitOf } from '../../shared/domain/interface-limit.ts';
import type { Instance } from '../../shared/domain/snapshot.ts';
import { instanceOf } from '../support/snapshots.ts';

const types = {
  'c6a.large': { vCpus: 2, memoryMiB: 4096, eniMax: 3 },
  single: { vCpus: 2, memoryMiB: 4096, eniMax: 0 },
  unsaid: { vCpus: 2, memoryMiB: 4096, eniMax: undefined },
};
const trunk = { 'ecs.awsvpc-trunk-id': 'eni-1' };

describe('interfaces of an instance for tasks', () => {
  it.each<readonly [string, Partial<Instance>, InterfaceLimit]>([
    ['3 less its own on EC2, and no more', { compute: 'ec2' }, { atLeast: 2, atMost: 2 }],
    [
      'a trunk holds more: nobody says how many',
      { compute: 'ec2', attributes: trunk },
      { atLeast: 2, atMost: undefined },
    ],
    ['so does a managed instance', {}, { atLeast: 2, atMost: undefined }],
    ['or what may be one', { compute: undefined }, { atLeast: 2, atMost: undefined }],
    ['never less than none', { compute: 'ec2', type: 'single' }, { atLeast: 0, atMost: 0 }],
    [
      'a type that says nothing',
      { compute: 'ec2', type: 'unsaid' },
      { atLeast: undefined, atMost: undefined },
    ],
    ['an unknown type', { type: 'constructor' }, { atLeast: undefined, atMost: undefined }],
    ['no type', { type: undefined }, { atLeast: undefined, atMost: undefined }],
  ])('%s', (_, changes, expected) => {
    expect(interfaceLimitOf(instanceOf('c1', changes), types)).toEqual(expected);
  });
});
