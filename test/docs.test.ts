import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseWorld } from '../cli/world.ts';
import { createHandler, type Deps } from '../functions/deployment-hook/handler.ts';
import { parseGateConfig, readRawDetails } from '../shared/events/hook-details.ts';
import {
  checkSchema,
  comparisonSchema,
  detailsSchema,
} from '../shared/events/hook-details-schema.ts';

const readme = readFileSync('functions/deployment-hook/README.md', 'utf8');

/** The fenced blocks that are marked as one kind of JSON. */
const blocks = (kind: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`json ${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
const parse = (details: unknown) => parseGateConfig(readRawDetails(details).config);
const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

describe('the README of the deployment hook', () => {
  it('marks every JSON example, so that each is held to the code', () => {
    const kinds = [...readme.matchAll(/^```json *(.*)$/gm)].map(([, kind]) => kind);
    expect([...new Set(kinds)].sort()).toEqual(['decision', 'deployment', 'hookDetails', 'world']);
  });

  it.each(blocks('hookDetails'))('shows hookDetails that are valid: %s', (text) => {
    expect(parse(JSON.parse(text)).deadlineMinutes).toBeGreaterThan(0);
  });

  it('shows hookDetails that CloudFormation can pass on', () => {
    const texts = [...readme.matchAll(/HookDetails: '(.*)'$/gm)].map(([, text]) => text);
    expect(texts).toHaveLength(1);
    for (const text of texts) expect(parse(text).checks).toHaveLength(2);
  });

  it('shows a deployment configuration with valid hookDetails', () => {
    const [text = ''] = blocks('deployment');
    const hooks = fieldOf(JSON.parse(text), 'lifecycleHooks');
    expect(hooks).toHaveLength(1);
    const [hook] = hooks as readonly unknown[];
    expect(parse(fieldOf(hook, 'hookDetails')).checks).toHaveLength(1);
  });

  it('shows a world that the invoke command takes', () => {
    const [text = ''] = blocks('world');
    const world = JSON.parse(text);
    expect(Object.keys(parseWorld({})).sort()).toEqual(Object.keys(world).sort());
    expect(parseWorld(world)).toMatchObject(world);
  });

  it('shows the decision record with its real fields', async () => {
    const records: object[] = [];
    const note = (message: string, fields: object = {}) => records.push({ message, ...fields });
    const deps: Partial<Deps> = {
      readConfig: () => ({
        stackMode: 'observe',
        clusterArns: [],
        allowedHosts: [],
        tableName: '',
      }),
      prober: { send: () => Promise.reject(new Error('unused')), close: () => undefined },
      log: { debug: note, info: note, warn: note, error: note },
    };
    await createHandler(deps as Deps)({}, { functionArn: undefined, remainingMs: () => 60_000 });
    const [text = ''] = blocks('decision');
    const real = Object.keys(records[0] ?? {}).filter((key) => key !== 'error');
    expect(Object.keys(JSON.parse(text))).toEqual(real);
  });

  const schemas = { detailsSchema, checkSchema, comparisonSchema };
  it.each(
    Object.entries(schemas).flatMap(([name, schema]) =>
      Object.keys(schema.pipe[2].entries).map((key) => [key, name] as const),
    ),
  )('documents %s of %s', (key) => {
    // Keys of `expect` have rows of their own.
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
    const first = rows.map((row) => row.split(' | ')[0] ?? '');
    expect(first.some((cell) => new RegExp(`\`${key}[\`.]`).test(cell))).toBe(true);
  });
});

describe('the documents', () => {
  const documents = globSync(['*.md', 'docs/**/*.md', 'functions/**/*.md']);
  it.each(documents)('%s links only to what is there', (file) => {
    const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^https?:|^mailto:/.test(target)) return [];
      const [relative = '', anchor] = target.split('#');
      const found = relative === '' ? file : path.join(path.dirname(file), relative);
      if (!existsSync(found)) return [target];
      return anchor === undefined || hasHeading(found, anchor) ? [] : [target];
    });
    expect(broken).toEqual([]);
  });

  it('name only files that are there', () => {
    const text = ['docs/unconfirmed.md', 'docs/architecture.md']
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const named = [...text.matchAll(/`((?:functions|shared|simulator|cli|test)\/[\w./-]+\.ts)`/g)];
    expect(named.length).toBeGreaterThan(10);
    for (const [, file = ''] of named) expect(existsSync(file), file).toBe(true);
  });
});

/** Whether a document has a heading that GitHub gives this anchor. */
function hasHeading(file: string, anchor: string): boolean {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.some(([, heading = '']) => {
    const plain = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '');
    return plain.replaceAll(' ', '-') === anchor;
  });
}
