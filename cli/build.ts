/**
 * `npm run build`: bundles every function to `dist/<name>/`, the folder that template.yaml deploys.
 * Prints what a cold start loads and what the folder holds.
 */
import { globSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';
import { runCommand } from './misuse.ts';

export type BuiltFunction = {
  readonly name: string;
  readonly directory: string;
  /** Loaded at every cold start. */
  readonly staticBytes: number;
  /** Everything that runs at some time, without source maps. */
  readonly totalBytes: number;
  readonly metafile: Metafile;
};

type BuildPlace = {
  /** Where `functions/`, LICENSE and NOTICE are. */
  readonly root: string;
  readonly outDirectory: string;
};

const projectRoot = path.resolve(import.meta.dirname, '..');
const entryOutput = 'index.mjs';

/** Bundles all functions, in the order of their names. Throws when there is none, or one fails. */
export async function buildFunctions(place: Partial<BuildPlace> = {}): Promise<BuiltFunction[]> {
  const root = place.root ?? projectRoot;
  const outDirectory = place.outDirectory ?? path.join(root, 'dist');
  const names = functionNames(root);
  if (names.length === 0) throw new Error(`no functions/*/index.ts in ${root}`);
  return Promise.all(names.map((name) => buildFunction(name, { root, outDirectory })));
}

/** Bytes of the entry and of every chunk it imports statically, directly or through others. */
export function staticBytes(metafile: Metafile): number {
  const pending = Object.keys(metafile.outputs).filter(
    (file) => path.basename(file) === entryOutput && metafile.outputs[file]?.entryPoint,
  );
  if (pending.length !== 1) throw new Error(`expected one ${entryOutput}, got ${pending.length}`);
  return bytesFrom(metafile, pending);
}

/** Bytes of these outputs and of every chunk they import statically, directly or through others. */
export function bytesFrom(metafile: Metafile, outputs: readonly string[]): number {
  const pending = [...outputs];
  const loaded = new Set<string>();
  let bytes = 0;
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const output = metafile.outputs[file];
    if (output === undefined || loaded.has(file)) continue;
    loaded.add(file);
    bytes += output.bytes;
    const chunks = output.imports.filter(
      ({ kind, external }) => kind === 'import-statement' && !external,
    );
    pending.push(...chunks.map((chunk) => chunk.path));
  }
  return bytes;
}

function functionNames(root: string): string[] {
  return globSync('functions/*/index.ts', { cwd: root })
    .map((entry) => path.basename(path.dirname(entry)))
    .sort();
}

async function buildFunction(
  name: string,
  { root, outDirectory }: BuildPlace,
): Promise<BuiltFunction> {
  const directory = path.join(outDirectory, name);
  // Chunk names carry a hash, so an earlier build would leave its chunks behind.
  await rm(directory, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: `functions/${name}/index.ts` },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // A dynamic import becomes a chunk of its own, loaded when it is first needed.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The SDK ships ES modules under `module`; its `main` is CommonJS and a third larger.
    mainFields: ['module', 'main'],
    plugins: [sdkSchemas],
    minify: true,
    sourcemap: true,
    // Positions are enough for a stack trace; the sources are in the repository.
    sourcesContent: false,
    legalComments: 'external',
    metafile: true,
    logLevel: 'error',
  });
  refuseRuntimeRequire(name, metafile);
  await addPapers(directory, { root, outDirectory }, name, metafile);
  return {
    name,
    directory,
    staticBytes: staticBytes(metafile),
    totalBytes: totalBytes(metafile),
    metafile,
  };
}

/**
 * An SDK client describes all its operations in one file, under keys such as `[_xN]` that are
 * constants of that file. esbuild cannot know that such a key is only text, and so keeps what nobody
 * uses: of EC2 half a megabyte. With the text in their place, it can leave that out.
 */
const sdkSchemas: Plugin = {
  name: 'sdk-schemas',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]\w+\.js$/ }, async (file) => {
      const text = await readFile(file.path, 'utf8');
      const constants = new Map(
        [...text.matchAll(/^const (\w+) = ("[^"\\\n]*");$/gm)].map(([, name, value]) => [
          name,
          value,
        ]),
      );
      const contents = text.replace(
        /\[(\w+)\]:/g,
        (key, name: string) => `${constants.get(name) ?? key.slice(0, -1)}:`,
      );
      return { contents, loader: 'js' };
    });
  },
};

/**
 * CommonJS code that requires a Node module at run time throws in an ES module bundle, and only
 * when that line is reached. A banner with createRequire would hide it; none is needed so far.
 */
function refuseRuntimeRequire(name: string, metafile: Metafile): void {
  const required = Object.values(metafile.outputs)
    .flatMap((output) => output.imports)
    .filter(({ kind }) => kind === 'require-call' || kind === 'require-resolve')
    .map((call) => call.path);
  if (required.length > 0) {
    throw new Error(
      `${name}: the bundle requires ${[...new Set(required)].join(', ')} at run time`,
    );
  }
}

async function addPapers(
  directory: string,
  { root, outDirectory }: BuildPlace,
  name: string,
  metafile: Metafile,
): Promise<void> {
  const metaDirectory = path.join(outDirectory, 'meta');
  await mkdir(metaDirectory, { recursive: true });
  await Promise.all([
    copyFile(path.join(root, 'LICENSE'), path.join(directory, 'LICENSE')),
    copyFile(path.join(root, 'NOTICE'), path.join(directory, 'NOTICE')),
    writeFile(path.join(metaDirectory, `${name}.json`), `${JSON.stringify(metafile)}\n`),
  ]);
}

function totalBytes(metafile: Metafile): number {
  return Object.entries(metafile.outputs)
    .filter(([file]) => file.endsWith('.mjs'))
    .reduce((sum, [, output]) => sum + output.bytes, 0);
}

async function main(): Promise<number> {
  parseArgs({ options: {} });
  try {
    for (const built of await buildFunctions()) {
      const figures = `static ${built.staticBytes} bytes  total ${built.totalBytes} bytes`;
      process.stdout.write(`${built.name}  ${figures}\n`);
    }
  } catch (error) {
    // esbuild has printed its own errors with their source lines; this adds the summary.
    process.stderr.write(
      `build failed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
  return 0;
}

if (import.meta.main) await runCommand('usage: npm run -s build', main);
