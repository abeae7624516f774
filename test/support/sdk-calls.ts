import path from 'node:path';
import { build } from 'esbuild';

/** IAM's prefix and the all-in-one class of each SDK client; one that is missing fails the test. */
const clients: Readonly<Record<string, { readonly prefix: string; readonly whole: string }>> = {
  '@aws-sdk/client-application-auto-scaling': {
    prefix: 'application-autoscaling',
    whole: 'ApplicationAutoScaling',
  },
  '@aws-sdk/client-cloudwatch': { prefix: 'cloudwatch', whole: 'CloudWatch' },
  '@aws-sdk/client-cloudwatch-logs': { prefix: 'logs', whole: 'CloudWatchLogs' },
  '@aws-sdk/client-dynamodb': { prefix: 'dynamodb', whole: 'DynamoDB' },
  '@aws-sdk/client-ec2': { prefix: 'ec2', whole: 'EC2' },
  '@aws-sdk/client-ecs': { prefix: 'ecs', whole: 'ECS' },
  '@aws-sdk/client-elastic-load-balancing-v2': {
    prefix: 'elasticloadbalancing',
    whole: 'ElasticLoadBalancingV2',
  },
  '@aws-sdk/client-secrets-manager': { prefix: 'secretsmanager', whole: 'SecretsManager' },
  '@aws-sdk/client-sns': { prefix: 'sns', whole: 'SNS' },
  '@aws-sdk/client-sqs': { prefix: 'sqs', whole: 'SQS' },
  '@aws-sdk/client-ssm': { prefix: 'ssm', whole: 'SSM' },
};

/**
 * The IAM actions that a function can call, read from its code: the entry is bundled with packages
 * left out, so what remains of `import … from '@aws-sdk/client-*'` is what the function reaches,
 * through static and dynamic imports alike, types and unused exports gone.
 */
export async function sdkCallsOf(entry: string, root = process.cwd()): Promise<readonly string[]> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path.resolve(root, entry)],
    outdir: path.join(root, 'unused'),
    write: false,
    bundle: true,
    splitting: true,
    treeShaking: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    logLevel: 'silent',
  });
  const calls = outputFiles.flatMap(({ text }) => callsIn(text));
  return [...new Set(calls)].sort();
}

function callsIn(code: string): readonly string[] {
  // A namespace or a whole client would hide which calls are made.
  const opaque = /(?:\*(?:\s+as\s+\w+)?\s+from\s*|import\()\s*["'](@aws-sdk\/[^"']+)["']/.exec(
    code,
  );
  if (opaque) throw new Error(`${opaque[1]} must be imported by name, statically`);
  const imports = code.matchAll(
    /(?:import|export)\s*\{([^}]*)\}\s*from\s*["'](@aws-sdk\/[^"']+)["']/g,
  );
  return [...imports].flatMap(([, names = '', packageName = '']) =>
    names.split(',').flatMap((name) => {
      const original = name.trim().split(/\s+as\s+/)[0] ?? '';
      return actionsOf(original, packageName);
    }),
  );
}

function actionsOf(name: string, packageName: string): readonly string[] {
  const client = clients[packageName];
  if (client === undefined) throw new Error(`add ${packageName} to the table in sdk-calls.ts`);
  if (name === client.whole || name.startsWith('waitUntil')) {
    throw new Error(`${name} of ${packageName} hides its calls: import commands or paginators`);
  }
  const command = /^([A-Z]\w*)Command$/.exec(name) ?? /^paginate([A-Z]\w*)$/.exec(name);
  return command?.[1] === undefined ? [] : [`${client.prefix}:${command[1]}`];
}
