import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, type Metafile } from 'esbuild';
import { createAccount } from '../../simulator/account.ts';
import { startAwsEndpoint } from '../../simulator/aws/http-endpoint.ts';
import { addBlueGreenService, hookEvent } from '../../simulator/deployment.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { answering, startHttpService } from '../../simulator/http-service.ts';
import { buildFunctions, bytesFrom } from '../build.ts';
import type { BenchRow } from './row.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
/** Runs of each bundle, in turn. */
const runsEach = 15;
/** Gateways that every gated call loads; the others wait for a configuration that names them. */
const gatedGateways = ['deployment', 'load-balancer', 'parameter'].map(
  (name) => `shared/aws/${name}-gateway.ts`,
);

/** Size of the hook's bundle, and what loading it and answering a first call costs. */
export async function bundleRows(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ballast-bench-'));
  try {
    const built = await buildFunctions({ outDirectory: path.join(folder, 'dist') });
    const hook = built.find(({ name }) => name === 'deployment-hook');
    if (hook === undefined) throw new Error('deployment-hook was not built');
    const gated = gatedBytes(hook.metafile);
    const plain = await buildWithDefaults(path.join(folder, 'plain.cjs'));
    const times = await firstCallTimes(folder, {
      ours: path.join(hook.directory, 'index.mjs'),
      plain: plain.file,
    });
    const kilobytes = (bytes: number): number => Math.round(bytes / 100) / 10;
    return [
      { name: 'hook.bundle.static', value: kilobytes(hook.staticBytes), unit: 'kB' },
      {
        name: 'hook.bundle.gated-call',
        value: kilobytes(gated),
        unit: 'kB',
        peer: 'all of it, with esbuild defaults',
        ratio: Math.round((gated / plain.bytes) * 1000) / 1000,
      },
      {
        name: 'hook.load-and-rollback-call',
        value: times.ours.rollback,
        unit: 'ms',
        peer: `esbuild defaults: ${times.plain.rollback} ms`,
        ratio: Math.round((times.ours.rollback / times.plain.rollback) * 1000) / 1000,
      },
      {
        name: 'hook.load-and-gated-call',
        value: times.ours.gated,
        unit: 'ms',
        peer: `esbuild defaults: ${times.plain.gated} ms`,
        ratio: Math.round((times.ours.gated / times.plain.gated) * 1000) / 1000,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes of everything that a gated call has loaded by its answer. */
function gatedBytes(metafile: Metafile): number {
  const isLoaded = (entryPoint: string | undefined): boolean =>
    entryPoint !== undefined &&
    [...gatedGateways, 'shared/aws/gate-store.ts', 'functions/deployment-hook/index.ts'].includes(
      entryPoint,
    );
  const outputs = Object.entries(metafile.outputs)
    .filter(([, { entryPoint }]) => isLoaded(entryPoint))
    .map(([file]) => file);
  return bytesFrom(metafile, outputs);
}

/** The same handler as `esbuild --bundle --platform=node` makes it. */
async function buildWithDefaults(outfile: string) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/deployment-hook/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    metafile: true,
    logLevel: 'error',
  });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { file: outfile, bytes };
}

type Times = { readonly rollback: number; readonly gated: number };

/** Median time from the start of the import to the first answer, in fresh processes taking turns. */
async function firstCallTimes(
  folder: string,
  files: { readonly ours: string; readonly plain: string },
): Promise<{ readonly ours: Times; readonly plain: Times }> {
  const green = await startHttpService({ behaviour: answering(200, 'ok') });
  const account = createAccount({ nowMs: () => Date.now(), tables: [tableDefinition] });
  const at = { protocol: 'HTTP' as const, dnsName: '127.0.0.1', port: green.port };
  const service = addBlueGreenService(account, {
    cluster: 'prod',
    service: 'web',
    kind: 'alb',
    green: {},
    testEndpoint: {
      ...at,
      conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }],
    },
    productionEndpoint: at,
  });
  const aws = await startAwsEndpoint(account);
  const events = {
    rollback: hookEvent(service, { stage: 'PRODUCTION_TRAFFIC_SHIFT', isRollback: true }),
    gated: hookEvent(service, {
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      hookDetails: { samples: 0, warmUp: 0 },
    }),
  };
  const script = path.join(folder, 'first-call.mjs');
  await writeFile(script, firstCallScript);
  const environment = {
    PATH: process.env.PATH,
    MODE: 'enforce',
    CLUSTER_ARNS: service.clusterArn,
    HOOK_ALLOWED_HOSTS: '',
    TABLE_NAME: tableDefinition.TableName,
    AWS_REGION: account.region,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    AWS_ENDPOINT_URL: aws.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  };
  const measure = async (file: string, event: object): Promise<number> => {
    const { stdout } = await run(process.execPath, [script, file, JSON.stringify(event)], {
      env: environment,
    });
    return Number(stdout);
  };
  try {
    const times = {
      ours: { rollback: [], gated: [] },
      plain: { rollback: [], gated: [] },
    } as Record<'ours' | 'plain', Record<'rollback' | 'gated', number[]>>;
    for (let round = 0; round < runsEach; round += 1) {
      for (const which of ['ours', 'plain'] as const) {
        for (const kind of ['rollback', 'gated'] as const) {
          times[which][kind].push(await measure(files[which], events[kind]));
        }
      }
    }
    const summary = (one: Record<'rollback' | 'gated', number[]>): Times => ({
      rollback: median(one.rollback),
      gated: median(one.gated),
    });
    return { ours: summary(times.ours), plain: summary(times.plain) };
  } finally {
    await Promise.all([green.close(), aws.close()]);
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10;
};

/** Fails unless the hook said SUCCEEDED, so that only a whole first call is ever timed. */
const firstCallScript = `
const [file, event] = process.argv.slice(2);
const started = performance.now();
const loaded = await import(file);
const { handler } = loaded.handler ? loaded : loaded.default;
const answer = await handler(JSON.parse(event), {
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hook',
  getRemainingTimeInMillis: () => 60000,
});
const took = performance.now() - started;
if (answer.hookStatus !== 'SUCCEEDED') throw new Error(JSON.stringify(answer));
process.stdout.write(String(took));
process.exit(0);
`;
