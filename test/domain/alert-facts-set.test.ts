import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const sourcesIn = (...folders: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    folders
      .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, 'utf8')]),
  );

const texts = sourcesIn('shared/domain/alert-text');
/** Facts of many occurrences are summed up where texts are made. */
const summary = 'shared/domain/alert-text/summary.ts';
const setters = [...sourcesIn('shared', 'functions')].filter(
  ([file]) => file === summary || !(texts.has(file) || file.endsWith('alert-facts.ts')),
);

const readFact = /\bfacts\.(?:text|number|flag|lines)\('(\w+)'\)/g;
const factsRead = new Set(
  [...texts.values()].flatMap((text) => [...text.matchAll(readFact)].map(([, name = '']) => name)),
);

describe('a fact that an alert reads', () => {
  it('is looked for in the texts', () => {
    expect(factsRead.size).toBeGreaterThan(100);
  });

  it.each([...factsRead].sort())('%s is set by something that opens or updates it', (name) => {
    const setsIt = new RegExp(`[{,(\\s]${name}(:|,| \\})`);
    expect(setters.filter(([, text]) => setsIt.test(text)).map(([file]) => file)).not.toEqual([]);
  });
});
