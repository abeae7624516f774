import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltFunction, buildFunctions, staticBytes } from '../../cli/build.ts';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import { everyWant } from '../../shared/aws/snapshot-wants.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { createLab, nowMs, richAccount } from '../aws/snapshot-lab.ts';
import { clusterArn } from '../support/accounts.ts';

const execute = promisify(execFile);
const temporary = mkdtempSync(path.join(tmpdir(), 'ballast-build-'));
afterAll(() => rmSync(temporary, { recursive: true }));

describe('the bundles of this repository', () => {
  let built: readonly BuiltFunction[] = [];
  beforeAll(async () => {
    built = await buildFunctions({ outDirectory: path.join(temporary, 'dist') });
  }, 60_000);

  it('load at most 350 KB statically', () => {
    const tooLarge = built.filter((bundle) => bundle.staticBytes > 350_000);
    expect(tooLarge.map(({ name, staticBytes: bytes }) => `${name}: ${bytes} bytes`)).toEqual([]);
  });

  it('load as ES modules in a plain Node and export the handler alone', async () => {
    for (const { name, directory } of built) {
      const entry = pathToFileURL(path.join(directory, 'index.mjs')).href;
      const code = `console.log(JSON.stringify(Object.keys(await import('${entry}'))))`;
      // No settings: the hook reads them inside its own try, so that a bad one is answered.
      const options = { env: { AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: name } };
      const { stdout } = await execute(process.execPath, ['--eval', code], options);
      expect([name, JSON.parse(stdout)]).toEqual([name, ['handler']]);
    }
  });

  it('carry licence and notice, and nothing that Lambda does not need', () => {
    for (const { name, directory } of built) {
      const files = readdirSync(directory);
      const other = files.filter((file) => !/\.mjs(\.map|\.LEGAL\.txt)?$/.test(file));
      expect([name, other.sort()]).toEqual([name, ['LICENSE', 'NOTICE']]);
      expect(existsSync(path.join(directory, '..', 'meta', `${name}.json`))).toBe(true);
    }
  });
});

describe('buildFunctions', () => {
  const treeOf = (files: Readonly<Record<string, string>>): string => {
    const root = mkdtempSync(path.join(temporary, 'tree-'));
    for (const [file, text] of Object.entries({ LICENSE: '', NOTICE: '', ...files })) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    }
    return root;
  };

  it('counts a dynamic import in the total only', async () => {
    const root = treeOf({
      'functions/one/index.ts': `export const handler = () => import('./lazy.ts');`,
      'functions/one/lazy.ts': `export const text = '${'x'.repeat(5000)}';`,
      'functions/two/index.ts': `export const handler = () => 2;`,
    });
    const [one, two] = await buildFunctions({ root });
    expect([one?.name, two?.name]).toEqual(['one', 'two']);
    expect(one?.staticBytes).toBeLessThan(1000);
    expect(one?.totalBytes).toBeGreaterThan(5000);
    expect(two?.totalBytes).toBe(two?.staticBytes);
  });

  it('leaves out what an SDK client describes and nobody uses', async () => {
    const client = 'node_modules/@aws-sdk/client-x';
    const root = treeOf({
      [`${client}/package.json`]: JSON.stringify({
        name: '@aws-sdk/client-x',
        module: 'dist-es/index.js',
        sideEffects: false,
      }),
      [`${client}/dist-es/index.js`]: `export { used$ } from './schemas/schemas_0.js';`,
      [`${client}/dist-es/schemas/schemas_0.js`]: [
        'const _xN = "xmlName";',
        `export var used$ = [0, { [_xN]: 'used', ["not"]: [_xN] }];`,
        `export var unused$ = [0, { [_xN]: '${'unused'.repeat(1000)}' }];`,
      ].join('\n'),
      'functions/one/index.ts': `import { used$ } from '@aws-sdk/client-x';
        export const handler = () => used$;`,
    });
    const [one] = await buildFunctions({ root });
    expect(one?.totalBytes).toBeLessThan(1000);
    const { handler } = await import(pathToFileURL(path.join(root, 'dist/one/index.mjs')).href);
    expect(handler()).toEqual([0, { xmlName: 'used', not: ['xmlName'] }]);
  });

  it('keeps what is used of EC2, and little else: a snapshot is read the same', async () => {
    const reader = path.resolve('shared/aws/snapshot-reader.ts');
    const root = treeOf({
      'functions/one/index.ts': `export { openSnapshotReader as handler } from '${reader}';`,
    });
    const [one] = await buildFunctions({ root });
    const ec2 = Object.values(one?.metafile.outputs ?? {}).filter(({ entryPoint }) =>
      entryPoint?.endsWith('ec2-reads.ts'),
    );
    expect(ec2).toHaveLength(1);
    for (const { bytes } of ec2) expect(bytes).toBeLessThan(100_000);
    const account = richAccount();
    const bundled = await import(pathToFileURL(path.join(root, 'dist/one/index.mjs')).href);
    const clock = { nowMs: () => nowMs, sleep: async () => undefined };
    const settings = {
      region: account.region,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      requestHandler: createRequestHandler(account),
    };
    const snapshot = await bundled
      .handler(settings, { limiter: createReadLimiter(clock), clock })
      .read(clusterArn, everyWant);
    expect(snapshot).toEqual(await createLab({ account: richAccount() }).read(everyWant));
  });

  it('leaves nothing of an earlier build', async () => {
    const root = treeOf({ 'functions/one/index.ts': `export const handler = () => 1;` });
    const stale = path.join(root, 'dist/one/chunk-OLD.mjs');
    mkdirSync(path.dirname(stale), { recursive: true });
    writeFileSync(stale, '');
    await buildFunctions({ root });
    expect(existsSync(stale)).toBe(false);
  });

  it('refuses a bundle that would call require', async () => {
    const root = treeOf({
      'functions/one/index.ts': `import { read } from './old.cjs'; export const handler = read;`,
      'functions/one/old.cjs': `exports.read = () => require('node:fs');`,
    });
    await expect(buildFunctions({ root })).rejects.toThrow('one: the bundle requires node:fs');
  });

  it('fails when there is nothing to build', async () => {
    await expect(buildFunctions({ root: treeOf({}) })).rejects.toThrow('no functions/*/index.ts');
  });
});

describe('staticBytes', () => {
  const output = (bytes: number, imports: Metafile['outputs'][string]['imports'] = []) => ({
    bytes,
    imports,
    exports: [],
    inputs: {},
  });

  it('follows static imports once each, and leaves dynamic ones and packages out', () => {
    const metafile: Metafile = {
      inputs: {},
      outputs: {
        'dist/a/index.mjs': {
          ...output(1, [
            { path: 'dist/a/shared.mjs', kind: 'import-statement' },
            { path: 'dist/a/lazy.mjs', kind: 'dynamic-import' },
            { path: 'node:fs', kind: 'import-statement', external: true },
          ]),
          entryPoint: 'functions/a/index.ts',
        },
        'dist/a/shared.mjs': output(10, [{ path: 'dist/a/deep.mjs', kind: 'import-statement' }]),
        'dist/a/deep.mjs': output(100, [{ path: 'dist/a/shared.mjs', kind: 'import-statement' }]),
        'dist/a/lazy.mjs': output(1000, [{ path: 'dist/a/deep.mjs', kind: 'import-statement' }]),
        'dist/a/index.mjs.map': output(10_000),
      },
    };
    expect(staticBytes(metafile)).toBe(111);
  });
});
