import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { factsMax, occurrenceFactsMax } from '../../shared/domain/incident-facts.ts';

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

/** Bodies of the families of facts, without comments, by name. */
const families = new Map(
  [
    ...readFileSync('shared/domain/alert-facts.ts', 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .matchAll(/^export type (\w+Facts) = ([\s\S]*?);\n(?=\n|$)/gm),
  ].map(([, name = '', body = '']) => [name, body] as const),
);

/** Names of a family's facts, those of the families in it included. */
const namesIn = (family: string): ReadonlySet<string> => {
  const body = families.get(family) ?? '';
  const own = [...body.matchAll(/\breadonly (\w+)\??:/g)].map(([, name = '']) => name);
  const others = [...body.matchAll(/\b\w+Facts\b/g)].flatMap(([name]) => [...namesIn(name)]);
  return new Set([...own, ...others]);
};

describe('a family of facts', () => {
  it('is looked for, and has all of its own', () => {
    expect(families.size).toBeGreaterThan(20);
    expect(namesIn('RollbackFacts')).toContain('greenMedianMs');
    expect(namesIn('RollbackFacts')).toContain('ecsReason');
    expect(namesIn('ZoneImbalanceFacts').size).toBe(26);
  });

  it.each([...families.keys()])('%s fits: the last ones by name would be lost', (family) => {
    const isOfOne = family === 'StopFacts' || family === 'RestartFacts';
    const max = isOfOne ? occurrenceFactsMax : factsMax;
    expect(namesIn(family).size).toBeLessThanOrEqual(max);
  });
});
