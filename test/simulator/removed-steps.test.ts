import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { allCheckers } from '../../simulator/checkers/index.ts';
import { removedSteps } from '../support/removed-steps/index.ts';

type Played = {
  readonly id: string;
  /** Names of the checkers that the run without the step breaks, and those that it breaks as it is. */
  readonly broken: readonly string[];
  readonly whole: readonly string[];
};

/** All runs, one after the other in a process of its own: there files can be loaded anew. */
const playAll = (): Promise<ReadonlyMap<string, Played>> =>
  new Promise((resolve, reject) => {
    const args = ['test/support/play-without.ts'];
    execFile(process.execPath, args, { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(stderr));
      const all: readonly Played[] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      resolve(new Map(all.map((one) => [one.id, one])));
    });
  });

/** The machine may be busy; all of it takes less than a minute of an idle one. */
const patienceMs = 600_000;

describe('a step that is removed', () => {
  let played: ReadonlyMap<string, Played>;
  beforeAll(async () => {
    played = await playAll();
  }, patienceMs);

  it.each(removedSteps)(
    '$id is missed by $checker in $run.scenario $run.seed',
    ({ id, checker, anyway = [] }) => {
      const { broken, whole } = played.get(id) ?? {};
      expect(whole).toEqual(anyway);
      expect(broken).toContain(checker);
    },
  );
});

describe('the list of steps', () => {
  it.each(removedSteps)('$id: $guards', ({ file, step, without }) => {
    expect(readFileSync(file, 'utf8').split(step)).toHaveLength(2);
    expect(without).not.toBe(step);
  });

  it('names each step once, with a promise in a sentence, and checkers that exist', () => {
    expect(new Set(removedSteps.map(({ id }) => id)).size).toBe(removedSteps.length);
    for (const { guards } of removedSteps) expect(guards).toMatch(/^[A-Z].*\.$/);
    const checkers = new Set(allCheckers.map(({ name }) => name));
    expect(removedSteps.filter(({ checker }) => !checkers.has(checker))).toEqual([]);
  });

  it.each(removedSteps)('$id: what is removed besides is in it', ({ id, besides = [] }) => {
    const ids = removedSteps.map((step) => step.id).filter((other) => other !== id);
    expect(besides.filter((other) => !ids.includes(other))).toEqual([]);
  });
});
