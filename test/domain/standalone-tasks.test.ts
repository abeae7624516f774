import { describe, expect, it } from 'vitest';
import { observeFamily } from '../../shared/domain/task-reaction.ts';
import { at, keyOf, openIncident } from '../support/incidents.ts';

describe('an incident of standalone tasks that has been well', () => {
  const subject = { type: 'family', name: 'job' } as const;
  const wellSince = { wellSinceMs: at(20) } as const;

  it('is still well at the next look', () => {
    const loop = { ...openIncident(keyOf({ subject })), ...wellSince };
    expect(observeFamily(loop, at(30))).toEqual([
      { type: 'well', atMs: at(30), reason: 'a later task ended well' },
    ]);
  });

  it.each([
    ['its place is what it is about', { kind: 'drains-stuck' as const }, wellSince],
    ['nobody has seen it well', {}, { wellSinceMs: undefined }],
    ['it is of a service', { subject: { type: 'service' as const, name: 'job' } }, wellSince],
  ])('says nothing where %s', (_, key, changes) => {
    const other = { ...openIncident(keyOf({ subject })), ...key, ...changes };
    expect(observeFamily(other, at(30))).toEqual([]);
  });
});
