import { describe, expect, it } from 'vitest';
import { parseSnapshot, serialiseSnapshot } from '../../shared/events/saved-snapshot.ts';
import { snapshotFixtures } from '../support/snapshot-fixtures.ts';

describe.each(Object.entries(snapshotFixtures))('%s', (file, snapshot) => {
  it('is what its builder says (npm run golden writes it)', async () => {
    await expect(serialiseSnapshot(snapshot)).toMatchFileSnapshot(`../fixtures/snapshots/${file}`);
  });

  it('is read as it was written', () => {
    expect(parseSnapshot(JSON.parse(serialiseSnapshot(snapshot)))).toEqual(snapshot);
  });
});
