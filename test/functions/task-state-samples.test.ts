import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLab, steady } from './task-state-lab.ts';

const folder = new URL('../../events/task-state/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

describe('every sample event through the real function', () => {
  it.each(files)('%s', async (file) => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    // Twice: a redelivery changes nothing.
    const answers = [await lab.deliver(read(file)), await lab.deliver(read(file))];
    expect(answers).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    const dropped = lab.logs.filter(({ message }) => message === 'event-dropped');
    expect(dropped.length > 0).toBe(file.startsWith('malformed-'));
    for (const incident of await lab.incidents()) expect(incident.count).toBe(1);
    expect(lab.account.problems).toEqual([]);
  });

  it('all of them in one batch, twice, leave no more incidents than once', async () => {
    const lab = await createLab();
    await lab.deliver(...files.map(read));
    const once = (await lab.incidents()).map(({ id, count }) => `${id} ${count}`).sort();
    await lab.deliver(...files.toReversed().map(read));
    expect((await lab.incidents()).map(({ id, count }) => `${id} ${count}`).sort()).toEqual(once);
  });
});
